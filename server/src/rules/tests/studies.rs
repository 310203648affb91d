//! Cases of the rules of studies, cooperatives and organisations (F).

use super::{Case, ERROR, INFORMATION, WARNING, alone, among, now};
use crate::rules::context::{Context, Cooperative, Known, Others, Person, Site};

const CARD: (&str, &str) = ("card_no", "ORP-0001234-X");
const HOUSEHOLD: [(&str, &str); 4] =
    [("hh_size", "6"), ("hh_0_5", "2"), ("hh_6_14", "2"), ("hh_15_17", "1")];

pub(super) const CASES: &[Case] = &[
    among("F01", "profil", &[CARD], || Context { person: Known::Absent, ..now() }, ERROR),
    among(
        "F01",
        "mobilite",
        &[CARD],
        || person(Person { in_sample: Some(false), ..Person::default() }),
        WARNING,
    ),
    among(
        "F01",
        "profil",
        &[CARD],
        || person(Person { in_sample: Some(true), ..Person::default() }),
        None,
    ),
    among("F01", "soins_enfants", &[], || Context { person: Known::Absent, ..now() }, None),
    alone(
        "F02",
        "profil",
        &[HOUSEHOLD[0], HOUSEHOLD[1], HOUSEHOLD[2], HOUSEHOLD[3], ("hh_65p", "2")],
        ERROR,
    ),
    alone(
        "F02",
        "profil",
        &[HOUSEHOLD[0], HOUSEHOLD[1], HOUSEHOLD[2], HOUSEHOLD[3], ("hh_65p", "1")],
        None,
    ),
    alone(
        "F03",
        "profil",
        &[HOUSEHOLD[0], HOUSEHOLD[1], HOUSEHOLD[2], ("hh_earners", "6")],
        WARNING,
    ),
    alone(
        "F03",
        "profil",
        &[("hh_size", "2"), ("hh_0_5", "0"), ("hh_6_14", "0"), ("hh_earners", "2")],
        None,
    ),
    alone("F04", "profil", &[("fies_whlday", "yes"), ("fies_hungry", "no")], WARNING),
    alone("F04", "profil", &[("fies_whlday", "yes"), ("fies_hungry", "yes")], None),
    alone("F05", "profil", &[("months_mined", "0"), ("gold_g_month", "0.5")], WARNING),
    alone("F05", "profil", &[("months_mined", "0"), ("gold_g_month", "0.0")], None),
    alone("F06", "profil", &[("income_band", "gt500"), ("gold_g_month", "0")], INFORMATION),
    alone("F06", "profil", &[("income_band", "gt500"), ("gold_g_month", "12.5")], None),
    alone("F07", "cooperative", &[("members_total", "40"), ("members_women", "41")], ERROR),
    alone(
        "F07",
        "cooperative",
        &[("members_total", "40"), ("members_women", "4"), ("sp_members", "41")],
        ERROR,
    ),
    alone(
        "F07",
        "cooperative",
        &[("members_total", "40"), ("members_women", "40"), ("sp_members", "40")],
        None,
    ),
    alone("F08", "cooperative", &[("level", "base"), ("mining_district", "")], WARNING),
    alone("F08", "cooperative", &[("level", "base")], None),
    among("F08", "cooperative", &[("level", "union")], || cooperative(0), WARNING),
    among("F08", "cooperative", &[("level", "union")], || cooperative(1), None),
    among("F08", "cooperative", &[("level", "union")], || parent("base", false), WARNING),
    among("F08", "cooperative", &[("level", "union")], || parent("federation", false), None),
    among("F08", "cooperative", &[("level", "union")], || parent("federation", true), ERROR),
    alone("F09", "cooperative", &[("board_date", "2026-11-23")], ERROR),
    alone("F09", "cooperative", &[("last_ga", "2026-11-23")], ERROR),
    alone(
        "F09",
        "cooperative",
        &[("reg_date", "2020-05-01"), ("creation_date", "2020-05-02")],
        WARNING,
    ),
    alone(
        "F09",
        "cooperative",
        &[("reg_date", "2020-05-02"), ("creation_date", "2020-05-02")],
        None,
    ),
    among("F10", "cooperative", &[("level", "base")], || same_name(true), WARNING),
    among("F10", "cooperative", &[("level", "base")], || same_name(false), None),
    among("F10", "cooperative", &[("level", "union")], || same_name(true), None),
    among(
        "F11",
        "contre_visite",
        &[("supervisor_code", "AB123")],
        || registered_by("AB123"),
        ERROR,
    ),
    among("F11", "contre_visite", &[("supervisor_code", "AB123")], || registered_by("AB124"), None),
    alone("F12", "cooperative", &[("contact_consent", "no")], INFORMATION),
    alone("F12", "osc", &[("contact_public", "no"), ("contact_mail", "a@b.ml")], INFORMATION),
    alone("F12", "osc", &[("contact_public", "no")], None),
    alone("F12", "cooperative", &[("contact_consent", "yes")], None),
    among(
        "F13",
        "mobilite",
        &[("arrival_year", "2022"), ("res5_cercle", "kita")],
        || journey(1990),
        WARNING,
    ),
    among(
        "F13",
        "mobilite",
        &[("arrival_year", "2021"), ("res5_cercle", "kita")],
        || journey(1990),
        None,
    ),
    among(
        "F13",
        "mobilite",
        &[("arrival_year", "2022"), ("res5_cercle", "kayes")],
        || journey(1990),
        None,
    ),
    among("F13", "mobilite", &[("arrival_year", "1989")], || journey(1990), ERROR),
    alone("F14", "soins_enfants", &[("carer_age", "9"), ("main_care", "sibling")], INFORMATION),
    alone("F14", "soins_enfants", &[("carer_age", "10"), ("main_care", "sibling")], None),
    among("F15", "protection_sociale", &[("enrolled", "amv")], || schemes(&["none"]), INFORMATION),
    among("F15", "protection_sociale", &[("enrolled", "none")], || schemes(&["dont_know"]), None),
    among(
        "F15",
        "protection_sociale",
        &[("enrolled", "ramed amv")],
        || schemes(&["amv", "ramed"]),
        None,
    ),
];

fn person(person: Person) -> Context<'static> {
    Context { person: Known::Found(person), ..now() }
}

fn cooperative(members: u32) -> Context<'static> {
    let it = Cooperative { members, ..Cooperative::default() };
    Context { cooperative: Known::Found(it), ..now() }
}

fn parent(level: &str, descends_from_record: bool) -> Context<'static> {
    let it = Cooperative {
        level: Some(level.to_owned()),
        descends_from_record,
        ..Cooperative::default()
    };
    Context { parent: Known::Found(it), ..now() }
}

fn same_name(same: bool) -> Context<'static> {
    Context { others: Others { same_cooperative: Some(same), ..Others::default() }, ..now() }
}

fn registered_by(code: &str) -> Context<'static> {
    person(Person { enumerator: Some(code.to_owned()), ..Person::default() })
}

/// On a site of the cercle of Kita, by somebody born in this year.
fn journey(birth_year: i64) -> Context<'static> {
    let site = Site { cercle: Some("kita".to_owned()), ..Site::default() };
    let holder = Person { birth_year: Some(birth_year), ..Person::default() };
    Context { site: Known::Found(site), ..person(holder) }
}

fn schemes(codes: &[&str]) -> Context<'static> {
    let social_protection = codes.iter().map(|&code| code.to_owned()).collect();
    person(Person { social_protection, ..Person::default() })
}
