//! k-anonymity for extracts of people: what could single somebody out is generalised, then left out.
//!
//! Local recoding, level by level: whoever shares what is told with at least `k - 1` others keeps it,
//! the others are told less about and asked again. Then l-diversity: where everybody of a group gave
//! the same answer to a sensitive question, knowing the group would tell the answer, and it is left out.

use std::collections::{HashMap, HashSet};

/// People alike in what is told of them, at least.
///
/// Source: rules on who sees what, 5.5.
pub const K: usize = 5;

/// What could single somebody out. An empty text is not told or not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quasi {
    /// Region of 2023.
    pub region: String,
    /// Cercle of 2023.
    pub cercle: String,
    /// Sex.
    pub sex: String,
    /// Five-year age group; coarser where that was needed.
    pub age: String,
    /// Segment of the mining chain.
    pub role: String,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// Rows by how much was taken from them, in the order of [`STEPS`].
    pub rows: Vec<usize>,
    /// Rows left out: too few even when nothing at all was told of them.
    pub dropped: usize,
    /// Sensitive answers left out because a whole group gave the same one, by property.
    pub alike: Vec<(String, usize)>,
}

/// What each level tells, in French, for who reads the extract.
pub const STEPS: [&str; LEVELS] = [
    "cercle, sexe, âge par cinq ans, activité",
    "cercle, sexe, âge par dix ans, activité",
    "région, sexe, âge par dix ans, activité",
    "région, sexe, âge par dix ans",
    "région, sexe",
    "région",
    "rien",
];
const LEVELS: usize = 7;

/// Coarser age groups and what they hold.
pub const TEN_YEARS: [(&str, &str, &[&str]); 6] = [
    ("b18_24", "18-24 ans", &["a18_19", "a20_24"]),
    ("b25_34", "25-34 ans", &["a25_29", "a30_34"]),
    ("b35_44", "35-44 ans", &["a35_39", "a40_44"]),
    ("b45_54", "45-54 ans", &["a45_49", "a50_54"]),
    ("b55_64", "55-64 ans", &["a55_59", "a60_64"]),
    ("b65p", "65 ans et plus", &["a65p"]),
];

fn ten_years(age: &str) -> String {
    let found = TEN_YEARS.iter().find(|(.., of)| of.contains(&age));
    found.map_or(String::new(), |(code, ..)| (*code).to_owned())
}

impl Quasi {
    /// What this level tells.
    fn at(&self, level: usize) -> Self {
        let kept = |text: &String, last: usize| {
            if level <= last { text.clone() } else { String::new() }
        };
        Self {
            region: kept(&self.region, 5),
            cercle: kept(&self.cercle, 1),
            sex: kept(&self.sex, 4),
            age: match level {
                0 => self.age.clone(),
                1..=3 => ten_years(&self.age),
                _ => String::new(),
            },
            role: kept(&self.role, 2),
        }
    }
}

/// What may be told of each row; `None` = nothing, the row is left out.
///
/// Afterwards every combination that is told is told of at least `k` rows.
pub fn generalise(rows: &[Quasi], k: usize) -> (Vec<Option<Quasi>>, Report) {
    let mut told: Vec<Option<Quasi>> = vec![None; rows.len()];
    let mut report = Report { rows: vec![0; LEVELS], ..Report::default() };
    let mut left: Vec<usize> = (0..rows.len()).collect();
    for level in 0..LEVELS {
        let mut groups: HashMap<Quasi, Vec<usize>> = HashMap::new();
        for row in left.drain(..) {
            if let Some(quasi) = rows.get(row) {
                groups.entry(quasi.at(level)).or_default().push(row);
            }
        }
        for (quasi, members) in groups {
            if members.len() < k {
                left.extend(members);
                continue;
            }
            if let Some(rows) = report.rows.get_mut(level) {
                *rows += members.len();
            }
            for row in members {
                if let Some(slot) = told.get_mut(row) {
                    *slot = Some(quasi.clone());
                }
            }
        }
    }
    report.dropped = left.len();
    (told, report)
}

