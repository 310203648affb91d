//! All features of one collection as one reader may see them: masked before anything is asked, so that
//! no filter, sort or box can find out more than the features show.

use std::borrow::Cow;

use geo::{BoundingRect as _, CoordsIter as _, MultiPolygon};
use uuid::Uuid;

use super::{
    column::{Column, ColumnBuilder},
    grid::{Bounds, Grid, holds},
    value::Kind,
};

/// A property of the features of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in GeoJSON, filters and parameters.
    pub name: String,
    /// What it is, in French.
    pub title: String,
    /// What it holds.
    pub kind: Kind,
    /// The codes it may hold, where they are a closed list.
    pub codes: Vec<String>,
    /// Codes that it may hold and what they mean, in French.
    pub labels: Vec<[String; 2]>,
}

impl Field {
    /// A field.
    pub fn new(name: impl Into<String>, title: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), title: title.into(), kind, codes: Vec::new(), labels: Vec::new() }
    }

    /// The same, holding one of these codes.
    #[must_use]
    pub fn one_of(mut self, codes: impl IntoIterator<Item = String>) -> Self {
        self.codes = codes.into_iter().collect();
        self
    }

    /// The same, with what its codes mean.
    #[must_use]
    pub fn labelled(mut self, labels: impl IntoIterator<Item = [String; 2]>) -> Self {
        self.labels = labels.into_iter().collect();
        self
    }
}

/// Where a feature lies.
#[derive(Clone, Debug)]
pub enum Geometry {
    /// Nowhere that is known.
    None,
    /// At a longitude and latitude.
    Point([f64; 2]),
    /// In an area.
    Area(MultiPolygon<f64>),
}

/// Where a feature lies, to be read.
#[derive(Clone, Copy, Debug)]
pub enum Located<'a> {
    /// Nowhere that is known.
    Nowhere,
    /// At a longitude and latitude.
    At([f64; 2]),
    /// In an area.
    Within(&'a MultiPolygon<f64>),
}

#[derive(Debug)]
enum Ids {
    Uuids(Vec<Uuid>),
    Words(Vec<Box<str>>),
}

/// The geometries: points alone, or areas among them.
#[derive(Debug)]
pub(super) enum Shapes {
    /// NaN where there is none.
    Points(Vec<[f64; 2]>),
    /// Each with the box around it.
    Mixed(Vec<(Geometry, Bounds)>),
}

/// The features, in the order of their ids.
#[derive(Debug)]
pub struct Features {
    fields: Vec<Field>,
    columns: Vec<Column>,
    ids: Ids,
    temporal: Option<usize>,
    unplaced: bool,
    pub(super) shapes: Shapes,
    pub(super) grid: Grid,
}

impl Features {
    /// How many.
    pub fn len(&self) -> usize {
        match &self.ids {
            Ids::Uuids(ids) => ids.len(),
            Ids::Words(ids) => ids.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their properties.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The number of the property of this name.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name == name)
    }

    /// Whether they have no place at all, and files no columns for one.
    pub fn is_unplaced(&self) -> bool {
        self.unplaced
    }

    /// The property that `datetime` asks about.
    pub fn temporal(&self) -> Option<usize> {
        self.temporal
    }

    /// The values of a property.
    pub fn column(&self, field: usize) -> Option<&Column> {
        self.columns.get(field)
    }

