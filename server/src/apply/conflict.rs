//! Where two said something of one entity without knowing of each other (ADR 21): nothing is lost and nobody is
//! stopped, the later one stands, and a person decides between the values.
//!
//! A conflict is a function of the versions of an entity, so a rebuild finds the same.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    Applier,
    bring::remember,
    change::{EntityChange, Props},
    entity::overlay,
    identity::INTERVIEWED_AT,
    register::{Ground, Register},
    view::Step,
};
use crate::{
    db::{Result, Tx},
    runtime::Micros,
    store::ZoneId,
};

/// Properties that say who met whom and when, not what the thing is: they differ each time.
const OF_THE_VISIT: [&str; 3] = [INTERVIEWED_AT, "enumerator_code", "photo"];

/// How grave a conflict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Both say something else of one property.
    Hard,
    /// The update did not know of others, but contradicts none of them.
    Soft,
}

impl Level {
    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
        }
    }
}

/// Who said a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// The event.
    pub seq: i64,
    /// The submission.
    pub submission_id: Uuid,
    /// When it was received.
    pub at: Micros,
}

/// One property of which two say something else; null = nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The property.
    pub name: String,
    /// Whether its values are of class "none".
    pub is_open: bool,
    /// What it was when the sender of the update last saw it.
    pub base: Json,
    /// What others had made of it before the update came.
    pub theirs: Json,
    /// Who had.
    pub by: Side,
    /// What the update says, which stands until somebody decides.
    pub mine: Json,
}

/// An update that did not know of others.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// The update.
    pub mine: Side,
    /// The last of the others.
    pub theirs: Side,
    /// What both say something else of.
    pub fields: Vec<Field>,
    /// The decision about it: its event.
    pub settled: Option<i64>,
}

impl Conflict {
    /// How grave it is.
    pub fn level(&self) -> Level {
        if self.fields.is_empty() { Level::Soft } else { Level::Hard }
    }
}

/// The conflicts of one entity, as stored.
pub(super) struct ConflictRows {
    zone_id: ZoneId,
    entity_id: Uuid,
    dataset: String,
    found: Vec<Conflict>,
}

/// Everything a version says, open and sealed, with the label of a place.
fn said(change: &EntityChange) -> Props {
    let mut all = change.sealed.clone();
    all.extend(change.open.clone());
    all.extend(change.label.clone().map(|label| (String::from("label"), Json::String(label))));
    all
}

fn side(step: &Step) -> Side {
    let source = step.source;
    Side { seq: source.seq, submission_id: source.submission_id, at: source.at }
}

/// How many of these versions the sender of an update had seen. What phones see as a number counts what reviews took
/// out as well (`shifts`), so of an entity that was made again a conflict too many may be found, never one too few.
fn seen(before: &[Step], of: &Step, shifts: i64) -> usize {
    let change = &of.change;
    let number = |served: i64| usize::try_from((served - shifts).max(1)).unwrap_or(usize::MAX);
    let most = before.len();
    if change.create && !change.update {
        return 0;
    }
    if change.branch_id.is_empty() || change.base_version == change.trunk_version {
        return number(change.base_version).min(most);
    }
    let is_former = |s: &Step| {
        s.change.branch_id == change.branch_id && s.change.base_version == change.base_version - 1
    };
    let former = before.iter().rposition(is_former).map(|at| at + 1);
    former.unwrap_or_else(|| number(change.trunk_version)).min(most)
}

/// Whether two steps are of one sender who knows of both: one submission, or one off-line branch.
fn is_of_one(a: &Step, b: &Step) -> bool {
    let is_branch = !a.change.branch_id.is_empty() && a.change.branch_id == b.change.branch_id;
    is_branch || a.source.submission_id == b.source.submission_id
}

/// The conflicts among the versions of one entity, in their order.
pub(super) fn among(steps: &[Step], shifts: i64) -> Vec<Conflict> {
    let mut found: Vec<Conflict> = Vec::new();
    let is_guess = steps.first().is_some_and(|s| s.change.forced);
    let is_blind =
        |s: &Step| s.change.update || s.change.registers || (s.change.create && is_guess);
    if !steps.iter().skip(1).any(is_blind) {
        return found;
    }
    // What the entity said before the first version, and after each.
    let mut states: Vec<Props> = vec![Props::new()];
    for (n, step) in steps.iter().enumerate() {
        let (before, _) = steps.split_at(n);
        if let Some(one) = found.iter_mut().find(|c| c.mine.seq == step.change.settles) {
            one.settled = Some(step.source.seq);
        }
        // Who makes an entity knows of none of its versions; a list of the authorities overrules them.
        if n > 0 && is_blind(step) {
            found.extend(contradicts(before, &states, step, shifts));
        }
        let mut now = states.last().cloned().unwrap_or_default();
        overlay(&mut now, &said(&step.change));
        states.push(now);
    }
    found
}

