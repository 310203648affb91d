//! Writing an erasure: keys and contents are overwritten, what was derived from them is deleted, and a row of
//! each entity stays for the counts. All in the transaction that moves apply past the event.

use std::collections::{BTreeSet, HashSet};

use uuid::Uuid;

use super::{
    cells::{CellKey, Cells},
    erase::Lost,
    event::Event,
    load,
    traces::is_sent,
};
use crate::{
    db::{Result, Tx},
    intake::{self, Erasure, EventKind, GoneRecord, Payload, Tombstone},
    keys::{MasterKeys, SubjectKey},
    store::{ZoneId, lost_files},
};

/// The state of a record whose content was erased.
pub(super) const ERASED: &str = "erased";

/// What a batch destroys.
#[derive(Default)]
pub(super) struct Erased {
    pub(super) deed: Option<Deed>,
    /// Events of erased submissions that came between the erasure and its application.
    late: BTreeSet<(ZoneId, i64)>,
    late_files: BTreeSet<[u8; 32]>,
}

/// One erasure, found and folded.
pub(super) struct Deed {
    pub(super) event: Event,
    pub(super) erasure: Erasure,
    pub(super) lost: Lost,
    /// The key of the event, when what came of it is still to be written into it.
    pub(super) rewrites: Option<SubjectKey>,
}

impl Erased {
    /// Notes more of an erased submission: it goes the same way.
    pub(super) fn came_late(&mut self, event: &Event) {
        let Some(content) = &event.content else { return };
        self.late.insert((event.zone_id, event.seq));
        for file in &content.files {
            let mut hash = [0; 32];
            if hex::decode_to_slice(&file.sha256, &mut hash).is_ok() {
                self.late_files.insert(hash);
            }
        }
    }

    /// The submissions whose content goes.
    pub(super) fn records(&self) -> impl Iterator<Item = &GoneRecord> {
        self.deed.iter().filter_map(|d| d.erasure.done.as_ref()).flat_map(|done| &done.records)
    }

    /// Whether anything is destroyed for good.
    pub(super) fn destroys(&self) -> bool {
        !self.late.is_empty() || self.deed.as_ref().is_some_and(|d| !d.lost.events.is_empty())
    }

    pub(super) async fn write(
        self,
        tx: &mut Tx,
        (keys, day): (&MasterKeys, i64),
        cells: &mut Cells,
    ) -> Result<()> {
        for (zone, seq) in self.late {
            empty_event(tx, zone, seq).await?;
        }
        lost_files::lose_unnamed(tx, self.late_files).await?;
        let Some(Deed { event, erasure, lost, rewrites }) = self.deed else { return Ok(()) };
        for (zone, seq) in lost.events {
            empty_event(tx, zone, seq).await?;
        }
        for (id, zone, seq) in lost.held {
            tx.query("DELETE FROM held WHERE entity_id = $1 AND zone_id = $2 AND seq = $3")
                .bind(id)
                .bind(zone.0)
                .bind(seq)
                .execute()
                .await?;
        }
        lost_files::lose(tx, lost.files).await?;
        for record in erasure.done.iter().flat_map(|d| &d.records) {
            for sql in [
                "DELETE FROM attachment WHERE zone_id = $1 AND submission_id = $2",
                "DELETE FROM review WHERE zone_id = $1 AND submission_id = $2",
                // Also as the submission that its later versions were before it came.
                "DELETE FROM looked_up WHERE zone_id = $1 AND (submission_id = $2 OR submission_id IN \
                 (SELECT was FROM retold WHERE zone_id = $1 AND submission_id = $2))",
                "DELETE FROM retold WHERE zone_id = $1 AND submission_id = $2",
            ] {
                tx.query(sql).bind(record.zone_id).bind(record.submission_id).execute().await?;
            }
        }
        for tombstone in erasure.done.iter().flat_map(|d| &d.tombstones) {
            set_tombstone(tx, tombstone, (event.seq, day), (keys, &mut *cells)).await?;
        }
        if let Some(key) = rewrites {
            let xml = erasure.to_bytes();
            let payload =
                Payload { files: Vec::new(), withheld: Vec::new(), xml }.seal(&key, event.id);
            tx.query("UPDATE journal SET payload = $3 WHERE zone_id = $1 AND seq = $2")
                .bind(event.zone_id.0)
                .bind(event.seq)
                .bind(payload)
                .execute()
                .await?;
        }
        write_line(tx, &event, &erasure).await
    }
}

