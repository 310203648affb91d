//! Many phones at once.

use std::collections::HashSet;

use super::{all_well, engine, proofs, run};

on_both! {
    fn twenty_phones_that_send_everything_twice_leave_each_form_once(server) {
        let Some(engine) = engine() else { return };
        let phone = server.phone("agent-1", None);
        let folder = tempfile::tempdir().unwrap();
        let proof = folder.path().join("proof.jsonl");
        all_well(run(engine, &["--key-url", &phone.url], "--form site --answers samples/site.json --auto"), 1);
        server.settled();
        let key = ["--key-url", phone.url.as_str(), "--proof-json", proof.to_str().unwrap()];

        let crowd = "--form orpailleur --answers samples/orpailleur.json --auto --count 100 --concurrency 20 --replay";
        let run = all_well(run(engine, &key, crowd), 100);
        server.settled();

        assert_eq!(run.json["devices"], 20);
        let sent = proofs(&proof);
        let distinct: HashSet<_> = sent.iter().map(|p| p["instanceId"].as_str().unwrap()).collect();
        let devices: HashSet<_> = sent.iter().map(|p| p["deviceId"].as_str().unwrap()).collect();
        assert_eq!((sent.len(), distinct.len()), (200, 100));
        assert!(devices.len() > 10, "only {} phones did anything", devices.len());
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal WHERE form_id = 'orpailleur'"), "100");
        assert_eq!(server.count("orpailleurs"), 100);
    }
}
