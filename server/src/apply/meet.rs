//! What a record meets in the register that it may not change: it is marked (A12), and changes nothing there.

use super::{
    change::EntityChange,
    interpret::{Interpretation, RecordState},
    register::{Ground, Register},
    review::Case,
};
use crate::store::ZoneId;

/// Why an entity is not changed by what a record says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// What a zone may not see it may not change; a person met again elsewhere comes as a registration of its own, and
    /// is linked.
    Foreign,
    /// An id means one thing: reused in another dataset it changes nothing.
    OtherDataset,
    /// Whoever had this id was erased.
    Erased,
}

impl Met {
    const fn reason(self) -> &'static str {
        match self {
            Self::Foreign => "entity_of_another_zone",
            Self::OtherDataset => "entity_id_of_another_dataset",
            Self::Erased => "entity_erased",
        }
    }
}

impl Interpretation {
    /// Marks a record by what it met; `own` is its state by itself, which gives its reason unless it broke no rule.
    pub(super) fn flag_met(&mut self, met: Met, own: RecordState) {
        self.flag(met.reason(), "A12");
        if own == RecordState::Received {
            self.reason = met.reason();
        }
    }
}

impl Register {
    /// What a change from this zone meets; `None` when nothing keeps it from its entity.
    pub(super) fn met(&self, zone_id: ZoneId, change: &EntityChange) -> Option<Met> {
        let id = change.entity_id;
        if let Some(entity) = self.entities.get(&id) {
            let is_other = entity.dataset != change.dataset;
            let is_foreign = hidden_from(zone_id, entity.zone_id);
            return is_other
                .then_some(Met::OtherDataset)
                .or_else(|| is_foreign.then_some(Met::Foreign));
        }
        // An id that was erased, or that a rebuild knows to be: it stays where it was.
        let home = self.homes.get(&id).map(|home| home.0)?;
        let is_foreign = hidden_from(zone_id, home);
        let is_erased = self.tombs.contains(&id);
        is_foreign.then_some(Met::Foreign).or_else(|| is_erased.then_some(Met::Erased))
    }

    /// Compares the versions of a submission with the register as it is now, because another one of them will stand or
    /// stands otherwise. Whoever corrects it, it is the zone it was sent from that changes the register.
    pub(super) fn meet_again(&mut self, case: &mut Case, ground: &Ground<'_>) {
        let zone = case.zone_id;
        let is_of_other_form = |said: &Interpretation| said.dataset.is_empty();
        // Of somebody else's form the first version alone changes an entity.
        let first = case.spoken.first().filter(|s| is_of_other_form(&s.said));
        let first = first.map(|s| s.said.changes.clone()).unwrap_or_default();
        for spoken in &mut case.spoken {
            let own = spoken.said.state;
            self.look_up(&spoken.event, &mut spoken.said, ground.gazetteer);
            let changes = spoken.said.changes.iter();
            let changes = changes.chain(first.iter().filter(|_| spoken.said.changes.is_empty()));
            let met: Vec<Met> = changes.filter_map(|change| self.met(zone, change)).collect();
            for met in met {
                spoken.said.flag_met(met, own);
            }
        }
    }
}

pub(super) fn hidden_from(sender: ZoneId, entity: ZoneId) -> bool {
    sender != ZoneId::COUNTRY && sender != entity
}
