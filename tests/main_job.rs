//! The main job: a phone sends a site and some miners, an office counts and maps them.

use crate::support::xml::{census, submit};

on_both! {
    fn what_a_phone_sends_is_counted_by_region_and_drawn_as_geojson(server) {
        let phone = server.phone("agent-1", None);
        let sent = census(11, 60);

        for submission in &sent {
            let response = submit(&phone.url, &submission.xml);
            assert_eq!(response.status, 201, "{}", response.text());
        }
        server.settled();

        let miners = sent.iter().filter(|s| s.form_id == "orpailleur" && s.xml.contains("create=\"1\"")).count();
        let sites = sent.iter().filter(|s| s.form_id == "site").count();
        assert!(miners > 20 && sites > 2, "the census is too thin to prove anything");
        assert_eq!(server.count("orpailleurs"), i64::try_from(miners).unwrap());
        assert_eq!(server.count("sites"), i64::try_from(sites).unwrap());
        let by_region = server.get_admin("/v1/counts?of=orpailleurs&by=region,sex").json();
        let cells = by_region["cells"].as_array().unwrap();
        assert!(cells.iter().all(|c| c["region"].is_string() && c["sex"].is_string()), "{by_region}");
        let sum: i64 = cells.iter().map(|c| c["n"].as_i64().unwrap()).sum();
        assert_eq!(sum, i64::try_from(miners).unwrap());
        let map: geojson::FeatureCollection =
            server.get_admin("/v1/sites.geojson").text().parse().expect("RFC 7946");
        assert_eq!(map.features.len(), sites);
    }

    fn names_never_lie_in_clear_on_disk(server) {
        let phone = server.phone("agent-1", None);
        let name = "Zzyxqname";
        let xml = census(5, 40)
            .into_iter()
            .find(|s| s.form_id == "orpailleur" && s.xml.contains("create=\"1\""))
            .map(|s| {
                let start = s.xml.find("<surname>").unwrap() + 9;
                let end = s.xml.find("</surname>").unwrap();
                format!("{}{name}{}", &s.xml[..start], &s.xml[end..])
            })
            .unwrap();

        assert_eq!(submit(&phone.url, &xml).status, 201);
        server.settled();

        for table in ["record", "entity", "entity_version", "feed", "audit"] {
            let rows = server.sql(&format!("SELECT * FROM {table}"));
            assert!(!rows.contains(name), "{table} holds the name");
        }
        assert_eq!(server.count("orpailleurs"), 1);
        let mut files = vec![server.data()];
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
            } else if let Ok(bytes) = std::fs::read(&path) {
                let found = bytes.windows(name.len()).any(|w| w == name.as_bytes());
                assert!(!found, "{} holds the name", path.display());
            }
        }
    }
}
