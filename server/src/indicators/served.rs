//! Which indicators the register can compute by itself, from what, and how each is read. Pure.

/// What kind of figure an indicator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A share with its numerator and denominator.
    Share,
    /// How many by code.
    Codes,
    /// An index of the ages that were told.
    Ages,
    /// A median of distances.
    Median,
    /// A sum for 1,000 of another.
    PerThousand,
}

/// How much of the country a reader without exact figures may divide it by, and what stands against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Of persons: protected as the counts are.
    Persons,
    /// Of places or organisations: as it is.
    Open,
    /// Of what is sensitive about a place: by region, of enough places.
    Sensitive,
    /// For those who see exact figures: quality of the data, or told elsewhere.
    Internal,
}

/// An indicator that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// Its id in `schemas/indicators.csv`.
    pub id: &'static str,
    /// The dataset whose units it is about.
    pub dataset: &'static str,
    /// What kind of figure it is.
    pub kind: Kind,
    /// Who may read how much.
    pub reach: Reach,
    /// Whether it depends on the day that is asked about.
    pub on_day: bool,
}

const fn served(id: &'static str, dataset: &'static str, kind: Kind, reach: Reach) -> Served {
    Served { id, dataset, kind, reach, on_day: false }
}

const fn on_day(it: Served) -> Served {
    Served { on_day: true, ..it }
}

/// Those of persons whose codes are a dimension of the counts are internal: published twice they would be
/// two samples of one number.
const SERVED: [Served; 31] = [
    served("R1", "orpailleurs", Kind::Codes, Reach::Persons),
    served("R2", "sites", Kind::Codes, Reach::Open),
    served("R3", "enfants", Kind::Codes, Reach::Internal),
    served("R5", "orpailleurs", Kind::Codes, Reach::Persons),
    served("R10", "enfants", Kind::Share, Reach::Persons),
    served("R11", "enfants", Kind::Share, Reach::Persons),
    served("R12", "enfants", Kind::Codes, Reach::Persons),
    served("R13", "enfants", Kind::Share, Reach::Persons),
    served("R13b", "enfants", Kind::Share, Reach::Persons),
    served("R14", "enfants", Kind::Share, Reach::Persons),
    served("R15", "enfants", Kind::Codes, Reach::Internal),
    served("R17", "enfants", Kind::Share, Reach::Persons),
    served("R17b", "enfants", Kind::Share, Reach::Persons),
    served("R18", "enfants", Kind::Share, Reach::Persons),
    served("R19", "enfants", Kind::Share, Reach::Persons),
    served("R19b", "enfants", Kind::Share, Reach::Persons),
    served("R24", "orpailleurs", Kind::Share, Reach::Persons),
    served("R25", "orpailleurs", Kind::Share, Reach::Persons),
    served("R26", "orpailleurs", Kind::Share, Reach::Persons),
    served("R30", "cooperatives", Kind::Codes, Reach::Open),
    on_day(served("R31", "cooperatives", Kind::Share, Reach::Open)),
    served("R32", "cooperatives", Kind::Share, Reach::Open),
    on_day(served("R33", "cooperatives", Kind::Share, Reach::Open)),
    on_day(served("R34", "sites", Kind::Codes, Reach::Open)),
    served("R40", "sites", Kind::PerThousand, Reach::Sensitive),
    served("R41", "sites", Kind::Share, Reach::Sensitive),
    served("R42", "sites", Kind::Share, Reach::Sensitive),
    served("R43", "sites", Kind::Median, Reach::Open),
    served("R50", "orpailleurs", Kind::Ages, Reach::Internal),
    served("R51", "orpailleurs", Kind::Ages, Reach::Internal),
    served("R53", "orpailleurs", Kind::Share, Reach::Internal),
];

