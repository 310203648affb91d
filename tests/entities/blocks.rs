//! What one block of one submission does.

use super::{
    NO_BRANCH, create, findings, form, publish, records, same_when_rebuilt, says, send, shown,
    study, update, well, wells,
};
use crate::{
    reviews::Reviewer,
    support::{
        places::with_answer,
        request,
        xml::{site, site_id, submit},
    },
};

on_both! {
    fn forms_of_every_version_of_the_specification_create_and_update(server) {
        let mut server = server;
        let phone = server.phone("agent-1", None);
        for (number, spec) in (1..).zip(["2022.1.0", "2023.1.0", "2024.1.0", "2025.1.0", "2025.1.7"]) {
            let id = format!("puits{number}");
            publish(&server, &form(&id, spec, "")).unwrap();
            let of_form = |xml: String| xml.replace("<data id=\"puits\"", &format!("<data id=\"{id}\""));
            send(&phone, &of_form(says(number * 10, &create(number), "Puits", ["A", "oui"])));
            send(&phone, &of_form(says(number * 10 + 1, &update(number, 1, NO_BRANCH), "", ["~", "non"])));
            assert_eq!(shown(&server, &phone, number), "Puits|2|A|non", "{spec}");
        }
        for spec in ["2026.1.0", "2025.2.0", "2021.1.0", "1.0", "2024", "latest"] {
            let said = publish(&server, &form("nouveau", spec, "")).unwrap_err();
            assert!(said.contains("2022.1 to 2025.1"), "{spec}: {said}");
        }
        assert!(!records(&server).contains("flagged"), "{}", records(&server));
        same_when_rebuilt(&mut server);
    }

    fn an_upsert_makes_what_is_not_there_and_changes_what_is(server) {
        let mut server = server;
        let phone = study(&server);
        let upsert = |number, base: &str| format!("create=\"1\" update=\"1\" id=\"{}\" baseVersion=\"{base}\"", well(number));
        let bases = [(1, ""), (2, "1"), (3, "7")];
        for (number, base) in bases {
            send(&phone, &says(number * 10, &upsert(number, base), "Puits", ["A", "oui"]));
            assert_eq!(shown(&server, &phone, number), "Puits|1|A|oui", "base {base}: it is not there");
        }
        for (number, base) in [(1, ""), (2, "1")] {
            send(&phone, &says(number * 10 + 1, &upsert(number, base), "", ["~", "non"]));
            assert_eq!(shown(&server, &phone, number), "Puits|2|A|non", "base {base}: it is there");
        }
        // Two who upsert on the same version contradict each other like any two updates.
        send(&phone, &says(22, &upsert(2, "1"), "", ["B", "peut-être"]));
        assert_eq!(shown(&server, &phone, 2), "Puits|3|B|peut-être");
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let queue = data.get("/v1/reviews/conflicts?level=hard").text();
        assert!(queue.contains(&well(2)) && queue.contains("\"eau\"") && !queue.contains("\"nom\""), "{queue}");
        assert!(!queue.contains(&well(3)), "{queue}");
        assert!(!records(&server).contains("held"));
        same_when_rebuilt(&mut server);
    }

    fn blocks_that_relevance_left_out_do_nothing(server) {
        let phone = study(&server);
        send(&phone, &says(1, &create(1), "Puits", ["A", "oui"]));
        for (number, flags) in (2..).zip([
            "create=\"\" update=\"\"", "create=\"0\" update=\"false\"", "create=\"false\"", "update=\"0\"", "", "create=\"oui\"",
        ]) {
            send(&phone, &says(number, &format!("{flags} id=\"{}\" baseVersion=\"1\"", well(1)), "Autre", ["B", "non"]));
            // Neither do they need an id, or a label.
            send(&phone, &says(number + 50, &format!("{flags} id=\"\""), "", ["B", "non"]));
        }
        assert_eq!(shown(&server, &phone, 1), "Puits|1|A|oui");
        assert_eq!(wells(&server, &phone).len(), 1);
        let states = records(&server);
        assert!(states.lines().count() == 13 && states.lines().all(|line| line == "received|"), "{states}");
        send(&phone, &says(90, &format!("create=\"true\" id=\"{}\"", well(9)), "Neuf", ["C", "~"]));
        assert_eq!(shown(&server, &phone, 9), "Neuf|1|C|", "\"true\" is yes");
    }

    fn a_new_entity_without_a_label_is_made_and_marked(server) {
        let phone = study(&server);
        send(&phone, &says(1, &create(1), " ", ["A", "oui"]));
        assert_eq!(shown(&server, &phone, 1), format!("{}|1|A|oui", well(1)), "phones refuse a list with one row without a label");
        assert_eq!(records(&server), "flagged|rules");
        assert!(findings(&server).contains("A21"), "{}", findings(&server));

        send(&phone, &says(2, &update(1, 1, NO_BRANCH), "Puits", ["~", ""]));
        assert_eq!(shown(&server, &phone, 1), "Puits|2|A|", "blank empties a property");
        send(&phone, &says(3, &update(1, 2, NO_BRANCH), "", ["B", "~"]));
        assert_eq!(shown(&server, &phone, 1), "Puits|3|B|", "a blank label keeps the old one");
        assert_eq!(records(&server).lines().nth(2), Some("received|"));
    }

    fn what_cannot_be_followed_is_kept_and_marked(server) {
        let mut server = server;
        let phone = study(&server);
        for (number, id) in (1..).zip(["", "7", "puits-7", "00000000-0000-0000-0000-000000000000", "uuid:", "5a5a5a5a-0000-4000-8000-00000000000g"]) {
            for (offset, flag) in [(0, "create"), (50, "update")] {
                send(&phone, &says(number + offset, &format!("{flag}=\"1\" id=\"{id}\" baseVersion=\"1\""), "Puits", ["A", "oui"]));
                assert!(findings(&server).contains("A20"), "{id}: {}", findings(&server));
            }
        }
        // A list that the form does not declare, be it of people.
        for (number, list) in (101..).zip(["inconnu", "orpailleurs", "sites", ""]) {
            let other = says(number, &create(number), "Puits", ["A", "oui"]).replace("dataset=\"puits\"", &format!("dataset=\"{list}\""));
            send(&phone, &other);
            assert!(findings(&server).contains("A20"), "{list}: {}", findings(&server));
        }
        assert_eq!(wells(&server, &phone).len(), 0);
        assert_eq!(server.sql("SELECT COUNT(*) FROM entity"), "0");
        assert!(records(&server).lines().all(|line| line == "flagged|rules"), "{}", records(&server));
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let queue = data.get("/v1/reviews/submissions?state=flagged&limit=1").text();
        assert!(queue.contains("identifiant valable"), "{queue}");
        same_when_rebuilt(&mut server);
    }

    fn a_version_that_is_none_stops_nobody_who_comes_after(server) {
        let mut server = server;
        let phone = study(&server);
        send(&phone, &says(1, &create(1), "Puits", ["A", "oui"]));
        let wrong = [
            ("-9223372036854775808", "-1", "\u{200B}"), ("-9223372036854775808", "1", "5a5a5a5a-2222-4000-8000-000000000001"),
            ("9223372036854775807", "9223372036854775807", "5a5a5a5a-2222-4000-8000-000000000002"), ("1e3", "0x1", ""),
            ("99999999999999999999999", "-0", "5a5a5a5a-2222-4000-8000-000000000003"), ("2147483648", "-2147483649", ""),
        ];
        for (number, (base, trunk, branch)) in (10..).zip(wrong) {
            let block = format!("update=\"1\" id=\"{}\" baseVersion=\"{base}\" trunkVersion=\"{trunk}\" branchId=\"{branch}\"", well(1));
            send(&phone, &says(number, &block, "Puits", ["B", "non"]));
        }
        send(&phone, &says(2, &create(2), "Autre", ["A", "oui"]));
        assert_eq!(shown(&server, &phone, 2), "Autre|1|A|oui");
        assert!(!records(&server).contains("apply_failed"), "{}", records(&server));
        same_when_rebuilt(&mut server);
    }

    fn an_id_is_the_same_however_it_is_written(server) {
        let phone = study(&server);
        let id = "abcdef12-0000-4000-8000-00000000000a";
        let block = |id: &str| format!("update=\"1\" id=\"{id}\" baseVersion=\"1\"");
        send(&phone, &says(1, &format!("create=\"1\" id=\"{}\"", id.to_uppercase()), "Puits", ["A", "oui"]));
        send(&phone, &says(2, &block(&format!("uuid:{}", id.to_uppercase())), "", ["B", "~"]));
        send(&phone, &says(3, &block(&format!("  {id} ")).replace("\"1\" id", "\"true\" id"), "", ["~", "non"]));

        let all = wells(&server, &phone);
        assert_eq!(all.keys().collect::<Vec<_>>(), [id]);
        assert_eq!(all[id].2, "B");
        assert_eq!(all[id].3, "non");
        // A phone is answered with the id that it asked for.
        for asked in [id.to_owned(), id.to_uppercase()] {
            let answer = request("GET", &format!("{}/forms/puits/integrity/puits?id={asked}", phone.url), &[], b"");
            assert!(answer.text().contains(&format!("<entity id=\"{asked}\"><deleted>false<")), "{}", answer.text());
        }
    }

    fn an_id_that_two_submissions_create_is_one_entity_and_a_conflict(server) {
        let mut server = server;
        let (one, other) = (study(&server), server.phone("agent-2", None));
        send(&one, &says(1, &create(1), "Puits", ["A", "oui"]));
        send(&other, &says(2, &create(1), "Puits", ["B", "oui"]));
        // The same registration edited by its own sender is none.
        let edit = says(3, &create(1), "Puits", ["C", "oui"]).replace(
            "<instanceID>", "<deprecatedID>uuid:5a5a5a5a-1111-4000-8000-000000000002</deprecatedID><instanceID>");
        send(&other, &edit);

        assert_eq!(shown(&server, &one, 1), "Puits|2|B|oui");
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let queue = data.get("/v1/reviews/conflicts").json();
        assert_eq!(queue["conflicts"].as_array().unwrap().len(), 1, "{queue}");
        assert_eq!((&queue["conflicts"][0]["level"], &queue["conflicts"][0]["fields"]), (&"hard".into(), &serde_json::json!(["nom"])));
        same_when_rebuilt(&mut server);
    }

    fn what_a_zone_may_not_see_it_may_not_change_by_an_upsert_either(server) {
        publish(&server, &form("puits", "2024.1.0", "")).unwrap();
        let (here, there) = (server.phone("ici", Some("kayes")), server.phone("la", Some("sikasso")));
        send(&here, &says(1, &create(1), "Puits", ["A", "oui"]));
        server.settled();
        for (number, flags) in [(2, "create=\"1\""), (3, "create=\"1\" update=\"1\""), (4, "update=\"1\"")] {
            send(&there, &says(number, &format!("{flags} id=\"{}\" baseVersion=\"1\"", well(1)), "Vol", ["B", "non"]));
        }
        assert_eq!(shown(&server, &here, 1), "Puits|1|A|oui");
        assert_eq!(shown(&server, &there, 1), "none");
        assert_eq!(server.sql("SELECT COUNT(*) FROM conflict"), "0");
    }

    fn no_other_form_opens_what_the_census_seals_of_its_lists(server) {
        let phone = server.phone("agent-1", None);
        let site = site(1);
        assert_eq!(submit(&phone.url, &with_answer(&site.xml, "deaths_12m", "41")).status, 201);
        server.settled();
        let spy = form("espion", "2024.1.0", "").replace("puits", "sites").replace("\"nom\"", "\"deaths_12m\"");
        publish(&server, &spy).unwrap();

        let list = || request("GET", &format!("{}/forms/espion/lists/sites.csv", phone.url), &[], b"");
        while !list().text().contains("deaths_12m") {}
        let text = list().text();
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let at = rows.headers().unwrap().iter().position(|name| name == "deaths_12m").expect("the form shares it");
        let row = rows.records().next().expect("a site").unwrap();
        assert_eq!(&row[at], "", "{text}");

        let says = format!("<data id=\"espion\" version=\"1\"><nom>17</nom><eau/><meta><instanceID>uuid:espion-1</instanceID>\
            <entity dataset=\"sites\" update=\"1\" id=\"{}\" baseVersion=\"1\"><label>Site</label></entity></meta></data>", site_id(1));
        send(&phone, &says);
        server.settled();
        assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE dataset = 'sites' AND version = 2"), "1");
        assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE props LIKE '%deaths_12m%'"), "0", "nor is it written in clear");
    }

    fn a_form_about_adults_fills_no_list_of_children(server) {
        for spy in [
            form("espion", "2024.1.0", "").replace("\"puits\"", "\"enfants\""),
            form("espion", "2024.1.0", "").replace("<model ", "<model sanu:dataset=\"enfants\" sanu:mode=\"server\" "),
        ] {
            let said = publish(&server, &spy).expect_err("it must say that it is about children");
            assert!(said.contains("enfants"), "{said}");
        }
    }
}
