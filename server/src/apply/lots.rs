//! Which cards each enumerator was given, as the lists of lots say (rule C10).
//!
//! Every registration of a miner asks, and lists change seldom: they are kept in memory until one changes.

use std::{
    collections::HashMap,
    ops::RangeInclusive,
    sync::{Arc, Mutex, PoisonError},
};

use uuid::Uuid;

use super::{
    change::Props,
    entity::EntityState,
    meet::hidden_from,
    register::{Ground, Register},
};
use crate::{
    db::{DbError, Result, Tx},
    store::{ZoneId, card_lots},
};

/// The base list of lots.
pub(super) const DATASET: &str = "card_lots";

/// Cards that one enumerator was given, by their numbers.
#[derive(Clone, Debug)]
pub(super) struct Lot {
    zone_id: ZoneId,
    id: Uuid,
    pub(super) agent: Uuid,
    pub(super) cards: RangeInclusive<u32>,
}

impl Lot {
    fn of((zone_id, id): (ZoneId, Uuid), says: &Props) -> Option<Self> {
        let end = |name: &str| u32::try_from(says.get(name)?.as_i64()?).ok();
        let agent = says.get("agent_id")?.as_str()?.parse().ok()?;
        Some(Self { zone_id, id, agent, cards: end("first")?..=end("last")? })
    }

    /// The lot that an entity is, while something speaks for it.
    pub(super) fn of_entity(entity: &EntityState) -> Option<Self> {
        let stands = entity.version > 0 && entity.deleted_seq == 0;
        let is_lot = stands && entity.dataset == DATASET;
        is_lot.then(|| Self::of((entity.zone_id, entity.entity_id), &entity.open)).flatten()
    }
}

/// All lots, by their enumerator, as stored when so many changes had been made.
#[derive(Default)]
pub(super) struct Lots {
    token: i64,
    by_agent: HashMap<Uuid, Vec<Lot>>,
}

/// The lots as they were read last.
#[derive(Default)]
pub(super) struct LotBook(Mutex<Arc<Lots>>);

/// The lots as they are stored.
pub(super) async fn stored(tx: &mut Tx, ground: &Ground<'_>) -> Result<Arc<Lots>> {
    let token = card_lots::token(tx).await?;
    // Whatever is in there is whole.
    let known = || ground.lots.0.lock().unwrap_or_else(PoisonError::into_inner);
    let read = Arc::clone(&known());
    if read.token == token {
        return Ok(read);
    }
    let mut lots = Lots { token, ..Lots::default() };
    for (zone, id, props) in card_lots::all(tx).await? {
        let broken = |_| DbError::Inconsistent { table: "entity", column: "props" };
        let says: Props = serde_json::from_str(&props).map_err(broken)?;
        if let Some(lot) = Lot::of((zone, id), &says) {
            lots.by_agent.entry(lot.agent).or_default().push(lot);
        }
    }
    let lots = Arc::new(lots);
    *known() = Arc::clone(&lots);
    Ok(lots)
}

impl Register {
    /// The lots that this batch changed, once it is folded.
    pub(super) fn settle_lots(&mut self) {
        let own = self.entities.values().filter(|e| e.dataset == DATASET);
        self.own_lots = own.map(|e| (e.entity_id, Lot::of_entity(e))).collect();
    }

    /// The cards that an enumerator was given, as far as a zone may see the lists.
    pub(super) fn cards_of(&self, zone: ZoneId, agent: Uuid) -> Vec<RangeInclusive<u32>> {
        let stored = self.lots.iter().filter_map(|lots| lots.by_agent.get(&agent)).flatten();
        let stored = stored.filter(|lot| !self.own_lots.contains_key(&lot.id));
        let own = self.own_lots.values().flatten().filter(|lot| lot.agent == agent);
        // The list of the country is every zone's.
        let is_seen =
            |lot: &&Lot| lot.zone_id == ZoneId::COUNTRY || !hidden_from(zone, lot.zone_id);
        stored.chain(own).filter(is_seen).map(|lot| lot.cards.clone()).collect()
    }
}
