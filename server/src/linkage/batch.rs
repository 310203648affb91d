//! Batch: links a whole set of registrations at once.

use serde::{Deserialize, Serialize};

use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    blocks::{Blocks, Candidate, in_parallel_with},
    cluster::{Clusters, Edge, cluster},
    hashing::Map,
    keys::{self, KEYS},
    model::Model,
    policy::Policy,
    records::{RecordNo, Records},
    score,
    sketch::Glance,
    stops, train,
    verdict::{Decision, KeyKind, Reviewed, Stops, Verdict},
    words::LikenessCache,
};

/// A pair that is worth keeping.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoredPair {
    /// The earlier registration.
    pub a: RecordNo,
    /// The later one.
    pub b: RecordNo,
    /// Log2 odds.
    pub weight: f32,
    /// Calibrated probability of one person.
    pub probability: f32,
    /// Probability of two people of one family.
    pub relative: f32,
    /// The conclusion under the policy.
    pub verdict: Verdict,
    /// What forbids an automatic merge.
    pub stops: Stops,
    /// The key that found it.
    pub key: KeyKind,
}

/// A block that was too large to compare everybody with everybody, and was refined by further fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeBlock {
    /// The kind of its key.
    pub key: KeyKind,
    /// How many registrations shared it.
    pub records: u32,
}

/// What a supervisor wants to know about a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Registrations compared.
    pub records: u64,
    /// Distinct people found.
    pub people: u64,
    /// Pairs compared.
    pub candidates: u64,
    /// Pairs at or above the cluster threshold.
    pub accepted: u64,
    /// Pairs between the review threshold and acceptance, and accepted ones that something forbids.
    pub to_review: u64,
    /// Joins that a hard stop or the size limit refused.
    pub refused: u64,
    /// Expected precision of the accepted pairs: the mean of their probabilities.
    pub expected_precision: f32,
    /// Expected recall among the pairs compared.
    pub expected_recall: f32,
    /// Expected number of distinct people given every unreviewed probability.
    pub expected_people: f64,
    /// The largest blocks that were refined, largest first, at most 20.
    pub large_blocks: Vec<LargeBlock>,
    /// Whether the identity number is so often mistyped in these lists that it was weighed like any other field.
    pub number_is_typed: bool,
    /// The model that scored.
    pub model: String,
}

/// The result of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Linkage {
    /// For every registration the number of the first registration of its cluster.
    pub clusters: Vec<u32>,
    /// Pairs at or above the review threshold, by `(a, b)`.
    pub pairs: Vec<ScoredPair>,
    /// The report.
    pub report: Quality,
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is going on: `blocking`, `scoring`, `clustering`.
    pub stage: &'static str,
    /// Steps done.
    pub done: u64,
    /// Steps in all.
    pub of: u64,
}

/// Links all records: candidates by key, score, clusters. `reviewed` outranks the model.
pub fn link(
    records: &Records,
    model: &Model,
    policy: &Policy,
    reviewed: &[Reviewed],
    progress: &(dyn Fn(Progress) + Sync),
) -> Linkage {
    let blocks = blocks(records, policy, progress);
    link_blocks(records, &blocks, model, policy, reviewed, progress)
}

/// Learns a model from the records and links them with it, blocking only once.
pub fn train_and_link(
    records: &Records,
    policy: &Policy,
    reviewed: &[Reviewed],
    progress: &(dyn Fn(Progress) + Sync),
) -> (Model, Linkage) {
    let blocks = blocks(records, policy, progress);
    progress(Progress { stage: "training", done: 0, of: 1 });
    let model = train::learn(records, &blocks, reviewed, policy);
    progress(Progress { stage: "training", done: 1, of: 1 });
    let linkage = link_blocks(records, &blocks, &model, policy, reviewed, progress);
    (model, linkage)
}

fn blocks(records: &Records, policy: &Policy, progress: &(dyn Fn(Progress) + Sync)) -> Blocks {
    let done = AtomicU64::new(0);
    let of = u64::try_from(KEYS).expect("a small number");
    Blocks::build(records, policy.threads(), &|| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        progress(Progress { stage: "blocking", done, of });
    })
}

fn link_blocks(
    records: &Records,
    blocks: &Blocks,
    model: &Model,
    policy: &Policy,
    reviewed: &[Reviewed],
    progress: &(dyn Fn(Progress) + Sync),
) -> Linkage {
    let (pairs, candidates) = score_all(records, blocks, model, policy, progress);
    progress(Progress { stage: "clustering", done: 0, of: 1 });
    let clusters = clusters(records, model, policy, reviewed, &pairs);
    let report = report(records, blocks, model, policy, &pairs, candidates, &clusters);
    progress(Progress { stage: "clustering", done: 1, of: 1 });
    Linkage { clusters: clusters.first, pairs, report }
}

