//! Finding the features of one page, and where the next one begins.

use std::{cmp::Ordering, io};

use super::{
    column::Place,
    error::OgcError,
    features::{Features, Geometry, Shapes},
    first::First,
    request::{Request, Token, stale},
    row::{Row, Rows},
    shape::{Relation, Shape},
};

/// The features of a page.
#[derive(Debug, PartialEq)]
pub struct Page {
    /// Their rows, in order.
    pub rows: Vec<u32>,
    /// How many match on all pages, when that is cheap to say.
    pub matched: Option<usize>,
    /// The token of the next page.
    pub next: Option<String>,
}

/// Up to so many features are all looked at to say how many match a filter.
const COUNTED_MAX: usize = 50_000;

impl Features {
    /// The page that is asked for.
    pub fn page(&self, request: &Request) -> Result<Page, OgcError> {
        let search = Search::new(self, request);
        let (mut rows, more, matched) =
            if request.sort.is_empty() { search.by_id()? } else { search.sorted()? };
        rows.truncate(request.limit);
        let last = rows.last().filter(|_| more);
        let next = last.map(|last| Ok::<_, OgcError>(search.token(*last)?.write())).transpose()?;
        Ok(Page { rows, matched, next })
    }
}

struct Search<'a> {
    features: &'a Features,
    request: &'a Request,
    /// The box, for features that are not all points.
    shape: Option<Shape>,
    /// The temporal property, when asked about.
    moment: Option<usize>,
}

type Found = (Vec<u32>, bool, Option<usize>);

fn index(row: u32) -> usize {
    usize::try_from(row).unwrap_or(usize::MAX)
}

impl<'a> Search<'a> {
    fn new(features: &'a Features, request: &'a Request) -> Self {
        let shape = match (&features.shapes, &request.bbox) {
            (Shapes::Mixed(_), Some(bbox)) => {
                let rings = bbox.outlines().into_iter().map(|r| geo::Polygon::new(r, vec![]));
                Some(Shape::new(geo::MultiPolygon(rings.collect()).into()))
            }
            _ => None,
        };
        let moment = request.datetime.and_then(|_| features.temporal());
        Self { features, request, shape, moment }
    }

    fn all(&self) -> u32 {
        u32::try_from(self.features.len()).unwrap_or(u32::MAX)
    }

    /// Whether a feature lies where it is asked for.
    fn lies(&self, row: usize) -> bool {
        let Some(bbox) = &self.request.bbox else { return true };
        match (&self.features.shapes, &self.shape) {
            (Shapes::Points(points), _) => points.get(row).is_some_and(|p| bbox.contains(*p)),
            (Shapes::Mixed(all), Some(shape)) => all.get(row).is_some_and(|(geometry, around)| {
                !matches!(geometry, Geometry::None)
                    && shape.relates(Relation::Intersects, geometry, *around)
            }),
            (Shapes::Mixed(_), None) => false,
        }
    }

