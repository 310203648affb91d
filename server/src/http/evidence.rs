//! The account that the engine gives of a pair, for who may read it.

use serde_json::{Value, json};

use crate::{
    access::ReviewTier,
    linkage::{
        Comparison, Stop,
        places::{self, PlaceComparison},
    },
};

/// The account of two people. Its sentences quote names and births: words for those who may see identity,
/// levels and weights for the others.
pub(super) fn of_people(account: &Comparison, tier: ReviewTier) -> Value {
    let named = tier == ReviewTier::Identity;
    let lines: Vec<Value> = account
        .fields
        .iter()
        .map(|e| {
            json!({
                "field": e.field, "level": e.level, "weight": e.weight,
                "fr": named.then_some(&e.words_fr), "en": named.then_some(&e.words_en),
            })
        })
        .collect();
    let stops: Vec<Value> = account
        .stops
        .iter()
        .map(|stop| {
            let (fr, en) = words(stop);
            json!({ "stop": stop, "fr": fr, "en": en })
        })
        .collect();
    json!({
        "fields": lines,
        "weight": account.total,
        "probability": account.probability,
        "relative": account.relative,
        "conclusion": account.verdict,
        "stops": stops,
        "model": account.model,
    })
}

/// The account of two places; it quotes what stands in the register of sites.
pub(super) fn of_places(account: &PlaceComparison) -> Value {
    let lines: Vec<Value> = account
        .evidence
        .iter()
        .map(|e| {
            let (fr, en) = e.words();
            json!({ "field": e.clue, "level": e.level, "weight": e.weight, "fr": fr, "en": en })
        })
        .collect();
    json!({
        "fields": lines,
        "weight": account.weight,
        "probability": account.probability,
        "relative": 0,
        "conclusion": if account.is_shown() { "review" } else { "unrelated" },
        "stops": [],
        "model": places::MODEL,
    })
}

/// Why a pair is never merged by itself, for the person who decides.
const fn words(stop: Stop) -> (&'static str, &'static str) {
    match stop {
        Stop::Sex => ("Sexe différent", "The sexes differ"),
        Stop::Nina => ("Deux NINA différents", "Two different NINA"),
        Stop::Twins => (
            "Mêmes parents et même date de naissance : jumeaux possibles",
            "Same parents and birth date: perhaps twins",
        ),
        Stop::Generation => ("Douze ans d'écart ou plus", "Twelve years apart or more"),
        Stop::Mother => ("Mère différente", "Another mother"),
        Stop::BirthYear => ("Trois ans d'écart ou plus", "Three years apart or more"),
        Stop::BirthDate => ("Dates de naissance différentes", "Different birth dates"),
        Stop::Cards => {
            ("Deux cartes différentes vues le même jour", "Two different cards seen on one day")
        }
        Stop::MinerAndChild => ("Un orpailleur et un enfant", "A miner and a child"),
        Stop::Children => {
            ("Deux enfants : deux personnes décident", "Two children: two people decide")
        }
        Stop::Fabrication => (
            "Même appareil, à quelques minutes : contrôle qualité d'abord",
            "One device, minutes apart: quality control first",
        ),
        Stop::TwoPlaces => {
            ("Vus au même moment sur deux sites", "Seen at the same time on two sites")
        }
    }
}
