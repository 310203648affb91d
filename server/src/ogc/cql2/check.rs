//! A tree meets a collection: properties are looked up, literals take their kinds, arguments are counted.

use std::cmp::Ordering;

use super::{
    like::Pattern,
    node::Node,
    time::{Span, When},
};
use crate::ogc::{
    error::{OgcError, excerpt},
    features::Features,
    grid::Bounds,
    shape::{Relation, Shape},
    value::{Kind, Value},
};

/// A filter over one collection.
#[derive(Debug)]
pub struct Filter {
    pub(super) expr: Expr,
}

/// A condition.
#[derive(Debug)]
pub(super) enum Expr {
    Constant(Option<bool>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Compare, Scalar, Scalar),
    Like(Scalar, Pattern),
    In(Scalar, Vec<Scalar>),
    IsNull(Scalar),
    IsNowhere,
    Flag(Scalar),
    Spatial(Relation, Box<Shape>),
    Temporal(When, Moment, Moment),
    /// What any condition on one property says of each of its values.
    Table(usize, Vec<Option<bool>>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Compare {
    Equal,
    Unequal,
    Less,
    More,
    AtMost,
    AtLeast,
}

impl Compare {
    fn parse(sign: &str) -> Option<Self> {
        Some(match sign {
            "=" => Self::Equal,
            "<>" => Self::Unequal,
            "<" => Self::Less,
            ">" => Self::More,
            "<=" => Self::AtMost,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::More => order.is_gt(),
            Self::AtMost => order.is_le(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// A value in a condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Field(usize, Kind),
    Literal(Value),
    WithoutCase(Box<Scalar>),
    WithoutAccents(Box<Scalar>),
}

/// A stretch of time in a condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Moment {
    Field(usize),
    Fixed(Span),
    Between(Box<Moment>, Box<Moment>),
}

impl Filter {
    /// Checks a tree against a collection.
    pub(in crate::ogc) fn new(node: &Node, features: &Features) -> Result<Self, OgcError> {
        let expr = Checker { features }.condition(node)?;
        Ok(Self { expr: super::eval::tabulate(expr, features) })
    }

    /// The box outside of which nothing can match, if the filter gives one.
    pub(in crate::ogc) fn bounds(&self) -> Option<Bounds> {
        fn of(expr: &Expr) -> Option<Bounds> {
            match expr {
                Expr::Spatial(relation, shape) if *relation != Relation::Disjoint => {
                    Some(shape.bounds)
                }
                Expr::And(parts) => parts.iter().find_map(of),
                _ => None,
            }
        }
        of(&self.expr)
    }
}

/// The name under which every collection has its geometry.
pub(in crate::ogc) const GEOMETRY: &str = "geometry";

struct Checker<'a> {
    features: &'a Features,
}

fn arguments(name: &str) -> OgcError {
    OgcError::filter(format!("{} has the wrong arguments", excerpt(name)))
}

impl Checker<'_> {
    fn condition(&self, node: &Node) -> Result<Expr, OgcError> {
        match node {
            Node::Literal(Value::Bool(b)) => Ok(Expr::Constant(Some(*b))),
            Node::Property(_) => match self.scalar(node)? {
                flag @ Scalar::Field(_, Kind::Boolean) => Ok(Expr::Flag(flag)),
                _ => Err(OgcError::filter("a property alone must be true or false")),
            },
            Node::Op(name, parts) => self.operator(name, parts),
            _ => Err(OgcError::filter("a condition is expected")),
        }
    }

    fn operator(&self, name: &str, parts: &[Node]) -> Result<Expr, OgcError> {
        let all = || parts.iter().map(|p| self.condition(p)).collect::<Result<Vec<_>, _>>();
        match (name, parts) {
            ("and", [_, ..]) => Ok(Expr::And(all()?)),
            ("or", [_, ..]) => Ok(Expr::Or(all()?)),
            ("not", [one]) => Ok(Expr::Not(Box::new(self.condition(one)?))),
            ("like", [value, pattern]) => self.like(value, pattern),
            ("between", [value, low, high]) => Ok(Expr::And(vec![
                self.compare(Compare::AtLeast, value, low)?,
                self.compare(Compare::AtMost, value, high)?,
            ])),
            ("in", [value, Node::List(list)]) => {
                let value = self.scalar(value)?;
                let list = list.iter().map(|n| self.beside(&value, n)).collect::<Result<_, _>>()?;
                Ok(Expr::In(value, list))
            }
            ("isnull", [Node::Property(name)]) if name == GEOMETRY => Ok(Expr::IsNowhere),
            ("isnull", [value]) => Ok(Expr::IsNull(self.scalar(value)?)),
            (name, [left, right]) => {
                if let Some(compare) = Compare::parse(name) {
                    self.compare(compare, left, right)
                } else if let Some(relation) = Relation::parse(name) {
                    spatial(relation, left, right)
                } else if let Some(when) = When::parse(name) {
                    Ok(Expr::Temporal(when, self.moment(left)?, self.moment(right)?))
                } else {
                    Err(unknown(name))
                }
            }
            _ => Err(unknown(name)),
        }
    }

    fn compare(&self, compare: Compare, left: &Node, right: &Node) -> Result<Expr, OgcError> {
        let (left, right) = match self.scalar(left)? {
            Scalar::Literal(_) => {
                let known = self.scalar(right)?;
                (self.beside(&known, left)?, known)
            }
            known => {
                let other = self.beside(&known, right)?;
                (known, other)
            }
        };
        Ok(Expr::Compare(compare, left, right))
    }

    fn like(&self, value: &Node, pattern: &Node) -> Result<Expr, OgcError> {
        let value = self.scalar(value)?;
        if !is_text(&value) {
            return Err(OgcError::filter("LIKE compares text"));
        }
        let Scalar::Literal(Value::Text(pattern)) = folded(&self.scalar(pattern)?) else {
            return Err(OgcError::filter("LIKE takes a pattern in quotes"));
        };
        Ok(Expr::Like(value, Pattern::new(&pattern)))
    }

    fn scalar(&self, node: &Node) -> Result<Scalar, OgcError> {
        match node {
            Node::Property(name) => {
                let field = self.features.field(name);
                let kind = field.and_then(|f| self.features.fields().get(f)).map(|f| f.kind);
                match field.zip(kind) {
                    Some((field, kind)) => Ok(Scalar::Field(field, kind)),
                    None if name == GEOMETRY => {
                        Err(OgcError::filter("geometry is compared with spatial functions"))
                    }
                    // One answer for what is hidden and for what does not exist.
                    None => {
                        Err(OgcError::filter(format!("{:?} is not a queryable", excerpt(name))))
                    }
                }
            }
            Node::Literal(value) => Ok(Scalar::Literal(value.clone())),
            Node::Op(name, parts) => {
                let make = match name.as_str() {
                    "casei" => Scalar::WithoutCase,
                    "accenti" => Scalar::WithoutAccents,
                    _ => return Err(unknown(name)),
                };
                let [inner] = parts.as_slice() else { return Err(arguments(name)) };
                let inner = self.scalar(inner)?;
                if !is_text(&inner) {
                    return Err(arguments(name));
                }
                Ok(folded(&make(Box::new(inner))))
            }
            _ => Err(OgcError::filter("a value is expected")),
        }
    }

    /// What a value is compared with: of the same kind, or an error that says so.
    fn beside(&self, known: &Scalar, node: &Node) -> Result<Scalar, OgcError> {
        let other = self.scalar(node)?;
        let kind = |s: &Scalar| match s {
            Scalar::Field(_, kind) => *kind,
            Scalar::Literal(Value::Number(_)) => Kind::Number,
            Scalar::Literal(Value::Bool(_)) => Kind::Boolean,
            Scalar::Literal(Value::Date(_) | Value::Instant(_)) => Kind::Date,
            _ => Kind::Text,
        };
        let family = |k: Kind| match k {
            Kind::Text | Kind::List => Kind::Text,
            Kind::Number | Kind::Integer => Kind::Number,
            Kind::Date | Kind::Instant => Kind::Date,
            Kind::Boolean => Kind::Boolean,
        };
        let (wanted, given) = (family(kind(known)), family(kind(&other)));
        if wanted == given {
            return Ok(other);
        }
        // Dates are often written as plain text.
        if let (Kind::Date, Scalar::Literal(Value::Text(text))) = (wanted, &other)
            && let Some(moment) = Value::moment(text)
        {
            return Ok(Scalar::Literal(moment));
        }
        let what = match wanted {
            Kind::Number | Kind::Integer => "a number is compared with something else",
            Kind::Boolean => "true or false is compared with something else",
            Kind::Date | Kind::Instant => "a date is compared with something else",
            Kind::Text | Kind::List => "text is compared with something else",
        };
        Err(OgcError::filter(what))
    }

    fn moment(&self, node: &Node) -> Result<Moment, OgcError> {
        let expected = || OgcError::filter("temporal functions take dates, timestamps, intervals");
        match node {
            Node::Interval(start, end) => {
                let start = match &**start {
                    Node::Open => Moment::Fixed((i64::MIN, i64::MIN)),
                    other => self.moment(other)?,
                };
                let end = match &**end {
                    Node::Open => Moment::Fixed((i64::MAX, i64::MAX)),
                    other => self.moment(other)?,
                };
                if let (Moment::Fixed((a, _)), Moment::Fixed((_, b))) = (&start, &end) {
                    if a > b {
                        return Err(OgcError::filter("an interval ends before it starts"));
                    }
                    return Ok(Moment::Fixed((*a, *b)));
                }
                Ok(Moment::Between(Box::new(start), Box::new(end)))
            }
            Node::Literal(Value::Text(text)) => {
                Value::moment(text).and_then(|v| v.span()).map(Moment::Fixed).ok_or_else(expected)
            }
            Node::Literal(value) => value.span().map(Moment::Fixed).ok_or_else(expected),
            Node::Property(_) => match self.scalar(node)? {
                Scalar::Field(field, Kind::Date | Kind::Instant) => Ok(Moment::Field(field)),
                _ => Err(expected()),
            },
            _ => Err(expected()),
        }
    }
}

fn spatial(relation: Relation, left: &Node, right: &Node) -> Result<Expr, OgcError> {
    let is_geometry = |n: &Node| matches!(n, Node::Property(name) if name == GEOMETRY);
    let shape = |g: &geo::Geometry<f64>| Box::new(Shape::new(g.clone()));
    match (left, right) {
        (p, Node::Geometry(g)) if is_geometry(p) => Ok(Expr::Spatial(relation, shape(g))),
        (Node::Geometry(g), p) if is_geometry(p) => Ok(Expr::Spatial(relation.turned(), shape(g))),
        (Node::Property(_), _) | (_, Node::Property(_)) => {
            Err(OgcError::filter("spatial functions compare the property geometry with a place"))
        }
        _ => Err(OgcError::filter("spatial functions take the property geometry and a place")),
    }
}

fn unknown(name: &str) -> OgcError {
    OgcError::filter(format!("{:?} is not a function or has other arguments", excerpt(name)))
}

fn is_text(scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Field(_, kind) => matches!(kind, Kind::Text | Kind::List),
        Scalar::Literal(value) => matches!(value, Value::Text(_)),
        Scalar::WithoutCase(_) | Scalar::WithoutAccents(_) => true,
    }
}

/// A folded literal is folded once.
fn folded(scalar: &Scalar) -> Scalar {
    let literal = |inner: &Scalar, fold: fn(&str) -> String| match folded(inner) {
        Scalar::Literal(Value::Text(t)) => Ok(Scalar::Literal(Value::Text(fold(&t).into()))),
        other => Err(Box::new(other)),
    };
    match scalar {
        Scalar::WithoutCase(inner) => {
            literal(inner, super::fold::without_case).unwrap_or_else(Scalar::WithoutCase)
        }
        Scalar::WithoutAccents(inner) => {
            literal(inner, super::fold::without_accents).unwrap_or_else(Scalar::WithoutAccents)
        }
        other => other.clone(),
    }
}
