//! Who is one with whom: links, answers, and the groups they make. Pure; ADR 8 says why.
//!
//! Links say what the registrations say of each other, answers what people said of them; neither
//! depends on the other, and a group is computed from both. So an answer can be taken back without
//! a trace (*A merge is an event, never a deletion*).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use crate::{db::Value, intake::Answer, runtime::Micros, store::ZoneId};

/// The largest group that links make by themselves.
const GROUP_MAX: usize = 6;

/// Two ids, the smaller first.
pub(super) type Pair = (Uuid, Uuid);

/// The pair of two ids.
pub(super) fn pair(a: Uuid, b: Uuid) -> Pair {
    if a < b { (a, b) } else { (b, a) }
}

/// Why two registrations are one, without anybody having said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The same card, and nothing that contradicts it.
    Card,
    /// The same NINA seen on a document, and nothing that contradicts it.
    Nina,
    /// A probability above the register's own threshold.
    Score,
}

impl Cause {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Nina => "nina",
            Self::Score => "score",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Card, Self::Nina, Self::Score].into_iter().find(|c| c.as_str() == text)
    }
}

/// A link between two entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) cause: Cause,
    /// The event that made it.
    pub(super) seq: i64,
}

/// How a decision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It holds.
    Stands,
    /// It waits for a second reviewer.
    Waits,
    /// A later one took its place.
    Replaced,
    /// It could not be taken: see its refusal.
    Refused,
}

impl Standing {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Stands => "standing",
            Self::Waits => "waiting",
            Self::Replaced => "replaced",
            Self::Refused => "refused",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Stands, Self::Waits, Self::Replaced, Self::Refused]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

/// A decision as the register keeps it.
#[derive(Clone, Debug)]
pub(super) struct DecisionRow {
    pub(super) zone_id: ZoneId,
    pub(super) decision_id: Uuid,
    pub(super) seq: i64,
    pub(super) pair: Pair,
    pub(super) b_zone_id: ZoneId,
    pub(super) dataset: String,
    pub(super) answer: Answer,
    pub(super) state: Standing,
    pub(super) refusal: &'static str,
    pub(super) in_the_way: Option<Uuid>,
    pub(super) account_id: Option<Uuid>,
    pub(super) decided_at: Micros,
    pub(super) choices: BTreeMap<String, Uuid>,
    pub(super) dirty: bool,
}

impl DecisionRow {
    pub(super) fn row(self) -> Vec<Value> {
        let choices = serde_json::to_string(&self.choices).unwrap_or_default();
        vec![
            self.zone_id.0.into(),
            self.decision_id.into(),
            self.seq.into(),
            self.pair.0.into(),
            self.b_zone_id.0.into(),
            self.pair.1.into(),
            self.dataset.into(),
            self.answer.as_str().into(),
            self.state.as_str().into(),
            self.refusal.into(),
            self.in_the_way.into(),
            self.account_id.into(),
            self.decided_at.into(),
            choices.into(),
        ]
    }
}

/// Links and decisions around the entities of a batch.
#[derive(Default)]
pub(super) struct Groups {
    links: BTreeMap<Pair, Link>,
    neighbours: HashMap<Uuid, BTreeSet<Uuid>>,
    decided: HashMap<Uuid, BTreeSet<Pair>>,
    decisions: BTreeMap<Uuid, DecisionRow>,
    by_pair: BTreeMap<Pair, Vec<Uuid>>,
    /// Links to be written (`Some`) or deleted.
    pub(super) changed: BTreeMap<Pair, Option<Link>>,
}

impl Groups {
    /// Takes over a stored link.
    pub(super) fn learn_link(&mut self, of: Pair, link: Link) {
        // What this batch changed is newer than what is stored.
        if !self.changed.contains_key(&of) {
            self.insert(of, link);
        }
    }

