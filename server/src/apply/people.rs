//! Everybody registered, and every site and organisation, in the memory of the linkage engine: who, or
//! what, else could a registration be?
//!
//! A function of the registrations applied so far. A batch that fails takes its changes back. Its people are kept in
//! files beside the database, so that a start need not read them one by one (`memory.rs`).

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    described::Described,
    memory::{MemoryFiles, Parts, Pieces, Stood},
};
use crate::{
    db::{Result, Tx},
    keys::MasterKeys,
    linkage::{
        Auto, Comparison, Kind, Match, Model, Policy, RecordNo, Resolver,
        places::{self, PlaceComparison},
    },
    store::ZoneId,
};

/// Another registration that may be the same person.
pub(super) struct Found {
    pub(super) zone_id: ZoneId,
    pub(super) entity_id: Uuid,
    pub(super) said: Match,
}

/// What a batch changed, so that it can be taken back.
struct Undo {
    zone_id: ZoneId,
    entity_id: Uuid,
    before: Option<Described>,
}

/// The engine, and which of its records is which entity.
pub struct People {
    resolver: Resolver,
    numbers: HashMap<Uuid, RecordNo>,
    registered: Vec<(ZoneId, Uuid)>,
    places: places::Index<Uuid>,
    zones: HashMap<Uuid, ZoneId>,
    undo: Vec<Undo>,
    /// The last event that it has seen; `None` when it must be loaded.
    pub(super) seq: Option<i64>,
    files: Option<MemoryFiles>,
    /// Whether the batch erases somebody.
    erases: bool,
}

/// Pairs kept of one registration: the best of more are all the same village.
const PAIRS_MAX: usize = 20;

