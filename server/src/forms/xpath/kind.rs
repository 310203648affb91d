//! What kind of value an expression always gives.
//!
//! A calculated answer is written as text (`1` for true) and keeps its kind on the phone: reading
//! `0` back as the text it looks like would make it true.

use super::ast::{Expr, Operator};
use super::function::Function;
use super::value::Kind;

/// The kind of the values of an expression, when it is always the same.
pub(in crate::forms) fn kind_of(expression: &Expr) -> Option<Kind> {
    match expression {
        Expr::Number(_) | Expr::Negate(_) => Some(Kind::Number),
        Expr::Text(_) => Some(Kind::Text),
        Expr::Or(_) | Expr::And(_) | Expr::Matches(..) => Some(Kind::Boolean),
        Expr::Chain(_, rest) => match rest.last() {
            Some((
                Operator::Plus
                | Operator::Minus
                | Operator::Times
                | Operator::Divide
                | Operator::Modulo,
                _,
            )) => Some(Kind::Number),
            _ => Some(Kind::Boolean),
        },
        Expr::Call(Function::If, arguments) => match arguments.as_slice() {
            [_, yes, no] => both(yes, no),
            _ => None,
        },
        Expr::Call(Function::Coalesce, arguments) => match arguments.as_slice() {
            [first, second] => both(first, second),
            _ => None,
        },
        Expr::Call(Function::Once | Function::Depend, arguments) => {
            arguments.first().and_then(kind_of)
        }
        Expr::Call(function, _) => function.gives(),
        Expr::Path(_) => None,
    }
}

/// Two branches agree, or one of them is the blank, which has no kind.
fn both(one: &Expr, other: &Expr) -> Option<Kind> {
    let blank = |e: &Expr| matches!(e, Expr::Text(text) if text.is_empty());
    match (kind_of(one), kind_of(other)) {
        (one, other) if one == other => one,
        (one, _) if blank(other) => one,
        (_, other) if blank(one) => other,
        _ => None,
    }
}
