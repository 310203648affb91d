//! A register outlives the schema it was made with, and a rebuild that was cut off.

use std::collections::BTreeMap;

use crate::{
    register::hashes,
    support::{
        Server,
        xml::{census, submit},
    },
};
use sanu::simulate::Submission;

/// The statement that made a table in the first migration.
fn first_shape(server: &Server, table: &str) -> String {
    let text = if server.database_url.is_some() {
        include_str!("../migrations/postgres/0001_register.sql")
    } else {
        include_str!("../migrations/sqlite/0001_register.sql")
    };
    let start = text.find(&format!("CREATE TABLE {table} (")).unwrap();
    let rest = &text[start..];
    rest[..=rest.find(';').unwrap()].to_owned()
}

/// Turns a register into what the first migration alone would have made of the same data.
fn back_to_the_first_schema(server: &Server) {
    const VERSION: &str = "zone_id, entity_id, version, submission_id, seq, created_at, base_version, \
         branch_id, props, sealed";
    let is_postgres = server.database_url.is_some();
    let mut sql = first_shape(server, "subject_key") + &first_shape(server, "vault");
    sql += "INSERT INTO subject_key SELECT zone_id, 'event', event_id, realm, wrapped FROM journal;
        INSERT INTO subject_key SELECT zone_id, 'entity', entity_id, realm, wrapped FROM entity;
        INSERT INTO vault SELECT zone_id, entity_id, sealed FROM entity;
        DROP INDEX entity_version_later; DROP INDEX entity_version_branch; DROP INDEX entity_dataset;
        CREATE INDEX entity_dataset ON entity (dataset, zone_id, entity_id);";
    if is_postgres {
        sql += "SET CONSTRAINTS ALL IMMEDIATE;
            ALTER TABLE entity_version DROP COLUMN review;
            ALTER TABLE entity_version DROP CONSTRAINT entity_version_pkey;
            ALTER TABLE entity_version ADD PRIMARY KEY (zone_id, entity_id, version);
            UPDATE intake_key SET intake_key = intake_key || decode(repeat('ee', 16), 'hex'),
                content_hash = content_hash || decode(repeat('ee', 16), 'hex');";
    } else {
        sql += "ALTER TABLE entity_version RENAME TO ordered;";
        sql += &first_shape(server, "entity_version");
        sql += &format!(
            "INSERT INTO entity_version ({VERSION}) SELECT {VERSION} FROM ordered; DROP TABLE ordered;
            UPDATE intake_key SET intake_key = unhex(hex(intake_key) || hex(zeroblob(16))),
                content_hash = unhex(hex(content_hash) || hex(zeroblob(16)))
                WHERE content_hash IS NOT NULL;
            UPDATE intake_key SET intake_key = unhex(hex(intake_key) || hex(zeroblob(16)))
                WHERE content_hash IS NULL;"
        );
    }
    for column in ["realm", "wrapped"] {
        sql += &format!("ALTER TABLE journal DROP COLUMN {column};");
    }
    for column in ["realm", "wrapped", "sealed"] {
        sql += &format!("ALTER TABLE entity DROP COLUMN {column};");
    }
    sql += "DROP TABLE kept_key; DELETE FROM _sqlx_migrations WHERE version = 2;";
    // What the seventh migration added to these tables, so that it is run again over the converted ones.
    sql += "DROP TABLE review; DROP INDEX record_review; DROP INDEX record_in_review;
        ALTER TABLE record DROP COLUMN review; ALTER TABLE record DROP COLUMN reviewed_seq;
        ALTER TABLE record DROP COLUMN trail; ALTER TABLE entity DROP COLUMN review;
        ALTER TABLE entity DROP COLUMN shifts;
        CREATE INDEX record_under_review ON record (dataset, state, zone_id) WHERE state <> 'received';
        DELETE FROM _sqlx_migrations WHERE version = 7;";
    // And what the eleventh added, which makes the cells once more.
    sql += "DROP TABLE count_day; DROP TABLE extract_release; DELETE FROM _sqlx_migrations WHERE version = 11;";
    for column in ["open_day", "known_from", "cubes"] {
        sql += &format!("ALTER TABLE apply_state DROP COLUMN {column};");
    }
    sql += "DROP TABLE boundary;";
    sql += &first_shape(server, "boundary");
    // The thirteenth works on what the eleventh makes.
    sql += "DROP TABLE count_month; DELETE FROM _sqlx_migrations WHERE version = 13;";
    // And the eighth, with the index of the fourteenth.
    sql += "DROP INDEX entity_day; DELETE FROM _sqlx_migrations WHERE version = 14;
        DROP TABLE entity_past; DROP TABLE entity_source; DROP INDEX entity_deleted;
        ALTER TABLE entity DROP COLUMN day; ALTER TABLE entity DROP COLUMN deleted_seq;
        ALTER TABLE apply_state DROP COLUMN day; ALTER TABLE apply_state DROP COLUMN first_day;
        DELETE FROM _sqlx_migrations WHERE version = 8;";
    server.sql(&sql);
}

