//! The eleven forms of the census, as published by default, filled and sent by token URL.

use super::{all_well, column, engine, proofs, records, run};

const ROUNDS: u64 = 3;
/// Everything but the site, in the order of a day's work.
const FORMS: &str = "cooperative,orpailleur,profil,mobilite,protection_sociale,enfant,\
                     soins_enfants,osc,visite_site,contre_visite";

on_both! {
    fn all_eleven_forms_reach_the_register_byte_for_byte(server) {
        let Some(engine) = engine() else { return };
        let phone = server.phone("agent-1", None);
        let folder = tempfile::tempdir().unwrap();
        let proof = folder.path().join("proof.jsonl");
        let key = ["--key-url", phone.url.as_str(), "--proof-json", proof.to_str().unwrap()];

        let site = format!("--form site --answers samples/site.json --auto --count {ROUNDS} --resync");
        all_well(run(engine, &key, &site), ROUNDS);
        server.settled();
        let samples = FORMS.split(',').map(|f| format!("samples/{f}.json")).collect::<Vec<_>>().join(",");
        let rest = format!("--form {FORMS} --answers {samples} --auto --count {ROUNDS} --resync");
        all_well(run(engine, &key, &rest), ROUNDS);
        server.settled();

        let sent = proofs(&proof);
        assert_eq!(sent.len(), 33);
        assert!(sent.iter().all(|p| p["acknowledged"] == true && p["status"] == 201), "{sent:#?}");
        let mut said: Vec<_> = sent.iter().map(|p| p["sha256"].as_str().unwrap().to_owned()).collect();
        said.sort();
        assert_eq!(column(&server, "SELECT content_hash FROM journal WHERE kind = 'submission'"), said);
        let mut files: Vec<_> = sent
            .iter()
            .flat_map(|p| p["attachments"].as_array().unwrap())
            .map(|f| f["sha256"].as_str().unwrap().to_owned())
            .collect();
        files.sort();
        assert!(files.len() >= 6, "a photo of every site and of every visit: {files:?}");
        assert_eq!(column(&server, "SELECT sha256 FROM attachment"), files);
        let kept = records(&server, "received") + records(&server, "flagged");
        let why = server.sql("SELECT form_id, state, reason, violations FROM record WHERE state <> 'received'");
        assert_eq!(kept, 33, "{why}");
        assert_eq!((server.count("sites"), server.count("orpailleurs")), (3, 3));
        // Few children are never counted in the open: look behind the server.
        for dataset in ["sites", "cooperatives", "orpailleurs", "enfants", "osc"] {
            let count = format!("SELECT COUNT(*) FROM entity WHERE dataset = '{dataset}'");
            assert_eq!(server.sql(&count), "3", "{dataset}");
        }
        assert_eq!(server.sql("SELECT SUM(version) FROM entity WHERE dataset = 'sites'"), "6", "each site is visited once");
        assert_eq!(server.sql("SELECT COUNT(*) FROM held"), "0");
        assert_eq!(server.cli_json(&["check"])["ok"], true);
    }
}
