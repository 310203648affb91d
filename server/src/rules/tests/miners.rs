//! Cases of the rules of miners and their cards (C).

use super::{Case, ERROR, INFORMATION, WARNING, alone, among, now};
use crate::geo::Position;
use crate::rules::context::{Agent, Context, Cooperative, Known, Others, Person, Site};

/// A man of forty who knows his year of birth, born 1986, with a NINA that says so.
const MAN: [(&str, &str); 6] = [
    ("sex", "male"),
    ("age_years", "40"),
    ("dob_precision", "year_only"),
    ("dob", ""),
    ("birth_year", "1986"),
    ("id_type", "nina_card"),
];
const NINA: (&str, &str) = ("id_number", "18601234567890K");

pub(super) const CASES: &[Case] = &[
    alone("C01", "orpailleur", &[("age_years", "17")], ERROR),
    alone("C01", "orpailleur", &[("age_years", "18")], None),
    alone(
        "C02",
        "orpailleur",
        &[("dob", "1986-11-21"), ("today", "2026-11-20"), ("age_years", "39")],
        None,
    ),
    alone(
        "C02",
        "orpailleur",
        &[("dob", "1986-11-21"), ("today", "2026-11-20"), ("age_years", "40")],
        INFORMATION,
    ),
    alone(
        "C02",
        "orpailleur",
        &[("dob", "1986-11-21"), ("today", "2026-11-20"), ("age_years", "41")],
        WARNING,
    ),
    alone(
        "C02",
        "orpailleur",
        &[("dob", "1986-11-21"), ("today", "2026-11-20"), ("age_years", "43")],
        WARNING,
    ),
    alone(
        "C02",
        "orpailleur",
        &[("dob", "1986-11-21"), ("today", "2026-11-20"), ("age_years", "44")],
        ERROR,
    ),
    alone("C02", "orpailleur", &[("dob", ""), ("birth_year", "1986"), ("age_years", "39")], None),
    alone("C02", "orpailleur", &[("dob", ""), ("birth_year", "1986"), ("age_years", "34")], ERROR),
    alone("C03", "orpailleur", &[("dob", "2026-11-23")], ERROR),
    alone("C03", "orpailleur", &[("dob", "1919-12-31")], ERROR),
    alone("C03", "orpailleur", &[("dob", "1999-02-29")], ERROR),
    alone("C03", "enfant", &[("dob", "2017-02-29")], ERROR),
    alone("C03", "orpailleur", &[("dob", "2000-02-29")], None),
    alone(
        "C04",
        "orpailleur",
        &[("dob_precision", "full_date"), ("dob", "1990-01-01")],
        INFORMATION,
    ),
    alone("C04", "orpailleur", &[("dob_precision", "full_date"), ("dob", "1990-01-02")], None),
    alone(
        "C05",
        "orpailleur",
        &[("id_type", "nina_card"), ("id_number", "1860123456789K")],
        WARNING,
    ),
    alone(
        "C05",
        "orpailleur",
        &[("id_type", "nina_form"), ("id_number", "186012345678901")],
        WARNING,
    ),
    alone(
        "C05",
        "orpailleur",
        &[("id_type", "nina_form"), ("id_number", "1860123456789éé")],
        WARNING,
    ),
    alone("C05", "orpailleur", &[("id_type", "nina_card"), NINA], None),
    alone("C05", "orpailleur", &[("id_type", "biometric_id"), ("id_number", "AB12")], None),
    alone("C06", "orpailleur", &[MAN[0], MAN[1], MAN[2], MAN[3], MAN[4], MAN[5], NINA], None),
    alone(
        "C06",
        "orpailleur",
        &[("sex", "female"), MAN[1], MAN[2], MAN[3], MAN[4], MAN[5], NINA],
        WARNING,
    ),
    alone(
        "C06",
        "orpailleur",
        &[MAN[0], MAN[1], MAN[2], MAN[3], ("birth_year", "1984"), MAN[5], NINA],
        WARNING,
    ),
    alone(
        "C06",
        "orpailleur",
        &[MAN[0], MAN[1], MAN[2], MAN[3], ("birth_year", "1985"), MAN[5], NINA],
        None,
    ),
    among(
        "C07",
        "orpailleur",
        &[("sex", "male")],
        || card_of(Person { sex: code("female"), ..Person::default() }),
        ERROR,
    ),
    among(
        "C07",
        "orpailleur",
        &[("dob", "1986-05-01")],
        || card_of(Person { birth_year: Some(1983), ..Person::default() }),
        ERROR,
    ),
    among(
        "C07",
        "orpailleur",
        &[("dob", "1986-05-01")],
        || card_of(Person { birth_year: Some(1984), ..Person::default() }),
        None,
    ),
    among(
        "C07",
        "orpailleur",
        &[],
        || card_of(Person { same_surname: Some(false), ..Person::default() }),
        ERROR,
    ),
    among("C07", "orpailleur", &[], || Context { same_card: Known::Absent, ..now() }, None),
    among(
        "C08",
        "orpailleur",
        &[],
        || card_of(Person { same_surname: Some(true), ..Person::default() }),
        INFORMATION,
    ),
    among(
        "C08",
        "orpailleur",
        &[],
        || card_of(Person { same_surname: Some(false), ..Person::default() }),
        None,
    ),
    alone("C09", "orpailleur", &[("card_no", "ORP-0001234-A")], ERROR),
    alone("C09", "profil", &[("card_no", "ORP-0002134-X")], ERROR),
    alone("C09", "enfant", &[("child_card", "ENF-0001234-X")], ERROR),
    alone("C09", "enfant", &[("caregiver_card", "ORP-0001234-C")], ERROR),
    alone(
        "C09",
        "enfant",
        &[("child_card", "ENF-0001234-C"), ("caregiver_card", "ORP-0001234-X")],
        None,
    ),
    among("C10", "orpailleur", &[("card_no", "ORP-0001235-V")], lot, WARNING),
    among("C10", "orpailleur", &[("card_no", "ORP-0001234-X")], lot, None),
    alone("C11", "orpailleur", &[("age_years", "40"), ("years_mining", "36")], ERROR),
    alone("C11", "orpailleur", &[("age_years", "40"), ("years_mining", "35")], WARNING),
    alone("C11", "orpailleur", &[("age_years", "40"), ("years_mining", "34")], None),
    alone("C12", "orpailleur", &[("main_role", "hauler"), ("other_roles", "panner hauler")], ERROR),
    alone("C12", "orpailleur", &[("main_role", "hauler"), ("other_roles", "panner")], None),
    alone("C14", "orpailleur", &[("coop_member", "no"), ("coop_id", "one")], ERROR),
    among(
        "C14",
        "orpailleur",
        &[("coop_member", "yes"), ("coop_id", "one")],
        || far("kangaba", 12.0),
        WARNING,
    ),
    among(
        "C14",
        "orpailleur",
        &[("coop_member", "yes"), ("coop_id", "one")],
        || far("sikasso", 12.0),
        None,
    ),
    among(
        "C14",
        "orpailleur",
        &[("coop_member", "yes"), ("coop_id", "one")],
        || far("kangaba", 11.0),
        None,
    ),
    alone("C15", "orpailleur", &[("main_role", "not_working"), ("pay_mode", "profit")], WARNING),
    alone(
        "C15",
        "orpailleur",
        &[("main_role", "not_working"), ("pay_mode", ""), ("employment_status", "")],
        None,
    ),
    alone("C16", "orpailleur", &[("main_role", "damantigi"), ("time_on_site", "lt1")], WARNING),
    alone("C16", "orpailleur", &[("main_role", "tomboloma"), ("time_on_site", "lt1")], WARNING),
    alone("C16", "orpailleur", &[("main_role", "damantigi"), ("time_on_site", "m1_3")], None),
    among("C17", "orpailleur", &[], || people(4, 300), INFORMATION),
    among("C17", "orpailleur", &[], || people(0, 100), INFORMATION),
    among("C17", "orpailleur", &[], || people(0, 99), None),
    among("C18", "orpailleur", &[("chemicals_handled", "mercury borax")], clean_site, INFORMATION),
    among("C18", "orpailleur", &[("chemicals_handled", "borax")], clean_site, None),
    alone("C20", "orpailleur", &[("usual_country", "GN"), ("usual_cercle", "kita")], ERROR),
    alone("C20", "orpailleur", &[("usual_country", "GN"), ("usual_cercle", "")], None),
    alone("C20", "orpailleur", &[("children_here", "11")], WARNING),
    alone("C20", "orpailleur", &[("children_here", "10")], None),
    among("C21", "orpailleur", &[("phone", "76123456")], || phones(6), WARNING),
    among("C21", "orpailleur", &[("phone", "76123456")], || phones(5), None),
    among("C21", "orpailleur", &[("phone", "76123456")], own_phone, WARNING),
    among("C21", "orpailleur", &[("phone", "")], own_phone, None),
    alone(
        "C22",
        "orpailleur",
        &[("surname", "Traoré"), ("given_names", "Awa"), ("mother_full_name", "awa TRAORÉ")],
        INFORMATION,
    ),
    alone(
        "C22",
        "orpailleur",
        &[("surname", "Traoré"), ("given_names", "Awa"), ("mother_full_name", "Awa Keïta")],
        None,
    ),
    among(
        "C22",
        "orpailleur",
        &[("given_names", "Sékou"), ("father_given_names", "Sékou")],
        || gap(11),
        INFORMATION,
    ),
    among(
        "C22",
        "orpailleur",
        &[("given_names", "Sékou"), ("father_given_names", "Sékou")],
        || gap(12),
        None,
    ),
    alone(
        "C23",
        "orpailleur",
        &[("main_role", "pit_digger"), ("social_protection", "amo_cmss tontine")],
        WARNING,
    ),
    alone(
        "C23",
        "orpailleur",
        &[("main_role", "team_leader"), ("social_protection", "amo_cmss")],
        None,
    ),
];

