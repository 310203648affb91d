//! Names of attachments: data, never paths.

use super::files_below;
use crate::support::xml::{site, submit_with};

/// Names that some system would take for something else.
fn hostile_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "../../x.jpg",
        "/etc/passwd",
        "a/b.jpg",
        "..",
        ".",
        "C:\\x.jpg",
        "..\\..\\x.jpg",
        "con.txt",
        "nul",
        "%2e%2e%2fx.jpg",
        "x.jpg%00.exe",
        "x.jpg;y",
        "'; DROP TABLE record; --",
        "<script>alert(1)</script>.jpg",
        "$(id).jpg",
        "\u{202e}gpj.exe",
        "Photo.JPG",
        "photo.jpg",
        // é as one character and as two
        "caf\u{e9}.jpg",
        "cafe\u{301}.jpg",
        " ",
        "tmp",
        "sanu.db",
        "*isIncomplete",
    ]
    .map(String::from)
    .to_vec();
    names.push("n".repeat(1_000));
    names
}

on_both! {
    fn hostile_file_names_are_kept_as_data_and_touch_no_path(server) {
        let phone = server.phone("agent-1", None);
        let names = hostile_names();
        let around = server.data().parent().unwrap().to_owned();
        let outside = || std::fs::read_dir(&around).unwrap().count();
        let before = outside();
        let contents: Vec<_> = (0..names.len()).map(|i| format!("content {i}")).collect();
        let files: Vec<_> =
            names.iter().zip(&contents).map(|(n, c)| (n.as_str(), c.as_bytes())).collect();

        let response = submit_with(&phone.url, &site(1).xml, &files);

        assert_eq!(response.status, 201, "{}", response.text());
        server.settled();
        let stored = server.sql("SELECT name FROM attachment ORDER BY name");
        let mut stored: Vec<_> = stored.split('\n').map(str::to_owned).collect();
        let mut expected = names;
        stored.sort();
        expected.sort();
        if server.database_url.is_some() {
            // psql's output is trimmed: the name that is one space is at its start.
            expected[0] = expected[0].trim().to_owned();
            stored.resize(expected.len(), String::new());
            stored.sort();
        }
        assert_eq!(stored, expected);
        assert_eq!(outside(), before);
        let blobs = files_below(&server.data().join("blobs"));
        assert_eq!(blobs.len(), expected.len());
        for path in blobs {
            let below = path.strip_prefix(server.data().join("blobs")).unwrap();
            let hash: String = below.to_str().unwrap().split('/').collect();
            assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{hash}");
        }
        assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "1");
    }
}
