//! Fills « Recensement des orpailleurs ».

use super::document::{Document, Form};
use super::names;
use super::people::{Birth, Person, Sex};
use super::rng::Rng;
use super::sites::cercle_name;
use super::survey::{Filled, Interview, Miner, Survey};

/// Fills the form about the miner met at this position.
pub(super) fn fill(survey: &Survey, position: u64) -> Filled {
    let mut interview = survey.interview(position);
    let miner = survey.miner(position);
    let mut document =
        interview.open(Form::Orpailleur, if miner.agreed { (11, 19) } else { (1, 3) });
    contact(&mut document, &mut interview, &miner);
    if miner.agreed {
        let person = &miner.person;
        identity(&mut document, &mut interview, person);
        let is_new = residence(&mut document, &mut interview, person);
        social(&mut document, &mut interview.rng, person);
        mining(&mut document, &mut interview.rng, person, is_new);
        organisation(&mut document, &mut interview);
    }
    let result = if miner.agreed {
        interview.rng.weighted(&[("completed", 97), ("partial", 3)])
    } else {
        "refused"
    };
    document.group("z_end", |end| end.put("result", result));
    let name = format!("ORP {}", if miner.agreed { &miner.card } else { "" });
    interview.close(document, &name, |meta, id| {
        meta.new_entity("orpailleurs", id, miner.agreed.then_some(miner.card.as_str()));
        meta.blank("audit");
    })
}

fn contact(document: &mut Document, interview: &mut Interview<'_>, miner: &Miner) {
    let gps = interview.gps(180, 20);
    let rng = &mut interview.rng;
    document.group("a_contact", |group| {
        group.put("enumerator_code", &interview.slot.code);
        group.put("site_id", interview.site.id);
        group.put("gps", gps);
        group.put("already_registered", "no");
        if !miner.agreed {
            group.put("consent", "refused");
            return;
        }
        group.put("consent", "given");
        let modes = [("oral_witnessed", 50), ("thumbprint", 25), ("signature", 10), ("oral", 15)];
        group.put("consent_mode", rng.weighted(&modes));
        group.put("card_no", &miner.card);
        group.put("share_coop", rng.weighted(&[("yes", 64), ("no", 36)]));
    });
}

fn identity(document: &mut Document, interview: &mut Interview<'_>, person: &Person) {
    let rng = &mut interview.rng;
    let place = match rng.below(100) {
        0..40 if !person.is_foreign() => interview.site.seat.commune.clone(),
        40..80 if !person.is_foreign() => cercle_name(&interview.site.cercle),
        _ => String::new(),
    };
    document.group("b_identity", |group| {
        group.put("surname", person.surname);
        group.put("given_names", person.given_names);
        group.put("alias", person.alias);
        group.put("sex", person.sex.code());
        match person.birth {
            Birth::Date(date) => {
                group.put("dob_precision", "full_date");
                group.put("dob", date);
            }
            Birth::Year(precision, year) => {
                group.put("dob_precision", precision);
                group.put("birth_year", year);
            }
            Birth::Age(precision) => group.put("dob_precision", precision),
        }
        group.put("age_years", person.age);
        group.put("birth_place", place);
        group.put("father_given_names", person.father);
        group.put("mother_full_name", &person.mother);
        group.put("nationality", person.nationality);
        papers(group, rng, person, i32::from(interview.slot.day.year()));
        group.put("phone", &person.phone);
    });
}

fn papers(group: &mut Document, rng: &mut Rng, person: &Person, this_year: i32) {
    let id_type = if person.is_foreign() {
        rng.weighted(&[
            ("none", 35),
            ("consular_card", 25),
            ("ecowas_card", 20),
            ("passport", 10),
            ("residence_permit", 5),
            ("refused", 5),
        ])
    } else {
        rng.weighted(&[
            ("none", 34),
            ("nina_card", 30),
            ("biometric_id", 12),
            ("nina_form", 10),
            ("birth_certificate", 6),
            ("voter_card", 6),
            ("refused", 2),
        ])
    };
    group.put("id_type", id_type);
    if matches!(id_type, "nina_card" | "nina_form" | "biometric_id") {
        let number = if rng.percent(70) { nina(rng, person, this_year) } else { String::new() };
        group.put("id_number", number);
    }
}

