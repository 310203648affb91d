//! What reviewers read of a submission: every version of it, opened.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Applier, event, interpret, reviewed::known, say::say, stand::Known};
use crate::{
    db::{Result, Tx},
    forms::Class,
    intake::{EventKind, Review},
    runtime::Micros,
    store::ZoneId,
};

/// How many versions are read at once: each is opened and interpreted.
const PAGE: usize = 50;

/// Some versions of a submission, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    /// At most fifty that follow each other.
    pub page: Vec<Version>,
    /// The one that the record was last written as.
    pub newest: Option<Version>,
    /// How many there are in all.
    pub count: usize,
}

/// One version of a submission.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its place in the journal.
    pub seq: i64,
    /// `submission`, `edit`, `correction`, or `late`: it came after what replaces it.
    pub kind: &'static str,
    /// When it was received, or corrected.
    pub at: Micros,
    /// The account that sent or corrected it.
    pub account_id: Option<Uuid>,
    /// The device that sent it.
    pub device_id: Option<Uuid>,
    /// The id of the correction.
    pub correction: Option<Uuid>,
    /// Why it was corrected; empty otherwise.
    pub reason: String,
    /// What the checks say of it.
    pub state: &'static str,
    /// Whether it speaks to the register now.
    pub speaks: bool,
    /// The answers of the classes asked for, as nested JSON; `None` when no form reads it.
    pub answers: Option<String>,
    /// The submission, as sent or as corrected.
    pub xml: bytes::Bytes,
}

impl Applier {
    /// The last fifty versions of a submission that come before the version `before`, or the last fifty; none when
    /// there is no such submission.
    pub async fn versions(
        &self,
        tx: &mut Tx,
        (zone, submission): (ZoneId, Uuid),
        before: Option<i64>,
        keep: impl Fn(Class) -> bool + Copy,
    ) -> Result<Versions> {
        let wanted = [(zone, submission)].into_iter().collect();
        let Some(known) = known(tx, &wanted).await?.remove(&submission) else {
            return Ok(Versions::default());
        };
        let trail = &known.stand.trail;
        let mut seqs = [trail.late.as_slice(), &trail.earlier].concat();
        seqs.push(known.seq);
        let end = before.and_then(|before| seqs.iter().position(|seq| *seq == before));
        let end = end.unwrap_or(seqs.len());
        let page = seqs.get(end.saturating_sub(PAGE)..end).unwrap_or_default();
        let newest = self.read_versions(tx, &known, &[known.seq], keep).await?.pop();
        let page = self.read_versions(tx, &known, page, keep).await?;
        Ok(Versions { page, newest, count: seqs.len() })
    }

    /// The version of a submission that its record was last written as.
    pub async fn newest_version(
        &self,
        tx: &mut Tx,
        (zone, submission): (ZoneId, Uuid),
    ) -> Result<Option<Version>> {
        let wanted = [(zone, submission)].into_iter().collect();
        let Some(known) = known(tx, &wanted).await?.remove(&submission) else { return Ok(None) };
        Ok(self.read_versions(tx, &known, &[known.seq], |_| false).await?.pop())
    }

    async fn read_versions(
        &self,
        tx: &mut Tx,
        known: &Known,
        seqs: &[i64],
        keep: impl Fn(Class) -> bool + Copy,
    ) -> Result<Vec<Version>> {
        let trail = &known.stand.trail;
        let forms = self.forms().await?;
        let gazetteer = self.gazetteer();
        let ground = self.ground(&forms, &gazetteer);
        let mut versions = Vec::new();
        let events = event::at(tx, seqs, &self.keys).await?;
        let mut events: HashMap<i64, _> = events.into_iter().map(|e| (e.seq, e)).collect();
        for event in seqs.iter().filter_map(|seq| events.remove(seq)) {
            let Some(content) = event.content.clone() else { continue };
            let review = (event.kind == EventKind::Review).then(|| Review::read(&content.xml));
            let review = review.flatten();
            let xml = match &review {
                Some(review) => review.corrected.clone().into(),
                None => content.xml.clone(),
            };
            let answers = interpret::answers(&event, &xml, &forms, keep);
            let (seq, at, account_id, device_id, kind) =
                (event.seq, event.received_at, event.account_id, event.device_id, event.kind);
            let is_late = trail.late.contains(&seq);
            let said = if kind == EventKind::LateOriginal {
                Some(interpret::interpret(&event, &content, &forms, &self.keys))
            } else {
                say(event, &ground).interpretation
            };
            let Some(said) = said else { continue };
            let is_set_aside = said.state == interpret::RecordState::Quarantined;
            versions.push(Version {
                seq,
                kind: match kind {
                    _ if is_late => "late",
                    EventKind::Edit => "edit",
                    EventKind::Review => "correction",
                    _ => "submission",
                },
                at,
                account_id,
                device_id,
                correction: review.as_ref().map(|r| r.review_id),
                reason: review.map(|r| r.reason).unwrap_or_default(),
                state: said.state.as_str(),
                speaks: !is_late && known.stand.speaks(seq, is_set_aside),
                answers,
                xml,
            });
        }
        Ok(versions)
    }

    /// The words of reviews at these places of the journal.
    pub async fn review_words(&self, tx: &mut Tx, seqs: &[i64]) -> Result<Vec<(i64, Review)>> {
        let events = event::at(tx, seqs, &self.keys).await?;
        Ok(events
            .into_iter()
            .filter_map(|e| Some((e.seq, Review::read(&e.content?.xml)?)))
            .collect())
    }
}