    /// Whether all else that is asked holds of a feature.
    fn passes(&self, row: Row<'_>) -> bool {
        let equal = |(field, place): &(usize, Place<'_>)| row.place(*field).compare(place).is_eq();
        if !self.request.equal.iter().all(equal) {
            return false;
        }
        if let (Some((first, last)), Some(field)) = (self.request.datetime, self.moment) {
            // A feature without a time matches every time (OGC API - Common).
            let span = row.value(field).span();
            if span.is_some_and(|(start, end)| start > last || end < first) {
                return false;
            }
        }
        self.request.filter.as_ref().is_none_or(|f| f.passes(row))
    }

    /// Whether a feature matches; its record is read only when more is asked than where it lies.
    fn takes(&self, rows: &mut Rows<'_>, row: usize) -> io::Result<bool> {
        Ok(self.lies(row) && (!self.request.is_selective() || self.passes(rows.row(row)?)))
    }

    /// Rows that may match, ascending, when the grid says they are few.
    fn candidates(&self) -> Option<Vec<u32>> {
        let Shapes::Points(_) = self.features.shapes else { return None };
        let of_filter = self.request.filter.as_ref().and_then(super::cql2::Filter::bounds);
        let boxes = match (&self.request.bbox, &of_filter) {
            (Some(bbox), _) => bbox.degrees.as_slice(),
            (None, Some(bounds)) => std::slice::from_ref(bounds),
            (None, None) => return None,
        };
        let mut few = 0;
        for bounds in boxes {
            self.features.grid.cells(*bounds, |rows, _| few += rows.len());
        }
        if few > self.features.len() / 8 + 1_000 {
            return None;
        }
        let mut found = Vec::with_capacity(few);
        for bounds in boxes {
            self.features.grid.cells(*bounds, |rows, _| found.extend_from_slice(rows));
        }
        found.sort_unstable();
        found.dedup();
        Some(found)
    }

    /// How many match, when that costs little.
    fn matched(&self) -> io::Result<Option<usize>> {
        if self.request.is_selective() {
            let few = self.features.len() <= COUNTED_MAX;
            return few.then(|| self.count()).transpose();
        }
        Ok(match (&self.request.bbox, &self.features.shapes) {
            (None, _) => Some(self.features.len()),
            (Some(bbox), Shapes::Points(points)) if bbox.is_exact() => {
                let mut count = 0;
                for bounds in &bbox.degrees {
                    self.features.grid.cells(*bounds, |rows, whole| {
                        let inside =
                            |r: &&u32| points.get(index(**r)).is_some_and(|p| bbox.contains(*p));
                        count +=
                            if whole { rows.len() } else { rows.iter().filter(inside).count() };
                    });
                }
                Some(count)
            }
            (Some(_), _) => (self.features.len() <= COUNTED_MAX)
                .then(|| (0..self.features.len()).filter(|r| self.lies(*r)).count()),
        })
    }

    /// How many match, looking at all.
    fn count(&self) -> io::Result<usize> {
        let mut rows = self.features.rows();
        (0..self.features.len())
            .try_fold(0, |count, row| Ok(count + usize::from(self.takes(&mut rows, row)?)))
    }

    fn by_id(&self) -> Result<Found, OgcError> {
        let from = match &self.request.after {
            None => 0,
            Some(token) if token.values.is_empty() => {
                self.features.after(&token.id).ok_or_else(stale)?
            }
            Some(_) => return Err(stale()),
        };
        let from = u32::try_from(from).unwrap_or(u32::MAX);
        let (mut found, mut rows) = (Vec::new(), self.features.rows());
        let few = self.candidates();
        let all = few.is_none().then_some(from..self.all()).into_iter().flatten();
        for row in few.into_iter().flatten().filter(|row| *row >= from).chain(all) {
            if self.takes(&mut rows, index(row))? {
                found.push(row);
            }
            if found.len() > self.request.limit {
                break;
            }
        }
        let more = found.len() > self.request.limit;
        Ok((found, more, self.matched()?))
    }

    /// Only as many are remembered as a page may hold, however many match.
    fn sorted(&self) -> Result<Found, OgcError> {
        let after = self.request.after.as_ref().map(|t| self.places(t)).transpose()?;
        let mut rows = self.features.rows();
        let mut first = First::new(&self.request.sort, self.request.limit + 1);
        let mut matched = 0;
        let few = self.candidates();
        let all = few.is_none().then_some(0..self.all()).into_iter().flatten();
        for row in few.into_iter().flatten().chain(all) {
            if !self.lies(index(row)) {
                continue;
            }
            let read = rows.row(index(row))?;
            if !self.passes(read) {
                continue;
            }
            matched += 1;
            let places: Vec<_> = self.request.sort.iter().map(|(f, _)| read.place(*f)).collect();
            let beyond =
                after.as_ref().is_none_or(|(last, from)| match first.order(&places, last) {
                    Ordering::Equal => index(row) >= *from,
                    order => order.is_gt(),
                });
            if beyond {
                first.add(&places, row);
            }
        }
        let found = first.finish();
        let more = found.len() > self.request.limit;
        Ok((found, more, Some(matched)))
    }

    /// Where the values of a token stand today, and the first row after its feature.
    fn places(&self, token: &Token) -> Result<(Vec<Place<'static>>, usize), OgcError> {
        if token.values.len() != self.request.sort.len() {
            return Err(stale());
        }
        let row = self.features.after(&token.id).ok_or_else(stale)?;
        let mut places = Vec::new();
        for ((field, _), json) in self.request.sort.iter().zip(&token.values) {
            let kind = self.features.fields().get(*field).ok_or_else(stale)?.kind;
            let value = super::Value::of_json(json, kind);
            places.push(self.features.column(*field).ok_or_else(stale)?.place(value));
        }
        Ok((places, row))
    }

    fn token(&self, row: u32) -> io::Result<Token> {
        let mut rows = self.features.rows();
        let row = rows.row(index(row))?;
        let values = self.request.sort.iter().map(|(field, _)| row.json(*field).to_owned());
        Ok(Token { id: row.id().into_owned(), values: values.collect() })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ogc::{Builder, Field, Kind};

    /// A thousand points on a lattice; `n` has ties and gaps.
    fn features() -> Features {
        let mut builder = Builder::new(vec![
            Field::new("n", "N", Kind::Integer),
            Field::new("day", "Jour", Kind::Date),
        ]);
        builder.set_temporal("day");
        for n in 0..1_000_u32 {
            let at = [f64::from(n % 40) / 4.0 - 12.0, f64::from(n / 40) / 2.0 + 10.0];
            builder.point(Uuid::from_u128(u128::from(n)), (n % 10 != 3).then_some(at));
            if n % 7 != 0 {
                builder.set_number("n", i64::from(n % 13));
            }
            if n % 2 == 0 {
                builder.set_text("day", &format!("2026-01-{:02}", n % 28 + 1));
            }
        }
        builder.finish().unwrap()
    }

    fn pairs(query: &str) -> Vec<(String, String)> {
        query
            .split('&')
            .filter_map(|p| p.split_once('='))
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect()
    }

    /// All rows, page by page, and what the first page said of their number.
    fn walk(features: &Features, query: &str) -> (Vec<u32>, Option<usize>) {
        let (mut rows, mut matched, mut next) = (Vec::new(), None, None);
        for turn in 0..1_001 {
            let mut pairs = pairs(query);
            pairs.extend(next.take().map(|token| (String::from("next"), token)));
            let page = features.page(&Request::read(&pairs, features).unwrap()).unwrap();
            if turn == 0 {
                matched = page.matched;
            }
            rows.extend(page.rows);
            next = page.next;
            if next.is_none() {
                return (rows, matched);
            }
        }
        panic!("the pages do not end")
    }

    #[test]
    fn pages_together_hold_every_match_once_whatever_their_size() {
        let features = features();
        for query in [
            "",
            "bbox=-11,11,-8,14",
            "filter=n > 5",
            "datetime=2026-01-10/..",
            "bbox=-11,11,-8,14&filter=n IS NULL",
            "n=4",
        ] {
            let (all, matched) = walk(&features, &format!("limit=10000&{query}"));
            assert_eq!(matched, Some(all.len()), "{query}");
            assert!(!all.is_empty() && all.is_sorted(), "{query}");
            for limit in [1, 7, 100] {
                assert_eq!(walk(&features, &format!("limit={limit}&{query}")).0, all, "{query}");
            }
            for sort in ["n", "-n", "-day,n", "+n,-day"] {
                let sorted = walk(&features, &format!("limit=10000&sortby={sort}&{query}")).0;
                assert_eq!(walk(&features, &format!("limit=9&sortby={sort}&{query}")).0, sorted);
                let mut same = sorted.clone();
                same.sort_unstable();
                assert_eq!(same, all, "{query} {sort}");
            }
        }
    }

    #[test]
    fn a_box_over_the_antimeridian_and_one_of_no_size_work() {
        let features = features();
        let west_of_minus_ten = walk(&features, "limit=10000&bbox=170,-90,-10,90").0;
        assert_eq!(west_of_minus_ten, walk(&features, "limit=10000&bbox=-180,-90,-10,90").0);
        assert_eq!(walk(&features, "bbox=-12,10,-12,10").0, [0]);
    }

    #[test]
    fn a_token_of_another_request_is_refused() {
        let features = features();
        let token = features
            .page(&Request::read(&pairs("limit=5&sortby=n"), &features).unwrap())
            .unwrap()
            .next
            .unwrap();
        let other = Request::read(&pairs(&format!("next={token}")), &features).unwrap();
        assert!(features.page(&other).is_err());
    }
}
