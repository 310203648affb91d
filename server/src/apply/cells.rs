//! Counts, kept as cells that every change moves by one.

use std::{collections::HashMap, iter::once};

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
pub(super) const CODES: [Axis; 18] = [
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct CellKey {
    zone_id: i32,
    cube: Cube,
    /// The dataset, the codes and the review state one after the other: they are compared by the thousand.
    text: String,
    /// Where each ends in the text.
    ends: [usize; CODES.len() + 2],
}

/// The parts of a key, before it is made.
struct Parts<'p> {
    zone_id: i32,
    cube: Cube,
    dataset: &'p str,
    codes: [&'p str; CODES.len()],
    /// Whether a record that speaks for it waits for review; how a submission stands.
    review: &'p str,
}

impl<'p> Parts<'p> {
    fn new(zone_id: i32, dataset: &'p str, cube: Cube, review: &'p str) -> Self {
        Self { zone_id, cube, dataset, codes: [""; CODES.len()], review }
    }

    fn of(entity: &'p EntityState, cube: Cube) -> Self {
        Self::new(entity.zone_id.0, &entity.dataset, cube, review_of(entity.pending))
    }

    fn set(mut self, axis: Axis, code: &'p str) -> Self {
        let place = CODES.iter().position(|a| *a == axis);
        if let Some(slot) = place.and_then(|i| self.codes.get_mut(i)) {
            *slot = code;
        }
        self
    }

    /// The first codes, in their order.
    fn start(mut self, codes: impl IntoIterator<Item = &'p String>) -> Self {
        self.codes.iter_mut().zip(codes).for_each(|(slot, code)| *slot = code);
        self
    }

    /// The region in both divisions: what is told of people beyond sex and age is told no nearer.
    fn in_regions(self, entity: &'p EntityState) -> Self {
        let [region_2012, _, _, region_2023, _, _] = &entity.place.codes;
        self.set(Axis::Region2012, region_2012).set(Axis::Region2023, region_2023)
    }

    fn key(self) -> CellKey {
        let parts = || once(self.dataset).chain(self.codes).chain(once(self.review));
        let mut text = String::with_capacity(parts().map(str::len).sum());
        let mut ends = [0; CODES.len() + 2];
        for (end, part) in ends.iter_mut().zip(parts()) {
            text.push_str(part);
            *end = text.len();
        }
        CellKey { zone_id: self.zone_id, cube: self.cube, text, ends }
    }
}

impl CellKey {
    /// Where and what kind.
    pub(super) fn place(entity: &EntityState) -> Self {
        let facts = &entity.facts;
        Parts::of(entity, Cube::Place)
            .start(&entity.place.codes)
            .set(Axis::District, &entity.district)
            .set(Axis::Sex, said(facts.sex.as_ref()))
            .set(Axis::AgeGroup, said(facts.age_group.as_ref()))
            .set(Axis::Status, said(facts.status.as_ref()))
            .key()
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
            let of = Parts::of(entity, Cube::Site).set(Axis::Site, &site);
            keys.push(of.set(Axis::Sex, sex).key());
            let of = Parts::of(entity, Cube::Cooperative).set(Axis::Cooperative, cooperative);
            keys.push(of.set(Axis::Sex, sex).key());
        }
        let month = month(entity.created_at);
        let of = Parts::of(entity, Cube::Month).in_regions(entity);
        keys.push(of.set(Axis::Sex, sex).set(Axis::Month, &month).key());
        keys
    }

    /// All cells it is counted in.
    pub(super) fn all(entity: &EntityState) -> Vec<Self> {
        let mut keys = Self::others(entity);
        keys.push(Self::place(entity));
        keys
    }

    /// The same cell in other places, as far as it has any.
    pub(super) fn moved(&self, codes: &[String; 6], district: &str) -> Self {
        self.parts().start(codes).set(Axis::District, district).key()
    }

    /// The cell of the place of entities that a row gives: zone, dataset, ten codes, review.
    pub(super) fn of_row(row: &Row) -> Result<Self> {
        let (dataset, review): (String, String) = (row.get(1)?, row.get(12)?);
        let codes = (2..12).map(|i| row.get(i)).collect::<Result<Vec<String>>>()?;
        Ok(Parts::new(row.get(0)?, &dataset, Cube::Place, &review).start(&codes).key())
    }

    /// The cell of the place of somebody of whom nothing else is left.
    pub(super) fn of_tombstone(of: &Tombstone) -> Self {
        let rest = [&of.district, &of.sex, &of.age_group, &of.status];
        Parts::new(of.zone_id, &of.dataset, Cube::Place, &of.review)
            .start(of.places.iter().chain(rest))
            .key()
    }

    /// All cells of somebody who was erased and whose place is this: counted on, with nothing known of them.
    ///
    /// Both protected trees must hold the same people, or their trunk would be two samples.
    pub(super) fn erased(self) -> Vec<Self> {
        let place = self.parts();
        let mut keys = Vec::with_capacity(3);
        for cube in [Cube::Profile, Cube::Month].into_iter().filter(|c| c.is_of(place.dataset)) {
            let mut key = Parts::new(place.zone_id, place.dataset, cube, place.review);
            for (axis, code) in CODES.iter().zip(place.codes) {
                if cube.axes().contains(axis) {
                    key = key.set(*axis, code);
                }
            }
            keys.push(key.key());
        }
        keys.push(self);
        keys
    }

    /// The cell of a submission.
    pub(super) fn submission(zone_id: i32, form: &str, received_at: Micros, stands: &str) -> Self {
        Parts::new(zone_id, crate::counts::SUBMISSIONS, Cube::Form, stands)
            .set(Axis::Form, form)
            .set(Axis::Month, &month(received_at))
            .key()
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let part = self.text.get(start..*end).unwrap_or_default();
            start = *end;
            part
        })
    }

    fn parts(&self) -> Parts<'_> {
        let mut texts = self.texts();
        let dataset = texts.next().unwrap_or_default();
        let mut parts = Parts::new(self.zone_id, dataset, self.cube, "");
        parts.codes.iter_mut().zip(&mut texts).for_each(|(slot, code)| *slot = code);
        parts.review = texts.next().unwrap_or_default();
        parts
    }

    fn row(&self, n: i64) -> Vec<Value> {
        let of = self.parts();
        let mut row = Vec::with_capacity(CODES.len() + 6);
        row.extend([of.zone_id.into(), of.dataset.into(), of.cube.name().into()]);
        row.extend(of.codes.map(Value::from));
        row.extend([of.review.into(), n.into(), 0_i64.into()]);
        row
    }
}

