//! Lists of people in files: reads any layout, hands it to the linkage engine, writes what came of it.
//!
//! What `sanu link` runs. The file is read once, as a stream: of a registration only what the engine keeps stays in
//! memory. No value of a file is ever written again, in outputs, reports or errors, but its record ids.

mod ahead;
mod bounded;
mod columns;
mod evaluate;
mod header;
mod ids;
mod oddities;
mod output;
mod person;
mod read;
mod report;
mod rows;
#[cfg(test)]
mod rows_tests;
mod source;
mod words;

pub use columns::{Column, Columns, MappingError};
pub use evaluate::{AtPrecision, Scores, at_precision, scores};
pub use ids::Ids;
pub use oddities::{Oddities, Oddity};
pub use output::{write_clusters, write_pairs};
pub use person::Person;
pub use read::{List, MAX_ROWS, Options, ReadError, read_list};
pub use report::{Report, Stages};
pub(crate) use rows::windows_1252;
pub use rows::{Row, RowError, Rows};
pub use source::{SourceError, open};
pub use words::{account, verdict_words};
