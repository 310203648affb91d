//! What the engine promises, seen from outside: the cases of the field, replay, removal, snapshots, hostile input.

use super::*;

fn miner<'a>(given: &'a str, surname: &'a str, birth: &'a str) -> Registration<'a> {
    Registration {
        given,
        surname,
        birth,
        sex: Some(Sex::Male),
        birth_place: "Kouroussa",
        cercle: "Kangaba",
        site: "KOU-001",
        father: "Adama",
        mother: "Sira Keïta",
        ..Registration::default()
    }
}

fn resolver() -> Resolver {
    Resolver::new(Model::default(), Policy::default())
}

/// Adds two registrations and compares them.
fn compared(a: &Registration<'_>, b: &Registration<'_>) -> Comparison {
    let mut resolver = resolver();
    let (a, b) = (resolver.add(a), resolver.add(b));
    let comparison = resolver.compare(a, b).expect("both were just added");
    let listed = resolver.matches(b).into_iter().find(|m| m.other == a);
    match listed {
        Some(m) => assert_eq!((m.verdict, m.stops), (comparison.verdict, comparison.stops)),
        None => assert_eq!(comparison.verdict, Verdict::Unrelated),
    }
    comparison
}

#[test]
fn a_name_spelt_differently_with_same_year_mother_and_village_goes_to_review_on_top() {
    let a = miner("Amadou Sanoussi", "DAFPE", "1991");
    let b = miner("Amadou Sanoussy", "Daffé", "1991-01-01");

    let comparison = compared(&a, &b);

    assert_eq!(comparison.verdict, Verdict::Review);
    assert!(comparison.probability > 0.95, "{comparison:#?}");
}

#[test]
fn homonyms_of_different_mothers_are_not_merged() {
    let a = Registration { mother: "Fanta Diallo", ..miner("Moussa", "Traoré", "1998") };
    let b = Registration { mother: "Oumou Konaté", ..miner("Moussa", "Traoré", "1998") };

    let comparison = compared(&a, &b);

    assert_ne!(comparison.verdict, Verdict::Same);
    assert!(comparison.stops.contains(Stop::Mother));
    let same_mother = compared(&a, &Registration { mother: "Fanta Diallo", ..b });
    assert!(
        comparison.total < same_mother.total - 3.0,
        "{} {}",
        comparison.total,
        same_mother.total
    );
}

#[test]
fn twins_are_never_one() {
    let a = Registration { card: "ORP-0001-7", ..miner("Fousseyni", "Coulibaly", "2001-03-04") };
    let b = Registration { card: "ORP-0002-5", ..miner("Lassana", "Coulibaly", "2001-03-04") };

    assert_eq!(compared(&a, &b).verdict, Verdict::Twins);
    let assane = Registration { given: "Assane", ..a };
    let ousseyni = Registration { given: "Ousseyni", ..b };
    assert_eq!(compared(&assane, &ousseyni).verdict, Verdict::Twins);
}

#[test]
fn one_nina_on_two_sexes_is_reviewed_and_never_automatic() {
    let a = Registration {
        nina: "19460279162633N",
        nina_seen: true,
        ..miner("Adama", "Diarra", "1994")
    };
    let b = Registration { sex: Some(Sex::Female), ..a };

    let comparison = compared(&a, &b);

    assert_eq!(comparison.verdict, Verdict::Review);
    assert!(comparison.stops.contains(Stop::Sex));
}

#[test]
fn a_married_womans_two_forms_of_name_are_reviewed() {
    let a = Registration {
        sex: Some(Sex::Female),
        ..miner("Djénéba", "Mme DIARRA née SAMAKE", "1988")
    };
    let b = Registration { sex: Some(Sex::Female), ..miner("SAMAKE", "Djénéba", "1988") };

    assert_eq!(compared(&a, &b).verdict, Verdict::Review);
}

