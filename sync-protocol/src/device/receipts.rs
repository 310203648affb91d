//! The outcomes that a device has heard of. A receipt may overtake the verdict that names its submission, so all are
//! kept that may concern a record still in the queue.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::pull::ReceiptState;

/// Outcomes by submission, with the instance id that they were told for.
#[derive(Debug, Clone)]
pub(super) struct Receipts(BTreeMap<Uuid, (String, ReceiptState)>);

impl Receipts {
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub(super) fn state(&self, submission_id: Uuid) -> Option<ReceiptState> {
        self.0.get(&submission_id).map(|(_, state)| *state)
    }

    /// Keeps an outcome; a known one is never taken back to "held" by an answer that comes late.
    pub(super) fn remember(&mut self, submission_id: Uuid, instance_id: &str, state: ReceiptState) {
        let is_known = self.state(submission_id).is_some_and(ReceiptState::is_safe_to_forget);
        if !is_known || state.is_safe_to_forget() {
            self.0.insert(submission_id, (instance_id.to_owned(), state));
        }
    }

    pub(super) fn keep_only(&mut self, instance_ids: &BTreeSet<&str>) {
        self.0.retain(|_, (instance_id, _)| instance_ids.contains(instance_id.as_str()));
    }
}
