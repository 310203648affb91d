//! Writing what a batch changed: few statements, many rows.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::{
    again,
    cells::{CODES, Cells},
    conflict,
    identity::BlockKey,
    past,
    register::FeedOut,
    release::release,
    replace,
    rows::{EntityRows, Row, Rows},
    submissions::Touched,
};
use crate::{
    counts::{Axis, Cube},
    db::{Result, Tx, Value},
    keys::MasterKeys,
    store::{ZoneId, device_days},
    tally_book::Move,
};

/// Writes everything; the feed numbers are taken last. Gives the moves of the cells if `is_watched`.
pub(super) async fn write(
    tx: &mut Tx,
    mut rows: Rows,
    keys: &MasterKeys,
    is_watched: bool,
) -> Result<Option<Vec<Move>>> {
    let touched = Touched::by(tx, &mut rows).await?;
    let Rows { mut cells, mut feed, .. } = rows;
    touched.leave(tx, &mut cells).await?;
    let day = rows.entities.day;
    write_records(tx, rows.records).await?;
    write_files(tx, rows.files).await?;
    rows.reviewed.clear_holds(tx).await?;
    write_entities(tx, rows.entities).await?;
    write_keys(tx, rows.homes, rows.keys, rows.keys_left).await?;
    write_pairs(tx, rows.pairs, rows.cleared).await?;
    write_links(tx, rows.links, rows.parted).await?;
    write_decisions(tx, rows.decisions).await?;
    feed.extend(release(tx, rows.released, &rows.waits).await?);
    write_waiting(tx, rows.waiting).await?;
    rows.reviewed.write(tx).await?;
    rows.chains.write(tx).await?;
    conflict::write(tx, rows.conflicts).await?;
    again::write(tx, rows.looks, rows.recompared).await?;
    device_days::write(tx, rows.device_days).await?;
    rows.erased.write(tx, (keys, day), &mut cells).await?;
    for site in rows.moved_sites {
        replace::follow_site(tx, site, (keys, day), &mut cells).await?;
    }
    touched.enter(tx, &mut cells).await?;
    let cells = cells.into_rows();
    let moves = is_watched.then(|| cells.iter().filter_map(|row| moved(row)).collect());
    insert_cells(tx, cells).await?;
    write_heads(tx, rows.heads).await?;
    write_feed(tx, feed).await?;
    Ok(moves)
}

async fn write_records(tx: &mut Tx, rows: Vec<Row>) -> Result<()> {
    tx.insert_rows(
        "INSERT INTO record (zone_id, submission_id, seq, form_id, form_version, instance_id, \
         first_instance_id, dataset, state, reason, entity_id, account_id, device_id, received_at, \
         violations, expected_files, answers, sealed, review, reviewed_seq, trail)",
        // What a submission was first sent under stays.
        "ON CONFLICT (zone_id, submission_id) DO UPDATE SET seq = excluded.seq, \
         form_version = excluded.form_version, instance_id = excluded.instance_id, \
         dataset = excluded.dataset, state = excluded.state, reason = excluded.reason, \
         entity_id = excluded.entity_id, account_id = excluded.account_id, \
         device_id = excluded.device_id, received_at = excluded.received_at, \
         violations = excluded.violations, expected_files = excluded.expected_files, \
         answers = excluded.answers, sealed = excluded.sealed, review = excluded.review, \
         reviewed_seq = excluded.reviewed_seq, trail = excluded.trail",
        rows,
    )
    .await?;
    Ok(())
}

async fn write_files(tx: &mut Tx, rows: Vec<Row>) -> Result<()> {
    tx.insert_rows(
        "INSERT INTO attachment (zone_id, submission_id, name, sha256, size, content_type, seq)",
        "ON CONFLICT (zone_id, submission_id, name, sha256) DO NOTHING",
        rows,
    )
    .await?;
    Ok(())
}