/// A NINA begins with the sex and the year of birth.
fn nina(rng: &mut Rng, person: &Person, this_year: i32) -> String {
    let sex = match person.sex {
        Sex::Male => 1,
        Sex::Female => 2,
    };
    let year = match person.birth {
        Birth::Date(date) => i32::from(date.year()),
        Birth::Year(_, year) => i32::from(year),
        Birth::Age(_) => this_year - person.age,
    };
    let letter = rng.pick(b"ABCDEFGHJKLMNPRSTVWXYZ");
    format!("{sex}{:02}{}{}", year.rem_euclid(100), rng.digits(11), char::from(letter))
}

/// Tells whether the person came to the site less than a month ago.
fn residence(document: &mut Document, interview: &mut Interview<'_>, person: &Person) -> bool {
    let rng = &mut interview.rng;
    let abroad = person.is_foreign() && rng.percent(55);
    let mut is_new = false;
    document.group("c_residence", |group| {
        if abroad {
            group.put("usual_country", person.nationality);
        } else {
            group.put("usual_country", "ML");
            let cercle =
                if rng.percent(60) { interview.site.cercle.as_str() } else { rng.pick(CERCLES) };
            group.put("usual_cercle", cercle);
        }
        let pattern = if abroad {
            rng.weighted(&[
                ("itinerant", 45),
                ("seasonal_dry", 40),
                ("permanent", 10),
                ("short_visit", 5),
            ])
        } else {
            rng.weighted(&[
                ("seasonal_dry", 45),
                ("permanent", 30),
                ("daily", 13),
                ("itinerant", 10),
                ("short_visit", 2),
            ])
        };
        group.put("stay_pattern", pattern);
        let months = [
            ("lt1", 12),
            ("m1_3", 22),
            ("m4_6", 22),
            ("m7_12", 16),
            ("y1_2", 14),
            ("y3_5", 9),
            ("y6p", 5),
        ];
        let time = rng.weighted(&months);
        is_new = time == "lt1";
        group.put("time_on_site", time);
        let previous = if abroad {
            rng.weighted(&[("abroad", 80), ("other_region", 20)])
        } else {
            rng.weighted(&[
                ("same_cercle", 30),
                ("same_commune", 22),
                ("other_region", 22),
                ("same_region", 18),
                ("bamako", 8),
            ])
        };
        group.put("previous_place", previous);
        group.put("children_here", person.children_here);
    });
    is_new
}

/// Where miners come from besides the cercle of the site.
const CERCLES: &[&str] = &[
    "segou",
    "bla",
    "san",
    "kati",
    "kangaba",
    "kita",
    "bafoulabe",
    "yanfolila",
    "bougouni",
    "sikasso",
    "koutiala",
    "mopti",
    "bandiagara",
    "dioila",
    "kolokani",
];

fn social(document: &mut Document, rng: &mut Rng, person: &Person) {
    let languages: &[&str] = match person.nationality {
        "BF" => &["dioula", "moore", "french"],
        "GN" => &["bambara", "malinke", "fulfulde", "french"],
        "SN" | "MR" => &["bambara", "soninke", "wolof", "french"],
        _ => &["bambara", "malinke", "soninke", "fulfulde", "senoufo", "french"],
    };
    let single = [("single", 75), ("married_mono", 22), ("cohabiting", 3)];
    let settled = [
        ("married_mono", 55),
        ("married_poly", 24),
        ("single", 9),
        ("widowed", 5),
        ("divorced", 5),
        ("cohabiting", 2),
    ];
    document.group("d_social", |group| {
        group.put(
            "marital_status",
            rng.weighted(if person.age < 24 { &single[..] } else { &settled[..] }),
        );
        let levels = [
            ("none", 52),
            ("koranic", 13),
            ("fundamental_1", 17),
            ("fundamental_2", 9),
            ("literacy", 4),
            ("secondary", 3),
            ("higher", 1),
            ("dont_know", 1),
        ];
        group.put("education_level", rng.weighted(&levels));
        group.put("languages", rng.several(languages, 1, 3));
    });
}

