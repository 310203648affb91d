//! Who is calling and what they may do. Secrets are compared, never logged.

mod digest;
mod guard;
mod memory;
mod password;
mod role;

pub use digest::{Challenge, ha1};
pub use guard::{Access, AccessError, Caller, Login};
pub use password::{hash_password, token_hash, verify_password};
pub use role::{RecordTier, ReviewTier, Role, SiteTier};
