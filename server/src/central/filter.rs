//! Conditions on rows, evaluated on what their reader sees of them.

use std::{borrow::Cow, cmp::Ordering};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    plan::Plan,
    schema::Kind,
    value::{self, Scalar},
    write::{Cell, Here, Instance},
};

/// A checked condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(pub(super) Node);

/// A column that an expression names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    /// Whether it is looked for from the submission, not from the row of the repeat.
    pub(super) from_root: bool,
    /// The groups around it, with their stored names.
    pub(super) groups: Vec<String>,
    /// The column itself.
    pub(super) field: super::schema::Field,
}

impl Column {
    pub(super) fn stored<'a>(&self, at: &Instance<'a>) -> Option<&'a serde_json::Value> {
        if self.field.withheld {
            return None;
        }
        let start = if self.from_root { Here::root(at.row) } else { at.here };
        self.groups.iter().fold(start, |here, raw| here.child(raw)).leaf(&self.field.raw)
    }
}

/// A part of an expression; its depth is bounded where it is parsed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Literal(Scalar<'static>),
    Column(Box<Column>),
    /// A value of `__system`, by its place.
    System(usize, Kind),
    Id,
    Parent,
    Call(Function, Vec<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Compare(Operator, Box<[Self; 2]>),
    In(Box<Self>, Vec<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Contains,
    StartsWith,
    EndsWith,
    Length,
    ToLower,
    ToUpper,
    Trim,
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Date,
}

impl Filter {
    /// Whether the row fulfils the condition; what cannot be known does not fulfil it.
    pub(super) fn holds(&self, at: &Instance<'_>) -> bool {
        self.0.value(at) == Scalar::Bool(true)
    }
}

impl Node {
    /// Its value for a row, in the logic of three values.
    pub(super) fn value<'a>(&'a self, at: &'a Instance<'_>) -> Scalar<'a> {
        match self {
            Self::Literal(scalar) => borrowed(scalar),
            Self::Column(column) => value::scalar(column.field.kind, column.stored(at)),
            Self::System(place, _) => {
                at.row.system.get(*place).map_or(Scalar::Null, |cell| match cell {
                    Cell::Null => Scalar::Null,
                    Cell::Text(text) => Scalar::Text(Cow::Borrowed(text)),
                    Cell::Number(number) => {
                        value::scalar(Kind::Decimal, Some(&(*number).into())).owned()
                    }
                    Cell::At(micros) => Scalar::Time(micros.0 / 1_000 * 1_000),
                })
            }
            Self::Id => Scalar::Text(Cow::Borrowed(&at.id)),
            Self::Parent => Scalar::Text(Cow::Borrowed(&at.parent)),
            Self::Call(function, arguments) => call(*function, arguments, at),
            Self::And(all) => all_of(all, at, false),
            Self::Or(any) => all_of(any, at, true),
            Self::Not(inner) => match inner.value(at) {
                Scalar::Bool(yes) => Scalar::Bool(!yes),
                _ => Scalar::Null,
            },
            Self::Compare(operator, sides) => {
                let [left, right] = &**sides;
                compare(*operator, &left.value(at), &right.value(at))
            }
            Self::In(inner, list) => {
                let inner = inner.value(at);
                let found = list.iter().any(|one| {
                    compare(Operator::Equal, &inner, &one.value(at)) == Scalar::Bool(true)
                });
                Scalar::Bool(found)
            }
        }
    }
}

impl Scalar<'_> {
    fn owned(self) -> Scalar<'static> {
        match self {
            Scalar::Null => Scalar::Null,
            Scalar::Bool(yes) => Scalar::Bool(yes),
            Scalar::Number(number) => Scalar::Number(number),
            Scalar::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
            Scalar::Time(micros) => Scalar::Time(micros),
            Scalar::Place => Scalar::Place,
        }
    }
}

fn borrowed<'a>(scalar: &'a Scalar<'static>) -> Scalar<'a> {
    match scalar {
        Scalar::Text(text) => Scalar::Text(Cow::Borrowed(text)),
        other => other.clone(),
    }
}

