//! Photos and other files: over several posts, resent, under names used before.

use crate::support::{
    Response, Server, request,
    xml::{multipart, site, submit_with},
};

/// Name and size of every attachment, in order.
fn attachments(server: &Server) -> Vec<String> {
    server.settled();
    let rows = server.sql("SELECT name, size FROM attachment ORDER BY name, size");
    rows.lines().map(str::to_owned).collect()
}

/// How many sealed files lie in the data folder, uploads under way included.
fn files(server: &Server) -> usize {
    let folders = std::fs::read_dir(server.data().join("blobs")).unwrap();
    folders.map(|f| std::fs::read_dir(f.unwrap().path()).unwrap().count()).sum()
}

/// A post that is followed by others with the rest of the files.
fn submit_part(phone_url: &str, xml: &str, file: (&str, &[u8])) -> Response {
    let (kind, body) = multipart(&[
        ("xml_submission_file", Some("submission.xml"), "text/xml", xml.as_bytes()),
        (file.0, Some(file.0), "image/jpeg", file.1),
        ("*isIncomplete*", None, "text/plain", b"yes"),
    ]);
    request("POST", &format!("{phone_url}/submission"), &[("Content-Type", &kind)], &body)
}

on_both! {
    fn files_over_two_posts_are_all_there_once_even_after_a_full_resend(server) {
        let phone = server.phone("agent-1", None);
        let xml = site(1).xml;
        let (one, two) = (("un.jpg", &[1_u8; 3_000][..]), ("deux.jpg", &[2_u8; 2_000][..]));

        assert_eq!(submit_part(&phone.url, &xml, one).status, 201);
        assert_eq!(submit_with(&phone.url, &xml, &[two]).status, 201);
        let expected = ["deux.jpg|2000", "un.jpg|3000"];
        assert_eq!(attachments(&server), expected);
        assert_eq!(submit_part(&phone.url, &xml, one).status, 201);
        assert_eq!(submit_with(&phone.url, &xml, &[two]).status, 201);
        assert_eq!(submit_with(&phone.url, &xml, &[one, two]).status, 201);

        assert_eq!(attachments(&server), expected);
        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "1");
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), "2", "resends add nothing");
        assert_eq!(files(&server), 2);
    }

    fn another_content_under_a_known_name_is_kept_too(server) {
        let phone = server.phone("agent-1", None);
        let xml = site(1).xml;

        assert_eq!(submit_with(&phone.url, &xml, &[("photo.jpg", b"first")]).status, 201);
        assert_eq!(submit_with(&phone.url, &xml, &[("photo.jpg", b"second!")]).status, 201);

        assert_eq!(attachments(&server), ["photo.jpg|5", "photo.jpg|7"]);
        assert_eq!(files(&server), 2);
    }

    fn one_file_given_twice_in_a_post_is_one_attachment(server) {
        let phone = server.phone("agent-1", None);
        let twice = [("photo.jpg", &b"same"[..]), ("photo.jpg", &b"same"[..])];

        assert_eq!(submit_with(&phone.url, &site(1).xml, &twice).status, 201);

        assert_eq!(attachments(&server), ["photo.jpg|4"]);
        assert_eq!(files(&server), 1);
    }

    fn one_photo_of_two_submissions_is_one_file_and_two_attachments(server) {
        let phone = server.phone("agent-1", None);

        for number in [1, 2] {
            let photo = [("photo.jpg", &b"same"[..])];
            assert_eq!(submit_with(&phone.url, &site(number).xml, &photo).status, 201);
        }

        assert_eq!(attachments(&server), ["photo.jpg|4", "photo.jpg|4"]);
        assert_eq!(files(&server), 1);
    }
}
