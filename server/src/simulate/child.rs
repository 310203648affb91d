//! Fills « Identification des enfants de 6 à 17 ans sur les sites ».

use super::document::{Document, Form};
use super::names;
use super::people::Sex;
use super::rng::Rng;
use super::survey::{Filled, Interview, Miner, Survey};

/// What is known of the child before the questions begin.
struct Child {
    age: i32,
    sex: Sex,
    card: String,
    caregiver: &'static str,
    /// Whether the caregiver and, from nine, the child agreed.
    consent: &'static str,
    assent: &'static str,
    works: bool,
}

impl Child {
    fn draw(rng: &mut Rng, card: String) -> Self {
        let age = rng.weighted(&[
            (7, 14),
            (9, 16),
            (10, 14),
            (12, 18),
            (13, 12),
            (14, 12),
            (15, 8),
            (16, 4),
            (17, 2),
        ]);
        let age = (age + rng.between(-1, 1)).clamp(6, 17);
        let caregiver = [
            ("mother", 52),
            ("father", 20),
            ("guardian", 10),
            ("other_relative", 9),
            ("sibling_adult", 5),
            ("none", 4),
        ];
        let refusal = [("given", 96), ("refused", 4)];
        Self {
            age,
            sex: rng.weighted(&[(Sex::Male, 54), (Sex::Female, 46)]),
            card,
            caregiver: rng.weighted(&caregiver),
            consent: rng.weighted(&[("given", 93), ("refused", 7)]),
            assent: if age < 9 { "not_sought_under_9" } else { rng.weighted(&refusal) },
            works: rng.percent(if age < 10 { 30 } else { 58 }),
        }
    }

    /// Makes the caregiver the one parent that a miner of this sex can be.
    fn came_with(&mut self, sex: Sex) {
        self.caregiver = match (self.caregiver, sex) {
            ("mother" | "father", Sex::Male) => "father",
            ("mother" | "father", Sex::Female) => "mother",
            (other, _) => other,
        };
    }

    /// A child met alone is not interviewed.
    fn is_alone(&self) -> bool {
        self.caregiver == "none"
    }

    fn agreed(&self) -> bool {
        !self.is_alone() && self.consent == "given" && self.assent != "refused"
    }
}

/// Fills the form about the child met at this position, where possible with a miner as caregiver.
pub(super) fn fill(survey: &Survey, position: u64) -> Filled {
    let mut interview = survey.interview(position);
    let mut child = Child::draw(&mut interview.rng, survey.child_card(position));
    let parent = survey.earlier_miner(position, &mut interview.rng, |miner| {
        miner.person.children_here > 0 && miner.person.age >= child.age + 16
    });
    if let Some(parent) = &parent {
        interview = interview.at_site(parent.site);
        child.came_with(parent.person.sex);
    }
    let mut document = interview.open(Form::Enfant, if child.agreed() { (14, 24) } else { (2, 5) });
    contact(&mut document, &mut interview, &child);
    if child.agreed() {
        let rng = &mut interview.rng;
        identity(&mut document, rng, &child, parent.as_ref());
        school(&mut document, rng, &child);
        activities(&mut document, rng, &child);
    }
    document.group("e_referral", |group| referral(group, &mut interview.rng, &child));
    let name = format!("ENF {} {}", interview.site.id, interview.slot.day);
    interview.close(document, &name, |meta, _| meta.blank("audit"))
}

fn contact(document: &mut Document, interview: &mut Interview<'_>, child: &Child) {
    let gps = interview.gps(180, 20);
    let rng = &mut interview.rng;
    document.group("a_contact", |group| {
        group.put("enumerator_code", &interview.slot.code);
        group.put("site_id", interview.site.id);
        group.put("gps", gps);
        let situation = match (child.is_alone(), child.works) {
            (true, _) => "ambulant",
            (false, true) => rng.weighted(&[("working_mining", 70), ("working_service", 30)]),
            (false, false) => {
                rng.weighted(&[("living_camp", 55), ("accompanying", 30), ("school_child", 15)])
            }
        };
        group.put("child_situation", situation);
        group.put("safe_setting", "yes");
        group.put("caregiver", child.caregiver);
        if !child.is_alone() {
            group.put("caregiver_consent", child.consent);
        }
        group.put("age_years", child.age);
        if !child.is_alone() && child.consent == "given" {
            group.put("assent", child.assent);
        }
    });
}

