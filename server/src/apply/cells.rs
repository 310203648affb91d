//! Counts, kept as cells that every change moves by one.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{change::Props, entity::EntityState};
use crate::{
    counts::{Axis, Cube},
    db::{Result, Row, Value},
    indicators::{NationalityGroup, covered, nationality_group},
    intake::Tombstone,
    runtime::Micros,
};

/// The columns of a cell's codes, in the order in which a key holds them.
const CODES: [Axis; 18] = [
    Axis::Region2012,
    Axis::Cercle2012,
    Axis::Commune2012,
    Axis::Region2023,
    Axis::Cercle2023,
    Axis::Commune2023,
    Axis::District,
    Axis::Sex,
    Axis::AgeGroup,
    Axis::Status,
    Axis::Nationality,
    Axis::RoleGroup,
    Axis::Member,
    Axis::Protection,
    Axis::Site,
    Axis::Cooperative,
    Axis::Month,
    Axis::Form,
];

/// What one counted thing looks like; things that look alike share a cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CellKey {
    zone_id: i32,
    dataset: String,
    cube: &'static str,
    codes: [String; CODES.len()],
    /// Whether a record that speaks for it waits for review; how a submission stands.
    review: String,
}

impl CellKey {
    fn new(zone_id: i32, dataset: &str, cube: Cube, review: &str) -> Self {
        Self {
            zone_id,
            dataset: dataset.to_owned(),
            cube: cube.name(),
            codes: Default::default(),
            review: review.to_owned(),
        }
    }

    fn set(mut self, axis: Axis, code: impl Into<String>) -> Self {
        let place = CODES.iter().position(|a| *a == axis);
        if let Some(slot) = place.and_then(|i| self.codes.get_mut(i)) {
            *slot = code.into();
        }
        self
    }

    /// Where and what kind.
    pub(super) fn place(entity: &EntityState) -> Self {
        let facts = &entity.facts;
        let mut key = blank(entity, Cube::Place)
            .set(Axis::District, &entity.district)
            .set(Axis::Sex, facts.sex.as_deref().unwrap_or_default())
            .set(Axis::AgeGroup, facts.age_group.as_deref().unwrap_or_default())
            .set(Axis::Status, facts.status.as_deref().unwrap_or_default());
        for (slot, code) in key.codes.iter_mut().zip(&entity.place.codes) {
            slot.clone_from(code);
        }
        key
    }

    /// Every cell but that of its place: who, on which site, since when.
    pub(super) fn others(entity: &EntityState) -> Vec<Self> {
        let mut keys = Vec::with_capacity(4);
        if Cube::Profile.is_of(&entity.dataset) {
            keys.push(profile(entity));
        }
        let sex = entity.facts.sex.as_deref().unwrap_or_default();
        let cooperative = text(&entity.sealed, "coop_id").or_else(|| text(&entity.open, "coop_id"));
        if entity.site_id.is_some() || cooperative.is_some() {
            let site = entity.site_id.map(|id| id.to_string()).unwrap_or_default();
            let cooperative = cooperative.unwrap_or_default();
            keys.extend([
                blank(entity, Cube::Site).set(Axis::Site, site).set(Axis::Sex, sex),
                blank(entity, Cube::Cooperative)
                    .set(Axis::Cooperative, cooperative)
                    .set(Axis::Sex, sex),
            ]);
        }
        keys.push(
            in_regions(blank(entity, Cube::Month), entity)
                .set(Axis::Sex, sex)
                .set(Axis::Month, month(entity.created_at)),
        );
        keys
    }

    /// All cells it is counted in.
    pub(super) fn all(entity: &EntityState) -> Vec<Self> {
        let mut keys = Self::others(entity);
        keys.push(Self::place(entity));
        keys
    }

    /// The same cell in other places, as far as it has any.
    pub(super) fn moved(mut self, codes: &[String; 6], district: &str) -> Self {
        for (slot, code) in self.codes.iter_mut().zip(codes) {
            slot.clone_from(code);
        }
        self.set(Axis::District, district)
    }

    /// The cell of the place of entities that a row gives: zone, dataset, ten codes, review.
    pub(super) fn of_row(row: &Row) -> Result<Self> {
        let (dataset, review): (String, String) = (row.get(1)?, row.get(12)?);
        let mut key = Self::new(row.get(0)?, &dataset, Cube::Place, &review);
        for (i, slot) in key.codes.iter_mut().take(10).enumerate() {
            *slot = row.get(i + 2)?;
        }
        Ok(key)
    }

