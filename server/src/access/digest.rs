//! HTTP Digest (RFC 7616, MD5 and qop=auth, as Collect and KoboCollect speak it).
//!
//! Nonces carry their time and a keyed hash, so the server keeps no state and refuses made-up or
//! stale ones; a stale nonce is renewed without asking the person again.

use std::collections::HashMap;

use md5::{Digest as _, Md5};
use subtle::ConstantTimeEq as _;

use crate::{keys::MasterKeys, runtime::Micros};

/// The name shown in the phone's login window.
pub(super) const REALM: &str = "Sanu";
/// How long a nonce lives, in seconds: long enough for a slow sync, short enough for a thief.
pub(super) const NONCE_LIFE: i64 = 1_800;

/// MD5(login:realm:password), the secret that Digest proves.
pub fn ha1(login: &str, password: &str) -> String {
    md5_hex(&[login, REALM, password].join(":"))
}

fn md5_hex(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

/// What the server asks for.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The value of `WWW-Authenticate`.
    pub header: String,
}

impl Challenge {
    /// A challenge good for half an hour.
    pub fn digest(keys: &MasterKeys, now: Micros, stale: bool) -> Self {
        let stale = if stale { ", stale=true" } else { "" };
        let nonce = nonce(keys, now);
        Self {
            header: format!(
                "Digest realm=\"{REALM}\", qop=\"auth\", nonce=\"{nonce}\", algorithm=MD5{stale}"
            ),
        }
    }

    /// A challenge for Basic; only ever sent over TLS.
    pub fn basic() -> Self {
        Self { header: format!("Basic realm=\"{REALM}\", charset=\"UTF-8\"") }
    }
}

fn nonce(keys: &MasterKeys, at: Micros) -> String {
    let seconds = (at.0 / 1_000_000).to_string();
    let mac = keys.sign(&[b"digest", seconds.as_bytes()]);
    format!("{seconds}-{}", hex::encode(mac.get(..16).unwrap_or(&mac)))
}

/// What a nonce is worth now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NonceState {
    Good,
    Stale,
    Foreign,
}

/// The parameters of an `Authorization: Digest` header.
#[derive(Debug)]
pub(super) struct Response {
    params: HashMap<String, String>,
}

impl Response {
    /// Reads what follows "Digest "; `None` when it is not well-formed or lacks a part.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut params = HashMap::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=')?;
            let (value, tail) = if let Some(quoted) = after.trim_start().strip_prefix('"') {
                quoted.split_once('"')?
            } else {
                let end = after.find(',').unwrap_or(after.len());
                after.split_at_checked(end)?
            };
            params.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
            rest = tail.trim_start().trim_start_matches(',').trim_start();
        }
        let response = Self { params };
        ["username", "nonce", "uri", "response", "nc", "cnonce", "qop"]
            .iter()
            .all(|name| response.params.contains_key(*name))
            .then_some(response)
    }

    fn get(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    pub(super) fn login(&self) -> &str {
        self.get("username")
    }

    /// What proves the password: never twice the same from an honest client.
    pub(super) fn proof(&self) -> &str {
        self.get("response")
    }

    pub(super) fn nonce_state(&self, keys: &MasterKeys, now: Micros) -> NonceState {
        let Some((seconds, _)) = self.get("nonce").split_once('-') else {
            return NonceState::Foreign;
        };
        let Ok(at) = seconds.parse::<i64>() else { return NonceState::Foreign };
        let expected = nonce(keys, Micros(at.saturating_mul(1_000_000)));
        if !bool::from(expected.as_bytes().ct_eq(self.get("nonce").as_bytes())) {
            return NonceState::Foreign;
        }
        let age = now.0 / 1_000_000 - at;
        if (0..=NONCE_LIFE).contains(&age) { NonceState::Good } else { NonceState::Stale }
    }

    /// Whether the response proves `ha1` for this request.
    ///
    /// The request's own path must be the one that was signed, query included.
    pub(super) fn proves(&self, ha1: &str, method: &str, path_and_query: &str) -> bool {
        if self.get("uri") != path_and_query || self.get("qop") != "auth" {
            return false;
        }
        let ha2 = md5_hex(&format!("{method}:{}", self.get("uri")));
        let expected = md5_hex(
            &[ha1, self.get("nonce"), self.get("nc"), self.get("cnonce"), "auth", &ha2].join(":"),
        );
        expected.as_bytes().ct_eq(self.get("response").as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2617 section 3.5, with its own realm.
    #[test]
    fn the_published_example_is_proved() {
        let ha1 = md5_hex("Mufasa:testrealm@host.com:Circle Of Life");
        let response = Response::parse(
            r#"username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
        )
        .unwrap();

        assert!(response.proves(&ha1, "GET", "/dir/index.html"));
        assert!(!response.proves(&ha1, "POST", "/dir/index.html"));
        assert!(!response.proves(&ha1, "GET", "/dir/other.html"));
    }

    #[test]
    fn nonces_are_ours_and_age() {
        let keys = MasterKeys::new([1; 32], [2; 32]);
        let now = Micros(1_700_000_000_000_000);
        let with = |nonce: &str| {
            Response::parse(&format!(
                r#"username="a", nonce="{nonce}", uri="/", response="x", nc=1, cnonce="c", qop=auth"#
            ))
            .unwrap()
        };
        assert_eq!(with(&nonce(&keys, now)).nonce_state(&keys, now), NonceState::Good);
        let later = now.plus_seconds(NONCE_LIFE + 1);
        assert_eq!(with(&nonce(&keys, now)).nonce_state(&keys, later), NonceState::Stale);
        assert_eq!(with("1700000000-00").nonce_state(&keys, now), NonceState::Foreign);
    }

    #[test]
    fn hostile_headers_are_not_well_formed() {
        for text in ["", "=", "a=\"", "username=\"x\"", &"a=b,".repeat(10_000)] {
            assert!(Response::parse(text).is_none(), "{text:.20}");
        }
    }
}
