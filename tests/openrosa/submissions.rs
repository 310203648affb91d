//! Submissions: resent, edited, out of order, in conflict, all at once.

use super::{get, refused, sites_list};
use crate::support::{
    Server, request,
    xml::{edited, multipart, site, site_id, submit},
};

const SECOND: &str = "uuid:00000000-0000-4000-8000-aaaaaaaaaaaa";

fn records(server: &Server) -> String {
    server.settled();
    server.sql("SELECT COUNT(*) FROM record")
}

/// The row of a site as a phone gets it: label and version.
fn site_row(server: &Server, phone_url: &str, number: u32) -> (String, String) {
    server.settled();
    let csv = get(&sites_list(phone_url).url).text();
    let rows: Vec<_> = csv.lines().filter(|line| line.starts_with(&site_id(number))).collect();
    assert_eq!(rows.len(), 1, "{csv}");
    let cells: Vec<_> = rows[0].split(',').collect();
    (cells[1].to_owned(), cells[2].to_owned())
}

fn renamed(xml: &str, number: u32, name: &str) -> String {
    xml.replace(&format!(">Site {number}<"), &format!(">{name}<"))
}

on_both! {
    fn a_submission_is_answered_with_201_and_words_for_the_interviewer(server) {
        let phone = server.phone("agent-1", None);

        let response = submit(&phone.url, &site(1).xml);

        assert_eq!(response.status, 201);
        assert_eq!(response.header("content-type"), Some("text/xml; charset=utf-8"));
        let text = response.text();
        assert!(text.contains("<OpenRosaResponse xmlns=\"http://openrosa.org/http/response\""), "{text}");
        assert!(text.contains("<message nature=\"submit_success\">Fiche reçue"), "{text}");
    }

    fn a_resend_is_a_success_and_one_record(server) {
        let phone = server.phone("agent-1", None);

        for _ in 0..3 {
            assert_eq!(submit(&phone.url, &site(1).xml).status, 201);
        }

        assert_eq!(records(&server), "1");
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), "1");
        assert_eq!(server.count("sites"), 1);
    }

    fn a_hundred_copies_at_once_are_one_record(server) {
        let phone = server.phone("agent-1", None);
        let xml = site(1).xml;

        let sent: Vec<u16> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..100).map(|_| scope.spawn(|| submit(&phone.url, &xml).status)).collect();
            threads.into_iter().map(|t| t.join().expect("the phone lives")).collect()
        });

        assert!(sent.iter().all(|status| *status == 201), "{sent:?}");
        assert_eq!(records(&server), "1");
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), "1");
        assert_eq!(server.count("sites"), 1);
    }

    fn an_edit_changes_the_entity_and_a_late_resend_of_the_original_changes_nothing(server) {
        let phone = server.phone("agent-1", None);
        let first = site(3);
        let mut second = edited(&first, SECOND);
        second.xml = renamed(&second.xml, 3, "Nouveau nom");

        assert_eq!(submit(&phone.url, &first.xml).status, 201);
        assert_eq!(submit(&phone.url, &second.xml).status, 201);
        let after_edit = site_row(&server, &phone.url, 3);
        // The acknowledgement of the original was lost in the field.
        assert_eq!(submit(&phone.url, &first.xml).status, 201);
        assert_eq!(submit(&phone.url, &second.xml).status, 201);

        let expected = (String::from("Nouveau nom"), String::from("2"));
        assert_eq!(after_edit, expected);
        assert_eq!(site_row(&server, &phone.url, 3), expected);
        assert_eq!(records(&server), "1", "both are one submission");
        assert_eq!(server.count("sites"), 1);
    }

    fn an_edit_that_overtakes_its_original_wins(server) {
        let phone = server.phone("agent-1", None);
        let first = site(4);
        let mut second = edited(&first, SECOND);
        second.xml = renamed(&second.xml, 4, "Nouveau nom");

        assert_eq!(submit(&phone.url, &second.xml).status, 201);
        server.settled();
        assert_eq!(submit(&phone.url, &first.xml).status, 201);

        assert_eq!(site_row(&server, &phone.url, 4).0, "Nouveau nom");
        assert_eq!(records(&server), "1", "both are one submission");
        assert_eq!(server.count("sites"), 1);
        assert_eq!(submit(&phone.url, &first.xml).status, 201, "nor does its resend");
        assert_eq!(site_row(&server, &phone.url, 4).0, "Nouveau nom");
    }

    fn two_contents_under_one_instance_id_are_both_kept_and_the_second_waits(server) {
        let phone = server.phone("agent-1", None);
        let first = site(5);
        let other = renamed(&first.xml, 5, "Autre contenu");

        assert_eq!(submit(&phone.url, &first.xml).status, 201);
        let response = submit(&phone.url, &other);
        assert_eq!(response.status, 201);
        assert!(response.text().contains("le superviseur vérifiera"), "{}", response.text());
        assert_eq!(submit(&phone.url, &other).status, 201, "its resend");

        server.settled();
        let states = server.sql("SELECT state, reason FROM record ORDER BY seq");
        let states: Vec<_> = states.lines().collect();
        assert_eq!(states.len(), 2, "{states:?}");
        assert_eq!(states[1], "quarantined|conflict");
        assert!(!states[0].starts_with("quarantined"), "{states:?}");
        assert_eq!(site_row(&server, &phone.url, 5).0, "Site 5");
        assert_eq!(server.count("sites"), 1);
    }

    fn a_retry_without_an_instance_id_is_the_same_submission(server) {
        let phone = server.phone("agent-1", None);
        let full = site(6);
        let named = format!("<instanceID>{}</instanceID>", full.instance_id);
        let blank = full.xml.replace(&named, "<instanceID/>");
        assert_ne!(blank, full.xml);

        for _ in 0..2 {
            assert_eq!(submit(&phone.url, &blank).status, 201);
        }

        assert_eq!(records(&server), "1");
        assert_eq!(server.count("sites"), 1);
    }

    fn a_version_nobody_published_is_kept_and_marked(server) {
        let phone = server.phone("agent-1", None);
        let known = site(7);
        let version = format!("version=\"{}\"", known.version);
        let xml = known.xml.replacen(&version, "version=\"1999010101\"", 1);
        assert_ne!(xml, known.xml);

        assert_eq!(submit(&phone.url, &xml).status, 201);

        server.settled();
        let marked = server.sql("SELECT COUNT(*) FROM record WHERE state = 'flagged' AND reason = 'unknown_version'");
        assert_eq!(marked, "1", "{}", server.sql("SELECT state, reason FROM record"));
    }

    fn what_old_or_clumsy_clients_leave_out_or_get_wrong_is_tolerated(server) {
        let phone = server.phone("agent-1", None);
        let oddities: [&[(&str, &str)]; 4] = [
            &[],
            &[("X-OpenRosa-Version", "7.3")],
            &[("X-OpenRosa-Version", "1.0"), ("Date", "lun., 31 févr. 1066 25:61:99 ???")],
            &[("X-OpenRosa-Version", "1.0"), ("Expect", "100-continue")],
        ];

        for (number, headers) in (1..).zip(oddities) {
            let xml = site(number).xml;
            let part = ("xml_submission_file", Some("odd.xml"), "text/xml; charset=utf-8", xml.as_bytes());
            let (kind, body) = multipart(&[part]);
            let mut all = vec![("Content-Type", kind.as_str())];
            all.extend(headers);
            let url = format!("{}/submission?deviceID=collect%3Ax", phone.url);
            let response = request("POST", &url, &all, &body);
            assert!(response.text().contains("Fiche reçue"), "{headers:?}: {}", response.text());
        }

        assert_eq!(records(&server), "4");
    }
}

#[test]
fn a_browser_at_the_submission_address_is_told_what_it_is_for() {
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);

    let message = refused(&get(&format!("{}/submission", phone.url)), 404);

    assert!(message.contains("fiches"), "{message}");
}
