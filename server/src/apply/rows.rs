//! What a batch changed, as rows: made beside the writer, which then only writes them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::{
    again::Recompared,
    cells::{CellKey, Cells, review_of},
    chain::Chains,
    conflict::ConflictRows,
    entity::EntityState,
    erased::Erased,
    groups::{DecisionRow, Link, Pair},
    identity::BlockKey,
    looks::Look,
    pairs::PairRow,
    register::{FeedOut, RecordOut, Register, Waiting},
    reviewed::Reviewed,
    submissions::cell_of,
};
use crate::{
    db::Value,
    store::{ZoneId, device_days::DeviceDay},
};

/// Values of one row, in the order of its statement.
pub(super) type Row = Vec<Value>;

/// The rows of entities and their new versions.
#[derive(Default)]
pub(super) struct EntityRows {
    pub(super) entities: Vec<Row>,
    pub(super) versions: Vec<Row>,
    /// The day from which on these rows say what they say.
    pub(super) day: i64,
    /// Entities whose stored row said something else until the day before.
    pub(super) outdated: BTreeMap<ZoneId, Vec<Uuid>>,
    /// Entities whose versions take the place of stored ones, which begin at this event.
    pub(super) replaced: Vec<(ZoneId, Uuid, i64)>,
}

/// Everything that one transaction writes.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) records: Vec<Row>,
    /// In which cell of submissions each of these records is once it is written, if that is known.
    pub(super) standing: BTreeMap<(ZoneId, Uuid), Option<CellKey>>,
    pub(super) files: Vec<Row>,
    pub(super) entities: EntityRows,
    pub(super) homes: Vec<Row>,
    pub(super) keys_left: Vec<(BlockKey, ZoneId, Uuid)>,
    pub(super) keys: Vec<Row>,
    pub(super) cleared: Vec<(ZoneId, Uuid)>,
    pub(super) pairs: Vec<Row>,
    /// Links that hold no longer, from both ends.
    pub(super) parted: Vec<(ZoneId, Uuid, Uuid)>,
    pub(super) links: Vec<Row>,
    pub(super) decisions: Vec<Row>,
    pub(super) released: Vec<(Uuid, Waiting)>,
    pub(super) waiting: Vec<Row>,
    /// Submissions of which something waits since this batch.
    pub(super) waits: BTreeSet<(ZoneId, Uuid)>,
    pub(super) moved_sites: Vec<Uuid>,
    pub(super) cells: Cells,
    pub(super) heads: BTreeMap<(ZoneId, String), i64>,
    pub(super) feed: Vec<FeedOut>,
    pub(super) reviewed: Reviewed,
    pub(super) chains: Chains,
    pub(super) conflicts: Vec<ConflictRows>,
    pub(super) looks: Vec<Look>,
    pub(super) recompared: Vec<Recompared>,
    /// Days of phones, packed.
    pub(super) device_days: Vec<(DeviceDay, Vec<u8>)>,
    pub(super) erased: Erased,
    /// Whether the calendar changed, of which every record may ask.
    pub(super) calendar_moved: bool,
}

impl Rows {
    /// Of a folded batch.
    pub(super) fn of(register: Register) -> Self {
        let Register { entities, homes, mut groups, .. } = register;
        let mut dirty: Vec<EntityState> = entities.into_values().filter(|e| e.dirty).collect();
        // A fixed order, so that two writers never wait for each other in a circle.
        dirty.sort_by_key(|e| (e.zone_id, e.entity_id));
        let mut cells = Cells::default();
        let (links, parted) = links(std::mem::take(&mut groups.changed), &homes);
        let (keys, keys_left) = keys(register.key_changes);
        let waiting_of = |w: &Waiting| (w.zone_id, w.source.submission_id);
        let waits = register.new_waiting.values().map(waiting_of).collect();
        let standing = register.records.iter().map(|(place, r)| (*place, cell_of(r))).collect();
        Self {
            standing,
            waits,
            records: register.records.into_values().map(record).collect(),
            files: files(register.files),
            entities: EntityRows::of(dirty, register.day, &mut cells),
            homes: register
                .new_homes
                .into_iter()
                .map(|(id, (zone, canonical))| vec![id.into(), zone.0.into(), canonical.into()])
                .collect(),
            keys_left,
            keys,
            cleared: register.cleared.into_iter().collect(),
            pairs: register.pairs.into_iter().map(|(of, row)| PairRow::row(row, of)).collect(),
            parted,
            links,
            decisions: groups.take_dirty().into_iter().map(DecisionRow::row).collect(),
            released: register.released,
            waiting: register.new_waiting.into_iter().map(|(of, w)| waiting(of, &w)).collect(),
            moved_sites: register.moved_sites,
            cells,
            heads: register.heads,
            feed: register.feed,
            reviewed: register.reviewed,
            chains: register.chains,
            conflicts: register.conflicts,
            looks: register.looks,
            recompared: register.recompared,
            device_days: register.device_days.into_rows(),
            erased: register.erased,
            calendar_moved: register.calendar_moved,
        }
    }
}

fn record(r: RecordOut) -> Row {
    vec![
        r.event.zone_id.0.into(),
        r.event.submission_id.into(),
        r.event.seq.into(),
        r.event.form_id.into(),
        r.event.form_version.into(),
        r.event.instance_id.into(),
        r.first_instance_id.into(),
        r.dataset.into(),
        r.state.into(),
        r.reason.into(),
        r.entity_id.into(),
        r.event.account_id.into(),
        r.event.device_id.into(),
        r.event.received_at.into(),
        r.violations.into(),
        r.expected_files.into(),
        r.answers.into(),
        r.sealed.into(),
        r.stand.review.as_str().into(),
        r.stand.reviewed_seq.into(),
        r.stand.trail.to_text().into(),
    ]
}

