//! Incremental: resolves each registration at once against all that came before.

use super::{
    evidence::Comparison,
    explain,
    index::Index,
    keys,
    model::Model,
    numbers,
    phones::Phones,
    policy::Policy,
    records::{RecordNo, Records, Row},
    registration::{Kind, Registration},
    score, snapshot, stops,
    verdict::{Match, Verdict},
    words::LikenessCache,
};

pub use super::snapshot::SnapshotError;

/// All registrations in memory with their keys: answers "who else could this be?" in well under a millisecond.
///
/// It compares exactly as `link` does. What depends on the order of arrival: which fields were taken for swapped, and,
/// in blocks of more than 32, which members are compared. [`Records::settle`] and `link` decide both anew.
#[derive(Debug, Default)]
pub struct Resolver {
    records: Records,
    index: Index,
    phones: Phones,
    model: Model,
    policy: Policy,
}

impl Resolver {
    /// Starts an empty resolver.
    pub fn new(model: Model, policy: Policy) -> Self {
        Self {
            records: Records::new(),
            index: Index::default(),
            phones: Phones::default(),
            model,
            policy,
        }
    }

    /// Takes over records that were loaded in bulk, settles and indexes them.
    pub fn from_records(mut records: Records, model: Model, policy: Policy) -> Self {
        records.settle();
        Self::indexed(records, model, policy)
    }

    fn indexed(records: Records, model: Model, policy: Policy) -> Self {
        let index = Index::of(&records.words, &records.rows);
        let phones = Phones::of(&records.rows);
        Self { records, index, phones, model, policy }
    }

    /// The records, for `train` and `link`.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// The model in use.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Uses another model from now on; nothing needs to be indexed again.
    pub fn set_model(&mut self, model: Model) {
        self.model = model;
    }

    /// The policy in use.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Adds one registration and indexes it.
    pub fn add(&mut self, registration: &Registration<'_>) -> RecordNo {
        let number = self.records.push(registration);
        if let Some(row) = self.records.row(number) {
            self.index.add(&self.records.words, &self.records.rows, row);
            self.phones.add(row, number);
        }
        number
    }

    /// Takes a registration out: it matches nothing any more. Its number is not given out again.
    /// Returns false when it was not there.
    pub fn remove(&mut self, record: RecordNo) -> bool {
        let Some(row) = self.records.row(record).copied() else { return false };
        self.index.remove(&self.records.words, &row, record);
        self.phones.remove(&row, record);
        self.records.remove(record)
    }

    /// The registrations that may describe the same person or a relative, best first. Empty for an unknown number.
    pub fn matches(&self, record: RecordNo) -> Vec<Match> {
        self.records.row(record).map_or_else(Vec::new, |row| self.matches_of_row(row, Some(record)))
    }

    /// The same for a registration that is not kept (its words are remembered, nothing else is).
    pub fn matches_of(&mut self, registration: &Registration<'_>) -> Vec<Match> {
        let row = self.records.read(registration);
        self.matches_of_row(&row, None)
    }

    fn matches_of_row(&self, row: &Row, own: Option<RecordNo>) -> Vec<Match> {
        let mut cache = LikenessCache::small();
        let mut matches: Vec<Match> = self
            .index
            .candidates(&self.records.words, row)
            .into_iter()
            .filter(|(record, _)| Some(*record) != own)
            .filter_map(|(other, kind)| self.matched(&mut cache, row, own, other, kind))
            .collect();
        matches.sort_by(|x, y| y.weight.total_cmp(&x.weight).then(x.other.cmp(&y.other)));
        matches
    }

    fn matched(
        &self,
        cache: &mut LikenessCache,
        row: &Row,
        own: Option<RecordNo>,
        other: RecordNo,
        kind: usize,
    ) -> Option<Match> {
        let there = self.records.row(other)?;
        // The earlier registration stands first, as in batch.
        let (a, b) = if own.is_some_and(|own| own < other) { (row, there) } else { (there, row) };
        let score = score::score(&self.model, &self.records, cache, a, b);
        let stops = stops::stops(a, b, &score.pattern);
        let verdict = stops::verdict(&self.policy, a, b, &score, stops);
        let key = keys::kind_of(kind, self.index.glance())?;
        (verdict != Verdict::Unrelated).then_some(Match {
            other,
            weight: score.weight,
            probability: score.probability,
            relative: score.relative,
            verdict,
            stops,
            key,
        })
    }

    /// Everything about one pair, whether a key joins them or not. `None` for an unknown or removed number.
    pub fn compare(&self, a: RecordNo, b: RecordNo) -> Option<Comparison> {
        explain::compare(&self.records, &self.model, &self.policy, a, b)
    }

    /// The registrations of miners that give this telephone, however it is written, and the hash of the card of each (0 without
    /// one), whoever came first first.
    pub fn with_phone(&self, written: &str) -> impl Iterator<Item = (RecordNo, u64)> {
        let all = self.phones.with(numbers::phone(written));
        all.filter_map(|record| Some((record, self.records.row(record)?.card)))
    }

    /// Which register a registration is in; `None` for an unknown number or one taken out.
    pub fn kind(&self, record: RecordNo) -> Option<Kind> {
        self.records.row(record).map(|row| row.kind)
    }

    /// The records of one register of people as bytes; those taken out, the index and the model are not part of it.
    pub fn snapshot(&self, kind: Kind) -> Vec<u8> {
        snapshot::write(&self.records, kind)
    }

    /// Puts together the snapshots of all registers and indexes them. Gives, by their new number, the number that
    /// each record had.
    pub fn restore(
        parts: &[&[u8]],
        model: Model,
        policy: Policy,
    ) -> Result<(Self, Vec<RecordNo>), SnapshotError> {
        let (records, numbers) = snapshot::read(parts)?;
        Ok((Self::indexed(records, model, policy), numbers))
    }
}
