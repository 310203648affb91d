//! Photos over links that break: split, repeated, cut in the middle, edited afterwards.

use std::path::Path;

use super::{all_well, column, engine, proofs, publish_samples, run};
use crate::support::Server;

const MEDIAS: &str = "--form medias --answers samples/medias.json --auto";

/// Asserts that the server has one record whose files are those of this proof, each once.
#[track_caller]
fn assert_one_record_with_all_files(server: &Server, proof: &Path) {
    server.settled();
    let sent = proofs(proof);
    let last = sent.last().unwrap();
    let mut said: Vec<String> = last["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            format!(
                "{}|{}|{}",
                f["name"].as_str().unwrap(),
                f["sha256"].as_str().unwrap(),
                f["bytes"]
            )
        })
        .collect();
    said.sort();
    assert_eq!(said.len(), 7, "four photos, a sound, a document, the audit log: {last:#}");
    assert_eq!(column(server, "SELECT name, sha256, size FROM attachment"), said);
    assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "1");
    assert_eq!(server.sql("SELECT state FROM record"), "received");
    assert_eq!(server.sql("SELECT COUNT(*) FROM blob"), "7");
    assert_eq!(std::fs::read_dir(server.data().join("blobs/tmp")).unwrap().count(), 0);
    assert_eq!(server.cli_json(&["check"])["ok"], true);
}

#[test]
fn photos_in_small_posts_sent_twice_are_one_record() {
    let Some(engine) = engine() else { return };
    let server = Server::sqlite_with(&["--small-posts"]);
    publish_samples(&server);
    let phone = server.phone("agent-1", None);
    let folder = tempfile::tempdir().unwrap();
    let proof = folder.path().join("proof.jsonl");
    let key = ["--key-url", phone.url.as_str(), "--proof-json", proof.to_str().unwrap()];

    let run = all_well(run(engine, &key, &format!("{MEDIAS} --replay")), 1);

    assert!(
        run.json["posts"].as_u64().unwrap() >= 4,
        "the server asked for small posts: {:#}",
        run.json
    );
    assert_eq!(run.json["serverMessage"], "Fiche déjà reçue. Merci.");
    assert_one_record_with_all_files(&server, &proof);
}

#[test]
fn an_edited_form_stays_one_record_and_one_miner() {
    let Some(engine) = engine() else { return };
    let server = Server::sqlite();
    publish_samples(&server);
    let phone = server.phone("agent-1", None);
    let folder = tempfile::tempdir().unwrap();
    let proof = folder.path().join("proof.jsonl");
    let key = ["--key-url", phone.url.as_str(), "--proof-json", proof.to_str().unwrap()];

    all_well(run(engine, &key, &format!("{MEDIAS} --accept-length 500000 --then-edit")), 1);
    assert_one_record_with_all_files(&server, &proof);
    let sent = proofs(&proof);
    assert_eq!(sent[0]["statuses"].as_array().unwrap().len(), 5, "{sent:#?}");
    let edited =
        format!("uuid:{}", sent[1]["instanceId"].as_str().unwrap().trim_start_matches("uuid:"));
    assert_eq!(server.sql("SELECT instance_id FROM record"), edited);

    let census = "--form site,orpailleur --answers samples/site.json,samples/orpailleur.json --auto --replay --then-edit";
    all_well(run(engine, &["--key-url", &phone.url], census), 1);
    server.settled();
    assert_eq!((server.count("sites"), server.count("orpailleurs")), (1, 1));
    assert_eq!(
        server.sql("SELECT COUNT(*) FROM record WHERE state IN ('received', 'flagged')"),
        "3"
    );
    assert_eq!(server.sql("SELECT COUNT(*) FROM journal WHERE kind = 'edit'"), "3");
}

#[test]
fn a_cut_in_the_middle_of_the_photos_is_resumed_without_doubles() {
    let Some(engine) = engine() else { return };
    let server = Server::sqlite();
    publish_samples(&server);
    let phone = server.phone("agent-1", None);
    let folder = tempfile::tempdir().unwrap();
    let (proof, outbox) = (folder.path().join("proof.jsonl"), folder.path().join("outbox"));
    let key = ["--key-url", phone.url.as_str(), "--proof-json", proof.to_str().unwrap()];
    let key =
        [key.as_slice(), &["--outbox", outbox.to_str().unwrap(), "--accept-length", "500000"]]
            .concat();

    let cut = run(engine, &key, &format!("{MEDIAS} --stop-after-parts 2"));
    assert_eq!(cut.status, 3, "{:#}", cut.json);
    server.settled();
    assert_eq!(
        server.sql("SELECT COUNT(*) FROM attachment"),
        "2",
        "the first two posts were acknowledged"
    );
    assert_eq!(std::fs::read_dir(&outbox).unwrap().count(), 1, "the phone keeps what was cut");

    all_well(run(engine, &key, "--send-outbox"), 1);

    assert_one_record_with_all_files(&server, &proof);
    assert_eq!(std::fs::read_dir(&outbox).unwrap().count(), 0);
}
