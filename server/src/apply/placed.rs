//! Records compared again page by page, when something changed of which any of them may ask: the boundaries, by which what
//! they say of their place is found (B03, B05, B07, B08), or the calendar (A08, D18, E12, G06). So these are found by the
//! boundaries and campaigns of today, whenever a record came, and a rebuild finds the same.

use std::sync::atomic::Ordering;

use uuid::Uuid;

use super::{
    Applier,
    again::{Changed, compare_page, placed_after, received_after},
    bring::remember,
    register::Register,
    rows::Rows,
    turn::Mark,
};
use crate::{
    db::Result,
    geo::Gazetteer,
    store::{ZoneId, settings},
};

/// Which records are compared.
#[derive(Clone, Copy)]
enum Which {
    /// Those that were placed by the boundaries.
    Placed,
    /// Those that stand by what the journal said until then.
    Until(i64),
}

impl Applier {
    /// Compares every record that was placed. Interrupted, the import is given once more.
    pub(super) async fn compare_with_boundaries(
        &self,
        gazetteer: &Gazetteer,
        today: i64,
    ) -> Result<()> {
        self.compare_pages((Which::Placed, Changed::Boundaries), gazetteer, today).await
    }

    /// Asks again whatever came before the calendar changed, if it did. Interrupted, it is done from the beginning.
    pub(super) async fn compare_with_calendar(&self) -> Result<()> {
        while self.may_ask_again.swap(false, Ordering::Relaxed) {
            let mut tx = self.read().await?;
            let Some(until) = settings::get(&mut tx, settings::ASK_AGAIN).await? else {
                return Ok(());
            };
            drop(tx);
            // Until it is done, it is to be done; and once more if the calendar changes meanwhile.
            self.may_ask_again.store(true, Ordering::Relaxed);
            let _turn = self.turn.lock().await;
            let which = Which::Until(until.parse().unwrap_or(i64::MAX));
            let (gazetteer, today) = (self.gazetteer(), self.runtime.now().day());
            self.compare_pages((which, Changed::Calendar), &gazetteer, today).await?;
            let mut tx = self.db.write().await?;
            settings::clear(&mut tx, settings::ASK_AGAIN, &until).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Compares page by page, each in a transaction of its own; a record that says what it said is not written.
    async fn compare_pages(
        &self,
        (which, changed): (Which, Changed),
        gazetteer: &Gazetteer,
        today: i64,
    ) -> Result<()> {
        let forms = self.forms().await?;
        let ground = self.ground(&forms, gazetteer);
        let mut after = (ZoneId(i32::MIN), Uuid::nil());
        loop {
            let mut tx = self.db.look_up().await?;
            let mark = Mark::read(&mut tx).await?;
            let page = match which {
                Which::Placed => placed_after(&mut tx, after).await?,
                Which::Until(seq) => received_after(&mut tx, after, seq).await?,
            };
            let Some(last) = page.last().copied() else { return Ok(()) };
            let mut register = Register { day: today.max(mark.day), ..Register::default() };
            compare_page(&mut tx, &mut register, (&page, changed), &ground).await?;
            let unremembered = register.unremembered().into_iter().collect();
            remember(&mut tx, &mut register, &unremembered, &ground).await?;
            register.mark_again();
            register.regroup(self.runtime.now(), &ground);
            drop(tx);
            // Of what it looked at nothing is new; when somebody else derived meanwhile, the page is compared once more.
            register.looks.clear();
            if register.recompared.is_empty()
                || self.write(Rows::of(register), mark, mark.seq).await?
            {
                after = last;
            }
        }
    }
}
