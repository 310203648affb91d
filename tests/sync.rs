//! Native sync as `docs/PROTOCOL.md` has it: verdicts, receipts, files, cursors, scope.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    time::Duration,
};

use serde_json::Value;
use sync_protocol::{
    Change, Limits, PullResponse, PushRecord, ReceiptState, RefusalCode, Verdict,
    device::{Follower, Outbox, Pace, Parcel},
};
use uuid::Uuid;

use crate::support::{
    native::{attachment, body, hello, pull, pull_all, push, record, with_token},
    xml::{census, submit},
};

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn records(seed: u64, count: usize) -> Vec<PushRecord> {
    census(seed, count).iter().map(record).collect()
}

/// Submission ids with the state that was told last, and how often something was told.
fn receipts(changes: &[Change]) -> BTreeMap<Uuid, (usize, ReceiptState)> {
    let mut told = BTreeMap::new();
    for change in changes {
        if let Change::Receipt { submission_id, state, .. } = change {
            let entry = told.entry(*submission_id).or_insert((0, *state));
            *entry = (entry.0 + 1, *state);
        }
    }
    told
}

fn entities(changes: &[Change]) -> BTreeSet<Uuid> {
    let id = |c: &Change| match c {
        Change::Entity { id, .. } => Some(*id),
        _ => None,
    };
    changes.iter().filter_map(id).collect()
}

fn slug(problem: &Value) -> &str {
    problem["type"].as_str().unwrap().strip_prefix("urn:sanu:problem:").unwrap()
}

/// A miner of the census and the same without the answer that the form requires.
fn miner_without_sex(seed: u64) -> PushRecord {
    let mut miner = records(seed, 60)
        .into_iter()
        .find(|r| r.form_id == "orpailleur" && r.xml.contains("<sex>"))
        .expect("a census has miners");
    let (start, end) = (miner.xml.find("<sex>").unwrap(), miner.xml.find("</sex>").unwrap());
    miner.xml.replace_range(start..end + 6, "<sex />");
    miner
}