/// Scores every candidate and keeps those worth a look.
fn score_all(
    records: &Records,
    blocks: &Blocks,
    model: &Model,
    policy: &Policy,
    progress: &(dyn Fn(Progress) + Sync),
) -> (Vec<ScoredPair>, u64) {
    let of = u64::try_from(blocks.len()).expect("memory ends before");
    let done = AtomicU64::new(0);
    let parts: Vec<&[Candidate]> = blocks.parts.iter().flat_map(|part| part.chunks(PART)).collect();
    let parts =
        in_parallel_with(parts.len(), policy.threads(), LikenessCache::default, |cache, task| {
            let part = parts.get(task).copied().unwrap_or_default();
            let kept: Vec<ScoredPair> = part
                .iter()
                .filter_map(|candidate| scored(records, model, policy, cache, candidate))
                .collect();
            let step = u64::try_from(part.len()).expect("a part is small");
            let done = done.fetch_add(step, Ordering::Relaxed) + step;
            progress(Progress { stage: "scoring", done, of });
            kept
        });
    let mut pairs = parts.concat();
    // Split blocks may find a pair twice.
    pairs.sort_unstable_by_key(|p| (p.a, p.b));
    pairs.dedup_by_key(|p| (p.a, p.b));
    (pairs, of)
}

/// Candidates a thread takes at once.
const PART: usize = 65_536;

fn scored(
    records: &Records,
    model: &Model,
    policy: &Policy,
    cache: &mut LikenessCache,
    candidate: &Candidate,
) -> Option<ScoredPair> {
    let Candidate { a, b, key } = *candidate;
    let (x, y) = (records.row(a)?, records.row(b)?);
    let score = score::score(model, records, cache, x, y);
    let stops = stops::stops(x, y, &score.pattern);
    let verdict = stops::verdict(policy, x, y, &score, stops);
    if verdict != Verdict::Same && score.probability < policy.review {
        return None;
    }
    let key = keys::kind_of(usize::from(key), Glance::at(records.len()))?;
    let (weight, probability, relative) = (score.weight, score.probability, score.relative);
    Some(ScoredPair { a, b, weight, probability, relative, verdict, stops, key })
}

/// Clusters the pairs above the policy's threshold; what reviewers decided comes first.
fn clusters(
    records: &Records,
    model: &Model,
    policy: &Policy,
    reviewed: &[Reviewed],
    pairs: &[ScoredPair],
) -> Clusters {
    let decided: Map<(RecordNo, RecordNo), Decision> =
        reviewed.iter().map(|r| ((r.a.min(r.b), r.a.max(r.b)), r.decision)).collect();
    let mut edges: Vec<Edge> = decided
        .iter()
        .filter(|(_, d)| **d == Decision::Same)
        .map(|(&(a, b), _)| Edge { a, b, weight: f32::INFINITY })
        .collect();
    edges.extend(
        pairs
            .iter()
            .filter(|p| p.probability >= policy.cluster && !decided.contains_key(&(p.a, p.b)))
            .map(|p| Edge { a: p.a, b: p.b, weight: p.weight }),
    );
    let least = (policy.cluster / (1.0 - policy.cluster)).log2();
    let largest = usize::try_from(policy.largest_cluster).expect("usize is at least 32 bits wide");
    let mut cache = LikenessCache::default();
    cluster(records.len(), edges, largest, least, |a, b| {
        match decided.get(&(a, b)) {
            Some(Decision::Same) => return Some(f32::MAX),
            Some(_) => return None,
            None => {}
        }
        let (x, y) = (records.row(a)?, records.row(b)?);
        let score = score::score(model, records, &mut cache, x, y);
        let stops = stops::stops(x, y, &score.pattern);
        let forbidden = stops::keep_apart(stops, &score.pattern, model.number_is_typed());
        (!forbidden).then_some(score.weight)
    })
}

fn report(
    records: &Records,
    blocks: &Blocks,
    model: &Model,
    policy: &Policy,
    pairs: &[ScoredPair],
    candidates: u64,
    clusters: &Clusters,
) -> Quality {
    let count = |n: usize| u64::try_from(n).expect("memory ends before");
    let accepted = || pairs.iter().filter(|p| p.probability >= policy.cluster);
    let sum = |pairs: &mut dyn Iterator<Item = &ScoredPair>| -> f64 {
        pairs.map(|p| f64::from(p.probability)).sum()
    };
    let (expected, all) = (sum(&mut accepted()), sum(&mut pairs.iter()));
    let number = count(accepted().count());
    let people = records
        .rows
        .iter()
        .zip(0u32..)
        .zip(&clusters.first)
        .filter(|((row, i), first)| !row.removed && i == *first)
        .count();
    let mut large_blocks = blocks.large.clone();
    large_blocks.truncate(20);
    Quality {
        records: count(records.live()),
        people: count(people),
        candidates,
        accepted: number,
        to_review: count(pairs.iter().filter(|p| p.verdict == Verdict::Review).count()),
        refused: count(clusters.refused.len()),
        expected_precision: ratio(expected, real(number)),
        expected_recall: ratio(expected, all),
        expected_people: expected_people(records.live(), pairs),
        large_blocks,
        number_is_typed: model.number_is_typed(),
        model: model.version().to_owned(),
    }
}

/// Expected number of people: each record is "new" with the probability that no earlier record is the same person,
/// taking the pairs as independent.
fn expected_people(records: usize, pairs: &[ScoredPair]) -> f64 {
    let mut new: Map<u32, f64> = Map::default();
    for pair in pairs {
        *new.entry(pair.b.0).or_insert(1.0) *= 1.0 - f64::from(pair.probability);
    }
    let repeated: f64 = new.values().map(|p| 1.0 - p).sum();
    real(u64::try_from(records).expect("memory ends before")) - repeated
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of records are far below 2^52"
)]
fn real(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a share between 0 and 1"
)]
fn ratio(part: f64, whole: f64) -> f32 {
    if whole > 0.0 { (part / whole) as f32 } else { 1.0 }
}
