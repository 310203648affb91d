//! The register as far as a batch touches it, and what the batch adds.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    again::Recompared,
    chain::Chains,
    change::EntityChange,
    conflict::ConflictRows,
    device_days::DeviceDays,
    entity::{EntityState, Source},
    erased::Erased,
    event::Event,
    groups::{Groups, Link, Pair},
    heard::Heard,
    holders::Holders,
    identity::BlockKey,
    lists::{Line, ListBook, Lists},
    load::KeptKey,
    looks::Look,
    pairs::PairRow,
    people::People,
    review::Case,
    reviewed::Reviewed,
    stand::{Acceptance, Known, Stand},
    view::Step,
};
use crate::{
    catalogue::Snapshot, geo::Gazetteer, intake::FileEntry, keys::MasterKeys, runtime::Runtime,
    store::ZoneId,
};

/// What the fold reads but does not change.
pub(super) struct Ground<'a> {
    pub(super) forms: &'a Snapshot,
    pub(super) gazetteer: &'a Gazetteer,
    pub(super) keys: &'a MasterKeys,
    pub(super) runtime: &'a Runtime,
    pub(super) acceptance: Acceptance,
    /// What was read lately; it changes nothing of what is found.
    pub(super) heard: &'a Heard,
    pub(super) lists: &'a ListBook,
}

/// A change that waits for its entity, or for the version it builds on.
#[derive(Clone)]
pub(super) struct Waiting {
    pub(super) source: Source,
    pub(super) zone_id: ZoneId,
    pub(super) change: Arc<EntityChange>,
}

/// A record to be written.
#[derive(Clone)]
pub(super) struct RecordOut {
    pub(super) event: Event,
    /// The instance id of its first version.
    pub(super) first_instance_id: String,
    pub(super) state: &'static str,
    pub(super) reason: &'static str,
    pub(super) dataset: String,
    pub(super) entity_id: Option<Uuid>,
    pub(super) violations: String,
    pub(super) expected_files: String,
    pub(super) answers: String,
    pub(super) sealed: Vec<u8>,
    pub(super) stand: Stand,
}

/// An entry of the change feed, before it has a number.
pub(super) struct FeedOut {
    pub(super) zone_id: ZoneId,
    pub(super) at: crate::runtime::Micros,
    pub(super) kind: &'static str,
    pub(super) dataset: String,
    pub(super) subject_id: Uuid,
    /// Whom a receipt is for: the device, or the account of somebody who logged in.
    pub(super) device_id: Option<Uuid>,
    pub(super) detail: String,
}

/// The engine's memory, held for one batch.
pub(super) type PeopleGuard = tokio::sync::OwnedRwLockWriteGuard<People>;

/// The register as far as a batch touches it, and what the batch adds.
#[derive(Default)]
pub(super) struct Register {
    /// The day of what is folded; see [`crate::runtime::Micros::day`].
    pub(super) day: i64,
    pub(super) entities: HashMap<Uuid, EntityState>,
    pub(super) homes: HashMap<Uuid, (ZoneId, Uuid)>,
    /// Entities that were erased.
    pub(super) tombs: HashSet<Uuid>,
    /// Who carries a card or NINA.
    pub(super) holders: HashMap<BlockKey, Holders>,
    /// Rows of entities and of holders fetched for the batch.
    pub(super) brought: usize,
    /// Ids that were looked for, found or not.
    pub(super) asked: HashSet<Uuid>,
    /// Ids whose waiting changes are here.
    pub(super) waits_asked: HashSet<Uuid>,
    pub(super) groups: Groups,
    /// Versions that the database holds, of entities whose group may be folded.
    pub(super) past: BTreeMap<Uuid, Vec<Step>>,
    /// Versions that this batch adds.
    pub(super) steps: HashMap<Uuid, Vec<Step>>,
    /// The engine, lent for the batch.
    pub(super) people: Option<PeopleGuard>,
    /// Pairs that the batch found.
    pub(super) pairs: BTreeMap<Pair, PairRow>,
    /// Registrations whose former pairs hold no longer.
    pub(super) cleared: BTreeSet<(ZoneId, Uuid)>,
    /// Links that the engine asks for by probability, before both ends are here.
    pub(super) by_score: Vec<(Uuid, Uuid, Link)>,
    /// Entities whose group may have changed.
    pub(super) stirred: BTreeSet<Uuid>,
    pub(super) waiting: HashMap<Uuid, Vec<Waiting>>,
    /// Steps of off-line branches already taken: entity, branch, base version.
    pub(super) branches: HashSet<(Uuid, String, i64)>,
    /// Keys of entities that are about to be made again by a rebuild.
    pub(super) kept_keys: HashMap<Uuid, KeptKey>,
    /// Entities of the submissions that this batch edits.
    pub(super) record_entities: HashMap<Uuid, Uuid>,

    pub(super) records: BTreeMap<(ZoneId, Uuid), RecordOut>,
    pub(super) files: Vec<(ZoneId, Uuid, FileEntry, i64)>,
    pub(super) new_homes: BTreeMap<Uuid, (ZoneId, Uuid)>,
    /// Cards and NINA that an entity took (true) or left.
    pub(super) key_changes: BTreeMap<(BlockKey, ZoneId, Uuid), bool>,
    pub(super) new_waiting: BTreeMap<(Uuid, i64), Waiting>,
    pub(super) released: Vec<(Uuid, Waiting)>,
    pub(super) feed: Vec<FeedOut>,
    pub(super) heads: BTreeMap<(ZoneId, String), i64>,
    pub(super) moved_sites: Vec<Uuid>,

    /// How submissions stand of which more is said in this batch.
    pub(super) known: HashMap<Uuid, Known>,
    /// Submissions that this batch reviews.
    pub(super) cases: HashMap<Uuid, Case>,
    /// Of entities whose records are edited or reviewed: each stored version, and whether it is pending.
    pub(super) flags: HashMap<Uuid, Vec<(i64, bool)>>,
    pub(super) reviewed: Reviewed,
    pub(super) chains: Chains,
    /// Entities of which updates may contradict each other.
    pub(super) disputed: BTreeSet<Uuid>,
    /// What the records of this batch looked at.
    pub(super) looks: Vec<Look>,
    pub(super) recompared: Vec<Recompared>,
    pub(super) device_days: DeviceDays,
    /// The small base lists as stored, and the lines that the batch changed.
    pub(super) lists: Option<Arc<Lists>>,
    pub(super) own_lines: BTreeMap<Uuid, Option<Line>>,
    /// Whether this batch changed the campaigns or the holidays, of which every record may ask.
    pub(super) calendar_moved: bool,
    /// The places that this batch changed, and which others were beside them before.
    pub(super) was_beside: BTreeMap<Uuid, BTreeSet<Uuid>>,
    /// The telephones of the registrations that this batch changed, before and after.
    pub(super) phones_moved: BTreeSet<String>,
    pub(super) conflicts: Vec<ConflictRows>,
    pub(super) erased: Erased,
}