    fn insert(&mut self, of: Pair, link: Link) {
        self.links.insert(of, link);
        self.neighbours.entry(of.0).or_default().insert(of.1);
        self.neighbours.entry(of.1).or_default().insert(of.0);
    }

    /// Links two registrations; a link that is there already keeps its place in the journal.
    pub(super) fn join(&mut self, of: Pair, link: Link) -> bool {
        let new = !self.links.contains_key(&of);
        if new {
            self.insert(of, link);
            self.changed.insert(of, Some(link));
        }
        new
    }

    /// Every link, for tests.
    #[cfg(test)]
    pub(super) fn all_links(&self) -> &BTreeMap<Pair, Link> {
        &self.links
    }

    /// Takes a link away; says whether there was one.
    pub(super) fn part(&mut self, of: Pair) -> bool {
        let was = self.links.remove(&of).is_some();
        if was {
            for (one, other) in [(of.0, of.1), (of.1, of.0)] {
                if let Some(set) = self.neighbours.get_mut(&one) {
                    set.remove(&other);
                }
            }
            self.changed.insert(of, None);
        }
        was
    }

    /// The link between two registrations.
    pub(super) fn link_of(&self, of: Pair) -> Option<Link> {
        self.links.get(&of).copied()
    }

    /// The registrations that a link joins to this one, whether their group takes it up or not.
    pub(super) fn linked(&self, id: Uuid) -> Vec<Uuid> {
        self.neighbours.get(&id).into_iter().flatten().copied().collect()
    }