/// Where the published codes of a figure are taken from, when they are those of another: what is told
/// twice must be told with the same noise.
#[derive(Clone, Copy, Debug)]
pub struct Derived {
    /// The part of the figure.
    pub part: &'static str,
    /// The indicator and part that it is derived from, spelled `R12.ilo`.
    pub from: &'static str,
    codes: &'static [(&'static str, &'static str)],
}

impl Derived {
    /// What a code of that one is here; none: it is not counted.
    pub fn code(&self, of: &str) -> Option<&'static str> {
        self.codes.iter().find(|(known, _)| *known == of).map(|(_, code)| *code)
    }
}

/// The parts of an indicator of persons that are derived from published statuses of children.
pub fn derived(id: &str) -> Vec<Derived> {
    match id {
        "R10" => vec![Derived { part: "", from: "R12.ilo", codes: &EMPLOYED }],
        "R13" => vec![
            Derived { part: "ilo", from: "R12.ilo", codes: &LABOUR },
            Derived { part: "national", from: "R12.national", codes: &LABOUR },
        ],
        "R14" => vec![Derived { part: "", from: "R12.ilo", codes: &HAZARDOUS }],
        _ => Vec::new(),
    }
}

const EMPLOYED: [(&str, &str); 5] = [
    ("not_working", "no"),
    ("permitted", "yes"),
    ("child_labour_other", "yes"),
    ("hazardous", "yes"),
    ("undetermined", "yes"),
];

const LABOUR: [(&str, &str); 5] = [
    ("not_working", "no"),
    ("permitted", "no"),
    ("child_labour_other", "yes"),
    ("hazardous", "yes"),
    ("undetermined", "unknown"),
];

const HAZARDOUS: [(&str, &str); 4] = [
    ("permitted", "no"),
    ("child_labour_other", "no"),
    ("hazardous", "yes"),
    ("undetermined", "unknown"),
];

/// Whether a part is published by itself.
pub fn is_published(indicator: &str, part: &str) -> bool {
    let persons = SERVED.iter().any(|s| s.id == indicator && s.reach == Reach::Persons);
    persons && !derived(indicator).iter().any(|derived| derived.part == part)
}

/// Every indicator that can be asked for.
pub fn all_served() -> impl Iterator<Item = &'static Served> {
    SERVED.iter()
}

/// Why an indicator of the list is not computed here.
pub fn not_served(id: &str) -> Option<&'static str> {
    Some(match id {
        "R4" => {
            "the sum of R5 (adults at work) and R10 (children in employment), which are read apart"
        }
        "R20" => {
            "needs a day of enumeration for each site; the estimate of workers stands in the site's record"
        }
        "R21" => "see /v1/quality/coverage",
        "R22" => "needs the households, which the register does not link yet",
        "R23" => "declared figures; no denominator of anything",
        "R27" => "needs cooperatives and their members in one pass",
        "R28" => "needs the design weights of the sample, which the register does not hold",
        "R29" | "R29b" => "of the sample of the study: needs its design weights",
        "R52" => "needs enumerators, who are no dimension of what is counted",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_derived_from_a_published_figure_is_not_published_again() {
        use crate::indicators::Status;
        let statuses = [
            Status::NotWorking,
            Status::Permitted,
            Status::ChildLabourOther,
            Status::Hazardous,
            Status::Undetermined,
        ];
        for status in statuses {
            let expected = match status.is_child_labour() {
                Some(true) => "yes",
                Some(false) => "no",
                None => "unknown",
            };
            let rate = &derived("R13")[0];
            assert_eq!(rate.code(status.code()), Some(expected));
        }
        assert!(is_published("R12", "ilo") && is_published("R14", "water"));
        assert!(!is_published("R13", "ilo") && !is_published("R14", "") && !is_published("R3", ""));
    }

    #[test]
    fn every_indicator_is_served_or_says_why_not() {
        for indicator in sanu_schemas::indicators() {
            let served = all_served().any(|served| served.id == indicator.id);
            assert_ne!(served, not_served(&indicator.id).is_some(), "{}", indicator.id);
        }
    }
}
