//! The account of one comparison in words: what a reviewer reads beside the two registrations.

use super::{
    birth::{Birth, Precision},
    evidence::{Comparison, Evidence, Field},
    model::Model,
    numbers::NinaLevel,
    pattern::{Pattern, given},
    policy::Policy,
    records::{RecordNo, Records, Row},
    score::{self, Score},
    similarity::Likeness,
    stops,
    weights::{FIELD, RELATIVE, SAME},
    words::{LikenessCache, WordNo},
};

/// Compares two registrations and gives the whole account. `None` when one is unknown or was taken out.
pub(super) fn compare(
    records: &Records,
    model: &Model,
    policy: &Policy,
    a: RecordNo,
    b: RecordNo,
) -> Option<Comparison> {
    let (a, b) = (a.min(b), a.max(b));
    let (x, y) = (records.row(a)?, records.row(b)?);
    let score = score::score(model, records, &mut LikenessCache::small(), x, y);
    let stops = stops::stops(x, y, &score.pattern);
    Some(Comparison {
        fields: account(records, model, x, y, &score),
        total: score.weight,
        probability: score.probability,
        relative: score.relative,
        verdict: stops::verdict(policy, x, y, &score, stops),
        stops,
        model: model.version().to_owned(),
    })
}

/// One line per field, heaviest first after the starting point; their weights add up to the total.
fn account(records: &Records, model: &Model, a: &Row, b: &Row, score: &Score) -> Vec<Evidence> {
    let other = score.sums.alternative();
    let weights = model.weights();
    let [same, relative, stranger] = weights.prior;
    let start = same - if other == RELATIVE { relative } else { stranger };
    let mut lines: Vec<Evidence> = Vec::new();
    for (index, (&field, &cell)) in FIELD.iter().zip(&score.cells).enumerate() {
        let weight = weights.weight(index, cell, other);
        // Two tables may speak of one field: second given names belong to the given name.
        if let Some(line) = lines.iter_mut().find(|line| line.field == field) {
            line.weight += weight;
        } else {
            lines.push(line(records, a, b, &score.pattern, field, weight));
        }
    }
    lines.sort_by(|x, y| y.weight.abs().total_cmp(&x.weight.abs()));
    let sum = start + lines.iter().map(|line| line.weight).sum::<f32>();
    let (fr, en) = if other == RELATIVE {
        (
            "Point de départ, contre « deux personnes d'une même famille »",
            "Start, against \"two of one family\"",
        )
    } else {
        ("Point de départ, contre « deux personnes sans lien »", "Start, against \"two strangers\"")
    };
    lines.insert(
        0,
        evidence(
            Field::Prior,
            if other == RELATIVE { "relative" } else { "unrelated" },
            start,
            fr,
            en,
        ),
    );
    lines.push(evidence(
        Field::Refinement,
        "trees",
        score.weight - sum,
        "Correction apprise : combinaisons de champs, fréquence des noms",
        "Learnt correction: combinations of fields, frequency of names",
    ));
    debug_assert_eq!(SAME, 0, "the weights above are those of one person");
    lines
}

fn evidence(field: Field, level: &str, weight: f32, fr: &str, en: &str) -> Evidence {
    Evidence {
        field,
        level: level.to_owned(),
        weight,
        words_fr: fr.to_owned(),
        words_en: en.to_owned(),
    }
}

fn line(records: &Records, a: &Row, b: &Row, p: &Pattern, field: Field, weight: f32) -> Evidence {
    let (level, fr, en) = match field {
        Field::Family => family(records, a, b, p),
        Field::Given => {
            let (level, fr, en) = given_words(p.given);
            let names = pair(records, a.given[0], b.given[0]);
            (level, format!("Prénom : {fr} ({names})"), format!("Given name: {en} ({names})"))
        }
        Field::Birth => birth_words(a.birth, b.birth, p.years),
        Field::Sex => plain(p.sex, ("Sexe", "différent", "non noté"), "Sex"),
        Field::Card => plain(p.card, ("Carte", "différente", "non notée"), "Card"),
        Field::Phone => {
            let (level, fr, en) = match p.phone {
                0 | 1 => ("exact", "identique", "the same"),
                2 => ("close", "un chiffre d'écart", "one digit apart"),
                3 => (
                    "differs",
                    "différent (un téléphone change et se partage)",
                    "differs (phones change and are shared)",
                ),
                4 => (
                    "one_missing",
                    "noté sur une seule des deux fiches",
                    "recorded on one of the two only",
                ),
                _ => ("missing", "non noté", "not recorded"),
            };
            (level, format!("Téléphone : {fr}"), format!("Telephone: {en}"))
        }
        Field::Nina => nina(p.nina),
        Field::Alias => {
            let (level, fr, en) = likeness(p.nick);
            (level, format!("Surnom : {fr}"), format!("Nickname: {en}"))
        }
        Field::Circumstances => circumstances(p),
        Field::Prior | Field::Refinement => ("", String::new(), String::new()),
    };
    Evidence { field, level: level.to_owned(), weight, words_fr: fr, words_en: en }
}

