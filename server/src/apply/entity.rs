//! An entity in the hands of apply: how a change becomes its next version.

use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    cells::CellKey,
    change::{EntityChange, Facts, Props, Stored},
    event::Event,
};
use crate::{
    geo::{Gazetteer, Placement, Position},
    keys::{Realm, SubjectKey},
    runtime::Micros,
    store::{ZoneId, vault::VAULT},
};

/// The places of an entity, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StoredPlace {
    /// region, cercle, commune of 2012 and of 2023; empty when not known.
    pub(super) codes: [String; 6],
    /// What they rest on, in each division.
    pub(super) basis: [String; 2],
}

impl StoredPlace {
    pub(super) fn codes(&self) -> [String; 6] {
        self.codes.clone()
    }

    pub(super) fn of(placement: &Placement) -> Self {
        let (old, new) = (&placement.place_2012, &placement.place_2023);
        let text = |code: &Option<String>| code.clone().unwrap_or_default();
        Self {
            codes: [
                text(&old.codes.region),
                text(&old.codes.cercle),
                text(&old.codes.commune),
                text(&new.codes.region),
                text(&new.codes.cercle),
                text(&new.codes.commune),
            ],
            basis: [old.basis.code().to_owned(), new.basis.code().to_owned()],
        }
    }

    pub(super) fn cercle_2023(&self) -> &str {
        self.codes.get(4).map_or("", String::as_str)
    }
}

/// One version to be written.
#[derive(Clone)]
pub(super) struct VersionRow {
    pub(super) version: i64,
    pub(super) submission_id: Uuid,
    pub(super) seq: i64,
    pub(super) at: Micros,
    pub(super) base_version: i64,
    pub(super) branch_id: String,
    pub(super) open: String,
    pub(super) sealed: Vec<u8>,
    /// Whether its record waits for review.
    pub(super) pending: bool,
}

/// An entity as it stands after the events so far.
#[derive(Clone)]
pub(super) struct EntityState {
    pub(super) zone_id: ZoneId,
    pub(super) entity_id: Uuid,
    pub(super) dataset: String,
    pub(super) realm: Realm,
    /// How many versions stand; 0 when every record that spoke for it was rejected.
    pub(super) version: i64,
    /// Added to `version` for phones, which must not see it go down when a review takes versions out.
    pub(super) shifts: i64,
    /// Whether a record that speaks for it waits for review.
    pub(super) pending: bool,
    pub(super) label: String,
    pub(super) open: Props,
    pub(super) sealed: Props,
    pub(super) key: SubjectKey,
    /// The key as it is stored; empty when it was destroyed.
    pub(super) wrapped: Vec<u8>,
    pub(super) position: Option<Position>,
    pub(super) flags: String,
    pub(super) site_id: Option<Uuid>,
    pub(super) place: StoredPlace,
    pub(super) district: String,
    pub(super) facts: Facts,
    pub(super) created_seq: i64,
    pub(super) updated_seq: i64,
    /// When its first version was received.
    pub(super) created_at: Micros,
    /// The cells it is counted in now, if it is in the database and not merged into another.
    pub(super) counted: Vec<CellKey>,
    /// The canonical of its group, when that is another entity.
    pub(super) merged_into: Option<Uuid>,
    /// What its stored row shows when it is the canonical of a group: the view of all members.
    pub(super) shown: Option<Box<EntityState>>,
    pub(super) dirty: bool,
    /// Since which day the database says of it what it says; `None` = it is new.
    pub(super) stored_day: Option<i64>,
    /// The event that deleted it; 0 = none did. Nothing speaks for what is deleted.
    pub(super) deleted_seq: i64,
    /// Where the versions begin that the database holds and that `versions` takes the place of.
    pub(super) replaced: Option<i64>,
    pub(super) versions: Vec<VersionRow>,
}

/// Where a change comes from.
#[derive(Clone, Copy)]
pub(super) struct Source {
    /// Where its record lies.
    pub(super) zone_id: ZoneId,
    pub(super) submission_id: Uuid,
    pub(super) seq: i64,
    pub(super) at: Micros,
    /// Whether its record waits for review.
    pub(super) pending: bool,
}

impl Source {
    /// An event, whose record waits for review or not.
    pub(super) const fn of(event: &Event, pending: bool) -> Self {
        Self {
            zone_id: event.zone_id,
            submission_id: event.submission_id,
            seq: event.seq,
            at: event.received_at,
            pending,
        }
    }
}

impl EntityState {
    /// A new entity that no change has reached yet.
    pub(super) fn new(
        zone_id: ZoneId,
        change: &EntityChange,
        key: SubjectKey,
        source: Source,
    ) -> Self {
        Self {
            zone_id,
            entity_id: change.entity_id,
            dataset: change.dataset.clone(),
            realm: change.realm,
            version: 0,
            shifts: 0,
            pending: false,
            label: String::new(),
            open: Props::new(),
            sealed: Props::new(),
            key,
            wrapped: Vec::new(),
            position: None,
            flags: String::from("[]"),
            site_id: None,
            place: StoredPlace::default(),
            district: String::new(),
            facts: Facts::default(),
            created_seq: source.seq,
            updated_seq: source.seq,
            created_at: source.at,
            counted: Vec::new(),
            merged_into: None,
            shown: None,
            dirty: true,
            stored_day: None,
            deleted_seq: 0,
            replaced: None,
            versions: Vec::new(),
        }
    }