fn live_hashes(server: &Server) -> BTreeMap<String, String> {
    let report = server.cli_json(&["derived-hash"]);
    serde_json::from_value(report["hashes"].clone()).unwrap()
}

/// A register with people before their sites, an edit and an instance id used twice.
fn filled(server: &mut Server) -> Vec<Submission> {
    let phone = server.phone("agent-1", Some("kayes"));
    let mut sent = census(3, 60);
    sent.reverse();
    let twisted = sent[0].xml.replacen("<today>", "<today><!-- -->", 1);
    sent.push(Submission { xml: twisted, ..sent[0].clone() });
    for submission in &sent {
        assert_eq!(submit(&phone.url, &submission.xml).status, 201);
    }
    server.settled();
    server.stop();
    sent
}

on_both! {
    fn a_register_of_the_first_schema_is_converted_and_says_the_same(server) {
        let mut server = server;
        let sent = filled(&mut server);
        let live = live_hashes(&server);
        let events = server.sql("SELECT COUNT(*) FROM journal");
        back_to_the_first_schema(&server);

        server.start();

        assert_eq!(server.sql("SELECT COUNT(*) FROM _sqlx_migrations WHERE version = 2"), "1");
        let phone = server.phone("agent-2", Some("kayes"));
        for submission in &sent {
            assert_eq!(submit(&phone.url, &submission.xml).status, 201);
        }
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), events, "resends are known");
        server.stop();
        assert_eq!(live_hashes(&server), live, "converted and made so differ");
        let check = server.cli_json(&["check"]);
        assert_eq!(check["unreadable_events"], 0, "{check}");
        assert_eq!(check["wrong_count_cells"], 0, "{check}");
        assert_eq!(hashes(&server), live, "rebuilt and converted differ");
        assert_eq!(server.sql("SELECT COUNT(*) FROM kept_key"), "0");
    }

    fn what_waited_before_the_eighteenth_schema_is_counted_as_waiting(server) {
        let mut server = server;
        let phone = server.phone("agent-1", Some("kayes"));
        let visits: Vec<_> = census(5, 900).into_iter().filter(|s| s.form_id == "visite_site").take(3).collect();
        for visit in &visits {
            assert_eq!(submit(&phone.url, &visit.xml).status, 201);
        }
        server.settled();
        server.stop();
        let held = "SELECT COALESCE(SUM(n), 0) FROM count_cell WHERE dataset = 'fiches' AND review = 'held'";
        assert_eq!(server.sql(held), "3", "their sites are not here");
        let live = live_hashes(&server);
        // All that these three are counted in, as the program before had it.
        server.sql(
            "DELETE FROM count_cell WHERE dataset = 'fiches' AND review = 'accepted';
             UPDATE count_cell SET review = 'accepted' WHERE dataset = 'fiches' AND review = 'held';
             DROP INDEX record_held; DELETE FROM _sqlx_migrations WHERE version = 18;",
        );
        assert_eq!(server.sql(held), "0");

        server.start();
        server.stop();

        assert_eq!(live_hashes(&server), live);
    }

    fn a_command_of_a_newer_program_leaves_a_register_alone_that_an_older_one_serves(server) {
        let mut server = server;
        server.stop();
        let versions = "SELECT COUNT(*) FROM _sqlx_migrations";
        server.sql("DELETE FROM _sqlx_migrations WHERE version = 17; DROP TABLE device_day;");
        let older = server.sql(versions);
        let lock = std::fs::File::open(server.data().join("server.lock")).unwrap();
        lock.lock().unwrap();

        let refused = server.cli(&["check", "--rules"]);

        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains("version antérieure"), "{said}");
        assert_eq!(server.sql(versions), older);
        drop(lock);
        assert!(server.cli(&["check", "--rules"]).status.success(), "nobody serves it any more");
        assert_ne!(server.sql(versions), older);
    }

    fn a_register_that_ran_the_other_text_of_the_eighteenth_migration_opens(server) {
        let mut server = server;
        let _sent = filled(&mut server);
        let live = live_hashes(&server);
        let former = if server.database_url.is_some() {
            "'\\x67adb5989b6ae0e130ac304d45aea7bb40d04191fe910ff1c90a8bbcdd10ea08f5986af1aed537678545115741c3b935'"
        } else {
            "X'5367198aecbbb95c8d6faee5fd536a54f239d7036e298f2130d47511a02bc04b4d0aa5eab1ecbf335f16e7f45727161c'"
        };
        server.sql(&format!("UPDATE _sqlx_migrations SET checksum = {former} WHERE version = 18"));

        server.start();
        server.stop();

        assert_eq!(live_hashes(&server), live);
    }

    fn a_rebuild_that_was_cut_off_goes_on_with_the_same_keys(server) {
        let mut server = server;
        let _sent = filled(&mut server);
        let live = live_hashes(&server);
        // What a rebuild does before it derives anything.
        server.sql(
            "INSERT INTO kept_key SELECT zone_id, entity_id, realm, wrapped FROM entity;
             DELETE FROM feed; DELETE FROM feed_head; DELETE FROM dataset_head; DELETE FROM count_cell;
             DELETE FROM held; DELETE FROM block_key; DELETE FROM entity_home;
             DELETE FROM entity_version; DELETE FROM entity; DELETE FROM attachment;
             DELETE FROM record; UPDATE apply_state SET seq = 0 WHERE id = 1;",
        );

        for command in [&["check"][..], &["export", "sites", "--format", "csv", "--out", "-"], &["import", "list"]] {
            let refused = server.cli(command);
            let said = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(!refused.status.success() && said.contains("sanu rebuild n'est pas fini"), "{command:?}: {said}");
        }
        server.start();
        // Nobody was answered before all of it was derived: a table published of half a register would stay.
        assert_eq!(server.sql("SELECT COUNT(*) FROM kept_key"), "0");
        assert_eq!(server.sql("SELECT seq FROM apply_state"), server.sql("SELECT seq FROM journal_head"));
        server.stop();

        assert_eq!(live_hashes(&server), live);
    }

    fn an_entity_whose_key_was_destroyed_stays_sealed_and_is_counted_once(server) {
        let mut server = server;
        let sent = filled(&mut server);
        let id = server.sql("SELECT entity_id FROM entity WHERE dataset = 'orpailleurs' ORDER BY created_seq LIMIT 1");
        let quoted = if server.database_url.is_some() { format!("'{id}'") } else { format!("X'{id}'") };
        let empty = if server.database_url.is_some() { "''" } else { "X''" };
        server.sql(&format!("UPDATE entity SET wrapped = {empty} WHERE entity_id = {quoted}"));

        let _hashes = hashes(&server);

        let length = format!("SELECT length(wrapped) FROM entity WHERE entity_id = {quoted}");
        assert_eq!(server.sql(&length), "0");
        server.start();
        let phone = server.phone("agent-2", Some("kayes"));
        for submission in sent.iter().filter(|s| s.form_id == "orpailleur") {
            let again = submission.xml.replace("<instanceID>uuid:", "<instanceID>uuid:f");
            assert_eq!(submit(&phone.url, &again).status, 201);
        }
        server.settled();
        server.stop();
        assert_eq!(server.sql(&length), "0");
        let check = server.cli_json(&["check"]);
        assert_eq!(check["wrong_count_cells"], 0, "{check}");
        assert_ne!(server.sql("SELECT MAX(length(wrapped)) FROM entity"), "0");
    }
}
