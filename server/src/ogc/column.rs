//! One property of all features: a sorted dictionary and a code per feature, as narrow as it fits.

use std::collections::HashMap;

use super::value::{Kind, Value};

/// Texts end to end.
#[derive(Debug, Default)]
struct Arena {
    text: String,
    ends: Vec<u32>,
}

impl Arena {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        // 4 GiB of distinct values of one property would not fit the register either.
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    fn get(&self, i: usize) -> &str {
        let at = |i: usize| self.ends.get(i).and_then(|e| usize::try_from(*e).ok());
        let start = i.checked_sub(1).map_or(Some(0), at).unwrap_or_default();
        self.text.get(start..at(i).unwrap_or_default()).unwrap_or_default()
    }
}

#[derive(Debug)]
enum Codes {
    Narrow(Vec<u8>),
    Middle(Vec<u16>),
    Wide(Vec<u32>),
}

/// The values of one property. Codes are in the order of the values; 0 stands for "not known".
#[derive(Debug)]
pub struct Column {
    codes: Codes,
    values: Vec<Value>,
    json: Arena,
}

impl Column {
    /// The code of a row.
    pub fn code(&self, row: usize) -> usize {
        match &self.codes {
            Codes::Narrow(codes) => codes.get(row).map_or(0, |c| usize::from(*c)),
            Codes::Middle(codes) => codes.get(row).map_or(0, |c| usize::from(*c)),
            Codes::Wide(codes) => {
                codes.get(row).and_then(|c| usize::try_from(*c).ok()).unwrap_or_default()
            }
        }
    }

    /// The value that a code stands for.
    pub fn value(&self, code: usize) -> &Value {
        self.values.get(code).unwrap_or(&Value::Null)
    }

    /// What a code stands for, as JSON text.
    pub fn json(&self, code: usize) -> &str {
        self.json.get(code)
    }

    /// Different values, "not known" among them.
    pub fn distinct(&self) -> usize {
        self.values.len()
    }

    /// Where a value stands among the codes: twice its code, or the odd number between two codes.
    pub fn place(&self, value: &Value) -> usize {
        let below = self.values.partition_point(|v| v.rank(value).is_lt());
        let here = self.values.get(below).is_some_and(|v| v.rank(value).is_eq());
        if here { below * 2 } else { (below * 2).saturating_sub(1) }
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        let codes = match &self.codes {
            Codes::Narrow(c) => c.len(),
            Codes::Middle(c) => c.len() * 2,
            Codes::Wide(c) => c.len() * 4,
        };
        codes + self.values.len() * 48 + self.json.text.len() * 2 + self.json.ends.len() * 4
    }
}

/// A column while rows are added.
#[derive(Debug)]
pub(super) struct ColumnBuilder {
    kind: Kind,
    known: HashMap<Box<str>, u32>,
    codes: Vec<u32>,
}

impl ColumnBuilder {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, known: HashMap::new(), codes: Vec::new() }
    }

    /// Sets the value of a row, as JSON text. Rows left out have none.
    pub(super) fn set(&mut self, row: usize, json: &str) {
        if json == "null" {
            return;
        }
        let next = u32::try_from(self.known.len() + 1).unwrap_or(u32::MAX);
        let code = match self.known.get(json) {
            Some(code) => *code,
            None => *self.known.entry(json.into()).or_insert(next),
        };
        self.codes.resize(row, 0);
        self.codes.push(code);
    }

    /// Sorts the dictionary and puts the rows into this order.
    pub(super) fn finish(mut self, order: &[usize]) -> Column {
        let mut dictionary: Vec<(Value, Box<str>, u32)> = self
            .known
            .drain()
            .map(|(json, code)| (Value::of_json(&json, self.kind), json, code))
            .collect();
        // The same value may be written in two ways (5 and 5.0): both are kept, side by side.
        dictionary.sort_by(|a, b| a.0.rank(&b.0).then_with(|| a.1.cmp(&b.1)));
        let mut moved = vec![0_u32; dictionary.len() + 1];
        let mut values = vec![Value::Null];
        let mut json = Arena::default();
        json.push("null");
        for (new, (value, text, old)) in (1_u32..).zip(dictionary) {
            if let Some(slot) = usize::try_from(old).ok().and_then(|o| moved.get_mut(o)) {
                *slot = new;
            }
            values.push(value);
            json.push(&text);
        }
        let code_of = |row: &usize| {
            let old = self.codes.get(*row).copied().unwrap_or_default();
            usize::try_from(old).ok().and_then(|o| moved.get(o)).copied().unwrap_or_default()
        };
        let codes = match values.len() {
            ..=256 => Codes::Narrow(
                order.iter().map(|r| u8::try_from(code_of(r)).unwrap_or_default()).collect(),
            ),
            257..=65_536 => Codes::Middle(
                order.iter().map(|r| u16::try_from(code_of(r)).unwrap_or_default()).collect(),
            ),
            _ => Codes::Wide(order.iter().map(code_of).collect()),
        };
        Column { codes, values, json }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_the_order_of_values_and_rows_keep_theirs() {
        let mut builder = ColumnBuilder::new(Kind::Integer);
        for (row, json) in [(0, "30"), (2, "4"), (3, "null"), (4, "30")] {
            builder.set(row, json);
        }
        let column = builder.finish(&[4, 3, 2, 1, 0]);

        let seen: Vec<&str> = (0..5).map(|r| column.json(column.code(r))).collect();
        assert_eq!(seen, ["30", "null", "4", "null", "30"]);
        assert!(column.code(0) > column.code(2));
        assert_eq!(column.place(&Value::Number(4.0)), 2);
        assert_eq!(column.place(&Value::Number(5.0)), 3);
        assert_eq!(column.place(&Value::Null), 0);
        assert_eq!(column.place(&Value::Number(99.0)), 5);
    }

    #[test]
    fn many_values_take_wider_codes() {
        let mut builder = ColumnBuilder::new(Kind::Integer);
        for row in 0..70_000 {
            builder.set(row, &row.to_string());
        }
        let order: Vec<usize> = (0..70_000).collect();
        let column = builder.finish(&order);
        assert_eq!(column.json(column.code(69_999)), "69999");
        assert_eq!(column.distinct(), 70_001);
    }
}
