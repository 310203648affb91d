//! Changes that wait for what they build on: they are applied when it comes, when somebody says so, or in time.

use serde_json::{Value, json};

use crate::{
    linkage::people::Miner,
    register::hashes,
    reviews::Reviewer,
    support::{
        Server,
        xml::{between, site, site_id, submit},
    },
};

/// The same census of a site as an update of it, on this version.
fn update_on(xml: &str, version: u32) -> String {
    assert!(xml.contains("create=\"1\""), "{xml}");
    xml.replacen("create=\"1\"", &format!("update=\"1\" baseVersion=\"{version}\""), 1)
}

fn state(server: &Server) -> String {
    server.settled();
    server.sql("SELECT state, reason FROM record ORDER BY seq")
}

fn same_when_rebuilt(server: &mut Server) {
    server.stop();
    let live = server.cli_json(&["derived-hash"]);
    for (table, hash) in hashes(server) {
        assert_eq!(live["hashes"][&table], hash, "{table}: live and rebuilt differ");
    }
    assert_eq!(server.cli_json(&["check"])["wrong_count_cells"], 0);
}

fn problem(answer: &crate::support::Response) -> (u16, String) {
    let kind = answer.json()["type"].as_str().unwrap_or_default().to_owned();
    (answer.status, kind.rsplit(':').next().unwrap_or_default().to_owned())
}

