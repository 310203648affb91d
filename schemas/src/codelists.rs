//! The code lists behind the questions, and the lists of places.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::table;

/// One code of a list and the label people read.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct Code {
    /// The stable code; never changed, never reused.
    #[serde(alias = "name")]
    pub code: String,
    /// The French label.
    #[serde(alias = "label")]
    pub label_fr: String,
}

/// A list of codes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CodeList {
    /// The name of the list, as in the forms.
    pub name: String,
    /// The title people read.
    pub title_fr: String,
    /// The codes, in the order they are offered.
    pub codes: Vec<Code>,
}

macro_rules! tables {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../codelists/", $name, ".csv")))),*]
    };
}

static TABLES: &[(&str, &str)] = tables![
    "access_mode",
    "admin_level_ref",
    "age_band_cl",
    "age_group_std",
    "age_source",
    "armed_presence",
    "assent",
    "asset",
    "backcheck_result",
    "buyer_type",
    "came_with",
    "care_barrier",
    "care_place",
    "caregiver_presence",
    "cercles",
    "change_kind",
    "chemical",
    "child_count_band",
    "child_situation",
    "child_task",
    "childcare_gap",
    "childcare_type",
    "cl_status",
    "communes",
    "consent",
    "consent_mode",
    "cooking_fuel",
    "coop_activity",
    "coop_legal",
    "coop_level",
    "coop_membership_gender",
    "coop_type",
    "country",
    "creditor",
    "dedup_decision",
    "deposit_type",
    "dob_precision",
    "education_level",
    "employment_status",
    "environment_damage",
    "equipment",
    "est_method",
    "evidence",
    "extraction_method",
    "fies",
    "floor",
    "grade",
    "hazard",
    "health_facility",
    "id_type",
    "income_band",
    "income_source",
    "info_source",
    "informant_role",
    "injury_type",
    "intention",
    "interview_result",
    "language",
    "licence_holder",
    "licence_status",
    "lighting",
    "lives_with",
    "marital_status",
    "mercury_practice",
    "migration_reason",
    "mineral",
    "mining_district",
    "month",
    "months_band",
    "need_priority",
    "network",
    "osc_budget",
    "osc_scope",
    "osc_status",
    "osc_theme",
    "osc_type",
    "pay_mode",
    "ppe",
    "previous_place",
    "processing_method",
    "reason_no_school",
    "referral_need",
    "referral_reason",
    "referral_service",
    "regions",
    "rehabilitation",
    "relation_caregiver",
    "rescue_actor",
    "respondent_childcare",
    "review_state",
    "roof",
    "sanitation",
    "saving_place",
    "school_type",
    "security_concern",
    "sex",
    "site_authority",
    "site_legal_status",
    "site_role",
    "site_status",
    "sp_barrier",
    "sp_level",
    "sp_scheme",
    "stay_pattern",
    "tenure",
    "training",
    "travel_funding",
    "visit_type",
    "wall",
    "water_source",
    "wg",
    "work_for",
    "work_time",
    "yes_no",
    "yes_no_dk",
];

/// Returns the code list of that name; `regions`, `cercles` and `communes` are lists too.
pub fn codelist(name: &str) -> Option<CodeList> {
    all().get(name).cloned()
}

/// Codes and French labels of the list that has just these codes, in the order they are offered; empty
/// where there is none. Where several have them, of the first by name.
pub fn labels_of(codes: &[&str]) -> Vec<[String; 2]> {
    let mut wanted = codes.to_vec();
    wanted.sort_unstable();
    let has_them = |list: &&CodeList| {
        let mut own: Vec<&str> = list.codes.iter().map(|c| c.code.as_str()).collect();
        own.len() == wanted.len() && {
            own.sort_unstable();
            own == wanted
        }
    };
    let found = all().values().filter(has_them).min_by_key(|list| &list.name);
    let pair = |c: &Code| [c.code.clone(), c.label_fr.clone()];
    found.map(|list| list.codes.iter().map(pair).collect()).unwrap_or_default()
}

/// The text of every list.
pub(crate) fn tables() -> &'static [(&'static str, &'static str)] {
    TABLES
}

/// Every list by name, parsed once.
pub(crate) fn all() -> &'static HashMap<&'static str, CodeList> {
    static LISTS: OnceLock<HashMap<&'static str, CodeList>> = OnceLock::new();
    LISTS.get_or_init(|| {
        let titles = titles();
        TABLES
            .iter()
            .map(|&(name, text)| {
                let title_fr = titles.get(name).cloned().unwrap_or_default();
                (name, CodeList { name: name.to_owned(), title_fr, codes: table::rows(text) })
            })
            .collect()
    })
}

fn titles() -> HashMap<String, String> {
    #[derive(Deserialize)]
    struct TitleRow {
        list: String,
        title_fr: String,
    }
    table::rows::<TitleRow>(include_str!("../codelists_index.csv"))
        .into_iter()
        .map(|row| (row.list, row.title_fr))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("codelists");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let embedded: BTreeSet<String> =
            TABLES.iter().map(|(name, _)| format!("{name}.csv")).collect();

        assert_eq!(files, embedded);
    }

    #[test]
    fn no_list_repeats_a_code_or_lacks_a_label_or_a_title() {
        for list in all().values() {
            let mut seen = HashSet::new();
            assert!(!list.title_fr.is_empty(), "{}", list.name);
            assert!(!list.codes.is_empty(), "{}", list.name);
            for code in &list.codes {
                assert!(seen.insert(&code.code), "{}: {}", list.name, code.code);
                assert!(!code.label_fr.is_empty(), "{}: {}", list.name, code.code);
            }
        }
    }

    #[test]
    fn a_code_has_its_french_label() {
        let sexes = codelist("sex").unwrap();

        assert_eq!(sexes.codes[0].code, "male");
        assert_eq!(sexes.codes[0].label_fr, "Masculin");
        assert_eq!(codelist("unheard_of"), None);
    }
}
