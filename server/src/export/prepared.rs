//! What a format writes for a value, made once for each value of a column instead of once for each feature: most
//! columns hold a few codes.

use crate::ogc::Features;

/// Columns with more different values than this are written value by value.
const FEW: usize = 65_536;

/// The values of the columns that have few.
pub(super) struct Prepared {
    columns: Vec<Option<Values>>,
}

/// Texts or bytes end to end, one for each code.
struct Values {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Prepared {
    /// Of these features; `make` writes the value of a column that a code stands for.
    pub(super) fn new(features: &Features, make: impl Fn(&mut Vec<u8>, usize, usize)) -> Self {
        let values = |field: usize| {
            let distinct = features.column(field)?.distinct();
            // What stands once or twice is not worth it.
            if distinct > FEW || distinct > features.len() / 2 {
                return None;
            }
            let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(distinct));
            for code in 0..distinct {
                make(&mut bytes, field, code);
                ends.push(bytes.len());
            }
            Some(Values { bytes, ends })
        };
        Self { columns: (0..features.fields().len()).map(values).collect() }
    }

    /// What is written for a code of a column; none where it is to be made.
    pub(super) fn get(&self, field: usize, code: usize) -> Option<&[u8]> {
        let values = self.columns.get(field)?.as_ref()?;
        let start =
            code.checked_sub(1).map_or(Some(0), |before| values.ends.get(before).copied())?;
        values.bytes.get(start..*values.ends.get(code)?)
    }
}
