//! Checks that need no server: the journal opens, the cells are what the entities say.

use super::event;
use crate::{
    db::{Db, Result},
    keys::MasterKeys,
};

/// What a reading of the whole journal found.
#[derive(Clone, Copy, Debug, Default)]
pub struct JournalCheck {
    /// Events read.
    pub events: u64,
    /// Events whose content cannot be opened although their key was not destroyed.
    pub unreadable: u64,
    /// Events that apply has not reached.
    pub waiting: i64,
}

/// Opens every event of the journal.
pub async fn check_journal(db: &Db, keys: &MasterKeys) -> Result<JournalCheck> {
    let mut found = JournalCheck::default();
    let mut seq = 0;
    loop {
        let mut tx = db.read().await?;
        let page = event::after(&mut tx, seq, 200, keys).await;
        let page = if let Ok(page) = page {
            page
        } else {
            // One of the page cannot be opened: find which, one by one.
            let Ok(one) = event::after(&mut tx, seq, 1, keys).await else {
                found.unreadable += 1;
                found.events += 1;
                seq += 1;
                continue;
            };
            one
        };
        let Some(last) = page.last() else { break };
        seq = last.seq;
        found.events += u64::try_from(page.len())?;
    }
    found.waiting = waiting_events(db).await?;
    Ok(found)
}

/// How many events of the journal apply has not reached.
pub async fn waiting_events(db: &Db) -> Result<i64> {
    let mut tx = db.read().await?;
    let row = tx
        .query(
            "SELECT (SELECT seq FROM journal_head WHERE id = 1) \
             - (SELECT seq FROM apply_state WHERE id = 1)",
        )
        .fetch_one()
        .await?;
    row.get(0)
}

/// Compares every count cell with the entities themselves; says how many differ.
pub async fn check_counts(db: &Db) -> Result<i64> {
    let mut tx = db.read().await?;
    let row = tx
        .query(
            "SELECT COUNT(*) FROM (SELECT zone_id, dataset, region_2012, cercle_2012, commune_2012, \
             region_2023, cercle_2023, commune_2023, district, sex, age_group, status, review, SUM(n) AS n FROM ( \
             SELECT zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, \
             commune_2023, district, sex, age_group, status, review, n FROM count_cell WHERE cube = 'place' UNION ALL \
             SELECT zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, \
             commune_2023, district, sex, age_group, status, review, -1 AS n FROM entity WHERE merged_into IS NULL) AS b \
             GROUP BY zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, \
             commune_2023, district, sex, age_group, status, review HAVING SUM(n) <> 0) AS d",
        )
        .fetch_one()
        .await?;
    row.get(0)
}

/// Compares the place of everybody on a site with that of the site; says how many differ.
pub async fn check_places(db: &Db) -> Result<i64> {
    let mut tx = db.read().await?;
    let row = tx
        .query(
            "SELECT COUNT(*) FROM entity p JOIN entity_home h ON h.entity_id = p.site_id \
             JOIN entity_home c ON c.entity_id = h.canonical_id \
             JOIN entity s ON s.zone_id = c.zone_id AND s.entity_id = c.entity_id \
             WHERE s.dataset = 'sites' AND s.version > 0 AND p.version > 0 AND (p.region_2012 <> s.region_2012 \
             OR p.cercle_2012 <> s.cercle_2012 OR p.commune_2012 <> s.commune_2012 \
             OR p.region_2023 <> s.region_2023 OR p.cercle_2023 <> s.cercle_2023 \
             OR p.commune_2023 <> s.commune_2023 OR p.district <> s.district)",
        )
        .fetch_one()
        .await?;
    row.get(0)
}
