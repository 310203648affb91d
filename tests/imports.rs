//! `sanu import`: base lists in, seen by everybody, and out again as if they had never been there.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{
    linkage::people::Miner,
    reviews::Reviewer,
    support::{
        Server,
        xml::{between, census, site, submit},
    },
};

const SITES: &str = "Code du site;Nom du site;Latitude;Longitude;District minier;État d'activité;Zone\n\
    S-01;Bala Nord;12,9;-11,2;Kéniéba;active;kayes\n\
    S-02;Kobada;11,65;-8,4;Kangaba;abandoned;kayes\n\
    S-03;Sans position;;;;;kayes\n";

fn file(server: &Server, name: &str, content: &[u8]) -> PathBuf {
    let path = server.data().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn import(server: &Server, dataset: &str, file: &Path, more: &[&str]) -> Value {
    let mut args = vec!["import", dataset, file.to_str().unwrap()];
    args.extend(more);
    server.cli_json(&args)
}

/// What the register shows: everything that is read, nothing that remembers.
fn shown(server: &Server) -> String {
    [
        "SELECT entity_id, dataset, label, props, lon, lat, region_2023, cercle_2023, district, status, review \
         FROM entity WHERE version > 0 AND merged_into IS NULL ORDER BY entity_id",
        "SELECT entity_id, version, props, review FROM entity_version ORDER BY entity_id, version",
        "SELECT zone_id, dataset, region_2023, cercle_2023, district, sex, age_group, status, review, n \
         FROM count_cell WHERE n <> 0 AND cube <> 'form' ORDER BY zone_id, dataset, region_2023, cercle_2023, district, sex, age_group, status, review, n",
        "SELECT entity_id, seq FROM held ORDER BY entity_id, seq",
        "SELECT submission_id, state, review FROM record WHERE form_id NOT LIKE 'import/%' ORDER BY submission_id",
    ]
    .map(|sql| server.sql(sql))
    .join("\n--\n")
}

fn is_sound(server: &mut Server) {
    let check = server.cli_json(&["check"]);
    assert_eq!(check["ok"], true, "{check}");
    server.stop();
    let live = server.cli_json(&["derived-hash"]);
    let rebuilt = server.cli_json(&["rebuild"]);
    assert_eq!(live["hashes"], rebuilt["hashes"], "rebuild = live");
}

/// A visit of this site by a phone.
fn visit(entity: &str) -> String {
    let of = |s: &sanu::simulate::Submission| {
        s.form_id == "visite_site" && s.xml.contains("update=\"1\"")
    };
    let visit = census(11, 400).into_iter().find(of).expect("somebody visits a site");
    let block = between(&visit.xml, "<entity ", ">").unwrap();
    let id = between(block, " id=\"", "\"").or_else(|| between(block, "id=\"", "\"")).unwrap();
    let base = between(block, "baseVersion=\"", "\"").unwrap();
    let stale = format!("baseVersion=\"{base}\"");
    visit.xml.replace(id, entity).replace(&stale, "baseVersion=\"1\"")
}

on_both! {
    fn who_is_erased_takes_no_line_of_a_list_along_and_a_list_taken_back_takes_nobody(server) {
        let mut server = server;
        let phone = server.phone("Awa", Some("kayes"));
        let sites = file(&server, "sites.csv", b"code,nom,etat\nA,Alpha,active\nB,Beta,active\n");
        let agents = file(&server, "agents.csv", "code;nom;sites\nKY001;Awa Zzyxq;A\nKY002;Issa;B\n".as_bytes());
        let done = import(&server, "sites", &sites, &["--apply", "--zone", "kayes"]);
        import(&server, "agents", &agents, &["--apply", "--zone", "kayes"]);
        server.settled();
        let alpha = server.sql("SELECT entity_id FROM entity WHERE label = 'Alpha'").replace('-', "");
        let alpha = uuid::Uuid::parse_str(&alpha).unwrap().to_string();
        let one = Miner { surname: "Zzyxq", site: Some(alpha.clone()), ..Miner::new(1) };
        let other = Miner { surname: "Keïta", sex: "female", site: Some(alpha), ..Miner::new(2) };
        for miner in [&one, &other] {
            assert_eq!(submit(&phone.url, &miner.xml()).status, 201);
        }
        server.settled();
        let before = lines(&server);
        let people = server.count("orpailleurs");
        let them = Reviewer::new(&server, "dm", "data_manager", None);

        let body = serde_json::json!({ "id": uuid::Uuid::from_u128(7), "dataset": "orpailleurs", "card": one.card, "reason": "demande" });
        let erased = them.send("POST", "/v1/erasures", &body);
        server.settled();
        let same = import(&server, "sites", &sites, &["--zone", "kayes"]);
        let lines_after = lines(&server);
        let undone = server.cli(&["import", "--undo", done["import_id"].as_str().unwrap()]);
        server.settled();

        assert_eq!(erased.status, 200, "{}", erased.text());
        assert_eq!((before.as_str(), lines_after.as_str()), ("agents|2|0\nsites|2|0", "agents|2|0\nsites|2|0"));
        assert_eq!(same["same"], 2, "{same}");
        assert!(undone.status.success(), "{}", String::from_utf8_lossy(&undone.stderr));
        assert_eq!((server.count("sites"), server.count("orpailleurs")), (0, people));
        is_sound(&mut server);
    }

    fn a_list_is_loaded_while_phones_send_and_nothing_of_either_is_lost(server) {
        let mut server = server;
        let phone = server.phone("Awa", None);
        let lines: Vec<String> = (0..2_000).map(|n| format!("L{n},Liste {n},active\n")).collect();
        let lines = lines.concat();
        let list = file(&server, "sites.csv", format!("code,nom,etat\n{lines}").as_bytes());

        let mut importing = server.spawn(&["import", "sites", list.to_str().unwrap(), "--apply"]);
        let mut sent = 0;
        while importing.try_wait().unwrap().is_none() || sent < 20 {
            sent += 1;
            let answer = submit(&phone.url, &site(sent).xml);
            assert_eq!(answer.status, 201, "{}", answer.text());
        }
        server.settled();

        assert!(importing.wait().unwrap().success());
        assert_eq!(server.count("sites"), 2_000 + i64::from(sent));
        is_sound(&mut server);
    }

    fn an_imported_list_is_seen_by_phones_maps_and_counts_and_again_it_changes_nothing(server) {
        let mut server = server;
        let phone = server.phone("Awa", Some("kayes"));
        let list = file(&server, "sites.csv", SITES.as_bytes());

        let dry = import(&server, "sites", &list, &[]);
        assert_eq!((&dry["new"], &dry["import_id"]), (&3.into(), &Value::Null));
        assert_eq!(server.count("sites"), 0, "a dry run writes nothing");

        let done = import(&server, "sites", &list, &["--apply"]);
        server.settled();
        let phones = crate::support::request("GET", &format!("{}/forms/visite_site/lists/sites.csv", phone.url), &[], b"");
        let map = server.get_admin("/v1/sites.geojson");
        let again = import(&server, "sites", &list, &["--apply"]);

        assert!(done["import_id"].is_string());
        assert_eq!(server.count("sites"), 3);
        for name in ["Bala Nord", "Kobada", "Sans position"] {
            assert!(phones.text().contains(name), "{}", phones.text());
            assert!(map.text().contains(name), "{}", map.text());
        }
        assert_eq!(server.sql("SELECT district FROM entity WHERE label = 'Bala Nord'"), "kenieba");
        assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE review = 'accepted'"), "3");
        assert_eq!((&again["same"], &again["import_id"]), (&3.into(), &Value::Null));
        let listed = server.cli_json(&["import", "list"]);
        assert_eq!(listed["imports"].as_array().unwrap().len(), 1);
        is_sound(&mut server);
    }

    fn an_import_taken_back_leaves_the_register_as_it_was(server) {
        let mut server = server;
        let phone = server.phone("Awa", None);
        for number in 1..4 {
            assert_eq!(submit(&phone.url, &site(number).xml).status, 201);
        }
        server.settled();
        let first = file(&server, "un.csv", b"code,nom,etat\nA,Alpha,active\nB,Beta,active\n");
        import(&server, "sites", &first, &["--apply"]);
        server.settled();
        let before = shown(&server);
        let second = file(&server, "deux.csv", b"code,nom,etat,latitude,longitude\nA,Alpha,abandoned,12.5,-8\nC,Gamma,active,12,-9\n");

        let done = import(&server, "sites", &second, &["--apply"]);
        server.settled();
        let between = shown(&server);
        let undone = server.cli(&["import", "--undo", done["import_id"].as_str().unwrap()]);
        server.settled();

        assert_eq!((&done["new"], &done["changed"]), (&1.into(), &1.into()));
        assert!(undone.status.success(), "{}", String::from_utf8_lossy(&undone.stderr));
        assert_ne!(before, between);
        assert_eq!(before, shown(&server));
        let twice = server.cli(&["import", "--undo", done["import_id"].as_str().unwrap()]);
        assert!(!twice.status.success() && String::from_utf8_lossy(&twice.stderr).contains("déjà annulée"));
        let back = import(&server, "sites", &second, &["--apply"]);
        server.settled();
        assert_eq!(back["new"], 1, "what was taken back is new again");
        assert_eq!(server.count("sites"), 6);
        is_sound(&mut server);
    }

    fn what_phones_changed_since_an_import_outlives_it(server) {
        let mut server = server;
        let phone = server.phone("Awa", None);
        let list = file(&server, "sites.csv", b"code,nom,etat\nA,Alpha,active\nB,Beta,active\n");
        let done = import(&server, "sites", &list, &["--apply"]);
        server.settled();
        let id = server.sql("SELECT entity_id FROM entity WHERE label = 'Alpha'").replace('-', "");
        let id = uuid::Uuid::parse_str(&id).unwrap().to_string();
        assert_eq!(submit(&phone.url, &visit(&id)).status, 201);
        server.settled();
        let of_alpha = "SELECT label, props, version, review, merged_into IS NULL FROM entity WHERE label = 'Alpha'";
        let visited = server.sql(of_alpha);
        assert!(visited.contains("|2|"), "the visit is a version: {visited}");

        let undone = server.cli(&["import", "--undo", done["import_id"].as_str().unwrap()]);
        server.settled();

        assert!(undone.status.success(), "{}", String::from_utf8_lossy(&undone.stderr));
        assert_eq!(server.sql(of_alpha), visited);
        assert_eq!(server.count("sites"), 1, "Beta is gone");
        is_sound(&mut server);
    }

    fn what_waits_for_an_imported_site_does_not_keep_it_when_the_import_is_taken_back(server) {
        let mut server = server;
        let phone = server.phone("Awa", None);
        let list = file(&server, "sites.csv", b"code,nom,etat\nA,Alpha,active\n");
        let done = import(&server, "sites", &list, &["--apply"]);
        server.settled();
        let id = server.sql("SELECT entity_id FROM entity WHERE label = 'Alpha'").replace('-', "");
        let id = uuid::Uuid::parse_str(&id).unwrap().to_string();
        let early = visit(&id).replace("baseVersion=\"1\"", "baseVersion=\"9\"");
        assert_eq!(submit(&phone.url, &early).status, 201);
        server.settled();
        let waits = "SELECT COUNT(*) FROM held JOIN record ON record.seq = held.seq AND record.state = 'held'";
        assert_eq!(server.sql(waits), "1", "the visit waits for version 9");

        let undone = server.cli(&["import", "--undo", done["import_id"].as_str().unwrap()]);
        server.settled();

        assert!(undone.status.success(), "{}", String::from_utf8_lossy(&undone.stderr));
        assert_eq!(server.count("sites"), 0, "nothing that was applied speaks for it");
        assert_eq!(server.sql(waits), "1", "the visit goes on waiting");
        is_sound(&mut server);
    }

    fn a_list_with_one_bad_line_is_not_imported_at_all(server) {
        let text = "code;nom;latitude;longitude\nA;Alpha;12,5;-8\nB;Beta;12,5 nord;-8\nA;Encore;;\nC;\"ouvert;1;2\n";
        let list = file(&server, "sites.csv", text.as_bytes());

        let out = server.cli(&["import", "sites", list.to_str().unwrap(), "--apply"]);

        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(1));
        assert!(said.contains("ligne 3 : colonne « Latitude »"), "{said}");
        assert!(said.contains("ligne 4 : « A » est déjà sur la ligne 2"), "{said}");
        assert!(said.contains("ligne 5 : guillemet"), "{said}");
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), "0");
        assert_eq!(server.sql("SELECT COUNT(*) FROM base_import"), "0");
    }
}

