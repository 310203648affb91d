//! Which members an archive may have: nothing else is ever written to disk.

/// The database.
pub(super) const DATABASE: &str = "sanu.db";
/// The list of members and hashes, last in the archive.
pub(super) const MANIFEST: &str = "manifest.json";
const KEYS: [&str; 2] = ["keys/adults.key", "keys/children.key"];

/// Whether a register has a file of this name: a name from an archive is never trusted to be a path.
pub(super) fn is_ours(name: &str) -> bool {
    let is_hex =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if name == DATABASE || KEYS.contains(&name) {
        return true;
    }
    match name.split('/').collect::<Vec<_>>().as_slice() {
        ["blobs", head, tail] => {
            head.len() == 2 && tail.len() == 62 && is_hex(head) && is_hex(tail)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_a_register_have_a_place() {
        let blob = format!("blobs/ab/{}", "0".repeat(62));
        for name in ["sanu.db", "keys/adults.key", blob.as_str()] {
            assert!(is_ours(name), "{name}");
        }
        for name in [
            "../sanu.db",
            "/etc/passwd",
            "keys/../x",
            "blobs/ab/../../x",
            "blobs/AB/0",
            "server.lock",
            "",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
