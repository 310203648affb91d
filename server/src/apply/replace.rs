//! Putting entities on the map again: when their site moves, or when polygons are imported.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::{
    cells::{CellKey, Cells},
    days,
    entity::EntityState,
    load, past,
    rows::EntityRows,
    turn,
    write::{write_cells, write_entities, write_heads},
};
use crate::{
    db::{Db, Result, Tx},
    geo::Gazetteer,
    keys::MasterKeys,
    store::ZoneId,
};

const CELL: &str = "SELECT zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023, \
     cercle_2023, commune_2023, district, sex, age_group, status, review, COUNT(*) FROM entity \
     WHERE site_id = $1 AND merged_into IS NULL GROUP BY zone_id, dataset, region_2012, cercle_2012, commune_2012, \
     region_2023, cercle_2023, commune_2023, district, sex, age_group, status, review";

/// Gives everybody registered on a site the place of the site, and moves their cells.
pub(super) async fn follow_site(
    tx: &mut Tx,
    site: Uuid,
    (keys, day): (&MasterKeys, i64),
    cells: &mut Cells,
) -> Result<()> {
    let site_row = tx
        .query(
            "SELECT region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, \
             basis_2012, basis_2023, district FROM entity WHERE dataset = 'sites' \
             AND entity_id = (SELECT canonical_id FROM entity_home WHERE entity_id = $1) \
             AND zone_id = (SELECT c.zone_id FROM entity_home h JOIN entity_home c \
             ON c.entity_id = h.canonical_id WHERE h.entity_id = $1)",
        )
        .bind(site)
        .fetch_optional()
        .await?;
    let Some(row) = site_row else { return Ok(()) };
    let codes: [String; 6] =
        [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
    let basis: [String; 2] = [row.get(6)?, row.get(7)?];
    let district: String = row.get(8)?;
    for row in tx.query(CELL).bind(site).fetch_all().await? {
        let (former, n) = (CellKey::of_row(&row)?, row.get(13)?);
        cells.add(former.moved(&codes, &district), n);
        cells.add(former, -n);
    }
    let [region_2012, _, _, region_2023, _, _] = &codes;
    let leaves_region = tx
        .query(
            "SELECT 1 FROM entity WHERE site_id = $1 AND (region_2012 <> $2 OR region_2023 <> $3) LIMIT 1",
        )
        .bind(site)
        .bind(region_2012.as_str())
        .bind(region_2023.as_str())
        .fetch_optional()
        .await?;
    if leaves_region.is_some() {
        // What else is told of people is told by region, and is sealed: everybody is opened.
        follow_to_region(tx, site, &codes, keys, cells).await?;
    }
    past::keep_those_who_move(tx, site, day, (&codes, &basis, &district)).await?;
    let mut update = tx.query(
        "UPDATE entity SET region_2012 = $1, cercle_2012 = $2, commune_2012 = $3, region_2023 = $4, \
         cercle_2023 = $5, commune_2023 = $6, basis_2012 = $7, basis_2023 = $8, district = $9, \
         day = $11 WHERE site_id = $10 AND (region_2012 <> $1 OR cercle_2012 <> $2 \
         OR commune_2012 <> $3 OR region_2023 <> $4 OR cercle_2023 <> $5 OR commune_2023 <> $6 \
         OR basis_2012 <> $7 OR basis_2023 <> $8 OR district <> $9)",
    );
    for text in codes.iter().chain(&basis) {
        update = update.bind(text.as_str());
    }
    update.bind(district).bind(site).bind(day).execute().await?;
    Ok(())
}

/// Moves the cells of a site's people that know the region alone.
async fn follow_to_region(
    tx: &mut Tx,
    site: Uuid,
    codes: &[String; 6],
    keys: &MasterKeys,
    cells: &mut Cells,
) -> Result<()> {
    for page in people_of(tx, site).await?.chunks(usize::try_from(PAGE)?) {
        let wanted = page.iter().copied().collect();
        for mut entity in load::entities(tx, &wanted, keys).await? {
            if entity.counted.is_empty() {
                continue;
            }
            cells.add_all(CellKey::others(&entity), -1);
            entity.place.codes.clone_from(codes);
            cells.add_all(CellKey::others(&entity), 1);
        }
    }
    Ok(())
}

async fn people_of(tx: &mut Tx, site: Uuid) -> Result<Vec<(ZoneId, Uuid)>> {
    let rows = tx
        .query("SELECT zone_id, entity_id FROM entity WHERE site_id = $1 AND version > 0")
        .bind(site)
        .fetch_all()
        .await?;
    rows.iter().map(|r| Ok((ZoneId(r.get(0)?), r.get(1)?))).collect()
}

/// Gives everybody registered on a site that is there no longer the place of their own position.
pub(super) async fn leave_site(
    tx: &mut Tx,
    site: Uuid,
    day: i64,
    (gazetteer, keys): (&Gazetteer, &MasterKeys),
) -> Result<()> {
    for page in people_of(tx, site).await?.chunks(usize::try_from(PAGE)?) {
        let wanted = page.iter().copied().collect();
        let entities = load::entities(tx, &wanted, keys).await?;
        settle_page(tx, gazetteer, entities, (&HashMap::new(), keys, day)).await?;
    }
    Ok(())
}

const PAGE: i64 = 500;

/// Computes every place again, page by page; `told` hears how many are done.
///
/// Sites first, so that people take the places of their sites.
pub(super) async fn replace_all(
    db: &Db,
    (gazetteer, keys): (&Gazetteer, &MasterKeys),
    today: i64,
    told: &mut (dyn FnMut(u64) + Send),
) -> Result<u64> {
    let mut done = 0;
    for sites in [true, false] {
        let mut after = (ZoneId(i32::MIN), Uuid::nil());
        loop {
            let mut tx = db.write().await?;
            let day = turn::take(&mut tx, today).await?;
            days::turn_to(&mut tx, day).await?;
            let page = page_after(&mut tx, sites, after).await?;
            let Some(last) = page.last().copied() else { break };
            after = last;
            done += u64::try_from(page.len())?;
            let wanted: HashSet<_> = page.into_iter().collect();
            let entities = load::entities(&mut tx, &wanted, keys).await?;
            let grounds = grounds(&mut tx, &entities, keys).await?;
            settle_page(&mut tx, gazetteer, entities, (&grounds, keys, day)).await?;
            tx.commit().await?;
            told(done);
        }
    }
    Ok(done)
}

async fn page_after(
    tx: &mut Tx,
    sites: bool,
    after: (ZoneId, Uuid),
) -> Result<Vec<(ZoneId, Uuid)>> {
    let query = tx
        .query("SELECT zone_id, entity_id FROM entity WHERE (zone_id, entity_id) > ($1, $2) ")
        .bind(after.0.0)
        .bind(after.1);
    let query =
        query.push(if sites { "AND dataset = 'sites' " } else { "AND dataset <> 'sites' " });
    let rows = query.push("ORDER BY zone_id, entity_id LIMIT ").push_bind(PAGE).fetch_all().await?;
    rows.iter().map(|r| Ok((ZoneId(r.get(0)?), r.get(1)?))).collect()
}

/// The sites that these people are registered on, by every id they go by.
async fn grounds(
    tx: &mut Tx,
    people: &[EntityState],
    keys: &MasterKeys,
) -> Result<HashMap<Uuid, EntityState>> {
    let named: HashSet<Uuid> = people.iter().filter_map(|p| p.site_id).collect();
    let homes = load::homes(tx, &named).await?;
    let wanted: HashSet<_> = homes.values().copied().collect();
    let mut sites: HashMap<Uuid, EntityState> = HashMap::new();
    for site in
        load::entities(tx, &wanted, keys).await?.into_iter().filter(|s| s.dataset == "sites")
    {
        for (id, _) in homes.iter().filter(|(_, home)| home.1 == site.entity_id && site.version > 0)
        {
            sites.insert(*id, site.clone());
        }
    }
    Ok(sites)
}

async fn settle_page(
    tx: &mut Tx,
    gazetteer: &Gazetteer,
    mut entities: Vec<EntityState>,
    (grounds, keys, day): (&HashMap<Uuid, EntityState>, &MasterKeys, i64),
) -> Result<()> {
    let mut cells = Cells::default();
    let mut heads: BTreeMap<(ZoneId, String), i64> = BTreeMap::new();
    let mut moved = Vec::new();
    entities.retain_mut(|entity| {
        let site = entity.site_id.and_then(|id| grounds.get(&id));
        // A person's own position may be doubted now although the site, and so the place, stays.
        let flags = entity.flags.clone();
        entity.settle(gazetteer, site) || entity.flags != flags
    });
    entities.sort_by_key(|e| (e.zone_id, e.entity_id));
    for entity in &entities {
        *heads.entry((entity.zone_id, entity.dataset.clone())).or_insert(0) += 1;
        if entity.dataset == "sites" {
            moved.push(entity.entity_id);
        }
    }
    write_entities(tx, EntityRows::of(entities, day, &mut cells)).await?;
    for site in moved {
        follow_site(tx, site, (keys, day), &mut cells).await?;
    }
    write_cells(tx, cells).await?;
    write_heads(tx, heads).await
}
