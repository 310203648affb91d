//! What the engine concluded, in words: French for who decides, English for who computes.

use std::fmt::Write as _;

use serde::Serialize;

use crate::linkage::{Comparison, Field, Stop, Verdict};

/// The stable word of a value in files: as serde writes it.
pub(super) fn code(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The stable word of a field.
pub(super) fn field_code(field: Field) -> String {
    code(&field)
}

/// A verdict in French and in English.
pub const fn verdict_words(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Same => ("la même personne", "one person"),
        Verdict::Review => ("à vérifier", "to be reviewed"),
        Verdict::AgeReview => {
            ("âge à vérifier (adulte et enfant)", "age to be reviewed (adult and child)")
        }
        Verdict::Twins => ("jumeaux", "twins"),
        Verdict::Relative => ("deux personnes d'une même famille", "two people of one family"),
        Verdict::Unrelated => ("sans lien", "unrelated"),
    }
}

const fn stop_words(stop: Stop) -> (&'static str, &'static str) {
    match stop {
        Stop::Sex => ("sexes différents", "the sexes differ"),
        Stop::Nina => ("deux NINA différents", "two different NINA"),
        Stop::Twins => ("jumeaux", "twins"),
        Stop::Generation => ("douze ans ou plus d'écart", "twelve years or more apart"),
        Stop::Mother => {
            ("même prénom et famille, autre mère", "same name and family, another mother")
        }
        Stop::BirthYear => (
            "trois ans ou plus d'écart entre années sûres",
            "certain births three years or more apart",
        ),
        Stop::BirthDate => ("dates exactes trop différentes", "exact dates too different"),
        Stop::Cards => ("deux cartes vues le même jour", "two cards seen on one day"),
        Stop::MinerAndChild => ("un orpailleur et un enfant", "a miner and a child"),
        Stop::Children => {
            ("deux enfants : deux personnes décident", "two children: two reviewers decide")
        }
        Stop::Fabrication => (
            "même appareil, réponses proches, à quelques minutes",
            "one device, similar answers, minutes apart",
        ),
        Stop::TwoPlaces => ("au même moment en deux lieux", "in two places at one time"),
    }
}

const fn field_words(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::Prior => ("avant de regarder", "before looking"),
        Field::Family => ("famille et village", "family and village"),
        Field::Given => ("prénom", "given name"),
        Field::Birth => ("naissance", "birth"),
        Field::Sex => ("sexe", "sex"),
        Field::Phone => ("téléphone", "phone"),
        Field::Nina => ("NINA", "NINA"),
        Field::Card => ("carte", "card"),
        Field::Alias => ("surnom", "nickname"),
        Field::Circumstances => ("circonstances", "circumstances"),
        Field::Refinement => ("affinage", "refinement"),
    }
}

/// The whole account of a pair, for reading: every line of evidence with its weight, in French and in English, and whether the
/// list joins the two.
pub fn account((a, b): (&str, &str), comparison: &Comparison, joined: bool) -> String {
    let mut text = String::new();
    let mut line = |words: std::fmt::Arguments<'_>| {
        writeln!(text, "{words}").expect("a string takes any text");
    };
    line(format_args!("{a} — {b}\n"));
    for evidence in &comparison.fields {
        let (french, english) = field_words(evidence.field);
        line(format_args!("{:>+7.2}  {french} / {english} [{}]", evidence.weight, evidence.level));
        line(format_args!("         {}", evidence.words_fr));
        line(format_args!("         {}", evidence.words_en));
    }
    line(format_args!("{:>+7.2}  somme / sum (log2)\n", comparison.total));
    let (french, english) = verdict_words(comparison.verdict);
    line(format_args!("Conclusion : {french} / {english}"));
    line(format_args!(
        "Dans la liste : {}",
        if joined {
            "réunies, un seul cluster_id / in the list: joined, one cluster_id"
        } else {
            "séparées, deux cluster_id / in the list: apart, two cluster_id"
        }
    ));
    line(format_args!(
        "Probabilité que ce soit une seule personne / probability of one person: {:.1} %",
        comparison.probability * 100.0
    ));
    line(format_args!(
        "Probabilité de deux parents / probability of two relatives: {:.1} %",
        comparison.relative * 100.0
    ));
    for stop in comparison.stops.iter() {
        let (french, english) = stop_words(stop);
        line(format_args!(
            "Empêche la fusion automatique : {french} / forbids an automatic merge: {english}"
        ));
    }
    line(format_args!("Modèle / model: {}", comparison.model));
    text
}
