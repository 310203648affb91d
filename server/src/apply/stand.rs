//! How a record stands with people, beside what the checks say of it (ADR 14). Pure.

use serde::{Deserialize, Serialize};

use super::interpret::RecordState;

/// What the rules alone accept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acceptance {
    /// Records that break no rule.
    #[default]
    Clean,
    /// Records in the register, with warnings or without.
    All,
    /// None: people accept every record.
    Manual,
}

impl Acceptance {
    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::All => "all",
            Self::Manual => "manual",
        }
    }

    /// Reads the stored spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Clean, Self::All, Self::Manual].into_iter().find(|a| a.as_str() == text)
    }

    /// What the rules make of a record. An error is never accepted by them.
    pub(super) const fn of(self, state: RecordState) -> ReviewState {
        match (self, state) {
            (Self::Clean | Self::All, RecordState::Received)
            | (Self::All, RecordState::Flagged) => ReviewState::Accepted,
            _ => ReviewState::Waiting,
        }
    }
}

/// How a record stands with people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReviewState {
    /// Nobody decided, and the rules alone do not accept it.
    Waiting,
    /// It counts in official figures.
    Accepted,
    /// It says nothing to the register.
    Rejected,
    /// The enumerator is asked to look at it again.
    Returned,
    /// It was decided, and then edited.
    Edited,
}

impl ReviewState {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Returned => "returned",
            Self::Edited => "edited",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Accepted, Self::Rejected, Self::Returned, Self::Edited]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

/// The events of a submission that need remembering; most have one event and nothing here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trail {
    /// Versions of the submission before the present one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<i64>,
    /// Versions that came after what replaced them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) late: Vec<i64>,
    /// Versions that the checks set aside and a person let in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) let_in: Vec<i64>,
    /// Corrections that were taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) taken_back: Vec<i64>,
}

impl Trail {
    /// As stored; empty when there is nothing to remember.
    pub(super) fn to_text(&self) -> String {
        if *self == Self::default() {
            return String::new();
        }
        serde_json::to_string(self).expect("lists of numbers are always JSON")
    }

    /// Reads what [`Trail::to_text`] wrote.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.is_empty() { Some(Self::default()) } else { serde_json::from_str(text).ok() }
    }
}

/// How a record stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) review: ReviewState,
    /// The decision of a person that stands; 0 = only the rules have spoken.
    pub(super) reviewed_seq: i64,
    pub(super) trail: Trail,
}

impl Stand {
    /// As the rules alone have it.
    pub(super) fn by_rules(acceptance: Acceptance, state: RecordState) -> Self {
        Self { review: acceptance.of(state), reviewed_seq: 0, trail: Trail::default() }
    }

    /// Whether it waits for review, as far as counts are concerned.
    pub(super) fn is_pending(&self) -> bool {
        self.review != ReviewState::Accepted
    }

    /// Whether a version of the submission speaks to the register.
    pub(super) fn speaks(&self, seq: i64, is_set_aside: bool) -> bool {
        self.review != ReviewState::Rejected
            && !self.trail.taken_back.contains(&seq)
            && (!is_set_aside || self.trail.let_in.contains(&seq))
    }
}

/// What the register knows of a submission that more is said of.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Its latest version.
    pub(super) seq: i64,
    /// Whether it was marked, by the checks or when it met the register.
    pub(super) is_flagged: bool,
    /// Whether it waits, or waited when it was last written, for what it changes.
    pub(super) is_held: bool,
    /// Whether its content was erased.
    pub(super) is_erased: bool,
    pub(super) stand: Stand,
}

impl Known {
    /// How it stands after another version of it, or after the same was read again.
    pub(super) fn after(&self, seq: i64, acceptance: Acceptance, state: RecordState) -> Stand {
        let mut stand = self.stand.clone();
        let is_edit = seq != self.seq;
        if is_edit {
            stand.trail.earlier.push(self.seq);
        }
        stand.review = match (stand.review, stand.reviewed_seq) {
            // Who sent it does not bring back what a person threw out.
            (ReviewState::Rejected, _) => ReviewState::Rejected,
            (_, 0) => acceptance.of(state),
            (_, _) if is_edit => ReviewState::Edited,
            (review, _) => review,
        };
        stand
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [RecordState; 3] =
        [RecordState::Received, RecordState::Flagged, RecordState::Quarantined];

    #[test]
    fn no_policy_accepts_an_error() {
        for acceptance in [Acceptance::Clean, Acceptance::All, Acceptance::Manual] {
            assert_eq!(acceptance.of(RecordState::Quarantined), ReviewState::Waiting);
            assert_eq!(Acceptance::parse(acceptance.as_str()), Some(acceptance));
        }
        assert_eq!(Acceptance::Clean.of(RecordState::Received), ReviewState::Accepted);
        assert_eq!(Acceptance::Clean.of(RecordState::Flagged), ReviewState::Waiting);
        assert_eq!(Acceptance::All.of(RecordState::Flagged), ReviewState::Accepted);
        assert_eq!(Acceptance::Manual.of(RecordState::Received), ReviewState::Waiting);
    }

    #[test]
    fn an_edit_reopens_what_a_person_decided_but_for_what_was_rejected() {
        let after = |review, reviewed_seq| {
            let stand = Stand { review, reviewed_seq, trail: Trail::default() };
            let known =
                Known { seq: 1, is_flagged: false, is_held: false, is_erased: false, stand };
            STATES.map(|state| known.after(9, Acceptance::Clean, state).review)
        };

        assert_eq!(after(ReviewState::Returned, 5), [ReviewState::Edited; 3]);
        assert_eq!(after(ReviewState::Accepted, 5), [ReviewState::Edited; 3]);
        assert_eq!(after(ReviewState::Rejected, 5), [ReviewState::Rejected; 3]);
        assert_eq!(
            after(ReviewState::Accepted, 0),
            [ReviewState::Accepted, ReviewState::Waiting, ReviewState::Waiting]
        );
    }

    #[test]
    fn a_trail_reads_back_and_an_empty_one_takes_no_room() {
        let trail =
            Trail { earlier: vec![3], late: vec![4], let_in: vec![3, 9], taken_back: Vec::new() };
        assert_eq!(Trail::read(&trail.to_text()), Some(trail));
        assert_eq!(Trail::default().to_text(), "");
        assert_eq!(Trail::read(""), Some(Trail::default()));
    }
}
