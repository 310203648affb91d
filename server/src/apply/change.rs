//! What one submission says about one entity, before it meets the register.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use serde_json::Value as Json;
use uuid::Uuid;

use super::{entity::to_text, load::KeptKey};
use crate::{
    geo::Position,
    keys::{MasterKeys, Realm, SubjectKey},
    runtime::Runtime,
    store::vault::VAULT,
};

/// Properties by name, in a fixed order.
pub(super) type Props = BTreeMap<String, Json>;

/// A change to one entity, derived from a submission alone.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact of the change")]
pub(super) struct EntityChange {
    pub(super) dataset: String,
    pub(super) realm: Realm,
    pub(super) entity_id: Uuid,
    pub(super) create: bool,
    pub(super) update: bool,
    pub(super) base_version: i64,
    /// The last version of the server that the device had seen; 0 when it says none.
    pub(super) trunk_version: i64,
    pub(super) branch_id: String,
    /// Whether its sender takes the entity for a new one, of which nobody said anything before.
    pub(super) registers: bool,
    /// Whether it is applied although what it builds on is not here.
    pub(super) forced: bool,
    /// The conflict that it settles: the event of the update; 0 = none.
    pub(super) settles: i64,
    /// Stored in clear: places and organisations only.
    pub(super) label: Option<String>,
    /// Properties of class "none".
    pub(super) open: Props,
    /// Everything else; `null` removes a property.
    pub(super) sealed: Props,
    /// Keyed hashes of card and NINA, to find who else carries them.
    pub(super) block_keys: BTreeSet<[u8; 32]>,
    pub(super) site_id: Option<Uuid>,
    pub(super) position: Option<Position>,
    pub(super) facts: Facts,
    /// The first version of a new entity, made ready before it meets the register.
    pub(super) made: Option<Made>,
    /// The same as a version of the entity that it changed last: an entity made again seals nothing twice.
    pub(super) stored: OnceLock<Stored>,
}

/// A version as it is stored.
#[derive(Clone)]
pub(super) struct Stored {
    /// The key of its entity, as stored.
    pub(super) wrapped: Vec<u8>,
    pub(super) open: String,
    pub(super) sealed: Vec<u8>,
}

/// The first version of an entity as it is stored, under a key of its own.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) key: SubjectKey,
    pub(super) wrapped: Vec<u8>,
    pub(super) open: String,
    pub(super) sealed: Vec<u8>,
    /// Whether the key is the one that the entity had before a rebuild.
    is_kept: bool,
}

impl EntityChange {
    /// Whether it makes an entity that is not there.
    ///
    /// An upsert in an off-line branch that builds on a version does not: that version is on its way.
    pub(super) const fn makes(&self) -> bool {
        let builds_on = self.update && self.base_version > 0 && !self.branch_id.is_empty();
        (self.create && !builds_on) || self.forced
    }

    /// Takes over what a later block of the same submission says of the same entity.
    pub(super) fn take_later(&mut self, later: Self) {
        self.create |= later.create;
        self.update |= later.update;
        self.registers &= later.registers;
        self.label = later.label.or_else(|| self.label.take());
        self.open.extend(later.open);
        self.sealed.extend(later.sealed);
    }

    /// Makes the first version of the entity, in case there is none yet: under the key that it had before a
    /// rebuild, or a new one.
    pub(super) fn make(&mut self, kept: Option<KeptKey>, keys: &MasterKeys, runtime: &Runtime) {
        if self.create {
            let is_kept = kept.is_some();
            let (key, wrapped) = self.key(kept, keys, runtime);
            self.made = Some(Made {
                open: to_text(&self.open),
                sealed: key.seal(VAULT, to_text(&self.sealed).as_bytes()),
                key,
                wrapped,
                is_kept,
            });
        }
    }

    /// Whether it was made under the key that its entity had before a rebuild.
    pub(super) fn has_kept_key(&self) -> bool {
        self.made.as_ref().is_some_and(|made| made.is_kept)
    }

    /// The key of the new entity, and that key as it is stored: the one it had before a rebuild, else
    /// the one made ahead.
    pub(super) fn key(
        &self,
        kept: Option<KeptKey>,
        keys: &MasterKeys,
        runtime: &Runtime,
    ) -> (SubjectKey, Vec<u8>) {
        match (kept, &self.made) {
            // Once destroyed it stays so: what is sealed now, nobody can open.
            (Some(KeptKey { key, wrapped }), _) => {
                (key.unwrap_or_else(|| SubjectKey::new(runtime.bytes())), wrapped)
            }
            (None, Some(made)) => (made.key.clone(), made.wrapped.clone()),
            (None, None) => {
                let key = SubjectKey::new(runtime.bytes());
                let wrapped = keys.wrap(self.realm, self.entity_id.as_bytes(), &key);
                (key, wrapped)
            }
        }
    }
}

/// What counts are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) sex: Option<String>,
    pub(super) age_group: Option<String>,
    pub(super) status: Option<String>,
    pub(super) district: Option<String>,
}

/// The group of an age in completed years: standard groups for adults (code list `age_group_std`),
/// the bands of child labour statistics for children (`age_band_cl`).
pub(super) fn age_group(realm: Realm, age: i64) -> Option<&'static str> {
    const BANDS: [(i64, i64, &str); 3] =
        [(6, 11, "c06_11"), (12, 14, "c12_14"), (15, 17, "c15_17")];
    const GROUPS: [(i64, i64, &str); 14] = [
        (6, 9, "a06_09"),
        (10, 14, "a10_14"),
        (15, 17, "a15_17"),
        (18, 19, "a18_19"),
        (20, 24, "a20_24"),
        (25, 29, "a25_29"),
        (30, 34, "a30_34"),
        (35, 39, "a35_39"),
        (40, 44, "a40_44"),
        (45, 49, "a45_49"),
        (50, 54, "a50_54"),
        (55, 59, "a55_59"),
        (60, 64, "a60_64"),
        (65, 120, "a65p"),
    ];
    let groups: &[(i64, i64, &str)] = match realm {
        Realm::Adults => &GROUPS,
        Realm::Children => &BANDS,
    };
    groups.iter().find(|(from, to, _)| (*from..=*to).contains(&age)).map(|(.., code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_groups_are_those_of_the_code_lists() {
        let lists = [("age_group_std", Realm::Adults, 120), ("age_band_cl", Realm::Children, 17)];
        for (list, realm, oldest) in lists {
            let list = sanu_schemas::codelist(list).unwrap();
            for age in 6..=oldest {
                let code = age_group(realm, age).unwrap();
                assert!(list.codes.iter().any(|c| c.code == code), "{code}");
            }
            assert_eq!((age_group(realm, 5), age_group(realm, 121)), (None, None));
        }
        assert_eq!(age_group(Realm::Adults, 17), Some("a15_17"));
        assert_eq!(age_group(Realm::Adults, 18), Some("a18_19"));
        assert_eq!(age_group(Realm::Children, 11), Some("c06_11"));
    }
}
