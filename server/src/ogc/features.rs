//! All features of one collection as one reader may see them: masked before anything is asked, so that
//! no filter, sort or box can find out more than the features show.

use std::{borrow::Cow, ops::Range};

use geo::{CoordsIter as _, MultiPolygon};
use uuid::Uuid;

use super::{
    column::Column,
    grid::{Bounds, Grid, holds},
    records::Records,
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
pub(super) enum Ids {
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

/// The features, in the order of their ids: where they lie in memory, their properties in records.
#[derive(Debug)]
pub struct Features {
    pub(super) fields: Vec<Field>,
    pub(super) columns: Vec<Column>,
    pub(super) records: Records,
    /// Where a record says where its texts end; they begin after that.
    pub(super) texts_at: Range<usize>,
    pub(super) ids: Ids,
    pub(super) temporal: Option<usize>,
    pub(super) unplaced: bool,
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

    /// How a property is kept.
    pub fn column(&self, field: usize) -> Option<&Column> {
        self.columns.get(field)
    }

    pub(super) const fn records(&self) -> &Records {
        &self.records
    }

    pub(super) fn texts_at(&self) -> Range<usize> {
        self.texts_at.clone()
    }

    /// Whether reading properties may wait for a disk.
    pub fn on_disk(&self) -> bool {
        self.records.on_disk()
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

    /// Bytes held in memory and on disk, about.
    pub fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(Column::bytes).sum();
        let vertices: usize = match &self.shapes {
            Shapes::Points(_) => 0,
            Shapes::Mixed(all) => all
                .iter()
                .map(|(g, _)| if let Geometry::Area(area) = g { area.coords_count() } else { 0 })
                .sum(),
        };
        columns + self.records.bytes() + self.len() * 32 + self.grid.bytes() + vertices * 16
    }
}
