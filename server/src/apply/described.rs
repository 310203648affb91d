//! What a registration is compared by: a person, a site or an organisation in the engine's terms.

use serde_json::Value as Json;

use super::{change::Props, entity::EntityState, identity::Person};
use crate::{
    geo::{PositionFlag, misplaced},
    linkage::places::{Cooperative, Place, Site},
};

/// A registration in its own words.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Described {
    Person(Box<Person>),
    Place(Box<Place>),
}

impl Described {
    /// Reads an entity's own properties; `None` when it is nothing that is registered twice.
    pub(super) fn of(entity: &EntityState) -> Option<Self> {
        let place = match entity.dataset.as_str() {
            "sites" => Place::Site(site(entity)),
            "cooperatives" => Place::Cooperative(cooperative(entity)),
            dataset => {
                let (open, sealed) = (&entity.open, &entity.sealed);
                let person = Person::of(dataset, open, sealed, entity.created_at)?;
                return Some(Self::Person(Box::new(person)));
            }
        };
        Some(Self::Place(Box::new(place)))
    }

    pub(super) fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::Place(_) => None,
        }
    }
}

fn site(entity: &EntityState) -> Site {
    let open = &entity.open;
    // A point that the phone did not have, or wrote down the wrong way round, is no place to be near.
    let position = entity.position.filter(|p| {
        !matches!(misplaced(*p), Some(PositionFlag::ZeroIsland | PositionFlag::Swapped))
    });
    Site {
        name: entity.label.clone(),
        aliases: text(open, "aliases"),
        position: position.map(|p| (p.lat, p.lon)),
        cercle: text(open, "cercle"),
        village: text(open, "village"),
        authorities: list(open, "authorities"),
        cooperatives: list(open, "coop_ids"),
        opened: open.get("start_year").and_then(Json::as_i64),
    }
}

fn cooperative(entity: &EntityState) -> Cooperative {
    let open = &entity.open;
    Cooperative {
        name: entity.label.clone(),
        acronym: text(open, "acronym"),
        level: text(open, "level"),
        district: text(open, "mining_district"),
        commune: text(open, "commune"),
        registration: text(open, "reg_no"),
    }
}

fn text(open: &Props, name: &str) -> String {
    open.get(name).and_then(Json::as_str).unwrap_or_default().trim().to_owned()
}

/// Several choices: a list, or as phones write one, words with spaces between.
fn list(open: &Props, name: &str) -> Vec<String> {
    match open.get(name) {
        Some(Json::Array(all)) => all.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        Some(Json::String(words)) => words.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
