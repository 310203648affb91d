//! From a questionnaire as people write it (XLSForm, a workbook) to the form that phones read (XForm). Covers what surveys
//! use; what it does not cover it refuses by sheet, row and column, and never guesses.

mod book;
mod choices;
mod entity;
mod expression;
mod itext;
mod survey;
mod tree;
mod types;
mod write;
mod xml;

pub use book::XlsFault;

use book::{Book, Faults};

/// A workbook that is no questionnaire, or one that says what this program does not cover.
#[derive(Debug, thiserror::Error)]
pub enum XlsFormError {
    /// Not a workbook.
    #[error(transparent)]
    Sheet(#[from] crate::import::SheetError),
    /// What is wrong in it, or not covered.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<XlsFault>),
}

/// Converts a workbook into an XForm.
///
/// # Errors
/// When it is no workbook, or with everything that is wrong in it.
pub fn convert(workbook: &[u8]) -> Result<String, XlsFormError> {
    let mut faults = Faults::default();
    let book = Book::read(workbook, &mut faults)?;
    let form = survey::read(&book, &mut faults);
    let xml = form.map(|form| write::write(&form, &mut faults));
    match (xml, faults.into_all()) {
        (Some(xml), all) if all.is_empty() => Ok(xml),
        (_, all) => Err(XlsFormError::Faults(all)),
    }
}
