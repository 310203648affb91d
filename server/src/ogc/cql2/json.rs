//! CQL2 JSON into the same tree.

use serde_json::{Map, Value as Json};

use super::{
    node::{Budget, Node},
    wkt::{Maker, Numbers},
};
use crate::ogc::{
    crs::Crs,
    error::{OgcError, excerpt},
    value::Value,
};

/// Reads a filter. The JSON reader itself stops at 128 levels.
pub(super) fn parse(text: &str, crs: Crs) -> Result<Node, OgcError> {
    let json: Json = serde_json::from_str(text)
        .map_err(|_| OgcError::filter("not JSON, or nested too deeply"))?;
    Reader { crs, budget: Budget::default() }.node(&json)
}

struct Reader {
    crs: Crs,
    budget: Budget,
}

impl Reader {
    fn node(&mut self, json: &Json) -> Result<Node, OgcError> {
        self.budget.enter()?;
        let node = match json {
            Json::Bool(b) => Node::Literal(Value::Bool(*b)),
            Json::Number(n) => Node::Literal(number(n).map(Value::Number)?),
            Json::String(s) => Node::Literal(Value::Text(s.as_str().into())),
            Json::Array(list) => Node::List(self.all(list)?),
            Json::Object(object) => self.object(object)?,
            Json::Null => return Err(OgcError::filter("null is not a value: use isNull")),
        };
        self.budget.leave();
        Ok(node)
    }

    fn all(&mut self, list: &[Json]) -> Result<Vec<Node>, OgcError> {
        list.iter().map(|j| self.node(j)).collect()
    }

    fn object(&mut self, object: &Map<String, Json>) -> Result<Node, OgcError> {
        if let Some(op) = object.get("op") {
            let op = op.as_str().ok_or_else(|| OgcError::filter("op is a text"))?;
            let arguments = object.get("args").and_then(Json::as_array);
            let arguments = arguments.ok_or_else(|| OgcError::filter("args is a list"))?;
            return Ok(Node::Op(op.to_ascii_lowercase(), self.all(arguments)?));
        }
        let text = |name: &str| object.get(name).and_then(Json::as_str);
        if let Some(name) = text("property") {
            return Ok(Node::Property(name.to_owned()));
        }
        if let Some(moment) = text("date").or_else(|| text("timestamp")) {
            return Value::moment(moment)
                .map(Node::Literal)
                .ok_or_else(|| OgcError::filter("a date is 2026-11-22, a timestamp RFC 3339"));
        }
        if let Some(ends) = object.get("interval").and_then(Json::as_array) {
            let [start, end] = ends.as_slice() else {
                return Err(OgcError::filter("an interval has two ends"));
            };
            return Ok(Node::Interval(Box::new(self.end(start)?), Box::new(self.end(end)?)));
        }
        if let Some(numbers) = object.get("bbox").and_then(Json::as_array) {
            let numbers: Vec<f64> = numbers.iter().filter_map(Json::as_f64).take(7).collect();
            let mut maker = Maker { crs: self.crs, budget: &mut self.budget };
            return Ok(Node::Geometry(maker.bbox(&numbers)?));
        }
        if let Some(kind) = text("type") {
            return self.geometry(kind, object).map(Node::Geometry);
        }
        let first = object.keys().next().map(|k| excerpt(k)).unwrap_or_default();
        Err(OgcError::filter(format!("{first:?} is not expected there")))
    }

    fn end(&mut self, json: &Json) -> Result<Node, OgcError> {
        match json {
            Json::String(s) if s == ".." => Ok(Node::Open),
            Json::String(s) => Value::moment(s)
                .map(Node::Literal)
                .ok_or_else(|| OgcError::filter("an interval ends at dates, timestamps or \"..\"")),
            other => self.node(other),
        }
    }

    fn geometry(
        &mut self,
        kind: &str,
        object: &Map<String, Json>,
    ) -> Result<geo::Geometry<f64>, OgcError> {
        self.budget.enter()?;
        let missing = || OgcError::filter("a geometry misses positions");
        let geometry = if kind == "GeometryCollection" {
            let all = object.get("geometries").and_then(Json::as_array).ok_or_else(missing)?;
            let mut geometries = Vec::new();
            for one in all {
                let one = one.as_object().ok_or_else(missing)?;
                let kind = one.get("type").and_then(Json::as_str).ok_or_else(missing)?;
                geometries.push(self.geometry(kind, one)?);
            }
            if geometries.is_empty() {
                return Err(missing());
            }
            Maker::collection(geometries)
        } else {
            let numbers = self.numbers(object.get("coordinates").ok_or_else(missing)?)?;
            Maker { crs: self.crs, budget: &mut self.budget }.geometry(kind, &numbers)?
        };
        self.budget.leave();
        Ok(geometry)
    }

    fn numbers(&mut self, json: &Json) -> Result<Numbers, OgcError> {
        let list = json.as_array().ok_or_else(|| OgcError::filter("coordinates are lists"))?;
        if list.iter().all(Json::is_number) {
            return Ok(Numbers::Position(list.iter().filter_map(Json::as_f64).collect()));
        }
        self.budget.vertex()?;
        list.iter().map(|j| self.numbers(j)).collect::<Result<_, _>>().map(Numbers::List)
    }
}

fn number(n: &serde_json::Number) -> Result<f64, OgcError> {
    n.as_f64().filter(|n| n.is_finite()).ok_or_else(|| OgcError::filter("a number is too large"))
}
