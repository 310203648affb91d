//! Off-line chains: whatever comes first, the end is the same.

use super::{
    NO_BRANCH, create, records, same_when_rebuilt, says, send, shown, study, update, well,
};
use crate::support::{Server, server::Phone};

/// Every order of so many things.
fn orders(of: usize) -> Vec<Vec<usize>> {
    let Some(last) = of.checked_sub(1) else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for shorter in orders(last) {
        for at in 0..=last {
            let mut order = shorter.clone();
            order.insert(at, last);
            all.push(order);
        }
    }
    all
}

/// Sends these steps of each well in every order, a well for each order; gives what each order made of it.
fn in_every_order(
    server: &Server,
    phone: &Phone,
    steps: usize,
    step: impl Fn(u32, usize) -> String,
) -> Vec<String> {
    let mut numbers = 1..;
    let mut ids = Vec::new();
    for (order, number) in orders(steps).iter().zip(&mut numbers) {
        for at in order {
            send(phone, &step(number, *at));
        }
        ids.push(number);
    }
    server.settled();
    ids.into_iter().map(|number| shown(server, phone, number)).collect()
}

fn unique(number: u32, step: usize) -> u32 {
    number * 100 + u32::try_from(step).unwrap()
}

on_both! {
    fn a_well_made_and_changed_three_times_off_line_is_the_same_in_every_order(server) {
        let mut server = server;
        let phone = study(&server);

        let found = in_every_order(&server, &phone, 4, |number, step| {
            let (block, said) = match step {
                0 => (create(number), ["A", "oui"]),
                1 => (update(number, 1, ("b1", 0)), ["B", "~"]),
                2 => (update(number, 2, ("b1", 0)), ["~", "non"]),
                _ => (update(number, 3, ("b1", 0)), ["D", "~"]),
            };
            says(unique(number, step), &block, if step == 0 { "Puits" } else { "" }, said)
        });

        assert_eq!(found.len(), 24);
        assert!(found.iter().all(|f| f == "Puits|4|D|non"), "{found:#?}");
        assert_eq!(server.sql("SELECT COUNT(*) FROM held"), "0");
        assert!(records(&server).lines().all(|line| line == "received|"), "{}", records(&server));
        assert_eq!(server.sql("SELECT COUNT(*) FROM conflict"), "0", "one sender contradicts nobody");
        same_when_rebuilt(&mut server);
    }

    fn two_branches_of_two_phones_are_each_in_their_own_order_and_nothing_is_lost(server) {
        let mut server = server;
        let phone = study(&server);

        let found = in_every_order(&server, &phone, 5, |number, step| {
            let (block, said) = match step {
                0 => (create(number), ["A", "oui"]),
                1 => (update(number, 1, ("b1", 1)), ["B1", "~"]),
                2 => (update(number, 2, ("b1", 1)), ["B2", "~"]),
                3 => (update(number, 1, ("c1", 1)), ["~", "C1"]),
                _ => (update(number, 2, ("c1", 1)), ["~", "C2"]),
            };
            says(unique(number, step), &block, if step == 0 { "Puits" } else { "" }, said)
        });

        assert_eq!(found.len(), 120);
        assert!(found.iter().all(|f| f == "Puits|5|B2|C2"), "{found:#?}");
        assert_eq!(server.sql("SELECT COUNT(*) FROM held"), "0");
        assert_eq!(server.sql("SELECT COUNT(*) FROM conflict WHERE level = 'hard'"), "0", "they said nothing of the same");
        assert_ne!(server.sql("SELECT COUNT(*) FROM conflict WHERE level = 'soft'"), "0");
        same_when_rebuilt(&mut server);
    }

    fn upserts_of_one_branch_are_the_same_in_every_order(server) {
        let mut server = server;
        let phone = study(&server);

        let found = in_every_order(&server, &phone, 3, |number, step| {
            let id = well(number);
            let block = match step {
                0 => format!("create=\"1\" update=\"1\" id=\"{id}\" baseVersion=\"\" branchId=\"\""),
                at => format!("create=\"1\" update=\"1\" id=\"{id}\" baseVersion=\"{at}\" branchId=\"b1\""),
            };
            let names = ["A", "B", "C"];
            says(unique(number, step), &block, if step == 0 { "Puits" } else { "" }, [names[step], "~"])
        });

        assert!(found.iter().all(|f| f == "Puits|3|C|"), "{found:#?}");
        assert_eq!(server.sql("SELECT COUNT(*) FROM held"), "0");
        same_when_rebuilt(&mut server);
    }

    fn an_update_of_no_branch_waits_for_its_create_too(server) {
        let phone = study(&server);
        send(&phone, &says(1, &update(1, 1, NO_BRANCH), "", ["B", "~"]));
        send(&phone, &says(2, &update(1, 3, NO_BRANCH), "", ["D", "~"]));
        assert_eq!(records(&server), "held|entity_not_here_yet\nheld|entity_not_here_yet");

        send(&phone, &says(3, &create(1), "Puits", ["A", "oui"]));
        assert_eq!(shown(&server, &phone, 1), "Puits|2|B|oui", "what builds on the third version waits for it");
        send(&phone, &says(4, &update(1, 2, NO_BRANCH), "", ["~", "non"]));

        assert_eq!(shown(&server, &phone, 1), "Puits|4|D|non");
        assert_eq!(server.sql("SELECT COUNT(*) FROM held"), "0");
    }
}
