//! Files that are no forms, given to `sanu form publish`.

use std::fs::{self, File};

use crate::support::Server;

#[test]
fn what_is_no_form_is_refused_with_one_line() {
    let server = Server::sqlite();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let form = include_str!("../device/forms/personne.xml");
    let deep =
        form.replace("<start/>", &format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000)));
    let dtd = form.replace("<h:html", "<!DOCTYPE x [<!ENTITY a \"b\">]><h:html");
    let newer = form.replace("entities-version=\"2024.1.0\"", "entities-version=\"2031.1.0\"");
    for (name, content) in [
        ("dtd.xml", dtd.as_bytes()),
        ("deep.xml", deep.as_bytes()),
        ("empty.xml", b""),
        ("binary.xml", &[0, 159, 146, 150, 255, 254, 7]),
        ("submission.xml", b"<data id='personne'><meta/></data>"),
        ("cut.xml", &form.as_bytes()[..form.len() / 2]),
        ("newer.xml", newer.as_bytes()),
        ("form.xlsx", b"PK\x03\x04"),
    ] {
        fs::write(path(name), content).unwrap();
    }
    File::create(path("large.xml")).unwrap().set_len(70_000_000).unwrap();
    File::create(path("sparse.xml")).unwrap().set_len(50_000_000).unwrap();
    fs::create_dir(path("folder.xml")).unwrap();
    let before = server.sql("SELECT COUNT(*) FROM form");

    let mut files: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
    files.push(folder.path().join("missing.xml"));
    assert_eq!(files.len(), 12);
    for file in files {
        let out = server.cli(&["form", "publish", file.to_str().unwrap()]);
        let said = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(1), "{}: {said}", file.display());
        assert_eq!(said.trim().lines().count(), 1, "{}: {said}", file.display());
        assert!(said.starts_with("sanu: ") && said.contains(file.to_str().unwrap()), "{said}");
        assert!(out.stdout.is_empty());
    }
    assert_eq!(server.sql("SELECT COUNT(*) FROM form"), before);
}
