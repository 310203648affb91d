//! Learns a model from the registrations themselves: no labels, no truth.
//!
//! Pairs that both carry a NINA say whether they are one person; reviewed pairs do, too. These anchor an expectation
//! maximisation over all candidates, which gives the additive weights, and teach the trees, which never see the NINA.
//! The evidence of the NINA is added back when a pair is scored.

use super::{
    blocks::{Blocks, Candidate, in_parallel},
    calibration::Calibration,
    em::{self, Observed},
    hashing::{Map, avalanche},
    model::{Model, Number},
    numbers::NinaLevel,
    pattern,
    policy::Policy,
    records::{RecordNo, Records},
    score::{self, HOPELESS},
    trees::{Example, Forest, Growth},
    verdict::{Decision, Reviewed},
    weights::{self, NINA, Weights},
    words::LikenessCache,
};

/// Fewer anchors of one person than this, and only the shipped weights are used. The trees need no more: they start from
/// the sum, and were seen to mend it from a hundred on.
const LEAST_ANCHORS: usize = 100;
/// So many pairs of each kind are looked at, at most, more or less.
const SAMPLE: SampleSizes = SampleSizes { same: 40_000.0, different: 120_000.0, open: 250_000.0 };

struct SampleSizes {
    same: f64,
    different: f64,
    open: f64,
}

/// What a pair is known to be before anything is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// One person.
    Same,
    /// Two people.
    Different,
    /// Not known.
    Open,
}

/// Learns from the records themselves, without labels; pairs that both carry a NINA and reviewed pairs are anchors.
/// With too few anchors it returns the shipped model.
pub fn train(records: &Records, reviewed: &[Reviewed], policy: &Policy) -> Model {
    let blocks = Blocks::build(records, policy.threads(), &|| ());
    learn(records, &blocks, reviewed, policy)
}

/// Learns from the candidates in `blocks`.
pub(super) fn learn(
    records: &Records,
    blocks: &Blocks,
    reviewed: &[Reviewed],
    policy: &Policy,
) -> Model {
    let threads = policy.threads();
    let sample = sample(records, blocks, reviewed, threads);
    let same = sample.iter().filter(|o| o.anchor == Anchor::Same).count();
    if same < LEAST_ANCHORS {
        return Model::default();
    }
    let number = number(&sample);
    let weights = em::maximise(&sample, number);
    if number == Number::Typed {
        return Model::of_typed_number(weights);
    }
    let (forest, calibration) = grow(records, &sample, &weights, threads);
    Model::new(weights, forest, calibration)
}

/// So many numbers must differ between pairs that agree in all else before numbers are called mistyped.
const LEAST_APART: f32 = 30.0;
/// Beyond this share of them, they are. Where numbers were read from documents one in a hundred was seen (two people who
/// share everything); where they were typed carelessly four to seven.
const MISTYPED: f32 = 0.03;

/// Decides what the identity number is worth: in pairs with the same names, village and full date of birth it hardly ever
/// differs where it is read from documents.
fn number(sample: &[Observed]) -> Number {
    let (mut alike, mut apart) = (0.0, 0.0);
    for pair in sample.iter().filter(|o| weights::is_alike_in_all_but_numbers(&o.cells)) {
        let level = pair.cells.get(NINA).copied();
        if level.is_some_and(|l| l <= u16::from(NinaLevel::Differs.code())) {
            alike += pair.stands_for;
            let differs = level == Some(u16::from(NinaLevel::Differs.code()));
            apart += if differs { pair.stands_for } else { 0.0 };
        }
    }
    let typed = apart >= LEAST_APART && apart > MISTYPED * alike;
    if typed { Number::Typed } else { Number::Decisive }
}

/// Takes a sample of the candidates: all kinds of anchors, and open pairs, each with the number of pairs it stands for.
fn sample(
    records: &Records,
    blocks: &Blocks,
    reviewed: &[Reviewed],
    threads: usize,
) -> Vec<Observed> {
    let decided: Decided =
        reviewed.iter().map(|r| ((r.a.min(r.b), r.a.max(r.b)), r.decision)).collect();
    let parts: Vec<&[Candidate]> = blocks.parts.iter().flat_map(|p| p.chunks(PART)).collect();
    let anchors = in_parallel(parts.len(), threads, |task| {
        let part = parts.get(task).copied().unwrap_or_default();
        part.iter().map(|c| anchor(records, &decided, c)).collect::<Vec<Anchor>>()
    });
    let rates = sampling_rates(&anchors);
    let parts = in_parallel(parts.len(), threads, |task| {
        let part = parts.get(task).copied().unwrap_or_default();
        let anchors = anchors.get(task).map(Vec::as_slice).unwrap_or_default();
        sampled(records, &decided, &rates, part, anchors)
    });
    let mut all: Vec<Observed> = parts.into_iter().flatten().collect();
    // A split block may bring a pair twice.
    all.sort_unstable_by_key(|o| (o.a, o.b));
    all.dedup_by_key(|o| (o.a, o.b));
    all
}