/// Overwrites what an event holds, its key, and what would tell its content again.
async fn empty_event(tx: &mut Tx, zone: ZoneId, seq: i64) -> Result<()> {
    let row = tx
        .query(
            "SELECT kind, form_id, instance_id, content_hash, submission_id FROM journal \
             WHERE zone_id = $1 AND seq = $2",
        )
        .bind(zone.0)
        .bind(seq)
        .fetch_one()
        .await?;
    let kind = EventKind::parse(&row.get::<String>(0)?);
    if kind.is_some_and(is_sent) {
        let (form, instance): (String, String) = (row.get(1)?, row.get(2)?);
        let submission: Uuid = row.get(4)?;
        for key in intake::keys_of(&form, &instance, &row.bytes(3)?) {
            tx.query(
                // A late version is waited for under its own id by the submission that replaced it.
                "UPDATE intake_key SET content_hash = $3 WHERE intake_key = $1 AND (submission_id = $2 OR $4 = 1)",
            )
            .bind(key)
            .bind(submission)
            .bind(intake::ERASED)
            .bind(i32::from(kind == Some(EventKind::LateOriginal)))
            .execute()
            .await?;
        }
    }
    tx.query(
        "UPDATE journal SET payload = $3, wrapped = $3, content_hash = $4 \
         WHERE zone_id = $1 AND seq = $2",
    )
    .bind(zone.0)
    .bind(seq)
    .bind(Vec::new())
    .bind([0_u8; 32])
    .execute()
    .await?;
    Ok(())
}

/// What else is known of an erased entity.
const DERIVED: [&str; 9] = [
    "DELETE FROM entity_version WHERE zone_id = $1 AND entity_id = $2 AND version > 1",
    "DELETE FROM entity_version WHERE zone_id = $1 AND entity_id = $2 AND version = 1 \
     AND seq = (SELECT created_seq FROM entity WHERE zone_id = $1 AND entity_id = $2)",
    "DELETE FROM decision WHERE zone_id = $1 AND a_id = $2",
    "DELETE FROM decision WHERE b_zone_id = $1 AND b_id = $2",
    "DELETE FROM kept_key WHERE zone_id = $1 AND entity_id = $2",
    // What the register said of a person on days that are over goes too.
    "DELETE FROM entity_past WHERE zone_id = $1 AND entity_id = $2",
    "DELETE FROM entity_source WHERE zone_id = $1 AND entity_id = $2",
    "DELETE FROM conflict WHERE zone_id = $1 AND entity_id = $2",
    "DELETE FROM review WHERE zone_id = $1 AND submission_id = $2",
];

