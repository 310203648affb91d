//! That somebody is to be erased, as it stands in the journal; and, once done, what stays of them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::keys::Realm;

/// The wish that a person be erased: the content of a journal event.
///
/// It names a registration, never a card: what is journalled must not hold what it erases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The id that the client gave it: the same again changes nothing.
    pub erasure_id: Uuid,
    /// One registration of the person.
    pub entity_id: Uuid,
    /// Its dataset.
    pub dataset: String,
    /// Why; sealed wherever it is stored.
    pub reason: String,
    /// The role that the account had, spelled as in `access::Role`.
    pub role: String,
    /// The submission that goes although nobody asked: a later version of what was erased, which came before the
    /// version between told so. `entity_id` names nobody then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<Uuid>,
    /// What came of it, written by whoever applies it first: what it was found from is gone then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<Remains>,
}

/// What stays of a person: what counts are made of, and that there were submissions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remains {
    /// Why nothing was erased; empty when something was.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub refusal: String,
    /// How many registrations were the person's.
    pub registrations: i64,
    /// How many files were removed.
    pub files: i64,
    /// Entities of which nothing but their cell stays.
    pub tombstones: Vec<Tombstone>,
    /// Submissions whose content is gone.
    pub records: Vec<GoneRecord>,
    /// Entities that others speak of too, and the version that phones knew of each.
    pub folded: Vec<(Uuid, i64)>,
}

/// An erased entity: everything that a count says of it, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Its zone.
    pub zone_id: i32,
    /// Its id, which a phone drew at random.
    pub entity_id: Uuid,
    /// What it was.
    pub dataset: String,
    /// Whose master key sealed it.
    pub realm: String,
    /// The registration that is counted in its place; itself when it is not counted at all.
    pub merged_into: Option<Uuid>,
    /// The event that made it: lists keep their order.
    pub created_seq: i64,
    /// How many versions there were.
    pub version: i64,
    /// What phones saw added to that.
    pub shifts: i64,
    /// region, cercle, commune of 2012, then of 2023.
    pub places: [String; 6],
    /// What the places rest on, in each division.
    pub basis: [String; 2],
    /// Its mining district.
    pub district: String,
    /// Sex.
    pub sex: String,
    /// Age group.
    pub age_group: String,
    /// Status.
    pub status: String,
    /// `accepted` or `pending`.
    pub review: String,
}

/// A submission whose content is gone: that it came stays, so that its phone is answered as before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneRecord {
    /// Its zone.
    pub zone_id: i32,
    /// Its id.
    pub submission_id: Uuid,
    /// Its last version.
    pub seq: i64,
    /// The event that says who sent it, and when.
    pub sent: i64,
    /// The instance id of its first version.
    pub first_instance_id: String,
    /// The dataset of its form.
    pub dataset: String,
}

impl Erasure {
    /// That a later version of what was erased goes too; `id` is that of the event that says so.
    pub const fn of_later_version(id: Uuid, submission: Uuid) -> Self {
        Self {
            erasure_id: id,
            entity_id: Uuid::nil(),
            dataset: String::new(),
            reason: String::new(),
            role: String::new(),
            submission: Some(submission),
            done: None,
        }
    }

    /// Whose master key seals it.
    pub fn realm(&self) -> Realm {
        let children = sanu_schemas::datasets()
            .iter()
            .any(|d| d.name == self.dataset && d.realm == sanu_schemas::Realm::Children);
        if children { Realm::Children } else { Realm::Adults }
    }

    /// As written into the journal.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a plain struct is always JSON")
    }

    /// Reads what [`Erasure::to_bytes`] wrote.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
