//! What scripts written for ODK Central read: who sees what, tables, pages, conditions, hostile requests.

mod clients;

use serde_json::{Value, json};

use crate::support::{
    Response, Server,
    places::{children_on, miners_on, register, site_at, with_answer},
    request,
    xml::{between, edited, submit, submit_with},
};

/// 14 miners, a site and 4 children in zone a; 3 miners in zone b. One miner's sex is no code.
fn populate(server: &Server) -> Vec<sanu::simulate::Submission> {
    let [a, b] = ["zone-a", "zone-b"].map(|zone| server.phone(zone, Some(zone)));
    let mut miners = miners_on(1, 71, 14);
    miners[3].xml = with_answer(&miners[3].xml, "sex", "x");
    assert_eq!(submit(&a.url, &miners[3].xml).status, 201);
    let mut in_a = vec![site_at(1, 14.4469, -11.4445)];
    in_a.extend(miners.iter().enumerate().filter(|(n, _)| *n != 3).map(|(_, m)| m.clone()));
    in_a.extend(children_on(1, 5, 4));
    register(server, &a.token, &in_a);
    let in_b = miners_on(1, 72, 3);
    register(server, &b.token, &in_b);
    miners.extend(in_b);
    miners
}

const ORCHARD: &str = "<data id=\"verger\" version=\"1\" xmlns:orx=\"http://openrosa.org/xforms\">\
    <tenant>Awa Keïta</tenant><lieu>12.5 -8 300 5</lieu><jour>2026-11-20</jour><photo>v.jpg</photo>\
    <arbre><espece>nere</espece></arbre>\
    <arbre><espece>karite</espece><rameau><fruits>4</fruits></rameau><rameau><fruits>7</fruits></rameau>\
    </arbre><orx:meta><orx:instanceID>uuid:7f1b2c3d-0000-4000-8000-0000000000aa</orx:instanceID>\
    </orx:meta></data>";
const ORCHARD_ID: &str = "uuid:7f1b2c3d-0000-4000-8000-0000000000aa";

/// A form with repeats within repeats, and one submission of it, whose photo came along.
fn publish_orchard(server: &Server) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/central/verger.xml");
    let out = server.cli(&["form", "publish", file.to_str().unwrap()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let phone = server.phone("verger", None);
    let listed = || request("GET", &format!("{}/formList", phone.url), &[], b"").text();
    while !listed().contains("verger") {}
    assert_eq!(submit_with(&phone.url, ORCHARD, &[("v.jpg", b"jpeg")]).status, 201);
    server.settled();
}

/// Somebody who asks.
struct Asker<'s> {
    server: &'s Server,
    token: String,
}

impl<'s> Asker<'s> {
    fn new(server: &'s Server, role: &str, zone: Option<&str>) -> Self {
        let login = format!("{role}-{}", zone.unwrap_or("all"));
        let password = server.account(&login, role, zone);
        let body = json!({ "email": login, "password": password }).to_string();
        let answer = request("POST", &format!("{}/v1/sessions", server.url), &[], body.as_bytes());
        let session = answer.json();
        for name in ["createdAt", "expiresAt"] {
            assert!(session[name].as_str().is_some_and(|t| t.ends_with('Z')), "{session}");
        }
        Self { server, token: session["token"].as_str().expect("a token").to_owned() }
    }

    fn ask(&self, path: &str, query: &[(&str, &str)]) -> Response {
        let query: Vec<_> = query.iter().map(|(n, v)| format!("{n}={}", escaped(v))).collect();
        let sign = if query.is_empty() { "" } else { "?" };
        self.server.get_bearer(&format!("/v1/projects{path}{sign}{}", query.join("&")), &self.token)
    }

    #[track_caller]
    fn json(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let answer = self.ask(path, query);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    #[track_caller]
    fn rows(&self, path: &str, query: &[(&str, &str)]) -> Vec<Value> {
        self.json(path, query)["value"].as_array().expect("rows").clone()
    }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
        })
        .collect()
}

const MINERS: &str = "/1/forms/orpailleur.svc/Submissions";

