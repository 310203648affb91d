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