on_both! {
    fn the_hello_says_who_the_server_is_and_what_a_device_may_send(server) {
        let everywhere = server.phone("everywhere", None).token;
        let kita = server.phone("kita", Some("kita")).token;

        let greeting = hello(&server, &everywhere);
        let posted = with_token(&server, "POST", "/v1/sync/hello", &kita, &[JSON],
            br#"{"protocol":[1,7],"device":"Tablette 12","app":"test 1"}"#);
        let future = with_token(&server, "POST", "/v1/sync/hello", &kita, &[JSON], br#"{"protocol":[2]}"#);
        let unknown = with_token(&server, "POST", "/v1/sync/hello", &kita, &[JSON], br#"{"protocl":[1]}"#);

        assert_eq!((greeting.limits.max_records, greeting.protocol.min), (500, 1));
        assert!(greeting.zones.contains(&"kita".to_owned()), "{:?}", greeting.zones);
        assert_eq!(posted.json()["zones"], serde_json::json!(["kita"]));
        assert_eq!(posted.json()["server_id"], greeting.server_id.to_string());
        assert_eq!((future.status, slug(&future.json())), (400, "unsupported-protocol"));
        assert_eq!((unknown.status, slug(&unknown.json())), (400, "malformed"));
    }

    fn five_hundred_records_in_any_coding_are_accepted_and_then_applied(server) {
        let token = server.phone("tablet", None).token;
        let mut sent = records(21, 900);
        let batches = [sent.split_off(700), sent.split_off(500), sent];
        let mut ids = BTreeSet::new();

        for (coding, batch) in ["zstd", "gzip", "identity"].into_iter().zip(batches) {
            let plain = body(batch.clone());
            let packed = match coding {
                "zstd" => zstd::encode_all(&plain[..], 3).unwrap(),
                "gzip" => {
                    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                    writer.write_all(&plain).unwrap();
                    writer.finish().unwrap()
                }
                _ => plain,
            };
            let answer = with_token(&server, "POST", "/v1/sync/push", &token,
                &[JSON, ("Content-Encoding", coding)], &packed);
            assert_eq!(answer.status, 200, "{coding}: {}", answer.text());
            let answer: sync_protocol::PushResponse = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(answer.results.len(), batch.len());
            for (result, record) in answer.results.iter().zip(&batch) {
                assert_eq!(result.instance_id.as_deref(), Some(record.instance_id.as_str()));
                let Verdict::Accepted { submission_id } = result.verdict else { panic!("{result:?}") };
                assert!(ids.insert(submission_id), "one id for two records");
            }
        }
        server.settled();

        let told = receipts(&pull_all(&server, &token, 500));
        assert_eq!(told.keys().copied().collect::<BTreeSet<_>>(), ids);
        let last: BTreeSet<_> = told.values().map(|(_, state)| format!("{state:?}")).collect();
        assert_eq!(last, BTreeSet::from(["Applied".to_owned()]));
    }

    fn a_bad_record_is_judged_alone_and_the_rest_of_its_batch_is_applied(server) {
        let token = server.phone("tablet", None).token;
        let mut batch = records(22, 30);
        let template = |i: usize| PushRecord { instance_id: format!("uuid:bad-{i}"), ..batch[0].clone() };
        let unparsable = PushRecord { xml: "<data id='site'><meta>".into(), ..template(0) };
        let named = |form: &str| format!("<data id=\"{form}\"><meta><instanceID>uuid:bad-1</instanceID></meta></data>");
        let unknown = PushRecord { form_id: "cadastre".into(), form_version: String::new(), xml: named("cadastre"), ..template(1) };
        let mismatch = PushRecord { instance_id: "uuid:someone-else".into(), ..records(23, 1).remove(0) };
        let path = PushRecord { attachments: vec![attachment("../photo.jpg", b"x")], ..records(24, 1).remove(0) };
        let violating = miner_without_sex(25);
        batch.splice(5..5, [unparsable, unknown, violating, mismatch, path]);

        let first = push(&server, &token, batch.clone());
        server.settled();
        let second = push(&server, &token, batch.clone());
        let told = receipts(&pull_all(&server, &token, 500));

        let refused = |i: usize| match &first.results[i].verdict {
            Verdict::Refused { code, message } => {
                assert!(message.contains(' '), "a sentence for a person: {message}");
                *code
            }
            other => panic!("{i}: {other:?}"),
        };
        assert_eq!(refused(5), RefusalCode::Unparsable);
        assert_eq!(refused(6), RefusalCode::UnknownForm);
        assert_eq!(refused(8), RefusalCode::InstanceMismatch);
        assert_eq!(refused(9), RefusalCode::Malformed);
        let Verdict::Quarantined { submission_id, rules } = &first.results[7].verdict else {
            panic!("{:?}", first.results[7]);
        };
        assert!(!rules.is_empty());
        assert_eq!(told[submission_id].1, ReceiptState::Quarantined);
        assert_eq!(told.len(), 31, "a receipt for everything kept, none for what was refused");
        for (i, (one, two)) in first.results.iter().zip(&second.results).enumerate() {
            match (&one.verdict, &two.verdict) {
                (Verdict::Accepted { submission_id: a }, Verdict::Duplicate { submission_id: b, state }) => {
                    assert_eq!((a, *state), (b, Some(ReceiptState::Applied)), "{i}");
                }
                (Verdict::Quarantined { submission_id: a, .. }, Verdict::Duplicate { submission_id: b, state }) => {
                    assert_eq!((a, *state), (b, Some(ReceiptState::Quarantined)), "{i}");
                }
                (Verdict::Refused { code: a, .. }, Verdict::Refused { code: b, .. }) => assert_eq!(a, b, "{i}"),
                other => panic!("{i}: {other:?}"),
            }
        }
        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "31");
    }

    fn other_bytes_under_a_known_id_are_a_conflict_and_both_are_kept(server) {
        let token = server.phone("tablet", None).token;
        let original = records(26, 1).remove(0);
        let twisted = PushRecord { xml: original.xml.replacen("<today>", "<today><!-- -->", 1), ..original.clone() };

        let first = push(&server, &token, vec![original.clone()]).results.remove(0).verdict;
        let second = push(&server, &token, vec![twisted.clone()]).results.remove(0).verdict;
        let third = push(&server, &token, vec![twisted, original]).results;
        server.settled();

        let Verdict::Accepted { submission_id } = first else { panic!("{first:?}") };
        let Verdict::Conflict { submission_id: other, with } = second else { panic!("{second:?}") };
        assert_eq!(with, submission_id);
        assert_ne!(other, submission_id);
        assert_eq!(third.iter().map(|r| r.verdict.submission_id()).collect::<Vec<_>>(), [Some(other), Some(submission_id)]);
        assert!(third.iter().all(|r| matches!(r.verdict, Verdict::Duplicate { .. })), "{third:?}");
        let told = receipts(&pull_all(&server, &token, 500));
        assert_eq!(told[&other].1, ReceiptState::Quarantined);
        assert_eq!(server.count("sites"), 1);
    }

    fn a_batch_over_a_limit_is_refused_whole_and_the_limit_is_told(server) {
        let token = server.phone("tablet", None).token;
        let many = body(vec![records(27, 1).remove(0); 501]);
        let not_json = b"{\"protocol\":1,\"batch\":";

        let answer = with_token(&server, "POST", "/v1/sync/push", &token, &[JSON], &many);
        let broken = with_token(&server, "POST", "/v1/sync/push", &token, &[JSON], not_json);
        let foreign = with_token(&server, "POST", "/v1/sync/push", &token,
            &[JSON, ("Content-Encoding", "br")], b"x");
        let damaged = with_token(&server, "POST", "/v1/sync/push", &token,
            &[JSON, ("Content-Encoding", "gzip")], b"x");
        let bomb = zstd::encode_all(std::io::Read::take(std::io::repeat(b' '), 17 << 20), 1).unwrap();
        let bomb = with_token(&server, "POST", "/v1/sync/push", &token,
            &[JSON, ("Content-Encoding", "zstd")], &bomb);

        assert_eq!((answer.status, slug(&answer.json())), (413, "too-many-records"));
        assert!(answer.text().contains("500"), "{}", answer.text());
        assert_eq!((broken.status, slug(&broken.json())), (400, "not-json"));
        assert_eq!((foreign.status, slug(&foreign.json())), (415, "unsupported-encoding"));
        assert_eq!((damaged.status, slug(&damaged.json())), (400, "malformed"));
        assert_eq!((bomb.status, slug(&bomb.json())), (413, "too-large"));
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), "0");
    }

    fn both_doors_know_the_same_submission(server) {
        let phone = server.phone("phone", None);
        let sent = census(28, 6);

        assert_eq!(submit(&phone.url, &sent[0].xml).status, 201);
        server.settled();
        let known = push(&server, &phone.token, sent.iter().map(record).collect());
        for submission in &sent {
            let answer = submit(&phone.url, &submission.xml);
            assert!(answer.status == 201 && answer.text().contains("déjà"), "{}", answer.text());
        }
        server.settled();

        assert!(matches!(known.results[0].verdict, Verdict::Duplicate { state: Some(ReceiptState::Applied), .. }));
        assert!(known.results[1..].iter().all(|r| matches!(r.verdict, Verdict::Accepted { .. })));
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), "6");
    }

    fn a_file_is_asked_for_then_stored_once_and_never_under_a_wrong_name(server) {
        let token = server.phone("tablet", None).token;
        let photo = b"\xff\xd8 a photograph \xff\xd9".repeat(5_000);
        let mut with_photo = records(29, 1).remove(0);
        with_photo.attachments = vec![attachment("carte.jpg", &photo)];
        let path = format!("/v1/blobs/{}", with_photo.attachments[0].sha256);
        let put = |content: &[u8]| with_token(&server, "PUT", &path, &token, &[], content).status;
        let head = || with_token(&server, "HEAD", &path, &token, &[], b"").status;
        let tmp = || std::fs::read_dir(server.data().join("blobs/tmp")).unwrap().count();

        let asked = push(&server, &token, vec![with_photo.clone()]);
        assert_eq!(asked.missing_blobs, [with_photo.attachments[0].sha256]);
        assert_eq!((head(), put(b"something else"), head(), tmp()), (404, 422, 404, 0));
        assert_eq!((put(&photo), head(), put(&photo), tmp()), (201, 200, 200, 0));
        let mut huge = records(39, 1).remove(0);
        huge.attachments = vec![attachment("film.mp4", b"x")];
        huge.attachments[0].size = u64::MAX;
        let again = push(&server, &token, vec![with_photo.clone(), with_photo, huge]);
        server.settled();

        assert!(again.missing_blobs.is_empty());
        assert_eq!(asked.results[0].verdict.submission_id(), again.results[0].verdict.submission_id());
        assert!(matches!(&again.results[2].verdict, Verdict::Refused { code: RefusalCode::TooLarge, .. }));
        assert_eq!(server.sql("SELECT name, size FROM attachment"), format!("carte.jpg|{}", photo.len()));
        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "1");
        assert_eq!(with_token(&server, "PUT", "/v1/blobs/xyz", &token, &[], b"x").status, 400);
        assert_eq!(server.sql("SELECT COUNT(*) FROM blob"), "1");
        assert_eq!(server.cli_json(&["check"])["missing_files"], 0);
    }

    fn small_pages_tell_everything_once_while_others_push(server) {
        let own = server.phone("own", None).token;
        let others = [server.phone("a", Some("zone-a")).token, server.phone("b", Some("zone-b")).token];
        let batches = |seed| records(seed, 60).chunks(6).map(<[_]>::to_vec).collect::<Vec<_>>();
        let mut seen = Vec::new();
        let mut cursor = String::new();
        let read_on = |cursor: &mut String, seen: &mut Vec<Change>| {
            let at = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
            let page = pull(&server, &own, &format!("limit=7{at}"));
            assert!(page.changes.len() <= 7 && !page.reset);
            *cursor = page.next.to_string();
            seen.extend(page.changes);
            page.more
        };

        std::thread::scope(|scope| {
            let pushers: Vec<_> = [&own, &others[0], &others[1]]
                .into_iter()
                .zip(31..)
                .map(|(token, seed)| {
                    let server = &server;
                    scope.spawn(move || {
                        for batch in batches(seed) {
                            let _answer = push(server, token, batch);
                        }
                    })
                })
                .collect();
            while !pushers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
                let _more = read_on(&mut cursor, &mut seen);
            }
        });
        server.settled();
        while read_on(&mut cursor, &mut seen) {}

        let whole = pull_all(&server, &own, 2_000);
        let receipts_of = |changes: &[Change]| -> Vec<String> {
            let receipts = changes.iter().filter(|c| matches!(c, Change::Receipt { .. }));
            receipts.map(|c| serde_json::to_string(c).unwrap()).collect()
        };
        assert_eq!(receipts_of(&seen), receipts_of(&whole), "receipts, each once and in order");
        assert_eq!(receipts(&seen).len(), 60);
        assert_eq!(entities(&seen), entities(&whole), "an entity was skipped");
        assert!(entities(&whole).len() > 8, "the census is too thin to prove anything");
        let mut last = BTreeMap::new();
        for change in &seen {
            if let Change::Entity { id, version, .. } = change {
                let former = last.insert(*id, *version).unwrap_or(0);
                assert!(former <= *version, "an entity went back");
            }
        }
        for change in &whole {
            let Change::Entity { id, version, .. } = change else { continue };
            assert_eq!(last[id], *version, "the device was left with an old version");
        }
        let quiet = pull_all(&server, &own, 7);
        assert_eq!(receipts_of(&quiet), receipts_of(&whole));
        assert!(pull(&server, &own, &format!("cursor={cursor}")).changes.is_empty());
    }

    fn a_cursor_of_another_epoch_starts_again_and_a_damaged_one_is_refused(server) {
        let mut server = server;
        let phone = server.phone("tablet", None);
        push(&server, &phone.token, records(34, 20));
        server.settled();
        let before = hello(&server, &phone.token);
        let page = pull(&server, &phone.token, "limit=5");
        let cursor = page.next.to_string();

        server.stop();
        server.cli_json(&["rebuild"]);
        server.start();
        let after = hello(&server, &phone.token);
        let mut again = pull(&server, &phone.token, &format!("cursor={cursor}"));
        let reset = again.reset;
        let mut changes = std::mem::take(&mut again.changes);
        while again.more {
            again = pull(&server, &phone.token, &format!("cursor={}", again.next));
            assert!(!again.reset);
            changes.append(&mut again.changes);
        }

        assert_eq!(before.server_id, after.server_id);
        assert_ne!(before.epoch, after.epoch);
        assert!(reset && !page.reset);
        assert_eq!(receipts(&changes).len(), 20);
        let half = &cursor[..cursor.len() / 2];
        let mangled = cursor.replacen('A', "B", 1);
        let bad = ["cursor=", "cursor=%00", "cursor=../../etc", "limit=0", "limit=-1", "limit=x",
            "limit=99999999999", "datasets=", "datasets=sites,,", "since=0", "limit=1&limit=1"];
        let bad = bad.iter().map(ToString::to_string).chain([format!("cursor={half}"), format!("cursor={mangled}")]);
        for query in bad {
            let answer = server.get_bearer(&format!("/v1/sync/pull?{query}"), &phone.token);
            assert_eq!((answer.status, slug(&answer.json())), (400, "bad-parameter"), "{query}");
        }
    }

    fn a_device_sees_its_zone_and_its_own_receipts_only(server) {
        let [a, a2, b] = [("a", "zone-a"), ("a2", "zone-a"), ("b", "zone-b")]
            .map(|(name, zone)| server.phone(name, Some(zone)).token);
        let everywhere = server.phone("everywhere", None).token;
        let [in_a, in_b] = [35, 36].map(|seed| records(seed, 30));
        let (sent_a, sent_b) = (push(&server, &a, in_a), push(&server, &b, in_b));
        server.settled();

        let [of_a, of_a2, of_b, of_all] = [&a, &a2, &b, &everywhere].map(|t| pull_all(&server, t, 100));

        let ids = |sent: &sync_protocol::PushResponse| -> BTreeSet<Uuid> {
            sent.results.iter().filter_map(|r| r.verdict.submission_id()).collect()
        };
        assert_eq!(receipts(&of_a).into_keys().collect::<BTreeSet<_>>(), ids(&sent_a));
        assert_eq!(receipts(&of_b).into_keys().collect::<BTreeSet<_>>(), ids(&sent_b));
        assert!(receipts(&of_a2).is_empty() && receipts(&of_all).is_empty());
        let (ea, eb) = (entities(&of_a), entities(&of_b));
        assert!(!ea.is_empty() && !eb.is_empty() && ea.is_disjoint(&eb));
        assert_eq!(entities(&of_a2), ea);
        assert_eq!(entities(&of_all), ea.union(&eb).copied().collect());
        let sites = pull(&server, &everywhere, "datasets=sites&limit=2000").changes;
        assert!(sites.iter().all(|c| matches!(c, Change::Entity { dataset, .. } if dataset == "sites")));
        assert!(!sites.is_empty() && sites.len() < entities(&of_all).len());
        // A cursor is no permission: that of the country in the hands of a zone.
        let wide = pull(&server, &everywhere, "limit=1").next;
        let page: PullResponse = pull(&server, &b, &format!("cursor={wide}&limit=2000"));
        assert!(entities(&page.changes).is_disjoint(&ea));
    }

    fn a_record_that_waited_is_told_applied_when_what_it_waits_for_comes(server) {
        let token = server.phone("tablet", None).token;
        let batch = records(37, 300);
        let visit = batch.iter().find(|r| r.form_id == "visite_site").expect("somebody visits a site");
        let first = push(&server, &token, vec![visit.clone()]).results.remove(0).verdict;
        server.settled();
        let held = receipts(&pull_all(&server, &token, 100));

        push(&server, &token, batch.iter().filter(|r| r.form_id == "site").cloned().collect());
        server.settled();
        let after = receipts(&pull_all(&server, &token, 100));

        let id = first.submission_id().unwrap();
        assert_eq!(held[&id], (1, ReceiptState::Held));
        assert_eq!(after[&id], (2, ReceiptState::Applied));
        assert_eq!(server.sql("SELECT COUNT(*) FROM held"), "0");
    }

    fn the_devices_own_queue_empties_against_this_server(server) {
        let token = server.phone("tablet", None).token;
        let greeting = hello(&server, &token);
        let limits = Limits { max_records: 9, ..greeting.limits };
        let mut pace = Pace::new(&limits);
        let mut outbox = Outbox::new(Some(greeting.server_id));
        let mut follower = Follower::new(greeting.server_id, None);
        let photo = |i: usize| format!("photograph {}", i % 3).repeat(2_000).into_bytes();
        let mut contents = BTreeMap::new();
        for (i, mut record) in records(38, 40).into_iter().enumerate() {
            if i % 4 == 0 {
                record.attachments.push(attachment("photo.jpg", &photo(i)));
                contents.insert(record.attachments[0].sha256, photo(i));
            }
            outbox.queue(Parcel {
                instance_id: record.instance_id.clone(),
                bytes: record.encoded_len(),
                blobs: record.attachments.iter().map(|a| a.sha256).collect(),
                handle: record,
            });
        }
        outbox.on_hello(&greeting).unwrap();
        let mut settled = Vec::new();

        for round in 0_u128..40 {
            if let Some(batch) = outbox.next_batch(Uuid::from_u128(round), &limits, &pace) {
                let records = batch.tickets.iter().map(|t| outbox.parcel(*t).unwrap().handle.clone());
                let request = sync_protocol::PushRequest { protocol: 1, batch: batch.id, records: records.collect() };
                let answer = with_token(&server, "POST", "/v1/sync/push", &token, &[JSON], &request.to_json());
                outbox.on_response(&answer.body, Duration::from_millis(80), &limits, &mut pace).unwrap();
            } else {
                for blob in outbox.blobs_due().collect::<Vec<_>>() {
                    let answer = with_token(&server, "PUT", &format!("/v1/blobs/{blob}"), &token, &[], &contents[&blob]);
                    assert_eq!(answer.status, 201);
                    outbox.blob_done(&blob);
                }
                server.settled();
            }
            let query = follower.request(Some(11), None).to_query();
            let query: Vec<_> = query.iter().map(|(n, v)| format!("{n}={v}")).collect();
            let answer = server.get_bearer(&format!("/v1/sync/pull?{}", query.join("&")), &token);
            let pulled = follower.on_response(&answer.body).unwrap();
            outbox.on_receipts(&pulled);
            follower.stored(&pulled);
            settled.extend(outbox.take_settled());
        }

        let left = outbox.counts();
        assert_eq!((settled.len(), left.queued, left.acknowledged, left.refused), (40, 0, 0, 0));
        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "40");
        assert_eq!(server.sql("SELECT COUNT(*) FROM attachment"), "10", "files sent apart belong to their records");
        assert!(server.cli(&["check"]).status.success());
    }
}