on_both! {
    fn everybody_sees_what_is_theirs_and_names_are_never_told(server) {
        let miners = populate(&server);
        let manager = Asker::new(&server, "data_manager", None);
        let of_b = Asker::new(&server, "supervisor", Some("zone-b"));
        let protection = Asker::new(&server, "protection", None);

        let all = manager.ask(MINERS, &[]);
        let rows = all.json()["value"].as_array().unwrap().clone();
        assert_eq!(rows.len(), miners.len());
        let names: Vec<&str> = miners
            .iter()
            .flat_map(|m| ["given_names", "surname", "father_given_names"].map(|q| (q, m)))
            .filter_map(|(q, m)| between(&m.xml, &format!("<{q}>"), &format!("</{q}>")))
            .filter(|name| !name.is_empty())
            .collect();
        assert!(names.len() > 30, "the census has names");
        for name in names {
            assert!(!all.text().contains(&format!("\"{name}\"")), "{name}");
        }
        let first = rows.iter().find(|r| r["__id"] == miners[0].instance_id.as_str()).unwrap();
        let sex = between(&miners[0].xml, "<sex>", "</sex>").unwrap();
        assert_eq!(first["b_identity"]["sex"], sex, "sealed, and opened for who may");
        let gps = first["a_contact"]["gps"]["coordinates"].as_array().unwrap();
        assert!(gps.len() == 2 && gps.iter().all(|n| n.to_string().split('.').nth(1).is_none_or(|d| d.len() <= 3)));
        let fields = manager.json("/1/forms/orpailleur/fields", &[("odata", "true")]);
        let withheld = |path: &str| {
            fields.as_array().unwrap().iter().find(|f| f["path"] == path).map(|f| f["withheld"].clone())
        };
        assert_eq!(withheld("/b_identity/given_names"), Some(json!(true)));
        assert_eq!(withheld("/b_identity/sex"), Some(json!(false)));

        let narrow = of_b.rows(MINERS, &[]);
        assert_eq!(narrow.len(), 3, "its own zone");
        assert!(narrow.iter().all(|r| r["b_identity"]["sex"].is_null()));
        assert!(of_b.rows(MINERS, &[("$filter", "b_identity/sex ne null")]).is_empty());
        assert_eq!(of_b.json(MINERS, &[("$count", "true"), ("$top", "0")])["@odata.count"], 3);
        assert_eq!(of_b.json("/1/forms/orpailleur/submissions", &[]).as_array().unwrap().len(), 3);
        let other = miners[0].instance_id.as_str();
        for path in ["submissions/", "submissions/%s/versions", "submissions/%s/attachments"] {
            let path = if path.contains("%s") { path.replace("%s", other) } else { format!("{path}{other}") };
            assert_eq!(of_b.ask(&format!("/1/forms/orpailleur/{path}"), &[]).status, 404);
            assert_eq!(manager.ask(&format!("/1/forms/orpailleur/{path}"), &[]).status, 200);
        }
        assert_eq!(of_b.ask(&format!("{MINERS}('{other}')"), &[]).status, 404);

        // Children: data manager and protection only, and every reading is written down.
        for of in ["/1/forms/enfant", "/1/forms/enfant.svc/Submissions", "/1/datasets/enfants/entities"] {
            assert_eq!(of_b.ask(of, &[]).status, 404, "{of}");
            assert_eq!(manager.ask(of, &[]).status, 200, "{of}");
            assert_eq!(protection.ask(of, &[]).status, 200, "{of}");
        }
        let child = manager.rows("/1/forms/enfant.svc/Submissions", &[]).remove(0);
        let known = protection.rows("/1/forms/enfant.svc/Submissions", &[]).remove(0);
        assert!(child["e_referral"]["referral_need"].is_null() && child["a_contact"]["gps"].is_null());
        assert_eq!(known["a_contact"]["gps"], Value::Null);
        let needs: Vec<_> = protection.rows("/1/forms/enfant.svc/Submissions", &[("$filter", "e_referral/referral_need ne null")]);
        let told = manager.rows("/1/forms/enfant.svc/Submissions", &[("$filter", "e_referral/referral_need ne null")]);
        assert!(told.is_empty() && needs.len() <= 4);
        let noted = server.sql("SELECT COUNT(*) FROM audit WHERE action = 'download' AND subject LIKE '%(children)'");
        assert_eq!(noted, "8");
        for adults in ["/1/forms/orpailleur", MINERS, "/1/datasets/orpailleurs", "/1/datasets/sites/entities.csv"] {
            assert_eq!(protection.ask(adults, &[]).status, 404, "{adults}");
        }
        for role in ["admin", "enumerator", "researcher", "chamber", "cooperative", "public"] {
            let who = Asker::new(&server, role, None);
            for path in ["", "/1", "/1/forms", "/1/forms/orpailleur", MINERS, "/1/datasets/sites.svc/Entities"] {
                assert_eq!(who.ask(path, &[]).status, 403, "{role} {path}");
            }
        }
        let nobody = request("GET", &format!("{}/v1/projects", server.url), &[], b"");
        assert_eq!(nobody.status, 401);
        assert!(nobody.all("www-authenticate").iter().any(|v| v.starts_with("Basic")));
    }

    fn tables_are_filtered_paged_grouped_and_joined(server) {
        let miners = populate(&server);
        publish_orchard(&server);
        let phone = server.phone("later", Some("zone-a"));
        let edit = edited(&miners[0], "uuid:00000000-0000-4000-8000-0000000000ed");
        assert_eq!(submit(&phone.url, &edit.xml).status, 201);
        let twisted = miners[1].xml.replacen("<today>", "<today><!-- -->", 1);
        assert_eq!(submit(&phone.url, &twisted).status, 201);
        server.settled();
        let manager = Asker::new(&server, "data_manager", None);

        let rows = manager.rows(MINERS, &[]);
        assert_eq!(rows.len(), 17, "an edit is no row of its own, a conflict is none at all");
        let state = |id: &str| {
            let row = rows.iter().find(|r| r["__id"] == id).expect("a row");
            (row["__system"]["reviewState"].clone(), row["__system"]["edits"].clone())
        };
        assert_eq!(state(&miners[3].instance_id), (json!("rejected"), json!(0)));
        assert_eq!(state(&miners[0].instance_id).1, json!(1));
        let again = manager.rows(&format!("{MINERS}('{}')", miners[0].instance_id), &[]).remove(0);
        assert_eq!(again["meta"]["instanceID"], edit.instance_id.as_str(), "known by its first id");
        let one = manager.json(&format!("/1/forms/orpailleur/submissions/{}", miners[0].instance_id), &[]);
        assert!(one["updatedAt"].as_str() > one["createdAt"].as_str(), "{one}");
        let versions = manager.json(&format!("/1/forms/orpailleur/submissions/{}/versions", miners[0].instance_id), &[]);
        let ids: Vec<_> = versions.as_array().unwrap().iter().map(|v| v["instanceId"].as_str().unwrap()).collect();
        assert_eq!(ids, [edit.instance_id.as_str(), miners[0].instance_id.as_str()]);

        // Pages by the links that the server gives, whatever comes in between.
        let mut found = Vec::new();
        let filter = "__system/reviewState ne 'rejected'";
        let mut page = manager.json(MINERS, &[("$top", "5"), ("$filter", filter), ("$count", "true"), ("$select", "__id")]);
        assert_eq!(page["@odata.count"], 16);
        loop {
            found.extend(page["value"].as_array().unwrap().clone());
            let Some(next) = page["@odata.nextLink"].as_str() else { break };
            let path = next.strip_prefix(server.url.as_str()).expect("a link to this server");
            page = server.get_bearer(path, &manager.token).json();
        }
        let straight = manager.rows(MINERS, &[("$filter", filter), ("$select", "__id")]);
        assert_eq!(found, straight);
        assert_eq!(manager.rows(MINERS, &[("$skip", "15"), ("$select", "__id")]).len(), 2);
        assert!(manager.rows(MINERS, &[("$skip", "99999999999999999999999")]).is_empty());
        let oldest = manager.rows(MINERS, &[("$orderby", "__system/submissionDate asc"), ("$top", "1"), ("$skip", "1")]);
        assert_eq!(oldest[0]["__id"], rows[15]["__id"]);

        // On answers, as Central refuses to.
        let women = manager.rows(MINERS, &[("$filter", "b_identity/sex eq 'female'")]);
        let by_hand = rows.iter().filter(|r| r["b_identity"]["sex"] == "female").count();
        assert_eq!(women.len(), by_hand);
        let apply = "filter(b_identity/sex in ('female','male'))/groupby((b_identity/sex),aggregate($count as n))";
        let groups = manager.rows(MINERS, &[("$apply", apply)]);
        assert_eq!(groups.iter().find(|g| g["b_identity"]["sex"] == "female").map_or(0, |g| g["n"].as_u64().unwrap()), u64::try_from(by_hand).unwrap());

        // Repeats, by name, by link and in place.
        let orchard = "/1/forms/verger.svc";
        let row = manager.rows(&format!("{orchard}/Submissions"), &[]).remove(0);
        assert_eq!((row["tenant"].clone(), row["jour"].clone()), (Value::Null, json!("2026-11-20")));
        assert_eq!((row["__system"]["attachmentsPresent"].clone(), row["photo"].clone()), (json!(1), json!("v.jpg")));
        let link = row["arbre@odata.navigationLink"].as_str().unwrap();
        let trees = manager.rows(&format!("{orchard}/{link}"), &[]);
        assert_eq!(trees, manager.rows(&format!("{orchard}/Submissions.arbre"), &[]));
        let inner = trees[1]["rameau@odata.navigationLink"].as_str().unwrap();
        let fruits: Vec<_> = manager.rows(&format!("{orchard}/{inner}"), &[]).iter().map(|r| r["fruits"].clone()).collect();
        assert_eq!(fruits, [4, 7]);
        let none = trees[0]["rameau@odata.navigationLink"].as_str().unwrap();
        assert!(manager.rows(&format!("{orchard}/{none}"), &[]).is_empty());
        let files = manager.json(&format!("/1/forms/verger/submissions/{ORCHARD_ID}/attachments"), &[]);
        assert_eq!(files, json!([{ "name": "v.jpg", "exists": true }]));
        let photo = format!("/1/forms/verger/submissions/{ORCHARD_ID}/attachments/v.jpg");
        assert_eq!(manager.ask(&photo, &[]).status, 404, "files are listed, not served");
        assert_eq!(manager.ask(&format!("/1/forms/verger/submissions/{ORCHARD_ID}.xml"), &[]).status, 404);
        let described = manager.ask(&format!("{orchard}/$metadata"), &[]);
        assert_eq!(described.header("odata-version"), Some("4.0"));
        assert!(described.text().contains("Submissions.arbre.rameau"));

        // What people decided stands above what the checks say.
        for (number, of, action) in [(1, 4, "reject"), (2, 5, "accept"), (3, 6, "return")] {
            let path = format!("{}/v1/reviews/submissions/decisions/00000000-0000-4000-8000-00000000000{number}", server.url);
            let body = json!({ "instance_id": miners[of].instance_id, "action": action, "reason": "vu sur place" });
            let bearer = format!("Bearer {}", manager.token);
            let answer = request("PUT", &path, &[("Authorization", &bearer)], body.to_string().as_bytes());
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        let rows = manager.rows(MINERS, &[]);
        let state = |of: usize| {
            let row = rows.iter().find(|r| r["__id"] == miners[of].instance_id.as_str()).expect("a row");
            row["__system"]["reviewState"].clone()
        };
        assert_eq!([state(4), state(5), state(6)], [json!("rejected"), json!("approved"), json!("hasIssues")]);
        assert_eq!(manager.rows(MINERS, &[("$filter", filter)]).len(), 15, "what the register counts");
    }

    fn entity_lists_are_read_as_documents_tables_and_files(server) {
        populate(&server);
        let manager = Asker::new(&server, "data_manager", None);
        let of_b = Asker::new(&server, "supervisor", Some("zone-b"));

        let sites = manager.json("/1/datasets/sites/entities", &[]);
        assert_eq!(sites[0]["currentVersion"]["label"], "Site 1");
        let id = sites[0]["uuid"].as_str().unwrap();
        let one = manager.json(&format!("/1/datasets/sites/entities/{id}"), &[]);
        assert_eq!(one["uuid"], id);
        assert!(one["currentVersion"]["data"]["geometry"].as_str().unwrap().starts_with("14.4469 -11.4445"), "{one}");
        let row = manager.rows("/1/datasets/sites.svc/Entities", &[]).remove(0);
        assert_eq!((row["label"].clone(), row["__system"]["version"].clone()), (json!("Site 1"), json!(1)));
        let single = manager.rows(&format!("/1/datasets/sites.svc/Entities('{id}')"), &[]);
        assert_eq!(single, [row]);
        let people = manager.ask("/1/datasets/orpailleurs/entities.csv", &[]);
        let text = people.text();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("__id,label,") && lines[0].ends_with(",__version"), "{}", lines[0]);
        let live = server.sql("SELECT COUNT(*) FROM entity WHERE dataset = 'orpailleurs' AND merged_into IS NULL");
        assert_eq!(lines.len() - 1, live.parse::<usize>().unwrap());
        for place in [id, "nothing", "00000000-0000-4000-9000-000000000099"] {
            assert_eq!(of_b.ask(&format!("/1/datasets/sites/entities/{place}"), &[]).status, 404, "another zone's");
        }
        let properties = manager.json("/1/datasets/orpailleurs", &[])["properties"].clone();
        let shown = |name: &str| {
            let found = properties.as_array().unwrap().iter().find(|p| p["name"] == name);
            found.map(|p| p["withheld"] == false)
        };
        assert_eq!(shown("geometry"), Some(false), "nobody's position");
        assert!(properties.as_array().unwrap().iter().any(|p| p["withheld"] == false));
    }
}