/// Leaves out the sensitive answers of groups in which everybody gave the same one.
///
/// `answers` holds one list per row, an empty text where nothing was answered; the result counts what
/// was left out, per question.
pub fn diversify(told: &[Option<Quasi>], answers: &mut [Vec<String>]) -> Vec<usize> {
    let mut groups: HashMap<&Quasi, Vec<usize>> = HashMap::new();
    for (row, quasi) in told.iter().enumerate() {
        if let Some(quasi) = quasi {
            groups.entry(quasi).or_default().push(row);
        }
    }
    let questions = answers.first().map_or(0, Vec::len);
    let mut left_out = vec![0; questions];
    for members in groups.values() {
        for (question, count) in left_out.iter_mut().enumerate() {
            let of = |row: &usize| answers.get(*row).and_then(|a| a.get(question));
            let different: HashSet<&String> = members.iter().filter_map(of).collect();
            if different.len() > 1 {
                continue;
            }
            for row in members {
                let answer = answers.get_mut(*row).and_then(|a| a.get_mut(question));
                if let Some(answer) = answer.filter(|a| !a.is_empty()) {
                    answer.clear();
                    *count += 1;
                }
            }
        }
    }
    left_out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(cercle: &str, sex: &str, age: &str, role: &str) -> Quasi {
        let region = cercle.split('_').next().unwrap().to_owned();
        let [cercle, sex, age, role] = [cercle, sex, age, role].map(str::to_owned);
        Quasi { region, cercle, sex, age, role }
    }

    fn crowd(seed: u64, count: usize) -> Vec<Quasi> {
        let mut state = seed;
        let mut pick = |of: &[&str]| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
            let i = usize::try_from(state >> 33).unwrap() % of.len();
            of[i].to_owned()
        };
        let ages = ["a18_19", "a20_24", "a25_29", "a30_34", "a35_39", "a60_64", "a65p", ""];
        (0..count)
            .map(|_| {
                let cercle = pick(&["k_1", "k_1", "k_1", "k_2", "s_1", "t_9"]);
                person(
                    &cercle,
                    &pick(&["m", "m", "m", "f"]),
                    &pick(&ages),
                    &pick(&["x", "x", "y", ""]),
                )
            })
            .collect()
    }

    #[test]
    fn every_combination_that_is_told_is_told_of_five_people() {
        for seed in 0..40 {
            for count in [0, 3, 5, 40, 400] {
                let rows = crowd(seed, count);

                let (told, report) = generalise(&rows, K);

                let mut groups: HashMap<&Quasi, usize> = HashMap::new();
                told.iter().flatten().for_each(|q| *groups.entry(q).or_default() += 1);
                assert!(groups.values().all(|n| *n >= K), "seed {seed}, {count} people");
                assert_eq!(report.rows.iter().sum::<usize>() + report.dropped, count);
                assert!(report.dropped < K);
            }
        }
    }

    #[test]
    fn what_is_told_is_true_and_no_more_is_taken_than_needed() {
        let mut rows = vec![person("k_1", "m", "a20_24", "x"); 5];
        rows.extend(vec![person("k_1", "f", "a20_24", "x"); 3]);
        rows.extend(vec![person("k_1", "f", "a18_19", "x"); 2]);
        rows.extend(vec![person("k_2", "m", "a25_29", "y"); 4]);

        let (told, report) = generalise(&rows, K);

        assert_eq!(told[0].as_ref(), Some(&rows[0]));
        let young = Quasi { age: String::from("b18_24"), ..rows[5].clone() };
        assert_eq!((told[5].as_ref(), told[8].as_ref()), (Some(&young), Some(&young)));
        assert_eq!(told[10], None, "four alone in the end");
        assert_eq!((report.rows[0], report.rows[1], report.dropped), (5, 5, 4));
    }

    #[test]
    fn an_answer_that_a_whole_group_gave_is_left_out() {
        let told = vec![Some(person("k_1", "m", "a20_24", "x")); 5];
        let mut answers: Vec<Vec<String>> =
            (0..5).map(|i| vec![String::from("mercury"), i.to_string()]).collect();

        assert_eq!(diversify(&told, &mut answers), [5, 0]);
        assert_eq!(answers[4], ["", "4"]);
    }
}
