//! Child labour (R10 to R15), by the statistical standards and by national law side by side.
//!
//! Standards: Resolution II of the 18th International Conference of Labour Statisticians (2008) as
//! amended by the 20th (2018), and the metadata of SDG 8.7.1. The reference period is the 7 days
//! before the interview. Ages 6 to 17 only, so not comparable with series of 5 to 17. No child is
//! told a status, and none is decided on by it: statuses are statistics.

use std::collections::BTreeSet;

use sanu_schemas::attribute;

use super::rate::Rate;

/// What a child did in the 7 days before the interview.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChildWeek<'a> {
    /// Age in completed years.
    pub age: Option<i64>,
    /// Codes of the list `child_task`.
    pub tasks: &'a [&'a str],
    /// Hours of economic work, water and wood for the household apart.
    pub hours_econ: Option<i64>,
    /// Hours for the household's water and wood.
    pub hours_water_wood: Option<i64>,
    /// Hours of household chores.
    pub hours_chores: Option<i64>,
    /// Whether heavy loads were carried.
    pub heavy_loads: bool,
    /// Whether some of the work was at night.
    pub night: bool,
    /// Whether the site was closed: the week is not typical and is shown apart.
    pub site_closed: bool,
}

/// The status of a child (code list `cl_status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Does not work.
    NotWorking,
    /// Works within the limits: light work, or ordinary work from 15.
    Permitted,
    /// Child labour that is not hazardous.
    ChildLabourOther,
    /// Hazardous work.
    Hazardous,
    /// Hours, age or the text of the law are missing.
    Undetermined,
}

impl Status {
    /// Its code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotWorking => "not_working",
            Self::Permitted => "permitted",
            Self::ChildLabourOther => "child_labour_other",
            Self::Hazardous => "hazardous",
            Self::Undetermined => "undetermined",
        }
    }

    /// Whether it is child labour, unless it is undetermined.
    pub const fn is_child_labour(self) -> Option<bool> {
        match self {
            Self::NotWorking | Self::Permitted => Some(false),
            Self::ChildLabourOther | Self::Hazardous => Some(true),
            Self::Undetermined => None,
        }
    }
}

/// The thresholds of the international definition, all compared with "or more".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildLabourRules {
    /// Stored with each status.
    pub version: u32,
    /// Weekly hours that make any work hazardous. UNICEF and SDG publish "43 or more", some texts of
    /// the ILO "more than 43": this is the former.
    pub long_hours: i64,
    /// Weekly hours from which work at 12 to 14 is no longer light.
    pub light_hours: i64,
    /// Weekly hours of chores, water and wood that count up to 14 in the general production boundary
    /// (older rounds of MICS had 28).
    pub chores_hours: i64,
}

impl Default for ChildLabourRules {
    fn default() -> Self {
        Self { version: 1, long_hours: 43, light_hours: 14, chores_hours: 21 }
    }
}

/// What is known of the law of Mali (R15); every figure is to be confirmed by a lawyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NationalRules {
    /// Stored with each status.
    pub version: u32,
    /// Minimum age of work: 15 (law 2017-021 as reported by US DOL; ILO convention 138). The labour
    /// code of 1992, article 187, had 14.
    pub min_age: i64,
    /// Age from which a list of light work exists: 13 (order 2024-2109/MTFPDS-SG of 5 July 2024).
    pub light_age: i64,
}

impl Default for NationalRules {
    fn default() -> Self {
        Self { version: 1, min_age: 15, light_age: 13 }
    }
}

/// Both statuses of one child, with the versions that they were computed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildLabour {
    /// R12, by the international standards.
    pub ilo: Status,
    /// Version of the international rules.
    pub ilo_version: u32,
    /// R13b: child labour in the general production boundary; none when undetermined.
    pub general_boundary: Option<bool>,
    /// R15, by national law as far as it could be read.
    pub national: Status,
    /// Version of the national rules.
    pub national_version: u32,
    /// Whether the reference week is typical: others are shown apart and are in no rate.
    pub is_typical: bool,
}

/// Computes both statuses: neither hides the other.
pub fn child_labour(
    week: &ChildWeek<'_>,
    ilo: &ChildLabourRules,
    national: &NationalRules,
) -> ChildLabour {
    let status = week.ilo_status(ilo);
    ChildLabour {
        ilo: status,
        ilo_version: ilo.version,
        general_boundary: week.in_general_boundary(status, ilo),
        national: week.national_status(status, national),
        national_version: national.version,
        is_typical: !week.site_closed,
    }
}

