//! The functions of `XForms`, as JavaRosa and Collect have them.

use super::stop::Stop;
use super::value::Kind;

/// A function that is evaluated here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forms) enum Function {
    Abs,
    Acos,
    Area,
    Asin,
    Atan,
    Atan2,
    Base64Decode,
    Boolean,
    BooleanFromString,
    Checklist,
    ChoiceName,
    Coalesce,
    Concat,
    Contains,
    Cos,
    Count,
    CountNonEmpty,
    CountSelected,
    Date,
    DateTime,
    DecimalDateTime,
    DecimalTime,
    Depend,
    Digest,
    Distance,
    EndsWith,
    Exp,
    Exp10,
    False,
    FormatDate,
    Geofence,
    If,
    IndexedRepeat,
    Int,
    Join,
    Log,
    Log10,
    Max,
    Min,
    NormalizeSpace,
    Not,
    Now,
    Number,
    Once,
    Pi,
    Position,
    Pow,
    Pulldata,
    Randomize,
    Regex,
    Round,
    Selected,
    SelectedAt,
    Sin,
    Sqrt,
    StartsWith,
    String,
    StringLength,
    SubstringAfter,
    SubstringBefore,
    Substr,
    Sum,
    Tan,
    Today,
    Translate,
    True,
    Version,
    WeightedChecklist,
}

/// Any number of arguments from here on.
const MANY: usize = usize::MAX;

