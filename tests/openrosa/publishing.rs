//! Forms and lists of somebody else's study, published while the server runs.

use std::path::PathBuf;

use super::{MediaFile, elements, files_of, get, get_xml, md5, refused};
use crate::support::{Server, phone::device_dir, xml::submit};

const PERSON: &str = "<data id=\"personne\" version=\"2026112101\"><lieu><region>r1</region>\
    <cercle>r1c1</cercle><commune>r1c1m1</commune><village>Sitakily</village><gps/></lieu>\
    <identite><nom>Keïta</nom><prenom>Awa</prenom><sexe>f</sexe></identite>\
    <consentement>oui</consentement><meta><entity dataset=\"personnes\" create=\"1\" \
    id=\"6f1b2c3d-0000-4000-8000-000000000001\"><label>Keïta Awa</label></entity>\
    <instanceID>uuid:6f1b2c3d-0000-4000-8000-0000000000aa</instanceID></meta></data>";

fn form(name: &str) -> PathBuf {
    device_dir().join("forms").join(name)
}

/// Publishes with the lists of places; the last line of stderr, and whether it went well.
fn publish(server: &Server, file: &std::path::Path) -> (bool, String) {
    let file = file.to_str().unwrap();
    let lists = ["regions.csv", "cercles.csv", "communes.csv"].map(form);
    let mut args = vec!["form", "publish", file];
    for list in &lists {
        args.extend(["--media", list.to_str().unwrap()]);
    }
    let out = server.cli(&args);
    (out.status.success(), String::from_utf8(out.stderr).unwrap())
}

fn offered(phone_url: &str) -> Vec<String> {
    let list = get_xml(&format!("{phone_url}/formList"));
    elements(&list, "formID").into_iter().map(str::to_owned).collect()
}

on_both! {
    fn a_published_form_is_offered_at_once_with_its_files(server) {
        let phone = server.phone("agent-1", None);
        assert!(!offered(&phone.url).contains(&String::from("personne")));

        let (done, said) = publish(&server, &form("personne.xml"));

        assert!(done, "{said}");
        assert!(offered(&phone.url).contains(&String::from("personne")));
        let files = files_of(&phone.url, "personne");
        let names: Vec<_> = files.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["cercles.csv", "communes.csv", "regions.csv"]);
        for MediaFile { name, hash, url, .. } in &files {
            assert_eq!(*hash, md5(&std::fs::read(form(name)).unwrap()), "{name}");
            assert_eq!(*hash, md5(&get(url).body), "{name}");
        }
    }

    fn a_list_made_by_a_published_form_reaches_the_form_that_reads_it(server) {
        let phone = server.phone("agent-1", None);
        for name in ["personne.xml", "visite.xml"] {
            let (done, said) = publish(&server, &form(name));
            assert!(done, "{said}");
        }
        let files = files_of(&phone.url, "visite");
        let before = files.iter().find(|f| f.name == "personnes.csv").expect("visite reads it").clone();
        assert!(before.is_list);

        assert_eq!(submit(&phone.url, PERSON).status, 201);
        server.settled();

        let files = files_of(&phone.url, "visite");
        let after = files.iter().find(|f| f.name == "personnes.csv").unwrap();
        assert_ne!(before.hash, after.hash);
        let csv = get(&after.url).text();
        let header: Vec<_> = csv.lines().next().unwrap().split(',').collect();
        assert_eq!(header[..3], ["name", "label", "__version"]);
        let row: Vec<_> = csv.lines().nth(1).unwrap().split(',').collect();
        assert_eq!(row[..3], ["6f1b2c3d-0000-4000-8000-000000000001", "Keïta Awa", "1"]);
        let value = |name| row[header.iter().position(|h| *h == name).unwrap()];
        assert_eq!((value("nom"), value("village"), value("sexe")), ("Keïta", "Sitakily", "f"));
    }

    fn a_version_is_never_published_twice_with_different_bytes(server) {
        let phone = server.phone("agent-1", None);
        assert!(publish(&server, &form("personne.xml")).0);
        assert!(offered(&phone.url).contains(&String::from("personne")));
        let before = get(&format!("{}/forms/personne.xml", phone.url)).body;
        let folder = tempfile::tempdir().unwrap();
        let changed = folder.path().join("personne.xml");
        let xml = std::fs::read_to_string(form("personne.xml")).unwrap();
        std::fs::write(&changed, xml.replace("Enregistrement de personne", "Autre titre")).unwrap();

        let (done, said) = publish(&server, &changed);
        let (same, _) = publish(&server, &form("personne.xml"));

        assert!(!done);
        assert!(said.contains("already published with another content: give it a new version"), "{said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
        assert!(same, "the same bytes again change nothing");
        assert!(get(&format!("{}/forms/personne.xml", phone.url)).body == before);
        assert_eq!(files_of(&phone.url, "personne").len(), 3);
    }

    fn a_published_form_cannot_ask_for_the_register_of_people(server) {
        let phone = server.phone("agent-1", None);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("curieux.xml");
        let xml = std::fs::read_to_string(form("visite.xml")).unwrap();
        let curious = xml
            .replace("jr://file-csv/personnes.csv", "jr://file-csv/orpailleurs.csv")
            .replace("<data id=\"visite\"", "<data id=\"curieux\"");
        std::fs::write(&file, curious).unwrap();

        let (done, said) = publish(&server, &file);

        assert!(done, "{said}");
        assert!(said.contains("orpailleurs.csv, which was not given"), "{said}");
        // A file that is listed and cannot be fetched would spoil the whole form in Collect.
        let files = files_of(&phone.url, "curieux");
        assert!(files.iter().all(|f| f.name != "orpailleurs.csv"), "{files:?}");
        let integrity = format!("{}/forms/curieux/integrity/orpailleurs?id=x", phone.url);
        refused(&get(&integrity), 404);
    }

    fn a_closed_form_is_no_longer_offered_and_what_phones_still_send_is_kept(server) {
        let phone = server.phone("agent-1", None);
        assert!(publish(&server, &form("personne.xml")).0);

        assert!(server.cli(&["form", "close", "personne"]).status.success());

        assert!(!offered(&phone.url).contains(&String::from("personne")));
        assert_eq!(submit(&phone.url, PERSON).status, 201);
        server.settled();
        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE form_id = 'personne'"), "1");
    }
}
