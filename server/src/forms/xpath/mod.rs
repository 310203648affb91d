//! The expressions of `XForms`, evaluated as JavaRosa evaluates them on the phone.
//!
//! Pure, deterministic and bounded: parsing by length and depth, evaluating by a count of steps,
//! patterns by the size of what they compile to. What this server does not know, or what nobody
//! can say again (chance, the phone's own properties), is *not evaluated*, which is a value of its
//! own ([`Stop`]) and never a reason to refuse an answer. JavaRosa's habits are kept, odd ones
//! included, because the question is always what the phone computed; `tests/xpath.rs` compares
//! the two on thousands of expressions.

mod ast;
mod call;
mod chance;
mod date;
mod digest;
mod eval;
mod function;
mod kind;
mod list;
mod math;
mod names;
mod number;
mod parse;
mod path;
mod pattern;
mod place;
mod stop;
mod text;
mod time;
mod token;
mod tree;
mod value;

pub(super) use ast::{Expr, Path, Start, Vocabulary};
pub(super) use eval::{At, Labels, Scope, World};
pub(super) use function::Function;
pub(super) use kind::kind_of;
pub(super) use list::List;
pub(super) use names::{Name, Names};
pub(super) use parse::parse;
pub(super) use tree::{Leaf, NONE, NodeId, Tree};
pub(super) use value::{Nodes, Value};

pub use date::Moment;
pub use stop::Stop;
pub use value::{Atom, Kind};
