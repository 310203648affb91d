//! `sanu export FORM`: submissions as a table; who people are leaves only by whom may name them, and with a reason.

use std::{path::PathBuf, process::Output};

use serde_json::json;

use crate::{
    linkage::people::Miner,
    reviews::Reviewer,
    support::{Server, xml::submit},
};

fn out(server: &Server) -> PathBuf {
    server.data().join("table.csv")
}

/// Writes the form with these options; the file of before is gone first.
fn export(server: &Server, form: &str, options: &[&str]) -> Output {
    drop(std::fs::remove_file(out(server)));
    let path = out(server);
    let mut args = vec!["export", form, "--format", "csv", "--out", path.to_str().unwrap()];
    args.extend(options);
    server.cli(&args)
}

fn table(server: &Server) -> String {
    std::fs::read_to_string(out(server)).unwrap_or_default()
}

const REASON: [&str; 3] = ["--identity", "--reason", "contrôle des doublons"];

on_both! {
    fn names_are_in_the_file_of_whoever_says_why_and_in_no_other(server) {
        let (phone, _there) = (server.phone("Awa", Some("kayes")), server.phone("Issa", Some("sikasso")));
        let one = Miner { surname: "Zzyxqname", ..Miner::new(1) };
        assert_eq!(submit(&phone.url, &one.xml()).status, 201);
        server.settled();

        let masked = export(&server, "orpailleur", &[]);
        let without = table(&server);
        let named = export(&server, "orpailleur", &REASON);
        let with = table(&server);
        let elsewhere = export(&server, "orpailleur", &[&REASON[..], &["--zone", "sikasso"]].concat());
        let of_nobody = table(&server);

        for output in [&masked, &named, &elsewhere] {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!((without.lines().count(), with.lines().count(), of_nobody.lines().count()), (2, 2, 1));
        assert!(!without.contains("Zzyxqname") && !without.contains("surname"), "{without}");
        assert!(with.contains("Zzyxqname") && with.contains("surname"), "{with}");
        let said = server.sql("SELECT detail FROM audit WHERE action = 'download' ORDER BY at");
        assert_eq!(said.matches("contrôle des doublons").count(), 2, "{said}");
        assert!(!said.contains("Zzyxqname"), "{said}");
    }

    fn names_without_a_reason_for_another_role_or_of_children_are_refused_and_nothing_is_written(server) {
        let phone = server.phone("Awa", Some("kayes"));
        assert_eq!(submit(&phone.url, &Miner::new(1).xml()).status, 201);
        server.settled();

        for (form, options) in [
            ("orpailleur", &["--identity"][..]),
            ("orpailleur", &["--identity", "--reason", "  x  "]),
            ("orpailleur", &[&REASON[..], &["--as", "supervisor"]].concat()),
            ("orpailleur", &[&REASON[..], &["--as", "admin"]].concat()),
            ("enfant", &REASON[..]),
            ("enfant", &[&REASON[..], &["--as", "protection"]].concat()),
            ("sites", &REASON[..]),
        ] {
            let output = export(&server, form, options);

            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{form} {options:?}: {said}");
            assert!(said.contains("--identity"), "{form} {options:?}: {said}");
            assert!(!out(&server).exists(), "{form} {options:?}");
        }
    }

    fn who_was_erased_is_named_in_no_file(server) {
        let phone = server.phone("Awa", Some("kayes"));
        let one = Miner { surname: "Zzyxqname", ..Miner::new(1) };
        assert_eq!(submit(&phone.url, &one.xml()).status, 201);
        server.settled();
        let them = Reviewer::new(&server, "dm", "data_manager", None);
        let body = json!({ "id": uuid::Uuid::from_u128(7), "dataset": "orpailleurs", "card": one.card, "reason": "demande" });
        assert_eq!(them.send("POST", "/v1/erasures", &body).status, 200);

        let output = export(&server, "orpailleur", &REASON);

        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(!table(&server).contains("Zzyxqname"), "{}", table(&server));
    }
}
