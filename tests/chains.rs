//! Versions of one submission that come in any order are one record, which stands as its newest version.

use sanu::simulate::Submission;
use serde_json::Value;

use crate::{
    register::hashes,
    reviews::Reviewer,
    support::{
        Server, native,
        xml::{between, census, edited, site, site_id, submit},
    },
};

/// Every order in which three versions can come.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// The instance id of a version of the submission of this number.
fn instance(number: u32, version: u32) -> String {
    format!("uuid:00000000-0000-4000-8000-{version}{number:011}")
}

/// Three versions of the census of a site: each replaces the one before it, under a name of its own; the third
/// leaves one answer out.
fn versions(number: u32) -> [Submission; 3] {
    let first = site(number);
    let named = |of: &Submission, instance_id: &str, name: &str| {
        let mut next = edited(of, instance_id);
        next.xml = next.xml.replace(&format!(">Site {number}<"), &format!(">{name}<"));
        next
    };
    let second = named(&first, &instance(number, 2), "Deuxième nom");
    let mut third = named(&first, &instance(number, 3), "Troisième nom");
    third.xml = third.xml.replace(&first.instance_id, &second.instance_id);
    let price =
        between(&third.xml, "<gold_price>", "</gold_price>").expect("the price is answered");
    third.xml = third.xml.replace(&format!("<gold_price>{price}</gold_price>"), "<gold_price/>");
    [first, second, third]
}

/// So many versions of a submission, each replacing the one before it; `renamed` makes the version of this number.
fn chain(
    first: &Submission,
    length: usize,
    renamed: impl Fn(&str, usize) -> String,
) -> Vec<Submission> {
    let mut chain = vec![first.clone()];
    for version in 1..length {
        let id = first.instance_id.replacen("uuid:", &format!("uuid:{version}-"), 1);
        let former = chain.last().map(|s| s.instance_id.clone()).expect("a chain begins");
        let named = format!("<deprecatedID>{former}</deprecatedID><instanceID>{id}<");
        let xml = first.xml.replace(&format!("<instanceID>{}<", first.instance_id), &named);
        assert_ne!(xml, first.xml);
        chain.push(Submission { xml: renamed(&xml, version), instance_id: id, ..first.clone() });
    }
    chain
}

/// Orders in which a long chain may come: its own; every other version, then those between from the end: each joins
/// everything that is later; a mixture of both.
fn orders(length: usize) -> [Vec<usize>; 3] {
    let between = (0..length).filter(|v| v % 2 == 1).rev();
    let backwards = (0..length).filter(|v| v % 2 == 0).chain(between).collect();
    let mixed = (0..length).map(|at| (at * 23 + 5) % length).collect();
    [(0..length).collect(), backwards, mixed]
}

/// What the register says of a site, without what tells when it came, and where among the others it is.
fn shown(server: &Server, number: u32) -> String {
    let id = site_id(number).replace('-', "");
    let sql = if server.database_url.is_some() {
        format!(
            "SELECT label, props, status, district, commune_2023, review FROM entity WHERE entity_id = '{}'",
            site_id(number)
        )
    } else {
        format!(
            "SELECT label, props, status, district, commune_2023, review FROM entity WHERE hex(entity_id) = upper('{id}')"
        )
    };
    let said = server.sql(&sql);
    let latitude = between(&said, "\"lat\":", ",").map(str::to_owned);
    latitude.map_or_else(|| said.clone(), |latitude| said.replace(&latitude, "-"))
}

