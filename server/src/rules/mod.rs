//! The validation rules: what is wrong with a record, told to people and never to the phone.
//!
//! Pure: a record, what the caller looked up, and the table of rules (`schemas/rules.csv`) in; the
//! rules that it breaks out. One file per theme; a rule that is given nothing to look up is silent.

mod card;
mod child;
mod context;
mod cooperative;
mod envelope;
mod finding;
mod identity;
mod interviews;
mod miner;
mod mining;
mod outline;
mod position;
mod record;
mod register;
mod site;
mod study;
#[cfg(test)]
mod tests;
mod visit;

pub use card::{as_printed as card_as_printed, is_valid as card_is_valid};
pub use context::{Agent, Campaign, Context, Cooperative, Known, Neighbour, Others, Person, Site};
pub use finding::Finding;
pub use interviews::{DaySays, Interview};
pub use position::is_of_another_cercle;
pub use register::{
    check, compare, compares, is_asked_again, is_by_boundaries, is_compared, is_of_calendar,
    is_of_device_day, is_of_memory, is_placed, without_consent,
};