#[test]
fn a_child_who_is_also_a_miner_is_linked_and_its_age_reviewed() {
    let a = Registration { kind: Kind::Child, ..miner("Issa", "Sangaré", "2009-05-06") };
    let b = miner("Issa", "Sangaré", "2008-05-06");

    let comparison = compared(&a, &b);

    assert_eq!(comparison.verdict, Verdict::AgeReview);
    assert!(comparison.stops.contains(Stop::MinerAndChild));
}

#[test]
fn two_children_are_never_automatic_even_with_one_card() {
    let a = Registration { kind: Kind::Child, card: "C-1", ..miner("Issa", "Sangaré", "2015") };

    assert_eq!(compared(&a, &a).verdict, Verdict::Review);
}

#[test]
fn the_same_card_on_two_sites_is_one_person() {
    let february = Registration {
        card: "ORP-0007-1",
        at: Some(1_770_000_000),
        ..miner("Modibo", "Keïta", "1990")
    };
    let may = Registration { site: "KEN-014", at: Some(1_777_700_000), ..february };

    assert_eq!(compared(&february, &may).verdict, Verdict::Same);
}

#[test]
fn the_same_nina_decides_only_when_a_document_was_seen() {
    let seen = Registration {
        nina: "19460279162633N",
        nina_seen: true,
        ..miner("Modibo", "Keïta", "1990")
    };

    assert_eq!(compared(&seen, &seen).verdict, Verdict::Same);
    assert_eq!(
        compared(&seen, &Registration { nina_seen: false, ..seen }).verdict,
        Verdict::Review
    );
}

#[test]
fn near_identical_registrations_of_one_device_within_minutes_are_flagged_as_perhaps_made_up() {
    let first =
        Registration { device: "T1", at: Some(1_770_000_000), ..miner("Modibo", "Keïta", "1990") };
    let second = Registration { at: Some(1_770_000_240), ..first };

    assert!(compared(&first, &second).stops.contains(Stop::Fabrication));
}

#[test]
fn father_and_son_of_one_name_are_never_one() {
    let father = Registration { card: "X-1", ..miner("Bakary", "Koné", "1970") };
    let son = Registration { card: "X-1", ..miner("Bakary", "Koné", "1995") };

    let comparison = compared(&father, &son);

    assert!(comparison.stops.contains(Stop::Generation));
    assert_ne!(comparison.verdict, Verdict::Same);
}

#[test]
fn the_lines_of_an_account_add_up_to_its_total() {
    let comparison =
        compared(&miner("Amadou", "Diallo", "1991"), &miner("Ahmed", "Jallow", "vers 1993"));

    let sum: f32 = comparison.fields.iter().map(|line| line.weight).sum();

    assert!((sum - comparison.total).abs() < 1e-3);
    assert!(comparison.fields.iter().all(|l| !l.words_fr.is_empty() && !l.words_en.is_empty()));
}

/// A village of people, some registered twice with other spellings. Fixed: everything follows from the number.
fn census(people: usize) -> Vec<[String; 8]> {
    const GIVEN: [&str; 16] = [
        "Moussa", "Mamadou", "Amadou", "Seydou", "Oumar", "Bakary", "Issa", "Adama", "Modibo",
        "Drissa", "Lassana", "Siaka", "Yacouba", "Karim", "Salif", "Madani",
    ];
    const SURNAME: [&str; 12] = [
        "Traoré",
        "Coulibaly",
        "Diarra",
        "Keïta",
        "Konaté",
        "Camara",
        "Sissoko",
        "Dembélé",
        "Touré",
        "Cissé",
        "Doumbia",
        "Diallo",
    ];
    const OTHERWISE: [(&str, &str); 4] = [("ou", "u"), ("é", "e"), ("c", "k"), ("ss", "s")];
    let mut rows = Vec::new();
    for i in 0..people {
        let pick = |salt: u64, n: usize| {
            let hash = hashing::hash_of(&[u64::try_from(i).expect("small"), salt]);
            usize::try_from(hash % u64::try_from(n).expect("small")).expect("small")
        };
        let row = [
            GIVEN[pick(1, 16)].to_owned(),
            SURNAME[pick(2, 12)].to_owned(),
            format!("{}", 1950 + pick(3, 60)),
            format!("Village{}", pick(4, 40)),
            GIVEN[pick(5, 16)].to_owned(),
            format!("{} {}", ["Awa", "Sira", "Fanta", "Oumou"][pick(6, 4)], SURNAME[pick(7, 12)]),
            if pick(8, 2) == 0 {
                format!("1{:013}", 7919 * (i + 1) * 1_000_003 % 9_999_999_999_999)
            } else {
                String::new()
            },
            format!("7{:07}", pick(9, 9_999_999)),
        ];
        if pick(10, 8) == 0 {
            let mut again = row.clone();
            let (from, to) = OTHERWISE[pick(11, 4)];
            again[0] = again[0].replace(from, to);
            again[1] = again[1].to_uppercase();
            rows.push(again);
        }
        rows.push(row);
    }
    rows
}

