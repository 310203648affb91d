//! A server that starts again has its people back from files beside the database, and finds with them what it would
//! find with every vault opened. Who was erased is in no file.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::json;

use crate::{
    linkage::people::{Miner, card},
    reviews::{Reviewer, is_sound},
    support::{Server, server::Phone, xml::submit},
};

/// The files of the engine's memory, with what is in them.
fn files(server: &Server) -> BTreeMap<PathBuf, Vec<u8>> {
    let Ok(folder) = std::fs::read_dir(server.data().join("engine")) else {
        return BTreeMap::new();
    };
    let paths = folder.map(|entry| entry.unwrap().path());
    paths.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

fn send(phone: &Phone, miner: &Miner) {
    let answer = submit(&phone.url, &miner.xml());
    assert_eq!(answer.status, 201, "{}", answer.text());
}

/// The same person as this one, registered again under another number and card.
fn again(number: u32, of: &Miner) -> Miner {
    Miner { number, card: card("ORP", number), agent: "KK003", ..of.clone() }
}

/// Nobody like the others: a name, a birth and a village of their own.
fn person(number: u32, surname: &'static str, given: &'static str) -> Miner {
    let (year, dob, village, mother) = match number {
        1 => (1990, "1990-03-04", "Kangaba", "Sira Keïta"),
        2 => (1971, "1971-11-23", "Sadiola", "Kadiatou Diallo"),
        _ => (1982, "1982-07-15", "Kéniéba", "Awa Touré"),
    };
    Miner { surname, given, year, dob, mother, village, ..Miner::new(number) }
}

fn pairs(server: &Server) -> i64 {
    server.sql("SELECT COUNT(*) FROM match_pair").parse().unwrap()
}

on_both! {
    fn people_of_before_a_stop_and_of_after_the_files_are_found_by_those_who_come_later(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let (before, since) = (person(1, "Zzyxdembele", "Bourama"), person(2, "Qoulibaly", "Nantenin"));
        send(&phone, &before);
        send(&phone, &person(3, "Sissoko", "Fodé"));
        server.settled();

        server.stop();
        let written = files(&server);
        server.start();
        let phone = server.moved(&phone);
        send(&phone, &since);
        server.settled();
        server.kill();
        server.start();
        let phone = server.moved(&phone);
        assert_eq!(pairs(&server), 0);
        send(&phone, &again(4, &before));
        send(&phone, &again(5, &since));
        server.settled();

        assert_eq!(written.len(), 2, "adults and children");
        assert_eq!(files(&server), written, "the server that was killed wrote none");
        assert_eq!(pairs(&server), 2, "{}", server.sql("SELECT class, evidence FROM match_pair"));
        is_sound(&mut server);
    }

    fn who_is_erased_is_in_no_file_even_when_an_old_one_comes_back(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let (one, other) = (person(1, "Zzyxdembele", "Bourama"), person(2, "Sissoko", "Fodé"));
        send(&phone, &one);
        send(&phone, &other);
        server.settled();
        server.stop();
        let of_before = files(&server);
        server.start();
        let dm = Reviewer::new(&server, "dm", "data_manager", None);

        let body = json!({ "id": uuid::Uuid::from_u128(7), "dataset": "orpailleurs", "card": one.card, "reason": "demande" });
        let erased = dm.send("POST", "/v1/erasures", &body);

        assert_eq!(erased.status, 200, "{}", erased.text());
        assert_eq!((of_before.len(), files(&server).len()), (2, 0), "destroyed with the erasure");
        // As if it had ended between the erasure and the end of the files.
        server.kill();
        for (path, bytes) in &of_before {
            std::fs::write(path, bytes).unwrap();
        }
        server.start();
        let phone = server.moved(&phone);
        send(&phone, &again(4, &one));
        send(&phone, &again(5, &other));
        server.settled();
        assert_eq!(files(&server).len(), 0, "an old file is destroyed where it is found");
        assert_eq!(pairs(&server), 1, "the other one alone is known");
        server.stop();
        assert_eq!(files(&server).len(), 2);
        server.start();
        is_sound(&mut server);
    }
}

#[test]
fn at_a_start_no_vault_of_a_person_is_opened_and_files_of_another_register_are_not_believed() {
    let mut server = Server::sqlite_logging();
    let phone = server.phone("agent", Some("kayes"));
    send(&phone, &person(1, "Zzyxdembele", "Bourama"));
    server.settled();

    let first = server.stop_and_log();
    let of_first = files(&server);
    server.start();
    let phone = server.moved(&phone);
    send(&phone, &person(2, "Sissoko", "Fodé"));
    server.settled();
    let second = server.stop_and_log();
    assert!(server.cli(&["rebuild"]).status.success());
    for (path, bytes) in &of_first {
        std::fs::write(path, bytes).unwrap();
    }
    server.start();
    let phone = server.moved(&phone);
    send(&phone, &person(3, "Diarra", "Nantenin"));
    server.settled();
    let third = server.stop_and_log();

    let said = "people come from the files";
    assert!(!first.contains(said) && second.contains(said), "{second}");
    assert!(!third.contains(said), "a rebuild begins another epoch: {third}");
    for log in [first, second, third] {
        assert!(
            !log.contains("Zzyxdembele") && log.contains("everybody is in the engine's memory")
        );
    }
}

#[test]
fn no_backup_holds_the_files() {
    let mut server = Server::sqlite();
    let phone = server.phone("agent", Some("kayes"));
    send(&phone, &person(1, "Zzyxdembele", "Bourama"));
    server.settled();
    server.stop();
    assert_eq!(files(&server).len(), 2);
    let out = server.data().join("copy.sanu");

    let done = server.cli(&["backup", out.to_str().unwrap(), "--with-keys"]);

    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut archive =
        tar::Archive::new(zstd::Decoder::new(std::fs::File::open(out).unwrap()).unwrap());
    let names: Vec<String> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    assert!(names.iter().any(|name| name == "sanu.db"), "{names:?}");
    assert!(
        !names.iter().any(|name| name.contains("memory") || name.contains("engine")),
        "{names:?}"
    );
}
