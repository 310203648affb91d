//! OpenRosa for unmodified Collect and KoboCollect, as they really behave.
//!
//! Answers that the phone parses are `text/xml` with `X-OpenRosa-Version`; every refusal carries a
//! short French sentence, because the interviewer reads it.

mod door;
mod entity_list;
mod forms;
mod held_list;
mod multipart;
mod reply;
mod submission;

pub use door::router;
pub(crate) use door::version_header;
pub(crate) use held_list::HeldLists;