on_both! {
    fn what_waits_is_applied_and_marked_when_somebody_says_so(server) {
        let mut server = server;
        let phone = server.phone("agent-1", None);
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let visit = update_on(&site(90).xml, 3);
        assert_eq!(submit(&phone.url, &visit).status, 201);
        assert_eq!(state(&server), "held|entity_not_here_yet");
        let chief = Reviewer::new(&server, "chef", "enumerator", None);
        let instance = site(90).instance_id;
        assert_eq!(chief.decides(1, &instance, "force").status, 403);

        data.says(2, &instance, "force", "flagged");

        assert_eq!(state(&server), "flagged|forced");
        assert_eq!((server.count("sites"), &*server.sql("SELECT COUNT(*) FROM held")), (1, "0"));
        assert_eq!(problem(&data.decides(3, &instance, "force")), (409, String::from("not-held")));
        let queue: Value = data.get("/v1/reviews/submissions?state=flagged").json();
        assert!(queue["submissions"][0]["broken"].to_string().contains("G04"), "{queue}");
        // What comes after it builds on it, and its rejection takes it out as any other.
        let next = update_on(&site(91).xml, 1).replace(&site_id(91), &site_id(90));
        assert_eq!(submit(&phone.url, &next).status, 201);
        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE state = 'held'"), "0");
        server.settled();
        data.says(4, &instance, "reject", "rejected");
        assert_eq!(server.count("sites"), 0, "the other builds on nothing");
        data.says(5, &instance, "reopen", "flagged");
        assert_eq!(server.count("sites"), 1);
        same_when_rebuilt(&mut server);
    }

    fn what_waits_is_found_and_counted_as_waiting_and_not_as_accepted(server) {
        let mut server = server;
        let phone = server.phone("agent-1", None);
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let (first, second) = (site(91), site(92));
        for xml in [&site(90).xml, &update_on(&first.xml, 3), &update_on(&second.xml, 3)] {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        server.settled();
        let counted = || server.sql(
            "SELECT review, CAST(SUM(n) AS bigint) FROM count_cell WHERE cube = 'form' GROUP BY review HAVING SUM(n) <> 0 \
             ORDER BY review",
        );

        assert_eq!(data.queue("state=held"), [first.instance_id.as_str(), &second.instance_id]);
        assert_eq!(data.queue("state=accepted"), [site(90).instance_id.as_str()]);
        assert_eq!(counted(), "accepted|1\nheld|2");
        let cells = data.get("/v1/counts?of=fiches&by=form,review").json();
        let is_held = |cell: &Value| cell["review"] == "held" && cell["n"] == json!(2);
        assert!(cells["cells"].as_array().expect("cells").iter().any(is_held), "{cells}");
        let one = data.get(&format!("/v1/reviews/submissions/{}", first.instance_id)).json();
        assert_eq!(one["state"], "held", "{one}");

        data.says(1, &first.instance_id, "force", "flagged");
        data.says(2, &second.instance_id, "reject", "rejected");
        assert_eq!((data.queue("state=held"), data.queue("state=rejected")), (vec![], vec![second.instance_id.clone()]));
        assert_eq!(counted(), "accepted|1\nflagged|1\nrejected|1");
        data.says(3, &second.instance_id, "reopen", "held");
        data.says(4, &second.instance_id, "accept", "held");
        assert_eq!((counted().as_str(), data.queue("state=held").len()), ("accepted|1\nflagged|1\nheld|1", 1));
        same_when_rebuilt(&mut server);
    }

    fn what_an_older_program_counted_as_accepted_while_it_waits_is_counted_as_waiting(server) {
        let mut server = server;
        let phone = server.phone("agent-1", None);
        for xml in [&site(90).xml, &update_on(&site(91).xml, 3), &update_on(&site(92).xml, 3)] {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        server.settled();
        server.stop();
        let cells = "SELECT form, month, review, n FROM count_cell WHERE cube = 'form' AND n <> 0 ORDER BY review";
        let counted = server.sql(cells);
        server.sql(
            "DROP INDEX record_held; DELETE FROM _sqlx_migrations WHERE version = 18; \
             UPDATE count_cell SET n = 3 WHERE cube = 'form' AND review = 'accepted'; \
             DELETE FROM count_cell WHERE cube = 'form' AND review = 'held';",
        );

        server.start();
        server.settled();

        assert_eq!(server.sql(cells), counted);
        same_when_rebuilt(&mut server);
    }

    fn what_waited_for_days_is_applied_when_the_server_looks(server) {
        let mut server = server;
        let phone = server.phone("agent-1", None);
        assert_eq!(submit(&phone.url, &update_on(&site(90).xml, 3)).status, 201);
        assert_eq!(submit(&phone.url, &update_on(&site(91).xml, 3)).status, 201);
        assert_eq!(state(&server), "held|entity_not_here_yet\nheld|entity_not_here_yet");
        server.stop();
        server.sql("UPDATE journal SET received_at = received_at - 518400000000 WHERE seq = 1");

        server.start();

        server.eventually("SELECT COUNT(*) FROM record WHERE state = 'held'", "1");
        assert_eq!(state(&server), "flagged|forced\nheld|entity_not_here_yet");
        server.stop();
        server.start_with(&["--force-held-after", "0"]);
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), "3", "an event says so, once");
    }

    fn a_change_that_builds_on_what_a_group_shows_is_applied_when_its_entity_joins_one(server) {
        let mut server = server;
        let phone = server.phone("agent-1", None);
        let one = Miner { minute: Some(600), ..Miner::new(7) };
        let other = Miner { number: 8, minute: Some(9_000), ..one.clone() };
        assert_eq!(submit(&phone.url, &one.xml()).status, 201);
        let late = update_on(&one.xml_as("uuid:late"), 5);
        assert_eq!(submit(&phone.url, &late).status, 201);
        assert_eq!(state(&server), "received|\nheld|entity_not_here_yet");

        assert_eq!(submit(&phone.url, &other.xml()).status, 201);
        server.settled();

        assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE merged_into IS NOT NULL"), "1");
        assert_eq!(server.sql("SELECT COUNT(*) FROM held"), "0");
        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE state = 'held'"), "0");
        same_when_rebuilt(&mut server);
    }

    fn what_was_rejected_while_it_waited_is_not_applied_when_its_entity_comes(server) {
        let mut server = server;
        let phone = server.phone("agent-1", None);
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let visit = update_on(&site(91).xml, 1).replace(&site_id(91), &site_id(90));
        let label = between(&visit, "<label>", "</label>").expect("a label").to_owned();
        assert_eq!(submit(&phone.url, &visit).status, 201);
        server.settled();
        data.says(1, &site(91).instance_id, "reject", "rejected");

        assert_eq!(submit(&phone.url, &site(90).xml).status, 201);
        server.settled();

        assert_eq!(server.sql("SELECT label, version FROM entity WHERE version > 0"), "Site 90|1");
        assert_eq!(label, "Site 91");
        data.says(2, &site(91).instance_id, "reopen", "accepted");
        assert_eq!(server.sql("SELECT label, version FROM entity WHERE version > 0"), "Site 91|2");
        same_when_rebuilt(&mut server);
    }
}
