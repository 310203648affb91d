//! `sanu backup` and `sanu restore`: what was acknowledged before a backup began is in it, whatever happens meanwhile.

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::support::{
    Server,
    native::hello,
    xml::{census, submit_with},
};

fn said(out: &std::process::Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn outside(server: &Server, name: &str) -> PathBuf {
    server.data().parent().unwrap().join(name)
}

/// Throws the register away, but for a copy of its keys.
fn lose(server: &mut Server) -> PathBuf {
    server.kill();
    let keys = outside(server, "keys-copy");
    std::fs::create_dir(&keys).unwrap();
    for name in ["adults.key", "children.key"] {
        std::fs::copy(server.data().join("keys").join(name), keys.join(name)).unwrap();
    }
    std::fs::remove_dir_all(server.data()).unwrap();
    keys
}

fn put_back(keys: &Path, server: &Server) {
    std::fs::create_dir_all(server.data().join("keys")).unwrap();
    for name in ["adults.key", "children.key"] {
        std::fs::copy(keys.join(name), server.data().join("keys").join(name)).unwrap();
    }
}

#[test]
fn what_was_acknowledged_before_a_backup_in_the_middle_of_uploads_is_in_it() {
    let mut server = Server::sqlite();
    let phone = server.phone("Awa", None);
    let epoch = hello(&server, &phone.token).epoch;
    let queue = Mutex::new(census(31, 600));
    let (acknowledged, enough) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let file = outside(&server, "backup");

    let before = std::thread::scope(|scope| {
        for worker in 0..4 {
            let (queue, acknowledged, enough, url) = (&queue, &acknowledged, &enough, &phone.url);
            scope.spawn(move || {
                while !enough.load(Ordering::SeqCst) {
                    let Some(one) = queue.lock().unwrap().pop() else { return };
                    let photo = format!("photo {worker} {}", one.instance_id).into_bytes();
                    if submit_with(url, &one.xml, &[("photo.jpg", photo.as_slice())]).status == 201
                    {
                        acknowledged.lock().unwrap().push(one.instance_id);
                    }
                }
            });
        }
        while acknowledged.lock().unwrap().len() < 80 {
            std::thread::yield_now();
        }
        let before = acknowledged.lock().unwrap().clone();
        let out = server.cli(&["backup", file.to_str().unwrap()]);
        enough.store(true, Ordering::SeqCst);
        assert!(out.status.success(), "{}", said(&out));
        assert!(
            said(&out).contains("LES CLÉS NE SONT PAS DANS CETTE SAUVEGARDE"),
            "{}",
            said(&out)
        );
        before
    });
    let keys = lose(&mut server);
    let restored = server.cli(&["restore", file.to_str().unwrap()]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert!(said(&restored).contains("LES CLÉS N'ÉTAIENT PAS DANS LA SAUVEGARDE"));
    let without = server.cli(&["check"]);
    assert!(!without.status.success(), "without its keys nothing can be read");
    put_back(&keys, &server);
    server.start();
    server.settled();

    let kept = server.sql("SELECT instance_id FROM journal");
    for instance in &before {
        assert!(kept.contains(instance), "{instance} was acknowledged before the backup began");
    }
    let check = server.cli_json(&["check"]);
    assert_eq!((&check["ok"], &check["missing_files"]), (&true.into(), &0.into()), "{check}");
    let phone = server.moved(&phone);
    assert_ne!(hello(&server, &phone.token).epoch, epoch, "devices read the feed anew");
    assert_eq!(server.sql("SELECT COUNT(*) FROM session"), "0");
    let left: Vec<_> =
        std::fs::read_dir(server.data()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("tmp")), "{left:?}");
}

#[test]
fn a_backup_with_keys_is_all_that_is_needed_and_says_so() {
    let mut server = Server::sqlite();
    let phone = server.phone("Awa", None);
    for submission in census(5, 10) {
        assert_eq!(submit_with(&phone.url, &submission.xml, &[]).status, 201);
    }
    server.settled();
    let hashes = server.cli_json(&["derived-hash"]);
    let (open, closed) = (outside(&server, "open"), outside(&server, "closed"));

    let with = server.cli(&["backup", open.to_str().unwrap(), "--with-keys"]);
    let without = server.cli(&["backup", closed.to_str().unwrap()]);
    let again = server.cli(&["backup", closed.to_str().unwrap()]);
    let over = server.cli(&["restore", open.to_str().unwrap()]);

    assert!(said(&with).contains("LES CLÉS SONT DANS CETTE SAUVEGARDE"), "{}", said(&with));
    assert!(without.status.success());
    assert!(said(&again).contains("est déjà là"), "{}", said(&again));
    assert!(said(&over).contains("n'est pas vide"), "{}", said(&over));
    let key = std::fs::read(server.data().join("keys/adults.key")).unwrap();
    let plain = |file: &Path| zstd_of(file);
    assert!(plain(&open).windows(key.len()).any(|w| w == key));
    assert!(!plain(&closed).windows(key.len()).any(|w| w == key));
    lose(&mut server);
    assert!(server.cli(&["restore", open.to_str().unwrap()]).status.success());
    assert_eq!(server.cli_json(&["derived-hash"]), hashes);
    assert_eq!(server.cli_json(&["check"])["ok"], true);
}

fn zstd_of(file: &Path) -> Vec<u8> {
    zstd::stream::decode_all(std::fs::File::open(file).unwrap()).unwrap()
}

#[test]
fn a_truncated_or_foreign_file_restores_nothing() {
    let mut server = Server::sqlite();
    let file = outside(&server, "backup");
    assert!(server.cli(&["backup", file.to_str().unwrap()]).status.success());
    lose(&mut server);
    let whole = std::fs::read(&file).unwrap();
    let bad = outside(&server, "bad");

    for (bytes, word) in [
        (&whole[..whole.len() - 1], "incomplète ou abîmée"),
        (&whole[..whole.len() / 2], "incomplète ou abîmée"),
        (&b"not a backup at all"[..], "n'est pas une sauvegarde"),
        (&b""[..], "n'est pas une sauvegarde"),
    ] {
        std::fs::write(&bad, bytes).unwrap();
        let out = server.cli(&["restore", bad.to_str().unwrap()]);
        assert!(!out.status.success());
        assert!(said(&out).contains(word), "{}", said(&out));
        assert!(!server.data().exists(), "nothing is written");
        assert!(!outside(&server, "data.restauration").exists());
    }
}

#[test]
fn a_backup_that_is_killed_leaves_no_half_file_under_its_name() {
    let server = Server::sqlite();
    let phone = server.phone("Awa", None);
    let photo = vec![b'x'; 400_000];
    for submission in census(9, 12) {
        assert_eq!(
            submit_with(&phone.url, &submission.xml, &[("photo.jpg", photo.as_slice())]).status,
            201
        );
    }
    let (file, part) = (outside(&server, "backup"), outside(&server, "backup.part"));

    for sign in [server.data().join("backup.tmp"), part.clone()] {
        let mut backup = server.spawn(&["backup", file.to_str().unwrap()]);
        while !sign.exists() && backup.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        backup.kill().unwrap();
        backup.wait().unwrap();
        if file.exists() {
            // It was done before the kill came.
            std::fs::remove_file(&file).unwrap();
        }
    }
    let out = server.cli(&["backup", file.to_str().unwrap()]);

    assert!(out.status.success(), "{}", said(&out));
    assert!(file.is_file() && !part.exists() && !server.data().join("backup.tmp").exists());
}

#[test]
fn of_postgresql_the_command_names_the_tool_that_does_it() {
    let Some(server) = Server::postgres() else { return };

    let out = server.cli(&["backup", outside(&server, "backup").to_str().unwrap()]);

    assert!(!out.status.success());
    for word in ["pg_dump", "blobs", "keys", "sanu rebuild"] {
        assert!(said(&out).contains(word), "{}", said(&out));
    }
}
