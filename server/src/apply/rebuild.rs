//! Throwing the derived tables away and getting the same rows back.

use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};

use super::Applier;
use crate::{
    db::{Db, Result, Tx},
    runtime::Runtime,
    store::server,
};

/// Tables that only apply writes. Each is emptied whole: SQLite then lets go its pages without a look at its rows.
const DERIVED: [&str; 30] = [
    // The keys of entities are no function of the journal: they outlive their rows.
    "INSERT INTO kept_key (zone_id, entity_id, realm, wrapped) \
     SELECT zone_id, entity_id, realm, wrapped FROM entity WHERE TRUE \
     ON CONFLICT (zone_id, entity_id) DO UPDATE SET wrapped = excluded.wrapped",
    "DELETE FROM match_pair",
    "DELETE FROM erasure",
    "DELETE FROM review",
    "DELETE FROM retold",
    "DELETE FROM looked_up",
    "DELETE FROM device_day",
    "DELETE FROM conflict",
    "DELETE FROM forced",
    "DELETE FROM decision",
    "DELETE FROM link",
    "DELETE FROM feed",
    "DELETE FROM feed_head",
    "DELETE FROM dataset_head",
    "DELETE FROM count_cell",
    // Closed days are what readers were told: the cells begin with what they hold.
    "INSERT INTO count_cell (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, \
     region_2023, cercle_2023, commune_2023, district, sex, age_group, status, nationality, role_group, \
     coop_member, protection, site, cooperative, month, form, review, n, closed) \
     SELECT zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, \
     commune_2023, district, sex, age_group, status, nationality, role_group, coop_member, protection, \
     site, cooperative, month, form, review, 0, CAST(SUM(n) AS bigint) FROM count_day \
     GROUP BY zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, \
     commune_2023, district, sex, age_group, status, nationality, role_group, coop_member, protection, \
     site, cooperative, month, form, review",
    "DELETE FROM held",
    "DELETE FROM block_key",
    // Where somebody was who is erased later: their id must not become somebody else's in between.
    "CREATE TEMPORARY TABLE kept_home AS SELECT h.entity_id, h.zone_id, h.canonical_id FROM entity AS e \
     JOIN entity_home AS h ON h.entity_id = e.entity_id AND h.zone_id = e.zone_id WHERE length(e.wrapped) = 0",
    "DELETE FROM entity_home",
    "INSERT INTO entity_home (entity_id, zone_id, canonical_id) \
     SELECT entity_id, zone_id, canonical_id FROM kept_home",
    "DROP TABLE kept_home",
    "DELETE FROM entity_version",
    "DELETE FROM entity_past",
    "DELETE FROM entity_source",
    "DELETE FROM entity",
    "DELETE FROM attachment",
    "DELETE FROM record",
    "DELETE FROM setting WHERE name = 'ask_again'",
    "UPDATE apply_state SET seq = 0, turn = turn + 1, day = 0, first_day = 0, cubes = 1 WHERE id = 1",
];

/// Derives everything again from the journal; a new epoch tells devices to read the feed anew.
///
/// The server must not be running. Interrupted, [`go_on`] ends it.
pub async fn rebuild(
    db: &Db,
    applier: Applier,
    runtime: &Runtime,
    told: &mut (dyn FnMut(i64) + Send),
) -> Result<i64> {
    db.work_at_large().await?;
    db.let_rows_go_whole(true).await?;
    let mut tx = db.write().await?;
    for statement in DERIVED {
        tx.query(statement).execute().await?;
    }
    server::new_epoch(&mut tx, runtime).await?;
    tx.commit().await?;
    db.let_rows_go_whole(false).await?;
    go_on(db, applier, told).await
}

/// Whether a rebuild was interrupted: what is derived is not what is known, and nobody must be told it.
pub async fn is_under_way(db: &Db) -> Result<bool> {
    let mut tx = db.read().await?;
    Ok(tx.query("SELECT zone_id FROM kept_key LIMIT 1").fetch_optional().await?.is_some())
}

