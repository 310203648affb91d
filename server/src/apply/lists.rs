//! What the small base lists say: the cards that each enumerator was given (rule C10), the campaigns (A08, E12, G06) and the
//! school holidays (D18).
//!
//! Nearly every record asks, and lists change seldom: they are kept in memory until one changes.

use std::{
    collections::HashMap,
    ops::RangeInclusive,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::civil::Date;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    change::Props,
    entity::EntityState,
    meet::hidden_from,
    register::{Ground, Register},
};
use crate::{
    db::{DbError, Result, Tx},
    rules::Campaign,
    store::{ZoneId, small_lists},
};

/// A line of a small list.
#[derive(Clone, Debug)]
pub(super) struct Line {
    zone_id: ZoneId,
    id: Uuid,
    pub(super) says: Says,
}

/// What a line says.
#[derive(Clone, Debug)]
pub(super) enum Says {
    /// Cards that one enumerator was given, by their numbers.
    Lot {
        agent: Uuid,
        cards: RangeInclusive<u32>,
    },
    Campaign(Campaign),
    /// Days on which schools are closed.
    Holidays(RangeInclusive<Date>),
}

impl Line {
    fn of((zone_id, id): (ZoneId, Uuid), dataset: &str, props: &Props) -> Option<Self> {
        let number = |name: &str| props.get(name).and_then(Json::as_i64);
        let card = |name: &str| u32::try_from(number(name)?).ok();
        let day = |name: &str| props.get(name)?.as_str()?.parse::<Date>().ok();
        let says = match dataset {
            small_lists::CARD_LOTS => Says::Lot {
                agent: props.get("agent_id")?.as_str()?.parse().ok()?,
                cards: card("first")?..=card("last")?,
            },
            small_lists::CAMPAIGNS => Says::Campaign(Campaign {
                starts: day("starts")?,
                ends: day("ends")?,
                gold_price: number("gold_min").unwrap_or(0)
                    ..=number("gold_max").unwrap_or(i64::MAX),
            }),
            small_lists::HOLIDAYS => Says::Holidays(day("starts")?..=day("ends")?),
            _ => return None,
        };
        Some(Self { zone_id, id, says })
    }

    /// The line that an entity is, while something speaks for it.
    pub(super) fn of_entity(entity: &EntityState) -> Option<Self> {
        let stands = entity.version > 0 && entity.deleted_seq == 0;
        let place = (entity.zone_id, entity.entity_id);
        stands.then(|| Self::of(place, &entity.dataset, &entity.open)).flatten()
    }
}

/// Whether the lines of a list say something of every record, whatever it names.
fn is_calendar(dataset: &str) -> bool {
    matches!(dataset, small_lists::CAMPAIGNS | small_lists::HOLIDAYS)
}

/// All lines, as stored when so many changes had been made.
#[derive(Default)]
pub(super) struct Lists {
    token: i64,
    lots: HashMap<Uuid, Vec<Line>>,
    calendar: Vec<Line>,
}

/// The lists as they were read last.
#[derive(Default)]
pub(super) struct ListBook(Mutex<Arc<Lists>>);

/// The lists as they are stored.
pub(super) async fn stored(tx: &mut Tx, ground: &Ground<'_>) -> Result<Arc<Lists>> {
    let token = small_lists::token(tx).await?;
    // Whatever is in there is whole.
    let known = || ground.lists.0.lock().unwrap_or_else(PoisonError::into_inner);
    let read = Arc::clone(&known());
    if read.token == token {
        return Ok(read);
    }
    let mut lists = Lists { token, ..Lists::default() };
    for line in small_lists::all(tx).await? {
        let broken = |_| DbError::Inconsistent { table: "entity", column: "props" };
        let props: Props = serde_json::from_str(&line.props).map_err(broken)?;
        let Some(line) = Line::of(line.place, &line.dataset, &props) else { continue };
        match &line.says {
            Says::Lot { agent, .. } => lists.lots.entry(*agent).or_default().push(line),
            Says::Campaign(_) | Says::Holidays(_) => lists.calendar.push(line),
        }
    }
    let lists = Arc::new(lists);
    *known() = Arc::clone(&lists);
    Ok(lists)
}

impl Register {
    /// The lines that this batch changed, once it is folded, and whether the calendar is among them.
    pub(super) fn settle_lists(&mut self) {
        let lists = [small_lists::CARD_LOTS, small_lists::CAMPAIGNS, small_lists::HOLIDAYS];
        let own = self.entities.values().filter(|e| lists.contains(&&*e.dataset));
        self.own_lines = own.clone().map(|e| (e.entity_id, Line::of_entity(e))).collect();
        self.calendar_moved = own.filter(|e| e.dirty).any(|e| is_calendar(&e.dataset));
    }

    /// The lines of the base lists as they are now, as far as a zone may see them, of those stored here.
    fn lines<'r>(
        &'r self,
        zone: ZoneId,
        stored: impl Iterator<Item = &'r Line> + 'r,
    ) -> impl Iterator<Item = &'r Says> {
        let stored = stored.filter(|line| !self.own_lines.contains_key(&line.id));
        // The list of the country is every zone's.
        let is_seen =
            move |line: &&Line| line.zone_id == ZoneId::COUNTRY || !hidden_from(zone, line.zone_id);
        stored.chain(self.own_lines.values().flatten()).filter(is_seen).map(|line| &line.says)
    }

    /// The cards that an enumerator was given, as far as a zone may see the lists.
    pub(super) fn cards_of(&self, zone: ZoneId, of: Uuid) -> Vec<RangeInclusive<u32>> {
        let stored = self.lists.iter().filter_map(|lists| lists.lots.get(&of)).flatten();
        let cards = self.lines(zone, stored).filter_map(|says| match says {
            Says::Lot { agent, cards } if *agent == of => Some(cards.clone()),
            _ => None,
        });
        cards.collect()
    }

    fn calendar(&self, zone: ZoneId) -> impl Iterator<Item = &Says> {
        self.lines(zone, self.lists.iter().flat_map(|lists| &lists.calendar))
    }

    /// The campaign of an interview: the last that had begun on its day, else the first there is.
    pub(super) fn campaign_of(&self, zone: ZoneId, day: Date) -> Option<&Campaign> {
        let campaigns = || {
            self.calendar(zone).filter_map(|says| match says {
                Says::Campaign(campaign) => Some(campaign),
                _ => None,
            })
        };
        let began = campaigns().filter(|c| c.starts <= day).max_by_key(|c| (c.starts, c.ends));
        began.or_else(|| campaigns().min_by_key(|c| (c.starts, c.ends)))
    }

    /// The days on which schools are closed.
    pub(super) fn holidays(&self, zone: ZoneId) -> Vec<RangeInclusive<Date>> {
        let days = self.calendar(zone).filter_map(|says| match says {
            Says::Holidays(days) => Some(days.clone()),
            _ => None,
        });
        days.collect()
    }
}