/// Name, function, fewest and most arguments, and what it gives when that is always the same.
type Row = (&'static str, Function, usize, usize, Option<Kind>);

const NUMBER: Option<Kind> = Some(Kind::Number);
const TEXT: Option<Kind> = Some(Kind::Text);
const BOOL: Option<Kind> = Some(Kind::Boolean);

const TABLE: [Row; 71] = [
    ("abs", Function::Abs, 1, 1, NUMBER),
    ("acos", Function::Acos, 1, 1, NUMBER),
    ("area", Function::Area, 1, 1, NUMBER),
    ("asin", Function::Asin, 1, 1, NUMBER),
    ("atan", Function::Atan, 1, 1, NUMBER),
    ("atan2", Function::Atan2, 2, 2, NUMBER),
    ("base64-decode", Function::Base64Decode, 1, 1, TEXT),
    ("boolean", Function::Boolean, 1, 1, BOOL),
    ("boolean-from-string", Function::BooleanFromString, 1, 1, BOOL),
    ("checklist", Function::Checklist, 2, MANY, BOOL),
    ("coalesce", Function::Coalesce, 2, 2, None),
    ("concat", Function::Concat, 0, MANY, TEXT),
    ("contains", Function::Contains, 2, 2, BOOL),
    ("cos", Function::Cos, 1, 1, NUMBER),
    ("count", Function::Count, 1, 1, NUMBER),
    ("count-non-empty", Function::CountNonEmpty, 1, 1, NUMBER),
    ("count-selected", Function::CountSelected, 1, 1, NUMBER),
    ("date", Function::Date, 1, 1, Some(Kind::DateTime)),
    ("date-time", Function::DateTime, 1, 1, Some(Kind::DateTime)),
    ("decimal-date-time", Function::DecimalDateTime, 1, 1, NUMBER),
    ("decimal-time", Function::DecimalTime, 1, 1, NUMBER),
    ("depend", Function::Depend, 1, MANY, None),
    ("digest", Function::Digest, 2, 3, TEXT),
    ("distance", Function::Distance, 1, MANY, NUMBER),
    ("enclosed-area", Function::Area, 1, 1, NUMBER),
    ("ends-with", Function::EndsWith, 2, 2, BOOL),
    ("exp", Function::Exp, 1, 1, NUMBER),
    ("exp10", Function::Exp10, 1, 1, NUMBER),
    ("false", Function::False, 0, 0, BOOL),
    ("format-date", Function::FormatDate, 2, 2, TEXT),
    ("format-date-time", Function::FormatDate, 2, 2, TEXT),
    ("geofence", Function::Geofence, 2, 2, BOOL),
    ("if", Function::If, 3, 3, None),
    ("indexed-repeat", Function::IndexedRepeat, 3, 11, None),
    ("int", Function::Int, 1, 1, NUMBER),
    ("is-selected", Function::Selected, 2, 2, BOOL),
    ("join", Function::Join, 1, MANY, TEXT),
    ("jr:choice-name", Function::ChoiceName, 2, 2, TEXT),
    ("log", Function::Log, 1, 1, NUMBER),
    ("log10", Function::Log10, 1, 1, NUMBER),
    ("max", Function::Max, 0, MANY, NUMBER),
    ("min", Function::Min, 0, MANY, NUMBER),
    ("normalize-space", Function::NormalizeSpace, 0, 1, TEXT),
    ("not", Function::Not, 1, 1, BOOL),
    ("now", Function::Now, 0, 0, Some(Kind::DateTime)),
    ("number", Function::Number, 1, 1, NUMBER),
    ("once", Function::Once, 1, 1, None),
    ("pi", Function::Pi, 0, 0, NUMBER),
    ("position", Function::Position, 0, 1, NUMBER),
    ("pow", Function::Pow, 2, 2, NUMBER),
    ("pulldata", Function::Pulldata, 4, 4, TEXT),
    ("randomize", Function::Randomize, 1, 2, None),
    ("regex", Function::Regex, 2, 2, BOOL),
    ("round", Function::Round, 1, 2, NUMBER),
    ("selected", Function::Selected, 2, 2, BOOL),
    ("selected-at", Function::SelectedAt, 2, 2, TEXT),
    ("sin", Function::Sin, 1, 1, NUMBER),
    ("sqrt", Function::Sqrt, 1, 1, NUMBER),
    ("starts-with", Function::StartsWith, 2, 2, BOOL),
    ("string", Function::String, 1, 1, TEXT),
    ("string-length", Function::StringLength, 0, 1, NUMBER),
    ("substr", Function::Substr, 2, 3, TEXT),
    ("substring-after", Function::SubstringAfter, 2, 2, TEXT),
    ("substring-before", Function::SubstringBefore, 2, 2, TEXT),
    ("sum", Function::Sum, 1, 1, NUMBER),
    ("tan", Function::Tan, 1, 1, NUMBER),
    ("today", Function::Today, 0, 0, Some(Kind::Date)),
    ("translate", Function::Translate, 3, 3, TEXT),
    ("true", Function::True, 0, 0, BOOL),
    ("version", Function::Version, 0, 0, TEXT),
    ("weighted-checklist", Function::WeightedChecklist, 2, MANY, BOOL),
];

impl Function {
    /// The functions whose value depends on when they are called.
    pub(in crate::forms) const OF_THE_CLOCK: [Self; 2] = [Self::Today, Self::Now];

    /// Finds a function that takes so many arguments.
    pub(super) fn find(name: &str, arguments: usize) -> Result<Self, Stop> {
        let found = TABLE.binary_search_by(|row| row.0.cmp(name)).ok();
        let Some((_, function, fewest, most, _)) = found.and_then(|at| TABLE.get(at)) else {
            // random(), uuid(), property() and whatever else: nobody can say again what they gave.
            return Err(Stop::unsupported(format!("function {name}()")));
        };
        let odd = *function == Self::IndexedRepeat && arguments.is_multiple_of(2)
            || *function == Self::WeightedChecklist && !arguments.is_multiple_of(2);
        if odd || !(*fewest..=*most).contains(&arguments) {
            return Err(Stop::unsupported(format!("{name}() with {arguments} arguments")));
        }
        Ok(*function)
    }

    /// What it gives, when that is always the same.
    pub(super) fn gives(self) -> Option<Kind> {
        TABLE.iter().find(|row| row.1 == self).and_then(|row| row.4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_every_function_is_found() {
        assert!(TABLE.is_sorted_by_key(|row| row.0));
        for (name, function, fewest, ..) in TABLE {
            assert_eq!(Function::find(name, fewest), Ok(function), "{name}");
        }
        assert!(Function::find("uuid", 0).is_err());
        assert!(Function::find("if", 2).is_err());
    }
}