fn registration(row: &[String; 8]) -> Registration<'_> {
    let [given, surname, birth, birth_place, father, mother, nina, phone] = row;
    Registration {
        given,
        surname,
        birth,
        birth_place,
        phone,
        nina,
        father,
        mother,
        ..Registration::default()
    }
}

fn resolved(rows: &[[String; 8]]) -> Resolver {
    let mut resolver = resolver();
    for row in rows {
        resolver.add(&registration(row));
    }
    resolver
}

fn all_matches(resolver: &Resolver) -> Vec<Vec<Match>> {
    (0..u32::try_from(resolver.records().len()).expect("small"))
        .map(|i| resolver.matches(RecordNo(i)))
        .collect()
}

#[test]
fn one_by_one_finds_what_batch_finds() {
    let rows = census(1500);
    let resolver = resolved(&rows);
    let mut records = Records::new();
    for row in &rows {
        records.push(&registration(row));
    }
    records.settle();
    let policy = Policy { threads: 2, ..Policy::default() };

    let batch = link(&records, &Model::default(), &policy, &[], &|_| ());

    let mut one_by_one: Vec<(RecordNo, RecordNo, u32)> = Vec::new();
    for (i, matches) in (0u32..).zip(all_matches(&resolver)) {
        let kept =
            matches.iter().filter(|m| m.other < RecordNo(i) && m.probability >= policy.review);
        one_by_one.extend(kept.map(|m| (m.other, RecordNo(i), m.weight.to_bits())));
    }
    let mut batch: Vec<_> = batch.pairs.iter().map(|p| (p.a, p.b, p.weight.to_bits())).collect();
    one_by_one.sort_unstable();
    batch.sort_unstable();
    assert!(batch.len() > 100);
    assert_eq!(one_by_one, batch);
}

#[test]
fn adding_and_removing_leaves_no_trace() {
    let rows = census(300);
    let mut resolver = resolved(&rows);
    let before = all_matches(&resolver);

    let added: Vec<RecordNo> =
        rows.iter().take(40).map(|row| resolver.add(&registration(row))).collect();
    assert_ne!(before, all_matches(&resolver).into_iter().take(rows.len()).collect::<Vec<_>>());
    for record in &added {
        assert!(resolver.remove(*record));
        assert!(!resolver.remove(*record));
    }

    let after = all_matches(&resolver);
    assert_eq!(before, after.into_iter().take(rows.len()).collect::<Vec<_>>());
    assert!(added.iter().all(|r| resolver.matches(*r).is_empty()));
}

#[test]
fn asking_is_not_adding() {
    let rows = census(200);
    let mut resolver = resolved(&rows);
    let before = all_matches(&resolver);

    let found = resolver.matches_of(&registration(&rows[7]));

    assert!(found.iter().any(|m| m.other == RecordNo(7)));
    assert_eq!(before, all_matches(&resolver));
}

