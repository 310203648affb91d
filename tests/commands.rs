//! The command line as an office uses it: nothing made by mistake, nobody locked out, results where scripts look.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::support::Server;

/// Runs `sanu` in this folder, without a word about where the data are.
fn sanu(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sanu"));
    command.env_remove("SANU_DATA").env_remove("SANU_DATABASE_URL");
    command.current_dir(folder).args(args).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn result(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_command_where_no_register_is_makes_none_and_says_how_to_name_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("form.xml"), "<h:html/>").unwrap();

    for args in [
        &["device", "add", "Awa"][..],
        &["device", "list"],
        &["account", "add", "awa", "--role", "supervisor"],
        &["form", "publish", "form.xml"],
        &["form", "list"],
        &["geography", "import", "form.xml"],
        &["simulate", "--server", "http://127.0.0.1:9", "--records", "1"],
        &["check"],
        &["derived-hash"],
        &["rebuild"],
    ] {
        let output = sanu(folder.path(), args);

        assert_eq!(output.status.code(), Some(1), "{args:?}");
        for word in ["--data", "SANU_DATA", "sanu serve", "pas de registre", "no register"] {
            assert!(said(&output).contains(word), "{args:?}: {}", said(&output));
        }
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

on_both! {
    fn an_office_without_an_administrator_gets_one_at_the_next_start(server) {
        let mut server = server;
        let old = server.admin.clone();
        assert!(server.cli(&["account", "disable", "admin"]).status.success());

        server.stop();
        server.start();

        assert_ne!(server.admin, old, "a password was printed");
        assert_eq!(server.get("/v1/tables", "admin-2", &server.admin).status, 200);
        assert_eq!(server.get("/v1/tables", "admin", &old).status, 401, "who was disabled stays so");
        let new = server.admin.clone();
        server.stop();
        server.start();
        assert_eq!(server.admin, new, "there is one now");
        assert!(!result(&server.cli(&["account", "list"])).contains("admin-3"));
    }

    fn text_results_go_to_standard_output_and_json_only_when_asked_for(server) {
        server.phone("Awa", Some("kayes"));

        let phones = result(&server.cli(&["device", "list"]));
        let accounts = result(&server.cli(&["account", "list"]));
        let forms = result(&server.cli(&["form", "list"]));
        let check = result(&server.cli(&["check"]));
        let hashes = result(&server.cli(&["derived-hash"]));

        assert!(phones.contains("Awa\tkayes\n"), "{phones}");
        assert!(accounts.contains("admin\tadmin\t-\n"), "{accounts}");
        assert!(forms.contains("orpailleur\t"), "{forms}");
        assert!(check.contains("ok\ttrue\n") && !check.contains('{'), "{check}");
        assert!(hashes.lines().all(|line| line.split('\t').count() == 2), "{hashes}");
        assert_eq!(server.cli_json(&["check"])["ok"], true);
        assert!(server.cli_json(&["derived-hash"])["hashes"]["entity"].is_string());
    }
}

#[test]
fn a_command_that_reads_does_not_wait_for_the_writer() {
    let server = Server::sqlite();
    let threads = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    let lists = threads.block_on(async {
        use sqlx::ConnectOptions as _;
        let file =
            sqlx::sqlite::SqliteConnectOptions::new().filename(server.data().join("sanu.db"));
        let mut writer = file.connect().await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut writer).await.unwrap();
        let lists = [
            server.cli(&["account", "list"]),
            server.cli(&["form", "list"]),
            server.cli(&["check", "--quick"]),
        ];
        sqlx::query("ROLLBACK").execute(&mut writer).await.unwrap();
        lists
    });

    for list in &lists {
        assert!(list.status.success(), "{}", said(list));
    }
}

#[test]
fn a_phone_that_cannot_reach_the_server_is_warned_of() {
    let mut server = Server::sqlite();

    let here = said(&server.cli(&["device", "add", "Awa"]));
    server.stop();
    server.start_with(&["--public-url", "http://10.0.0.5:8080"]);
    let there = said(&server.cli(&["device", "add", "Issa"]));

    assert!(here.contains("un téléphone n'atteint pas 127.0.0.1"), "{here}");
    assert!(!there.contains("ATTENTION"), "{there}");
    assert!(there.contains("http://10.0.0.5:8080/v1/key/"), "{there}");
}
