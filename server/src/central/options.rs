//! The parameters of a table, read before anything is looked at.

use super::{
    apply::Apply,
    error::{CentralError, excerpt},
    filter::Filter,
};

/// The parameters as given, each at most once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    pub(super) skip: Option<&'a str>,
    pub(super) top: Option<&'a str>,
    pub(super) count: Option<&'a str>,
    pub(super) wkt: Option<&'a str>,
    pub(super) expand: Option<&'a str>,
    pub(super) filter: Option<&'a str>,
    pub(super) select: Option<&'a str>,
    pub(super) orderby: Option<&'a str>,
    pub(super) skiptoken: Option<&'a str>,
    pub(super) apply: Option<&'a str>,
    format: Option<&'a str>,
}

/// What is asked of a table.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of its own")]
pub struct Options {
    /// Rows to pass over.
    pub skip: u64,
    /// Rows of a page; `None` = all.
    pub top: Option<u64>,
    /// Whether the number of all rows is asked.
    pub count: bool,
    /// Whether places are Well-Known Text.
    pub wkt: bool,
    /// Whether repeats are written into their rows.
    pub expand: bool,
    /// Whether the oldest come first.
    pub ascending: bool,
    /// Where the page before ended: the mark of a row, and how many rows after it were shown.
    pub after: Option<(String, u64)>,
    /// What rows must fulfil.
    pub filter: Option<Filter>,
    /// How they are grouped.
    pub apply: Option<Apply>,
}

impl<'a> Asked<'a> {
    /// Reads the parameters of an address; `takes` are those that it knows.
    pub fn read(pairs: &'a [(String, String)]) -> Result<Self, CentralError> {
        let mut asked = Self::default();
        for (name, value) in pairs {
            let place = match name.as_str() {
                "$skip" => &mut asked.skip,
                "$top" => &mut asked.top,
                "$count" => &mut asked.count,
                "$wkt" => &mut asked.wkt,
                "$expand" => &mut asked.expand,
                "$filter" => &mut asked.filter,
                "$select" => &mut asked.select,
                "$orderby" => &mut asked.orderby,
                "$skiptoken" => &mut asked.skiptoken,
                "$apply" => &mut asked.apply,
                "$format" => &mut asked.format,
                _ => return Err(CentralError::Unknown(excerpt(name))),
            };
            if place.replace(value).is_some() {
                return Err(CentralError::Twice(excerpt(name)));
            }
        }
        if asked.format.is_some_and(|f| f != "json" && !f.starts_with("application/json")) {
            return Err(CentralError::bad("$format", "only json is offered"));
        }
        if asked.select.is_some() && asked.expand.is_some() {
            return Err(CentralError::bad("$select", "cannot be combined with $expand"));
        }
        let rows = [asked.select, asked.expand, asked.orderby, asked.skiptoken, asked.count];
        if asked.apply.is_some() && rows.iter().any(Option::is_some) {
            let why = "can be combined with $filter, $skip, $top and $wkt only";
            return Err(CentralError::bad("$apply", why));
        }
        Ok(asked)
    }

    /// What does not depend on the columns of the table.
    pub(super) fn plain(&self, is_form: bool) -> Result<Options, CentralError> {
        let after = self.skiptoken.map(after).transpose()?;
        let skip = number("$skip", self.skip)?.unwrap_or(0);
        if after.is_some() && skip > 0 {
            return Err(CentralError::bad("$skiptoken", "cannot be combined with $skip"));
        }
        let count = truth("$count", self.count)?;
        if after.is_some() && count {
            let why = "cannot be combined with $count, which the first page answers";
            return Err(CentralError::bad("$skiptoken", why));
        }
        Ok(Options {
            skip,
            top: number("$top", self.top)?,
            count,
            wkt: truth("$wkt", self.wkt)?,
            expand: match self.expand.map(str::trim) {
                None => false,
                Some("*") => true,
                Some(_) => return Err(CentralError::bad("$expand", "only * is offered")),
            },
            ascending: ascending(self.orderby, is_form)?,
            after,
            filter: None,
            apply: None,
        })
    }
}

fn number(name: &'static str, text: Option<&str>) -> Result<Option<u64>, CentralError> {
    let Some(text) = text else { return Ok(None) };
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !plain {
        return Err(CentralError::bad(name, "a whole number from 0 is expected"));
    }
    // More digits than fit are more rows than there are.
    Ok(Some(text.parse().unwrap_or(u64::MAX)))
}

fn truth(name: &'static str, text: Option<&str>) -> Result<bool, CentralError> {
    match text.map(str::to_ascii_lowercase).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(CentralError::bad(name, "true or false is expected")),
    }
}

/// Rows come in one order, from either end.
fn ascending(text: Option<&str>, is_form: bool) -> Result<bool, CentralError> {
    let Some(text) = text else { return Ok(false) };
    let mut words = text.split_whitespace();
    let name = words.next().filter(|_| is_form);
    let way = words.next().unwrap_or("asc");
    match (name, way, words.next()) {
        (Some("__system/submissionDate"), "asc", None) => Ok(true),
        (Some("__system/submissionDate"), "desc", None) => Ok(false),
        _ if is_form => Err(CentralError::bad(
            "$orderby",
            "__system/submissionDate asc or desc is offered, and nothing else",
        )),
        _ => Err(CentralError::bad("$orderby", "entities come in the order of registration")),
    }
}

fn after(token: &str) -> Result<(String, u64), CentralError> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(token.get(..256).unwrap_or(token)).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (mark, shown) = text.rsplit_once('|')?;
        Some((mark.to_owned(), shown.parse().ok()?))
    };
    read().ok_or_else(|| CentralError::bad("$skiptoken", "not one of this server"))
}

/// The opaque text that begins the next page.
pub(super) fn token(mark: &str, shown: u64) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(format!("{mark}|{shown}"))
}