fn contradicts(before: &[Step], states: &[Props], step: &Step, shifts: i64) -> Option<Conflict> {
    let seen = seen(before, step, shifts);
    let (_, unseen) = before.split_at(seen);
    let unseen: Vec<&Step> = unseen.iter().filter(|s| !is_of_one(s, step)).collect();
    let theirs = side(unseen.last()?);
    let (base, current) = (states.get(seen)?, states.last()?);
    let of = |props: &Props, name: &str| props.get(name).cloned().unwrap_or(Json::Null);
    let mut fields = Vec::new();
    for (name, mine) in said(&step.change) {
        let (base, theirs) = (of(base, &name), of(current, &name));
        if OF_THE_VISIT.contains(&name.as_str()) || theirs == base || theirs == mine {
            continue;
        }
        let by = unseen.iter().rev().find(|s| said(&s.change).contains_key(&name));
        let Some(by) = by.map(|s| side(s)) else { continue };
        let is_open =
            step.change.open.contains_key(&name) || step.change.label.is_some() && name == "label";
        fields.push(Field { name, is_open, base, theirs, by, mine });
    }
    Some(Conflict { mine: side(step), theirs, fields, settled: None })
}

/// Finds the conflicts of the entities that a batch may have brought into one.
pub(super) async fn find(tx: &mut Tx, register: &mut Register, ground: &Ground<'_>) -> Result<()> {
    let disputed = std::mem::take(&mut register.disputed);
    if disputed.is_empty() {
        return Ok(());
    }
    let place = |id: &Uuid| Some((register.homes.get(id)?.0, *id));
    let wanted: HashSet<(ZoneId, Uuid)> = disputed.iter().filter_map(place).collect();
    remember(tx, register, &wanted, ground).await?;
    for id in disputed {
        let Some(entity) = register.entities.get(&id) else { continue };
        register.conflicts.push(ConflictRows {
            zone_id: entity.zone_id,
            entity_id: id,
            dataset: entity.dataset.clone(),
            found: among(&register.all_steps(id), entity.shifts),
        });
    }
    Ok(())
}

impl Register {
    /// All versions of an entity: those that are stored, and those of this batch.
    fn all_steps(&self, id: Uuid) -> Vec<Step> {
        let stored = self.past.get(&id).into_iter().flatten();
        let known: BTreeSet<i64> = stored.clone().map(|step| step.source.seq).collect();
        let new = self.steps.get(&id).into_iter().flatten();
        stored.chain(new.filter(|step| !known.contains(&step.source.seq))).cloned().collect()
    }
}

/// Writes the conflicts of entities in the place of those that were found before.
pub(super) async fn write(tx: &mut Tx, entities: Vec<ConflictRows>) -> Result<()> {
    let mut rows = Vec::new();
    for of in entities {
        tx.query("DELETE FROM conflict WHERE zone_id = $1 AND entity_id = $2")
            .bind(of.zone_id.0)
            .bind(of.entity_id)
            .execute()
            .await?;
        for conflict in of.found {
            let names: Vec<&str> = conflict.fields.iter().map(|f| f.name.as_str()).collect();
            let state = if conflict.settled.is_some() { "settled" } else { "open" };
            rows.push(vec![
                of.zone_id.0.into(),
                of.entity_id.into(),
                conflict.mine.seq.into(),
                of.dataset.as_str().into(),
                conflict.level().as_str().into(),
                state.into(),
                serde_json::to_string(&names).unwrap_or_default().into(),
            ]);
        }
    }
    tx.insert_rows(
        "INSERT INTO conflict (zone_id, entity_id, seq, dataset, level, state, fields)",
        "",
        rows,
    )
    .await?;
    Ok(())
}

