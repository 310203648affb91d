//! Who is who today: one card is one person, and mistakes with cards never stop the register.

use std::collections::BTreeMap;

use crate::{
    register::hashes,
    support::xml::{between, census, edited, site, site_id, submit},
};

/// A miner's registration with this card, instance id and entity id.
fn miner(seed: u64, card: &str, number: u32) -> sanu::simulate::Submission {
    let one = census(seed, 40)
        .into_iter()
        .find(|s| s.form_id == "orpailleur" && s.xml.contains("create=\"1\""))
        .expect("a census has miners");
    let former = between(&one.xml, "<card_no>", "</card_no>").expect("a card");
    let entity = between(&one.xml, " id=\"", "\"><label>").expect("an entity");
    let entity = entity.rsplit('"').next().unwrap_or(entity);
    let instance_id = format!("uuid:miner-{number}");
    let xml = one
        .xml
        .replace(former, card)
        .replace(entity, &format!("00000000-0000-4000-8000-0000{number:08x}"))
        .replace(&one.instance_id, &instance_id);
    sanu::simulate::Submission { instance_id, xml, ..one.clone() }
}

on_both! {
    fn one_card_in_two_zones_and_its_correction_never_stop_the_register(server) {
        let mut server = server;
        let one = server.phone("agent-1", Some("kayes"));
        let two = server.phone("agent-2", Some("sikasso"));
        let second = miner(2, "ORP-0000001-B", 2);
        for (url, xml) in [
            (&one.url, miner(1, "ORP-0000001-B", 1).xml),
            (&two.url, second.xml.clone()),
            (&two.url, edited(&second, "uuid:miner-2b").xml.replace("ORP-0000001-B", "ORP-0000002-9")),
            (&one.url, miner(3, "ORP-0000002-9", 3).xml),
            (&one.url, miner(4, "ORP-0000012-5", 4).xml),
        ] {
            assert_eq!(submit(url, &xml).status, 201);
        }

        server.settled();

        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE state = 'quarantined'"), "0");
        server.stop();
        let live = server.cli_json(&["derived-hash"]);
        let live: BTreeMap<String, String> = serde_json::from_value(live["hashes"].clone()).unwrap();
        assert_eq!(live, hashes(&server));
    }

    fn an_entity_may_have_the_id_of_a_submission(server) {
        let phone = server.phone("agent-1", None);
        assert_eq!(submit(&phone.url, &miner(1, "ORP-0000001-B", 1).xml).status, 201);
        server.settled();
        let id: uuid::Uuid = server.sql("SELECT submission_id FROM record").parse().unwrap();

        let first = site(1).xml.replace(&site_id(1), &id.to_string());
        let again = first.replace("uuid:", "uuid:again-");
        for xml in [&first, &again] {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        server.settled();

        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE reason = 'apply_failed'"), "0");
        assert_eq!(server.sql("SELECT version FROM entity WHERE dataset = 'sites'"), "2");
    }
}