fn family(records: &Records, a: &Row, b: &Row, p: &Pattern) -> (&'static str, String, String) {
    let part = |level: u8, x, y| {
        let (_, fr, en) = likeness(level);
        let words = pair(records, x, y);
        (format!("{fr} ({words})"), format!("{en} ({words})"))
    };
    let surname = if p.surname == 7 {
        let words = pair(records, a.surname[0], b.surname[0]);
        (
            format!("accord par le nom d'épouse ({words})"),
            format!("agrees through marriage ({words})"),
        )
    } else {
        part(p.surname, a.surname[0], b.surname[0])
    };
    let village = part(p.village, a.village, b.village);
    let father = part(p.father, a.father[0], b.father[0]);
    let mother = part(p.mother, a.mother[0], b.mother[0]);
    let agreeing =
        [p.surname, p.village, p.father, p.mother].iter().filter(|l| **l <= 3 || **l == 7).count();
    let level = match agreeing {
        4 => "all",
        1..=3 => "part",
        _ => "none",
    };
    (
        level,
        format!(
            "Famille, jugée d'un bloc — nom : {} ; village : {} ; père : {} ; mère : {}",
            surname.0, village.0, father.0, mother.0
        ),
        format!(
            "Family, judged as one — surname: {}; village: {}; father: {}; mother: {}",
            surname.1, village.1, father.1, mother.1
        ),
    )
}

fn pair(records: &Records, a: WordNo, b: WordNo) -> String {
    let text = |w: WordNo| if w == 0 { "—" } else { &*records.words.get(w).text };
    format!("{} / {}", text(a), text(b))
}

fn likeness(level: u8) -> (&'static str, &'static str, &'static str) {
    const EXACT: u8 = Likeness::Exact.code();
    const SOUND: u8 = Likeness::Sound.code();
    const ALIAS: u8 = Likeness::Alias.code();
    const CLOSE: u8 = Likeness::Close.code();
    const NEAR: u8 = Likeness::Near.code();
    const DIFFERS: u8 = Likeness::Differs.code();
    match level {
        EXACT => ("exact", "identique", "the same"),
        SOUND => ("sound", "même son", "sounds the same"),
        ALIAS => ("alias", "deux formes d'un nom", "two forms of one name"),
        CLOSE => ("close", "une faute d'écriture", "a slip of the pen"),
        NEAR => ("near", "ressemblant", "similar"),
        DIFFERS => ("differs", "différent", "differs"),
        _ => ("missing", "non noté", "not recorded"),
    }
}

fn given_words(level: u8) -> (&'static str, &'static str, &'static str) {
    match level {
        given::SECOND => {
            ("second", "second prénom de l'autre fiche", "the other's second given name")
        }
        given::NICK => (
            "nickname",
            "un surnom concorde avec le prénom ou le surnom de l'autre fiche",
            "a nickname agrees with the other's given name or nickname",
        ),
        given::DIFFERS => ("differs", "différent", "differs"),
        given::MISSING => ("missing", "non noté", "not recorded"),
        other => likeness(other),
    }
}

fn birth_words(a: Birth, b: Birth, years: u8) -> (&'static str, String, String) {
    let dates = format!("{} / {}", birth(a), birth(b));
    if !(a.is_known() && b.is_known()) {
        return (
            "missing",
            format!("Naissance : {dates}, non comparable"),
            format!("Birth: {dates}, not comparable"),
        );
    }
    let (fr, en) = match years {
        0 => (String::from("même année"), String::from("the same year")),
        1 => (String::from("1 an d'écart"), String::from("1 year apart")),
        _ => (format!("{years} ans d'écart"), format!("{years} years apart")),
    };
    ("years", format!("Naissance : {dates}, {fr}"), format!("Birth: {dates}, {en}"))
}

fn birth(birth: Birth) -> String {
    match birth.precision {
        Precision::Document | Precision::Date => {
            format!("{:04}-{:02}-{:02}", birth.year, birth.month, birth.day)
        }
        Precision::Year => birth.year.to_string(),
        Precision::About => format!("vers {}", birth.year),
        Precision::Unknown => "—".to_owned(),
    }
}

/// A field that is equal, different or missing; the French words agree with its gender.
fn plain(
    level: u8,
    (fr, differs, missing): (&str, &str, &str),
    en: &str,
) -> (&'static str, String, String) {
    let (level, said_fr, said_en) = match level {
        0 => ("exact", "identique", "the same"),
        1 => ("differs", differs, "differs"),
        _ => ("missing", missing, "not recorded"),
    };
    (level, format!("{fr} : {said_fr}"), format!("{en}: {said_en}"))
}

fn nina(level: u8) -> (&'static str, String, String) {
    const SAME: u8 = NinaLevel::Same.code();
    const SLIP: u8 = NinaLevel::Slip.code();
    const DIFFERS: u8 = NinaLevel::Differs.code();
    const ONE: u8 = NinaLevel::OneMissing.code();
    let (level, fr, en) = match level {
        SAME => ("exact", "identique", "the same"),
        SLIP => ("close", "un chiffre d'écart", "one slip apart"),
        DIFFERS => ("differs", "deux numéros différents", "two different numbers"),
        ONE => {
            ("one_missing", "noté sur une seule des deux fiches", "recorded on one of the two only")
        }
        _ => ("missing", "non noté", "not recorded"),
    };
    (level, format!("NINA : {fr}"), format!("NINA: {en}"))
}

fn circumstances(p: &Pattern) -> (&'static str, String, String) {
    let (level, fr, en) = match p.site {
        0 => ("same_site", "même site", "the same site"),
        1 => ("same_region", "deux sites d'une même région", "two sites of one region"),
        2 => ("other_site", "deux sites éloignés", "sites far apart"),
        _ => ("missing", "site non noté", "site not recorded"),
    };
    let (coop_fr, coop_en) = match p.cooperative {
        0 => (", même coopérative", ", the same cooperative"),
        1 => (", deux coopératives", ", two cooperatives"),
        _ => ("", ""),
    };
    let (nation_fr, nation_en) =
        if p.nationality == 1 { (", deux nationalités", ", two nationalities") } else { ("", "") };
    (
        level,
        format!("Circonstances : {fr}{coop_fr}{nation_fr}"),
        format!("Circumstances: {en}{coop_en}{nation_en}"),
    )
}
