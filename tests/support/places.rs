//! Submissions put where a test needs them.

use sanu::simulate::Submission;

use super::{
    Server, native,
    xml::{between, census, site, site_id},
};

/// A valid census of the site of this number, at this latitude and longitude.
pub(crate) fn site_at(number: u32, lat: f64, lon: f64) -> Submission {
    let site = site(number);
    let xml = with_answer(&site.xml, "gps", &format!("{lat:?} {lon:?} 300.0 5.0"));
    Submission { xml, ..site }
}

/// The same visit, of the site of this number by a phone that has this version of it.
pub(crate) fn visit_of(visit: &Submission, site: u32, version: usize) -> Submission {
    let former = between(&visit.xml, "<site_id>", "</site_id>").expect("a visit names its site");
    let base = between(&visit.xml, "baseVersion=\"", "\"").expect("and the version it has");
    let xml = visit.xml.replace(former, &site_id(site));
    let xml =
        xml.replace(&format!("baseVersion=\"{base}\""), &format!("baseVersion=\"{version}\""));
    Submission { xml, ..visit.clone() }
}

/// So many miners of a census, all met on the site of this number.
pub(crate) fn miners_on(site: u32, seed: u64, count: usize) -> Vec<Submission> {
    let miners: Vec<_> = census(seed, count * 2 + 20)
        .into_iter()
        .filter(|s| s.form_id == "orpailleur" && s.xml.contains("create=\"1\""))
        .map(|s| Submission { xml: with_answer(&s.xml, "site_id", &site_id(site)), ..s })
        .take(count)
        .collect();
    assert_eq!(miners.len(), count, "the census is too small");
    miners
}

/// So many children of a census, all met on the site of this number.
pub(crate) fn children_on(site: u32, seed: u64, count: usize) -> Vec<Submission> {
    let children: Vec<_> = census(seed, count * 30 + 100)
        .into_iter()
        .filter(|s| s.form_id == "enfant" && s.xml.contains("<child_card>"))
        .map(|s| Submission { xml: with_answer(&s.xml, "site_id", &site_id(site)), ..s })
        .take(count)
        .collect();
    assert_eq!(children.len(), count, "the census is too small");
    children
}

/// The same submission with another answer to one question.
pub(crate) fn with_answer(xml: &str, question: &str, answer: &str) -> String {
    let (open, close) = (format!("<{question}>"), format!("</{question}>"));
    let former = between(xml, &open, &close).expect("the question is answered");
    xml.replacen(&format!("{open}{former}{close}"), &format!("{open}{answer}{close}"), 1)
}

/// Sends all of them and waits until they are applied.
pub(crate) fn register(server: &Server, token: &str, all: &[Submission]) {
    for part in all.chunks(400) {
        let answer = native::push(server, token, part.iter().map(native::record).collect());
        for result in answer.results {
            let accepted = matches!(result.verdict, sync_protocol::Verdict::Accepted { .. });
            assert!(accepted, "{result:?}");
        }
    }
    server.settled();
}
