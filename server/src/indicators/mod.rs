//! The derived indicators: what the census says, as versioned pure functions.
//!
//! Each function names its indicator (`R12`), whose version, name and source stand in
//! `schemas/indicators.csv`. Callers pass accepted, deduplicated records; what is suppressed before
//! it is shown is decided elsewhere (`counts/`).

mod age;
mod child;
mod counts;
mod coverage;
mod declared;
mod figures;
mod household;
mod migration;
mod organisation;
mod protection;
mod rate;
mod school;
mod served;
mod site;
mod unit;

pub use age::{
    AgeGrade, Ages, Bunching, MIN_PERSONS, age_agrees, bunching_at_17, bunching_at_18, myers,
    whipple,
};
pub use child::{
    ChildLabour, ChildLabourRules, ChildWeek, NationalRules, Status, child_labour,
    child_labour_rate, general_boundary_rate, hazard_kinds, hazardous_share,
};
pub use counts::{
    Activity, Band, Population, Segment, SiteState, activity, segment, state_as_of, tally,
};
pub use coverage::{
    ChildrenFound, Coverage, CoverageFlag, DualSystem, Estimate, Reliability, children_found,
    closest_estimate, coverage_of_area, dual_system,
};
pub use declared::{DECLARED, Declared};
pub use figures::{Figures, Place, Sums};
pub use household::{
    Household, Weighted, demographic_dependency, economic_dependency, fies_score, is_disabled,
};
pub use migration::{Migrant, Movement, NationalityGroup, nationality_group};
pub use organisation::{
    Difference, board_is_overdue, differs_from_declared, is_conform_in, member_difference,
};
pub use protection::{Protection, coverage_rates, covered};
pub use rate::Rate;
pub use school::{School, age_grade_gap, is_delayed};
pub use served::{Derived, Kind, Reach, Served, all_served, derived, is_published, not_served};
pub use site::{
    LicenceState, exceeds_declared_gold, fatality_rate, licence_state, median_distance, uses_toxic,
    uses_worst_practice, weighted_median_distance,
};
pub use unit::{Answers, Outcome, Said, said};
