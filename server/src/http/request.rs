//! Small readings of a request.

use axum::{extract::RawPathParams, http::Uri};

/// What the listener knows of the connection of a request.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// Whether it is encrypted by this process.
    pub tls: bool,
    /// Whether the peer is this machine.
    pub local: bool,
}

/// A decoded parameter of the path.
pub fn param(params: &RawPathParams, name: &str) -> Option<String> {
    params.iter().find(|(n, _)| *n == name).map(|(_, v)| without_nul(v.to_owned()))
}

/// A decoded parameter of the query; the first when given twice.
pub fn query_param(uri: &Uri, name: &str) -> Option<String> {
    query_pairs(uri).into_iter().find(|(n, _)| n == name).map(|(_, v)| v)
}

/// All parameters of the query, decoded.
pub(super) fn query_pairs(uri: &Uri) -> Vec<(String, String)> {
    let query = uri.query().unwrap_or_default();
    query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// Undoes the percent-encoding of one segment of a path, where `+` stands for itself.
pub(super) fn segment(text: &str) -> String {
    decode(&text.replace('+', "%2B"))
}

/// Text in percent-encoding.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let ahead = rest.as_slice_pair();
                if let Some(value) = ahead {
                    bytes.push(value);
                    rest.next();
                    rest.next();
                } else {
                    bytes.push(b'%');
                }
            }
            other => bytes.push(other),
        }
    }
    without_nul(String::from_utf8_lossy(&bytes).into_owned())
}

/// No stored text holds U+0000, and PostgreSQL reads none: what stands in its place finds nothing either.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text }
}

trait HexAhead {
    fn as_slice_pair(&self) -> Option<u8>;
}

impl HexAhead for std::str::Bytes<'_> {
    fn as_slice_pair(&self) -> Option<u8> {
        let mut ahead = self.clone();
        let high = char::from(ahead.next()?).to_digit(16)?;
        let low = char::from(ahead.next()?).to_digit(16)?;
        u8::try_from(high * 16 + low).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_and_hostile_ones_do_no_harm() {
        let uri: Uri = "/x?a=b%20c&n=Kay%C3%A8s&plus=1+2&bad=%zz%&=&&a=second".parse().unwrap();
        assert_eq!(query_param(&uri, "a").unwrap(), "b c");
        assert_eq!(query_param(&uri, "n").unwrap(), "Kayès");
        assert_eq!(query_param(&uri, "plus").unwrap(), "1 2");
        assert_eq!(query_param(&uri, "bad").unwrap(), "%zz%");
        assert_eq!(query_param(&uri, "missing"), None);
    }
}
