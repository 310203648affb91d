//! What a format writes for a value, made once for each value of a column instead of once for each feature: most
//! columns hold a few codes.

use super::cell::{Cell, coded};
use crate::ogc::{Column, Features, Row};

/// The values of the columns that have codes.
pub(super) struct Prepared {
    columns: Vec<Option<Values>>,
}

/// Texts or bytes end to end, one for each code.
struct Values {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Prepared {
    /// Of these features; `make` writes a value of a property, given as a cell and as JSON text.
    pub(super) fn new(
        features: &Features,
        make: impl Fn(&mut Vec<u8>, usize, Cell<'_>, &str),
    ) -> Self {
        let values = |field: usize| {
            let dictionary = features.column(field).and_then(Column::dictionary)?;
            let kind = features.fields().get(field)?.kind;
            let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(dictionary.distinct()));
            for code in 0..dictionary.distinct() {
                make(&mut bytes, field, coded(dictionary, kind, code), dictionary.json(code));
                ends.push(bytes.len());
            }
            Some(Values { bytes, ends })
        };
        Self { columns: (0..features.fields().len()).map(values).collect() }
    }

    /// What is written for a property of a feature; none where it is to be made.
    pub(super) fn of(&self, row: &Row<'_>, field: usize) -> Option<&[u8]> {
        self.get(field, row.code(field))
    }

    fn get(&self, field: usize, code: usize) -> Option<&[u8]> {
        let values = self.columns.get(field)?.as_ref()?;
        let start =
            code.checked_sub(1).map_or(Some(0), |before| values.ends.get(before).copied())?;
        values.bytes.get(start..*values.ends.get(code)?)
    }
}
