//! The indicators of the census over a register: they add up, and nobody learns more than from counts.

use serde_json::{Value, json};

use crate::support::{
    Response, Server, http,
    places::{miners_on, register},
    xml::census,
};

fn token(server: &Server, role: &str) -> String {
    let password = server.account(role, role, None);
    let body = json!({ "login": role, "password": password }).to_string();
    let answer =
        http::request("POST", &format!("{}/v1/sessions", server.url), &[], body.as_bytes());
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// A census of a few thousand people as phones send it.
fn registered(server: &Server) -> String {
    let phone = server.phone("phone", None).token;
    register(server, &phone, &census(65, 2_600));
    phone
}

struct Reader<'s> {
    server: &'s Server,
    token: String,
}

impl<'s> Reader<'s> {
    fn new(server: &'s Server, role: &str) -> Self {
        Self { server, token: token(server, role) }
    }

    fn ask(&self, path: &str) -> Response {
        self.server.get_bearer(path, &self.token)
    }

    /// An answer, which must be given.
    fn of(&self, id: &str) -> Value {
        let answer = self.ask(&format!("/v1/indicators/{id}"));
        assert_eq!(answer.status, 200, "{id}: {}", answer.text());
        answer.json()
    }
}

fn part<'f>(figures: &'f Value, name: &str) -> &'f Value {
    let all = figures.as_array().unwrap();
    let found = all.iter().find(|f| f["part"].as_str().unwrap_or_default() == name);
    found.unwrap_or_else(|| panic!("{name}: {figures}"))
}

fn n(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("a number: {value}"))
}

fn units(figure: &Value) -> i64 {
    n(&figure["denominator"]) + n(&figure["unknown"])
}

