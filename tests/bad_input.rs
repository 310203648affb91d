//! Hostile input: refused with a word about why, quickly, in bounded memory, leaving nothing behind.

use std::path::{Path, PathBuf};

use crate::support::{Response, Server, xml::between};

mod bombs;
mod connections;
mod files;
mod forms;
mod requests;
mod submissions;

/// Everything below a folder that is not a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

/// No row and no file, not even half of one.
fn nothing_was_kept(server: &Server) {
    for table in ["journal", "intake_key", "blob", "record", "attachment", "entity"] {
        assert_eq!(server.sql(&format!("SELECT COUNT(*) FROM {table}")), "0", "{table}");
    }
    assert_eq!(files_below(&server.data().join("blobs")), Vec::<PathBuf>::new());
}

/// A refusal that an interviewer can read.
fn refused(response: &Response, status: u16, what: &str) {
    assert_eq!(response.status, status, "{what}: {}", response.text());
    let text = response.text();
    let message = between(&text, "<message nature=\"error\">", "</message>");
    assert!(message.is_some_and(|m| m.len() > 10), "{what}: {text}");
}

/// A problem document of this kind.
fn problem(response: &Response, status: u16, kind: &str) {
    assert_eq!(response.status, status, "{kind}: {}", response.text());
    assert_eq!(response.header("content-type"), Some("application/problem+json"), "{kind}");
    let document = response.json();
    assert!(document["type"].as_str().is_some_and(|t| t.ends_with(kind)), "{document}");
    assert!(document["title"].as_str().is_some_and(|t| !t.is_empty()), "{document}");
}

/// The most memory the server has held so far, in kB.
fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let peak = between(&status, "VmHWM:", "kB").expect("Linux says so");
    peak.trim().parse().unwrap()
}