/// The first value that decides, `decisive` for "or"; null when none does and one is not known.
fn all_of<'a>(nodes: &'a [Node], at: &'a Instance<'_>, decisive: bool) -> Scalar<'a> {
    let mut known = true;
    for node in nodes {
        match node.value(at) {
            Scalar::Bool(yes) if yes == decisive => return Scalar::Bool(decisive),
            Scalar::Bool(_) => {}
            _ => known = false,
        }
    }
    if known { Scalar::Bool(!decisive) } else { Scalar::Null }
}

/// `OData` 4.0, part 2, 5.1.1.1: null equals null and nothing else; every other comparison with it is false.
fn compare(operator: Operator, left: &Scalar<'_>, right: &Scalar<'_>) -> Scalar<'static> {
    let order = match (left, right) {
        (Scalar::Null, Scalar::Null) => Some(Ordering::Equal),
        (Scalar::Bool(a), Scalar::Bool(b)) => Some(a.cmp(b)),
        (Scalar::Number(a), Scalar::Number(b)) => a.partial_cmp(b),
        (Scalar::Text(a), Scalar::Text(b)) => Some(a.cmp(b)),
        (Scalar::Time(a), Scalar::Time(b)) => Some(a.cmp(b)),
        _ => None,
    };
    let both_null = matches!((left, right), (Scalar::Null, Scalar::Null));
    Scalar::Bool(match operator {
        Operator::Equal => order == Some(Ordering::Equal),
        Operator::NotEqual => order != Some(Ordering::Equal),
        _ if both_null => false,
        Operator::Less => order == Some(Ordering::Less),
        Operator::LessOrEqual => order.is_some_and(Ordering::is_le),
        Operator::Greater => order == Some(Ordering::Greater),
        Operator::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
    })
}

fn call<'a>(function: Function, arguments: &'a [Node], at: &'a Instance<'_>) -> Scalar<'a> {
    let first = arguments.first().map_or(Scalar::Null, |a| a.value(at));
    match first {
        Scalar::Text(text) => {
            let second = arguments.get(1).map_or(Scalar::Null, |a| a.value(at));
            of_text(function, &text, &second)
        }
        Scalar::Time(micros) => of_time(function, micros),
        _ => Scalar::Null,
    }
}

fn of_text(function: Function, text: &str, second: &Scalar<'_>) -> Scalar<'static> {
    let tests = |test: fn(&str, &str) -> bool| match second {
        Scalar::Text(other) => Scalar::Bool(test(text, other)),
        _ => Scalar::Null,
    };
    match function {
        Function::Contains => tests(|a, b| a.contains(b)),
        Function::StartsWith => tests(|a, b| a.starts_with(b)),
        Function::EndsWith => tests(|a, b| a.ends_with(b)),
        Function::Length => u32::try_from(text.chars().count())
            .map_or(Scalar::Null, |n| Scalar::Number(f64::from(n))),
        Function::ToLower => Scalar::Text(Cow::Owned(text.to_lowercase())),
        Function::ToUpper => Scalar::Text(Cow::Owned(text.to_uppercase())),
        Function::Trim => Scalar::Text(Cow::Owned(text.trim().to_owned())),
        _ => Scalar::Null,
    }
}

/// Parts of an instant, in Mali's time, which is UTC.
fn of_time(function: Function, micros: i64) -> Scalar<'static> {
    let Ok(at) = Timestamp::from_microsecond(micros) else { return Scalar::Null };
    let at = at.to_zoned(TimeZone::UTC);
    let number = match function {
        Function::Year => i32::from(at.year()),
        Function::Month => i32::from(at.month()),
        Function::Day => i32::from(at.day()),
        Function::Hour => i32::from(at.hour()),
        Function::Minute => i32::from(at.minute()),
        Function::Second => i32::from(at.second()),
        Function::Date => {
            let midnight = at.date().to_zoned(TimeZone::UTC);
            return midnight.map_or(Scalar::Null, |z| Scalar::Time(z.timestamp().as_microsecond()));
        }
        _ => return Scalar::Null,
    };
    Scalar::Number(f64::from(number))
}

impl Plan {
    /// Whether a row is asked for.
    pub(super) fn wants(&self, at: &Instance<'_>) -> bool {
        let parent = self.under.as_ref().is_none_or(|id| *id == at.parent);
        parent && self.options.filter.as_ref().is_none_or(|filter| filter.holds(at))
    }
}
