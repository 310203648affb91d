//! `/metrics`: figures for Prometheus on a listener of their own, and nothing that names anybody.

use crate::support::{
    Server, request,
    xml::{census, submit},
};

fn figure(page: &str, line: &str) -> u64 {
    let found = page.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' '));
    let number = found.unwrap_or_else(|| panic!("{line}\n{page}"));
    number.strip_suffix(".0").unwrap_or(number).parse().unwrap()
}

on_both! {
    fn figures_of_a_working_server_hold_no_name_zone_or_token(server) {
        let mut server = server;
        server.stop();
        server.start_with(&["--metrics", "127.0.0.1:0"]);
        let phone = server.phone("Awa", Some("kayes"));
        let sent = census(3, 40);
        for submission in &sent {
            assert_eq!(submit(&phone.url, &submission.xml).status, 201);
        }
        assert_eq!(submit(&phone.url, &sent[0].xml).status, 201);
        assert_eq!(request("GET", &format!("{}/v1/key/notatoken/projects/1/formList", server.url), &[], b"").status, 403);
        assert_eq!(request("GET", &format!("{}/nowhere/{}", server.url, phone.token), &[], b"").status, 404);
        server.settled();

        let page = request("GET", &server.metrics, &[], b"");
        let text = page.text();

        assert_eq!(page.status, 200);
        assert_eq!(figure(&text, "sanu_submissions_total{outcome=\"accepted\"}"), 40);
        assert_eq!(figure(&text, "sanu_submissions_total{outcome=\"duplicate\"}"), 1);
        assert_eq!(figure(&text, "sanu_journal_events_total"), 40);
        assert_eq!(figure(&text, "sanu_apply_lag_events"), 0);
        assert_eq!(figure(&text, "sanu_apply_lag_seconds"), 0);
        assert_eq!(figure(&text, "sanu_intake_queue_depth"), 0);
        let route = "/v1/key/{token}/projects/{project}/submission";
        let posts = text.lines().find(|l| l.contains("method=\"POST\"") && l.contains("status=\"201\""));
        assert!(posts.is_some_and(|l| l.ends_with(" 41") && l.contains("{token}")), "{route}: {posts:?}");
        assert!(text.contains("route=\"none\",status=\"404\""), "{text}");
        for name in ["process_resident_memory_bytes", "sanu_database_bytes"] {
            assert!(figure(&text, name) > 100_000, "{name}");
        }
        assert!(text.contains("sanu_http_request_duration_seconds_bucket{"));
        for secret in ["kayes", "Awa", phone.token.as_str(), "notatoken", "nowhere", "admin"] {
            assert!(!text.contains(secret), "{secret} stands in the figures");
        }
        assert_eq!(server.get_admin("/metrics").status, 404, "not on the listener of phones");
    }
}

#[test]
fn without_being_asked_for_there_are_no_figures() {
    let server = Server::sqlite();

    assert!(server.metrics.is_empty());
    assert_eq!(server.get_admin("/metrics").status, 404);
}