impl Applier {
    /// The conflicts of one entity, with their values, and the version that phones see of it.
    pub async fn conflicts(&self, tx: &mut Tx, id: Uuid) -> Result<Option<(i64, Vec<Conflict>)>> {
        let mut register = self.around(tx, &[id]).await?;
        let forms = self.forms().await?;
        let gazetteer = self.gazetteer();
        let ground = self.ground(&forms, &gazetteer);
        let Some(zone) = register.homes.get(&id).map(|home| home.0) else { return Ok(None) };
        remember(tx, &mut register, &HashSet::from([(zone, id)]), &ground).await?;
        let Some(entity) = register.entities.get(&id).filter(|e| e.version > 0) else {
            return Ok(None);
        };
        let found = among(&register.all_steps(id), entity.shifts);
        Ok(Some((entity.version + entity.shifts, found)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, OnceLock};

    use serde_json::json;

    use super::*;
    use crate::{
        apply::{change::Facts, entity::Source},
        keys::Realm,
    };

    /// An update by this sender on this version; empty properties of a branch.
    fn step(seq: i64, base: i64, branch: (&str, i64), props: Json) -> Step {
        let open: Props = serde_json::from_value(props).unwrap();
        let change = EntityChange {
            dataset: String::from("sites"),
            realm: Realm::Adults,
            entity_id: Uuid::from_u128(1),
            create: base == 0,
            update: base > 0,
            base_version: base,
            trunk_version: branch.1,
            branch_id: branch.0.to_owned(),
            registers: base == 0,
            forced: false,
            settles: 0,
            label: None,
            open,
            sealed: Props::new(),
            block_keys: BTreeSet::new(),
            site_id: None,
            position: None,
            facts: Facts::default(),
            made: None,
            stored: OnceLock::new(),
        };
        let source = Source {
            zone_id: ZoneId(1),
            submission_id: Uuid::from_u128(u128::try_from(seq).unwrap()),
            seq,
            at: Micros(seq),
            pending: false,
        };
        Step { change: Arc::new(change), source }
    }

    fn levels(steps: &[Step]) -> Vec<(i64, &'static str, Vec<String>)> {
        let line = |c: &Conflict| {
            let names = c.fields.iter().map(|f| f.name.clone()).collect();
            (c.mine.seq, c.level().as_str(), names)
        };
        among(steps, 0).iter().map(line).collect()
    }

    const ALONE: (&str, i64) = ("", 0);

    #[test]
    fn who_has_seen_everything_contradicts_nobody() {
        let steps = [
            step(1, 0, ALONE, json!({"status": "active"})),
            step(2, 1, ALONE, json!({"status": "closed"})),
            step(3, 2, ALONE, json!({"status": "active"})),
        ];
        assert_eq!(levels(&steps), []);
    }

    #[test]
    fn two_values_of_one_property_are_a_hard_conflict_and_two_properties_a_soft_one() {
        let first = step(1, 0, ALONE, json!({"status": "active", "village": "A"}));
        let closed = step(2, 1, ALONE, json!({"status": "closed"}));
        let moved = step(3, 1, ALONE, json!({"village": "B"}));
        let opened = step(4, 1, ALONE, json!({"status": "suspended", "enumerator_code": "X"}));

        let found = levels(&[first.clone(), closed.clone(), moved, opened.clone()]);
        assert_eq!(found, [(3, "soft", vec![]), (4, "hard", vec![String::from("status")])]);
        let both = among(&[first, closed, opened], 0);
        let field = &both[0].fields[0];
        assert_eq!(
            (&field.base, &field.theirs, &field.mine),
            (&json!("active"), &json!("closed"), &json!("suspended"))
        );
        assert_eq!(field.by.seq, 2);
    }

    #[test]
    fn steps_of_one_offline_branch_know_of_each_other_and_of_nobody_else() {
        let steps = [
            step(1, 0, ALONE, json!({"status": "active"})),
            step(2, 1, ("b", 1), json!({"status": "closed"})),
            step(3, 1, ("c", 1), json!({"status": "suspended"})),
            step(4, 2, ("b", 1), json!({"status": "abandoned"})),
        ];
        let hard = |seq| (seq, "hard", vec![String::from("status")]);
        assert_eq!(levels(&steps), [hard(3), hard(4)]);
    }

    #[test]
    fn an_edit_of_ones_own_update_is_no_conflict_and_a_decision_ends_one() {
        let first = step(1, 0, ALONE, json!({"status": "active"}));
        let closed = step(2, 1, ALONE, json!({"status": "closed"}));
        let mut edit = step(3, 1, ALONE, json!({"status": "suspended"}));
        edit.source.submission_id = closed.source.submission_id;
        assert_eq!(levels(&[first.clone(), closed.clone(), edit]), []);

        let mut settle = step(4, 0, ALONE, json!({"status": "closed"}));
        let change = Arc::make_mut(&mut settle.change);
        (change.create, change.registers, change.settles) = (false, false, 3);
        let other = step(3, 1, ALONE, json!({"status": "suspended"}));
        let found = among(&[first, closed, other, settle], 0);
        assert_eq!(found.iter().map(|c| c.settled).collect::<Vec<_>>(), [Some(4)]);
    }
}
