//! Campaigns and school holidays, whose lists come, change and go while records are there.

use serde_json::json;

use sanu::simulate::Submission;

use super::{
    is_sound,
    lookups::{breaks, found},
};
use crate::support::{
    Server,
    places::{children_on, register, site_at, with_answer},
};

/// The same record of an interview on this day.
fn on(of: &Submission, day: &str) -> Submission {
    let xml = with_answer(&of.xml, "start", &format!("{day}T09:00:00.000Z"));
    let xml = with_answer(&xml, "end", &format!("{day}T09:30:00.000Z"));
    Submission { xml: with_answer(&xml, "today", day), ..of.clone() }
}

fn apply(server: &Server, list: &str, lines: &str) -> String {
    let path = server.data().join("liste.csv");
    std::fs::write(&path, lines).unwrap();
    let answer = server.cli_json(&["import", list, path.to_str().unwrap(), "--apply"]);
    server.settled();
    answer["import_id"].as_str().unwrap().to_owned()
}

fn undo(server: &Server, import: &str) {
    assert!(server.cli(&["import", "--undo", import]).status.success());
    server.settled();
}

on_both! {
    fn what_a_campaign_says_is_asked_of_every_record_whenever_its_list_comes_changes_or_goes(server) {
        let mut server = server;
        let (phone, other) = (server.phone("ici", Some("kayes")), server.phone("la", Some("sikasso")));
        let dear = with_answer(&site_at(1, 14.446_9, -11.444_5).xml, "gold_price", "80000");
        let dear = on(&Submission { xml: dear, ..site_at(1, 0.0, 0.0) }, "2026-02-03");
        let early = on(&site_at(2, 14.1, -11.3), "2026-01-10");
        let late = on(&site_at(3, 13.9, -11.2), "2026-05-02");
        // Beside the dear one, under another name: that goes on being told.
        let beside = on(&site_at(5, 14.446_9, -11.444_5), "2026-02-04");
        let elsewhere = on(&site_at(4, 11.3, -5.6), "2026-02-03");
        register(&server, &phone.token, &[dear.clone(), early.clone(), beside.clone()]);
        register(&server, &other.token, std::slice::from_ref(&elsewhere));
        let all = [&dear, &early, &late, &elsewhere];
        let marks = |count: usize| {
            let of = |one: &&&Submission| ["A08", "E12", "G06"].map(|rule| u8::from(breaks(&server, &one.instance_id, rule)));
            all[..count].iter().map(|one| of(&one)).collect::<Vec<_>>()
        };
        let mut known = all[..2].to_vec();
        known.push(&elsewhere);
        for one in &known {
            assert!(["A08", "E12", "G06"].iter().all(|rule| !breaks(&server, &one.instance_id, rule)), "{:?}", found(&server, &one.instance_id));
        }

        let stored = |column: &str| server.sql(&format!("SELECT {column} FROM record WHERE instance_id = '{}'", early.instance_id));
        let unmarked = ["violations", "state", "reason", "review"].map(|column| format!("{column} = '{}'", stored(column).replace('\'', "''")));
        let before = all[..2].iter().map(|one| found(&server, &one.instance_id)).collect::<Vec<_>>();

        // Open to the end of 2030, from February on.
        let first = apply(&server, "campaigns", "code;debut;fin;prix min;prix max;zone\n2026;2026-02-01;2030-12-31;40000;70000;kayes\n");
        register(&server, &phone.token, std::slice::from_ref(&late));
        assert_eq!(marks(4), [[0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]], "of Kayes only");
        assert_eq!(found(&server, &dear.instance_id).0, "flagged");
        assert_eq!(server.cli_json(&["check", "--rules"])["rules"], json!({}));

        // It ended in March; the price was too low.
        let second = apply(&server, "campaigns", "code;debut;fin;prix min;prix max\n2026;2026-01-01;2026-03-31;40000;90000\n");
        assert_eq!(marks(4), [[0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 0]], "phones came back late");
        undo(&server, &second);
        assert_eq!(marks(4), [[0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]]);
        undo(&server, &first);
        assert!([&dear, &beside].iter().all(|one| breaks(&server, &one.instance_id, "B14")));
        assert_eq!(marks(4), [[0, 0, 0]; 4]);
        assert_eq!(all[..2].iter().map(|one| found(&server, &one.instance_id)).collect::<Vec<_>>(), before);

        // That of the country is every zone's; of several, an interview is of the last that had begun.
        apply(&server, "campaigns", "code;debut;fin\nhiver;2026-01-01;2026-03-31\nprintemps;2026-04-01;2030-12-31\n");
        assert_eq!(marks(4), [[0, 0, 1], [0, 0, 1], [0, 0, 0], [0, 0, 1]]);

        // Cut off before it was asked again, a record is asked at the next start.
        server.stop();
        server.sql(&format!("UPDATE record SET {} WHERE instance_id = '{}'", unmarked.join(", "), early.instance_id));
        server.sql("INSERT INTO setting (name, value) VALUES ('ask_again', '99')");
        server.start();
        server.settled();
        assert!(breaks(&server, &early.instance_id, "G06"));
        is_sound(&mut server);
    }

    fn a_pupil_met_in_the_holidays_is_noted_whichever_came_first(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let pupils: Vec<_> = children_on(1, 71, 60).into_iter().filter(|c| c.xml.contains("<school_now>yes<")).take(2).collect();
        let [one, two] = &pupils[..] else { panic!("the census has no pupils") };
        let (one, two) = (on(one, "2026-02-03"), on(two, "2026-02-11"));
        register(&server, &phone.token, &[site_at(1, 14.446_9, -11.444_5), one.clone()]);
        let noted = |of: &Submission| breaks(&server, &of.instance_id, "D18");
        assert!(!noted(&one));

        let list = apply(&server, "holidays", "code;nom;debut;fin\nfev;Congés de février;2026-02-01;2026-02-07\n");
        register(&server, &phone.token, std::slice::from_ref(&two));
        assert_eq!([noted(&one), noted(&two)], [true, false]);
        apply(&server, "holidays", "code;debut;fin\nfev;2026-02-09;2026-02-12\n");
        assert_eq!([noted(&one), noted(&two)], [false, true]);
        undo(&server, &list);
        is_sound(&mut server);
    }
}

#[test]
fn a_campaign_that_ends_before_it_begins_is_refused_with_its_line() {
    let server = Server::sqlite();
    let path = server.data().join("liste.csv");
    std::fs::write(
        &path,
        "code;debut;fin;prix min;prix max\nA;2026-03-01;2026-02-01;;\nB;2026-01-01;2026-02-01;9;8\nC;;2026-02-01;;\n",
    )
    .unwrap();
    let out = server.cli(&["import", "campaigns", path.to_str().unwrap(), "--apply"]);
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{said}");
    for what in [
        "ligne 2 : le premier jour suit le dernier",
        "ligne 3 : le prix le plus bas (9)",
        "ligne 4",
    ] {
        assert!(said.contains(what), "{what}: {said}");
    }
}
