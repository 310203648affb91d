//! Who did not agree is counted and not known: what was written down of them is never stored.

use serde_json::json;

use crate::{
    linkage::people::{Miner, child},
    reviews::{Reviewer, is_sound},
    support::{
        native::{attachment, push},
        places::with_answer,
        xml::{site_id, submit_with},
    },
};

on_both! {
    fn what_was_written_down_of_somebody_who_refused_is_never_stored(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let one = Miner { surname: "Zzyxqname", site: Some(site_id(1)), ..Miner::new(1) };
        let refused = with_answer(&one.xml(), "consent", "refused");
        let unasked = with_answer(&Miner { number: 2, ..one.clone() }.xml(), "consent", "");
        let boy = child("Zzyxqname", "Keïta", "Awa", 12, &site_id(1));
        let boy = with_answer(&boy, "assent", "refused");
        // Under a version that nobody published too.
        let unknown = refused.replace("uuid:miner-1", "uuid:miner-9").replacen(" version=\"", " version=\"0", 1);
        let photo: [(&str, &[u8]); 1] = [("p.jpg", b"the face of Zzyxqname")];

        for _ in 0..2 {
            for xml in [&refused, &unasked, &boy, &unknown] {
                let answer = submit_with(&phone.url, xml, &photo);
                assert_eq!(answer.status, 201, "{}", answer.text());
            }
        }
        let record = sync_protocol::PushRecord {
            instance_id: String::from("uuid:miner-1"),
            form_id: String::from("orpailleur"),
            form_version: String::new(),
            xml: refused,
            attachments: vec![attachment("p.jpg", b"the face of Zzyxqname")],
        };
        let pushed = push(&server, &phone.token, vec![record]);
        assert!(matches!(pushed.results[0].verdict, sync_protocol::Verdict::Duplicate { .. }), "{pushed:?}");
        assert_eq!(pushed.missing_blobs, []);
        server.settled();

        assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), "4");
        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE state = 'quarantined'"), "4");
        let blobs = std::fs::read_dir(server.data().join("blobs")).unwrap();
        let files: usize = blobs.map(|f| std::fs::read_dir(f.unwrap().path()).unwrap().count()).sum();
        assert_eq!((files, server.count("orpailleurs")), (0, 0));
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let protection = Reviewer::new(&server, "prot", "protection", None);
        let seen = awa.get("/v1/reviews/submissions/uuid:miner-1").json();
        assert_eq!(seen["answers"]["a_contact"]["consent"], "refused", "the refusal is kept: {seen}");
        assert!(seen["broken"].as_array().unwrap().iter().any(|b| b["rule"] == "A16"), "{seen}");
        assert!(!seen.to_string().contains("Zzyxq") && !seen.to_string().contains(&one.card), "{seen}");
        let queue = protection.get("/v1/reviews/submissions?rule=D04").json();
        let id = queue["submissions"][0]["submission_id"].as_str().expect("the child's");
        let seen = protection.get(&format!("/v1/reviews/submissions/{id}")).text();
        assert!(seen.contains("refused") && !seen.contains("Zzyxq"), "{seen}");
        // Let in by mistake, it still names nobody.
        assert_eq!(awa.decides(1, "uuid:miner-1", "accept").status, 200);
        assert_eq!(server.sql("SELECT COUNT(*) FROM block_key"), "0");
        is_sound(&mut server);
    }

    fn who_agreed_loses_nothing(server) {
        let phone = server.phone("agent", Some("kayes"));
        let one = Miner { surname: "Zzyxqname", site: Some(site_id(1)), ..Miner::new(1) };
        assert_eq!(submit_with(&phone.url, &one.xml(), &[("p.jpg", b"x")]).status, 201);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let seen = awa.get("/v1/reviews/submissions/uuid:miner-1").json();
        assert_eq!(seen["answers"]["b_identity"]["surname"], json!("Zzyxqname"));
        assert_eq!(server.count("orpailleurs"), 1);
    }
}