#[test]
fn hostile_requests_are_refused_with_a_document_that_both_kinds_of_client_read() {
    let server = Server::sqlite();
    populate(&server);
    let manager = Asker::new(&server, "data_manager", None);
    let deep = format!("{}1 eq 1{}", "(".repeat(10_000), ")".repeat(10_000));
    let injected = "b_identity/sex eq ''' OR 1=1 --'";
    assert!(manager.rows(MINERS, &[("$filter", injected)]).is_empty());
    for (name, value) in [
        ("$filter", deep.as_str()),
        ("$filter", "1 eq 1; DROP TABLE record"),
        ("$filter", "b_identity/sex eq 'female' or"),
        ("$filter", "\u{0}"),
        ("$apply", "groupby((b_identity/sex),aggregate(age with sum as x))"),
        ("$skiptoken", "AAAA"),
        ("$skiptoken", "JyBPUiAxPTF8MA"),
        ("$top", "1e9"),
        ("$bogus", "1"),
        ("limit", "1"),
    ] {
        let answer = manager.ask(MINERS, &[(name, value)]);
        assert_eq!(answer.status, 400, "{name}={:.40}: {:.200}", value, answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let problem = answer.json();
        assert_eq!(problem["code"], 400.1);
        assert!(problem["message"].as_str().unwrap().contains(name), "{problem}");
        assert!(problem["type"].as_str().is_some());
    }
    for path in [
        "/2",
        "/1/nothing",
        "/1/forms/..%2F..",
        "/1/forms/%00",
        "/1/forms/orpailleur.svc/Submissions('x')",
        "/1/forms/orpailleur.svc/Other",
        "/1/datasets/'--",
        "/1/forms/orpailleur/submissions/%FF",
    ] {
        assert_eq!(manager.ask(path, &[]).status, 404, "{path}");
    }
    let url = format!("{}/v1/projects/1/forms", server.url);
    assert_eq!(request("POST", &url, &[], b"").status, 405);
}