pub(super) async fn write_entities(tx: &mut Tx, rows: EntityRows) -> Result<()> {
    past::keep(tx, &rows.outdated, rows.day).await?;
    for (zone, id, since) in &rows.replaced {
        let (zone, id) = (zone.0, *id);
        tx.query("DELETE FROM entity_version WHERE zone_id = $1 AND entity_id = $2 AND seq = $3")
            .bind(zone)
            .bind(id)
            .bind(*since)
            .execute()
            .await?;
        tx.query(
            "DELETE FROM entity_version WHERE zone_id = $1 AND entity_id = $2 AND version > 1",
        )
        .bind(zone)
        .bind(id)
        .execute()
        .await?;
    }
    tx.insert_rows(
        "INSERT INTO entity (zone_id, entity_id, dataset, version, label, props, lon, lat, flags, \
         site_id, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, \
         basis_2012, basis_2023, district, sex, age_group, status, created_seq, updated_seq, \
         realm, wrapped, sealed, merged_into, review, shifts, day, deleted_seq)",
        "ON CONFLICT (zone_id, entity_id) DO UPDATE SET version = excluded.version, \
         label = excluded.label, props = excluded.props, lon = excluded.lon, lat = excluded.lat, \
         flags = excluded.flags, site_id = excluded.site_id, region_2012 = excluded.region_2012, \
         cercle_2012 = excluded.cercle_2012, commune_2012 = excluded.commune_2012, \
         region_2023 = excluded.region_2023, cercle_2023 = excluded.cercle_2023, \
         commune_2023 = excluded.commune_2023, basis_2012 = excluded.basis_2012, \
         basis_2023 = excluded.basis_2023, district = excluded.district, sex = excluded.sex, \
         age_group = excluded.age_group, status = excluded.status, updated_seq = excluded.updated_seq, \
         sealed = excluded.sealed, merged_into = excluded.merged_into, review = excluded.review, \
         shifts = excluded.shifts, created_seq = excluded.created_seq, day = excluded.day, \
         deleted_seq = excluded.deleted_seq",
        rows.entities,
    )
    .await?;
    tx.insert_rows(
        "INSERT INTO entity_version (zone_id, entity_id, version, submission_id, seq, created_at, \
         base_version, branch_id, props, sealed, review)",
        "",
        rows.versions,
    )
    .await?;
    Ok(())
}

async fn write_keys(
    tx: &mut Tx,
    homes: Vec<Row>,
    taken: Vec<Row>,
    left: Vec<(BlockKey, ZoneId, Uuid)>,
) -> Result<()> {
    tx.insert_rows(
        "INSERT INTO entity_home (entity_id, zone_id, canonical_id)",
        "ON CONFLICT (entity_id) DO UPDATE SET canonical_id = excluded.canonical_id",
        homes,
    )
    .await?;
    for (key, zone, id) in left {
        tx.query("DELETE FROM block_key WHERE block_key = $1 AND zone_id = $2 AND entity_id = $3")
            .bind(key)
            .bind(zone.0)
            .bind(id)
            .execute()
            .await?;
    }
    tx.insert_rows(
        "INSERT INTO block_key (block_key, zone_id, entity_id)",
        "ON CONFLICT (block_key, zone_id, entity_id) DO NOTHING",
        taken,
    )
    .await?;
    Ok(())
}

/// Writes links from both ends, or takes them away.
async fn write_links(tx: &mut Tx, rows: Vec<Row>, parted: Vec<(ZoneId, Uuid, Uuid)>) -> Result<()> {
    for (zone, one, other) in parted {
        tx.query("DELETE FROM link WHERE zone_id = $1 AND entity_id = $2 AND other_id = $3")
            .bind(zone.0)
            .bind(one)
            .bind(other)
            .execute()
            .await?;
    }
    tx.insert_rows(
        "INSERT INTO link (zone_id, entity_id, other_zone_id, other_id, cause, seq)",
        "ON CONFLICT (zone_id, entity_id, other_id) DO UPDATE SET cause = excluded.cause, \
         seq = excluded.seq",
        rows,
    )
    .await?;
    Ok(())
}

/// Takes away the pairs of registrations that changed, then writes those that hold now.
async fn write_pairs(tx: &mut Tx, pairs: Vec<Row>, cleared: Vec<(ZoneId, Uuid)>) -> Result<()> {
    for (zone, id) in cleared {
        for sql in [
            "DELETE FROM match_pair WHERE zone_id = $1 AND a_id = $2",
            "DELETE FROM match_pair WHERE b_zone_id = $1 AND b_id = $2",
        ] {
            tx.query(sql).bind(zone.0).bind(id).execute().await?;
        }
    }
    tx.insert_rows(
        "INSERT INTO match_pair (zone_id, a_id, b_zone_id, b_id, dataset, class, stops, match_key, \
         weight, probability, relative, effect, model, evidence, seq)",
        "ON CONFLICT (zone_id, a_id, b_id) DO UPDATE SET class = excluded.class, \
         stops = excluded.stops, match_key = excluded.match_key, weight = excluded.weight, \
         probability = excluded.probability, relative = excluded.relative, \
         effect = excluded.effect, model = excluded.model, evidence = excluded.evidence, \
         seq = excluded.seq",
        pairs,
    )
    .await?;
    Ok(())
}

async fn write_decisions(tx: &mut Tx, rows: Vec<Row>) -> Result<()> {
    tx.insert_rows(
        "INSERT INTO decision (zone_id, decision_id, seq, a_id, b_zone_id, b_id, dataset, answer, \
         state, refusal, in_the_way, account_id, decided_at, choices)",
        "ON CONFLICT (zone_id, decision_id) DO UPDATE SET state = excluded.state",
        rows,
    )
    .await?;
    Ok(())
}