impl ChildWeek<'_> {
    /// R10: an hour of economic work, or any task of mining, service or agriculture.
    pub fn is_employed(&self) -> bool {
        let economic = |task: &&str| {
            let domain = attribute("child_task", task, "domain");
            matches!(domain, Some("mining" | "service" | "agriculture"))
        };
        self.hours_econ.is_some_and(|hours| hours >= 1) || self.tasks.iter().any(economic)
    }

    /// R11: an hour of chores.
    pub fn is_in_household_services(&self) -> bool {
        self.hours_chores.is_some_and(|hours| hours >= 1)
    }

    /// Mining is a hazardous industry by designation, whatever the hours and the task.
    fn mines(&self) -> bool {
        self.tasks.iter().any(|task| attribute("child_task", task, "domain") == Some("mining"))
    }

    fn has_hazard(&self) -> bool {
        let hazardous = |task: &&str| attribute("child_task", task, "hazardous") == Some("yes");
        self.heavy_loads || self.night || self.tasks.iter().any(hazardous)
    }

    fn works_long(&self, rules: &ChildLabourRules) -> bool {
        self.hours_econ.is_some_and(|hours| hours >= rules.long_hours)
    }

    /// R12: the first that applies.
    fn ilo_status(&self, rules: &ChildLabourRules) -> Status {
        if !self.is_employed() {
            return Status::NotWorking;
        }
        if self.mines() || self.has_hazard() || self.works_long(rules) {
            return Status::Hazardous;
        }
        match (self.age, self.hours_econ) {
            (Some(..=11), _) => Status::ChildLabourOther,
            (Some(12..=14), Some(hours)) if hours >= rules.light_hours => Status::ChildLabourOther,
            (Some(12..=17), Some(_)) => Status::Permitted,
            _ => Status::Undetermined,
        }
    }

    /// R13b: long chores, water and wood make child labour up to 14; there is no threshold above.
    fn in_general_boundary(&self, status: Status, rules: &ChildLabourRules) -> Option<bool> {
        let hours =
            self.hours_water_wood.unwrap_or(0).saturating_add(self.hours_chores.unwrap_or(0));
        let long = self.age? <= 14 && hours >= rules.chores_hours;
        status.is_child_labour().map(|labour| labour || long)
    }

    /// R15: what the law forbids, and where its text is missing, that it is.
    ///
    /// Under 18 hazardous work is forbidden. Under the minimum age all work is, but the order of 2024
    /// lists light work from 13, in gold panning too as one article has it; its list, hours and
    /// conditions could not be read, so that panning (a task whose only hazard is water) and
    /// non-hazardous work are undetermined at 13 and 14.
    fn national_status(&self, ilo: Status, rules: &NationalRules) -> Status {
        if ilo == Status::NotWorking {
            return Status::NotWorking;
        }
        let Some(age) = self.age else {
            return if ilo == Status::Hazardous { ilo } else { Status::Undetermined };
        };
        let light_age = (rules.light_age..rules.min_age).contains(&age);
        match ilo {
            Status::Hazardous if light_age && self.may_be_light() => Status::Undetermined,
            Status::Hazardous => Status::Hazardous,
            _ if light_age => Status::Undetermined,
            _ if age < rules.min_age => Status::ChildLabourOther,
            _ if age < 18 => Status::Permitted,
            _ => Status::Undetermined,
        }
    }

    /// Whether panning in the water is all that makes the week hazardous.
    fn may_be_light(&self) -> bool {
        let light = |task: &&str| {
            matches!(attribute("child_task", task, "hazard_kind"), None | Some("water"))
        };
        let short = self.hours_econ.is_some_and(|hours| hours < 14);
        short && !self.heavy_loads && !self.night && self.tasks.iter().all(light)
    }
}

/// R13: the share of child labour among typical weeks; undetermined ones are the unknown.
pub fn child_labour_rate<'a>(children: impl IntoIterator<Item = &'a ChildLabour>) -> Rate {
    typical(children).map(|child| child.ilo.is_child_labour()).collect()
}

/// R13b: the same in the general production boundary.
pub fn general_boundary_rate<'a>(children: impl IntoIterator<Item = &'a ChildLabour>) -> Rate {
    typical(children).map(|child| child.general_boundary).collect()
}

/// R14: the share of hazardous work among working children.
pub fn hazardous_share<'a>(children: impl IntoIterator<Item = &'a ChildLabour>) -> Rate {
    typical(children)
        .filter(|child| child.ilo != Status::NotWorking)
        .map(|child| child.ilo.is_child_labour().map(|_| child.ilo == Status::Hazardous))
        .collect()
}

fn typical<'a>(
    children: impl IntoIterator<Item = &'a ChildLabour>,
) -> impl Iterator<Item = &'a ChildLabour> {
    children.into_iter().filter(|child| child.is_typical)
}

/// R14, by kind: the hazards of a week, as the list of tasks names them, with night and long hours.
pub fn hazard_kinds(week: &ChildWeek<'_>, rules: &ChildLabourRules) -> BTreeSet<&'static str> {
    let mut kinds: BTreeSet<&'static str> =
        week.tasks.iter().filter_map(|task| attribute("child_task", task, "hazard_kind")).collect();
    kinds.extend(week.heavy_loads.then_some("heavy"));
    kinds.extend(week.night.then_some("night"));
    kinds.extend(week.works_long(rules).then_some("long_hours"));
    kinds
}

#[cfg(test)]
#[path = "child_tests.rs"]
mod tests;
