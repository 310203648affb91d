//! Features as RFC 7946 text (Part 1) or the same shape in another system (Part 2).

use std::{fmt::Write as _, io};

use geo::{Coord, LineString, MultiPolygon};

use super::{
    crs::Crs,
    features::{Features, Geometry, Shapes},
    row::Rows,
};

/// Writes features of one collection in one system.
pub struct Writer<'a> {
    features: &'a Features,
    rows: Rows<'a>,
    crs: Crs,
    /// `,"name":` of each property.
    keys: Vec<String>,
}

impl<'a> Writer<'a> {
    /// A writer.
    pub fn new(features: &'a Features, crs: Crs) -> Self {
        let key = |(i, name): (usize, &str)| {
            let comma = if i == 0 { "" } else { "," };
            format!("{comma}{}:", text(name))
        };
        let keys = features.fields().iter().map(|f| f.name.as_str()).enumerate().map(key).collect();
        Self { features, rows: features.rows(), crs, keys }
    }

    /// Appends one feature; `members` is put before its end (`,"links":[...]`).
    ///
    /// # Errors
    /// Those of reading its properties.
    pub fn feature(&mut self, out: &mut String, row: usize, members: &str) -> io::Result<()> {
        out.push_str("{\"type\":\"Feature\",\"id\":");
        // Ids are uuids and slugs, but nothing here leans on it.
        out.push_str(&text(&self.features.id(row)));
        out.push_str(",\"geometry\":");
        self.geometry(out, row);
        out.push_str(",\"properties\":{");
        let read = self.rows.row(row)?;
        for (field, key) in self.keys.iter().enumerate() {
            out.push_str(key);
            out.push_str(read.json(field));
        }
        out.push('}');
        out.push_str(members);
        out.push('}');
        Ok(())
    }

    fn geometry(&self, out: &mut String, row: usize) {
        match &self.features.shapes {
            Shapes::Points(points) => match points.get(row) {
                Some(point) if !point.iter().any(|c| c.is_nan()) => self.point(out, *point),
                _ => out.push_str("null"),
            },
            Shapes::Mixed(all) => match all.get(row).map(|(g, _)| g) {
                Some(Geometry::Point(point)) => self.point(out, *point),
                Some(Geometry::Area(area)) => self.area(out, area),
                Some(Geometry::None) | None => out.push_str("null"),
            },
        }
    }

    fn point(&self, out: &mut String, at: [f64; 2]) {
        out.push_str("{\"type\":\"Point\",\"coordinates\":");
        self.position(out, at);
        out.push('}');
    }

    fn position(&self, out: &mut String, at: [f64; 2]) {
        let precision = self.crs.precision();
        let [a, b] = self.crs.of_lonlat(at).map(|c| (c * precision).round() / precision);
        write!(out, "[{a},{b}]").expect("writing to a String cannot fail");
    }

    fn area(&self, out: &mut String, area: &MultiPolygon<f64>) {
        out.push_str("{\"type\":\"MultiPolygon\",\"coordinates\":[");
        for (i, polygon) in area.iter().enumerate() {
            out.push_str(if i == 0 { "[" } else { ",[" });
            let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
            for (j, ring) in rings.enumerate() {
                out.push_str(if j == 0 { "[" } else { ",[" });
                self.ring(out, ring);
                out.push(']');
            }
            out.push(']');
        }
        out.push_str("]}");
    }

    fn ring(&self, out: &mut String, ring: &LineString<f64>) {
        for (i, Coord { x, y }) in ring.coords().enumerate() {
            if i > 0 {
                out.push(',');
            }
            self.position(out, [*x, *y]);
        }
    }

    /// The position of a feature as people read it: latitude and longitude.
    pub fn place(&self, row: usize) -> String {
        let point = match &self.features.shapes {
            Shapes::Points(points) => points.get(row).copied(),
            Shapes::Mixed(all) => match all.get(row).map(|(g, _)| g) {
                Some(Geometry::Point(point)) => Some(*point),
                Some(Geometry::Area(_)) => return String::from("polygone"),
                _ => None,
            },
        };
        match point.filter(|[x, _]| !x.is_nan()) {
            Some([lon, lat]) => format!("{lat}, {lon}"),
            None => String::new(),
        }
    }
}

/// Text as JSON.
pub(super) fn text(text: &str) -> String {
    serde_json::to_string(text).expect("text is always JSON")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ogc::{Builder, Field, Kind};

    #[test]
    fn a_feature_is_valid_geojson_in_the_axis_order_of_its_system() {
        let mut builder = Builder::new(vec![
            Field::new("name", "Nom", Kind::Text),
            Field::new("tools", "Outils", Kind::List),
        ]);
        builder.point(Uuid::from_u128(1), Some([-8.123_456_7, 12.5]));
        builder.set_text("name", "a \"b\" \\ </script>\n");
        builder.set_json(1, r#"["x","y"]"#);
        let features = builder.finish().unwrap();

        let mut out = String::new();
        Writer::new(&features, Crs::Crs84).feature(&mut out, 0, "").unwrap();
        let feature: geojson::Feature = out.parse().unwrap();
        assert_eq!(feature.properties.unwrap()["name"], "a \"b\" \\ </script>\n");
        assert!(out.contains("[-8.1234567,12.5]"));
        out.clear();
        Writer::new(&features, Crs::Epsg4326).feature(&mut out, 0, "").unwrap();
        assert!(out.contains("[12.5,-8.1234567]"), "{out}");
    }
}
