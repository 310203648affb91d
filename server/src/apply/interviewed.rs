//! From a submission to its place among the interviews that its phone made that day, and those as they are stored.
//!
//! A stored day names nobody: the phone, and who was where, are keyed hashes. What is erased is taken out of it.

use jiff::Timestamp;
use uuid::Uuid;

use super::event::Event;
use crate::{
    forms::{Decoded, Value, XForm},
    keys::MasterKeys,
    rules::{self, Interview},
};

/// Milliseconds of a day; Mali keeps UTC all year.
const DAY_MS: i64 = 86_400_000;
/// Bytes of a stored interview: the submission, two times, two numbers.
const STORED: usize = 16 + 4 + 4 + 8 + 8;
/// How long an interview took of which that is not known.
const UNKNOWN: u32 = u32::MAX;

/// An interview, and the day of the phone that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interviewed {
    /// The day and the phone, as one name: days lie in their order.
    pub(super) device_day: Uuid,
    pub(super) interview: Interview,
}

/// What a submission says of when, by whom and where it was filled.
#[derive(Default)]
struct Said<'d> {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    today: Option<&'d str>,
    device: Option<&'d str>,
    enumerator: Option<&'d str>,
    at: Option<(f64, f64)>,
}

impl<'d> Said<'d> {
    fn of(form: &'d XForm, decoded: &'d Decoded) -> Self {
        let mut said = Self::default();
        for answer in &decoded.answers {
            let question = form.questions.get(answer.question).filter(|q| !q.in_repeat);
            let Some(question) = question else { continue };
            match (question.name.as_str(), &answer.value) {
                ("start", Value::DateTime(text)) => said.start = text.parse().ok(),
                ("end", Value::DateTime(text)) => said.end = text.parse().ok(),
                ("today", Value::Date(text)) => said.today = Some(text),
                ("deviceid", Value::Text(text)) => said.device = Some(text.trim()),
                ("enumerator_code" | "supervisor_code", Value::Text(text)) => {
                    said.enumerator = Some(text.trim());
                }
                (_, Value::Point(at)) => said.at = said.at.or(Some((at.lat, at.lon))),
                _ => {}
            }
        }
        said
    }

    /// The day of the interview: when it began, else as it is written, else when it came.
    fn day(&self, event: &Event) -> i64 {
        let written = || self.today?.parse::<jiff::civil::Date>().ok();
        let began = self.start.map(Timestamp::as_millisecond).or_else(|| {
            let day = written()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
            Some(day.timestamp().as_millisecond())
        });
        began.map_or_else(|| event.received_at.day(), |at| at.div_euclid(DAY_MS))
    }
}

impl Interviewed {
    /// Of a submission of one of the census's own forms; `None` of others, and where nobody knows by which phone.
    pub(super) fn of(
        event: &Event,
        form: &XForm,
        decoded: &Decoded,
        keys: &MasterKeys,
    ) -> Option<Self> {
        if !rules::compares(&form.form_id) {
            return None;
        }
        let said = Said::of(form, decoded);
        let sender = || event.device_id.or(event.account_id).map(|id| id.to_string());
        let device = said.device.filter(|id| !id.is_empty()).map(str::to_owned);
        let device = device.or_else(sender)?;
        let day = said.day(event);
        let number = |kind, of: &str| head(&keys.lookup_hash(kind, of));
        // Equality of coordinates is equality of these texts.
        let at = said.at.map(|(lat, lon)| format!("{lat:.5} {lon:.5}"));
        let spot = at.zip(said.enumerator).map(|(at, who)| number("spot", &format!("{who} {at}")));
        let is_child = form.form_id == "enfant";
        let child = said.enumerator.filter(|_| is_child).map(|who| number("enumerator", who));
        Some(Self {
            device_day: name(day, &keys.lookup_hash("phone", &device)),
            interview: Interview { span_ms: span(&said), spot, child },
        })
    }
}

