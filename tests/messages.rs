//! What people are told when something is wrong: in French, with what to do.

use serde_json::{Value, json};

use crate::{
    linkage::people::{Miner, card},
    reviews::{Reviewer, decision},
    support::{Response, Server, request, server::basic, xml::submit},
};

/// Somebody whose browser speaks French.
struct French {
    url: String,
    basic: String,
}

impl French {
    fn new(server: &Server, login: &str, role: &str) -> Self {
        let password = server.account(login, role, None);
        Self { url: server.url.clone(), basic: basic(login, &password) }
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Response {
        let headers = [
            ("Authorization", self.basic.as_str()),
            ("Content-Type", "application/json"),
            ("Accept-Language", "fr-FR,fr;q=0.9"),
        ];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        request(method, &format!("{}{path}", self.url), &headers, body.as_bytes())
    }

    /// Status and detail of a refusal.
    fn told(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let answer = self.send(method, path, body);
        let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
        (answer.status, detail)
    }

    fn asks_card(&self, card: &str) -> (u16, String) {
        let body = json!({ "dataset": "orpailleurs", "card": card, "reason": "demande" });
        self.told("POST", "/v1/persons/access", &body)
    }
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

on_both! {
    fn a_card_is_understood_as_people_write_it_and_a_wrong_letter_is_told(server) {
        let phone = server.phone("agent", Some("kayes"));
        assert_eq!(submit(&phone.url, &Miner::new(1).xml()).status, 201);
        server.settled();
        let awa = French::new(&server, "awa", "data_manager");
        let own = card("ORP", 1);
        let wrong = format!("{}{}", &own[..12], if own.ends_with('0') { '1' } else { '0' });

        for written in [own.clone(), own.to_lowercase(), own.replace('-', " "), own.replace('-', "")] {
            let (status, said) = awa.asks_card(&format!(" {written} "));
            assert_eq!(status, 200, "{written}: {said}");
        }
        let (status, said) = awa.asks_card(&wrong.replace('-', " "));
        assert!(status == 400 && said.contains("lettre de contrôle"), "{status} {said}");
        let (status, said) = awa.asks_card(&card("ORP", 77));
        assert!(status == 404 && said.starts_with("aucune fiche ne porte cette carte"), "{status} {said}");
        let body = json!({ "id": decision(1), "dataset": "orpailleurs", "card": own.to_lowercase().replace('-', ""), "reason": "x" });
        assert_eq!(awa.told("POST", "/v1/erasures", &body).0, 200);
        // The same wish, written otherwise, is the same wish.
        let body = json!({ "id": decision(1), "dataset": "orpailleurs", "card": own, "reason": "x" });
        assert_eq!(awa.told("POST", "/v1/erasures", &body).0, 200);
        let (status, said) = awa.asks_card(&own);
        assert!(status == 404 && said.starts_with("aucune fiche ne porte cette carte"), "{status} {said}");
        // Who may not ask learns nothing of what is there.
        let chamber = French::new(&server, "chambre", "chamber");
        assert_eq!(chamber.asks_card(&own), chamber.asks_card(&card("ORP", 77)));
    }

    fn what_a_decision_names_and_nobody_knows_is_told_by_its_name(server) {
        let phone = server.phone("agent", Some("kayes"));
        assert_eq!(submit(&phone.url, &Miner::new(1).xml()).status, 201);
        server.settled();
        let awa = French::new(&server, "awa", "data_manager");
        let one = Miner::new(1).id();
        let path = format!("/v1/reviews/decisions/{}", decision(1));

        let pair = |answer| json!({ "a": one, "b": decision(7), "answer": answer, "reason": "x" });
        let (status, said) = awa.told("PUT", &path, &pair("same"));
        assert!(status == 404 && said.starts_with("a, b : l'une des deux"), "{status} {said}");
        let (status, said) = awa.told("PUT", &path, &pair("idem"));
        assert!(status == 400 && said.starts_with("answer : same, different"), "{status} {said}");
        let (status, said) = awa.told("PUT", &path, &json!({ "a": one, "b": decision(7) }));
        assert!(status == 400 && said.ends_with("il manque « answer »"), "{status} {said}");

        let path = format!("/v1/reviews/submissions/decisions/{}", decision(1));
        let of = |id: &str, action: &str| json!({ "instance_id": id, "action": action, "reason": "x" });
        let (status, said) = awa.told("PUT", &path, &of("uuid:nobody", "accept"));
        assert!(status == 404 && said.starts_with("instance_id : aucune fiche"), "{status} {said}");
        let (status, said) = awa.told("PUT", &path, &of("uuid:miner-1", "acept"));
        assert!(status == 400 && said.starts_with("action : accept, reject"), "{status} {said}");
        let (status, said) = awa.told("PUT", &path, &json!({ "instance_id": "uuid:miner-1", "action": "reject" }));
        assert!(status == 400 && said.starts_with("reason : obligatoire"), "{status} {said}");
    }

    fn an_answer_that_nobody_knows_is_told_with_those_that_there_are(server) {
        let phone = server.phone("agent", Some("kayes"));
        for number in [1, 2] {
            assert_eq!(submit(&phone.url, &Miner::new(number).xml()).status, 201);
        }
        server.settled();
        let awa = French::new(&server, "awa", "data_manager");
        let path = format!("/v1/reviews/decisions/{}", decision(1));

        let body = json!({ "a": Miner::new(1).id(), "b": Miner::new(2).id(), "answer": "idem" });
        let (status, said) = awa.told("PUT", &path, &body);

        assert_eq!(status, 400);
        assert_eq!(said, "answer : same, different, relative, twins, cannot_tell, unmerge");
        assert_eq!(server.sql("SELECT COUNT(*) FROM decision"), "0");
    }

    fn a_correction_takes_numbers_and_tells_the_codes_of_a_list(server) {
        let phone = server.phone("agent", Some("kayes"));
        assert_eq!(submit(&phone.url, &Miner::new(1).xml()).status, 201);
        server.settled();
        let awa = French::new(&server, "awa", "data_manager");
        let corrects = |number, answers: Value| {
            let body = json!({ "instance_id": "uuid:miner-1", "action": "correct", "reason": "carte", "answers": answers });
            awa.send("PUT", &format!("/v1/reviews/submissions/decisions/{}", decision(number)), &body)
        };

        let unknown = corrects(1, json!({ "/data/b_identity/sex": "femme" }));
        let year = Miner::new(1).year;
        let taken = corrects(2, json!({ "/data/b_identity/birth_year": year }));

        let said = unknown.json()["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(unknown.status, 400, "{}", unknown.text());
        assert!(said.contains("female (Féminin)") && said.contains("male (Masculin)"), "{said}");
        assert_eq!(taken.status, 200, "{}", taken.text());
        // A number and its text are one answer.
        assert_eq!(corrects(2, json!({ "/data/b_identity/birth_year": year.to_string() })).status, 200);
    }

    fn the_first_reviewer_is_told_that_another_account_must_confirm(server) {
        let phone = server.phone("agent", Some("kayes"));
        let one = Miner::new(1);
        let other = Miner { sex: "female", ..Miner::new(2) };
        for miner in [&one, &other] {
            assert_eq!(submit(&phone.url, &miner.xml()).status, 201);
        }
        server.settled();
        let awa = French::new(&server, "awa", "data_manager");
        let says = |number| {
            let body = json!({ "a": one.id(), "b": other.id(), "answer": "same", "reason": "vus ensemble" });
            awa.told("PUT", &format!("/v1/reviews/decisions/{}", decision(number)), &body)
        };

        assert_eq!(says(1).0, 200);
        let (status, said) = says(2);

        assert!(status == 409 && said.contains("un autre compte"), "{status} {said}");
        assert!(said.contains("sanu account add"), "{said}");
    }

    fn a_password_in_clear_is_refused_for_that_whether_it_is_right_or_wrong(server) {
        let password = server.account("agent", "enumerator", Some("kayes"));
        let told = |password: &str| {
            let url = format!("{}/formList", server.url);
            request("GET", &url, &[("Authorization", &basic("agent", password))], b"")
        };

        let (right, wrong) = (told(&password), told("another-one"));

        assert_eq!((right.status, wrong.status), (401, 401));
        assert_eq!(right.text(), wrong.text());
        assert!(right.text().contains("Digest"), "{}", right.text());
        assert!(!right.text().contains("incorrect"), "{}", right.text());
        assert!(right.header("WWW-Authenticate").is_some_and(|h| h.starts_with("Digest")), "{:?}", right.headers);
    }

    fn refusals_of_addresses_are_in_french_for_who_reads_french(server) {
        let awa = French::new(&server, "awa", "data_manager");
        for (path, expected) in [
            ("/v1/counts?of=orpailleurs&by=sex&as_of=hier", "as_of : AAAA-MM-JJ"),
            ("/v1/counts?of=orpailleurs&par=sex", "paramètres : of, by"),
            ("/v1/reviews/duplicates?limit=9000", "limit : 1 à 100"),
            ("/ogc/collections/sites/items?f=json&filter=salaire%20%3D%201", "ne se filtre pas"),
            ("/ogc/collections/sites/items?f=json&bbox=1,2,3", "bbox : quatre ou six nombres"),
        ] {
            let (status, said) = awa.told("GET", path, &Value::Null);
            assert!(status == 400 && said.contains(expected), "{path}: {status} {said}");
        }
        // Without the header it is English as before.
        let them = Reviewer::known(&server, &awa.basic);
        let said = them.get("/v1/reviews/duplicates?limit=9000").json()["detail"].clone();
        assert_eq!(said, "limit: 1 to 100");
    }

    fn invented_people_go_into_a_real_register_only_when_it_is_said(server) {
        let args = ["simulate", "--server", &server.url, "--records", "3", "--devices", "1"];
        let before = server.sql("SELECT (SELECT COUNT(*) FROM device), (SELECT COUNT(*) FROM zone)");

        let refused = server.cli(&args);

        let said = stderr(&refused);
        assert_eq!(refused.status.code(), Some(1), "{said}");
        for word in ["vrai registre", "real register", "--into-real-register"] {
            assert!(said.contains(word), "{word}: {said}");
        }
        let after = server.sql("SELECT (SELECT COUNT(*) FROM device), (SELECT COUNT(*) FROM zone)");
        assert_eq!(after, before);
        // Twice: the phones of the second run are others than those of the first.
        for _ in 0..2 {
            let sent = server.cli(&[&args[..], &["--into-real-register"]].concat());
            assert!(sent.status.success(), "{}", stderr(&sent));
        }
        // Who names a phone's address has said where.
        let phone = server.phone("banc", Some("kayes"));
        let sent = server.cli(&["simulate", "--server", &phone.url, "--records", "3"]);
        assert!(sent.status.success(), "{}", stderr(&sent));
    }

    fn a_phone_has_a_name_of_its_own_so_that_losing_it_cuts_one(server) {
        let add = || server.cli(&["device", "add", "Agent Awa", "--zone", "kayes"]);
        assert!(add().status.success());

        let refused = add();

        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains("un téléphone porte déjà ce nom"), "{}", stderr(&refused));
        let named = "SELECT COUNT(*) FROM device WHERE name = 'Agent Awa'";
        assert_eq!(server.sql(named), "1");
        let cut = server.cli(&["device", "revoke", "Agent Awa"]);
        assert!(stderr(&cut).contains("1 téléphone coupé"), "{}", stderr(&cut));
        // The name is free again, for the phone that takes its place.
        assert!(add().status.success());
        assert_eq!(server.sql(named), "2");
    }

    fn doubtful_lines_of_a_list_are_told_before_and_written_all_the_same(server) {
        let text = "code;nom;latitude;longitude;cercle;commune\n\
            A;Alpha;12,6;-8,0;;\nB;Beta;-8,0;12,6;;\nC;Gamma;0;0;;\nD;Delta;48,8;2,3;;\nE;Epsilon;;;kayes;bafoulabe__bafoulabe\n";
        let list = server.data().join("sites.csv");
        std::fs::write(&list, text).unwrap();
        let list = list.to_str().unwrap();

        let dry = server.cli(&["import", "sites", list]);
        let report = server.cli_json(&["import", "sites", list, "--apply"]);

        let said = stderr(&dry);
        for line in [
            "ligne 3 : latitude et longitude semblent inversées",
            "ligne 4 : la position est (0 ; 0)",
            "ligne 5 : la position est hors du Mali",
            "ligne 6 : la commune « Bafoulabé » n'est pas dans le cercle « Kayes »",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        assert!(!said.contains("ligne 2"), "{said}");
        assert_eq!((&report["warning_count"], &report["fault_count"], &report["new"]), (&json!(4), &json!(0), &json!(5)), "{report}");
        assert_eq!(report["warnings"][0]["line"], 3, "{report}");
        server.settled();
        assert_eq!(server.count("sites"), 5);
        // Marked, as what a phone sends is.
        assert_eq!(server.sql("SELECT flags FROM entity WHERE label = 'Beta'"), "[\"swapped\"]");
    }

    fn commands_that_cannot_be_done_say_so_in_french_with_what_to_do(server) {
        let away = server.data().join("nulle-part/registre.sanu");
        let mut cases = vec![
            (vec!["account", "add", "eve", "--role", "chercheur"], "les rôles sont admin, data_manager"),
            (vec!["export", "sites", "--format", "csv", "--out", "s.csv", "--as", "chercheur"], "les rôles sont admin"),
            (vec!["rebuild"], "arrêter d'abord le serveur"),
            (vec!["form", "close", "rien"], "il n'y a pas de questionnaire rien"),
        ];
        if server.database_url.is_none() {
            cases.push((vec!["backup", away.to_str().unwrap()], "n'existe pas : le créer, ou brancher le disque"));
        }
        for (args, expected) in cases {
            let output = server.cli(&args);
            assert_eq!(output.status.code(), Some(1), "{args:?}");
            assert!(stderr(&output).contains(expected), "{args:?}: {}", stderr(&output));
        }
    }
}

#[test]
fn two_lines_with_three_faults_are_counted_as_such() {
    let server = Server::sqlite();
    let list = server.data().join("sites.csv");
    std::fs::write(&list, "code;nom;latitude;longitude\nA;Alpha;abc;def\nB;;12,5;-8\n").unwrap();

    let output = server.cli(&["import", "sites", list.to_str().unwrap(), "--apply"]);

    assert!(
        stderr(&output).contains("3 fautes sur 2 lignes : rien n'a été écrit"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_demonstration_asks_nothing_about_its_own_zones() {
    let mut server = Server::sqlite_with(&["--demo", "--demo-records", "20"]);
    server.eventually("SELECT CASE WHEN COUNT(*) >= 20 THEN 1 ELSE 0 END FROM journal", "1");

    let said = server.stop_and_log();

    assert!(!said.contains("faute de frappe"), "{said}");
}
