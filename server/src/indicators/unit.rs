//! What one registered unit says of the indicators: its answers in, outcomes out. Pure.
//!
//! An outcome is one code of one part of one indicator, such as `yes` of the part `members` of R25. A
//! unit that an indicator is not about says nothing of it; one that does not know says `unknown`.

use jiff::civil::Date;
use serde_json::{Map, Value as Json};

use super::{
    Band, ChildLabourRules, ChildWeek, LicenceState, Migrant, NationalRules, Population,
    Protection, School, Segment, activity, age_agrees, board_is_overdue, child_labour, covered,
    hazard_kinds, is_conform_in, is_delayed, licence_state, segment, uses_toxic,
    uses_worst_practice,
};
use crate::indicators::counts::Activity;

/// The properties of a registered unit, open and sealed ones together.
#[derive(Clone, Debug, Default)]
pub struct Answers(Map<String, Json>);

impl Answers {
    /// Of two JSON objects; what is no object says nothing.
    pub fn read(open: &str, sealed: &[u8]) -> Self {
        let mut all: Map<String, Json> = serde_json::from_str(open).unwrap_or_default();
        all.extend(serde_json::from_slice::<Map<String, Json>>(sealed).unwrap_or_default());
        Self(all)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    fn date(&self, name: &str) -> Option<Date> {
        self.text(name)?.get(..10)?.parse().ok()
    }

    fn codes(&self, name: &str) -> Vec<&str> {
        let codes = self.0.get(name).and_then(Json::as_array).into_iter().flatten();
        codes.filter_map(Json::as_str).collect()
    }

    fn says_yes(&self, name: &str) -> Option<bool> {
        super::rate::yes_no(self.text(name))
    }
}

/// One code of one part of one indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outcome {
    /// The id of the indicator.
    pub indicator: &'static str,
    /// Which of its figures.
    pub part: &'static str,
    /// What the unit is counted as.
    pub code: &'static str,
}

/// What a unit says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// What it is counted as: once per part of an indicator.
    pub outcomes: Vec<Outcome>,
    /// What it adds to sums, such as workers.
    pub amounts: Vec<(Outcome, u32)>,
    /// The age that was told, in completed years.
    pub age: Option<usize>,
    /// Kilometres to a service, of sites at work, and the workers there.
    pub distances: Vec<(&'static str, f64, u32)>,
}

impl Said {
    fn is(&mut self, indicator: &'static str, part: &'static str, code: Option<&'static str>) {
        self.outcomes.push(Outcome { indicator, part, code: code.unwrap_or("unknown") });
    }

    fn whether(&mut self, indicator: &'static str, part: &'static str, has: Option<bool>) {
        self.is(indicator, part, has.map(|has| if has { "yes" } else { "no" }));
    }

    fn adds(&mut self, indicator: &'static str, part: &'static str, n: Option<i64>) {
        if let Some(n) = n.and_then(|n| u32::try_from(n).ok()) {
            self.amounts.push((Outcome { indicator, part, code: "sum" }, n));
        }
    }
}

/// What a unit of `dataset` says on `day`, where `site_cercle` is the cercle (2023) it is counted in.
/// Datasets without an indicator say nothing.
pub fn said(dataset: &str, of: &Answers, site_cercle: Option<&str>, day: Date) -> Said {
    let mut said = Said::default();
    match dataset {
        "orpailleurs" => miner(&mut said, of, site_cercle),
        "enfants" => child(&mut said, of),
        "sites" => site(&mut said, of, day),
        "cooperatives" => cooperative(&mut said, of, day),
        _ => {}
    }
    said
}

fn miner(said: &mut Said, of: &Answers, site_cercle: Option<&str>) {
    let Some(age) = of.integer("age_years") else { return };
    if Population::of_adult(of.text("consent"), age).is_none() {
        return;
    }
    said.is("R1", "", Some("registered"));
    said.is(
        "R5",
        "",
        of.text("main_role").and_then(segment).map(|segment| match segment {
            Segment::Chain => "chain",
            Segment::Service => "service",
            Segment::Other => "other",
            Segment::NotWorking => "not_working",
        }),
    );
    let migrant = Migrant {
        nationality: of.text("nationality"),
        usual_country: of.text("usual_country"),
        usual_cercle: of.text("usual_cercle"),
        site_cercle,
        stay_pattern: of.text("stay_pattern"),
    };
    said.whether("R24", "foreign", migrant.is_foreign());
    said.whether("R24", "international", migrant.is_international());
    said.whether("R24", "internal", migrant.is_internal());
    said.whether("R24", "circular", migrant.is_circular());
    let schemes = of.codes("social_protection");
    let member = of.says_yes("coop_member");
    let protection = Protection { schemes: &schemes, member: of.text("coop_member") };
    if member == Some(true) {
        said.whether("R25", "members", covered(protection.schemes));
    }
    said.whether("R25", "all", covered(protection.schemes));
    said.whether("R26", "", member);
    said.age = usize::try_from(age).ok();
    let born = of.integer("birth_year").zip(of.date("interviewed_at"));
    let by_birth = born.map(|(year, day)| i64::from(day.year()) - year);
    said.whether("R53", "", by_birth.map(|by_birth| age_agrees(age, by_birth)));
}

