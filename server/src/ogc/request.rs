//! The parameters of `/collections/{id}/items`, read and checked before anything is looked at.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    bbox::{self, Boxes},
    column::Place,
    cql2::{self, Filter, Language},
    crs::Crs,
    error::{OgcError, excerpt},
    features::Features,
    value::Value,
};

/// Features per page when the reader does not say.
pub const LIMIT_DEFAULT: usize = 100;
/// The most features per page; a larger wish gets these.
pub const LIMIT_MAX: usize = 10_000;
/// Properties to sort by.
const SORT_MAX: usize = 8;

/// What is asked of the features of a collection.
#[derive(Debug)]
pub struct Request {
    /// Features per page.
    pub limit: usize,
    /// Where they lie.
    pub(super) bbox: Option<Boxes>,
    /// First and last microsecond.
    pub(super) datetime: Option<(i64, i64)>,
    /// The condition.
    pub(super) filter: Option<Filter>,
    /// Properties that must have a value: number of the property, place among its values.
    pub(super) equal: Vec<(usize, Place<'static>)>,
    /// Properties to sort by; `true` = from the highest.
    pub(super) sort: Vec<(usize, bool)>,
    /// The last feature of the page before.
    pub(super) after: Option<Token>,
    /// The system of the answer.
    pub crs: Crs,
    /// Whether the answer must name its system.
    pub crs_given: bool,
}

/// Where a page ended: the id of its last feature, and its values that were sorted by.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) id: String,
    /// As JSON text.
    pub(super) values: Vec<String>,
}

impl Token {
    /// The opaque text of a `next` link.
    pub(super) fn write(&self) -> String {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let parts: Vec<&str> = std::iter::once(self.id.as_str())
            .chain(self.values.iter().map(String::as_str))
            .collect();
        let json = serde_json::to_string(&parts).expect("a list of texts is always JSON");
        URL_SAFE_NO_PAD.encode(json)
    }

    fn read(text: &str) -> Option<Self> {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        if text.len() > 4_096 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let mut parts: Vec<String> = serde_json::from_slice(&bytes).ok()?;
        if parts.is_empty() {
            return None;
        }
        let values = parts.split_off(1);
        Some(Self { id: parts.pop()?, values })
    }
}

/// The parameters that every collection takes besides its properties.
pub const PARAMETERS: [&str; 11] = [
    "f",
    "limit",
    "bbox",
    "bbox-crs",
    "crs",
    "datetime",
    "filter",
    "filter-crs",
    "filter-lang",
    "sortby",
    "next",
];

/// The value of a parameter that may come once.
fn once<'p>(
    pairs: &'p [(String, String)],
    name: &'static str,
) -> Result<Option<&'p str>, OgcError> {
    let mut all = pairs.iter().filter(|(n, _)| n == name);
    let first = all.next().map(|(_, v)| v.as_str());
    if all.next().is_some() {
        return Err(OgcError::bad(name, "once"));
    }
    Ok(first)
}

fn crs(pairs: &[(String, String)], name: &'static str) -> Result<Option<Crs>, OgcError> {
    let Some(text) = once(pairs, name)? else { return Ok(None) };
    let known = || {
        let all: Vec<&str> = Crs::ALL.into_iter().map(Crs::uri).collect();
        OgcError::bad(name, format!("one of {}", all.join(", ")))
    };
    Crs::parse(text).map(Some).ok_or_else(known)
}

/// Reads the system asked for on a single feature, where no other parameter than `f` is taken.
pub fn crs_of_feature(pairs: &[(String, String)]) -> Result<(Crs, bool), OgcError> {
    only(pairs, &["f", "crs"])?;
    let given = crs(pairs, "crs")?;
    Ok((given.unwrap_or_default(), given.is_some()))
}

