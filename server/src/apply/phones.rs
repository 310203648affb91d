//! Telephones that many people give (rule C21): whoever gives one is compared again when others come or go.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{described::Described, meet::hidden_from, register::Register};
use crate::{
    db::{Result, Tx},
    store::{ZoneId, zones::ids_by_zone},
};

/// Others from whom on a telephone is told as shared.
const FEW: usize = 5;
/// Of more registrations with one telephone all are marked: only who comes or goes is compared.
const CROWD: usize = 64;

impl Register {
    /// Notes the telephones of a registration that comes, changes or goes.
    pub(super) fn note_phones<const N: usize>(&mut self, registrations: [Option<&Described>; N]) {
        let people = registrations.into_iter().flatten().filter_map(Described::person);
        let phones = people.map(|person| &person.phone).filter(|phone| !phone.is_empty());
        self.phones_moved.extend(phones.cloned());
    }

    /// How many other people gave this telephone, as far as a zone may know of them; `None` when nobody can tell. Who registers
    /// again with the same card is the same person.
    pub(super) fn phone_uses(
        &self,
        zone: ZoneId,
        own: &BTreeSet<Uuid>,
        phone: Option<&str>,
    ) -> Option<u32> {
        let (people, phone) = (self.people.as_ref()?, phone?);
        let mine = people.with_phone(phone).find(|(_, id, _)| own.contains(id));
        let own_card = mine.map_or(0, |(.., card)| card);
        let is_other = |(of, id, card): &(ZoneId, Uuid, u64)| {
            let is_same = own.contains(id) || (*card != 0 && *card == own_card);
            !is_same && !hidden_from(zone, *of)
        };
        let name = |id: Uuid, card: u64| if card == 0 { Ok(id) } else { Err(card) };
        let mut others = BTreeSet::new();
        for (_, id, card) in people.with_phone(phone).filter(is_other) {
            others.insert(name(id, card));
            if others.len() > FEW {
                break;
            }
        }
        u32::try_from(others.len()).ok()
    }

    /// The registrations with a telephone that many give and that others took or left in this batch.
    fn phone_sharers(&self) -> BTreeSet<(ZoneId, Uuid)> {
        let Some(people) = &self.people else { return BTreeSet::new() };
        let mut found = BTreeSet::new();
        for phone in &self.phones_moved {
            let all: Vec<_> = people.with_phone(phone).map(|(zone, id, _)| (zone, id)).collect();
            let is_crowd = all.len() > CROWD;
            // Whoever left one of six leaves five.
            if all.len() >= FEW {
                let of_batch = |id: &Uuid| self.entities.get(id).is_some_and(|e| e.dirty);
                found.extend(all.into_iter().filter(|(_, id)| !is_crowd || of_batch(id)));
            }
        }
        found
    }
}

/// The records of those whose telephone others took or left in this batch.
pub(super) async fn records_of_sharers(
    tx: &mut Tx,
    register: &Register,
) -> Result<Vec<(ZoneId, Uuid)>> {
    let sharers = register.phone_sharers();
    let of_batch = register.records.iter().filter(|(place, record)| {
        record.entity_id.is_some_and(|id| sharers.contains(&(place.0, id)))
    });
    let mut places: Vec<(ZoneId, Uuid)> = of_batch.map(|(place, _)| *place).collect();
    for (zone, ids) in ids_by_zone(sharers) {
        let rows = tx
            .fetch_in_with(
                "SELECT DISTINCT submission_id FROM entity_version WHERE zone_id = $1 AND entity_id IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in &rows {
            places.push((zone, row.get(0)?));
        }
    }
    Ok(places)
}
