//! What somebody learns who asks for every count in every way: the published state, and no more.

use std::collections::BTreeMap;

use sanu::simulate::Submission;
use serde_json::{Value, json};

use crate::support::{
    Server, http,
    places::{children_on, miners_on, register, site_at, with_answer},
};

type Lines = BTreeMap<Vec<String>, i64>;

/// The order of codes in a published cell.
const AXES: [&str; 14] = [
    "region_2012",
    "cercle_2012",
    "commune_2012",
    "region_2023",
    "cercle_2023",
    "commune_2023",
    "district",
    "sex",
    "age_group",
    "status",
    "nationality",
    "role_group",
    "coop_member",
    "protection",
];
const DIMENSIONS: [&str; 6] = ["region", "cercle", "commune", "district", "sex", "age_group"];
/// Kayes town, Kita town, Sikasso town, Bougouni town.
pub(crate) const PLACES: [(f64, f64); 4] =
    [(14.4469, -11.4445), (13.0350, -9.4895), (11.3176, -5.6665), (11.4177, -7.4790)];

pub(crate) fn token(server: &Server, role: &str) -> String {
    let password = server.account(role, role, None);
    let body = json!({ "login": role, "password": password }).to_string();
    let answer =
        http::request("POST", &format!("{}/v1/sessions", server.url), &[], body.as_bytes());
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// The same people, met where their site is: who is met far from it waits for review.
fn met(site: u32, people: Vec<Submission>) -> Vec<Submission> {
    let (_, (lat, lon)) = (1..).zip(PLACES).find(|(n, _)| *n == site).expect("one of the four");
    let at = |(metres, s): (u32, Submission)| {
        // Not all at one spot: that would wait for review, too (B10).
        let north = lat + 0.000_12 + f64::from(metres) * 0.000_01;
        let gps = format!("{north:.6} {:?} 300.0 5.0", lon + 0.000_34);
        Submission { xml: with_answer(&s.xml, "gps", &gps), ..s }
    };
    (0..).zip(people).map(at).collect()
}

/// So many miners, met where their site is.
pub(crate) fn miners_met(site: u32, seed: u64, count: usize) -> Vec<Submission> {
    met(site, miners_on(site, seed, count))
}

/// So many children, met where their site is.
pub(crate) fn children_met(site: u32, seed: u64, count: usize) -> Vec<Submission> {
    met(site, children_on(site, seed, count))
}

/// Four sites with 31, 7, 12 and 3 miners, and 25 children.
pub(crate) fn registered(server: &Server) -> String {
    let phone = server.phone("phone", None).token;
    let mut all: Vec<_> = (1..).zip(PLACES).map(|(n, (lat, lon))| site_at(n, lat, lon)).collect();
    for (site, seed, count) in [(1, 61, 31), (2, 62, 7), (3, 63, 12), (4, 64, 3)] {
        all.extend(miners_met(site, seed, count));
    }
    all.extend(children_met(1, 65, 25));
    register(server, &phone, &all);
    phone
}

/// The cells of the published state, with their codes in words.
fn published(server: &Server, dataset: &str, period: &str) -> Vec<(Vec<String>, i64)> {
    let text = server.sql(&format!(
        "SELECT cells FROM count_release WHERE dataset = '{dataset}' AND period = '{period}'"
    ));
    let state: Value = serde_json::from_str(&text).unwrap();
    let leaf = |leaf: &Value| {
        let ids = leaf[1].as_array().unwrap().iter().enumerate();
        let codes = ids.map(|(axis, id)| {
            let id = usize::try_from(id.as_u64().unwrap()).unwrap();
            state["codes"][axis][id].as_str().unwrap().to_owned()
        });
        (codes.collect(), leaf[2].as_i64().unwrap())
    };
    state["leaves"].as_array().unwrap().iter().map(leaf).collect()
}

fn summed(leaves: &[(Vec<String>, i64)], by: &[&str], division: &str) -> Lines {
    let axis = |d: &str| {
        let divided = format!("{d}_{division}");
        AXES.iter().position(|a| *a == d || *a == divided).unwrap()
    };
    let mut lines = Lines::new();
    for (codes, n) in leaves {
        *lines.entry(by.iter().map(|d| codes[axis(d)].clone()).collect()).or_default() += n;
    }
    lines
}

/// Every choice of up to four dimensions.
fn choices() -> Vec<Vec<&'static str>> {
    (0..1_usize << DIMENSIONS.len())
        .map(|mask| (0..6).filter(|i| mask >> i & 1 == 1).map(|i| DIMENSIONS[i]).collect())
        .filter(|by: &Vec<_>| by.len() <= 4)
        .collect()
}

/// The table as answered: every line with its number, or `None` where it is suppressed.
fn asked(
    server: &Server,
    token: &str,
    path: &str,
    by: &[&str],
) -> BTreeMap<Vec<String>, Option<i64>> {
    let answer = server.get_bearer(path, token);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    let line = |cell: &Value| {
        let codes = by.iter().map(|d| cell[*d].as_str().unwrap_or_default().to_owned());
        assert_eq!(cell["n"].is_null(), cell["suppressed"] == "small", "{cell}");
        (codes.collect(), cell["n"].as_i64())
    };
    answer.json()["cells"].as_array().unwrap().iter().map(line).collect()
}