fn said(fact: Option<&String>) -> &str {
    fact.map_or("", String::as_str)
}

fn profile(entity: &EntityState) -> CellKey {
    let said = |name: &str| text(&entity.open, name).or_else(|| text(&entity.sealed, name));
    let origin = said("nationality").and_then(nationality_group).map(NationalityGroup::code);
    let segment =
        said("main_role").and_then(|r| sanu_schemas::attribute("site_role", r, "chain_segment"));
    let schemes = entity.sealed.get("social_protection");
    let schemes = schemes.or_else(|| entity.open.get("social_protection")).map(codes);
    let protection = match covered(&schemes.unwrap_or_default()) {
        Some(true) => "covered",
        Some(false) => "not_covered",
        None => "",
    };
    Parts::of(entity, Cube::Profile)
        .in_regions(entity)
        .set(Axis::Sex, entity.facts.sex.as_deref().unwrap_or_default())
        .set(Axis::Nationality, origin.unwrap_or_default())
        .set(Axis::RoleGroup, segment.unwrap_or_default())
        .set(Axis::Member, said("coop_member").unwrap_or_default())
        .set(Axis::Protection, protection)
        .key()
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

/// Movements of a batch.
#[derive(Default)]
pub(super) struct Cells(HashMap<CellKey, i64>);

impl Cells {
    pub(super) fn add(&mut self, key: CellKey, n: i64) {
        *self.0.entry(key).or_insert(0) += n;
    }

    pub(super) fn add_all(&mut self, keys: impl IntoIterator<Item = CellKey>, n: i64) {
        for key in keys {
            self.add(key, n);
        }
    }

    /// In a fixed order, so that two writers never wait for each other in a circle.
    pub(super) fn into_rows(self) -> Vec<Vec<Value>> {
        let mut moved: Vec<_> = self.0.into_iter().filter(|(_, n)| *n != 0).collect();
        moved.sort_unstable();
        moved.into_iter().map(|(key, n)| key.row(n)).collect()
    }
}
