//! Pairs that may be one person, as the register keeps them: numbers and stable words, no values.

use serde_json::{Map, Value as Json};

use super::groups::Pair;
use crate::{
    db::Value,
    linkage::{
        Comparison, Match, Stop, Verdict,
        places::{self, Clue, PlaceComparison},
    },
    store::ZoneId,
};

/// A pair to be written.
#[derive(Clone, Debug)]
pub(super) struct PairRow {
    pub(super) zone_id: ZoneId,
    pub(super) b_zone_id: ZoneId,
    dataset: String,
    class: &'static str,
    stops: String,
    key: String,
    weight: i64,
    probability: i64,
    relative: i64,
    effect: i64,
    model: String,
    evidence: String,
    seq: i64,
}

/// Thousandths of a log2, millionths of a probability.
#[expect(
    clippy::cast_possible_truncation,
    clippy::as_conversions,
    reason = "a float has no checked conversion; the cast saturates and NaN becomes 0"
)]
fn scaled(value: impl Into<f64>, scale: f64) -> i64 {
    (value.into() * scale).round() as i64
}

/// The stable word of a serialised enum.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What the queue calls a conclusion. Fabrication candidates go to quality control first.
pub(super) const fn class(said: &Match) -> Option<&'static str> {
    match said.verdict {
        Verdict::Unrelated => None,
        _ if said.stops.contains(Stop::Fabrication) => Some("quality"),
        Verdict::Same => Some("same"),
        Verdict::Review => Some("review"),
        Verdict::AgeReview => Some("age_review"),
        Verdict::Twins => Some("twins"),
        Verdict::Relative => Some("relative"),
    }
}

impl PairRow {
    /// A pair as the engine sees it; `None` when there is nothing to report.
    pub(super) fn new(
        (zone_id, b_zone_id): (ZoneId, ZoneId),
        children: bool,
        said: &Match,
        account: Option<&Comparison>,
        model: &str,
        seq: i64,
    ) -> Option<Self> {
        let class = class(said)?;
        let stops: Vec<String> = said.stops.iter().map(|s| word(&s)).collect();
        let evidence: Map<String, Json> = account
            .into_iter()
            .flat_map(|c| &c.fields)
            .map(|e| (word(&e.field), Json::String(e.level.clone())))
            .collect();
        let probability = scaled(said.probability, 1e6);
        // What an answer is expected to take off the published count; a child weighs double.
        let effect = if children { 2 * probability } else { probability };
        Some(Self {
            zone_id,
            b_zone_id,
            dataset: String::from(if children { "enfants" } else { "orpailleurs" }),
            class,
            stops: stops.join(" "),
            key: word(&said.key),
            weight: scaled(said.weight, 1e3),
            probability,
            relative: scaled(said.relative, 1e6),
            effect,
            model: model.to_owned(),
            evidence: Json::Object(evidence).to_string(),
            seq,
        })
    }

    /// A pair of sites or of organisations: a person decides, whatever the weight.
    pub(super) fn of_places(
        (zone_id, b_zone_id): (ZoneId, ZoneId),
        dataset: &str,
        said: &PlaceComparison,
        seq: i64,
    ) -> Self {
        let evidence: Map<String, Json> =
            said.evidence.iter().map(|e| (word(&e.clue), e.level.into())).collect();
        let near = said.evidence.iter().any(|e| e.clue == Clue::Distance);
        let probability = scaled(said.probability, 1e6);
        Self {
            zone_id,
            b_zone_id,
            dataset: dataset.to_owned(),
            class: "review",
            stops: String::new(),
            key: String::from(if near { "position" } else { "name" }),
            weight: scaled(said.weight, 1e3),
            probability,
            relative: 0,
            effect: probability,
            model: places::MODEL.to_owned(),
            evidence: Json::Object(evidence).to_string(),
            seq,
        }
    }

    pub(super) fn row(self, of: Pair) -> Vec<Value> {
        vec![
            self.zone_id.0.into(),
            of.0.into(),
            self.b_zone_id.0.into(),
            of.1.into(),
            self.dataset.into(),
            self.class.into(),
            self.stops.into(),
            self.key.into(),
            self.weight.into(),
            self.probability.into(),
            self.relative.into(),
            self.effect.into(),
            self.model.into(),
            self.evidence.into(),
            self.seq.into(),
        ]
    }
}
