//! What the engine promises about whole lists: bounds on hostile ones, vetoes, quality before anything was learnt, and
//! that the order of arrival hardly matters.

use std::collections::{HashMap, HashSet};

use super::*;
use crate::{
    link::scores,
    simulate::{Mix, Registrations, Written},
};

/// Two registrations of one person whom nothing in a hostile list resembles, in spellings of their own.
fn planted<'a>() -> [Registration<'a>; 2] {
    let first = Registration {
        given: "Zoumana",
        surname: "Kouyaté",
        birth: "1963-07-19",
        birth_place: "Bafoulabé",
        cercle: "Bafoulabé",
        phone: "66778899",
        father: "Famoro",
        mother: "Naïma Dansoko",
        ..Registration::default()
    };
    [
        first,
        Registration { given: "Zumana", surname: "KOUYATE", mother: "Naima Danssokho", ..first },
    ]
}

/// Links a hostile list with a planted pair in its midst; returns the pairs compared per registration.
fn effort<'a>(hostile: impl ExactSizeIterator<Item = Registration<'a>>) -> u64 {
    let [one, other] = planted();
    let half = hostile.len() / 2;
    let mut records = Records::new();
    let a = records.push(&one);
    let mut b = a;
    for (i, registration) in hostile.enumerate() {
        records.push(&registration);
        if i == half {
            b = records.push(&other);
        }
    }
    records.settle();
    let policy = Policy { threads: 2, ..Policy::default() };

    let linkage = link(&records, &Model::default(), &policy, &[], &|_| ());

    assert_eq!(linkage.clusters.len(), records.len(), "nobody is lost");
    assert_eq!(linkage.clusters[b.index()], a.0, "the planted pair is found");
    linkage.report.candidates / u64::try_from(records.len()).expect("small")
}

/// Whatever a list is like, nobody is compared with more than this many others on average: sixteen keys, each with a
/// window at the worst.
const MOST: u64 = 16 * 24;

fn village<'a>() -> Registration<'a> {
    Registration { birth_place: "Kouroussa", cercle: "Kangaba", ..Registration::default() }
}

#[test]
fn ten_thousand_near_identical_registrations_are_bounded() {
    const SPELT: [&str; 5] = ["Moussa", "Mousa", "MOUSSA", "Moussah", "Musa"];
    let all = (0..10_000).map(|i| Registration {
        given: SPELT[i % 5],
        surname: "Traoré",
        birth: "1990-02-03",
        father: "Adama",
        mother: "Sira Keïta",
        ..village()
    });

    assert!(effort(all) <= MOST);
}

#[test]
fn a_village_of_thirty_thousand_is_bounded() {
    let rows = people(30_000);
    let all = rows.iter().map(|[given, surname, year, _]| Registration {
        given,
        surname,
        birth: year,
        ..village()
    });

    assert!(effort(all) <= 40);
}

#[test]
fn everybody_born_on_the_first_of_january_is_bounded() {
    let rows = people(8_000);
    let all = rows.iter().map(|[given, surname, _, place]| Registration {
        given,
        surname,
        birth: "1990-01-01",
        birth_place: place,
        ..Registration::default()
    });

    assert!(effort(all) <= 60);
}

#[test]
fn a_telephone_of_three_thousand_and_names_of_other_scripts_are_bounded() {
    const SCRIPTS: [&str; 4] = ["ߡߎ߬ߛߊ", "موسى", "Моusса", ""];
    let rows = people(3_000);
    let all = rows.iter().enumerate().map(|(i, [given, surname, year, place])| Registration {
        given: if i % 3 == 0 { SCRIPTS[i / 3 % 4] } else { given },
        surname,
        birth: year,
        birth_place: place,
        phone: "76112233",
        ..Registration::default()
    });

    assert!(effort(all) <= 60);
}