/// How many lists' lines there are, erased or not.
fn lines(server: &Server) -> String {
    server.sql(
        "SELECT dataset, COUNT(*), SUM(CASE WHEN length(wrapped) = 0 THEN 1 ELSE 0 END) FROM entity \
         WHERE dataset IN ('agents', 'sites') AND version > 0 GROUP BY dataset ORDER BY dataset",
    )
}

#[test]
fn a_zone_list_is_seen_in_its_zone_only_and_no_agent_reaches_a_phone() {
    let server = Server::sqlite();
    let (here, there) = (server.phone("Awa", Some("kayes")), server.phone("Issa", Some("sikasso")));
    let sites = file(&server, "sites.csv", SITES.as_bytes());
    let agents = file(
        &server,
        "agents.csv",
        "code;nom;téléphone;certificat;sites\nKA001;Awa Traoré;76000000;oui;S-01 S-02\n".as_bytes(),
    );
    let lots = file(&server, "lots.csv", b"premiere;derniere;agent\n1000;1999;KA001\n");
    import(&server, "sites", &sites, &["--apply"]);
    import(&server, "agents", &agents, &["--apply", "--zone", "kayes"]);
    import(&server, "card_lots", &lots, &["--apply"]);
    server.settled();

    let list = |phone: &crate::support::server::Phone, name: &str| {
        crate::support::request(
            "GET",
            &format!("{}/forms/visite_site/lists/{name}.csv", phone.url),
            &[],
            b"",
        )
    };

    assert!(list(&here, "sites").text().contains("Kobada"));
    assert!(!list(&there, "sites").text().contains("Kobada"));
    assert_eq!(list(&here, "agents").status, 404);
    let clear = std::fs::read(server.data().join("sanu.db")).unwrap();
    let wal = std::fs::read(server.data().join("sanu.db-wal")).unwrap_or_default();
    for bytes in [clear, wal] {
        assert!(!bytes.windows(11).any(|w| w == "Awa Traoré".as_bytes()), "a name lies in clear");
    }
    let moved = file(&server, "autre.csv", b"code;nom;zone\nS-01;Bala Nord;sikasso\n");
    let out = server.cli(&["import", "sites", moved.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&out.stderr).contains("enregistré dans la zone kayes"));
    let unknown = file(&server, "lots2.csv", b"premiere;derniere;agent\n3000;3999;KA999\n");
    let out = server.cli(&["import", "card_lots", unknown.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&out.stderr).contains("KA999"));
}

