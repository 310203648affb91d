//! Fills « Profil socio-économique » about a miner registered before.

use super::document::{Document, Form};
use super::people::{Person, Sex};
use super::rng::Rng;
use super::survey::{Filled, Survey};

/// Fills a profile, if anybody has been registered who could be asked.
pub(super) fn fill(survey: &Survey, position: u64) -> Option<Filled> {
    let mut interview = survey.interview(position);
    let miner = survey.earlier_miner(position, &mut interview.rng, |_| true)?;
    let mut interview = interview.at_site(miner.site);
    let agreed = interview.rng.percent(96);
    let mut document = interview.open(Form::Profil, if agreed { (38, 48) } else { (1, 3) });
    let (rng, site) = (&mut interview.rng, interview.site.id);
    document.group("a_link", |group| {
        group.put("enumerator_code", &interview.slot.code);
        group.put("card_no", &miner.card);
        group.put("site_id", site);
        group.put("consent", if agreed { "given" } else { "refused" });
    });
    if agreed {
        let small_children = household(&mut document, rng, &miner.person);
        housing(&mut document, rng);
        functioning(&mut document, rng);
        health(&mut document, rng, small_children);
        work(&mut document, rng);
        food(&mut document, rng);
        organisation(&mut document, rng);
    }
    let name = format!("profil {}", interview.slot.day);
    Some(interview.close(document, &name, |meta, _| meta.blank("audit")))
}

/// Writes the household and returns how many children under six it has.
fn household(document: &mut Document, rng: &mut Rng, person: &Person) -> i32 {
    let (small, school_age) = (rng.between(0, 3), person.children_here.min(6) + rng.between(0, 1));
    let (older, old, adults) =
        (rng.between(0, 2), rng.weighted(&[(0, 85), (1, 15)]), rng.between(1, 5));
    document.group("b_household", |group| {
        group.put("hh_size", small + school_age + older + old + adults);
        group.put("hh_0_5", small);
        group.put("hh_6_14", school_age);
        group.put("hh_15_17", older);
        group.put("hh_65p", old);
        group.put("hh_earners", rng.between(1, adults));
        group.put("hh_in_school", rng.between(0, school_age));
        let men = if person.sex == Sex::Male { 94 } else { 55 };
        group.put("head_sex", if rng.percent(men) { "male" } else { "female" });
    });
    small
}

fn housing(document: &mut Document, rng: &mut Rng) {
    document.group("c_housing", |group| {
        group.put(
            "tenure",
            rng.weighted(&[
                ("squat_camp", 45),
                ("hosted", 20),
                ("owner", 18),
                ("tenant", 12),
                ("employer", 5),
            ]),
        );
        group.put(
            "wall",
            rng.weighted(&[("tarp_straw", 48), ("mud", 35), ("mud_cement", 10), ("cement", 7)]),
        );
        group.put(
            "roof",
            rng.weighted(&[("tarp", 38), ("straw", 30), ("metal", 27), ("mud_terrace", 5)]),
        );
        group.put("floor", rng.weighted(&[("earth", 80), ("cement", 15), ("mat", 5)]));
        group.put(
            "water",
            rng.weighted(&[
                ("borehole", 40),
                ("unprotected_well", 30),
                ("vendor", 20),
                ("surface", 10),
            ]),
        );
        group.put(
            "sanitation",
            rng.weighted(&[
                ("latrine_open", 40),
                ("none_bush", 30),
                ("shared_public", 20),
                ("latrine_slab", 10),
            ]),
        );
        group.put("lighting", rng.weighted(&[("torch", 45), ("solar", 40), ("generator", 15)]));
        group.put("fuel", rng.weighted(&[("wood", 75), ("charcoal", 22), ("gas", 3)]));
        group.put(
            "assets",
            rng.several(
                &["phone_basic", "phone_smart", "radio", "motorcycle", "solar_panel"],
                1,
                4,
            ),
        );
    });
}

fn functioning(document: &mut Document, rng: &mut Rng) {
    document.group("d_wg", |group| {
        for item in ["wg_see", "wg_hear", "wg_walk", "wg_cog", "wg_care", "wg_comm"] {
            group.put(item, rng.weighted(&[("no_difficulty", 86), ("some", 11), ("a_lot", 3)]));
        }
    });
}