fn child(said: &mut Said, of: &Answers) {
    let Some(age) = of.integer("age_years") else { return };
    let Some(band) = Band::of(age) else { return };
    said.is("R3", "", Some(band.code()));
    let tasks = of.codes("tasks");
    let week = ChildWeek {
        age: Some(age),
        tasks: &tasks,
        hours_econ: of.integer("hours_econ"),
        hours_water_wood: of.integer("hours_water_wood"),
        hours_chores: of.integer("hours_chores"),
        heavy_loads: of.says_yes("heavy_loads") == Some(true),
        night: of.codes("work_times").contains(&"night"),
        site_closed: false,
    };
    said.whether("R10", "", Some(week.is_employed()));
    said.whether("R11", "", Some(week.is_in_household_services()));
    let rules = ChildLabourRules::default();
    let both = child_labour(&week, &rules, &NationalRules::default());
    said.is("R12", "ilo", Some(both.ilo.code()));
    said.is("R12", "national", Some(both.national.code()));
    said.is("R15", "", Some(both.national.code()));
    said.whether("R13", "ilo", both.ilo.is_child_labour());
    said.whether("R13", "national", both.national.is_child_labour());
    said.whether("R13b", "", both.general_boundary);
    if week.is_employed() {
        let known = both.ilo.is_child_labour();
        said.whether("R14", "", known.map(|_| both.ilo == super::Status::Hazardous));
        let kinds = hazard_kinds(&week, &rules);
        for kind in HAZARD_KINDS {
            said.whether("R14", kind, Some(kinds.contains(kind)));
        }
    }
    schooling(said, of, age);
    said.whether("R19b", "", of.says_yes("birth_registered"));
}

/// The kinds of hazard of the list `child_task`, with night and long hours.
const HAZARD_KINDS: [&str; 9] = [
    "chemical",
    "dust",
    "explosive",
    "heavy",
    "long_hours",
    "machine",
    "night",
    "underground",
    "water",
];

fn schooling(said: &mut Said, of: &Answers, age: i64) {
    let part = if age <= 14 { "6_14" } else { "15_17" };
    let school = School {
        ever: of.text("ever_school"),
        now: of.text("school_now"),
        kind: of.text("school_type"),
    };
    said.whether("R17", part, school.attends_formal());
    said.whether("R17b", part, school.attends());
    said.whether("R18", "", school.never());
    if let Some(grade) = of.text("grade") {
        said.whether("R19", "", is_delayed(age, grade));
    }
}

fn site(said: &mut Said, of: &Answers, day: Date) {
    let activity = of.text("status").and_then(activity);
    said.is(
        "R2",
        "",
        activity.map(|activity| match activity {
            Activity::Active => "active",
            Activity::Stopped => "stopped",
            Activity::Closed => "closed",
            Activity::Inaccessible => "inaccessible",
            Activity::NotFound => "not_found",
        }),
    );
    if let Some(expires) = of.date("licence_expires") {
        said.is(
            "R34",
            "",
            Some(match licence_state(expires, day) {
                LicenceState::Expired => "expired",
                LicenceState::Expiring => "expiring",
                LicenceState::Valid => "valid",
            }),
        );
    }
    let chemicals = of.codes("chemicals");
    let evidence = of.text("chemicals_evidence");
    said.whether("R41", "", uses_toxic(&chemicals, evidence));
    if chemicals.contains(&"mercury") {
        let practices = of.codes("mercury_practices");
        said.whether("R42", "", uses_worst_practice(&chemicals, &practices));
    }
    let workers = of.integer("workers_total");
    let counted = ["full_count", "count_pits", "register", "count_sample"];
    if of.text("est_method").is_some_and(|method| counted.contains(&method)) {
        said.adds("R40", "workers", workers);
        said.adds("R40", "deaths", of.integer("deaths_12m").filter(|_| workers.is_some()));
    }
    if activity == Some(Activity::Active) {
        let workers = workers.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        for (part, name) in [("health", "health_km"), ("school", "school_km")] {
            said.distances.extend(of.number(name).map(|km| (part, km, workers)));
        }
    }
}

