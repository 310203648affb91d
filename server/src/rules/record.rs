//! The answers of a record by the name of their question, typed as the rules need them.

use std::collections::HashMap;

use jiff::{Timestamp, civil, tz::TimeZone};

use crate::forms::{Answer, Decoded, EntityBlock, GeoPoint, Question, Value, XForm};

/// Numbers beyond this are no answers: sums of what is below cannot overflow.
const NUMBER_MAX: i64 = 1_000_000_000_000;

/// A submission with its form: what every rule reads.
pub(super) struct Record<'a> {
    form: &'a XForm,
    decoded: &'a Decoded,
    by_name: HashMap<&'a str, &'a Value>,
    received_at: Timestamp,
}

impl<'a> Record<'a> {
    /// Indexes the answers outside repeats; of two questions with one name the first counts.
    pub(super) fn new(form: &'a XForm, decoded: &'a Decoded, received_at: Timestamp) -> Self {
        let mut by_name = HashMap::with_capacity(decoded.answers.len());
        for answer in &decoded.answers {
            if let Some(question) = form.questions.get(answer.question).filter(|q| !q.in_repeat) {
                by_name.entry(question.name.as_str()).or_insert(&answer.value);
            }
        }
        Self { form, decoded, by_name, received_at }
    }

    /// The form's id.
    pub(super) fn form_id(&self) -> &'a str {
        &self.form.form_id
    }

    /// When the server received the record.
    pub(super) fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// The day it was received, in Mali (UTC all year).
    pub(super) fn received_on(&self) -> civil::Date {
        day_of(self.received_at)
    }

    /// The question of this name.
    pub(super) fn question(&self, name: &str) -> Option<&'a Question> {
        self.form.questions.iter().find(|question| question.name == name)
    }

    /// Every question of the form.
    pub(super) fn questions(&self) -> impl Iterator<Item = &'a Question> + use<'a> {
        self.form.questions.iter()
    }

    /// Every answer outside repeats, with its question.
    pub(super) fn answers(&self) -> impl Iterator<Item = (&'a Question, &'a Value)> + use<'a> {
        let form = self.form;
        self.decoded.answers.iter().filter_map(|Answer { question, value, .. }| {
            form.questions.get(*question).filter(|q| !q.in_repeat).map(|q| (q, value))
        })
    }

    /// The entities that the record makes or changes.
    pub(super) fn entities(&self) -> &'a [EntityBlock] {
        &self.decoded.entities
    }

    /// The answer to a question.
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.by_name.get(name).copied()
    }

    /// Whether there is an answer.
    pub(super) fn answered(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Whether a question asked of somebody in one of these groups has an answer.
    pub(super) fn answered_in(&self, groups: &[&str]) -> bool {
        self.answers().any(|(question, _)| {
            let group = question.path.split('/').nth(2).unwrap_or_default();
            question.asked && groups.contains(&group)
        })
    }

    /// The code chosen.
    pub(super) fn code(&self, name: &str) -> Option<&'a str> {
        match self.value(name)? {
            Value::Code(code) => Some(code),
            _ => None,
        }
    }

    /// Whether this code was chosen.
    pub(super) fn is(&self, name: &str, code: &str) -> bool {
        self.code(name) == Some(code)
    }

    /// The codes chosen.
    pub(super) fn codes(&self, name: &str) -> &'a [String] {
        match self.value(name) {
            Some(Value::Codes(codes)) => codes,
            _ => &[],
        }
    }

    /// Whether this code is among those chosen.
    pub(super) fn has(&self, name: &str, code: &str) -> bool {
        self.codes(name).iter().any(|chosen| chosen == code)
    }

    /// A whole number of believable size.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Integer(number) => {
                Some(*number).filter(|n| (-NUMBER_MAX..=NUMBER_MAX).contains(n))
            }
            _ => None,
        }
    }

    /// A decimal number.
    pub(super) fn decimal(&self, name: &str) -> Option<f64> {
        match self.value(name)? {
            Value::Decimal(number) => Some(*number),
            _ => None,
        }
    }

    /// A typed text, or the text of a barcode, without the spaces around it.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        match self.value(name)? {
            Value::Text(text) => Some(text.trim()),
            _ => None,
        }
    }

    /// A calendar date.
    pub(super) fn date(&self, name: &str) -> Option<civil::Date> {
        match self.value(name)? {
            Value::Date(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A moment; one without an offset is in Mali's time, which is UTC.
    pub(super) fn instant(&self, name: &str) -> Option<Timestamp> {
        let Value::DateTime(text) = self.value(name)? else { return None };
        text.parse().ok().or_else(|| {
            let local: civil::DateTime = text.parse().ok()?;
            TimeZone::UTC.to_timestamp(local).ok()
        })
    }

    /// A point.
    pub(super) fn point(&self, name: &str) -> Option<GeoPoint> {
        match self.value(name)? {
            Value::Point(point) => Some(*point),
            _ => None,
        }
    }

    /// The points of a line or outline.
    pub(super) fn line(&self, name: &str) -> &'a [GeoPoint] {
        match self.value(name) {
            Some(Value::Line(points)) => points,
            _ => &[],
        }
    }

    /// Every point that was asked for, with the name of its question.
    pub(super) fn points(&self) -> impl Iterator<Item = (&'a str, GeoPoint)> + use<'a> {
        self.answers().filter_map(|(question, value)| match value {
            Value::Point(point) => Some((question.name.as_str(), *point)),
            _ => None,
        })
    }

    /// The day of the interview: as written, else that of its end or start, else of its receipt.
    pub(super) fn day(&self) -> civil::Date {
        self.date("today")
            .or_else(|| self.instant("end").map(day_of))
            .or_else(|| self.instant("start").map(day_of))
            .unwrap_or_else(|| self.received_on())
    }

    /// The code of who filled the form.
    pub(super) fn enumerator(&self) -> Option<&'a str> {
        self.text("enumerator_code").or_else(|| self.text("supervisor_code"))
    }
}

/// The calendar day of a moment in Mali, which keeps UTC all year.
pub(super) fn day_of(at: Timestamp) -> civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Completed years between two days; negative when `day` is before `birth`.
pub(super) fn completed_years(birth: civil::Date, day: civil::Date) -> i64 {
    let years = i64::from(day.year()) - i64::from(birth.year());
    let before = (day.month(), day.day()) < (birth.month(), birth.day());
    years - i64::from(before)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_year_is_completed_on_the_birthday() {
        assert_eq!(completed_years(date(2000, 3, 10), date(2026, 3, 9)), 25);
        assert_eq!(completed_years(date(2000, 3, 10), date(2026, 3, 10)), 26);
        assert_eq!(completed_years(date(2004, 2, 29), date(2026, 2, 28)), 21);
        assert_eq!(completed_years(date(2027, 1, 1), date(2026, 11, 21)), -1);
    }
}
