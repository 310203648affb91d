//! The register: rebuilt it is the same, whatever came in and however.

use std::collections::BTreeMap;

use crate::support::{
    Server,
    xml::{census, submit},
};

pub(crate) fn hashes(server: &Server) -> BTreeMap<String, String> {
    let report = server.cli_json(&["rebuild"]);
    serde_json::from_value(report["hashes"].clone()).unwrap()
}

on_both! {
    fn a_rebuild_gives_the_same_register_as_living_through_it(server) {
        let mut server = server;
        let phone = server.phone("agent-1", Some("kayes"));
        let other = server.phone("agent-2", Some("sikasso"));
        let mut sent = census(3, 120);
        // People before their sites, resends, and an instance id used twice.
        sent.reverse();
        for (i, submission) in sent.iter().enumerate() {
            let url = if i % 3 == 0 { &other.url } else { &phone.url };
            assert_eq!(submit(url, &submission.xml).status, 201);
            if i % 10 == 0 {
                assert_eq!(submit(url, &submission.xml).status, 201);
            }
        }
        let twisted = sent[0].xml.replacen("<today>", "<today><!-- -->", 1);
        assert_eq!(submit(&phone.url, &twisted).status, 201);
        server.settled();
        server.stop();

        let live = server.cli_json(&["derived-hash"]);
        let first = hashes(&server);
        let second = hashes(&server);

        let live: BTreeMap<String, String> = serde_json::from_value(live["hashes"].clone()).unwrap();
        assert_eq!(live, first, "live and rebuilt differ");
        assert_eq!(first, second, "two rebuilds differ");
        let check = server.cli_json(&["check"]);
        assert_eq!(check["wrong_count_cells"], 0, "{check}");
    }

    fn the_order_of_arrival_does_not_change_where_people_are_counted(server) {
        let phone = server.phone("agent-1", None);
        let sent = census(9, 80);
        let (sites, people): (Vec<_>, Vec<_>) = sent.into_iter().partition(|s| s.form_id == "site");
        for submission in people.iter().chain(&sites) {
            assert_eq!(submit(&phone.url, &submission.xml).status, 201);
        }
        server.settled();
        let people_first = server.get_admin("/v1/counts?of=orpailleurs&by=commune").text();
        drop(server);

        let straight = Server::sqlite();
        let phone = straight.phone("agent-1", None);
        for submission in sites.iter().chain(&people) {
            assert_eq!(submit(&phone.url, &submission.xml).status, 201);
        }
        straight.settled();
        let sites_first = straight.get_admin("/v1/counts?of=orpailleurs&by=commune").text();

        let cells = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["cells"].clone();
        assert_eq!(cells(&people_first), cells(&sites_first));
    }
}
