//! One file that holds a register: a tar archive in zstd, every member hashed, the list of hashes last. Knows neither the
//! database nor the command line.

mod archive;
mod name;
mod unpack;

pub use archive::{Archive, Manifest, Member};
pub use unpack::{ArchiveError, unpack, verify};
