//! All that is held of one person, opened, for handing it over to them.

use uuid::Uuid;

use super::{
    Applier, Registered, interpret,
    register::Register,
    traces::{Trace, traces},
};
use crate::{
    db::{Result, Tx},
    intake::{EventKind, FileEntry, Review},
    runtime::Micros,
    store::ZoneId,
};

/// What is held of one person.
#[derive(Clone, Debug)]
pub struct Held {
    /// The registrations that are this person, the first one first, each in its own words.
    pub registrations: Vec<Registered>,
    /// The submissions that speak of the person.
    pub submissions: Vec<HeldSubmission>,
}

/// One submission that speaks of the person.
#[derive(Clone, Debug)]
pub struct HeldSubmission {
    /// Its zone.
    pub zone_id: ZoneId,
    /// Its id.
    pub submission_id: Uuid,
    /// The instance id of its last version.
    pub instance_id: String,
    /// Its form; empty when nothing of it can be opened.
    pub form_id: String,
    /// How the checks have it.
    pub state: String,
    /// How it stands with people.
    pub review: String,
    /// Its versions, oldest first.
    pub versions: Vec<HeldVersion>,
    /// The files that came with it.
    pub files: Vec<FileEntry>,
}

/// One version of it.
#[derive(Clone, Debug)]
pub struct HeldVersion {
    /// `submission`, `edit`, `late_original`, `conflict` or `correction`.
    pub kind: &'static str,
    /// When it was received.
    pub at: Micros,
    /// The account that sent it.
    pub account_id: Option<Uuid>,
    /// The device that sent it.
    pub device_id: Option<Uuid>,
    /// All its answers, as nested JSON; `None` when no form reads it.
    pub answers: Option<String>,
}

impl Applier {
    /// Everything about the person of a registration; `None` when it is nobody's, or was erased.
    ///
    /// Opens each submission that speaks of the person, and those that are set aside: tens of milliseconds, more
    /// when thousands are set aside.
    pub async fn held_of(&self, tx: &mut Tx, id: Uuid, dataset: &str) -> Result<Option<Held>> {
        let forms = self.forms().await?;
        let gazetteer = self.gazetteer();
        let ground = self.ground(&forms, &gazetteer);
        let mut register = Register::default();
        let Ok(found) = traces(tx, &mut register, (id, dataset), &ground).await? else {
            return Ok(None);
        };
        let registrations = self.registered(tx, &found.members).await?;
        let submissions = found.submissions.into_iter().map(|t| submission(t, &forms)).collect();
        Ok(Some(Held { registrations, submissions }))
    }
}

fn submission(of: Trace, forms: &crate::catalogue::Snapshot) -> HeldSubmission {
    let mut events: Vec<_> = of.versions.into_iter().map(|s| s.event).chain(of.others).collect();
    events.sort_by_key(|e| e.seq);
    let mut held = HeldSubmission {
        zone_id: of.zone_id,
        submission_id: of.submission_id,
        instance_id: of.instance_id,
        form_id: events.first().map(|e| e.form_id.clone()).unwrap_or_default(),
        state: of.state,
        review: of.review,
        versions: Vec::new(),
        files: Vec::new(),
    };
    for event in events {
        let Some(content) = &event.content else { continue };
        held.files.extend(content.files.iter().cloned());
        let corrected = Review::read(&content.xml).filter(|_| event.kind == EventKind::Review);
        let (kind, xml) = match (event.kind, corrected) {
            (EventKind::Files, _) => continue,
            (_, Some(review)) => ("correction", review.corrected.into()),
            (kind, None) => (kind.as_str(), content.xml.clone()),
        };
        held.versions.push(HeldVersion {
            kind,
            at: event.received_at,
            account_id: event.account_id,
            device_id: event.device_id,
            answers: interpret::answers(&event, &xml, forms, |_| true),
        });
    }
    held.files.dedup();
    held
}