    /// The cell of the place of somebody of whom nothing else is left.
    pub(super) fn of_tombstone(of: &Tombstone) -> Self {
        let mut key = Self::new(of.zone_id, &of.dataset, Cube::Place, &of.review);
        let rest = [&of.district, &of.sex, &of.age_group, &of.status];
        for (slot, code) in key.codes.iter_mut().zip(of.places.iter().chain(rest)) {
            slot.clone_from(code);
        }
        key
    }

    /// All cells of somebody who was erased and whose place is this: counted on, with nothing known of them.
    ///
    /// Both protected trees must hold the same people, or their trunk would be two samples.
    pub(super) fn erased(self) -> Vec<Self> {
        let mut keys = Vec::with_capacity(3);
        for cube in [Cube::Profile, Cube::Month].into_iter().filter(|c| c.is_of(&self.dataset)) {
            let mut key = Self::new(self.zone_id, &self.dataset, cube, &self.review);
            for (axis, (slot, code)) in CODES.iter().zip(key.codes.iter_mut().zip(&self.codes)) {
                if cube.axes().contains(axis) {
                    slot.clone_from(code);
                }
            }
            keys.push(key);
        }
        keys.push(self);
        keys
    }

    /// The cell of a submission.
    pub(super) fn submission(zone_id: i32, form: &str, received_at: Micros, stands: &str) -> Self {
        Self::new(zone_id, crate::counts::SUBMISSIONS, Cube::Form, stands)
            .set(Axis::Form, form)
            .set(Axis::Month, month(received_at))
    }

    fn row(self, n: i64) -> Vec<Value> {
        let mut row: Vec<Value> = vec![self.zone_id.into(), self.dataset.into(), self.cube.into()];
        row.extend(self.codes.into_iter().map(Value::from));
        row.extend([self.review.into(), n.into(), 0_i64.into()]);
        row
    }
}

fn blank(entity: &EntityState, cube: Cube) -> CellKey {
    CellKey::new(entity.zone_id.0, &entity.dataset, cube, review_of(entity.pending))
}

/// The region in both divisions: what is told of people beyond sex and age is told no nearer.
fn in_regions(key: CellKey, entity: &EntityState) -> CellKey {
    let [region_2012, _, _, region_2023, _, _] = &entity.place.codes;
    key.set(Axis::Region2012, region_2012).set(Axis::Region2023, region_2023)
}

fn profile(entity: &EntityState) -> CellKey {
    let said = |name: &str| text(&entity.open, name).or_else(|| text(&entity.sealed, name));
    let origin = said("nationality").and_then(nationality_group).map(NationalityGroup::code);
    let segment =
        said("main_role").and_then(|r| sanu_schemas::attribute("site_role", r, "chain_segment"));
    let schemes: Vec<&str> = ["social_protection"]
        .iter()
        .filter_map(|name| entity.sealed.get(*name).or_else(|| entity.open.get(*name)))
        .flat_map(codes)
        .collect();
    let protection = match covered(&schemes) {
        Some(true) => "covered",
        Some(false) => "not_covered",
        None => "",
    };
    in_regions(blank(entity, Cube::Profile), entity)
        .set(Axis::Sex, entity.facts.sex.as_deref().unwrap_or_default())
        .set(Axis::Nationality, origin.unwrap_or_default())
        .set(Axis::RoleGroup, segment.unwrap_or_default())
        .set(Axis::Member, said("coop_member").unwrap_or_default())
        .set(Axis::Protection, protection)
}

/// The codes of a multiple choice, kept as a list or as sent, parted by spaces.
fn codes(value: &Json) -> Vec<&str> {
    match value {
        Json::Array(codes) => codes.iter().filter_map(Json::as_str).collect(),
        Json::String(text) => text.split_whitespace().collect(),
        _ => Vec::new(),
    }
}

fn text<'p>(props: &'p Props, name: &str) -> Option<&'p str> {
    props.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A month as `2026-11`.
fn month(at: Micros) -> String {
    let date = at.date();
    format!("{:04}-{:02}", date.year(), date.month())
}

/// How a pending or accepted thing is written down.
pub(super) const fn review_of(pending: bool) -> &'static str {
    if pending { "pending" } else { "accepted" }
}

/// Movements of a batch, in a fixed order.
#[derive(Default)]
pub(super) struct Cells(BTreeMap<CellKey, i64>);

impl Cells {
    pub(super) fn add(&mut self, key: CellKey, n: i64) {
        *self.0.entry(key).or_insert(0) += n;
    }

    pub(super) fn add_all(&mut self, keys: Vec<CellKey>, n: i64) {
        for key in keys {
            self.add(key, n);
        }
    }

    pub(super) fn into_rows(self) -> Vec<Vec<Value>> {
        self.0.into_iter().filter(|(_, n)| *n != 0).map(|(key, n)| key.row(n)).collect()
    }
}
