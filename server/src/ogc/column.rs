//! One property of all features: a sorted dictionary and a code in each record where it has few values, and the
//! value itself where it has many.

use std::{borrow::Cow, cmp::Ordering, collections::HashMap};

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

/// How a record holds a property.
#[derive(Debug)]
pub enum Column {
    /// By a code of one byte, or of two.
    Coded {
        /// What the codes stand for.
        dictionary: Dictionary,
        /// Where the code begins in a record.
        at: usize,
        /// Whether it has two bytes.
        wide: bool,
    },
    /// As JSON text: which of the texts of a record it is.
    Plain(usize),
}

impl Column {
    /// What its codes stand for, if it has codes.
    pub const fn dictionary(&self) -> Option<&Dictionary> {
        match self {
            Self::Coded { dictionary, .. } => Some(dictionary),
            Self::Plain(_) => None,
        }
    }

    /// Where a value of this kind stands among the others.
    pub(super) fn place(&self, value: Value) -> Place<'static> {
        match self.dictionary() {
            Some(dictionary) => Place::Code(dictionary.place(&value)),
            None => Place::Value(Cow::Owned(value)),
        }
    }

    /// Bytes held, about.
    pub(super) fn bytes(&self) -> usize {
        self.dictionary()
            .map_or(0, |d| d.values.len() * 48 + d.json.text.len() * 2 + d.json.ends.len() * 4)
    }
}

/// Where a value of a property stands among all: places of one property compare as its values do.
#[derive(Clone, Debug)]
pub(super) enum Place<'a> {
    /// Twice its code, or the odd number between two codes.
    Code(usize),
    /// The value.
    Value(Cow<'a, Value>),
}

impl Place<'_> {
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Code(a), Self::Code(b)) => a.cmp(b),
            (Self::Value(a), Self::Value(b)) => a.rank(b),
            // Never of one property.
            (Self::Code(_), Self::Value(_)) => Ordering::Less,
            (Self::Value(_), Self::Code(_)) => Ordering::Greater,
        }
    }

    pub(super) fn into_owned(self) -> Place<'static> {
        match self {
            Self::Code(code) => Place::Code(code),
            Self::Value(value) => Place::Value(Cow::Owned(value.into_owned())),
        }
    }
}

/// The different values of a property, in their order; 0 stands for "not known".
#[derive(Debug)]
pub struct Dictionary {
    values: Vec<Value>,
    json: Arena,
}

impl Dictionary {
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
    fn place(&self, value: &Value) -> usize {
        let below = self.values.partition_point(|v| v.rank(value).is_lt());
        let here = self.values.get(below).is_some_and(|v| v.rank(value).is_eq());
        if here { below * 2 } else { (below * 2).saturating_sub(1) }
    }
}

/// Values of one property up to which each is kept once: their dictionaries stay in memory.
const FEW: usize = 4_096;

/// The values of one property while features are added.
#[derive(Debug)]
pub(super) struct Values {
    kind: Kind,
    known: HashMap<Box<str>, u16>,
    /// Whether there are more than are known.
    many: bool,
}

/// How the values of one property were written while features were added, and will be from now on.
#[derive(Debug)]
pub(super) struct Written {
    /// For each code that was given: the code from now on, and the value.
    pub(super) moved: Vec<(u16, Box<str>)>,
    /// The dictionary; none where there are many values.
    pub(super) dictionary: Option<Dictionary>,
}

impl Values {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, known: HashMap::new(), many: false }
    }

    /// The code of a value, from 0 on; none when it is to be written as it is.
    pub(super) fn code(&mut self, json: &str) -> Option<u16> {
        if let Some(code) = self.known.get(json) {
            return Some(*code);
        }
        if self.known.len() >= FEW {
            self.many = true;
            return None;
        }
        let next = u16::try_from(self.known.len()).unwrap_or(u16::MAX);
        self.known.insert(json.into(), next);
        Some(next)
    }

    /// Sorts them.
    pub(super) fn finish(self) -> Written {
        let mut given: Vec<(u16, Box<str>)> =
            self.known.into_iter().map(|(json, code)| (code, json)).collect();
        given.sort_unstable_by_key(|(code, _)| *code);
        if self.many {
            return Written { moved: given, dictionary: None };
        }
        let mut sorted: Vec<(Value, &str, usize)> = given
            .iter()
            .enumerate()
            .map(|(code, (_, json))| (Value::of_json(json, self.kind), &**json, code))
            .collect();
        // The same value may be written in two ways (5 and 5.0): both are kept, side by side.
        sorted.sort_by(|a, b| a.0.rank(&b.0).then_with(|| a.1.cmp(b.1)));
        let mut new_of = vec![0_u16; given.len()];
        let mut dictionary = Dictionary { values: vec![Value::Null], json: Arena::default() };
        dictionary.json.push("null");
        for (new, (value, json, old)) in (1_u16..).zip(sorted) {
            if let Some(slot) = new_of.get_mut(old) {
                *slot = new;
            }
            dictionary.values.push(value);
            dictionary.json.push(json);
        }
        let moved = new_of.into_iter().zip(given).map(|(new, (_, json))| (new, json)).collect();
        Written { moved, dictionary: Some(dictionary) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_the_order_of_values() {
        let mut values = Values::new(Kind::Integer);
        let given: Vec<_> = ["30", "4", "30"].iter().map(|json| values.code(json)).collect();
        assert_eq!(given, [Some(0), Some(1), Some(0)]);
        let written = values.finish();
        let dictionary = written.dictionary.unwrap();

        let new: Vec<_> = written.moved.iter().map(|(new, json)| (*new, &**json)).collect();
        assert_eq!(new, [(2, "30"), (1, "4")]);
        assert_eq!([0, 1, 2].map(|code| dictionary.json(code)), ["null", "4", "30"]);
        assert_eq!(dictionary.place(&Value::Number(4.0)), 2);
        assert_eq!(dictionary.place(&Value::Number(5.0)), 3);
        assert_eq!(dictionary.place(&Value::Null), 0);
        assert_eq!(dictionary.place(&Value::Number(99.0)), 5);
    }

    #[test]
    fn more_values_than_a_dictionary_holds_are_written_as_they_are() {
        let mut values = Values::new(Kind::Integer);
        let codes = (0..5_000).map(|n| values.code(&n.to_string())).collect::<Vec<_>>();
        assert_eq!(codes.iter().flatten().count(), FEW);
        assert_eq!(values.code("7"), Some(7));
        assert!(values.finish().dictionary.is_none());
    }
}