const MEN: &[(&str, u32)] = &[
    ("pit_digger", 34),
    ("hauler", 14),
    ("panner", 5),
    ("crusher_hand", 4),
    ("mill_operator", 6),
    ("washer", 6),
    ("detector_user", 8),
    ("pit_owner", 4),
    ("team_leader", 4),
    ("gold_buyer", 3),
    ("trader", 3),
    ("transport_driver", 2),
    ("mechanic", 2),
    ("tomboloma", 1),
    ("damantigi", 1),
    ("not_working", 3),
];
const WOMEN: &[(&str, u32)] = &[
    ("panner", 26),
    ("washer", 16),
    ("sieving", 12),
    ("tailings_washer", 8),
    ("crusher_hand", 8),
    ("hauler", 6),
    ("food_vendor", 10),
    ("restaurateur", 5),
    ("trader", 4),
    ("water_carrier", 2),
    ("not_working", 3),
];
const OTHER_ROLES: &[&str] =
    &["hauler", "crusher_hand", "sieving", "washer", "panner", "water_carrier"];

fn mining(document: &mut Document, rng: &mut Rng, person: &Person, is_new: bool) {
    let role = match rng.weighted(if person.sex == Sex::Male { MEN } else { WOMEN }) {
        // Nobody is an authority of a place after a few weeks.
        "tomboloma" | "damantigi" if is_new => "team_leader",
        role => role,
    };
    let others: Vec<&'static str> =
        OTHER_ROLES.iter().copied().filter(|other| *other != role).collect();
    document.group("e_mining", |group| {
        group.put("main_role", role);
        group.put("other_roles", rng.several(&others, 0, 1));
        if role != "not_working" {
            let (status, pay) = rng.weighted(&[
                (("team_share", "share_ore"), 45),
                (("own_account", "profit"), 32),
                (("employee_wage", "daily_wage"), 9),
                (("contributing_family", "unpaid"), 5),
                (("employer_pit_owner", "share_gold"), 5),
                (("coop_worker", "share_gold"), 4),
            ]);
            group.put("employment_status", status);
            group.put("pay_mode", pay);
        }
        let longest = (person.age - 14).clamp(1, 25);
        group.put("years_mining", rng.between(0, longest).min(rng.between(0, longest)));
        let chemicals =
            [("none", 74), ("mercury", 20), ("mercury borax", 3), ("cyanide", 1), ("refused", 2)];
        group.put("chemicals_handled", rng.weighted(&chemicals));
        group.put("miner_card", rng.weighted(&[("no", 84), ("yes", 9), ("dont_know", 7)]));
    });
}

fn organisation(document: &mut Document, interview: &mut Interview<'_>) {
    let cooperative = interview.area.cooperative_of(interview.site_index);
    let rng = &mut interview.rng;
    let member = rng.weighted(&[("no", 62), ("yes", 31), ("dont_know", 7)]);
    document.group("f_org", |group| {
        group.put("coop_member", member);
        if member == "yes" {
            match cooperative.filter(|_| rng.percent(92)) {
                Some(id) => group.put("coop_id", id),
                None => group.blank("coop_id"),
            }
            group.put("dues_paid", rng.weighted(&[("yes", 48), ("no", 42), ("dont_know", 10)]));
        }
        let schemes = [
            ("none", 78),
            ("tontine", 11),
            ("amv", 3),
            ("coop_fund", 3),
            ("ramed", 2),
            ("mutuelle tontine", 1),
            ("dont_know", 2),
        ];
        group.put("social_protection", rng.weighted(&schemes));
        group.put("injury_12m", rng.weighted(&[("no", 86), ("yes", 14)]));
    });
}

/// The name of someone of the board of a cooperative.
pub(super) fn contact_name(rng: &mut Rng) -> String {
    let sex = rng.weighted(&[(Sex::Male, 75), (Sex::Female, 25)]);
    let given = names::given(rng, sex);
    format!(
        "{given} {}, {}",
        names::surname(rng, "ML"),
        rng.pick(&["président", "secrétaire", "trésorier"])
    )
}
