//! `/v1/reviews/submissions`: what came in, what is wrong with it, and what people decide.

mod correct;
mod decide;
mod find;
mod one;
mod queue;

pub(super) use decide::{answered, put, put_many};
pub(super) use one::{may_read, one};
pub(super) use queue::queue;
