//! A form body laid out as Collect's HTTP library (`OkHttp`) does.

use uuid::Uuid;

/// The part that holds the submission.
const SUBMISSION: &str = "xml_submission_file";

/// A `multipart/form-data` body being written.
#[derive(Debug)]
pub struct Multipart {
    boundary: String,
    body: Vec<u8>,
}

impl Multipart {
    /// Starts a body whose parts this id keeps apart; it must not occur in them.
    pub fn new(boundary: Uuid) -> Self {
        Self { boundary: boundary.to_string(), body: Vec::new() }
    }

    /// Adds the submission, which comes first.
    #[must_use]
    pub fn submission(self, filename: &str, xml: &str) -> Self {
        self.file(SUBMISSION, filename, "text/xml", xml.as_bytes())
    }

    /// Adds a file, under the name that the submission gives it.
    #[must_use]
    pub fn attachment(self, name: &str, content_type: &str, content: &[u8]) -> Self {
        self.file(name, name, content_type, content)
    }

    /// Returns the content type and the body.
    pub fn finish(mut self) -> (String, Vec<u8>) {
        self.text(&format!("--{}--\r\n", self.boundary));
        (format!("multipart/form-data; boundary={}", self.boundary), self.body)
    }

    fn file(mut self, name: &str, filename: &str, content_type: &str, content: &[u8]) -> Self {
        let (name, filename) = (escaped(name), escaped(filename));
        self.text(&format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{filename}\"\r\n\
             Content-Type: {content_type}\r\n\r\n",
            self.boundary
        ));
        self.body.extend_from_slice(content);
        self.text("\r\n");
        self
    }

    fn text(&mut self, text: &str) {
        self.body.extend_from_slice(text.as_bytes());
    }
}

fn escaped(name: &str) -> String {
    name.replace('\n', "%0A").replace('\r', "%0D").replace('"', "%22")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_framed_byte_for_byte_as_collect_frames_them() {
        let boundary = Uuid::from_u128(7);
        let (content_type, body) = Multipart::new(boundary)
            .submission("orpailleur.xml", "<data/>")
            .attachment("été \"1\".jpg", "image/jpeg", &[0xff, 0xd8])
            .finish();

        let line = "--00000000-0000-0000-0000-000000000007";
        let mut expected = format!(
            "{line}\r\nContent-Disposition: form-data; name=\"xml_submission_file\"; \
             filename=\"orpailleur.xml\"\r\nContent-Type: text/xml\r\n\r\n<data/>\r\n\
             {line}\r\nContent-Disposition: form-data; name=\"été %221%22.jpg\"; \
             filename=\"été %221%22.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
        )
        .into_bytes();
        expected.extend_from_slice(&[0xff, 0xd8]);
        expected.extend_from_slice(format!("\r\n{line}--\r\n").as_bytes());
        assert_eq!(content_type, format!("multipart/form-data; boundary={boundary}"));
        assert_eq!(body, expected);
    }
}
