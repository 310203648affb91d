//! Parts of files: `Range`, `If-Range` and `If-None-Match` (RFC 9110, 13 and 14), one range at a time.

use axum::http::{HeaderMap, header};

/// What of a file is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// From this byte up to, not with, that one.
    Of(u64, u64),
    /// Nothing: the asker has it.
    Known,
    /// Nothing: it does not reach that far.
    Beyond,
}

/// What is asked of a file with this tag and size. What is not understood is not asked.
pub(super) fn asked(headers: &HeaderMap, etag: &str, size: u64) -> Part {
    if is_known(headers, etag) {
        return Part::Known;
    }
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    // A date, a weak or an old tag: the parts would not fit together.
    if text(header::IF_RANGE).is_some_and(|tag| tag.trim() != etag) {
        return Part::Whole;
    }
    let spec = text(header::RANGE).and_then(|r| r.trim().strip_prefix("bytes="));
    let Some((first, last)) = spec.filter(|s| !s.contains(',')).and_then(|s| s.split_once('-'))
    else {
        return Part::Whole;
    };
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => Part::Whole,
        (Some(first), _) if first >= size => Part::Beyond,
        (Some(first), Some(last)) => Part::Of(first, last.saturating_add(1).min(size)),
        (Some(first), None) if last.trim().is_empty() => Part::Of(first, size),
        (None, Some(0)) if first.trim().is_empty() => Part::Beyond,
        (None, Some(_)) if first.trim().is_empty() && size == 0 => Part::Beyond,
        (None, Some(tail)) if first.trim().is_empty() => Part::Of(size.saturating_sub(tail), size),
        _ => Part::Whole,
    }
}

/// Whether the asker has what bears this tag.
pub(super) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let is_it = |t: &str| t.trim().trim_start_matches("W/") == etag || t.trim() == "*";
    let tags = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    tags.is_some_and(|tags| tags.split(',').any(is_it))
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_the_standard_and_nonsense_asks_for_the_whole() {
        let ask = |range: &str, condition: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, range.parse().unwrap());
            if let Some(tag) = condition {
                headers.insert(header::IF_RANGE, tag.parse().unwrap());
            }
            asked(&headers, "\"a\"", 100)
        };
        assert_eq!(ask("bytes=0-0", None), Part::Of(0, 1));
        assert_eq!(ask("bytes=90-", None), Part::Of(90, 100));
        assert_eq!(ask("bytes=90-999", Some("\"a\"")), Part::Of(90, 100));
        assert_eq!(ask("bytes=-10", None), Part::Of(90, 100));
        assert_eq!(ask("bytes=-1000", None), Part::Of(0, 100));
        for beyond in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(ask(beyond, None), Part::Beyond, "{beyond}");
        }
        for whole in [
            "bytes=",
            "bytes=-",
            "bytes=5-3",
            "items=0-1",
            "bytes=0-1,3-4",
            "bytes=a-b",
            "bytes=--5",
            "bytes=+1-2",
        ] {
            assert_eq!(ask(whole, None), Part::Whole, "{whole}");
        }
        assert_eq!(ask("bytes=90-", Some("\"old\"")), Part::Whole);
        assert_eq!(ask("bytes=90-", Some("W/\"a\"")), Part::Whole);
        let mut known = HeaderMap::new();
        known.insert(header::IF_NONE_MATCH, "\"x\", W/\"a\"".parse().unwrap());
        assert_eq!(asked(&known, "\"a\"", 100), Part::Known);
    }
}