#[test]
fn empty_names_and_names_of_ten_thousand_letters_are_bounded() {
    let long = "Moussa".repeat(1_700);
    let texts = ["", &long, " ", "-"];
    let all = (0..3_000).map(|i| Registration {
        given: texts[i % 4],
        surname: texts[i / 4 % 4],
        ..Registration::default()
    });

    assert!(effort(all) <= MOST);
}

/// Given name, surname, year and village of people who have little in common; everything follows from the number.
fn people(count: usize) -> Vec<[String; 4]> {
    const SYLLABLES: [&str; 12] =
        ["ba", "ko", "di", "sa", "mo", "li", "fa", "nou", "ti", "ka", "yo", "ra"];
    let name = |lot: u64| -> String {
        (0..3)
            .map(|i| SYLLABLES[usize::try_from(lot >> (8 * i) & 255).expect("small") % 12])
            .collect()
    };
    (0..u64::try_from(count).expect("small"))
        .map(|i| {
            let lot = |salt| hashing::hash_of(&[i, salt]);
            let year = 1950 + lot(3) % 55;
            [name(lot(1)), name(lot(2)), year.to_string(), name(lot(4))]
        })
        .collect()
}

#[test]
fn no_cluster_holds_what_must_stay_apart_even_through_others() {
    const GIVEN: [&str; 4] = ["Alassane", "Ousseyni", "Awa", "Hawa"];
    const BIRTH: [&str; 4] = ["1990-05-06", "1990", "1972", "2004-05-06"];
    const NINA: [&str; 4] = ["", "", "19460279162633N", "28573418866178B"];
    for seed in 0..60 {
        let pick = |i: u64, salt: u64| hashing::hash_of(&[seed, i, salt]);
        let of = |i, salt| usize::try_from(pick(i, salt) % 4).expect("small");
        let mut records = Records::new();
        for i in 0..12 {
            records.push(&Registration {
                given: GIVEN[of(i, 1)],
                surname: "Traoré",
                birth: BIRTH[of(i, 2)],
                sex: [None, None, Some(Sex::Male), Some(Sex::Female)][of(i, 3)],
                nina: NINA[of(i, 4)],
                kind: if of(i, 5) == 0 { Kind::Child } else { Kind::Miner },
                father: "Adama",
                mother: "Sira Keïta",
                phone: "76112233",
                ..village()
            });
        }
        records.settle();
        let policy = Policy { cluster: 0.01, threads: 1, ..Policy::default() };

        let linkage = link(&records, &Model::default(), &policy, &[], &|_| ());

        let mut sizes: HashMap<u32, u32> = HashMap::new();
        for (i, &x) in linkage.clusters.iter().enumerate() {
            *sizes.entry(x).or_default() += 1;
            for (j, _) in linkage.clusters.iter().enumerate().skip(i + 1).filter(|(_, y)| **y == x)
            {
                let (a, b) = (&records.rows[i], &records.rows[j]);
                let pattern = pattern::compare(&records, &mut words::LikenessCache::small(), a, b);
                let stops = stops::stops(a, b, &pattern);
                assert!(
                    !stops::keep_apart(stops, &pattern, false),
                    "seed {seed}: {i} and {j} in one cluster against {stops:?}"
                );
            }
        }
        assert!(sizes.values().all(|&size| size <= policy.largest_cluster));
    }
}

/// A simulated list and its people.
fn simulated(seed: u64, count: usize) -> (Vec<[String; 8]>, Vec<u32>) {
    let set = Registrations::plan(seed, count, Mix::FIELD);
    let (mut rows, mut people, mut numbers) = (Vec::new(), Vec::new(), HashMap::new());
    let mut written = Written::default();
    for index in 0..set.len() {
        let truth = set.write(index, &mut written).expect("the set is long enough");
        let next = u32::try_from(numbers.len()).expect("small");
        people.push(*numbers.entry(truth.person).or_insert(next));
        let fields: Vec<&str> = written.fields().into_iter().collect();
        rows.push([1, 2, 5, 6, 9, 10, 13, 14].map(|at| fields[at].to_owned()));
    }
    (rows, people)
}