    /// Overlays a change and keeps it as a version of its own.
    pub(super) fn take(&mut self, change: &EntityChange, source: Source) {
        self.overlay(change, source);
        // Made ready ahead, if it was made under this entity's key.
        let (open, sealed) = match &change.made {
            Some(made) if made.wrapped == self.wrapped => (made.open.clone(), made.sealed.clone()),
            _ => self.stored(change),
        };
        self.versions.push(VersionRow {
            version: self.version,
            submission_id: source.submission_id,
            seq: source.seq,
            at: source.at,
            base_version: change.base_version,
            branch_id: change.branch_id.clone(),
            open,
            sealed,
            pending: source.pending,
        });
    }

    /// A change as a version of this entity is stored.
    fn stored(&self, change: &EntityChange) -> (String, Vec<u8>) {
        let seal = || Stored {
            wrapped: self.wrapped.clone(),
            open: to_text(&change.open),
            sealed: self.key.seal(VAULT, to_text(&change.sealed).as_bytes()),
        };
        let stored = change.stored.get_or_init(seal);
        // An id that was made twice has had two keys.
        let of_another = (stored.wrapped != self.wrapped).then(seal);
        let Stored { open, sealed, .. } = of_another.unwrap_or_else(|| stored.clone());
        (open, sealed)
    }

    /// Overlays a change: what it names is set, what it leaves out stays.
    pub(super) fn overlay(&mut self, change: &EntityChange, source: Source) {
        self.version += 1;
        self.pending |= source.pending;
        self.updated_seq = source.seq;
        self.dirty = true;
        if let Some(label) = &change.label {
            self.label.clone_from(label);
        }
        overlay(&mut self.open, &change.open);
        overlay(&mut self.sealed, &change.sealed);
        self.site_id = change.site_id.or(self.site_id);
        self.position = change.position.or(self.position);
        take_some(&mut self.facts.sex, change.facts.sex.as_ref());
        take_some(&mut self.facts.age_group, change.facts.age_group.as_ref());
        take_some(&mut self.facts.status, change.facts.status.as_ref());
        take_some(&mut self.facts.district, change.facts.district.as_ref());
    }

    /// Puts the entity on the map: by its site when that is known, else by its own position.
    ///
    /// Says whether its place changed.
    pub(super) fn settle(&mut self, gazetteer: &Gazetteer, site: Option<&EntityState>) -> bool {
        let own = self.position.map(|p| gazetteer.locate(p));
        self.flags.clear();
        self.flags.push('[');
        for (i, flag) in own.iter().flat_map(|p| &p.flags).enumerate() {
            // Codes are plain words.
            self.flags.push_str(if i == 0 { "\"" } else { ",\"" });
            self.flags.push_str(flag.code());
            self.flags.push('"');
        }
        self.flags.push(']');
        let (place, district) = if let Some(site) = site {
            (site.place.clone(), site.district.clone())
        } else {
            let place = own.as_ref().map(StoredPlace::of).unwrap_or_default();
            let of_cercle = sanu_schemas::mining_district_of_cercle(place.cercle_2023());
            let district = self.facts.district.as_deref().or(of_cercle).unwrap_or_default();
            (place, district.to_owned())
        };
        let moved = self.place != place || self.district != district;
        self.place = place;
        self.district = district;
        moved
    }

    /// Everything in clear, as it stands.
    pub(super) fn props(&self) -> String {
        match self.versions.as_slice() {
            // Nothing that a first version sets was removed again.
            [first] if self.version == 1 && !first.open.contains(":null") => first.open.clone(),
            _ => to_text(&self.open),
        }
    }

    /// Everything sealed, as it stands. A first version says it all, and sealing is deterministic.
    pub(super) fn vault(&self) -> Vec<u8> {
        if let [first] = self.versions.as_slice()
            && self.version == 1
        {
            return first.sealed.clone();
        }
        self.key.seal(VAULT, to_text(&self.sealed).as_bytes())
    }
}

pub(super) fn to_text(props: &Props) -> String {
    serde_json::to_string(props).expect("a map of JSON values is always JSON")
}

/// Sets what `from` names; `null` takes away.
pub(super) fn overlay(into: &mut Props, from: &Props) {
    if into.is_empty() {
        // Built at once from what is sorted already.
        let set = from.iter().filter(|(_, value)| !matches!(value, Json::Null));
        *into = set.map(|(name, value)| (name.clone(), value.clone())).collect();
        return;
    }
    for (name, value) in from {
        if matches!(value, Json::Null) {
            into.remove(name);
        } else {
            into.insert(name.clone(), value.clone());
        }
    }
}

fn take_some(into: &mut Option<String>, from: Option<&String>) {
    if let Some(value) = from {
        *into = Some(value.clone());
    }
}
