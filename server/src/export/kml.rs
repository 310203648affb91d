//! Features as KML 2.2, for Google Earth and hand-held receivers.
//!
//! Source: OGC 07-147r2, KML 2.2.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use geo::{LineString, MultiPolygon};

use super::{
    cell::{Cell, cell},
    xlsx::escaped,
};
use crate::ogc::{Features, Located, Row};

/// Writes one placemark per feature; properties as `ExtendedData`.
pub(super) fn write(features: &Features, title: &str, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\">\
         <Document><name>{}</name>\n",
        escaped(title)
    )?;
    let names: Vec<String> = features.fields().iter().map(|f| quoted(&f.name)).collect();
    let called = features.field("name");
    let mut text = String::new();
    let mut rows = features.rows();
    for row in 0..features.len() {
        let read = rows.row(row)?;
        text.clear();
        // An id of XML begins with a letter.
        let _infallible = write!(text, "<Placemark id=\"f-{}\">", quoted(&features.id(row)));
        if let Some(Cell::Text(name)) = called.map(|field| cell(&read, field)) {
            let _infallible = write!(text, "<name>{}</name>", escaped(&name));
        }
        text.push_str("<ExtendedData>");
        for (field, name) in names.iter().enumerate().filter(|(f, _)| Some(*f) != called) {
            data(&mut text, &read, field, name);
        }
        text.push_str("</ExtendedData>");
        match features.located(row) {
            Located::Nowhere => {}
            Located::At([lon, lat]) => {
                let _infallible =
                    write!(text, "<Point><coordinates>{lon},{lat}</coordinates></Point>");
            }
            Located::Within(area) => polygons(&mut text, area),
        }
        text.push_str("</Placemark>\n");
        out.write_all(text.as_bytes())?;
    }
    out.write_all(b"</Document></kml>\n")
}

fn data(text: &mut String, row: &Row<'_>, field: usize, name: &str) {
    let value = match cell(row, field) {
        Cell::Empty => return,
        Cell::Text(value) => escaped(&value),
        Cell::Whole(n) => n.to_string(),
        Cell::Decimal(n) => n.to_string(),
        Cell::Bool(b) => b.to_string(),
        Cell::Day(_) | Cell::Moment(_) => escaped(row.json(field).trim_matches('"')),
    };
    let _infallible = write!(text, "<Data name=\"{name}\"><value>{value}</value></Data>");
}

fn quoted(text: &str) -> String {
    escaped(text).replace('"', "&quot;")
}

fn polygons(text: &mut String, area: &MultiPolygon<f64>) {
    text.push_str("<MultiGeometry>");
    for polygon in area {
        text.push_str("<Polygon><outerBoundaryIs>");
        ring(text, polygon.exterior());
        text.push_str("</outerBoundaryIs>");
        for hole in polygon.interiors() {
            text.push_str("<innerBoundaryIs>");
            ring(text, hole);
            text.push_str("</innerBoundaryIs>");
        }
        text.push_str("</Polygon>");
    }
    text.push_str("</MultiGeometry>");
}

fn ring(text: &mut String, ring: &LineString<f64>) {
    text.push_str("<LinearRing><coordinates>");
    for point in ring.coords() {
        let _infallible = write!(text, "{},{} ", point.x, point.y);
    }
    text.push_str("</coordinates></LinearRing>");
}
