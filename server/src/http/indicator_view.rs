//! An indicator as a reader sees it: numerator, denominator, coverage and value of each of its figures.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    counts::Threshold,
    indicators::{
        Ages, Kind, MIN_PERSONS, Rate, Served, Sums, median_distance, myers,
        weighted_median_distance, whipple,
    },
    publication::threshold,
};

/// What stands against small numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Manner {
    least: i64,
    protected: bool,
}

impl Manner {
    /// Every number as it is.
    pub(super) const EXACT: Self = Self { least: 0, protected: false };
    /// Of what is sensitive about places: no fewer than ten together.
    pub(super) const PLACES: Self = Self { least: 10, protected: false };

    /// Of persons: protected, and not under the threshold of the dataset.
    pub(super) fn of_persons(dataset: &str) -> Self {
        Self { least: threshold(dataset).map_or(0, |Threshold(n)| n), protected: true }
    }

    fn shows(self, n: i64) -> Option<i64> {
        (n == 0 || n >= self.least).then_some(n)
    }

    /// How numbers were protected; null when they are exact.
    pub(super) fn as_json(self) -> Value {
        if self.least == 0 {
            return Value::Null;
        }
        json!({ "threshold": self.least, "perturbed": self.protected })
    }
}

/// How many units say what: by part of the indicator, then by code.
pub(super) type Parts = BTreeMap<String, BTreeMap<String, i64>>;
type Codes = BTreeMap<String, i64>;

/// The parts of an indicator in exact sums.
pub(super) fn parts_of(served: &Served, sums: &Sums) -> Parts {
    let mut parts = Parts::new();
    for (part, codes) in sums.of(served.id) {
        let codes = codes.into_iter().map(|(code, n)| (code.to_owned(), n));
        parts.insert(part.to_owned(), codes.collect());
    }
    parts
}

/// The figures of an indicator over some units, one per part.
pub(super) fn figures(served: &Served, parts: &Parts, sums: &Sums, manner: Manner) -> Value {
    match served.kind {
        Kind::Share => parts.iter().map(|(part, codes)| share(part, codes, manner)).collect(),
        Kind::Codes => parts.iter().map(|(part, codes)| by_code(part, codes, manner)).collect(),
        Kind::Ages => json!([ages(served.id, Ages(sums.ages()))]),
        Kind::PerThousand => json!([per_thousand(parts, manner)]),
        Kind::Median => sums
            .distances()
            .map(|(part, all)| {
                let km: Vec<f64> = all.iter().map(|(km, _)| *km).collect();
                json!({
                    "part": part, "denominator": km.len(), "value": median_distance(&km),
                    "weighted_by_workers": weighted_median_distance(all), "unit": "km",
                })
            })
            .collect(),
    }
}

fn n_of(codes: &Codes, code: &str) -> i64 {
    codes.get(code).copied().unwrap_or(0)
}

/// The share of known units without an answer, 0 to 1 to two decimals; none when there is no unit.
fn coverage(known: i64, unknown: i64) -> Option<f64> {
    (known + unknown > 0).then(|| crate::counts::share(unknown, known))
}

fn share(part: &str, codes: &Codes, manner: Manner) -> Value {
    let (yes, no, unknown) = (n_of(codes, "yes"), n_of(codes, "no"), n_of(codes, "unknown"));
    let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let rate =
        Rate { numerator: count(yes), denominator: count(yes + no), unknown: count(unknown) };
    let shown = [yes, yes + no, unknown].map(|n| manner.shows(n));
    // A small numerator could be had back from the rate.
    let value =
        rate.value().filter(|_| rate.is_shown() && shown.iter().take(2).all(Option::is_some));
    let [numerator, denominator, unknown_shown] = shown;
    json!({
        "part": (!part.is_empty()).then_some(part),
        "numerator": numerator,
        "denominator": denominator,
        "unknown": unknown_shown,
        "coverage": coverage(yes + no, unknown).filter(|_| unknown_shown.is_some()),
        "value": value,
        "fragile": unknown_shown.map(|_| rate.is_fragile()),
        "too_few": !rate.is_shown(),
    })
}

fn by_code(part: &str, codes: &Codes, manner: Manner) -> Value {
    let unknown = n_of(codes, "unknown");
    let known = codes.values().sum::<i64>() - unknown;
    let counts = codes.iter().filter(|(code, _)| *code != "unknown");
    let counts: Map<String, Value> =
        counts.map(|(code, n)| (code.clone(), manner.shows(*n).into())).collect();
    let unknown_shown = manner.shows(unknown);
    json!({
        "part": (!part.is_empty()).then_some(part),
        "counts": counts,
        "denominator": manner.shows(known),
        "unknown": unknown_shown,
        "coverage": coverage(known, unknown).filter(|_| unknown_shown.is_some()),
    })
}

fn ages(id: &str, ages: Ages<'_>) -> Value {
    let persons: u32 = ages.0.iter().sum();
    let index = if id == "R50" { whipple(ages) } else { myers(ages) };
    let value = index.filter(|_| persons >= MIN_PERSONS);
    json!({
        "part": Value::Null,
        "denominator": persons,
        "value": value.map(|index| (index * 10.0).round() / 10.0),
        "too_few": persons < MIN_PERSONS,
    })
}

fn per_thousand(parts: &Parts, manner: Manner) -> Value {
    let sum = |part: &str| parts.get(part).map_or(0, |codes| n_of(codes, "sum"));
    let (deaths, workers) = (sum("deaths"), sum("workers"));
    let float = |n: i64| f64::from(i32::try_from(n).unwrap_or(i32::MAX));
    let rate = (workers > 0).then(|| float(deaths) * 1_000.0 / float(workers));
    let shown = manner.shows(deaths);
    json!({
        "part": Value::Null,
        "numerator": shown,
        "denominator": workers,
        "value": rate.filter(|_| shown.is_some()).map(|rate| (rate * 100.0).round() / 100.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_numerator_cannot_be_had_back_from_the_rate() {
        let adults = Manner::of_persons("orpailleurs");
        let codes = |yes, no, unknown| {
            Codes::from([
                ("yes".to_owned(), yes),
                ("no".to_owned(), no),
                ("unknown".to_owned(), unknown),
            ])
        };

        let shown = share("", &codes(9, 91, 0), adults);
        assert_eq!((&shown["numerator"], &shown["value"]), (&Value::Null, &Value::Null));
        let shown = share("", &codes(10, 90, 0), adults);
        assert_eq!((&shown["numerator"], &shown["value"]), (&json!(10), &json!(0.1)));
        let exact = share("", &codes(9, 91, 26), Manner::EXACT);
        assert_eq!(
            (&exact["value"], &exact["fragile"], &exact["coverage"]),
            (&json!(0.09), &json!(true), &json!(0.79))
        );
    }

    #[test]
    fn a_rate_of_nineteen_is_not_shown_and_says_why() {
        let codes = Codes::from([("yes".to_owned(), 10), ("no".to_owned(), 9)]);

        let shown = share("all", &codes, Manner::EXACT);

        assert_eq!(
            (&shown["value"], &shown["too_few"], &shown["denominator"]),
            (&Value::Null, &json!(true), &json!(19))
        );
    }
}