/// The sample of one part of the candidates.
fn sampled(
    records: &Records,
    decided: &Decided,
    rates: &Rates,
    part: &[Candidate],
    anchors: &[Anchor],
) -> Vec<Observed> {
    let (mut cache, mut seen) = (LikenessCache::default(), Vec::new());
    for (candidate, &anchor) in part.iter().zip(anchors) {
        let (a, b) = (candidate.a, candidate.b);
        let decision = if decided.is_empty() { None } else { decided.get(&(a, b)).copied() };
        let rate = if decision.is_some() { 1.0 } else { rates.of(anchor) };
        let lot = avalanche((u64::from(a.0) << 32) | u64::from(b.0)) >> 32;
        if lot > to_threshold(rate) {
            continue;
        }
        if let (Some(x), Some(y)) = (records.row(a), records.row(b)) {
            let cells = weights::cells(&pattern::compare(records, &mut cache, x, y));
            seen.push(Observed { a, b, cells, anchor, decision, stands_for: narrow(1.0 / rate) });
        }
    }
    seen
}

/// Candidates a thread takes at once.
const PART: usize = 65_536;

type Decided = Map<(RecordNo, RecordNo), Decision>;

fn anchor(records: &Records, decided: &Decided, candidate: &Candidate) -> Anchor {
    let (a, b) = (candidate.a, candidate.b);
    let decision = if decided.is_empty() { None } else { decided.get(&(a, b)) };
    let nina = |r: RecordNo| records.row(r).map(|row| row.nina).unwrap_or_default();
    match (decision, nina(a).level(nina(b))) {
        (Some(Decision::Same), _) | (None, NinaLevel::Same | NinaLevel::Slip) => Anchor::Same,
        (Some(_), _) | (None, NinaLevel::Differs) => Anchor::Different,
        (None, _) => Anchor::Open,
    }
}

/// The share of each kind of candidate that is looked at.
struct Rates([f64; 3]);

impl Rates {
    fn of(&self, anchor: Anchor) -> f64 {
        let Self([same, different, open]) = self;
        match anchor {
            Anchor::Same => *same,
            Anchor::Different => *different,
            Anchor::Open => *open,
        }
    }
}

fn sampling_rates(anchors: &[Vec<Anchor>]) -> Rates {
    let count = |kind| {
        u64::try_from(anchors.iter().flatten().filter(|&&a| a == kind).count()).unwrap_or(u64::MAX)
    };
    let rate = |wanted: f64, kind| (wanted / count_as_f64(count(kind)).max(1.0)).min(1.0);
    Rates([
        rate(SAMPLE.same, Anchor::Same),
        rate(SAMPLE.different, Anchor::Different),
        rate(SAMPLE.open, Anchor::Open),
    ])
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "only a sampling rate depends on it"
)]
fn count_as_f64(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate between 0 and 1 as a fraction of 2^32"
)]
fn to_threshold(rate: f64) -> u64 {
    (rate * 4_294_967_296.0) as u64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a weight of a few thousand at most"
)]
fn narrow(weight: f64) -> f32 {
    weight as f32
}

/// How the forest is grown.
const GROWTH: Growth =
    Growth { trees: 160, leaves: 8, features: 18, rate: 0.1, least: 2.0, ridge: 2.0 };
/// Anchors are cut into so many parts; what was grown without a part is calibrated on it. The mean of the forests is kept:
/// it is steadier than one grown on all.
const FOLDS: u64 = 4;
/// With more anchors than this one part is enough to calibrate on, and one forest.
const MANY_ANCHORS: usize = 15_000;

/// One anchor as the trees see it.
struct Lesson {
    fold: u64,
    example: Example,
}

/// Grows the trees on the anchors, and calibrates them on anchors they have not seen.
fn grow(
    records: &Records,
    sample: &[Observed],
    weights: &Weights,
    threads: usize,
) -> (Forest, Calibration) {
    let parts: Vec<&[Observed]> = sample.chunks(PART).collect();
    let lessons: Vec<Lesson> = in_parallel(parts.len(), threads, |task| {
        let mut cache = LikenessCache::default();
        let part = parts.get(task).copied().unwrap_or_default();
        part.iter().filter_map(|o| lesson(records, weights, &mut cache, o)).collect::<Vec<_>>()
    })
    .into_iter()
    .flatten()
    .collect();
    let folds = if lessons.len() > MANY_ANCHORS { 1 } else { FOLDS };
    let (mut seen, mut forests) = (Vec::new(), Vec::new());
    for fold in 0..folds {
        let others: Vec<Example> =
            lessons.iter().filter(|l| l.fold != fold).map(|l| l.example).collect();
        let forest = Forest::grow(&others, &GROWTH, threads);
        seen.extend(lessons.iter().filter(|l| l.fold == fold).map(|l| {
            let odds = l.example.offset + forest.log_odds(&l.example.features);
            (odds * std::f32::consts::LOG2_E, l.example.target, l.example.weight)
        }));
        forests.push(forest);
    }
    (Forest::mean(forests), Calibration::learn(seen))
}

fn lesson(
    records: &Records,
    weights: &Weights,
    cache: &mut LikenessCache,
    o: &Observed,
) -> Option<Lesson> {
    let sums = weights.sums(&o.cells);
    if o.anchor == Anchor::Open || sums.without_identity() < HOPELESS {
        return None;
    }
    let (x, y) = (records.row(o.a)?, records.row(o.b)?);
    let pattern = pattern::compare(records, cache, x, y);
    let features = score::features(records, x, y, &pattern, &sums);
    let target = if o.anchor == Anchor::Same { 1.0 } else { 0.0 };
    // All pairs of one person fall into one fold as far as their first registration goes.
    let fold = avalanche(u64::from(o.a.0)) % FOLDS;
    Some(Lesson {
        fold,
        example: Example { features, target, weight: o.stands_for, offset: score::offset(&sums) },
    })
}
