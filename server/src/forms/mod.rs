//! XForms and what they collect: reading a form definition, and decoding and checking submissions.
//!
//! Pure: no file, database, network or clock; whoever calls passes bytes and today's date.

mod answers;
mod checks;
mod choices;
mod constraint;
mod correct;
mod decode;
mod dom;
mod entities;
mod envelope;
mod error;
mod form;
mod instance;
mod itext;
mod limits;
mod logic;
mod model;
mod outline;
mod redact;
mod scan;
mod sent;
mod shape;
mod spans;
mod value;
pub mod xlsform;
mod xpath;

pub use checks::{
    RULE_CALCULATION, RULE_CONSTRAINT, RULE_IRRELEVANT, RULE_LOGIC_TOO_LONG, RULE_NOT_OFFERED,
    RULE_OUT_OF_RANGE, RULE_RELEVANT_MISSING, RULE_REQUIRED_MISSING, RULE_UNKNOWN_CODE,
    RULE_WRONG_TYPE, Severity, Violation,
};
pub use constraint::{Bounds, Comparison, Operand, Operator, Subject};
pub use correct::{CorrectionError, WrongCorrection, correct};
pub use decode::{Answer, Decoded, decode};
pub use entities::EntityBlock;
pub use envelope::{Envelope, envelope, named};
pub use error::{FormError, XmlRefused};
pub use logic::{NotEvaluated, evaluate};
pub use model::{
    AnswerKind, Choices, Class, CodeSet, EntityDecl, MediaRef, Mode, Question, Realm, XForm,
};
pub use redact::redacted;
pub use shape::{Shape, ShapeKind};
pub use value::{GeoPoint, Value};
pub use xpath::{Atom, Kind, Moment, Stop};

#[cfg(test)]
mod fixtures;