#[test]
fn the_declared_table_of_cooperatives_stands_beside_what_was_imported() {
    let server = Server::sqlite();
    let text = "code;dénomination;niveau;district minier;mère\nU1;Union du Falémé;union;Kéniéba;\nC1;Coopérative de Kéniéba;;KENIEBA;u1\n";
    let list = file(&server, "coops.csv", text.as_bytes());
    import(&server, "cooperatives", &list, &["--apply"]);
    server.settled();

    let table = server.get_admin("/v1/tables/cooperatives-district").json();

    let of = |list: &Value, key: &str| {
        let rows = list.as_array().unwrap();
        rows.iter().find(|row| row[key] == "kenieba").unwrap_or_else(|| panic!("{table}")).clone()
    };
    assert_eq!(of(&table["cells"], "district")["n"], 2);
    let declared = of(&table["declared"]["districts"], "district");
    assert_eq!(
        (&declared["base"], &declared["unions"], &declared["federations"]),
        (&25.into(), &6.into(), &1.into())
    );
}

#[test]
fn workbooks_and_every_encoding_say_the_same() {
    let server = Server::sqlite();
    let wide: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(SITES.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let windows: Vec<u8> = SITES.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let marked = [b"\xEF\xBB\xBF", SITES.as_bytes()].concat();
    let tabs = SITES.replace(';', "\t").into_bytes();
    let entry = |text: &str| match text.replace(',', ".").parse::<f64>() {
        Ok(number) => sanu::export::Entry::Text(number.to_string()),
        Err(_) => sanu::export::Entry::Text(text.to_owned()),
    };
    let mut rows = SITES.lines().map(|line| line.split(';').map(str::to_owned).collect::<Vec<_>>());
    let sheet = sanu::export::Sheet {
        title: String::new(),
        notes: Vec::new(),
        head: rows.next().unwrap(),
        rows: rows.map(|row| row.iter().map(|cell| entry(cell)).collect()).collect(),
    };
    let first = file(&server, "sites.csv", SITES.as_bytes());
    import(&server, "sites", &first, &["--apply"]);

    for (name, bytes) in [
        ("u16.txt", wide),
        ("ansi.csv", windows),
        ("bom.csv", marked),
        ("tab.tsv", tabs),
        ("s.xlsx", sheet.xlsx()),
    ] {
        let again = import(&server, "sites", &file(&server, name, &bytes), &[]);
        assert_eq!(again["same"], 3, "{name}: {again}");
    }
}

#[test]
fn two_hundred_thousand_lines_with_a_bad_one_are_refused_in_bounded_time_and_memory() {
    let server = Server::sqlite();
    let mut text = String::from("code;nom;latitude;longitude;etat\n");
    for n in 0..200_000 {
        text.push_str(&format!("S{n};Site {n};12,{n:06};-8,{n:06};active\n"));
    }
    text.push_str("S1;Encore;;;\n");
    let list = file(&server, "sites.csv", text.as_bytes());

    let begun = std::time::Instant::now();
    let args = ["import", "sites", list.to_str().unwrap(), "--apply"];
    let out = server.cli(&args);
    let peak = peak_of(server.spawn(&args));

    assert_eq!(out.status.code(), Some(1));
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("ligne 200002 : « S1 » est déjà sur la ligne 3"), "{said}");
    assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), "0");
    assert!(begun.elapsed().as_secs() < 240, "{:?}", begun.elapsed());
    // Five times what the lines weigh as values, and the program.
    assert!(peak < 600 * 1024, "{peak} kB");
}

/// What a process had in memory at most before it ended, in kB.
fn peak_of(mut process: std::process::Child) -> u64 {
    let mut peak = 0;
    while process.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.id()));
        let status = status.unwrap_or_default();
        let read = between(&status, "VmHWM:", "kB").and_then(|text| text.trim().parse().ok());
        peak = read.unwrap_or(peak);
    }
    peak
}