fn registration(
    [given, surname, birth, place, phone, nina, father, mother]: &[String; 8],
) -> Registration<'_> {
    Registration {
        given,
        surname,
        birth,
        birth_place: place,
        phone,
        nina,
        father,
        mother,
        ..Registration::default()
    }
}

#[test]
fn before_anything_was_learnt_clusters_are_right_on_any_seed() {
    for seed in [11, 12, 13] {
        let (rows, people) = simulated(seed, 4_000);
        let mut records = Records::new();
        for row in &rows {
            records.push(&registration(row));
        }
        records.settle();

        let linkage = link(&records, &Model::default(), &Policy::default(), &[], &|_| ());

        let scores = scores(&linkage.clusters, &people);
        assert!(scores.f1 > 0.94, "seed {seed}: {scores:?}");
        assert!(scores.precision > 0.93, "seed {seed}: {scores:?}");
    }
}

#[test]
fn the_order_of_arrival_moves_hardly_any_pair() {
    let (mut rows, _) = simulated(14, 2_000);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&i| hashing::hash_of(&[u64::try_from(i).expect("small")]));
    rows = order.iter().map(|&i| rows[i].clone()).collect();
    let mut resolver = Resolver::new(Model::default(), Policy::default());
    let mut arrived: HashMap<(u32, u32), f32> = HashMap::new();
    for row in &rows {
        let record = resolver.add(&registration(row));
        arrived.extend(
            resolver.matches(record).iter().map(|m| ((m.other.0, record.0), m.probability)),
        );
    }
    let mut records = Records::new();
    for row in &rows {
        records.push(&registration(row));
    }
    records.settle();

    let batch = link(&records, &Model::default(), &Policy::default(), &[], &|_| ());

    let found: HashSet<(u32, u32)> = batch.pairs.iter().map(|p| (p.a.0, p.b.0)).collect();
    let sure = |p: &&ScoredPair| p.probability >= 0.9;
    let missed = batch
        .pairs
        .iter()
        .filter(sure)
        .filter(|p| arrived.get(&(p.a.0, p.b.0)).is_none_or(|&met| met < 0.5))
        .count();
    let only_arrived =
        arrived.iter().filter(|(pair, p)| **p >= 0.9 && !found.contains(pair)).count();
    assert!(batch.pairs.iter().filter(sure).count() > 150);
    assert!(missed <= 2, "{missed} sure pairs of the batch were not seen when they arrived");
    assert!(only_arrived <= 2, "{only_arrived} pairs sure at arrival are none in the batch");
}

#[test]
fn who_is_taken_out_and_put_back_again_and_again_is_found_as_if_never_moved() {
    let (rows, _) = simulated(15, 1_500);
    let mut steady = Resolver::new(Model::default(), Policy::default());
    for row in &rows {
        steady.add(&registration(row));
    }
    // A batch that fails is taken back, and tried again.
    let mut moved = Resolver::new(Model::default(), Policy::default());
    let mut now: Vec<RecordNo> = Vec::new();
    for chunk in rows.chunks(50) {
        for _ in 0..40 {
            let tried: Vec<_> = chunk.iter().map(|row| moved.add(&registration(row))).collect();
            tried.into_iter().rev().for_each(|record| assert!(moved.remove(record)));
        }
        now.extend(chunk.iter().map(|row| moved.add(&registration(row))));
    }

    let number: HashMap<RecordNo, u32> = now.iter().copied().zip(0..).collect();
    let mut pairs = 0;
    for (at, record) in (0..).zip(&now) {
        let there: Vec<_> =
            steady.matches(RecordNo(at)).iter().map(|m| (m.other.0, m.verdict)).collect();
        let mut here: Vec<_> =
            moved.matches(*record).iter().map(|m| (number[&m.other], m.verdict)).collect();
        here.sort_by_key(|(other, _)| there.iter().position(|(of, _)| of == other));
        assert_eq!(here, there, "registration {at}");
        pairs += there.len();
    }
    assert!(pairs > 300, "{pairs}");
}
