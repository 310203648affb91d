//! Counts: what they can be broken down by, and what of them a reader may see. Pure.

mod anonymity;
mod coverage;
mod cube;
mod dimension;
mod doubt;
mod dual_system;
mod lines;
mod linkage_quality;
mod partition;
mod protect;
mod release;
mod table;
mod tally;

#[cfg(test)]
mod attack;
#[cfg(test)]
mod simplex;

pub use anonymity::{K, Quasi, Report, STEPS, TEN_YEARS, diversify, generalise};
pub use coverage::{Coverage, Ratio, coverage};
pub use cube::{Cube, SUBMISSIONS};
pub use dimension::{AXES, Axis, Dimension};
pub use doubt::{Assumptions, Doubt, OpenPair, Superfluous, doubt};
pub use dual_system::{Contradiction, DualSystem, Population, TwoCounts};
pub use lines::{Line, Lines, WIDTH};
pub use linkage_quality::{Band, Between, Judged, Share, bands, precision, recall};
pub use protect::{BaseCell, Threshold, Tree, protect};
pub use release::{Release, share};
pub use table::{Manner, Shown, Suppressed, Table};
pub use tally::Tally;
