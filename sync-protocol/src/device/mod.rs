//! The device's half of the protocol as state machines: what to send next, and what an answer allows it to forget.
//!
//! Nothing here talks to a server. The application sends the bytes, measures the time and hands in what came back.

mod answer;
mod follower;
mod outbox;
mod pace;
mod parcel;
mod receipts;
#[cfg(test)]
mod simulation;

pub use answer::{AnswerError, Failure, ServerMark};
pub use follower::Follower;
pub use outbox::Outbox;
pub use pace::Pace;
pub use parcel::{Batch, Counts, Parcel, Progress, Refusal, Settled, Ticket};