/// What is found of each of these, by the numbers they had.
fn found_of(resolver: &Resolver, had: &[RecordNo]) -> Vec<(RecordNo, RecordNo, f32)> {
    let of = |number: u32| {
        let found = resolver.matches(RecordNo(number)).into_iter();
        let own = had[RecordNo(number).index()];
        found.map(move |m| (own, had[m.other.index()], m.weight)).collect::<Vec<_>>()
    };
    (0..u32::try_from(had.len()).unwrap()).flat_map(of).collect()
}

#[test]
fn a_snapshot_comes_back_whole_and_a_broken_one_is_refused() {
    let mut resolver = resolved(&census(200));
    resolver.remove(RecordNo(3));
    let [miners, children] = [Kind::Miner, Kind::Child].map(|kind| resolver.snapshot(kind));

    let (back, had) =
        Resolver::restore(&[&miners, &children], Model::default(), Policy::default()).unwrap();

    let all: Vec<RecordNo> = (0..resolver.records().len()).map(RecordNo::at).collect();
    assert_eq!(had, all.iter().copied().filter(|n| *n != RecordNo(3)).collect::<Vec<_>>());
    assert_eq!(found_of(&resolver, &all), found_of(&back, &had));
    for cut in [0, 5, 8, 100, miners.len() - 1] {
        let broken = Resolver::restore(&[&miners[..cut]], Model::default(), Policy::default());
        assert_eq!(broken.err(), Some(SnapshotError::Format));
    }
    let twice = Resolver::restore(&[&miners, &miners], Model::default(), Policy::default());
    assert_eq!(twice.err(), Some(SnapshotError::Format));
}

#[test]
fn a_snapshot_holds_no_word_of_who_was_taken_out_nor_of_the_other_register() {
    let row = |given: &'static str, kind| Registration {
        kind,
        given,
        surname: "Traoré",
        ..Registration::default()
    };
    let mut resolver = Resolver::new(Model::default(), Policy::default());
    resolver.add(&row("Moussa", Kind::Miner));
    let gone = resolver.add(&row("Zzyxqname", Kind::Miner));
    resolver.add(&row("Qwertine", Kind::Child));
    let holds = |bytes: &[u8], word: &str| {
        let word = fold::fold(word);
        bytes.windows(word.len()).any(|w| w == word.as_bytes())
    };
    assert!(holds(&resolver.snapshot(Kind::Miner), "Zzyxqname"));

    resolver.remove(gone);

    let miners = resolver.snapshot(Kind::Miner);
    assert!(
        holds(&miners, "Moussa") && !holds(&miners, "Zzyxqname") && !holds(&miners, "Qwertine")
    );
    assert!(holds(&resolver.snapshot(Kind::Child), "Qwertine"));
}

#[test]
fn a_model_learns_without_labels_and_survives_json() {
    let mut records = Records::new();
    for row in &census(6000) {
        records.push(&registration(row));
    }
    records.settle();
    let policy = Policy { threads: 2, ..Policy::default() };

    let (model, linkage) = train_and_link(&records, &policy, &[], &|_| ());

    assert_ne!(model.version(), Model::default().version());
    assert_eq!(Model::from_json(&model.to_json()).expect("our own model"), model);
    assert!(Model::from_json("{}").is_err());
    let one_thread = train(&records, &[], &Policy { threads: 1, ..policy });
    assert_eq!(
        one_thread.version(),
        model.version(),
        "learning must not depend on the number of threads"
    );
    let found = 1.0 - linkage.report.expected_people / 6750.0;
    assert!((0.08..0.14).contains(&found), "about one in nine is a repeat, found {found}");
}

#[test]
fn reviewers_outrank_the_model() {
    let mut records = Records::new();
    let a = miner("Amadou", "Daffé", "1991");
    let (x, y, z) =
        (records.push(&a), records.push(&a), records.push(&miner("Zan", "Ballo", "1950")));
    let decide = |a, b, decision| Reviewed { a, b, decision };
    let clusters = |reviewed: &[Reviewed]| {
        link(&records, &Model::default(), &Policy::default(), reviewed, &|_| ()).clusters
    };

    assert_eq!(clusters(&[]), [0, 0, 2]);
    assert_eq!(clusters(&[decide(x, y, Decision::Different)]), [0, 1, 2]);
    assert_eq!(
        clusters(&[decide(x, z, Decision::Same), decide(x, y, Decision::Relative)]),
        [0, 1, 0]
    );
}

