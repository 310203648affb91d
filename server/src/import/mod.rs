//! Base lists that an office loads: sites, cooperatives, agents, lots of cards. Reads files of any origin into lines
//! and says what they would change. Pure: knows neither the database nor the command line.

mod columns;
mod doubts;
mod lines;
mod plan;
mod sheets;
mod text;
mod value;
mod xlsx;

pub use columns::{Columns, ColumnsError, lists};
pub use lines::{Fault, FileError, Line, List, read_list};
pub use plan::{Known, Plan, Register, entity_id};
pub use sheets::{Capacity, Sheet, SheetError, read_sheets};
