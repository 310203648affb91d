//! What an event says: reading it, the costly and pure part of applying it.

use super::{
    event::{Content, Event},
    force::forced,
    imported::interpret_import,
    interpret::{Interpretation, interpret},
    register::Ground,
    settle,
};
use crate::intake::{Action, Decision, Erasure, EventKind, Review};

/// An event with what it says.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) event: Event,
    pub(super) interpretation: Option<Interpretation>,
    pub(super) decision: Option<Decision>,
    pub(super) review: Option<Review>,
    pub(super) erasure: Option<Erasure>,
}

impl Said {
    /// An event of which nothing is known but that it happened.
    pub(super) const fn of(event: Event) -> Self {
        Self { event, interpretation: None, decision: None, review: None, erasure: None }
    }
}

/// Interprets an event: the costly, pure part.
pub(super) fn say(mut event: Event, ground: &Ground<'_>) -> Said {
    if let Some(submission) = event.retold {
        event.submission_id = submission;
        if event.kind == EventKind::Submission {
            // What it replaces came after it.
            event.kind = EventKind::Edit;
        }
    }
    if event.kind == EventKind::Review {
        return say_review(event, ground);
    }
    let speaks =
        matches!(event.kind, EventKind::Submission | EventKind::Edit | EventKind::Conflict);
    let interpretation = match (event.kind, event.content.as_ref()) {
        (EventKind::Import, Some(content)) => Some(interpret_import(content)),
        (_, Some(content)) if speaks => Some(interpret(&event, content, ground.forms, ground.keys)),
        _ => None,
    };
    let interpretation = interpretation.map(|said| if event.forced { forced(said) } else { said });
    let decision = event
        .content
        .as_ref()
        .filter(|_| event.kind == EventKind::Decision)
        .and_then(|content| Decision::read(&content.xml));
    let erasure = event
        .content
        .as_ref()
        .filter(|_| event.kind == EventKind::Erasure)
        // One that holds no wish names the submission that goes.
        .map(|content| {
            Erasure::read(&content.xml)
                .unwrap_or_else(|| Erasure::of_later_version(event.id, event.submission_id))
        });
    Said { event, interpretation, decision, review: None, erasure }
}

/// A review is about a submission; a correction says it anew, as an edit does.
fn say_review(mut event: Event, ground: &Ground<'_>) -> Said {
    let review = event.content.as_ref().and_then(|content| Review::read(&content.xml));
    let Some(mut review) = review else {
        return Said::of(event);
    };
    event.submission_id = event.retold.unwrap_or(review.submission_id);
    review.submission_id = event.submission_id;
    if let Some((settled, content)) = review.settled.as_ref().zip(event.content.as_ref()) {
        let said = Some(settle::says((&review, settled), content, ground.keys));
        return Said {
            event,
            interpretation: said,
            decision: None,
            review: Some(review),
            erasure: None,
        };
    }
    let corrected = event.content.clone().filter(|_| review.action == Action::Correct);
    let interpretation = corrected.map(|content| {
        let edit = Event { kind: EventKind::Edit, ..event.clone() };
        let xml = review.corrected.clone().into();
        let said = interpret(&edit, &Content { xml, ..content }, ground.forms, ground.keys);
        if event.forced { forced(said) } else { said }
    });
    Said { event, interpretation, decision: None, review: Some(review), erasure: None }
}