fn cooperative(said: &mut Said, of: &Answers, day: Date) {
    said.is(
        "R30",
        "",
        of.text("level").and_then(|level| {
            ["base", "union", "federation", "confederation"].into_iter().find(|l| *l == level)
        }),
    );
    let registered = of.date("reg_date");
    said.whether("R31", "", Some(is_conform_in(day.year(), of.text("legal"), registered)));
    said.whether("R32", "", of.text("composition").map(|code| code == "women_only"));
    let term = of.integer("board_term_years").and_then(|years| u8::try_from(years).ok());
    said.whether("R33", "", board_is_overdue(of.date("board_date"), term, day));
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    const DAY: Date = date(2026, 11, 22);

    fn of(dataset: &str, open: &Json, sealed: &Json) -> Vec<(String, &'static str)> {
        let answers = Answers::read(&open.to_string(), sealed.to_string().as_bytes());
        let said = said(dataset, &answers, Some("kita"), DAY);
        let name = |o: &Outcome| format!("{}.{}", o.indicator, o.part);
        said.outcomes.iter().map(|o| (name(o), o.code)).collect()
    }

    fn code(of: &[(String, &'static str)], name: &str) -> Option<&'static str> {
        of.iter().find(|(known, _)| known == name).map(|(_, code)| *code)
    }

    #[test]
    fn a_miner_says_where_he_comes_from_and_whether_he_is_covered() {
        let open = json!({ "consent": "given", "main_role": "pit_digger", "coop_member": "yes", "stay_pattern": "permanent" });
        let sealed = json!({ "age_years": 30, "birth_year": 1990, "interviewed_at": "2026-02-01T10:00:00Z",
            "nationality": "GN", "usual_country": "ML", "usual_cercle": "bla", "social_protection": ["amv"] });
        let said = of("orpailleurs", &open, &sealed);

        for (name, expected) in [
            ("R1.", "registered"),
            ("R5.", "chain"),
            ("R24.foreign", "yes"),
            ("R24.internal", "yes"),
            ("R24.circular", "no"),
            ("R25.members", "yes"),
            ("R25.all", "yes"),
            ("R26.", "yes"),
            ("R53.", "no"),
        ] {
            assert_eq!(code(&said, name), Some(expected), "{name}");
        }
        let refused = of("orpailleurs", &json!({ "consent": "refused" }), &sealed);
        assert_eq!(refused, []);
    }

    #[test]
    fn a_child_has_both_statuses_side_by_side() {
        let open = json!({ "ever_school": "yes", "school_now": "yes", "school_type": "koranic_only", "hours_econ": 4 });
        let sealed = json!({ "age_years": 13, "tasks": ["pan"] });
        let panning = of("enfants", &open, &sealed);
        let task = sanu_schemas::codelist("child_task").unwrap();
        let water = task.codes.iter().find(|c| {
            sanu_schemas::attribute("child_task", &c.code, "hazard_kind") == Some("water")
        });
        let sealed = json!({ "age_years": 13, "tasks": [water.unwrap().code] });
        let water = of("enfants", &open, &sealed);

        assert_eq!(code(&panning, "R3."), Some("c12_14"));
        assert_eq!(
            (code(&water, "R12.ilo"), code(&water, "R12.national")),
            (Some("hazardous"), Some("undetermined"))
        );
        assert_eq!(
            (code(&water, "R13.ilo"), code(&water, "R13.national")),
            (Some("yes"), Some("unknown"))
        );
        assert_eq!(
            (code(&water, "R17.6_14"), code(&water, "R17b.6_14")),
            (Some("no"), Some("yes"))
        );
        assert_eq!(code(&water, "R14.water"), Some("yes"));
    }

    #[test]
    fn a_site_and_a_cooperative_are_judged_on_the_day_asked_for() {
        let site = json!({ "status": "active", "licence_expires": "2026-12-01", "health_km": 4.5,
            "workers_total": 90, "est_method": "full_count" });
        let sealed = json!({ "chemicals": ["mercury"], "deaths_12m": 1 });
        let answers = Answers::read(&site.to_string(), sealed.to_string().as_bytes());
        let today = said("sites", &answers, None, DAY);
        let later = said("sites", &answers, None, date(2027, 1, 1));
        let licence = |s: &Said| s.outcomes.iter().find(|o| o.indicator == "R34").map(|o| o.code);

        assert_eq!((licence(&today), licence(&later)), (Some("expiring"), Some("expired")));
        assert_eq!(today.distances, [("health", 4.5, 90)]);
        assert_eq!(today.amounts.len(), 2);
        let board = json!({ "level": "base", "legal": "registered_ohada", "reg_date": "2026-03-01",
            "composition": "women_only", "board_date": "2020-01-01", "board_term_years": 4 });
        let board = of("cooperatives", &board, &json!({}));
        for name in ["R31.", "R32.", "R33."] {
            assert_eq!(code(&board, name), Some("yes"), "{name}");
        }
    }

    #[test]
    fn every_hazard_kind_of_the_list_is_shown() {
        let list = sanu_schemas::codelist("child_task").unwrap();
        for code in list.codes {
            if let Some(kind) = sanu_schemas::attribute("child_task", &code.code, "hazard_kind") {
                assert!(HAZARD_KINDS.contains(&kind), "{kind}");
            }
        }
    }
}