fn code(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn card_of(holder: Person) -> Context<'static> {
    Context { same_card: Known::Found(holder), ..now() }
}

fn lot() -> Context<'static> {
    let agent = Agent { cards: vec![1..=9, 1_200..=1_234], ..Agent::default() };
    Context { agent: Known::Found(agent), ..now() }
}

/// A site of the district of Sikasso at 10.5 N, and a cooperative due north of it.
fn far(district: &str, lat: f64) -> Context<'static> {
    let site =
        Site { district: code("sikasso"), position: Position::new(-6.0, 10.5), ..Site::default() };
    let cooperative = Cooperative {
        district: code(district),
        position: Position::new(-6.0, lat),
        ..Cooperative::default()
    };
    Context { site: Known::Found(site), cooperative: Known::Found(cooperative), ..now() }
}

fn people(damantigi: u32, miners: u32) -> Context<'static> {
    Context { site: Known::Found(Site { damantigi, miners, ..Site::default() }), ..now() }
}

fn clean_site() -> Context<'static> {
    let site = Site { chemicals: vec!["none".to_owned()], ..Site::default() };
    Context { site: Known::Found(site), ..now() }
}

fn phones(uses: u32) -> Context<'static> {
    Context { others: Others { phone_uses: Some(uses), ..Others::default() }, ..now() }
}

fn own_phone() -> Context<'static> {
    Context { agent: Known::Found(Agent { has_phone: true, ..Agent::default() }), ..now() }
}

fn gap(years: i64) -> Context<'static> {
    Context { others: Others { father_age_gap: Some(years), ..Others::default() }, ..now() }
}
