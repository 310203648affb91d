//! What holds for the census as a whole, and for a run against a small server.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::{Date, date};

use super::{Census, Submission};
use crate::forms::{Decoded, XForm, decode};

const DAY: Date = date(2026, 11, 21);

fn read(submissions: impl Iterator<Item = Submission>) -> Vec<(Submission, Decoded)> {
    let forms: BTreeMap<&str, XForm> = sanu_schemas::forms()
        .iter()
        .map(|form| (form.id, with_lists(XForm::parse(form.xml).expect(form.id))))
        .collect();
    submissions
        .map(|submission| {
            let decoded = decode(&forms[submission.form_id], submission.xml.as_bytes(), DAY);
            let decoded = decoded.expect(&submission.xml);
            (submission, decoded)
        })
        .collect()
}

/// The form with the lists that ship with it, so that choices and look-ups are checked too.
fn with_lists(mut form: XForm) -> XForm {
    let wanted: Vec<String> = form.wanted_files().map(str::to_owned).collect();
    for file in wanted {
        if let Some(csv) = sanu_schemas::media(&file) {
            form.fill(&file, csv);
        }
    }
    form
}

fn between<'a>(xml: &'a str, open: &str, close: &str) -> Option<&'a str> {
    xml.split_once(open)?.1.split(close).next()
}

#[test]
fn the_same_seed_and_day_give_the_same_bytes() {
    let one: Vec<Submission> = Census::new(5, DAY).submissions(400).collect();
    let same: Vec<Submission> = Census::new(5, DAY).submissions(400).collect();
    let other: Vec<Submission> = Census::new(6, DAY).submissions(400).collect();

    assert_eq!(one.len(), 400);
    assert_eq!(one, same);
    assert!(one.iter().zip(&other).all(|(a, b)| a.instance_id != b.instance_id));
}

#[test]
fn no_submission_breaks_a_rule_of_its_form() {
    for seed in 1..6 {
        for (submission, decoded) in read(Census::new(seed, DAY).submissions(1_000)) {
            assert!(decoded.violations.is_empty(), "{:?} {}", decoded.violations, submission.xml);
            assert!(decoded.unknown_nodes.is_empty(), "{:?}", decoded.unknown_nodes);
            assert_eq!(decoded.attachments, Vec::<String>::new());
            assert_eq!(decoded.envelope.form_id, submission.form_id);
            assert_eq!(decoded.envelope.version, submission.version);
            assert_eq!(decoded.envelope.instance_id.as_ref(), Some(&submission.instance_id));
        }
    }
}

#[test]
fn sites_and_cooperatives_come_first_and_then_mostly_miners() {
    let ids: Vec<&str> = Census::new(1, DAY).submissions(5_000).map(|it| it.form_id).collect();
    let count = |id| ids.iter().filter(|it| **it == id).count();

    let (sites, cooperatives) = (count("site"), count("cooperative"));
    assert!(ids[..sites].iter().all(|id| *id == "site"));
    assert!(ids[sites..sites + cooperatives].iter().all(|id| *id == "cooperative"));
    assert!((4_050..4_350).contains(&count("orpailleur")), "{}", count("orpailleur"));
    assert!((280..420).contains(&count("enfant")), "{}", count("enfant"));
    assert!((140..260).contains(&count("visite_site")), "{}", count("visite_site"));
    assert!((140..260).contains(&count("profil")), "{}", count("profil"));
}

#[test]
fn every_site_that_is_named_has_been_listed() {
    let submissions: Vec<Submission> = Census::new(2, DAY).submissions(1_000).collect();
    let listed: HashSet<&str> = submissions
        .iter()
        .filter(|it| it.form_id == "site")
        .filter_map(|it| between(&it.xml, "create=\"1\" id=\"", "\""))
        .collect();

    assert!(listed.len() > 10);
    for submission in submissions.iter().filter(|it| it.form_id != "site") {
        if let Some(id) = between(&submission.xml, "<site_id>", "<") {
            assert!(listed.contains(id), "{}", submission.xml);
        }
    }
}

#[test]
fn cards_are_unique_and_children_and_profiles_name_cards_given_before() {
    let mut given = HashSet::new();
    let (mut children, mut profiles) = (0, 0);
    for submission in Census::new(3, DAY).submissions(5_000) {
        let xml = &submission.xml;
        match submission.form_id {
            "orpailleur" => {
                let card = between(xml, "<card_no>", "<");
                assert_eq!(card.is_none(), xml.contains("<consent>refused</consent>"));
                assert!(card.is_none_or(|card| given.insert(card.to_owned())), "{card:?}");
            }
            "profil" => {
                assert!(given.contains(between(xml, "<card_no>", "<").unwrap()));
                profiles += 1;
            }
            "enfant" => {
                if let Some(card) = between(xml, "<caregiver_card>", "<") {
                    assert!(given.contains(card), "{card}");
                    children += 1;
                }
            }
            _ => {}
        }
    }
    assert!(children > 200 && profiles > 150, "{children} {profiles}");
}

#[test]
fn some_people_refuse_and_leave_nothing_but_that() {
    let refusals: Vec<(Submission, Decoded)> = read(
        Census::new(4, DAY).submissions(3_000).filter(|it| it.xml.contains(">refused</consent>")),
    );
    let miners = refusals.iter().filter(|(it, _)| it.form_id == "orpailleur").count();

    assert!((40..120).contains(&miners), "{miners}");
    for (submission, decoded) in &refusals {
        assert!(!submission.xml.contains("<b_"), "{}", submission.xml);
        assert!(decoded.entities.iter().all(|entity| !entity.create), "{}", submission.xml);
    }
}

#[test]
fn a_visit_names_the_version_that_the_visits_before_it_made() {
    let mut versions: BTreeMap<String, u32> = BTreeMap::new();
    for visit in Census::new(1, DAY).submissions(3_000).filter(|it| it.form_id == "visite_site") {
        let site = between(&visit.xml, "<site_id>", "<").unwrap().to_owned();
        let base: u32 = between(&visit.xml, "baseVersion=\"", "\"").unwrap().parse().unwrap();
        let known = versions.entry(site).or_insert(1);

        assert_eq!(base, *known);
        *known += 1;
    }
    assert!(versions.values().any(|version| *version > 2));
}

#[test]
fn a_census_of_any_small_size_is_whole() {
    for records in 0..40 {
        assert_eq!(Census::new(1, DAY).submissions(records).count(), records);
    }
}
