//! One feature, read from its record.

use std::{borrow::Cow, io};

use super::{
    column::{Column, Place},
    features::{Features, Located},
    records::Cursor,
    value::{Kind, Value},
};

/// Reads features, in any order; in theirs it is quickest.
pub struct Rows<'a> {
    features: &'a Features,
    cursor: Cursor<'a>,
}

/// One feature.
#[derive(Clone, Copy)]
pub struct Row<'r> {
    features: &'r Features,
    number: usize,
    record: &'r [u8],
}

impl Features {
    /// Reads them.
    pub fn rows(&self) -> Rows<'_> {
        Rows { features: self, cursor: Cursor::new(self.records()) }
    }
}

impl<'a> Rows<'a> {
    /// The feature of this number.
    ///
    /// # Errors
    /// Those of the file that the properties lie in.
    pub fn row(&mut self, number: usize) -> io::Result<Row<'_>> {
        let record = self.cursor.get(number)?;
        Ok(Row { features: self.features, number, record })
    }

    /// The features that are read.
    pub const fn features(&self) -> &'a Features {
        self.features
    }
}

impl<'r> Row<'r> {
    /// The features that it is one of.
    pub const fn features(&self) -> &'r Features {
        self.features
    }

    /// Its number among them.
    pub const fn number(&self) -> usize {
        self.number
    }

    /// Its id.
    pub fn id(&self) -> Cow<'r, str> {
        self.features.id(self.number)
    }

    /// Where it lies.
    pub fn located(&self) -> Located<'r> {
        self.features.located(self.number)
    }

    /// The code of a property, where properties have codes; 0 stands for "not known".
    pub fn code(&self, field: usize) -> usize {
        match self.features.column(field) {
            Some(Column::Coded { at, wide, .. }) => coded(self.record, *at, *wide),
            Some(Column::Plain(_)) | None => 0,
        }
    }

    /// A property as JSON text.
    pub fn json(&self, field: usize) -> &'r str {
        match self.features.column(field) {
            Some(Column::Coded { dictionary, at, wide }) => {
                dictionary.json(coded(self.record, *at, *wide))
            }
            Some(Column::Plain(text)) => {
                self.text(*text).filter(|json| !json.is_empty()).unwrap_or("null")
            }
            None => "null",
        }
    }

    /// A property.
    pub fn value(&self, field: usize) -> Cow<'r, Value> {
        match self.features.column(field) {
            Some(Column::Coded { dictionary, at, wide }) => {
                Cow::Borrowed(dictionary.value(coded(self.record, *at, *wide)))
            }
            Some(Column::Plain(_)) => {
                let kind = self.features.fields().get(field).map_or(Kind::Text, |f| f.kind);
                Cow::Owned(Value::of_json(self.json(field), kind))
            }
            None => Cow::Owned(Value::Null),
        }
    }

    /// Where a property stands among its values.
    pub(super) fn place(&self, field: usize) -> Place<'r> {
        match self.features.column(field) {
            Some(Column::Plain(_)) => Place::Value(self.value(field)),
            Some(Column::Coded { .. }) | None => Place::Code(self.code(field) * 2),
        }
    }

    /// One of the texts after the codes: first where each ends, then the texts.
    fn text(&self, number: usize) -> Option<&'r str> {
        let head = self.features.texts_at();
        let end = |n: usize| {
            let at = head.start + n * 4;
            let bytes = self.record.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let start = number.checked_sub(1).map_or(Some(0), end)?;
        let bytes = self.record.get(head.end + start..head.end + end(number)?)?;
        str::from_utf8(bytes).ok()
    }
}

fn coded(record: &[u8], at: usize, wide: bool) -> usize {
    let low = record.get(at).copied().unwrap_or_default();
    let high = if wide { record.get(at + 1).copied().unwrap_or_default() } else { 0 };
    usize::from(u16::from_le_bytes([low, high]))
}
