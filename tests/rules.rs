//! `sanu check --rules`: what the rules of this program would find in what is stored, without changing it.

use serde_json::json;

use crate::{
    reviews::Reviewer,
    support::{
        Server,
        xml::{census, edited, site, submit},
    },
};

fn asked_again(server: &Server) -> serde_json::Value {
    server.settled();
    server.cli_json(&["check", "--rules"])
}

on_both! {
    fn what_this_program_stored_it_finds_again(server) {
        let phone = server.phone("agent-1", None);
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let mut sent = census(5, 150);
        sent.reverse();
        for submission in &sent {
            assert_eq!(submit(&phone.url, &submission.xml).status, 201);
        }
        // An edit before what it replaces, two contents under one id, an update that waits, a wrong clock, an id that is none.
        let second = edited(&site(71), "uuid:00000000-0000-4000-8000-0000000071bb");
        let held = site(72).xml.replacen("create=\"1\"", "update=\"1\" baseVersion=\"4\"", 1);
        let late = site(73).xml.replacen("<start>2026", "<start>1970", 1);
        let twice = site(73).xml.replacen(">Site 73<", ">Site 74<", 1);
        let nameless = site(75).xml.replace("create=\"1\" id=\"", "create=\"1\" id=\"x");
        for xml in [&second.xml, &site(71).xml, &held, &late, &twice, &nameless] {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        server.settled();
        data.says(1, &site(72).instance_id, "force", "flagged");
        let before = server.cli_json(&["derived-hash"]);

        let found = asked_again(&server);

        assert_eq!(found["rules"], json!({}), "{found}");
        assert_eq!((&found["records_that_differ"], &found["left_out"]), (&json!(0), &json!(0)), "{found}");
        let records: u64 = server.sql("SELECT COUNT(*) FROM record").parse().unwrap();
        assert_eq!(found["records"], json!(records), "each once");
        assert!(found["findings"].as_u64().unwrap() > 2, "{found}");
        assert_eq!(server.cli_json(&["derived-hash"]), before, "nothing is changed");
        let said = server.cli(&["check", "--rules"]);
        let said = String::from_utf8(said.stdout).unwrap();
        assert!(said.contains("la même chose") && said.lines().count() == 1, "{said}");
    }

    fn what_other_rules_would_find_is_said_by_rule(server) {
        let mut server = server;
        let phone = server.phone("agent-1", None);
        let early = |number| site(number).xml.replacen("<start>2026", "<start>1970", 1);
        for xml in [early(1), early(2), early(3), site(4).xml] {
            assert_eq!(submit(&phone.url, &xml).status, 201);
        }
        assert_eq!(asked_again(&server)["total"], json!({"come": 0, "go": 0, "change": 0}));
        server.stop();
        // As programs with other rules would have left them.
        let with = |violations: &str, seq: u32| {
            server.sql(&format!("UPDATE record SET violations = '{violations}' WHERE seq = {seq}"));
        };
        with("[]", 1);
        with("[{\"rule\":\"A08\",\"version\":9,\"severity\":\"error\"}]", 2);
        with("[{\"rule\":\"Z01\",\"version\":1,\"severity\":\"information\"}]", 4);
        let records = "SELECT seq, state, reason, violations FROM record ORDER BY seq";
        let before = server.sql(records);

        let found = server.cli_json(&["check", "--rules"]);

        let rules = &found["rules"];
        assert_eq!(rules["A08"], json!({"come": 1, "go": 0, "change": 1}), "{found}");
        assert_eq!(rules["Z01"], json!({"come": 0, "go": 1, "change": 0}), "{found}");
        assert_eq!(found["records_that_differ"], 3, "{found}");
        let said = String::from_utf8(server.cli(&["check", "--rules"]).stdout).unwrap();
        let first = said.lines().next().unwrap();
        for part in ["4 fiches relues", "5 constats apparaîtraient, 1 disparaîtrait, 1 changerait", "sur 3 fiches", "Rien n'a été modifié"] {
            assert!(first.contains(part), "{part}: {said}");
        }
        assert!(said.contains("A08\t+1\t-0\t~1\tL'heure du téléphone"), "{said}");
        assert!(!said.contains("Site 1"), "findings never tell answers");
        assert_eq!(server.sql(records), before, "nothing is changed");
    }
}