on_both! {
    fn every_table_is_a_sum_of_the_published_cells_and_small_ones_are_not_said(server) {
        registered(&server);
        let chamber = token(&server, "chamber");
        let first = server.get_bearer("/v1/counts?of=orpailleurs", &chamber).json();
        assert_eq!(first["total"], 53, "the whole is exact");
        let leaves = published(&server, "orpailleurs", "current");

        for by in choices() {
            for division in ["2012", "2023"] {
                let named = if by.is_empty() { String::new() } else { format!("&by={}", by.join(",")) };
                let path = format!("/v1/counts?of=orpailleurs{named}&division={division}");
                let shown: Lines = summed(&leaves, &by, division);
                let expected: BTreeMap<_, _> =
                    shown.into_iter().map(|(c, n)| (c, (n >= 10).then_some(n))).collect();

                assert_eq!(asked(&server, &chamber, &path, &by), expected, "{path}");
            }
        }
        let json = server.get_bearer("/v1/counts?of=orpailleurs&by=cercle", &chamber).json();
        let numbers: Vec<String> = json["cells"].as_array().unwrap().iter()
            .map(|c| c["n"].as_i64().map(|n| n.to_string()).unwrap_or_default()).collect();
        let csv = server.get_bearer("/v1/counts?of=orpailleurs&by=cercle&format=csv", &chamber).text();
        let of_csv: Vec<&str> = csv.lines().skip(1).map(|l| l.rsplit(',').nth(1).unwrap()).collect();
        let excel = server.get_bearer("/v1/counts?of=orpailleurs&by=cercle&format=excel", &chamber).text();
        let of_excel: Vec<String> = excel.lines().skip(1).map(|l| l.rsplit(';').next().unwrap().replace("moins de 10", "")).collect();
        assert_eq!(of_csv, numbers);
        assert_eq!(of_excel, [numbers, vec![String::from("53")]].concat());
    }

    fn the_state_stands_while_fewer_changes_came_in_than_the_threshold(server) {
        let phone = registered(&server);
        let [chamber, admin] = ["chamber", "data_manager"].map(|r| token(&server, r));
        let table = "/v1/counts?of=orpailleurs&by=cercle,sex";
        let before = server.get_bearer(table, &chamber).json();
        let exact = server.get_bearer(table, &admin).json();

        register(&server, &phone, &miners_met(4, 66, 9));

        assert_eq!(server.get_bearer(table, &chamber).json(), before, "a newcomer would show");
        let now = server.get_bearer(table, &admin).json();
        assert_eq!(now["total"].as_i64().unwrap() - exact["total"].as_i64().unwrap(), 9);
    }

    fn the_public_reads_the_fixed_tables_of_the_month_only(server) {
        let phone = registered(&server);
        let [public, manager] = ["public", "data_manager"].map(|r| token(&server, r));
        let list = server.get_bearer("/v1/tables", &public).json();
        let names: Vec<_> = list["tables"].as_array().unwrap().iter()
            .map(|t| t["name"].as_str().unwrap().to_owned()).collect();
        assert!(names.contains(&String::from("orpailleurs-region-sexe-age")), "{names:?}");

        let all = |token: &str| -> Vec<Value> {
            names.iter().map(|n| server.get_bearer(&format!("/v1/tables/{n}"), token).json()).collect()
        };
        let before = all(&public);
        for table in &before {
            let of_persons = ["orpailleurs", "enfants"].contains(&table["of"].as_str().unwrap());
            for cell in table["cells"].as_array().unwrap() {
                let n = cell["n"].as_i64();
                assert!(!of_persons || n.is_none_or(|n| n % 5 == 0 && n >= 10), "{table}");
            }
            assert_eq!(table["suppression"].is_object(), of_persons, "{table}");
        }
        let sites = before.iter().find(|t| t["of"] == "sites").unwrap();
        assert_eq!(sites["total"], 4);
        register(&server, &phone, &met(1, miners_on(1, 67, 40)));
        register(&server, &phone, &[site_at(5, PLACES[0].0, PLACES[0].1)]);

        assert_eq!(all(&public), before, "the month's tables do not move");
        let live = all(&manager);
        assert_eq!(live[0]["total"], 93);
        let declared = live.iter().find(|t| t["of"] == "cooperatives").unwrap();
        let base: i64 = declared["declared"]["districts"].as_array().unwrap().iter()
            .map(|d| d["base"].as_i64().unwrap()).sum();
        assert_eq!(base, 247);
    }

    fn tables_are_files_for_excel_too(server) {
        registered(&server);
        let manager = token(&server, "data_manager");
        let get = |query: &str| server.get_bearer(&format!("/v1/tables/{query}"), &manager);

        let excel = get("orpailleurs-region-sexe?format=excel");
        let book = get("cooperatives-district?format=xlsx");

        assert_eq!(excel.header("content-type"), Some("text/csv; charset=utf-8"));
        assert!(excel.body.starts_with(b"\xef\xbb\xbfR\xc3\xa9gion;Sexe;Effectif\r\n"), "{}", excel.text());
        assert!(excel.text().contains("Kayes;Masculin;"), "{}", excel.text());
        assert_eq!(book.header("content-disposition"), Some("attachment; filename=\"cooperatives.xlsx\""));
        let text = String::from_utf8_lossy(&book.body);
        assert!(text.starts_with("PK") && text.contains("<v>247</v>") && text.contains("Kangaba"));
    }
}
