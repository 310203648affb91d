//! What a batch touches, fetched and folded.

use std::{
    collections::{BTreeSet, HashSet},
    sync::atomic::Ordering,
};

use uuid::Uuid;

use super::{
    again,
    bring::{bring, remember},
    chain, conflict, delete,
    engine::Applier,
    entity::Source,
    erase::erase,
    heard,
    holders::{self, Holders},
    interpret::Interpretation,
    lists, load,
    needs::Needs,
    register::{Ground, PeopleGuard, Register, Waiting},
    reviewed::{self, cases, remember_versions},
    rows::Rows,
    say::Said,
};
use crate::{
    db::{Result, Tx},
    runtime::Micros,
    store::ZoneId,
};

impl Applier {
    /// Folds a batch over the engine's memory; gives the memory back either way. `stored` names submissions
    /// that are read again; `day` is the day of the batch.
    pub(super) async fn fold(
        &self,
        tx: &mut Tx,
        mut said: Vec<Said>,
        people: PeopleGuard,
        ground: &Ground<'_>,
        (stored, day): (HashSet<(ZoneId, Uuid)>, i64),
    ) -> (PeopleGuard, Result<Rows>) {
        let retold = match chain::redirect(tx, &mut said, ground).await {
            Ok(retold) => retold,
            Err(failure) => return (people, Err(failure)),
        };
        let mut register = match self.fetch(tx, &said, ground, stored).await {
            Ok(register) => register,
            Err(failure) => return (people, Err(failure)),
        };
        register.chains.retold = retold;
        register.people = Some(people);
        register.day = day;
        let folded = fold_all(tx, &mut register, said, ground).await;
        self.brought
            .fetch_add(u64::try_from(register.brought).unwrap_or(u64::MAX), Ordering::Relaxed);
        let people = register.people.take().expect("the fold gives the engine's memory back");
        (people, folded.map(|()| Rows::of(register)))
    }

    /// Fetches what the batch touches.
    async fn fetch(
        &self,
        tx: &mut Tx,
        said: &[Said],
        ground: &Ground<'_>,
        mut stored: HashSet<(ZoneId, Uuid)>,
    ) -> Result<Register> {
        let mut needs = Needs::of(said);
        stored.extend(needs.edited.union(&needs.continued));
        let mut register = Register {
            record_entities: load::record_entities(tx, &needs.edited).await?,
            known: reviewed::known(tx, &stored).await?,
            cases: cases(tx, said, ground).await?,
            lists: Some(lists::stored(tx, ground).await?),
            ..Register::default()
        };
        // An edit may name another entity than the version before it: what that one made is marked with it.
        needs.entity_ids.extend(register.record_entities.values());
        needs.edited_entities.extend(register.record_entities.values());
        let (chains, cases) = chain::fetch(tx, said, ground).await?;
        needs.add_chains(&chains);
        register.chains.found = chains;
        register.cases.extend(cases);
        let (restored, cases) = delete::restored(tx, said, ground).await?;
        register.cases.extend(cases);
        needs.add_cases(&register.cases);
        register.fetch_device_days(tx, said, (&needs.edited, ground)).await?;
        needs.entity_ids.extend(&restored);
        needs.reviewed_entities.extend(&restored);
        bring(tx, &mut register, needs.all_ids(), ground).await?;
        fetch_waiting(tx, &needs.entity_ids, &mut register, ground).await?;
        needs.reviewed_entities.extend(register.deleted_by(said));
        let changed = (&needs.reviewed_entities, &needs.edited_entities);
        remember_versions(tx, &mut register, changed, ground).await?;
        let leaving = needs.leaving(said, &register, ground);
        let (holders, read) = holders::fetch(tx, &leaving).await?;
        register.holders = holders;
        register.brought += read;
        let others = register.holders.values().flat_map(Holders::listed).collect();
        bring(tx, &mut register, others, ground).await?;
        // Who becomes one with somebody may have changes waiting.
        let met = register.entities.keys().filter(|id| !needs.names(id)).copied();
        let met = met.chain(register.holders.values().flat_map(Holders::listed)).collect();
        fetch_waiting(tx, &met, &mut register, ground).await?;
        register.kept_keys = load::kept_keys(tx, &needs.places, &self.keys).await?;
        let canonical: HashSet<_> =
            register.entities.values().map(|e| (e.zone_id, e.entity_id)).collect();
        register.branches = load::branches(tx, &canonical, needs.branched).await?;
        Ok(register)
    }
}

/// Fetches the changes that wait for these entities.
pub(super) async fn fetch_waiting(
    tx: &mut Tx,
    ids: &HashSet<Uuid>,
    register: &mut Register,
    ground: &Ground<'_>,
) -> Result<()> {
    let fresh = ids.iter().filter(|id| register.waits_asked.insert(**id)).copied().collect();
    let rows = load::held(tx, &fresh).await?;
    if rows.is_empty() {
        return Ok(());
    }
    // One submission may wait for many: it is read once.
    let waits: HashSet<(i64, Uuid)> = rows.iter().map(|r| (r.seq, r.entity_id)).collect();
    let seqs: BTreeSet<i64> = rows.iter().map(|r| r.seq).collect();
    let seqs: Vec<i64> = seqs.into_iter().collect();
    let mut sites = HashSet::new();
    // Who sends thousands of versions that wait does not have them opened once per batch.
    let mut said = heard::at(tx, &seqs, ground).await?;
    said.sort_by_key(|s| s.event.seq);
    let ids = said.iter().map(|s| (s.event.zone_id, s.event.submission_id)).collect();
    let known = reviewed::known(tx, &ids).await?;
    for Said { event, interpretation, .. } in said {
        let pending = known.get(&event.submission_id).is_some_and(|k| k.stand.is_pending());
        let (source, zone_id) = (Source::of(&event, pending), event.zone_id);
        for change in interpretation.into_iter().flat_map(Interpretation::all_changes) {
            if waits.contains(&(source.seq, change.entity_id)) {
                sites.extend(change.site_id);
                let waiting = Waiting { source, zone_id, change };
                register.waiting.entry(waiting.change.entity_id).or_default().push(waiting);
            }
        }
    }
    bring(tx, register, sites, ground).await
}

/// Folds event by event, then makes the groups again around what changed.
async fn fold_all(
    tx: &mut Tx,
    register: &mut Register,
    said: Vec<Said>,
    ground: &Ground<'_>,
) -> Result<()> {
    let at = said.last().map_or(Micros(0), |s| s.event.received_at);
    let before = register.facts();
    for mut s in said {
        if let Some(erasure) = s.erasure.take() {
            erase(tx, register, &s.event, erasure, ground).await?;
            continue;
        }
        register.take(s, ground);
        if !register.by_score.is_empty() {
            let others: HashSet<Uuid> =
                register.by_score.iter().map(|(_, other, _)| *other).collect();
            let known: HashSet<Uuid> = register.entities.keys().copied().collect();
            bring(tx, register, others.clone(), ground).await?;
            let met = register.entities.keys().filter(|id| !known.contains(id)).copied();
            let met = met.chain(others).collect();
            fetch_waiting(tx, &met, register, ground).await?;
            register.join_by_score();
        }
    }
    again::compare(tx, register, &before, ground).await?;
    let unremembered = register.unremembered().into_iter().collect();
    remember(tx, register, &unremembered, ground).await?;
    conflict::find(tx, register, ground).await?;
    register.mark_again();
    register.regroup(at, ground);
    Ok(())
}