/// One submission as reviewers read it.
fn read(reviewer: &Reviewer<'_>, instance_id: &str) -> Value {
    let answer = reviewer.get(&format!("/v1/reviews/submissions/{instance_id}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

on_both! {
    fn versions_in_any_order_are_one_record_that_stands_as_the_newest(server) {
        let mut server = server;
        let phone = server.phone("agent-1", None);
        let reviewer = Reviewer::new(&server, "chef", "data_manager", None);
        for (order, number) in ORDERS.iter().zip(70..) {
            let versions = versions(number);
            for (place, version) in order.iter().enumerate() {
                // Each comes twice, over one door or the other, once before the next is applied.
                if (place + usize::try_from(number).unwrap()) % 2 == 0 {
                    assert_eq!(submit(&phone.url, &versions[*version].xml).status, 201);
                } else {
                    native::push(&server, &phone.token, vec![native::record(&versions[*version])]);
                }
                if number % 3 == 0 {
                    server.settled();
                }
                assert_eq!(submit(&phone.url, &versions[*version].xml).status, 201);
            }
            server.settled();
            // Resends after everything is there change nothing.
            for version in &versions {
                assert_eq!(submit(&phone.url, &version.xml).status, 201, "{order:?}");
            }
        }
        server.settled();

        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "6", "each chain is one record");
        assert_eq!(server.count("sites"), 6);
        let expected = shown(&server, 70);
        assert!(expected.contains("Troisième nom") && !expected.contains("gold_price"), "{expected}");
        for (order, number) in ORDERS.iter().zip(70..) {
            assert_eq!(shown(&server, number), expected, "{order:?}");
            let now = read(&reviewer, &instance(number, 3));
            for version in [instance(number, 2), site(number).instance_id] {
                assert_eq!(read(&reviewer, &version)["submission_id"], now["submission_id"], "{order:?}");
            }
            assert_eq!(now["instance_id"], instance(number, 3), "{order:?}");
            assert_eq!(now["versions"].as_array().unwrap().len(), 3, "{order:?}: {now}");
        }
        server.stop();
        let live = server.cli_json(&["derived-hash"]);
        let rebuilt = hashes(&server);
        for (table, hash) in rebuilt {
            assert_eq!(live["hashes"][&table], hash, "{table}: live and rebuilt differ");
        }
        assert_eq!(server.cli_json(&["check"])["wrong_count_cells"], 0);
    }

    fn what_was_said_of_a_later_version_holds_when_the_one_between_comes(server) {
        let phone = server.phone("agent-1", None);
        let reviewer = Reviewer::new(&server, "chef", "supervisor", None);
        let [first, second, third] = versions(80);
        assert_eq!(submit(&phone.url, &first.xml).status, 201);
        assert_eq!(submit(&phone.url, &third.xml).status, 201);
        server.settled();
        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "2", "nothing says yet that they are one");
        reviewer.says(1, &third.instance_id, "reject", "rejected");

        assert_eq!(submit(&phone.url, &second.xml).status, 201);
        server.settled();

        let now = read(&reviewer, &first.instance_id);
        assert_eq!((&now["state"], &now["decisions"][0]["action"]), (&"rejected".into(), &"reject".into()), "{now}");
        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "1");
        assert_eq!(server.count("sites"), 0);
        reviewer.says(2, &first.instance_id, "reopen", "accepted");
        assert!(shown(&server, 80).contains("Troisième nom"), "{}", shown(&server, 80));
        // A fourth version, and files and resends of what stood alone, find it.
        let parent = format!("<deprecatedID>{}</deprecatedID>", second.instance_id);
        let fourth = Submission { xml: third.xml.replace(&parent, ""), ..third.clone() };
        let fourth = edited(&fourth, &instance(80, 4)).xml.replace("Troisième nom", "Quatrième nom");
        assert_eq!(submit(&phone.url, &fourth).status, 201);
        server.settled();
        assert!(shown(&server, 80).contains("Quatrième nom"), "{}", shown(&server, 80));
        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "1");
    }

    fn a_version_of_another_zone_joins_nothing(server) {
        let (here, there) = (server.phone("agent-1", Some("kayes")), server.phone("agent-2", Some("sikasso")));
        let [first, second, third] = versions(81);
        assert_eq!(submit(&here.url, &first.xml).status, 201);
        // Somebody elsewhere who knows the id of a version that is still on its way.
        assert_eq!(submit(&there.url, &third.xml).status, 201);

        assert_eq!(submit(&here.url, &second.xml).status, 201);
        server.settled();

        assert!(shown(&server, 81).contains("Deuxième nom"), "{}", shown(&server, 81));
        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "2");
    }

    fn what_a_version_made_while_it_stood_alone_is_gone_when_it_is_one_with_the_others(server) {
        let mut server = server;
        let phone = server.phone("agent-1", None);
        let studies = census(5, 400).into_iter().filter(|s| s.form_id == "profil").take(ORDERS.len());
        let studies: Vec<Submission> = studies.collect();
        assert_eq!(studies.len(), ORDERS.len(), "the census is too small");
        for (order, (first, number)) in ORDERS.iter().zip(studies.into_iter().zip(60..)) {
            let second = edited(&first, &instance(number, 2));
            let mut third = edited(&first, &instance(number, 3));
            third.xml = third.xml.replace(&format!("<deprecatedID>{}<", first.instance_id), &format!("<deprecatedID>{}<", second.instance_id));
            let versions = [first, second, third];
            for version in order {
                assert_eq!(submit(&phone.url, &versions[*version].xml).status, 201);
                server.settled();
            }
        }

        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "6");
        assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE version > 0"), "6", "one for each chain");
        server.stop();
        let live = server.cli_json(&["derived-hash"]);
        for (table, hash) in hashes(&server) {
            assert_eq!(live["hashes"][&table], hash, "{table}: live and rebuilt differ");
        }
        assert_eq!(server.cli_json(&["check"])["wrong_count_cells"], 0);
    }

    fn a_long_chain_says_in_any_order_what_it_says_in_its_own_and_is_read_by_pages(server) {
        const LENGTH: usize = 57;
        let mut server = server;
        let phone = server.phone("agent-1", None);
        let reviewer = Reviewer::new(&server, "chef", "data_manager", None);
        let mut newest = Vec::new();
        for (order, number) in orders(LENGTH).iter().zip(90..) {
            let label = format!(">Site {number}<");
            let versions = chain(&site(number), LENGTH, |xml, v| xml.replace(&label, &format!(">Nom {v}<")));
            for version in order {
                assert_eq!(submit(&phone.url, &versions[*version].xml).status, 201);
            }
            newest.push(versions.last().unwrap().instance_id.clone());
        }
        server.settled();

        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "3", "each chain is one record");
        assert!(shown(&server, 90).contains("Nom 56"), "{}", shown(&server, 90));
        assert_eq!(shown(&server, 91), shown(&server, 90));
        assert_eq!(shown(&server, 92), shown(&server, 90));
        let records = server.sql("SELECT DISTINCT state, reason, review, violations, dataset FROM record");
        assert_eq!(records.lines().count(), 1, "{records}");
        for id in &newest {
            let last = read(&reviewer, id);
            let page = last["versions"].as_array().unwrap();
            assert_eq!((page.len(), &last["version_count"]), (50, &LENGTH.into()), "the last fifty");
            assert_eq!(page[49]["answers"], last["answers"]);
            let before = reviewer.get(&format!("/v1/reviews/submissions/{id}?before={}", page[0]["version"])).json();
            assert_eq!(before["versions"].as_array().unwrap().len(), LENGTH - 50);
            assert_eq!(before["answers"], last["answers"], "the record stays the newest");
        }
        server.stop();
        let live = server.cli_json(&["derived-hash"]);
        for (table, hash) in hashes(&server) {
            assert_eq!(live["hashes"][&table], hash, "{table}: live and rebuilt differ");
        }
        assert_eq!(server.cli_json(&["check"])["wrong_count_cells"], 0);
    }

    fn a_long_chain_of_a_form_that_names_what_it_makes_after_the_submission_makes_one_thing(server) {
        const LENGTH: usize = 20;
        let mut server = server;
        let phone = server.phone("agent-1", None);
        let studies = census(5, 400).into_iter().filter(|s| s.form_id == "profil").take(3);
        for (order, first) in orders(LENGTH).iter().zip(studies) {
            let versions = chain(&first, LENGTH, |xml, _| xml.to_owned());
            for version in order {
                assert_eq!(submit(&phone.url, &versions[*version].xml).status, 201);
            }
        }
        server.settled();

        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "3");
        assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE version > 0"), "3", "one for each chain");
        server.stop();
        let live = server.cli_json(&["derived-hash"]);
        for (table, hash) in hashes(&server) {
            assert_eq!(live["hashes"][&table], hash, "{table}: live and rebuilt differ");
        }
        assert_eq!(server.cli_json(&["check"])["wrong_count_cells"], 0);
    }
}