/// Derives what a rebuild has not yet, and ends it.
pub async fn go_on(db: &Db, applier: Applier, told: &mut (dyn FnMut(i64) + Send)) -> Result<i64> {
    let keeper = {
        let db = db.clone();
        tokio::spawn(async move { db.tend().await })
    };
    let applier = applier.in_large_batches();
    let events = Box::pin(applier.run_to_end(told)).await;
    keeper.abort();
    let events = events?;
    end(db).await?;
    Ok(events)
}

/// Everything is derived: what the rebuild let go and what it kept is gone from the file.
async fn end(db: &Db) -> Result<()> {
    db.overwrite_free_pages().await?;
    let mut tx = db.write().await?;
    tx.query("DELETE FROM kept_key").execute().await?;
    tx.commit().await?;
    db.scrub();
    Ok(())
}

/// What a comparison of two registers looks at: every derived column except the feed's numbers,
/// which start over with a new epoch.
const COMPARED: [(&str, &str, usize); 19] = [
    (
        "record",
        "SELECT CAST(zone_id AS text), submission_id, CAST(seq AS text), form_id, form_version, instance_id, \
         first_instance_id, dataset, state, reason, violations, expected_files, answers, sealed, review, \
         CAST(reviewed_seq AS text), trail FROM record ORDER BY zone_id, submission_id",
        17,
    ),
    (
        "entity",
        "SELECT CAST(zone_id AS text), entity_id, dataset, CAST(version AS text), label, props, flags, \
         region_2012, cercle_2012, commune_2012, basis_2012, region_2023, cercle_2023, commune_2023, \
         basis_2023, district, sex, age_group, status, CAST(created_seq AS text), \
         CAST(updated_seq AS text), COALESCE(CAST(site_id IS NULL AS text), ''), \
         CAST(COALESCE(CAST(lon * 10000000 AS bigint), 0) AS text), \
         CAST(COALESCE(CAST(lat * 10000000 AS bigint), 0) AS text), \
         COALESCE(CAST(merged_into IS NULL AS text), ''), sealed, review, CAST(shifts AS text), \
         CAST(day AS text), CAST(deleted_seq AS text) FROM entity ORDER BY zone_id, entity_id",
        30,
    ),
    (
        "entity_version",
        "SELECT CAST(zone_id AS text), entity_id, CAST(version AS text), submission_id, \
         CAST(seq AS text), CAST(base_version AS text), branch_id, props, sealed, \
         review FROM entity_version ORDER BY zone_id, entity_id, version",
        10,
    ),
    (
        "entity_past",
        "SELECT CAST(zone_id AS text), entity_id, CAST(until_day AS text), CAST(since_day AS text), dataset, \
         CAST(version AS text), label, props, flags, region_2012, cercle_2012, commune_2012, basis_2012, \
         region_2023, cercle_2023, commune_2023, basis_2023, district, status, CAST(created_seq AS text), \
         CAST(updated_seq AS text), COALESCE(CAST(site_id IS NULL AS text), ''), \
         COALESCE(CAST(merged_into IS NULL AS text), ''), sealed, review FROM entity_past",
        25,
    ),
    (
        "entity_source",
        "SELECT CAST(zone_id AS text), entity_id, CAST(record_zone_id AS text), submission_id FROM entity_source",
        4,
    ),
    (
        "entity_home",
        "SELECT entity_id, CAST(zone_id AS text), canonical_id FROM entity_home ORDER BY entity_id",
        3,
    ),
    (
        "block_key",
        "SELECT block_key, CAST(zone_id AS text), entity_id FROM block_key ORDER BY block_key, zone_id, entity_id",
        3,
    ),
    (
        "link",
        "SELECT CAST(zone_id AS text), entity_id, CAST(other_zone_id AS text), other_id, cause, \
         CAST(seq AS text) FROM link",
        6,
    ),
    (
        "decision",
        "SELECT CAST(zone_id AS text), decision_id, CAST(seq AS text), a_id, CAST(b_zone_id AS text), b_id, \
         dataset, answer, state, refusal, CAST(decided_at AS text), choices FROM decision",
        12,
    ),
    (
        "review",
        "SELECT CAST(zone_id AS text), review_id, CAST(seq AS text), submission_id, action, state, refusal, \
         CAST(reviewed_at AS text) FROM review",
        8,
    ),
    (
        "retold",
        "SELECT CAST(zone_id AS text), CAST(seq AS text), submission_id, was FROM retold",
        4,
    ),
    (
        "conflict",
        "SELECT CAST(zone_id AS text), entity_id, CAST(seq AS text), dataset, level, state, fields FROM conflict",
        7,
    ),
    ("device_day", "SELECT CAST(zone_id AS text), device_day, interviews FROM device_day", 3),
    ("forced", "SELECT CAST(zone_id AS text), CAST(seq AS text) FROM forced", 2),
    (
        "erasure",
        "SELECT CAST(zone_id AS text), erasure_id, CAST(seq AS text), dataset, entity_id, state, refusal, \
         CAST(erased_at AS text), CAST(registrations AS text), CAST(submissions AS text), \
         CAST(files AS text) FROM erasure",
        11,
    ),
    (
        "match_pair",
        "SELECT CAST(zone_id AS text), a_id, CAST(b_zone_id AS text), b_id, dataset, class, stops, match_key, \
         CAST(weight AS text), CAST(probability AS text), CAST(relative AS text), CAST(effect AS text), \
         model, evidence, CAST(seq AS text) FROM match_pair",
        15,
    ),
    (
        "attachment",
        "SELECT CAST(zone_id AS text), submission_id, name, sha256, CAST(size AS text), content_type FROM attachment \
         ORDER BY zone_id, submission_id, sha256, size",
        6,
    ),
    (
        "held",
        "SELECT entity_id, CAST(zone_id AS text), CAST(seq AS text) FROM held ORDER BY entity_id, seq",
        3,
    ),
    (
        "count_cell",
        "SELECT CAST(zone_id AS text), dataset, cube, region_2012, cercle_2012, commune_2012, region_2023, \
         cercle_2023, commune_2023, district, sex, age_group, status, nationality, role_group, coop_member, \
         protection, site, cooperative, month, form, review, CAST(n AS text) FROM count_cell WHERE n <> 0",
        23,
    ),
];

