//! Keeping what the register said at the end of each day: a row that changes on a later day is copied first.
//!
//! A row that never changed after the day it was made costs nothing; `store::register` reads both.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    db::{Result, Tx},
    store::ZoneId,
};

const COPY: &str = "INSERT INTO entity_past (zone_id, entity_id, until_day, since_day, dataset, version, label, \
     props, lon, lat, flags, site_id, region_2012, cercle_2012, commune_2012, region_2023, \
     cercle_2023, commune_2023, basis_2012, basis_2023, district, status, created_seq, updated_seq, \
     sealed, merged_into, review) \
     SELECT zone_id, entity_id, ";
const FROM: &str = ", day, dataset, version, label, props, lon, lat, flags, site_id, region_2012, cercle_2012, \
     commune_2012, region_2023, cercle_2023, commune_2023, basis_2012, basis_2023, district, status, \
     created_seq, updated_seq, sealed, merged_into, review FROM entity WHERE day < ";

/// Copies the rows of these entities, which say something else from `day` on.
pub(super) async fn keep(
    tx: &mut Tx,
    outdated: &BTreeMap<ZoneId, Vec<Uuid>>,
    day: i64,
) -> Result<()> {
    for (zone, ids) in outdated {
        for some in ids.chunks(256) {
            let query = tx.query(COPY).push_bind(day).push(FROM).push_bind(day);
            let query = query.push(" AND zone_id = ").push_bind(zone.0);
            query.push(" AND entity_id IN ").push_list(some.iter().copied()).execute().await?;
        }
    }
    Ok(())
}

/// Copies the rows of those on a site who are elsewhere from `day` on: codes, what they rest on, mining district.
pub(super) async fn keep_those_who_move(
    tx: &mut Tx,
    site: Uuid,
    day: i64,
    (codes, basis, district): (&[String; 6], &[String; 2], &str),
) -> Result<()> {
    let mut query = tx.query(COPY).push_bind(day).push(FROM).push_bind(day);
    query = query.push(" AND site_id = ").push_bind(site).push(" AND (district <> ");
    query = query.push_bind(district);
    for (or, text) in OR.into_iter().zip(codes.iter().chain(basis)) {
        query = query.push(or).push_bind(text.as_str());
    }
    query.push(")").execute().await?;
    Ok(())
}

const OR: [&str; 8] = [
    " OR region_2012 <> ",
    " OR cercle_2012 <> ",
    " OR commune_2012 <> ",
    " OR region_2023 <> ",
    " OR cercle_2023 <> ",
    " OR commune_2023 <> ",
    " OR basis_2012 <> ",
    " OR basis_2023 <> ",
];
