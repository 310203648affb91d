//! Submissions by hand, for tests that need to know every byte.

/// A multipart body with these parts: name, file name, type, content.
pub(crate) fn multipart(parts: &[(&str, Option<&str>, &str, &[u8])]) -> (String, Vec<u8>) {
    let boundary = "sanu-test-boundary";
    let mut body = Vec::new();
    for (name, file, kind, content) in parts {
        body.extend_from_slice(
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes(),
        );
        if let Some(file) = file {
            body.extend_from_slice(format!("; filename=\"{file}\"").as_bytes());
        }
        body.extend_from_slice(format!("\r\nContent-Type: {kind}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// Posts a submission to a phone's address.
pub(crate) fn submit(phone_url: &str, xml: &str) -> super::Response {
    submit_with(phone_url, xml, &[])
}

/// Posts a submission with files: name and content.
pub(crate) fn submit_with(phone_url: &str, xml: &str, files: &[(&str, &[u8])]) -> super::Response {
    let mut parts: Vec<(&str, Option<&str>, &str, &[u8])> =
        vec![("xml_submission_file", Some("submission.xml"), "text/xml", xml.as_bytes())];
    parts.extend(files.iter().map(|(name, content)| (*name, Some(*name), "image/jpeg", *content)));
    let (kind, body) = multipart(&parts);
    super::request(
        "POST",
        &format!("{phone_url}/submission"),
        &[("Content-Type", &kind), ("X-OpenRosa-Version", "1.0")],
        &body,
    )
}

/// The synthetic census, for tests that need many valid submissions.
pub(crate) fn census(seed: u64, count: usize) -> Vec<sanu::simulate::Submission> {
    sanu::simulate::Census::new(seed, jiff::civil::date(2026, 11, 21)).submissions(count).collect()
}

/// A valid census of one site, whose instance, entity and name are this number's own.
pub(crate) fn site(number: u32) -> sanu::simulate::Submission {
    census(11, 60)
        .into_iter()
        .filter(|s| s.form_id == "site" && s.xml.contains("create=\"1\""))
        .map(|s| renumbered(&s, number))
        .next()
        .expect("sixty submissions of this census hold sites")
}

fn renumbered(first: &sanu::simulate::Submission, number: u32) -> sanu::simulate::Submission {
    let name = between(&first.xml, "<site_name>", "</site_name>").expect("a site has a name");
    let entity = between(&first.xml, " id=\"", "\"><label>").expect("a site makes an entity");
    let entity = entity.rsplit('"').next().unwrap_or(entity);
    let instance_id = format!("uuid:00000000-0000-4000-8000-{number:012}");
    let xml = first
        .xml
        .replace(entity, &site_id(number))
        .replace(&first.instance_id, &instance_id)
        .replace(&format!(">{name}<"), &format!(">Site {number}<"));
    let phone = between(&xml, "<deviceid>", "</deviceid>").expect("a phone").to_owned();
    // Each is listed by a phone of its own: nobody lists two sites at once (A14).
    let xml = xml.replacen(&phone, &format!("phone-{number}"), 1);
    let gps = between(&xml, "<gps>", "</gps>").expect("a site has a position");
    let xml = xml.replacen(gps, &north_of(gps, f64::from(number) * 333.0), 1);
    sanu::simulate::Submission { instance_id, xml, ..first.clone() }
}

/// A position so many metres north of another: two sites of other names are not at one place (B14).
fn north_of(gps: &str, metres: f64) -> String {
    let (lat, rest) = gps.split_once(' ').expect("a latitude first");
    let lat: f64 = lat.parse().expect("degrees");
    format!("{:.6} {rest}", lat + metres / 111_195.0)
}

/// The entity id of the site of this number.
pub(crate) fn site_id(number: u32) -> String {
    format!("00000000-0000-4000-9000-{number:012}")
}

/// The same submission under another instance id, saying that it replaces the first.
pub(crate) fn edited(
    first: &sanu::simulate::Submission,
    instance_id: &str,
) -> sanu::simulate::Submission {
    let old = format!("<instanceID>{}</instanceID>", first.instance_id);
    let new = format!(
        "<deprecatedID>{}</deprecatedID><instanceID>{instance_id}</instanceID>",
        first.instance_id
    );
    assert!(first.xml.contains(&old), "the submission names its instance");
    sanu::simulate::Submission {
        instance_id: instance_id.to_owned(),
        xml: first.xml.replace(&old, &new),
        ..first.clone()
    }
}

/// The text between two marks, the first time they appear.
pub(crate) fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(open)?;
    rest.split_once(close).map(|(inside, _)| inside)
}