    /// The entities that somebody said are one with this one.
    fn said_same(&self, id: Uuid) -> impl Iterator<Item = Uuid> + '_ {
        self.decided
            .get(&id)
            .into_iter()
            .flatten()
            .filter(|of| self.standing(**of).is_some_and(|d| d.answer == Answer::Same))
            .map(move |of| if of.0 == id { of.1 } else { of.0 })
    }

    /// Whether anything joins this entity to another.
    pub(super) fn is_joined(&self, id: Uuid) -> bool {
        self.neighbours.get(&id).is_some_and(|set| !set.is_empty())
            || self.said_same(id).next().is_some()
    }

    /// Everything that links reach from these ids, themselves included.
    pub(super) fn reach(&self, from: impl IntoIterator<Item = Uuid>) -> BTreeSet<Uuid> {
        let mut reached = BTreeSet::new();
        let mut queue: Vec<Uuid> = from.into_iter().collect();
        while let Some(id) = queue.pop() {
            if reached.insert(id) {
                queue.extend(self.linked(id));
                queue.extend(self.said_same(id));
            }
        }
        reached
    }

    /// Takes over a stored decision, or adds one.
    pub(super) fn learn_decision(&mut self, row: DecisionRow) {
        if self.decisions.contains_key(&row.decision_id) {
            return;
        }
        for id in [row.pair.0, row.pair.1] {
            self.decided.entry(id).or_default().insert(row.pair);
        }
        self.by_pair.entry(row.pair).or_default().push(row.decision_id);
        self.decisions.insert(row.decision_id, row);
    }

    /// The decision that holds for a pair.
    pub(super) fn standing(&self, of: Pair) -> Option<&DecisionRow> {
        self.of_pair(of).filter(|d| d.state == Standing::Stands).max_by_key(|d| d.seq)
    }

    /// Every decision that holds for a pair.
    pub(super) fn standing_all(&self, of: Pair) -> impl Iterator<Item = Uuid> {
        self.of_pair(of).filter(|d| d.state == Standing::Stands).map(|d| d.decision_id)
    }

    /// Decisions about a pair that wait for a second reviewer.
    pub(super) fn waiting(&self, of: Pair) -> impl Iterator<Item = &DecisionRow> {
        self.of_pair(of).filter(|d| d.state == Standing::Waits)
    }

    fn of_pair(&self, of: Pair) -> impl Iterator<Item = &DecisionRow> {
        let ids = self.by_pair.get(&of).into_iter().flatten();
        ids.filter_map(|id| self.decisions.get(id))
    }

    /// Changes how a decision stands.
    pub(super) fn set_state(&mut self, decision: Uuid, state: Standing) {
        if let Some(row) = self.decisions.get_mut(&decision) {
            row.state = state;
            row.dirty = true;
        }
    }

    /// Whether anything was ever decided about this entity.
    pub(super) fn is_decided(&self, id: Uuid) -> bool {
        self.decided.contains_key(&id)
    }

    /// The decision, another than `except`, that keeps these two sets of entities apart.
    pub(super) fn between(
        &self,
        one: &[Uuid],
        other: &[Uuid],
        except: Option<Uuid>,
    ) -> Option<&DecisionRow> {
        one.iter()
            .flat_map(|a| other.iter().map(|b| pair(*a, *b)))
            .filter_map(|of| self.standing(of))
            .find(|d| d.answer.keeps_apart() && Some(d.decision_id) != except)
    }

    /// Splits entities into groups: what people said first, then links, each in journal order.
    ///
    /// A join that would bring together two that somebody keeps apart is passed over, and so is a
    /// link that would make a group larger than [`GROUP_MAX`].
    pub(super) fn partition(&self, ids: &BTreeSet<Uuid>) -> Vec<Vec<Uuid>> {
        let said = self
            .decisions
            .values()
            .filter(|d| d.state == Standing::Stands && d.answer == Answer::Same)
            .map(|d| ((0, d.seq, d.pair), usize::MAX));
        let links = self.links.iter().map(|(of, link)| ((1, link.seq, *of), GROUP_MAX));
        let mut joins: Vec<_> = said
            .chain(links)
            .filter(|((.., of), _)| ids.contains(&of.0) && ids.contains(&of.1))
            .collect();
        joins.sort_unstable();
        let mut groups: Vec<Vec<Uuid>> = ids.iter().map(|id| vec![*id]).collect();
        let mut places: HashMap<Uuid, usize> = ids.iter().copied().zip(0..).collect();
        for ((.., (a, b)), limit) in joins {
            let (Some(&one), Some(&other)) = (places.get(&a), places.get(&b)) else { continue };
            let (low, high) = (one.min(other), one.max(other));
            let fits = match (groups.get(low), groups.get(high)) {
                (Some(x), Some(y)) => {
                    low != high
                        && x.len().saturating_add(y.len()) <= limit
                        && self.between(x, y, None).is_none()
                }
                _ => false,
            };
            if fits {
                let moved = groups.get_mut(high).map(std::mem::take).unwrap_or_default();
                places.extend(moved.iter().map(|id| (*id, low)));
                if let Some(into) = groups.get_mut(low) {
                    into.extend(moved);
                }
            }
        }
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// The group of one entity.
    pub(super) fn group_of(&self, id: Uuid) -> Vec<Uuid> {
        let reached = self.reach([id]);
        self.partition(&reached).into_iter().find(|g| g.contains(&id)).unwrap_or_else(|| vec![id])
    }

    /// Which entity's value a group shows, by property, in the order in which it was decided.
    pub(super) fn choices(&self, group: &BTreeSet<Uuid>) -> Vec<(i64, String, Uuid)> {
        let mut chosen: Vec<_> = self
            .decisions
            .values()
            .filter(|d| d.state == Standing::Stands && d.answer == Answer::Same)
            .filter(|d| group.contains(&d.pair.0) && group.contains(&d.pair.1))
            .flat_map(|d| d.choices.iter().map(|(name, id)| (d.seq, name.clone(), *id)))
            .filter(|(.., id)| group.contains(id))
            .collect();
        chosen.sort();
        chosen
    }

    /// Decisions to be written.
    pub(super) fn take_dirty(&mut self) -> Vec<DecisionRow> {
        let rows = std::mem::take(&mut self.decisions);
        rows.into_values().filter(|d| d.dirty).collect()
    }
}
