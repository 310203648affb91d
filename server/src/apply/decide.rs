//! Taking a reviewer's answer: what it changes, or why it cannot stand.

use uuid::Uuid;

use super::{
    event::Event,
    groups::{DecisionRow, Pair, Standing, pair},
    identity::Person,
    register::Register,
};
use crate::{
    access::Role,
    intake::{Answer, Decision},
    store::ZoneId,
};

/// Why an answer cannot stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refusal {
    code: &'static str,
    in_the_way: Option<Uuid>,
}

impl Refusal {
    const fn of(code: &'static str) -> Self {
        Self { code, in_the_way: None }
    }
}

/// The largest group that people may make: more than this is a mistake with cards, not a person.
const GROUP_MAX: usize = 32;

/// Whether one of two is registered as a miner and the other as a child.
fn miner_and_child(one: &str, other: &str) -> bool {
    matches!((one, other), ("orpailleurs", "enfants") | ("enfants", "orpailleurs"))
}

impl Register {
    /// Takes a decision at its place in the journal.
    pub(super) fn decide(&mut self, event: &Event, decision: &Decision) {
        let of = pair(decision.a, decision.b);
        let Some((zone_id, b_zone_id)) = self.zones_of(of) else {
            // The door refuses what it does not know; nothing can be kept of it in a zone.
            return;
        };
        let outcome = self.outcome(event, decision, of);
        let (state, refusal, in_the_way) = match outcome {
            Ok(state) => (state, "", None),
            Err(refusal) => (Standing::Refused, refusal.code, refusal.in_the_way),
        };
        self.groups.learn_decision(DecisionRow {
            zone_id,
            decision_id: decision.decision_id,
            seq: event.seq,
            pair: of,
            b_zone_id,
            dataset: decision.dataset.clone(),
            answer: decision.answer,
            state,
            refusal,
            in_the_way,
            account_id: event.account_id,
            decided_at: event.received_at,
            choices: decision.choices.clone(),
            dirty: true,
        });
        if state == Standing::Stands {
            self.settle_pair(of, decision.decision_id);
        }
    }

    fn zones_of(&self, of: Pair) -> Option<(ZoneId, ZoneId)> {
        let zone = |id| self.entities.get(&id).map(|e| e.zone_id);
        zone(of.0).zip(zone(of.1))
    }

    fn outcome(&self, event: &Event, decision: &Decision, of: Pair) -> Result<Standing, Refusal> {
        let (Some(a), Some(b)) = (self.entities.get(&of.0), self.entities.get(&of.1)) else {
            return Err(Refusal::of("unknown"));
        };
        if of.0 == of.1 {
            return Err(Refusal::of("self_pair"));
        }
        let mixed = miner_and_child(&a.dataset, &b.dataset);
        let dataset = if mixed { "enfants" } else { a.dataset.as_str() };
        if (!mixed && a.dataset != b.dataset) || decision.dataset != dataset {
            return Err(Refusal::of("other_dataset"));
        }
        // A child is never merged with a miner; only of these two can an age be wrong in this way.
        let names_both = match decision.answer {
            Answer::Same => !mixed,
            Answer::AgeWrong => mixed,
            _ => true,
        };
        if !names_both {
            return Err(Refusal::of("other_dataset"));
        }
        let group = self.groups.group_of(of.0);
        let together = group.contains(&of.1);
        if decision.answer == Answer::Unmerge {
            return if together { Ok(Standing::Stands) } else { Err(Refusal::of("not_merged")) };
        }
        if let Some(standing) = self.groups.standing(of)
            && standing.answer != Answer::CannotTell
            && decision.replaces != Some(standing.decision_id)
        {
            return Err(Refusal { code: "decided", in_the_way: Some(standing.decision_id) });
        }
        if !matches!(decision.answer, Answer::Same | Answer::AgeWrong) {
            return Ok(Standing::Stands);
        }
        self.may_be_one(event, decision, of, &group)
    }

    /// Whether two may be said to be one person: merged, or, of a miner and a child, one with a wrong age.
    fn may_be_one(
        &self,
        event: &Event,
        decision: &Decision,
        of: Pair,
        group: &[Uuid],
    ) -> Result<Standing, Refusal> {
        let other = self.groups.group_of(of.1);
        // Only the answer that is being replaced may stand between them.
        if let Some(apart) = self.groups.between(group, &other, decision.replaces) {
            return Err(Refusal { code: "kept_apart", in_the_way: Some(apart.decision_id) });
        }
        if decision.answer == Answer::Same && group.len() + other.len() > GROUP_MAX {
            return Err(Refusal::of("group_too_large"));
        }
        let stop = self.hard_stop(group, &other);
        let manager = Role::parse(&decision.role) == Some(Role::DataManager);
        if stop && (!manager || decision.reason.trim().is_empty()) {
            return Err(Refusal::of("hard_stop"));
        }
        if !stop && decision.dataset != "enfants" {
            return Ok(Standing::Stands);
        }
        // Two people: the first answer waits for another account to say the same.
        let mut first = self.groups.waiting(of).filter(|d| d.answer == decision.answer).peekable();
        if first.peek().is_none() {
            return Ok(Standing::Waits);
        }
        if first.any(|d| d.account_id != event.account_id) {
            Ok(Standing::Stands)
        } else {
            Err(Refusal::of("second_reviewer"))
        }
    }

    /// Whether anything in the two groups contradicts a merge so plainly that one person may not
    /// decide it: two sexes, or two different NINA seen on documents.
    fn hard_stop(&self, one: &[Uuid], other: &[Uuid]) -> bool {
        let person = |id: &Uuid| {
            let e = self.entities.get(id)?;
            Person::of(&e.dataset, &e.open, &e.sealed, e.created_at)
        };
        one.iter().filter_map(person).any(|a| {
            other.iter().filter_map(person).any(|b| {
                let sexes = a.sex().zip(b.sex()).is_some_and(|(x, y)| x != y);
                sexes || (!a.nina.is_empty() && !b.nina.is_empty() && a.nina != b.nina)
            })
        })
    }

    /// What follows from an answer that stands.
    fn settle_pair(&mut self, of: Pair, decision: Uuid) {
        let former: Vec<Uuid> = self
            .groups
            .waiting(of)
            .map(|d| d.decision_id)
            .chain(self.groups.standing_all(of))
            .filter(|id| *id != decision)
            .collect();
        for id in former {
            self.groups.set_state(id, Standing::Replaced);
        }
        self.stirred.extend([of.0, of.1]);
    }
}