    /// The id of a row.
    pub fn id(&self, row: usize) -> Cow<'_, str> {
        match &self.ids {
            Ids::Uuids(ids) => ids.get(row).map_or(Cow::Borrowed(""), |u| u.to_string().into()),
            Ids::Words(ids) => ids.get(row).map_or("", |w| w).into(),
        }
    }

    /// The longitude and latitude of a row, if it is a point.
    pub fn point(&self, row: usize) -> Option<[f64; 2]> {
        match &self.shapes {
            Shapes::Points(points) => points.get(row).copied().filter(|[x, _]| !x.is_nan()),
            Shapes::Mixed(_) => None,
        }
    }

    /// Where a row lies.
    pub fn located(&self, row: usize) -> Located<'_> {
        match &self.shapes {
            Shapes::Points(_) => self.point(row).map_or(Located::Nowhere, Located::At),
            Shapes::Mixed(all) => match all.get(row).map(|(g, _)| g) {
                Some(Geometry::Point(at)) => Located::At(*at),
                Some(Geometry::Area(area)) => Located::Within(area),
                Some(Geometry::None) | None => Located::Nowhere,
            },
        }
    }

    /// The box around a row, if it lies anywhere.
    pub fn around(&self, row: usize) -> Option<Bounds> {
        let bounds = match &self.shapes {
            Shapes::Points(_) => self.point(row).map(|[x, y]| [x, y, x, y]),
            Shapes::Mixed(all) => all.get(row).map(|(_, bounds)| *bounds),
        };
        bounds.filter(|b| b.iter().all(|c| c.is_finite()))
    }

    /// Shows the rows that may lie in a box: all that do, and none that lies wholly outside.
    pub fn each_near(&self, wanted: Bounds, mut see: impl FnMut(usize)) {
        match &self.shapes {
            Shapes::Points(_) => self.grid.cells(wanted, |rows, whole| {
                for row in rows.iter().filter_map(|row| usize::try_from(*row).ok()) {
                    if whole || self.point(row).is_some_and(|at| holds(wanted, at)) {
                        see(row);
                    }
                }
            }),
            Shapes::Mixed(all) => {
                let [w, s, e, n] = wanted;
                for (row, (_, [bw, bs, be, bn])) in all.iter().enumerate() {
                    if *bw <= e && *be >= w && *bs <= n && *bn >= s {
                        see(row);
                    }
                }
            }
        }
    }

    /// Whether areas are among them.
    pub fn has_areas(&self) -> bool {
        match &self.shapes {
            Shapes::Points(_) => false,
            Shapes::Mixed(all) => all.iter().any(|(g, _)| matches!(g, Geometry::Area(_))),
        }
    }

    /// The row of an id.
    pub fn find(&self, id: &str) -> Option<usize> {
        match &self.ids {
            // Only the usual spelling: one feature has one address.
            Ids::Uuids(ids) => {
                let wanted = Uuid::try_parse(id).ok().filter(|u| u.to_string() == id)?;
                ids.binary_search(&wanted).ok()
            }
            Ids::Words(ids) => ids.binary_search_by(|w| (**w).cmp(id)).ok(),
        }
    }

    /// The first row after an id, whether it is there or not.
    pub(super) fn after(&self, id: &str) -> Option<usize> {
        match &self.ids {
            Ids::Uuids(ids) => {
                let last = Uuid::try_parse(id).ok()?;
                Some(ids.partition_point(|u| *u <= last))
            }
            Ids::Words(ids) => Some(ids.partition_point(|w| **w <= *id)),
        }
    }

    /// The box around all of them.
    pub fn bounds(&self) -> Option<Bounds> {
        match &self.shapes {
            Shapes::Points(_) => self.grid.bounds(),
            Shapes::Mixed(all) => {
                let mut placed = all.iter().filter(|(_, b)| b.iter().all(|c| c.is_finite()));
                let (_, first) = placed.next()?;
                Some(placed.fold(*first, |[w, s, e, n], (_, [bw, bs, be, bn])| {
                    [w.min(*bw), s.min(*bs), e.max(*be), n.max(*bn)]
                }))
            }
        }
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(Column::bytes).sum();
        let vertices: usize = match &self.shapes {
            Shapes::Points(_) => 0,
            Shapes::Mixed(all) => all
                .iter()
                .map(|(g, _)| if let Geometry::Area(area) = g { area.coords_count() } else { 0 })
                .sum(),
        };
        columns + self.len() * 32 + self.grid.bytes() + vertices * 16
    }
}

/// Features while rows are added.
#[derive(Debug)]
pub struct Builder {
    fields: Vec<Field>,
    columns: Vec<ColumnBuilder>,
    temporal: Option<usize>,
    unplaced: bool,
    ids: Vec<Box<str>>,
    uuids: Vec<Uuid>,
    points: Vec<[f64; 2]>,
    others: Vec<(Geometry, Bounds)>,
}

const NOWHERE: [f64; 2] = [f64::NAN, f64::NAN];

