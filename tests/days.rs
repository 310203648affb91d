//! Counts of days that are over: the same for ever, and for those who read published states no more
//! than those told.

use serde_json::Value;

use crate::{
    disclosure::{PLACES, miners_met, token},
    reviews::Reviewer,
    support::{
        Server,
        places::{register, site_at},
        xml::submit,
    },
};

/// Microseconds of a day.
const DAY: &str = "86400000000";

/// The day so many days before the present one.
fn ago(days: i64) -> String {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.checked_sub(jiff::Span::new().days(days)).unwrap().to_string()
}

/// As if everything so far had come so many days ago.
fn age(server: &Server, days: i64) {
    server.sql(&format!("UPDATE apply_state SET open_day = open_day - {days}"));
}

fn lines(answer: &Value) -> Vec<Value> {
    answer["cells"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

on_both! {
    fn a_day_that_is_over_keeps_its_numbers_whatever_comes_later(server) {
        let mut server = server;
        let phone = server.phone("phone", None);
        register(&server, &phone.token, &[site_at(1, PLACES[0].0, PLACES[0].1)]);
        let first = miners_met(1, 71, 12);
        register(&server, &phone.token, &first);
        age(&server, 3);
        register(&server, &phone.token, &miners_met(1, 72, 5));
        let past = |server: &Server, login: &str, days: i64| {
            let manager = Reviewer::new(server, login, "data_manager", None);
            let day = ago(days);
            ["orpailleurs&by=region,sex,age_group", "orpailleurs&by=nationality,role", "orpailleurs&by=month",
                "orpailleurs&by=site&review=all", "sites&by=commune", "fiches&by=form,review"]
                .map(|of| manager.get(&format!("/v1/counts?of={of}&as_of={day}")).json())
                .map(|answer| (lines(&answer), answer["total"].clone(), answer["basis"].clone()))
        };

        let three = past(&server, "a", 3);
        assert_eq!((&three[0].1, &three[0].2), (&12.into(), &"accepted".into()));
        assert_eq!((&three[1].1, &three[3].1, &three[5].1), (&12.into(), &12.into(), &13.into()));
        assert_eq!(past(&server, "b", 2)[0], three[0], "nothing came in between");
        assert_eq!(past(&server, "c", 4)[0].1, 0, "nobody was there before");

        // A rejection, a site that moves to another region, newcomers, another day, a rebuild.
        let manager = Reviewer::new(&server, "m", "data_manager", None);
        manager.says(1, &first[0].instance_id, "reject", "rejected");
        let moved = site_at(1, PLACES[2].0, PLACES[2].1);
        let edited = moved.xml.replacen(
            "<meta>", &format!("<meta><deprecatedID>{}</deprecatedID>", moved.instance_id), 1,
        ).replacen(&format!("<instanceID>{}", moved.instance_id), "<instanceID>uuid:moved-site-1", 1);
        let answer = submit(&phone.url, &edited);
        assert_eq!(answer.status, 201, "{}", answer.text());
        server.settled();
        let now = manager.get("/v1/counts?of=orpailleurs&by=region").json();
        assert_eq!((now["total"].as_i64(), &now["cells"][0]["region"]), (Some(16), &"sikasso".into()), "{now}");
        assert_eq!(past(&server, "d", 3), three);
        age(&server, 1);
        let yesterday = past(&server, "e", 1);
        assert_eq!(yesterday[3].1, 16);
        assert_eq!(yesterday[0].1, 0, "all were met far from where their site is said to be now");
        server.stop();
        let live = crate::register::hashes(&server);
        server.start();

        assert_eq!(past(&server, "f", 3), three, "the rebuild is another register");
        assert_eq!(past(&server, "g", 1), yesterday);
        register(&server, &phone.token, &miners_met(1, 73, 2));
        assert_eq!(past(&server, "h", 1), yesterday);
        let manager = Reviewer::new(&server, "n", "data_manager", None);
        assert_eq!(manager.get("/v1/counts?of=orpailleurs").json()["total"], 18);
        assert!(live.contains_key("count_cell"));
    }

    fn what_is_set_down_at_the_end_of_a_month_says_what_its_days_say(server) {
        let mut server = server;
        let phone = server.phone("phone", None);
        register(&server, &phone.token, &[site_at(1, PLACES[0].0, PLACES[0].1)]);
        register(&server, &phone.token, &miners_met(1, 71, 12));
        age(&server, 80);
        register(&server, &phone.token, &miners_met(1, 72, 5));
        age(&server, 40);
        register(&server, &phone.token, &miners_met(1, 73, 2));
        let totals = |server: &Server, login: &str| {
            let manager = Reviewer::new(server, login, "data_manager", None);
            let total = |days: i64| {
                let path = format!("/v1/counts?of=orpailleurs&by=region,sex&as_of={}&review=all", ago(days));
                manager.get(&path).json()["total"].as_i64()
            };
            [81, 80, 41, 40, 1].map(|days| total(days).unwrap())
        };

        let summed = totals(&server, "a");

        assert_eq!(summed, [0, 12, 12, 17, 17]);
        assert_ne!(server.sql("SELECT COUNT(*) FROM count_month"), "0");
        server.sql("UPDATE count_month SET n = n + 1000 WHERE cube = 'place'");
        server.stop();
        server.start();
        assert!(totals(&server, "b")[3] > 1_000, "what is set down is what is summed from");
        server.sql("DELETE FROM count_month");
        server.stop();
        server.start();
        assert_eq!(totals(&server, "c"), summed, "the days alone say the same");
    }

    fn a_day_is_asked_for_when_it_is_over(server) {
        let manager = token(&server, "data_manager");
        for (days, status) in [(0, 200), (-1, 400), (1, 200), (400, 200)] {
            let path = format!("/v1/counts?of=orpailleurs&as_of={}", ago(days));
            assert_eq!(server.get_bearer(&path, &manager).status, status, "{path}");
        }
        for wrong in ["as_of=", "as_of=2026-02-30", "as_of=1969-12-31", "as_of=2026-01-01&doubt=1"] {
            let path = format!("/v1/counts?of=orpailleurs&{wrong}");
            assert_eq!(server.get_bearer(&path, &manager).status, 400, "{path}");
        }
    }

    fn who_reads_published_states_reads_the_one_that_was_in_force(server) {
        let phone = server.phone("phone", None).token;
        let all: Vec<_> = (1..).zip(PLACES).map(|(n, (lat, lon))| site_at(n, lat, lon)).collect();
        register(&server, &phone, &all);
        for (site, seed, count) in [(1, 61, 31), (2, 62, 7), (3, 63, 12)] {
            register(&server, &phone, &miners_met(site, seed, count));
        }
        let [chamber, public] = ["chamber", "public"].map(|role| token(&server, role));
        let questions = ["by=cercle,sex", "by=region,nationality", "by=age_group"];
        let read = |asked: &str| -> Vec<Value> {
            questions
                .map(|by| server.get_bearer(&format!("/v1/counts?of=orpailleurs&{by}{asked}"), &chamber))
                .map(|answer| lines(&answer.json()).into())
                .into()
        };
        let day_one = read("");
        // The state was published the day before yesterday, and the register was closed then.
        server.sql(&format!("UPDATE count_release SET released_at = released_at - 2 * {DAY}"));
        age(&server, 2);
        let [yesterday, before] = [1, 2].map(|n| format!("&as_of={}", ago(n)));
        assert_eq!(server.get_bearer(&format!("/v1/counts?of=orpailleurs&as_of={}", ago(3)), &chamber).status, 404);

        // One person more on each of two days: differences of days would find them.
        register(&server, &phone, &miners_met(4, 64, 1));
        age(&server, 1);
        register(&server, &phone, &miners_met(2, 65, 1));
        for asked in ["", &yesterday, &before] {
            assert_eq!(read(asked), day_one, "{asked}: a newcomer would show");
        }
        // Enough for a new state: the former ones stay what they were.
        register(&server, &phone, &miners_met(3, 66, 15));
        assert_ne!(read(""), day_one);
        for asked in [&yesterday, &before] {
            assert_eq!(read(asked), day_one, "{asked}");
        }
        let table = |name: &str, asked: &str| server.get_bearer(&format!("/v1/tables/{name}?{asked}"), &public);
        let now = table("orpailleurs-region-sexe", "format=csv").text();
        let month = table("orpailleurs-region-sexe", &format!("format=csv{yesterday}"));
        // On the first of a month, yesterday's month had no state.
        assert!(month.status == 404 || month.text() == now, "{}", month.text());
    }
}