/// A SHA-256 of each derived table, to compare live with rebuilt and one database with another.
pub async fn derived_hash(db: &Db) -> Result<Vec<(&'static str, String)>> {
    let mut tx = db.read().await?;
    let mut hashes = Vec::new();
    for (table, sql, columns) in COMPARED {
        hashes.push((table, table_hash(&mut tx, sql, columns).await?));
    }
    Ok(hashes)
}

async fn table_hash(tx: &mut Tx, sql: &'static str, columns: usize) -> Result<String> {
    // Rows are hashed one by one and the hashes sorted: the databases order text differently.
    let mut rows = Vec::new();
    let mut stream = tx.query(sql).stream();
    while let Some(row) = stream.next().await {
        let row = row?;
        let mut hash = Sha256::new();
        for i in 0..columns {
            // Text first, then uuid, then bytes: the type is that of the column, on both.
            if let Ok(text) = row.get::<String>(i) {
                hash.update(text.as_bytes());
            } else if let Ok(id) = row.get::<uuid::Uuid>(i) {
                hash.update(id.as_bytes());
            } else {
                hash.update(row.get::<Vec<u8>>(i)?);
            }
            hash.update([0]);
        }
        let digest: [u8; 32] = hash.finalize().into();
        rows.push(digest);
    }
    rows.sort_unstable();
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(row);
    }
    Ok(hex::encode(hash.finalize()))
}