async fn write_waiting(tx: &mut Tx, rows: Vec<Row>) -> Result<()> {
    tx.insert_rows(
        "INSERT INTO held (zone_id, entity_id, seq, submission_id, base_version)",
        "ON CONFLICT (entity_id, zone_id, seq) DO NOTHING",
        rows,
    )
    .await?;
    Ok(())
}

/// Adds the movements to the cells.
pub(super) async fn write_cells(tx: &mut Tx, cells: Cells) -> Result<()> {
    insert_cells(tx, cells.into_rows()).await
}

/// How the row of a cell moves it: zone, dataset, cube, codes, by how many.
fn moved(row: &[Value]) -> Option<Move> {
    let [Value::I32(Some(zone)), Value::Text(Some(dataset)), Value::Text(Some(cube)), codes @ ..] =
        row
    else {
        return None;
    };
    // After the codes: the review state, and by how many.
    let Value::I64(Some(n)) = codes.get(CODES.len() + 1)? else { return None };
    let cube = Cube::ALL.into_iter().find(|c| c.name() == cube)?;
    let code = |axis: &Axis| match axis {
        Axis::Zone => Some(zone.to_string()),
        axis => match codes.get(place_of(*axis)?)? {
            Value::Text(text) => text.clone(),
            _ => None,
        },
    };
    let codes = cube.axes().iter().map(code).collect::<Option<_>>()?;
    Some(Move { dataset: dataset.clone(), cube, codes, n: *n })
}

/// Where a code stands among those of a cell's row.
fn place_of(axis: Axis) -> Option<usize> {
    if axis == Axis::Review {
        return Some(CODES.len());
    }
    CODES.iter().position(|a| *a == axis)
}

async fn insert_cells(tx: &mut Tx, cells: Vec<Row>) -> Result<()> {
    tx.insert_rows(
        "INSERT INTO count_cell (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, \
         region_2023, cercle_2023, commune_2023, district, sex, age_group, status, nationality, \
         role_group, coop_member, protection, site, cooperative, month, form, review, n, closed)",
        "ON CONFLICT (zone_id, dataset, cube, region_2012, cercle_2012, commune_2012, region_2023, \
         cercle_2023, commune_2023, district, sex, age_group, status, nationality, role_group, \
         coop_member, protection, site, cooperative, month, form, review) \
         DO UPDATE SET n = count_cell.n + excluded.n",
        cells,
    )
    .await?;
    Ok(())
}

/// Moves the change tokens of datasets.
pub(super) async fn write_heads(tx: &mut Tx, heads: BTreeMap<(ZoneId, String), i64>) -> Result<()> {
    let rows = heads
        .into_iter()
        .map(|((zone, dataset), n)| vec![zone.0.into(), dataset.into(), n.into()])
        .collect();
    tx.insert_rows(
        "INSERT INTO dataset_head (zone_id, dataset, seq)",
        "ON CONFLICT (zone_id, dataset) DO UPDATE SET seq = dataset_head.seq + excluded.seq",
        rows,
    )
    .await?;
    Ok(())
}

async fn write_feed(tx: &mut Tx, feed: Vec<FeedOut>) -> Result<()> {
    let mut per_zone: BTreeMap<ZoneId, i64> = BTreeMap::new();
    for entry in &feed {
        *per_zone.entry(entry.zone_id).or_insert(0) += 1;
    }
    let mut next = HashMap::new();
    for (zone, n) in per_zone {
        // The row lock makes feed order commit order: a reader never skips (*A cursor never skips*).
        let row = tx
            .query(
                "INSERT INTO feed_head (zone_id, seq) VALUES ($1, $2) \
                 ON CONFLICT (zone_id) DO UPDATE SET seq = feed_head.seq + excluded.seq RETURNING seq",
            )
            .bind(zone.0)
            .bind(n)
            .fetch_one()
            .await?;
        let last: i64 = row.get(0)?;
        next.insert(zone, last - n + 1);
    }
    let mut rows = Vec::with_capacity(feed.len());
    for entry in feed {
        let Some(seq) = next.get_mut(&entry.zone_id) else { continue };
        rows.push(vec![
            entry.zone_id.0.into(),
            (*seq).into(),
            entry.at.into(),
            entry.kind.into(),
            entry.dataset.into(),
            entry.subject_id.into(),
            entry.device_id.into(),
            entry.detail.into(),
        ]);
        *seq += 1;
    }
    tx.insert_rows(
        "INSERT INTO feed (zone_id, seq, at, kind, dataset, subject_id, device_id, detail)",
        "",
        rows,
    )
    .await?;
    Ok(())
}