fn files(files: Vec<(ZoneId, Uuid, crate::intake::FileEntry, i64)>) -> Vec<Row> {
    let mut rows = Vec::with_capacity(files.len());
    for (zone, submission, file, seq) in files {
        let (Ok(sha256), Ok(size)) = (hex::decode(&file.sha256), i64::try_from(file.size)) else {
            continue;
        };
        rows.push(vec![
            zone.0.into(),
            submission.into(),
            // PostgreSQL text refuses NUL; the journal keeps the name as it came.
            file.name.replace('\0', "\u{FFFD}").into(),
            sha256.into(),
            size.into(),
            file.content_type.replace('\0', "\u{FFFD}").into(),
            seq.into(),
        ]);
    }
    rows
}

impl EntityRows {
    /// Of entities that changed on this day; moves their cells.
    pub(super) fn of(dirty: Vec<EntityState>, day: i64, cells: &mut Cells) -> Self {
        let mut rows = Self { day, ..Self::default() };
        for mut entity in dirty {
            cells.add_all(std::mem::take(&mut entity.counted), -1);
            if entity.merged_into.is_none() && entity.version > 0 {
                cells.add_all(CellKey::all(entity.shown.as_deref().unwrap_or(&entity)), 1);
            }
            // Nothing speaks for it: it goes into nothing, and nobody who counts or lists meets it.
            let gone = (entity.version == 0).then_some(entity.entity_id);
            let merged_into = entity.merged_into.or(gone);
            let place = (entity.zone_id, entity.entity_id);
            if entity.stored_day.is_some_and(|since| since < day) {
                rows.outdated.entry(place.0).or_default().push(place.1);
            }
            rows.replaced.extend(entity.replaced.map(|since| (place.0, place.1, since)));
            let shown = entity.shown.take().map(|shown| *shown);
            // Sealed anew only when the first version is not all there is.
            let vault = shown.as_ref().unwrap_or(&entity).vault();
            rows.versions.extend(versions(&mut entity));
            rows.entities.push(row(shown.unwrap_or(entity), vault, merged_into, day));
        }
        rows
    }
}

fn versions(entity: &mut EntityState) -> impl Iterator<Item = Row> {
    let (zone, id) = (entity.zone_id.0, entity.entity_id);
    std::mem::take(&mut entity.versions).into_iter().map(move |v| {
        vec![
            zone.into(),
            id.into(),
            v.version.into(),
            v.submission_id.into(),
            v.seq.into(),
            v.at.into(),
            v.base_version.into(),
            v.branch_id.into(),
            v.open.into(),
            v.sealed.into(),
            review_of(v.pending).into(),
        ]
    })
}

fn row(entity: EntityState, vault: Vec<u8>, merged_into: Option<Uuid>, day: i64) -> Row {
    let props = entity.props();
    // Only places have their position in clear; a person's stays in the vault.
    let position = entity.position.filter(|_| entity.open.contains_key("geometry"));
    let mut row: Row = vec![
        entity.zone_id.0.into(),
        entity.entity_id.into(),
        entity.dataset.into(),
        entity.version.into(),
        entity.label.into(),
        props.into(),
        position.map(|p| p.lon).into(),
        position.map(|p| p.lat).into(),
        entity.flags.into(),
        entity.site_id.into(),
    ];
    row.reserve_exact(22);
    row.extend(entity.place.codes.into_iter().map(Value::from));
    row.extend(entity.place.basis.into_iter().map(Value::from));
    row.extend([
        entity.district.into(),
        entity.facts.sex.unwrap_or_default().into(),
        entity.facts.age_group.unwrap_or_default().into(),
        entity.facts.status.unwrap_or_default().into(),
        entity.created_seq.into(),
        entity.updated_seq.into(),
        entity.realm.as_str().into(),
        entity.wrapped.into(),
        vault.into(),
        merged_into.into(),
        review_of(entity.pending).into(),
        entity.shifts.into(),
        day.into(),
        entity.deleted_seq.into(),
    ]);
    row
}

/// Keys that entities took, as rows, and those that they left.
fn keys(
    changes: BTreeMap<(BlockKey, ZoneId, Uuid), bool>,
) -> (Vec<Row>, Vec<(BlockKey, ZoneId, Uuid)>) {
    let (mut taken, mut left) = (Vec::new(), Vec::new());
    for ((key, zone, id), is_taken) in changes {
        if is_taken {
            taken.push(vec![key.into(), zone.0.into(), id.into()]);
        } else {
            left.push((key, zone, id));
        }
    }
    (taken, left)
}

/// Links from both ends, as rows, and those that were taken away.
fn links(
    changed: BTreeMap<Pair, Option<Link>>,
    homes: &HashMap<Uuid, (ZoneId, Uuid)>,
) -> (Vec<Row>, Vec<(ZoneId, Uuid, Uuid)>) {
    let zone = |id: &Uuid| homes.get(id).map_or(ZoneId::COUNTRY, |home| home.0);
    let (mut made, mut parted) = (Vec::new(), Vec::new());
    for ((a, b), link) in changed {
        for (one, other) in [(a, b), (b, a)] {
            match link {
                Some(link) => made.push(vec![
                    zone(&one).0.into(),
                    one.into(),
                    zone(&other).0.into(),
                    other.into(),
                    link.cause.as_str().into(),
                    link.seq.into(),
                ]),
                None => parted.push((zone(&one), one, other)),
            }
        }
    }
    (made, parted)
}

fn waiting((id, seq): (Uuid, i64), waiting: &Waiting) -> Row {
    vec![
        waiting.zone_id.0.into(),
        id.into(),
        seq.into(),
        waiting.source.submission_id.into(),
        waiting.change.base_version.into(),
    ]
}
