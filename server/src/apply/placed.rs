//! Records compared with the boundaries again, after an import: what they say of their place (B03, B05, B07, B08) is found
//! by the boundaries as they are now, whenever the record came, so that a rebuild finds the same.

use uuid::Uuid;

use super::{
    Applier,
    again::{Changed, compare_page, placed_after},
    bring::remember,
    register::Register,
    rows::Rows,
    turn::Mark,
};
use crate::{db::Result, geo::Gazetteer, store::ZoneId};

impl Applier {
    /// Compares every record that was placed, page by page and each in a transaction of its own. Interrupted, it is done
    /// from the beginning; a record that says what it said is not written.
    pub(super) async fn compare_with_boundaries(
        &self,
        gazetteer: &Gazetteer,
        today: i64,
    ) -> Result<()> {
        let forms = self.forms().await?;
        let ground = self.ground(&forms, gazetteer);
        let mut after = (ZoneId(i32::MIN), Uuid::nil());
        loop {
            let mut tx = self.db.look_up().await?;
            let mark = Mark::read(&mut tx).await?;
            let page = placed_after(&mut tx, after).await?;
            let Some(last) = page.last().copied() else { return Ok(()) };
            let mut register = Register { day: today.max(mark.day), ..Register::default() };
            compare_page(&mut tx, &mut register, (&page, Changed::Boundaries), &ground).await?;
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
