//! Asking a filter about a feature. What is not known is neither true nor false (SQL's three values).

use std::borrow::Cow;

use super::{
    check::{Expr, Filter, Moment, Scalar},
    fold::{without_accents, without_case},
    time::Span,
};
use crate::ogc::{
    column::{Column, Dictionary},
    features::{Features, Geometry, Located, Shapes},
    row::Row,
    value::Value,
};

/// Whom a condition is asked about.
#[derive(Clone, Copy)]
enum At<'r> {
    /// A feature.
    Row(Row<'r>),
    /// Any feature whose one property asked about has this code.
    Code(&'r Dictionary, usize),
}

impl Filter {
    /// Whether a feature passes.
    pub(in crate::ogc) fn passes(&self, row: Row<'_>) -> bool {
        truth(&self.expr, At::Row(row)) == Some(true)
    }
}

fn truth(expr: &Expr, at: At<'_>) -> Option<bool> {
    match expr {
        Expr::Constant(truth) => *truth,
        Expr::And(parts) => all(parts.iter().map(|p| truth(p, at)), false),
        Expr::Or(parts) => all(parts.iter().map(|p| truth(p, at)), true),
        Expr::Not(part) => truth(part, at).map(|t| !t),
        Expr::Compare(compare, left, right) => {
            let (left, right) = (value(left, at), value(right, at));
            left.compare(&right).map(|order| compare.holds(order))
        }
        Expr::Like(scalar, pattern) => match &*value(scalar, at) {
            Value::Text(text) => Some(pattern.matches(text)),
            _ => None,
        },
        Expr::In(scalar, list) => {
            let own = value(scalar, at);
            let same = |s| own.compare(&value(s, at)).map(std::cmp::Ordering::is_eq);
            all(list.iter().map(same), true)
        }
        Expr::IsNull(scalar) => Some(*value(scalar, at) == Value::Null),
        Expr::Flag(scalar) => match *value(scalar, at) {
            Value::Bool(b) => Some(b),
            _ => None,
        },
        Expr::Temporal(when, a, b) => Some(when.holds(span(a, at)?, span(b, at)?)),
        Expr::Table(field, truths) => {
            let At::Row(row) = at else { return None };
            truths.get(row.code(*field)).copied().flatten()
        }
        Expr::IsNowhere => match at {
            At::Row(row) => Some(matches!(row.located(), Located::Nowhere)),
            At::Code(..) => None,
        },
        Expr::Spatial(relation, shape) => {
            let At::Row(row) = at else { return None };
            match &row.features().shapes {
                Shapes::Points(points) => {
                    let point = points.get(row.number()).filter(|[x, _]| !x.is_nan())?;
                    Some(shape.relates_point(*relation, *point))
                }
                Shapes::Mixed(all) => {
                    let (geometry, around) = all.get(row.number())?;
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

fn value<'f>(scalar: &'f Scalar, at: At<'f>) -> Cow<'f, Value> {
    match scalar {
        Scalar::Literal(value) => Cow::Borrowed(value),
        Scalar::Field(field, _) => of(*field, at),
        Scalar::WithoutCase(inner) => fold(inner, at, without_case),
        Scalar::WithoutAccents(inner) => fold(inner, at, without_accents),
    }
}

fn fold<'f>(inner: &'f Scalar, at: At<'f>, how: fn(&str) -> String) -> Cow<'f, Value> {
    match &*value(inner, at) {
        Value::Text(text) => Cow::Owned(Value::Text(how(text).into())),
        _ => Cow::Owned(Value::Null),
    }
}

fn of(field: usize, at: At<'_>) -> Cow<'_, Value> {
    match at {
        At::Row(row) => row.value(field),
        At::Code(dictionary, code) => Cow::Borrowed(dictionary.value(code)),
    }
}

fn span(moment: &Moment, at: At<'_>) -> Option<Span> {
    match moment {
        Moment::Fixed(span) => Some(*span),
        Moment::Field(field) => of(*field, at).span(),
        Moment::Between(start, end) => {
            let (start, end) = (span(start, at)?.0, span(end, at)?.1);
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
        && let Some(dictionary) = features.column(*field).and_then(Column::dictionary)
        && dictionary.distinct() <= features.len() / 2 + 16
    {
        let each = (0..dictionary.distinct()).map(|code| At::Code(dictionary, code));
        let truths = each.map(|at| truth(&expr, at)).collect();
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