/// When it was, on the clock of the day; `None` where that is not known or impossible (A07).
fn span(said: &Said<'_>) -> Option<(u32, u32)> {
    let (start, end) = (said.start?.as_millisecond(), said.end?.as_millisecond());
    let length = end.checked_sub(start).filter(|length| *length >= 0)?;
    // Nobody interviews for seven weeks: no longer than that is told apart.
    let length = u32::try_from(length).unwrap_or(UNKNOWN).min(UNKNOWN - 1);
    Some((u32::try_from(start.rem_euclid(DAY_MS)).ok()?, length))
}

/// A number that is not that of nothing.
fn head(hash: &[u8; 32]) -> u64 {
    hash.first_chunk().map_or(1, |head| u64::from_be_bytes(*head)).max(1)
}

/// The name of a day of a phone.
fn name(day: i64, device: &[u8; 32]) -> Uuid {
    // Days before 1970 come first.
    let day = day.saturating_add(i64::from(i32::MAX)).clamp(0, i64::from(u32::MAX));
    let mut bytes = [0; 16];
    let (first, rest) = bytes.split_at_mut(4);
    first.copy_from_slice(&u32::try_from(day).unwrap_or(u32::MAX).to_be_bytes());
    rest.iter_mut().zip(device).for_each(|(to, from)| *to = *from);
    uuid::Builder::from_bytes(bytes).into_uuid()
}

/// A day's interviews as they are stored, in the order of their submissions.
pub(super) fn pack(interviews: &[(Uuid, Interview)]) -> Vec<u8> {
    let mut ordered = interviews.to_vec();
    ordered.sort_by_key(|(id, _)| *id);
    let mut bytes = Vec::with_capacity(ordered.len() * STORED);
    for (id, interview) in ordered {
        let (start, length) = interview.span_ms.unwrap_or((0, UNKNOWN));
        bytes.extend(id.as_bytes());
        bytes.extend(start.to_be_bytes());
        bytes.extend(length.to_be_bytes());
        bytes.extend(interview.spot.unwrap_or(0).to_be_bytes());
        bytes.extend(interview.child.unwrap_or(0).to_be_bytes());
    }
    bytes
}

/// Reads what [`pack`] wrote; `None` when it is something else.
pub(super) fn unpack(bytes: &[u8]) -> Option<Vec<(Uuid, Interview)>> {
    let mut rest = bytes;
    let mut found = Vec::with_capacity(bytes.len() / STORED);
    while !rest.is_empty() {
        let (id, start) = (take(&mut rest)?, take(&mut rest)?);
        let (length, spot) = (take(&mut rest)?, take(&mut rest)?);
        let number = |bytes| Some(u64::from_be_bytes(bytes)).filter(|n| *n > 0);
        let (start, length) = (u32::from_be_bytes(start), u32::from_be_bytes(length));
        let interview = Interview {
            span_ms: (length != UNKNOWN).then_some((start, length)),
            spot: number(spot),
            child: number(take(&mut rest)?),
        };
        found.push((uuid::Builder::from_bytes(id).into_uuid(), interview));
    }
    Some(found)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_reads_back_in_the_order_of_its_submissions() {
        let one = Interview { span_ms: Some((1, 2)), spot: Some(3), child: None };
        let two = Interview { span_ms: None, spot: None, child: Some(u64::MAX) };
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));

        let stored = pack(&[(b, two), (a, one)]);

        assert_eq!(stored, pack(&[(a, one), (b, two)]));
        assert_eq!(unpack(&stored), Some(vec![(a, one), (b, two)]));
        assert_eq!(stored.len(), 2 * STORED);
        assert_eq!(unpack(&stored[1..]), None);
        assert_eq!(unpack(&[]), Some(Vec::new()));
    }

    #[test]
    fn days_lie_in_their_order_and_phones_apart() {
        let names = [-800_000, -1, 0, 20_000, 99_999_999].map(|day| name(day, &[7; 32]));

        assert!(names.is_sorted() && names[0] < names[1] && names[2] < names[3]);
        assert_ne!(name(20_000, &[7; 32]), name(20_000, &[8; 32]));
    }
}
