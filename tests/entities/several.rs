//! Several entities in one submission: in repeats (2025.1), of several lists, the same one twice.

use super::{
    findings, form, publish, records, same_when_rebuilt, send, shown, update, well, wells,
};
use crate::support::{Server, server::Phone};

/// A form whose submissions hold pumps, each a well of the list, in a repeat.
const PUMPS: &str = "<pompe jr:template=\"\"><nom/><meta><entity dataset=\"puits\" create=\"1\" update=\"1\" id=\"\" \
                     baseVersion=\"\" trunkVersion=\"\" branchId=\"\"><label/></entity></meta></pompe>";

fn study(server: &Server) -> Phone {
    publish(server, &form("puits", "2025.1.0", PUMPS)).unwrap();
    server.phone("agent-1", None)
}

/// A submission whose root does nothing, with these pumps: attributes and name.
fn pumps(number: u32, pumps: &[(String, &str)]) -> String {
    let each = pumps.iter().map(|(block, name)| {
        format!("<pompe><nom>{name}</nom><meta><entity dataset=\"puits\" {block}><label>P {name}</label></entity></meta></pompe>")
    });
    format!(
        "<data id=\"puits\" version=\"1\"><nom>racine</nom><eau/>{}<meta><instanceID>uuid:5a5a5a5a-2222-4000-8000-{number:012}\
         </instanceID><entity dataset=\"puits\" create=\"\" update=\"\" id=\"\"><label/></entity></meta></data>",
        each.collect::<String>()
    )
}

use super::create;

on_both! {
    fn each_repeat_makes_and_changes_its_own_entity(server) {
        let mut server = server;
        let phone = study(&server);
        send(&phone, &pumps(1, &[(create(1), "A"), (create(2), "B"), (String::from("create=\"0\" id=\"\""), "C")]));
        assert_eq!(shown(&server, &phone, 1), "P A|1|A|");
        assert_eq!(shown(&server, &phone, 2), "P B|1|B|");
        assert_eq!(wells(&server, &phone).len(), 2);

        let both = [(update(1, 1, ("b1", 1)), "A2"), (create(3), "D"), (update(2, 1, ("b2", 1)), "B2")];
        send(&phone, &pumps(2, &both));
        assert_eq!(shown(&server, &phone, 1), "P A2|2|A2|");
        assert_eq!(shown(&server, &phone, 2), "P B2|2|B2|");
        assert_eq!(shown(&server, &phone, 3), "P D|1|D|");
        assert_eq!(records(&server), "received|\nreceived|");
        same_when_rebuilt(&mut server);
    }

    fn one_block_that_cannot_be_followed_does_not_take_the_others_with_it(server) {
        let mut server = server;
        let phone = study(&server);
        let bad = (String::from("create=\"1\" id=\"puits\""), "X");
        send(&phone, &pumps(1, &[(create(1), "A"), bad, (update(9, 1, ("", 0)), "Z"), (create(2), "B")]));

        assert_eq!(shown(&server, &phone, 1), "P A|1|A|");
        assert_eq!(shown(&server, &phone, 2), "P B|1|B|");
        assert_eq!(records(&server), "held|entity_not_here_yet", "one of its entities is not here yet");
        assert!(findings(&server).contains("A20"), "{}", findings(&server));
        send(&phone, &pumps(2, &[(create(9), "Y")]));
        assert_eq!(shown(&server, &phone, 9), "P Z|2|Z|");
        assert_eq!(records(&server), "flagged|rules\nreceived|", "nothing waits, and the finding stands");
        same_when_rebuilt(&mut server);
    }

    fn a_record_waits_until_all_its_entities_are_here(server) {
        let mut server = server;
        let phone = study(&server);
        send(&phone, &pumps(1, &[(update(1, 1, ("", 0)), "A"), (update(2, 1, ("", 0)), "B"), (create(3), "C")]));
        assert_eq!(records(&server), "held|entities_not_here_yet");
        send(&phone, &pumps(2, &[(create(1), "X")]));
        assert_eq!(shown(&server, &phone, 1), "P A|2|A|", "what can be applied is");
        assert_eq!(records(&server), "held|entities_not_here_yet\nreceived|");
        send(&phone, &pumps(3, &[(create(2), "Y")]));
        assert_eq!(shown(&server, &phone, 2), "P B|2|B|");
        assert_eq!(records(&server), "received|\nreceived|\nreceived|");
        same_when_rebuilt(&mut server);
    }

    fn a_submission_that_changes_three_hundred_absent_wells_changes_each_once(server) {
        let mut server = server;
        let phone = study(&server);
        let all = |block: &dyn Fn(u32) -> String| (1..=300).map(|n| (block(n), "A")).collect::<Vec<_>>();
        send(&phone, &pumps(1, &all(&|n| update(n, 1, ("", 0)))));
        server.settled();
        send(&phone, &pumps(2, &all(&create)));

        let wells = wells(&server, &phone);
        assert_eq!(wells.len(), 300);
        assert!(wells.values().all(|row| row.1 == "2"), "{:?}", wells.values().find(|row| row.1 != "2"));
        let named = "SELECT e.label || e.version || r.seq FROM record r JOIN entity e ON e.zone_id = r.zone_id \
                     AND e.entity_id = r.entity_id ORDER BY r.seq LIMIT 1";
        let (before, id) = (server.sql(named), "SELECT COUNT(*) FROM record r JOIN entity e ON e.entity_id = r.entity_id \
                     WHERE EXISTS (SELECT 1 FROM entity o WHERE o.entity_id < e.entity_id) AND r.seq = 1");
        assert_eq!(server.sql(id), "0", "of several that waited, the least");
        same_when_rebuilt(&mut server);
        assert_eq!((server.sql(named), server.sql(id)), (before, String::from("0")));
    }

    fn the_same_entity_twice_in_one_submission_is_said_once(server) {
        let mut server = server;
        let phone = study(&server);
        send(&phone, &pumps(1, &[(create(1), "A"), (create(1), "B")]));
        assert_eq!(shown(&server, &phone, 1), "P B|1|B|", "one submission, one version: the last word stands");
        // Both wait, both come.
        let twice = [(update(2, 1, ("b1", 1)), "C"), (update(2, 1, ("b1", 1)), "D")];
        send(&phone, &pumps(2, &twice));
        server.settled();
        send(&phone, &pumps(3, &[(create(2), "A")]));
        assert_eq!(shown(&server, &phone, 2), "P D|2|D|");
        // One waits, one does not: each is followed once.
        send(&phone, &pumps(4, &[(update(2, 2, ("", 0)), "E"), (update(2, 9, ("", 0)), "F")]));
        server.settled();
        send(&phone, &pumps(5, &[(update(2, 3, ("", 0)), "G")]));
        assert_eq!(shown(&server, &phone, 2), "P G|4|G|");
        assert_eq!((server.sql("SELECT COUNT(*) FROM held"), server.sql("SELECT COUNT(*) FROM conflict")), (String::from("0"), String::from("0")));
        assert!(!records(&server).contains("quarantined"));
        same_when_rebuilt(&mut server);
    }

    fn more_blocks_than_the_form_declares_are_not_followed(server) {
        let phone = study(&server);
        let twice = pumps(1, &[(create(1), "A")]).replace(
            "</meta></pompe>", &format!("<entity dataset=\"puits\" {}><label>Z</label></entity></meta></pompe>", create(2)));
        send(&phone, &twice);

        assert_eq!(wells(&server, &phone).keys().cloned().collect::<Vec<_>>(), [well(1)]);
        assert!(findings(&server).contains("A20"), "{}", findings(&server));
    }
}