/// Refuses every parameter but these.
pub fn only(pairs: &[(String, String)], known: &[&'static str]) -> Result<(), OgcError> {
    for (name, _) in pairs {
        if !known.contains(&name.as_str()) {
            return Err(OgcError::UnknownParameter(excerpt(name)));
        }
    }
    for name in known {
        once(pairs, name)?;
    }
    Ok(())
}

impl Request {
    /// Reads decoded parameters for a collection.
    pub fn read(pairs: &[(String, String)], features: &Features) -> Result<Self, OgcError> {
        once(pairs, "f")?;
        let mut equal = Vec::new();
        for (name, value) in pairs {
            if PARAMETERS.contains(&name.as_str()) {
                continue;
            }
            let field = features.field(name);
            let unknown = || OgcError::UnknownParameter(excerpt(name));
            let (field, kind) = field
                .and_then(|f| Some((f, features.fields().get(f)?.kind)))
                .ok_or_else(unknown)?;
            let wanted = Value::parse(value, kind).ok_or_else(|| {
                OgcError::bad("parameter", format!("{} is of another kind", excerpt(name)))
            })?;
            let column = features.column(field).ok_or_else(unknown)?;
            equal.push((field, column.place(wanted)));
        }
        let bbox_crs = crs(pairs, "bbox-crs")?;
        let bbox = once(pairs, "bbox")?
            .map(|text| bbox::parse(text, bbox_crs.unwrap_or_default()))
            .transpose()
            .map_err(|reason| OgcError::bad("bbox", reason))?;
        let given = crs(pairs, "crs")?;
        Ok(Self {
            limit: limit(once(pairs, "limit")?)?,
            bbox,
            datetime: once(pairs, "datetime")?.map(datetime).transpose()?,
            filter: filter(pairs, features)?,
            equal,
            sort: sort(once(pairs, "sortby")?, features)?,
            after: once(pairs, "next")?
                .map(|text| Token::read(text).ok_or_else(stale))
                .transpose()?,
            crs: given.unwrap_or_default(),
            crs_given: given.is_some(),
        })
    }

    /// Whether more is asked than where features lie.
    pub(super) fn is_selective(&self) -> bool {
        self.filter.is_some() || !self.equal.is_empty() || self.datetime.is_some()
    }
}

/// A `next` that this server did not make, or not for this request.
pub(super) fn stale() -> OgcError {
    OgcError::bad("next", "only as given by the link of the page before")
}

fn limit(text: Option<&str>) -> Result<usize, OgcError> {
    let Some(text) = text else { return Ok(LIMIT_DEFAULT) };
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // What is too large for a number is too large for a page.
    let wanted = if digits { text.parse().unwrap_or(usize::MAX) } else { 0 };
    if wanted == 0 {
        return Err(OgcError::bad("limit", format!("a whole number from 1 to {LIMIT_MAX}")));
    }
    Ok(wanted.min(LIMIT_MAX))
}

/// The last day that `datetime` asks about; none where it is not given or ends at no time.
pub fn last_day(pairs: &[(String, String)]) -> Result<Option<Date>, OgcError> {
    let Some(text) = once(pairs, "datetime")? else { return Ok(None) };
    let (_, last) = datetime(text)?;
    let last = Timestamp::from_microsecond(last).ok().filter(|_| last < i64::MAX);
    Ok(last.map(|t| t.to_zoned(TimeZone::UTC).date()))
}

/// An instant or an interval, open where `..` or nothing stands.
fn datetime(text: &str) -> Result<(i64, i64), OgcError> {
    let wrong =
        || OgcError::bad("datetime", "a day, an instant, or an interval such as 2026-01-01/..");
    let span = |t: &str| {
        // The last day of the calendar, which clients write for "always", is past what a clock of microseconds tells.
        let end_of_time = || {
            let year_before = t.strip_prefix("9999-12-31")?;
            Value::moment(&format!("9998-12-31{year_before}")).map(|_| (i64::MAX, i64::MAX))
        };
        Value::moment(t).and_then(|v| v.span()).or_else(end_of_time).ok_or_else(wrong)
    };
    let Some((start, end)) = text.split_once('/') else { return span(text) };
    let open = |t: &str| t.is_empty() || t == "..";
    let first = if open(start) { i64::MIN } else { span(start)?.0 };
    let last = if open(end) { i64::MAX } else { span(end)?.1 };
    if first > last {
        return Err(OgcError::bad("datetime", "the interval ends before it starts"));
    }
    Ok((first, last))
}

fn filter(pairs: &[(String, String)], features: &Features) -> Result<Option<Filter>, OgcError> {
    let language = match once(pairs, "filter-lang")? {
        None => Language::default(),
        Some(text) => Language::parse(text)
            .ok_or_else(|| OgcError::bad("filter-lang", "cql2-text or cql2-json"))?,
    };
    let system = crs(pairs, "filter-crs")?.unwrap_or_default();
    let text = once(pairs, "filter")?;
    text.map(|text| cql2::filter(text, language, system, features)).transpose()
}

fn sort(text: Option<&str>, features: &Features) -> Result<Vec<(usize, bool)>, OgcError> {
    let mut keys = Vec::new();
    for name in text.into_iter().flat_map(|t| t.split(',')) {
        let name = name.trim();
        let (name, down) = match name.strip_prefix('-') {
            Some(name) => (name, true),
            None => (name.strip_prefix('+').unwrap_or(name), false),
        };
        let unknown = || OgcError::bad("sortby", format!("{:?} is not a sortable", excerpt(name)));
        let field = features.field(name).ok_or_else(unknown)?;
        if keys.iter().any(|(f, _)| *f == field) {
            return Err(OgcError::bad("sortby", "each property once"));
        }
        keys.push((field, down));
    }
    if keys.len() > SORT_MAX {
        return Err(OgcError::bad("sortby", format!("at most {SORT_MAX} properties")));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ogc::{Builder, Field, Kind};

    fn read(query: &[(&str, &str)]) -> Result<Request, OgcError> {
        let mut builder = Builder::new(vec![
            Field::new("name", "Nom", Kind::Text),
            Field::new("workers", "Travailleurs", Kind::Integer),
        ]);
        builder.point(Uuid::nil(), None);
        let pairs: Vec<_> = query.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Request::read(&pairs, &builder.finish().unwrap())
    }

    #[test]
    fn a_limit_is_a_whole_number_and_never_more_than_a_page() {
        assert_eq!(read(&[]).unwrap().limit, LIMIT_DEFAULT);
        for (text, expected) in [
            ("1", 1),
            ("10000", 10_000),
            ("1000000000", 10_000),
            ("99999999999999999999999", 10_000),
        ] {
            assert_eq!(read(&[("limit", text)]).unwrap().limit, expected);
        }
        for bad in ["0", "-1", "abc", "1e9", "", "1.5", "+5", " 5", "00"] {
            assert!(read(&[("limit", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_datetime_is_a_day_an_instant_or_an_interval_that_goes_forward() {
        for good in [
            "2026-11-22",
            "2026-11-22T10:00:00Z",
            "../2026-01-01",
            "2026-01-01/..",
            "/2026-01-01",
            "../..",
            "2026-01-01/2026-01-01",
            "0001-01-01/9999-12-31",
            "2026-01-01/9999-12-31T23:59:59Z",
            "9999-12-31",
        ] {
            assert!(read(&[("datetime", good)]).is_ok(), "{good}");
        }
        for bad in [
            "",
            "now",
            "2026",
            "2026-02-01/2026-01-01",
            "2026-01-01/2026-02-01/2026-03-01",
            "2026-13-01",
            "2026-01-01T10:00:00",
            "9999-12-31/2026-01-01",
            "9999-12-31x",
        ] {
            assert!(read(&[("datetime", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_last_day_asked_about_is_that_of_the_end() {
        let day = |text: &str| last_day(&[("datetime".into(), text.into())]).unwrap();
        for (text, wanted) in [
            ("2015-04-08", Some(jiff::civil::date(2015, 4, 8))),
            ("2012-01-01/2015-04-08T10:00:00Z", Some(jiff::civil::date(2015, 4, 8))),
            ("../2015-04-08", Some(jiff::civil::date(2015, 4, 8))),
            ("2015-04-08/..", None),
            ("../..", None),
        ] {
            assert_eq!(day(text), wanted, "{text}");
        }
        assert_eq!(last_day(&[]), Ok(None));
    }

    #[test]
    fn unknown_and_repeated_parameters_are_refused() {
        for bad in [
            vec![("bogus", "1")],
            vec![("limit", "1"), ("limit", "2")],
            vec![("workers", "many")],
            vec![("sortby", "salary")],
            vec![("sortby", "name,-name")],
            vec![("sortby", "")],
            vec![("crs", "EPSG:2154")],
            vec![("filter-lang", "sql"), ("filter", "TRUE")],
            vec![("next", "!!!")],
            vec![("next", "W10")],
            vec![("filter", "bogus = 1")],
        ] {
            assert!(read(&bad).is_err(), "{bad:?}");
        }
        assert!(read(&[("workers", "5"), ("sortby", "-workers,+name"), ("name", "x")]).is_ok());
    }
}
