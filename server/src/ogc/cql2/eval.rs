//! Asking a filter about a feature. What is not known is neither true nor false (SQL's three values).

use std::borrow::Cow;

use super::{
    check::{Expr, Filter, Moment, Scalar},
    fold::{without_accents, without_case},
    time::Span,
};
use crate::ogc::{
    features::{Features, Geometry, Shapes},
    value::Value,
};

/// Whom a condition is asked about.
#[derive(Clone, Copy)]
enum At {
    /// A feature.
    Row(usize),
    /// Any feature whose one property asked about has this code.
    Code(usize),
}

impl Filter {
    /// Whether a feature passes.
    pub(in crate::ogc) fn passes(&self, features: &Features, row: usize) -> bool {
        truth(&self.expr, features, At::Row(row)) == Some(true)
    }
}

fn truth(expr: &Expr, features: &Features, at: At) -> Option<bool> {
    match expr {
        Expr::Constant(truth) => *truth,
        Expr::And(parts) => all(parts.iter().map(|p| truth(p, features, at)), false),
        Expr::Or(parts) => all(parts.iter().map(|p| truth(p, features, at)), true),
        Expr::Not(part) => truth(part, features, at).map(|t| !t),
        Expr::Compare(compare, left, right) => {
            let (left, right) = (value(left, features, at), value(right, features, at));
            left.compare(&right).map(|order| compare.holds(order))
        }
        Expr::Like(scalar, pattern) => match &*value(scalar, features, at) {
            Value::Text(text) => Some(pattern.matches(text)),
            _ => None,
        },
        Expr::In(scalar, list) => {
            let own = value(scalar, features, at);
            let same = |s| own.compare(&value(s, features, at)).map(std::cmp::Ordering::is_eq);
            all(list.iter().map(same), true)
        }
        Expr::IsNull(scalar) => Some(*value(scalar, features, at) == Value::Null),
        Expr::Flag(scalar) => match *value(scalar, features, at) {
            Value::Bool(b) => Some(b),
            _ => None,
        },
        Expr::Temporal(when, a, b) => {
            Some(when.holds(span(a, features, at)?, span(b, features, at)?))
        }
        Expr::Table(field, truths) => {
            let At::Row(row) = at else { return None };
            truths.get(features.column(*field)?.code(row)).copied().flatten()
        }
        Expr::IsNowhere => match at {
            At::Row(row) => Some(match &features.shapes {
                Shapes::Points(points) => points.get(row).is_none_or(|[x, _]| x.is_nan()),
                Shapes::Mixed(all) => all.get(row).is_none_or(|(g, _)| matches!(g, Geometry::None)),
            }),
            At::Code(_) => None,
        },
        Expr::Spatial(relation, shape) => {
            let At::Row(row) = at else { return None };
            match &features.shapes {
                Shapes::Points(points) => {
                    let point = points.get(row).filter(|[x, _]| !x.is_nan())?;
                    Some(shape.relates_point(*relation, *point))
                }
                Shapes::Mixed(all) => {
                    let (geometry, around) = all.get(row)?;
                    let known = !matches!(geometry, Geometry::None);
                    known.then(|| shape.relates(*relation, geometry, *around))
                }
            }
        }
    }
}

/// Ends early at `deciding`; not known when nothing decides and something is not known.
fn all(truths: impl Iterator<Item = Option<bool>>, deciding: bool) -> Option<bool> {
    let mut known = true;
    for truth in truths {
        match truth {
            Some(t) if t == deciding => return Some(deciding),
            Some(_) => {}
            None => known = false,
        }
    }
    known.then_some(!deciding)
}

fn value<'f>(scalar: &'f Scalar, features: &'f Features, at: At) -> Cow<'f, Value> {
    match scalar {
        Scalar::Literal(value) => Cow::Borrowed(value),
        Scalar::Field(field, _) => Cow::Borrowed(of(*field, features, at)),
        Scalar::WithoutCase(inner) => fold(inner, features, at, without_case),
        Scalar::WithoutAccents(inner) => fold(inner, features, at, without_accents),
    }
}

fn fold<'f>(
    inner: &'f Scalar,
    features: &'f Features,
    at: At,
    how: fn(&str) -> String,
) -> Cow<'f, Value> {
    match &*value(inner, features, at) {
        Value::Text(text) => Cow::Owned(Value::Text(how(text).into())),
        _ => Cow::Owned(Value::Null),
    }
}

fn of(field: usize, features: &Features, at: At) -> &Value {
    let Some(column) = features.column(field) else { return &Value::Null };
    column.value(match at {
        At::Row(row) => column.code(row),
        At::Code(code) => code,
    })
}

fn span(moment: &Moment, features: &Features, at: At) -> Option<Span> {
    match moment {
        Moment::Fixed(span) => Some(*span),
        Moment::Field(field) => of(*field, features, at).span(),
        Moment::Between(start, end) => {
            let (start, end) = (span(start, features, at)?.0, span(end, features, at)?.1);
            (start <= end).then_some((start, end))
        }
    }
}

/// Answers every condition on a single property once for each of its values, so that rows only look
/// it up: a hundred thousand features have a dozen statuses.
pub(super) fn tabulate(expr: Expr, features: &Features) -> Expr {
    let mut fields = Vec::new();
    let plain = asked(&expr, &mut fields);
    fields.dedup();
    if let ([field], true) = (fields.as_slice(), plain)
        && let Some(column) = features.column(*field)
        && column.distinct() <= features.len() / 2 + 16
    {
        let truths =
            (0..column.distinct()).map(|code| truth(&expr, features, At::Code(code))).collect();
        return Expr::Table(*field, truths);
    }
    match expr {
        Expr::And(parts) => Expr::And(parts.into_iter().map(|p| tabulate(p, features)).collect()),
        Expr::Or(parts) => Expr::Or(parts.into_iter().map(|p| tabulate(p, features)).collect()),
        Expr::Not(part) => Expr::Not(Box::new(tabulate(*part, features))),
        other => other,
    }
}

/// Collects the properties asked about, side by side; `false` when the geometry is asked about too.
fn asked(expr: &Expr, fields: &mut Vec<usize>) -> bool {
    match expr {
        Expr::Constant(_) => true,
        Expr::And(parts) | Expr::Or(parts) => {
            let mut plain = true;
            for part in parts {
                plain &= asked(part, fields);
            }
            plain
        }
        Expr::Not(part) => asked(part, fields),
        Expr::Compare(_, a, b) => {
            fields.extend([a, b].into_iter().filter_map(field_of));
            true
        }
        Expr::Like(a, _) | Expr::IsNull(a) | Expr::Flag(a) => {
            fields.extend(field_of(a));
            true
        }
        Expr::In(a, list) => {
            fields.extend(std::iter::once(a).chain(list).filter_map(field_of));
            true
        }
        Expr::Temporal(_, a, b) => {
            fields_of(a, fields);
            fields_of(b, fields);
            true
        }
        Expr::Spatial(..) | Expr::IsNowhere | Expr::Table(..) => false,
    }
}

fn field_of(scalar: &Scalar) -> Option<usize> {
    match scalar {
        Scalar::Field(field, _) => Some(*field),
        Scalar::Literal(_) => None,
        Scalar::WithoutCase(inner) | Scalar::WithoutAccents(inner) => field_of(inner),
    }
}

fn fields_of(moment: &Moment, fields: &mut Vec<usize>) {
    match moment {
        Moment::Field(field) => fields.push(*field),
        Moment::Fixed(_) => {}
        Moment::Between(a, b) => {
            fields_of(a, fields);
            fields_of(b, fields);
        }
    }
}
