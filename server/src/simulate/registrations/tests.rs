//! What a set of registrations promises.

use std::collections::HashMap;

use super::{Compression, Mix, Registrations, Tag, Written, write_registrations};

fn set(seed: u64, count: usize) -> Vec<(Written, super::Truth)> {
    let plan = Registrations::plan(seed, count, Mix::FIELD);
    (0..plan.len())
        .map(|index| {
            let mut written = Written::default();
            let truth = plan.write(index, &mut written).unwrap();
            (written, truth)
        })
        .collect()
}

fn part(set: &[(Written, super::Truth)], is: impl Fn(&Written) -> bool) -> f64 {
    let found = u32::try_from(set.iter().filter(|(written, _)| is(written)).count()).unwrap();
    f64::from(found) / f64::from(u32::try_from(set.len()).unwrap())
}

#[test]
fn one_seed_gives_one_set_and_another_gives_another() {
    assert_eq!(set(1, 300), set(1, 300));
    assert_ne!(set(1, 300)[0].0, set(2, 300)[0].0);
}

#[test]
fn about_one_in_eight_is_somebody_already_registered_up_to_five_times() {
    let mut times: HashMap<u64, usize> = HashMap::new();
    for (_, truth) in set(7, 20_000) {
        *times.entry(truth.person).or_default() += 1;
    }

    let repeats = 20_000 - times.len();
    assert!((2_000..2_900).contains(&repeats), "{repeats}");
    assert_eq!(times.values().max(), Some(&5));
}

#[test]
fn registrations_are_in_the_order_of_time_and_no_id_comes_twice() {
    let set = set(3, 5_000);
    let mut ids: Vec<&str> = set.iter().map(|(written, _)| written.record_id.as_str()).collect();

    assert!(set.windows(2).all(|pair| pair[0].0.at <= pair[1].0.at));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 5_000);
}

#[test]
fn as_much_is_missing_as_on_real_lists() {
    let set = set(5, 20_000);
    let near = |found: f64, told: f64| assert!((found - told).abs() < 0.05, "{found} {told}");

    near(part(&set, |w| w.phone.is_empty()), 0.35);
    near(part(&set, |w| w.nina.is_empty()), 0.60);
    near(part(&set, |w| w.father.is_empty()), 0.12);
    near(part(&set, |w| w.mother.is_empty()), 0.18);
}

#[test]
fn few_family_names_cover_many_people() {
    let set = set(5, 20_000);

    let traore = part(&set, |w| w.surname.to_lowercase().starts_with("traor"));
    assert!((0.06..0.14).contains(&traore), "{traore}");
}

#[test]
fn those_who_are_hard_to_tell_apart_are_there() {
    let set = set(5, 20_000);

    for tag in [Tag::Twin, Tag::Homonym, Tag::HalfSibling, Tag::Namesake] {
        let count = set.iter().filter(|(_, truth)| truth.tag == tag).count();
        assert!(count > 150, "{tag:?} {count}");
    }
    assert!(part(&set, |w| w.given.contains(" dit ")) > 0.005);
    assert!(part(&set, |w| w.surname.to_lowercase().contains("mme ")) > 0.01);
}

#[test]
fn the_two_files_have_a_row_for_every_registration() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Registrations::plan(1, 500, Mix::HARSH);

    let files = write_registrations(&plan, folder.path(), Compression::None, |_| ()).unwrap();

    let lines = |path| std::fs::read_to_string(path).unwrap().lines().count();
    assert_eq!(lines(&files.registrations), 501);
    assert_eq!(lines(&files.truth), 501);
}
