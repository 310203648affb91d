//! Lists narrowed for a phone: to its follow-up sample, and to what was accepted.

use super::{create, form, publish, says, send, shown, study, well, wells};
use crate::{
    reviews::Reviewer,
    support::{Server, request, server::Phone, xml::between},
};

/// A phone, and beside the form that makes wells one that chooses among them.
fn with_choice(server: &Server) -> Phone {
    let phone = study(server);
    let list = "</instance><instance id=\"puits\" src=\"jr://file-csv/puits.csv\"/>";
    publish(server, &form("choix", "2024.1.0", "").replacen("</instance>", list, 1)).unwrap();
    // Whoever asks for the forms is told of new ones at once; otherwise a server looks every second.
    assert_eq!(request("GET", &format!("{}/formList", phone.url), &[], b"").status, 200);
    phone
}

/// The list of wells in the manifest of a form that chooses among them: its type and its hash.
fn listed(phone: &Phone) -> (String, String) {
    let manifest = request("GET", &format!("{}/forms/choix/manifest", phone.url), &[], b"").text();
    let file = manifest.split("<mediaFile").find(|file| file.contains("puits.csv")).unwrap();
    (
        between(file, "type=\"", "\"").unwrap().to_owned(),
        between(file, "<hash>", "</hash>").unwrap().to_owned(),
    )
}

fn follow(server: &Server, name: &str, wells: &[u32]) -> std::process::Output {
    let lines: Vec<String> = wells.iter().map(|number| well(*number)).collect();
    let path = server.data().join("suivi.csv");
    std::fs::write(&path, format!("code;remarque\n{}\n", lines.join(";x\n"))).unwrap();
    server.cli(&["device", "follow", name, "puits", path.to_str().unwrap()])
}

fn names(server: &Server, phone: &Phone) -> Vec<String> {
    wells(server, phone).into_keys().collect()
}

on_both! {
    fn a_phone_is_given_its_follow_up_sample_and_others_the_whole_list(server) {
        let phone = with_choice(&server);
        let second = server.phone("agent-suivi", None);
        for number in 1..=4 {
            send(&phone, &says(number, &create(number), "Puits", ["A", "oui"]));
        }
        let all: Vec<String> = (1..=4).map(well).collect();
        assert_eq!(names(&server, &second), all);
        let (whole, others) = (listed(&second), listed(&phone));

        assert!(follow(&server, "agent-suivi", &[2, 4]).status.success());
        assert_eq!(names(&server, &second), [well(2), well(4)]);
        assert_eq!(names(&server, &phone), all);
        let sample = listed(&second);
        assert!(sample.0 == "entityList" && sample.1 != whole.1, "it is told to fetch the list again");
        assert_eq!(listed(&phone), others, "nobody else is");
        // The list answers by the tag of what this phone is given.
        let url = format!("{}/forms/puits/lists/puits.csv", second.url);
        let first = request("GET", &url, &[], b"");
        let tag = first.header("etag").unwrap().to_owned();
        assert_eq!(request("GET", &url, &[("If-None-Match", &tag)], b"").status, 304);
        send(&phone, &says(5, &create(5), "Puits", ["A", "oui"]));
        assert_eq!(names(&server, &second), [well(2), well(4)]);
        // What it does not hold is not gone.
        let gone = request("GET", &format!("{}/forms/puits/integrity/puits?id={}", second.url, well(1)), &[], b"");
        assert!(gone.text().contains("<deleted>false</deleted>"), "{}", gone.text());

        let unknown = follow(&server, "agent-suivi", &[1, 77]);
        let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
        assert!(unknown.status.code() == Some(1) && said.contains("ligne 3"), "{said}");
        assert_eq!(names(&server, &second), [well(2), well(4)], "nothing was changed");
        assert_eq!(server.cli_json(&["device", "follow"])["follow_up"][0]["entities"], 2);
        for wrong in [&["device", "follow", "personne", "puits", "--all"][..], &["device", "follow", "agent-suivi", "puits"]] {
            assert_eq!(server.cli(wrong).status.code(), Some(1), "{wrong:?}");
        }

        assert!(follow(&server, "agent-suivi", &[3]).status.success());
        assert_eq!(names(&server, &second), [well(3)]);
        assert!(server.cli(&["device", "follow", "agent-suivi", "puits", "--all"]).status.success());
        assert_eq!(names(&server, &second).len(), 5);
    }

    fn what_waits_for_approval_is_on_no_phone_until_somebody_gave_it_and_stays(server) {
        let phone = with_choice(&server);
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        send(&phone, &says(1, &create(1), "Puits", ["A", "oui"]));
        // Without a label: it waits for review.
        let doubtful = says(2, &create(2), "", ["A", "oui"]);
        send(&phone, &doubtful);
        let instance = between(&doubtful, "<instanceID>", "</instanceID>").unwrap();
        assert_eq!(names(&server, &phone), [well(1), well(2)]);
        let open = listed(&phone);
        assert_eq!(open.0, "entityList");

        assert_eq!(server.cli_json(&["form", "approval", "puits"])["approval"][0], "puits");
        assert_eq!(names(&server, &phone), [well(1)]);
        let kept = listed(&phone);
        assert!(kept.0 == "approvalEntityList" && kept.1 != open.1);
        data.says(1, instance, "accept", "accepted");
        assert_eq!(names(&server, &phone), [well(1), well(2)]);
        assert_ne!(listed(&phone).1, kept.1);
        // Something doubtful said of it later does not take it away.
        send(&phone, &says(3, &format!("update=\"1\" id=\"{}\" baseVersion=\"1\"", well(2)), "", ["B", "peut-être"]));
        send(&phone, &says(4, &format!("update=\"1\" id=\"{}\" baseVersion=\"1\"", well(2)), "", ["C", "non"]));
        assert_eq!(names(&server, &phone), [well(1), well(2)]);
        data.says(2, instance, "reject", "rejected");
        assert!(shown(&server, &phone, 1).starts_with("Puits"));

        assert_eq!(server.cli(&["form", "approval", "inconnu"]).status.code(), Some(1));
        assert_eq!(server.cli_json(&["form", "approval", "puits", "--off"])["approval"], serde_json::json!([]));
        assert_eq!(listed(&phone).0, "entityList");
        // Registered by the census as well: a list of the eleven forms.
        assert!(server.cli(&["form", "approval", "sites"]).status.success());
    }
}
