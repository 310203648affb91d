//! Lists that are held ready for phones and patched when something changes.

use serde_json::json;

use crate::{
    reviews::Reviewer,
    support::{
        Server,
        places::{site_at, visit_of},
        request,
        server::Phone,
        xml::{census, edited, site_id, submit},
    },
};

/// The list of sites as it is held for a phone, which is what reading all of it gives: so does a phone of which the sample is
/// every site there ever was.
fn held(server: &Server, phone: &Phone, slow: &Phone) -> Vec<String> {
    server.settled();
    server.sql("DELETE FROM follow_up");
    server.sql(
        "INSERT INTO follow_up SELECT d.device_id, 'sites', e.entity_id, 1 FROM device d, entity e \
         WHERE d.name = 'lent' AND e.dataset = 'sites'",
    );
    let list = |phone: &Phone, headers: &[(&str, &str)]| {
        let list = request(
            "GET",
            &format!("{}/forms/visite_site/lists/sites.csv", phone.url),
            headers,
            b"",
        );
        assert_eq!(list.status, 200, "{}", list.text());
        list
    };
    let (fast, whole) = (list(phone, &[]).text(), list(slow, &[]).text());
    assert_eq!(fast, whole);
    let packed = list(phone, &[("Accept-Encoding", "gzip")]);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&*packed.body), &mut text)
        .unwrap();
    assert_eq!(text, whole);
    whole.lines().skip(1).map(str::to_owned).collect()
}

on_both! {
    fn a_list_that_is_held_says_what_reading_all_of_it_says_whatever_happens(server) {
        let mut server = server;
        let (phone, slow) = (server.phone("vite", Some("kayes")), server.phone("lent", Some("kayes")));
        let other = server.phone("ailleurs", Some("sikasso"));
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let says = |number: u32, a: &str, b: &str, answer: &str| {
            let body = json!({ "a": a, "b": b, "answer": answer, "reason": "vu sur place" });
            let answer = data.send("PUT", &format!("/v1/reviews/decisions/00000000-0000-4000-c000-{number:012}"), &body);
            assert_eq!(answer.status, 200, "{}", answer.text());
        };
        let sites: Vec<String> = (1..=6).map(site_id).collect();
        let at = |number: u32| site_at(number, 14.0 + 0.1 * f64::from(number), -11.4);
        assert_eq!(held(&server, &phone, &slow).len(), 0);
        for number in 1..=5 {
            assert_eq!(submit(&phone.url, &at(number).xml).status, 201);
            if number % 2 == 1 {
                assert_eq!(held(&server, &phone, &slow).len(), usize::try_from(number).unwrap());
            }
        }
        // A site of another zone is not in it.
        assert_eq!(submit(&other.url, &at(6).xml).status, 201);
        assert_eq!(held(&server, &phone, &slow).len(), 5);
        let visit = census(5, 900).into_iter().find(|s| s.form_id == "visite_site").unwrap();
        assert_eq!(submit(&phone.url, &visit_of(&visit, 2, 1).xml).status, 201);
        assert!(held(&server, &phone, &slow).iter().any(|line| line.starts_with(&sites[1])));
        assert_eq!(submit(&phone.url, &edited(&at(3), "uuid:site-edited").xml.replace(">Site 3<", ">Autre nom<")).status, 201);
        assert!(held(&server, &phone, &slow).iter().any(|line| line.contains("Autre nom")));
        // One with another, beside a third, and apart again: versions are told together.
        says(1, &sites[0], &sites[1], "same");
        assert_eq!(held(&server, &phone, &slow).len(), 4);
        says(2, &sites[2], &sites[3], "different");
        says(3, &sites[1], &sites[2], "same");
        assert_eq!(held(&server, &phone, &slow).len(), 3);
        assert_eq!(submit(&phone.url, &edited(&at(4), "uuid:site-edited-4").xml.replace(">Site 4<", ">Encore un<")).status, 201);
        assert!(held(&server, &phone, &slow).iter().any(|line| line.contains("Encore un")));
        says(4, &sites[0], &sites[1], "unmerge");
        assert_eq!(held(&server, &phone, &slow).len(), 4);
        data.says(11, &at(5).instance_id, "reject", "rejected");
        assert_eq!(held(&server, &phone, &slow).len(), 3);
        data.says(12, &at(5).instance_id, "reopen", "flagged");
        assert_eq!(held(&server, &phone, &slow).len(), 4);
        let gone = data.send("DELETE", &format!("/v1/datasets/sites/entities/{}?reason=essai", sites[4]), &json!({}));
        assert_eq!(gone.status, 200, "{}", gone.text());
        assert_eq!(held(&server, &phone, &slow).len(), 3);
        let back = data.send("POST", &format!("/v1/datasets/sites/entities/{}/restore?reason=erreur", sites[4]), &json!({}));
        assert_eq!(back.status, 200, "{}", back.text());
        assert_eq!(held(&server, &phone, &slow).len(), 4);
        let list = server.data().join("sites.csv");
        std::fs::write(&list, "code;nom;zone\nK-1;Kobada;kayes\nK-2;Bala;kayes\n").unwrap();
        let import = server.cli_json(&["import", "sites", list.to_str().unwrap(), "--apply"]);
        assert_eq!(held(&server, &phone, &slow).len(), 6);
        assert!(server.cli(&["import", "--undo", import["import_id"].as_str().unwrap()]).status.success());
        let before = held(&server, &phone, &slow);
        assert_eq!(before.len(), 4);
        server.stop();
        server.cli_json(&["rebuild"]);
        server.start();
        let (phone, slow) = (server.moved(&phone), server.moved(&slow));
        assert_eq!(held(&server, &phone, &slow).len(), 4);
    }
}