fn identity(document: &mut Document, rng: &mut Rng, child: &Child, parent: Option<&Miner>) {
    let nationality = parent.map_or("ML", |miner| miner.person.nationality);
    let (own, lives_with) = match child.caregiver {
        "mother" => (true, rng.weighted(&[("both_parents", 55), ("mother", 45)])),
        "father" => (true, rng.weighted(&[("both_parents", 75), ("father", 25)])),
        _ => (false, "relatives"),
    };
    let surname = match parent {
        Some(miner) if own => miner.person.surname,
        _ => names::surname(rng, nationality),
    };
    let named = rng.percent(94);
    document.group("b_identity", |group| {
        group.put("child_card", &child.card);
        group.put("caregiver_card", parent.map_or("", |miner| miner.card.as_str()));
        let given = names::given(rng, child.sex);
        group.put("given_name", if named { given } else { "" });
        group.put("surname", if named { surname } else { "" });
        let mother = names::given(rng, Sex::Female);
        let known = parent.filter(|_| child.caregiver == "mother");
        group.put("mother_given_name", known.map_or(mother, |miner| miner.person.given_names));
        group.put("sex", child.sex.code());
        let sources = [("declared", 55), ("proxy", 25), ("event_calendar", 12), ("estimated", 8)];
        group.put("age_source", rng.weighted(&sources));
        group.put("birth_registered", rng.weighted(&[("yes", 58), ("no", 32), ("dont_know", 10)]));
        group.put("nationality", nationality);
        let kin = [("nephew_niece", 45), ("sibling", 25), ("fostered", 15), ("grandchild", 15)];
        group.put("relation", if own { "son_daughter" } else { rng.weighted(&kin) });
        group.put("lives_with", lives_with);
        let months = [("m1_3", 25), ("m4_6", 25), ("m7_12", 20), ("y1_2", 20), ("y3_5", 10)];
        group.put("time_on_site", rng.weighted(&months));
        group.put("came_with", if own { "parents" } else { "relatives" });
    });
}

fn school(document: &mut Document, rng: &mut Rng, child: &Child) {
    let attends = rng.percent(if child.works { 38 } else { 72 });
    let ever = attends || rng.percent(45);
    // Nobody is ahead of their age; many are behind it.
    let grade = ((child.age - 5).clamp(1, 9) - rng.between(0, 3)).max(1);
    document.group("c_school", |group| {
        group.put("ever_school", if ever { "yes" } else { "no" });
        if ever {
            group.put("school_now", if attends { "yes" } else { "no" });
            if attends {
                let types =
                    [("public", 60), ("community", 18), ("medersa", 14), ("koranic_only", 8)];
                group.put("school_type", rng.weighted(&types));
            }
            group.put("grade", format_args!("g{grade}"));
        }
        if attends {
            group.put("days_missed", rng.weighted(&[(0, 55), (1, 22), (2, 15), (4, 8)]));
        } else {
            let reasons = [
                ("must_work", 28),
                ("no_school_nearby", 25),
                ("cost", 22),
                ("parents_moved", 15),
                ("not_interested", 10),
            ];
            group.put("reason_no_school", rng.weighted(&reasons));
        }
    });
}

fn activities(document: &mut Document, rng: &mut Rng, child: &Child) {
    document.group("d_work", |group| {
        if !child.works {
            let home = rng.weighted(
                &["none", "home_chores", "fetch_water_wood home_chores"].map(|tasks| (tasks, 1)),
            );
            group.put("tasks", home);
            if home != "none" {
                group.put("hours_econ", 0);
                household(group, rng, home);
            }
            return;
        }
        let paid = match child.age {
            ..12 => rng.several(
                &["sieve_winnow", "wash_pan", "carry_water_site", "sell_food", "errands"],
                1,
                2,
            ),
            _ => rng.several(
                &["dig_pit", "pull_ore", "carry_ore", "crush_ore", "wash_pan", "sell_food"],
                1,
                3,
            ),
        };
        let tasks = if rng.percent(60) { format!("{paid} home_chores") } else { paid };
        group.put("tasks", &tasks);
        group.put("hours_econ", rng.between(4, 40));
        household(group, rng, &tasks);
        work(group, rng, child);
    });
}

fn household(group: &mut Document, rng: &mut Rng, tasks: &str) {
    if tasks.contains("fetch_water_wood") {
        group.put("hours_water_wood", rng.between(1, 10));
    }
    if tasks.contains("home_chores") {
        group.put("hours_chores", rng.between(2, 16));
    }
}

fn work(group: &mut Document, rng: &mut Rng, child: &Child) {
    group.put("work_times", rng.several(&["after_school", "weekend", "holidays"], 1, 2));
    let (employer, pay) = rng.weighted(&[
        (("parents", "unpaid"), 55),
        (("relative", "share_ore"), 20),
        (("employer", "daily_wage"), 15),
        (("own_account", "profit"), 10),
    ]);
    group.put("work_for", employer);
    group.put("pay", pay);
    group.put("age_start", rng.between((child.age - 4).max(5), child.age));
    group.put("heavy_loads", rng.weighted(&[("no", 60), ("yes", 36), ("dont_know", 4)]));
    let injured = rng.percent(17);
    group.put("injury_12m", if injured { "yes" } else { "no" });
    if injured {
        group.put(
            "injury_type",
            rng.weighted(&[("cut_wound", 60), ("back_pain", 25), ("fall", 15)]),
        );
    }
}

fn referral(group: &mut Document, rng: &mut Rng, child: &Child) {
    let (need, reason) = match (child.is_alone(), child.agreed() && child.works) {
        (true, _) => ("normal", "unaccompanied"),
        (false, true) if rng.percent(12) => ("normal", "out_of_school"),
        (false, _) => (rng.weighted(&[("none", 85), ("advice", 15)]), ""),
    };
    group.put("referral_need", need);
    if need == "normal" {
        group.put("referral_reason", reason);
        group.put("referral_service", rng.weighted(&[("dsdes", 70), ("ngo", 30)]));
    }
    group.put("info_given", rng.weighted(&[("yes", 90), ("no", 10)]));
    let refused = !child.is_alone() && !child.agreed();
    group.put(
        "result",
        if refused {
            "refused"
        } else if child.is_alone() {
            "partial"
        } else {
            "completed"
        },
    );
}
