//! Sites and organisations that were written down twice: proposed to a person, never joined without.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Reviewer, is_sound, people::Miner, send};
use crate::support::{
    Server,
    native::pull,
    xml::{between, census, site, site_id, submit},
};

/// A census of a site of this name, so many metres north of a point in the field.
fn site_at(number: u32, name: &str, north: f64) -> String {
    let xml = site(number).xml;
    let gps = between(&xml, "<gps>", "</gps>").expect("a position").to_owned();
    let origin = site(1).xml;
    let origin = between(&origin, "<gps>", "</gps>").expect("a position");
    let alias = between(&xml, "<site_aliases>", "</site_aliases>").unwrap_or_default().to_owned();
    let mut parts = origin.split(' ');
    let south: f64 = parts.next().expect("a latitude").parse().expect("degrees");
    let mut moved = format!("{:.6}", south + north / 111_195.0);
    for part in parts {
        write!(moved, " {part}").expect("writing to a String cannot fail");
    }
    xml.replace(&format!(">Site {number}<"), &format!(">{name}<"))
        .replace(&gps, &moved)
        .replace(&format!("<site_aliases>{alias}<"), "<site_aliases><")
}

fn put(phone: &str, xml: &str) {
    let answer = submit(phone, xml);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

fn queue(reviewer: &Reviewer<'_>, of: &str) -> Vec<Value> {
    let queue = reviewer.get(&format!("/v1/reviews/duplicates?of={of}"));
    assert_eq!(queue.status, 200, "{}", queue.text());
    queue.json()["cases"].as_array().expect("cases").clone()
}

fn place_of_people(server: &Server) -> Vec<String> {
    let sql = "SELECT commune_2023 FROM entity WHERE dataset = 'orpailleurs' ORDER BY created_seq";
    server.sql(sql).lines().map(str::to_owned).collect()
}

on_both! {
    fn two_spellings_of_a_site_150_metres_apart_are_for_review_and_lead(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        put(&phone.url, &site_at(1, "M'Pèdiassa", 0.0));
        put(&phone.url, &site_at(2, "Kalana", 700.0));
        put(&phone.url, &site_at(3, "Mpè Diassa", 150.0));
        put(&phone.url, &site_at(4, "Kallana", 400.0));
        server.settled();

        assert_eq!(server.count("sites"), 4);
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let cases = queue(&awa, "sites");
        assert_eq!(cases[0]["a"], site_id(1), "{cases:?}");
        assert_eq!(cases[0]["b"], site_id(3), "{cases:?}");
        assert_eq!(cases[0]["pairs"][0]["class"], "review");
        let case = awa.get(&format!("/v1/reviews/duplicates/{}/{}", site_id(3), site_id(1))).json();
        assert_eq!(case["distance_m"], 150.0, "{case}");
        let fields = case["evidence"]["fields"].as_array().expect("evidence");
        let name = fields.iter().find(|f| f["field"] == "name").expect("the names were compared");
        assert_eq!((&name["fr"], &name["en"]), (&Value::from("Noms : identique"), &Value::from("Names: the same")));
        let sum: f64 = fields.iter().map(|f| f["weight"].as_f64().unwrap()).sum();
        assert!((sum - case["evidence"]["weight"].as_f64().unwrap()).abs() < 1e-9, "{case}");
        is_sound(&mut server);
    }

    fn a_village_site_and_the_new_one_beside_it_are_no_pair_until_one_is_renamed(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        put(&phone.url, &site_at(1, "Niéna", 0.0));
        put(&phone.url, &site_at(2, "Niéna Koura", 1_400.0));
        put(&phone.url, &site_at(3, "Sitaninkoto", 4_000.0));
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let about = |id: &str| queue(&awa, "sites").iter().filter(|c| c["a"] == id || c["b"] == id).count();
        assert_eq!(about(&site_id(1)), 0);
        let before = about(&site_id(2));

        // Corrected, name and position: the third is the second.
        let first = site(3).instance_id;
        let again = site_at(3, "Nienakoura", 1_500.0).replace(
            &format!("<instanceID>{first}<"),
            &format!("<deprecatedID>{first}</deprecatedID><instanceID>uuid:corrected<"),
        );
        put(&phone.url, &again);
        server.settled();

        assert_eq!((before, about(&site_id(2)), about(&site_id(1))), (0, 1, 0));
        // What a restart loads says the same as what was lived through.
        server.stop();
        server.start();
        put(&server.moved(&phone).url, &site_at(5, "Niéna-Koura", 1_450.0));
        server.settled();
        assert_eq!(server.sql("SELECT COUNT(*) FROM match_pair WHERE dataset = 'sites'"), "3");
        is_sound(&mut server);
    }

    fn a_cooperative_registered_twice_is_for_review(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let base = census(11, 400).into_iter().find(|s| s.form_id == "cooperative").expect("a cooperative");
        let entity = between(&base.xml, " id=\"", "\"><label>").expect("an entity");
        let entity = entity.rsplit('"').next().unwrap_or(entity);
        let again = base.xml.replace(entity, &site_id(77)).replace(&base.instance_id, "uuid:coop-again");
        put(&phone.url, &base.xml);
        put(&phone.url, &again);
        server.settled();

        assert_eq!(server.count("cooperatives"), 2);
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let cases = queue(&awa, "cooperatives");
        assert_eq!(cases.len(), 1, "{cases:?}");
        awa.says(1, entity, &site_id(77), "same");
        assert_eq!((server.count("cooperatives"), queue(&awa, "cooperatives").len()), (1, 0));
        is_sound(&mut server);
    }

    fn people_follow_their_site_into_another_and_out_again_and_phones_are_told(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        // So far that the other place is another commune.
        put(&phone.url, &site_at(1, "Kalana", 0.0));
        put(&phone.url, &site_at(2, "Kalana", 30_000.0));
        send(&phone.url, &Miner { site: Some(site_id(2)), ..Miner::new(1) });
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let apart = place_of_people(&server);
        let communes = server.sql("SELECT commune_2023 FROM entity WHERE dataset = 'sites' ORDER BY created_seq");
        let sites: Vec<_> = communes.lines().map(str::to_owned).collect();
        assert_eq!(apart, [sites[1].clone()]);
        assert_ne!(sites[0], sites[1]);
        let device = phone.token.clone();
        let at = pull(&server, &device, "limit=500").next;

        let body = serde_json::json!({ "a": site_id(1), "b": site_id(2), "answer": "same",
            "choices": { "geometry": site_id(1) } });
        assert_eq!(awa.put(1, &body).status, 200);
        assert_eq!(place_of_people(&server), [sites[0].clone()], "the person's place follows");
        let merged = pull(&server, &device, &format!("limit=500&cursor={at}"));
        assert!(format!("{:?}", merged.changes).contains("Merged"), "{:?}", merged.changes);

        awa.says(2, &site_id(1), &site_id(2), "unmerge");
        assert_eq!(place_of_people(&server), apart);
        let split = pull(&server, &device, &format!("limit=500&cursor={}", merged.next));
        for id in [site_id(1), site_id(2)] {
            assert!(format!("{:?}", split.changes).contains(&id), "{id} reaches phones again: {:?}", split.changes);
        }
        is_sound(&mut server);
    }

    fn a_phone_sees_versions_of_a_site_grow_whatever_is_merged_and_taken_apart(server) {
        let phone = server.phone("agent", None);
        for number in [1, 2, 3] {
            put(&phone.url, &site_at(number, "Kalana", 10_000.0 * f64::from(number)));
        }
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let mut held = Held::default();
        held.pull(&server, &phone.token);
        assert_eq!(held.versions(), [1, 1, 1], "nothing was answered yet");
        let (one, two, three) = (site_id(1), site_id(2), site_id(3));

        awa.says(1, &one, &two, "same");
        held.pull(&server, &phone.token);
        awa.says(2, &two, &three, "same");
        held.pull(&server, &phone.token);
        assert_eq!(held.sites.len(), 1, "{held:?}");
        // One that nobody asks about goes on from where it is, and an edit is heard by the group.
        let edit = site_at(2, "Kalanakoro", 20_000.0)
            .replace("uuid:00000000-0000-4000-8000-000000000002</instanceID>", "uuid:again</instanceID><deprecatedID>uuid:00000000-0000-4000-8000-000000000002</deprecatedID>");
        put(&phone.url, &edit);
        server.settled();
        held.pull(&server, &phone.token);
        awa.says(3, &two, &one, "unmerge");
        held.pull(&server, &phone.token);
        assert_eq!(held.sites.len(), 2, "{held:?}");
        awa.says(4, &two, &three, "unmerge");
        held.pull(&server, &phone.token);

        assert_eq!(held.sites.len(), 3, "{held:?}");
        // A phone that comes only now, and one that reads the list of a form, are told the same.
        let mut late = Held::default();
        late.pull(&server, &phone.token);
        // What was said of one is counted for those it was ever put beside: never less than what others hold.
        assert!(late.versions().iter().zip(held.versions()).all(|(now, then)| *now >= then), "{late:?} {held:?}");
        let file = crate::support::request("GET", &entity_list(&phone.url), &[("X-OpenRosa-Version", "1.0")], b"").text();
        for (id, version) in &late.sites {
            let row = file.lines().find(|l| l.starts_with(id)).unwrap_or_else(|| panic!("{id}: {file}"));
            assert_eq!(row.split(',').nth(2), Some(version.to_string().as_str()), "{row}");
        }
    }
}

/// What a phone holds of sites.
#[derive(Debug, Default)]
struct Held {
    sites: std::collections::BTreeMap<String, u64>,
    last: std::collections::BTreeMap<String, u64>,
    cursor: Option<String>,
}

impl Held {
    fn versions(&self) -> Vec<u64> {
        self.sites.values().copied().collect()
    }

    /// Takes what is new; every version must be greater than any that was told before.
    fn pull(&mut self, server: &Server, token: &str) {
        let cursor = self.cursor.as_ref().map(|c| format!("&cursor={c}")).unwrap_or_default();
        let page = pull(server, token, &format!("limit=500&datasets=sites{cursor}"));
        for change in page.changes {
            match change {
                sync_protocol::Change::Entity { id, version, .. } => {
                    let id = id.to_string();
                    let former = self.last.insert(id.clone(), version);
                    assert!(former.is_none_or(|f| f < version), "{id}: {former:?} then {version}");
                    self.sites.insert(id, version);
                }
                sync_protocol::Change::Tombstone { id, .. } => {
                    self.sites.remove(&id.to_string());
                }
                _ => {}
            }
        }
        self.cursor = Some(page.next.to_string());
    }
}

/// Where a phone fetches the list of sites for the questionnaire of miners.
fn entity_list(phone: &str) -> String {
    let get = |url: &str| {
        crate::support::request("GET", url, &[("X-OpenRosa-Version", "1.0")], b"").text()
    };
    let forms = get(&format!("{phone}/formList"));
    let form =
        forms.split("<xform>").find(|f| f.contains("<formID>orpailleur<")).expect("the form");
    let manifest = get(between(form, "<manifestUrl>", "</manifestUrl>").expect("a manifest"));
    let file = manifest.split("<mediaFile").find(|f| f.contains("sites.csv")).expect("the list");
    between(file, "<downloadUrl>", "</downloadUrl>").expect("an address").to_owned()
}
