//! The hard stops: what may never be merged without a person, whatever the score; and the decisive rule.

use super::{
    birth::{Birth, BirthLevel, Precision, components_apart},
    numbers::NinaLevel,
    pattern::{Pattern, given},
    policy::{Auto, Policy},
    records::Row,
    registration::Kind,
    score::Score,
    similarity::Likeness,
    verdict::{Stop, Stops, Verdict},
};

/// Minutes between registrations of one device that look made up when the answers are alike.
const FABRICATION_MINUTES: u32 = 10;
/// Nobody is on two sites within so many minutes.
const TWO_PLACES_MINUTES: u32 = 30;

/// Finds what forbids merging two rows automatically.
pub(super) fn stops(a: &Row, b: &Row, p: &Pattern) -> Stops {
    const CLOSE: u8 = Likeness::Close.code();
    let mut stops = Stops::default();
    let mut stop_if = |stop, condition: bool| {
        if condition {
            stops.insert(stop);
        }
    };
    let parents_agree = p.mother <= CLOSE
        && (p.father <= CLOSE || p.father == Likeness::Missing.code())
        || p.father <= CLOSE && p.mother == Likeness::Missing.code();
    let other_given = p.given == given::DIFFERS || p.given == Likeness::Alias.code() || p.twins;
    let same_day = a.minute != 0 && b.minute != 0 && a.minute / 1440 == b.minute / 1440;
    let minutes =
        if a.minute != 0 && b.minute != 0 { a.minute.abs_diff(b.minute) } else { u32::MAX };
    stop_if(Stop::Sex, p.sex == 1);
    stop_if(Stop::Nina, p.nina == NinaLevel::Differs.code());
    stop_if(Stop::Twins, parents_agree && other_given && born_together(a.birth, b.birth, p));
    stop_if(Stop::Generation, p.years >= 12);
    stop_if(Stop::Mother, p.mother == Likeness::Differs.code());
    stop_if(Stop::BirthYear, p.years >= 3 && firm(a.birth) && firm(b.birth));
    stop_if(
        Stop::BirthDate,
        a.birth.is_date()
            && b.birth.is_date()
            && components_apart(a.birth, b.birth) > 1
            && p.birth != BirthLevel::OneSlip.index(),
    );
    stop_if(Stop::Cards, p.card == 1 && same_day);
    stop_if(Stop::MinerAndChild, a.kind != b.kind);
    stop_if(Stop::Children, a.kind == Kind::Child && b.kind == Kind::Child);
    stop_if(Stop::Fabrication, p.device == 0 && minutes <= FABRICATION_MINUTES && p.given <= CLOSE);
    stop_if(
        Stop::TwoPlaces,
        p.device == 1 && p.site != 0 && p.site != 3 && minutes <= TWO_PLACES_MINUTES,
    );
    stops
}

/// Whether two registrations may not be in one cluster unless a reviewer says so.
///
/// Twins are kept apart when they bear the names of twins, or other names and one full date: a nickname, or a form by the
/// alias table, under one year of birth is a question for a person. Where numbers are typed carelessly so are dates:
/// twelve years apart are then a question as well.
pub(super) fn keep_apart(stops: Stops, p: &Pattern, number_is_typed: bool) -> bool {
    stops.iter().any(|stop| match stop {
        Stop::Twins => {
            p.twins || p.given == given::DIFFERS && p.birth == BirthLevel::SameDate.index()
        }
        Stop::Generation => !number_is_typed,
        other => other.is_hard(),
    })
}

fn firm(birth: Birth) -> bool {
    birth.precision <= Precision::Year
}

/// The same full date; the same year counts only when nothing better is known of both.
fn born_together(a: Birth, b: Birth, p: &Pattern) -> bool {
    p.birth == BirthLevel::SameDate.index()
        || (a.is_known() && a.year == b.year && !(a.is_date() && b.is_date()))
}

/// Whether the decisive rule holds: the same card or the same NINA read from a document, the same sex, births within two
/// years, a name that agrees, and nothing that forbids it.
fn is_decisive(a: &Row, b: &Row, p: &Pattern, stops: Stops) -> bool {
    const CLOSE: u8 = Likeness::Close.code();
    let nina = p.nina == NinaLevel::Same.code() && a.nina_seen && b.nina_seen;
    let years_known = a.birth.is_known() && b.birth.is_known();
    let name_agrees = p.surname <= CLOSE || p.given <= CLOSE || p.mother <= CLOSE;
    stops.is_empty()
        && (p.card == 0 || nina)
        && p.sex == 0
        && (!years_known || p.years <= 2)
        && name_agrees
}

/// Whether the evidence speaks for a family at all: in a large register very many mothers of one name had a child in one year.
fn are_related(score: &Score, likely: bool) -> bool {
    likely || score.relative >= 0.5 || score.pattern.twins
}

/// The conclusion about a pair.
pub(super) fn verdict(policy: &Policy, a: &Row, b: &Row, score: &Score, stops: Stops) -> Verdict {
    if is_decisive(a, b, &score.pattern, stops) {
        return Verdict::Same;
    }
    let likely = score.probability >= policy.review;
    match policy.auto {
        Auto::Probability(least) if stops.is_empty() && score.probability >= least => Verdict::Same,
        _ if stops.contains(Stop::Twins) && are_related(score, likely) => Verdict::Twins,
        _ if stops.contains(Stop::MinerAndChild) && likely => Verdict::AgeReview,
        _ if score.pattern.card == 0 || score.pattern.nina == NinaLevel::Same.code() || likely => {
            Verdict::Review
        }
        _ if score.relative >= 0.5 => Verdict::Relative,
        _ => Verdict::Unrelated,
    }
}