impl Builder {
    /// Features with these properties.
    pub fn new(fields: Vec<Field>) -> Self {
        let columns = fields.iter().map(|f| ColumnBuilder::new(f.kind)).collect();
        Self {
            fields,
            columns,
            temporal: None,
            unplaced: false,
            ids: Vec::new(),
            uuids: Vec::new(),
            points: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Makes this property the one that `datetime` asks about, if there is one of that name.
    pub fn set_temporal(&mut self, name: &str) {
        self.temporal = self.field(name);
    }

    /// Says that features have no place, as people have none.
    pub fn set_unplaced(&mut self) {
        self.unplaced = true;
    }

    /// Begins a feature at a point or nowhere, with a uuid. All features of a builder begin alike.
    pub fn point(&mut self, id: Uuid, at: Option<[f64; 2]>) {
        self.uuids.push(id);
        self.points.push(at.unwrap_or(NOWHERE));
    }

    /// Begins a feature of any geometry, with a word for an id.
    pub fn other(&mut self, id: &str, geometry: Geometry) {
        let bounds = match &geometry {
            Geometry::None => [f64::NAN; 4],
            Geometry::Point([x, y]) => [*x, *y, *x, *y],
            Geometry::Area(area) => area
                .bounding_rect()
                .map_or([f64::NAN; 4], |r| [r.min().x, r.min().y, r.max().x, r.max().y]),
        };
        self.ids.push(id.into());
        self.others.push((geometry, bounds));
    }

    /// The number of the property of this name.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name == name)
    }

    /// Sets a property of the feature begun last, as JSON text.
    pub fn set_json(&mut self, field: usize, json: &str) {
        let row = (self.uuids.len() + self.ids.len()).saturating_sub(1);
        if let Some(column) = self.columns.get_mut(field) {
            column.set(row, json);
        }
    }

    /// Sets a property by its name to a text; an empty one is not known.
    pub fn set_text(&mut self, name: &str, text: &str) {
        if let Some(field) = self.field(name).filter(|_| !text.is_empty()) {
            let json = serde_json::to_string(text).expect("text is always JSON");
            self.set_json(field, &json);
        }
    }

    /// Sets a property by its name to a whole number.
    pub fn set_number(&mut self, name: &str, number: i64) {
        if let Some(field) = self.field(name) {
            self.set_json(field, &number.to_string());
        }
    }

    /// Sorts and indexes them.
    pub fn finish(self) -> Features {
        let words = !self.ids.is_empty();
        let mut order: Vec<usize> = (0..self.uuids.len() + self.ids.len()).collect();
        if words {
            order.sort_by(|a, b| self.ids.get(*a).cmp(&self.ids.get(*b)));
        } else {
            order.sort_by_key(|row| self.uuids.get(*row));
        }
        let columns = self.columns.into_iter().map(|c| c.finish(&order)).collect();
        let pick = |row: &usize| self.points.get(*row).copied().unwrap_or(NOWHERE);
        let (ids, shapes, grid) = if words {
            let mut others: Vec<Option<_>> = self.others.into_iter().map(Some).collect();
            let mut ids: Vec<Option<Box<str>>> = self.ids.into_iter().map(Some).collect();
            let ids = order.iter().filter_map(|r| ids.get_mut(*r)?.take()).collect();
            let others = order.iter().filter_map(|r| others.get_mut(*r)?.take()).collect();
            (Ids::Words(ids), Shapes::Mixed(others), Grid::new(&[]))
        } else {
            let points: Vec<[f64; 2]> = order.iter().map(pick).collect();
            let ids = order.iter().filter_map(|r| self.uuids.get(*r).copied()).collect();
            let grid = Grid::new(&points);
            (Ids::Uuids(ids), Shapes::Points(points), grid)
        };
        let (temporal, unplaced) = (self.temporal, self.unplaced);
        Features { fields: self.fields, columns, ids, temporal, unplaced, shapes, grid }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_in_the_order_of_their_ids_with_their_own_properties() {
        let mut builder = Builder::new(vec![Field::new("n", "N", Kind::Integer)]);
        for n in [3_u8, 1, 2] {
            builder.point(Uuid::from_u128(u128::from(n)), Some([f64::from(n), 0.0]));
            builder.set_number("n", i64::from(n));
        }
        let features = builder.finish();

        let row = features.find("00000000-0000-0000-0000-000000000002").unwrap();
        assert_eq!(row, 1);
        let column = features.column(0).unwrap();
        assert_eq!(column.json(column.code(row)), "2");
        assert_eq!(features.bounds(), Some([1.0, 0.0, 3.0, 0.0]));
        assert_eq!(features.find("00000000000000000000000000000002"), None);
        assert_eq!(features.after("00000000-0000-0000-0000-000000000002"), Some(2));
    }
}