fn health(document: &mut Document, rng: &mut Rng, small_children: i32) {
    document.group("e_health", |group| {
        let ill = rng.percent(38);
        group.put("ill_30d", if ill { "yes" } else { "no" });
        if ill {
            let place = rng.weighted(&[
                ("drug_vendor", 35),
                ("cscom", 28),
                ("self", 15),
                ("none", 12),
                ("traditional", 10),
            ]);
            group.put("care_place", place);
            if place == "none" {
                group.put(
                    "care_barrier",
                    rng.weighted(&[("cost", 55), ("distance", 30), ("not_serious", 15)]),
                );
            }
        }
        if small_children > 0 {
            let care = [("mother_carries", 50), ("relative", 25), ("sibling", 20), ("none", 5)];
            group.put("childcare", rng.weighted(&care));
        }
    });
}

fn work(document: &mut Document, rng: &mut Rng) {
    document.group("f_work", |group| {
        group.put("months_mined", rng.between(2, 11));
        group.put("days_week", rng.weighted(&[(5, 20), (6, 65), (7, 15)]));
        group.put("hours_day", rng.between(6, 11));
        let bands = [
            ("b25_50", 22),
            ("b50_100", 32),
            ("b100_200", 24),
            ("lt25", 10),
            ("b200_500", 8),
            ("refused", 4),
        ];
        group.put("income_band", rng.weighted(&bands));
        group.decimal("gold_g_month", f64::from(rng.between(2, 60)) / 2.0);
        group.put(
            "buyer",
            rng.weighted(&[("site_buyer", 60), ("financier", 25), ("collector", 15)]),
        );
        group.put(
            "other_income",
            rng.weighted(&[
                ("none", 40),
                ("farming", 35),
                ("farming livestock", 15),
                ("trade", 10),
            ]),
        );
        group.put("remits", rng.weighted(&[("yes", 68), ("no", 32)]));
        group.put(
            "savings",
            rng.weighted(&[
                ("cash", 35),
                ("none", 25),
                ("tontine", 18),
                ("mobile_money", 15),
                ("gold", 7),
            ]),
        );
        group.put(
            "creditor",
            rng.weighted(&[("none", 45), ("financier", 25), ("trader", 15), ("family", 15)]),
        );
    });
}

/// The scale of food insecurity: who answers yes to a severe item said yes to the milder ones before it.
fn food(document: &mut Document, rng: &mut Rng) {
    let items = [
        "fies_worried",
        "fies_healthy",
        "fies_fewfood",
        "fies_skipped",
        "fies_ateless",
        "fies_runout",
        "fies_hungry",
        "fies_whlday",
    ];
    let severity =
        rng.weighted(&[(0_usize, 28), (1, 12), (2, 14), (3, 16), (4, 10), (5, 9), (6, 6), (8, 5)]);
    document.group("g_fies", |group| {
        for (item, name) in items.into_iter().enumerate() {
            group.put(name, if item < severity { "yes" } else { "no" });
        }
    });
}

fn organisation(document: &mut Document, rng: &mut Rng) {
    document.group("h_org", |group| {
        let scheme = rng.weighted(&[("none", 76), ("tontine", 15), ("amv", 4), ("coop_fund", 5)]);
        group.put("social_protection", scheme);
        if scheme != "none" {
            group.put(
                "sp_level",
                rng.weighted(&[("registered", 50), ("up_to_date", 40), ("lapsed", 10)]),
            );
        }
        group.put(
            "trainings",
            rng.weighted(&[("none", 82), ("sst", 10), ("chemicals", 5), ("literacy", 3)]),
        );
        group.put(
            "ppe",
            rng.weighted(&[
                ("none", 60),
                ("gloves", 15),
                ("boots", 15),
                ("helmet gloves boots", 10),
            ]),
        );
        group.put(
            "need_1",
            rng.weighted(&[("equipment", 40), ("water", 25), ("health", 20), ("legal_space", 15)]),
        );
        group.put("need_2", rng.weighted(&[("finance", 50), ("school", 25), ("security", 25)]));
        group.put("would_leave", rng.weighted(&[("yes", 55), ("no", 35), ("dont_know", 10)]));
        group.put("result", "completed");
    });
}