async fn set_tombstone(
    tx: &mut Tx,
    of: &Tombstone,
    (seq, day): (i64, i64),
    (keys, cells): (&MasterKeys, &mut Cells),
) -> Result<()> {
    cells.add_all(counted(tx, of, keys).await?, -1);
    if of.merged_into.is_none() && of.version > 0 {
        cells.add_all(CellKey::of_tombstone(of).erased(), 1);
    }
    for sql in DERIVED {
        tx.query(sql).bind(of.zone_id).bind(of.entity_id).execute().await?;
    }
    tx.insert_rows(
        "INSERT INTO entity (zone_id, entity_id, dataset, version, label, props, flags, \
         region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, \
         basis_2012, basis_2023, district, sex, age_group, status, created_seq, updated_seq, \
         realm, wrapped, sealed, merged_into, review, shifts, day, deleted_seq)",
        "ON CONFLICT (zone_id, entity_id) DO UPDATE SET dataset = excluded.dataset, \
         version = excluded.version, label = excluded.label, props = excluded.props, lon = NULL, lat = NULL, \
         flags = excluded.flags, site_id = NULL, region_2012 = excluded.region_2012, \
         cercle_2012 = excluded.cercle_2012, commune_2012 = excluded.commune_2012, \
         region_2023 = excluded.region_2023, cercle_2023 = excluded.cercle_2023, \
         commune_2023 = excluded.commune_2023, basis_2012 = excluded.basis_2012, \
         basis_2023 = excluded.basis_2023, district = excluded.district, sex = excluded.sex, \
         age_group = excluded.age_group, status = excluded.status, created_seq = excluded.created_seq, \
         updated_seq = excluded.updated_seq, realm = excluded.realm, wrapped = excluded.wrapped, \
         sealed = excluded.sealed, merged_into = excluded.merged_into, review = excluded.review, \
         shifts = excluded.shifts, day = excluded.day, deleted_seq = excluded.deleted_seq",
        vec![row(of, seq, day)],
    )
    .await?;
    Ok(())
}

fn row(of: &Tombstone, seq: i64, day: i64) -> Vec<crate::db::Value> {
    let mut row = vec![
        of.zone_id.into(),
        of.entity_id.into(),
        of.dataset.as_str().into(),
        of.version.into(),
        "".into(),
        "{}".into(),
        "[]".into(),
    ];
    let texts = of.places.iter().chain(&of.basis);
    let texts = texts.chain([&of.district, &of.sex, &of.age_group, &of.status]);
    row.extend(texts.map(|text| text.as_str().into()));
    row.extend([
        of.created_seq.into(),
        seq.into(),
        of.realm.as_str().into(),
        Vec::<u8>::new().into(),
        Vec::<u8>::new().into(),
        of.merged_into.into(),
        of.review.as_str().into(),
        of.shifts.into(),
        day.into(),
        0_i64.into(),
    ]);
    row
}

/// The cells that an entity is counted in before it is erased; a rebuild has none.
async fn counted(tx: &mut Tx, of: &Tombstone, keys: &MasterKeys) -> Result<Vec<CellKey>> {
    let wanted = HashSet::from([(ZoneId(of.zone_id), of.entity_id)]);
    if let Some(entity) = load::entities(tx, &wanted, keys).await?.pop() {
        return Ok(entity.counted);
    }
    // Its key is gone already: it is counted by its row alone.
    let row = tx
        .query(
            "SELECT zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, \
             commune_2023, district, sex, age_group, status, review FROM entity \
             WHERE zone_id = $1 AND entity_id = $2 AND merged_into IS NULL AND version > 0",
        )
        .bind(of.zone_id)
        .bind(of.entity_id)
        .fetch_optional()
        .await?;
    match row {
        Some(row) => Ok(CellKey::of_row(&row)?.erased()),
        None => Ok(Vec::new()),
    }
}

async fn write_line(tx: &mut Tx, event: &Event, erasure: &Erasure) -> Result<()> {
    let Some(done) = &erasure.done else { return Ok(()) };
    let state = if done.refusal.is_empty() { ERASED } else { "refused" };
    let submissions = i64::try_from(done.records.len())?;
    tx.insert_rows(
        "INSERT INTO erasure (zone_id, erasure_id, seq, dataset, entity_id, state, refusal, account_id, \
         erased_at, registrations, submissions, files)",
        "ON CONFLICT (zone_id, erasure_id) DO NOTHING",
        vec![vec![
            event.zone_id.0.into(),
            erasure.erasure_id.into(),
            event.seq.into(),
            erasure.dataset.as_str().into(),
            erasure.entity_id.into(),
            state.into(),
            done.refusal.as_str().into(),
            event.account_id.into(),
            event.received_at.into(),
            done.registrations.into(),
            submissions.into(),
            done.files.into(),
        ]],
    )
    .await?;
    Ok(())
}
