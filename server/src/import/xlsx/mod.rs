//! Reads the parts of a workbook (Office Open XML) that a list needs: names of sheets, texts, which numbers are dates,
//! cells. Whatever the file says of itself, no more is unpacked, kept or laid out than there is [`Room`] for.

mod archive;
mod cells;
mod parts;
mod strings;
mod styles;

pub(super) use archive::{Archive, Room};
pub(super) use cells::{Cell, Marks, read_cells, said};
pub(super) use parts::Parts;
pub(super) use strings::shared_strings;
pub(super) use styles::date_styles;

#[cfg(test)]
mod tests;