impl People {
    /// Nobody yet.
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            resolver: Resolver::new(Model::default(), policy),
            numbers: HashMap::new(),
            registered: Vec::new(),
            places: places::Index::default(),
            zones: HashMap::new(),
            undo: Vec::new(),
            seq: None,
            files: None,
            erases: false,
        }
    }

    /// Keeps its people in this folder from now on.
    pub(crate) fn keep_in(&mut self, folder: std::path::PathBuf) {
        self.files = Some(MemoryFiles::new(folder));
    }

    /// Where its people are kept.
    pub(super) const fn files(&self) -> Option<&MemoryFiles> {
        self.files.as_ref()
    }

    /// Forgets everybody; the model and the policy stay.
    pub(super) fn clear(&mut self) {
        let (model, policy) = (self.resolver.model().clone(), self.resolver.policy().clone());
        self.resolver = Resolver::new(model, policy);
        self.numbers.clear();
        self.registered.clear();
        self.places = places::Index::default();
        self.zones.clear();
        self.undo.clear();
        self.seq = None;
        self.erases = false;
    }

    /// Puts a registration as it stands now in the place of how it stood before.
    pub(super) fn put(
        &mut self,
        zone_id: ZoneId,
        entity_id: Uuid,
        before: Option<Described>,
        now: Option<&Described>,
    ) {
        self.set(zone_id, entity_id, now);
        self.undo.push(Undo { zone_id, entity_id, before });
    }

    /// Forgets somebody who is erased: no file keeps them either, once that is in the database.
    pub(super) fn erase(&mut self, zone_id: ZoneId, entity_id: Uuid, before: Option<Described>) {
        self.put(zone_id, entity_id, before, None);
        self.erases = true;
    }

    /// Takes out a registration that is to be loaded again.
    pub(super) fn unload(&mut self, zone_id: ZoneId, entity_id: Uuid) {
        self.set(zone_id, entity_id, None);
    }

    /// Puts a registration that is not part of a batch.
    pub(super) fn load(&mut self, zone_id: ZoneId, entity_id: Uuid, as_is: &Described) {
        self.set(zone_id, entity_id, Some(as_is));
    }

    fn set(&mut self, zone_id: ZoneId, entity_id: Uuid, now: Option<&Described>) {
        if let Some(former) = self.numbers.remove(&entity_id) {
            self.resolver.remove(former);
        }
        if self.zones.remove(&entity_id).is_some() {
            self.places.remove(entity_id);
        }
        match now {
            Some(Described::Person(person)) => {
                let number = self.resolver.add(&person.registration());
                self.numbers.insert(entity_id, number);
                // Numbers are given out in order.
                self.registered.push((zone_id, entity_id));
            }
            Some(Described::Place(place)) => {
                self.places.put(entity_id, place);
                self.zones.insert(entity_id, zone_id);
            }
            None => {}
        }
    }

    /// What the batch did is in the database: it stays.
    pub(super) fn keep(&mut self, seq: i64) {
        self.undo.clear();
        self.seq = Some(seq);
        if std::mem::take(&mut self.erases)
            && let Some(files) = &self.files
        {
            files.destroy();
        }
    }

    /// Takes back what a batch did that could not be written.
    pub(super) fn take_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            self.set(undo.zone_id, undo.entity_id, undo.before.as_ref());
        }
        self.erases = false;
    }

    /// Who else this registration may be, the best first.
    pub(super) fn found(&self, entity_id: Uuid) -> Vec<Found> {
        let Some(number) = self.numbers.get(&entity_id) else { return Vec::new() };
        self.resolver
            .matches(*number)
            .into_iter()
            .filter_map(|said| {
                let (zone_id, entity_id) =
                    *self.registered.get(usize::try_from(said.other.0).ok()?)?;
                Some(Found { zone_id, entity_id, said })
            })
            .take(PAIRS_MAX)
            .collect()
    }

    /// Which other site or organisation this one may be, the likeliest first.
    pub(super) fn places_found(&self, entity_id: Uuid) -> Vec<(ZoneId, Uuid, PlaceComparison)> {
        let found = self.places.found(entity_id).into_iter();
        found.filter_map(|(id, said)| Some((*self.zones.get(&id)?, id, said))).collect()
    }

    /// The registrations of miners that give this telephone: zone, id, and the hash of the card, 0 without one.
    pub(super) fn with_phone(&self, written: &str) -> impl Iterator<Item = (ZoneId, Uuid, u64)> {
        self.resolver.with_phone(written).filter_map(|(record, card)| {
            let (zone, id) = *self.registered.get(usize::try_from(record.0).ok()?)?;
            Some((zone, id, card))
        })
    }

    /// The sites near this one that are called otherwise, or the cooperatives called like this one, and how far they are in
    /// metres, wherever they live.
    pub(super) fn beside(&self, entity_id: Uuid) -> Vec<places::Beside<Uuid>> {
        self.places.beside(entity_id)
    }

    /// The same, but those that whoever reads of this one may read of: those of its zone, or all for the country.
    pub(super) fn shown_beside(&self, entity_id: Uuid) -> Vec<places::Beside<Uuid>> {
        let zone = self.zones.get(&entity_id).copied();
        let is_shown =
            |other: &Uuid| zone == Some(ZoneId::COUNTRY) || self.zones.get(other).copied() == zone;
        let mut beside = self.places.beside(entity_id);
        beside.retain(|it| is_shown(&it.id));
        beside
    }

    /// Everything about two sites or two organisations; `None` when they are nothing of the kind.
    pub fn compare_places(&self, one: Uuid, other: Uuid) -> Option<PlaceComparison> {
        self.places.compare(one, other)
    }

    /// Everything about one pair; `None` when one of them is not a registered person.
    pub fn compare(&self, one: Uuid, other: Uuid) -> Option<Comparison> {
        self.resolver.compare(*self.numbers.get(&one)?, *self.numbers.get(&other)?)
    }

    /// How many registrations of people it holds.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// What may be merged without review.
    pub(super) fn auto(&self) -> Auto {
        self.resolver.policy().auto
    }

    /// The name of the model in use.
    pub fn model(&self) -> &str {
        self.resolver.model().version()
    }

    /// Its people as bytes: of each the number, the zone and the id, after how many bytes that is; then the engine's.
    pub(super) fn to_parts(&self) -> Pieces {
        KINDS.map(|kind| {
            let mut ids = Vec::new();
            for (number, (zone, id)) in (0_u32..).zip(&self.registered) {
                if self.resolver.kind(RecordNo(number)) == Some(kind) {
                    ids.extend(number.to_le_bytes());
                    ids.extend(zone.0.to_le_bytes());
                    ids.extend(id.as_bytes());
                }
            }
            let length = u64::try_from(ids.len()).expect("memory is below 64 bits");
            [length.to_le_bytes().to_vec(), ids, self.resolver.snapshot(kind)]
        })
    }

    /// Takes its people from the files when these lead to where the register is now; says from where.
    pub(super) async fn read_files(
        &mut self,
        now: &Stood,
        tx: &mut Tx,
        keys: &MasterKeys,
    ) -> Result<Option<Stood>> {
        let Some(files) = self.files.clone() else { return Ok(None) };
        let Some((stood, parts)) = files.read(keys) else { return Ok(None) };
        if !stood.leads_to(now, tx).await? {
            // Of another register, or with somebody who is erased.
            files.destroy();
            return Ok(None);
        }
        Ok(self.take_parts(&parts).map(|()| stood))
    }

    /// `None`, and nobody, when the parts are not what this program writes.
    fn take_parts(&mut self, parts: &Parts) -> Option<()> {
        let mut engines: Vec<&[u8]> = Vec::new();
        let mut ids: Vec<(RecordNo, ZoneId, Uuid)> = Vec::new();
        for part in parts {
            let (length, rest) = part.split_first_chunk::<8>()?;
            let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
            let (listed, engine) = rest.split_at_checked(length)?;
            engines.push(engine);
            ids.extend(listed.chunks(ID).map_while(id_of));
        }
        ids.sort_unstable_by_key(|(number, ..)| *number);
        let (model, policy) = (self.resolver.model().clone(), self.resolver.policy().clone());
        let (resolver, numbers) = Resolver::restore(&engines, model, policy).ok()?;
        if !numbers.iter().eq(ids.iter().map(|(number, ..)| number)) {
            return None;
        }
        self.resolver = resolver;
        self.registered = ids.iter().map(|(_, zone, id)| (*zone, *id)).collect();
        let numbered = (0_u32..).map(RecordNo).zip(&self.registered);
        self.numbers = numbered.map(|(number, (_, id))| (*id, number)).collect();
        Some(())
    }
}

/// The registers of people, each a part.
const KINDS: [Kind; 2] = [Kind::Miner, Kind::Child];
/// Bytes of a number, a zone and an id.
const ID: usize = 24;

fn id_of(bytes: &[u8]) -> Option<(RecordNo, ZoneId, Uuid)> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    let (zone, rest) = rest.split_first_chunk::<4>()?;
    let number = RecordNo(u32::from_le_bytes(*number));
    Some((number, ZoneId(i32::from_le_bytes(*zone)), Uuid::from_slice(rest).ok()?))
}
