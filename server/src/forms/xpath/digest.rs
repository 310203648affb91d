//! Hashes of texts, as forms that pseudonymise ask for them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::function::Function;
use super::stop::Stop;
use super::value::Atom;

/// `digest(text, algorithm, encoding)` and `base64-decode(text)`.
pub(super) fn call<'e>(function: Function, atoms: &[Atom<'e>]) -> Result<Atom<'e>, Stop> {
    let text = |at: usize| atoms.get(at).map(Atom::to_text).unwrap_or_default();
    if function == Function::Base64Decode {
        let bytes = STANDARD.decode(text(0).as_bytes());
        let decoded = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        return decoded.map(Atom::text).ok_or_else(|| Stop::unsupported("malformed base64"));
    }
    let content = text(0);
    let bytes = content.as_bytes();
    let hash = match &*text(1) {
        "MD5" => Md5::digest(bytes).to_vec(),
        "SHA-256" => Sha256::digest(bytes).to_vec(),
        "SHA-384" => Sha384::digest(bytes).to_vec(),
        "SHA-512" => Sha512::digest(bytes).to_vec(),
        _ => return Err(Stop::unsupported("a hash of another kind")),
    };
    match text(2).to_ascii_lowercase().as_str() {
        "hex" => Ok(Atom::text(hex::encode(hash))),
        "base64" => Ok(Atom::text(STANDARD.encode(hash))),
        "" if atoms.len() == 2 => Ok(Atom::text(STANDARD.encode(hash))),
        _ => Err(Stop::unsupported("an encoding of another kind")),
    }
}