on_both! {
    fn indicators_add_up_to_the_accepted_register(server) {
        registered(&server);
        let awa = Reader::new(&server, "data_manager");
        let accepted = |of: &str| n(&awa.ask(&format!("/v1/counts?of={of}&review=accepted")).json()["total"]);

        let member = awa.of("R26");
        let figure = part(&member["total"], "");
        let in_sql = |answer: &str| -> i64 { server.sql(&format!("SELECT COUNT(*) FROM entity WHERE dataset = 'orpailleurs' \
            AND review = 'accepted' AND merged_into IS NULL AND props LIKE '%\"coop_member\":\"{answer}\"%'")).parse().unwrap() };
        assert_eq!((n(&figure["numerator"]), n(&figure["denominator"])), (in_sql("yes"), in_sql("yes") + in_sql("no")));
        assert_eq!(units(figure), accepted("orpailleurs"));
        assert_eq!((&member["version"], &member["basis"], &member["suppression"]), (&json!(1), &json!("accepted"), &Value::Null));
        let regions = awa.of("R26?by=region,sex");
        let sum: i64 = regions["cells"].as_array().unwrap().iter().map(|c| n(&part(&c["figures"], "")["numerator"])).sum();
        assert_eq!(sum, n(&figure["numerator"]));

        let both = awa.of("R25");
        assert!(units(part(&both["total"], "members")) < units(part(&both["total"], "all")), "{both}");
        assert!(accepted("enfants") > 10, "{}", server.sql("SELECT review, state, violations FROM record WHERE dataset = 'enfants' LIMIT 3"));
        let status = awa.of("R12");
        let count = |part_name: &str, code: &str| part(&status["total"], part_name)["counts"][code].as_i64().unwrap_or(0);
        let labour = awa.of("R13");
        for column in ["ilo", "national"] {
            let share = part(&labour["total"], column);
            assert_eq!(n(&share["numerator"]), count(column, "hazardous") + count(column, "child_labour_other"), "{column}");
            assert_eq!(units(share), accepted("enfants"), "{column}");
        }
        assert!(part(&labour["total"], "national")["coverage"].as_f64() <= part(&labour["total"], "ilo")["coverage"].as_f64());
        let active: i64 = server.sql("SELECT COUNT(*) FROM entity WHERE dataset = 'sites' AND review = 'accepted' AND merged_into IS NULL \
            AND status IN ('active', 'active_reduced')").parse().unwrap();
        assert_eq!(n(&part(&awa.of("R2")["total"], "")["counts"]["active"]), active);
        assert_eq!(awa.of("R34?as_of=2030-01-01")["on"], "2030-01-01");
        let mut seen = 0;
        for indicator in awa.ask("/v1/indicators").json()["indicators"].as_array().unwrap() {
            if indicator["not_computed"].is_null() {
                awa.of(indicator["id"].as_str().unwrap());
                seen += 1;
            }
        }
        assert!(seen > 25, "{seen}");
        for bad in ["R13?as_of=2026-01-01", "R13?by=commune", "R13?by=region,region", "R13?by=region,cercle,district,sex", "R13?x=1", "R34?as_of=demain"] {
            assert_eq!(awa.ask(&format!("/v1/indicators/{bad}")).status, 400, "{bad}");
        }
        assert_eq!((awa.ask("/v1/indicators/R20").status, awa.ask("/v1/indicators/R99").status), (404, 404));
    }

    fn who_may_not_see_exact_counts_reads_protected_figures_and_no_second_sample(server) {
        let phone = registered(&server);
        let chamber = Reader::new(&server, "chamber");
        let mut numbers = 0;
        for (id, dataset, threshold) in [("R26", "orpailleurs", 10), ("R5", "orpailleurs", 10), ("R12", "enfants", 20), ("R13", "enfants", 20), ("R19b", "enfants", 20)] {
            let told = chamber.of(&format!("{id}?by=region,sex"));
            assert_eq!((&told["suppression"]["threshold"], &told["suppression"]["perturbed"]), (&json!(threshold), &json!(true)));
            let counts = chamber.ask(&format!("/v1/counts?of={dataset}&by=region,sex")).json();
            for cell in told["cells"].as_array().unwrap() {
                for figure in cell["figures"].as_array().unwrap() {
                    let mut shown: Vec<i64> = ["numerator", "denominator", "unknown"].iter().filter_map(|f| figure[f].as_i64()).collect();
                    shown.extend(figure["counts"].as_object().into_iter().flatten().filter_map(|(_, v)| v.as_i64()));
                    assert!(shown.iter().all(|n| *n == 0 || *n >= threshold), "{id}: {figure}");
                    numbers += shown.len();
                    let (Some(known), Some(unknown)) = (figure["denominator"].as_i64(), figure["unknown"].as_i64()) else { continue };
                    let same = |c: &&Value| c["region"] == cell["region"] && c["sex"] == cell["sex"];
                    let published = counts["cells"].as_array().unwrap().iter().find(same).unwrap();
                    assert_eq!(published["n"], known + unknown, "{id}: the published number of people, not another");
                }
            }
        }
        assert!(numbers > 10, "{numbers}");
        let before = chamber.of("R26?by=region");
        register(&server, &phone, &miners_on(1, 99, 3));
        assert_eq!(chamber.of("R26?by=region"), before, "three people are not told");
        for refused in ["R26?by=cercle", "R26?by=region&division=2012", "R50", "R3", "R40?by=cercle", "R41?by=cercle"] {
            assert_eq!(chamber.ask(&format!("/v1/indicators/{refused}")).status, 403, "{refused}");
        }
        for cell in chamber.of("R41?by=region")["cells"].as_array().unwrap() {
            let sites = part(&cell["figures"], "")["denominator"].as_i64();
            assert!(sites.is_none_or(|n| n == 0 || n >= 10), "{cell}");
        }
        for role in ["public", "enumerator"] {
            let reader = Reader::new(&server, role);
            assert_eq!((reader.ask("/v1/indicators").status, reader.ask("/v1/indicators/R26").status), (403, 403), "{role}");
        }
        let focal = Reader::new(&server, "protection");
        assert_eq!(focal.of("R13?by=cercle")["suppression"], Value::Null);
        assert_eq!(focal.ask("/v1/indicators/R26?by=cercle").status, 403);
    }
}