/// Links hostile registrations and returns how many pairs were compared.
fn compared_pairs<'a>(registrations: impl Iterator<Item = Registration<'a>>) -> u64 {
    let mut records = Records::new();
    for registration in registrations {
        records.push(&registration);
    }
    records.settle();
    link(&records, &Model::default(), &Policy { threads: 2, ..Policy::default() }, &[], &|_| ())
        .report
        .candidates
}

#[test]
fn hostile_blocks_cost_linear_time() {
    let identical = |n| {
        let one = Registration {
            phone: "76000000",
            nina: "19460279162633N",
            ..miner("Moussa", "Traoré", "1990-02-03")
        };
        compared_pairs(std::iter::repeat_n(one, n))
    };
    let (small, large) = (identical(1000), identical(4000));
    assert!(large < small * 5, "{small} pairs for 1000, {large} for 4000");

    let village: Vec<String> = (0..5000).map(|i| format!("199{}", i % 10)).collect();
    let same_village = |n: usize| {
        compared_pairs(
            village
                .iter()
                .take(n)
                .map(|year| Registration { birth: year, ..miner("", "Traoré", "") }),
        )
    };
    let (small, large) = (same_village(1250), same_village(5000));
    assert!(large < small * 5, "{small} pairs for 1250, {large} for 5000");
}

#[test]
fn near_identical_registrations_resolve_one_by_one_within_bounds() {
    let mut resolver = resolver();
    let names: Vec<String> =
        (0..2000).map(|i| format!("Moussa{}", ["", "a", "h", "s"][i % 4])).collect();
    for name in &names {
        let record = resolver.add(&miner(name, "Traoré", "1990-01-01"));
        assert!(resolver.matches(record).len() < 1000, "what is looked at is bounded");
    }
}

#[test]
fn nothing_that_can_be_typed_makes_it_panic() {
    let long = "É".repeat(10_000);
    let texts = [
        "",
        " ",
        "-",
        "'",
        "\u{200b}",
        &long,
        "ߡߎ߬ߛߊ",
        "موسى",
        "Моusса",
        "9999999999999999999999",
        "\u{0}",
        "dit",
        "Mme née",
        "e\u{301}",
    ];
    let mut resolver = resolver();

    for text in texts {
        let all = Registration {
            given: text,
            surname: text,
            alias: text,
            birth: text,
            birth_place: text,
            cercle: text,
            nationality: text,
            phone: text,
            nina: text,
            card: text,
            site: text,
            cooperative: text,
            father: text,
            mother: text,
            device: text,
            ..Registration::default()
        };
        let record = resolver.add(&all);
        resolver.matches(record);
        resolver.compare(record, RecordNo(0)).expect("both are there");
    }
    assert!(resolver.matches(RecordNo(9999)).is_empty());
    assert!(resolver.compare(RecordNo(0), RecordNo(9999)).is_none());
}

#[test]
fn keys_do_not_see_case_accents_or_hyphens() {
    let plain = miner("Mamadou Lamine", "Keita", "1990");
    for (given, surname) in [
        ("MAMADOU LAMINE", "KEÏTA"),
        ("Mamadou-Lamine", "Ke\u{301}ita"),
        ("mamadou  lamine", "KEITA"),
    ] {
        let mut records = Records::new();
        let (a, b) = (records.push(&plain), records.push(&miner(given, surname, "1990")));
        let keys = |r| {
            let row = records.row(r).expect("just added");
            keys::keys_of(&records.words, row, sketch::Glance::Strict)
        };
        assert_eq!(keys(a), keys(b), "{given} {surname}");
    }
}
