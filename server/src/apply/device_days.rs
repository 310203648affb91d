//! The interviews that phones made in a day, as far as a batch touches them: each is compared with the others of its day,
//! and again when one of them comes, changes or goes (rules A14, B10, D14).
//!
//! Adding an interview only ever adds findings and taking one away only takes them away, so a day of many is not read
//! again and again.

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::{
    heard,
    interviewed::{Interviewed, pack, unpack},
    register::{Ground, Register},
    say::Said,
    stand::Stand,
};
use crate::{
    db::{DbError, Result, Tx},
    rules::{DaySays, Interview},
    store::{
        ZoneId,
        device_days::{self, DeviceDay},
    },
};

/// Interviews that a day takes in: five times what a team manages. What comes when it is full is compared with none, so that
/// what is found does not depend on when somebody looks.
const MOST: usize = 500;

/// A submission, where its record lies.
type Place = (ZoneId, Uuid);

/// Days of phones, and what their interviews were told.
#[derive(Default)]
pub(super) struct DeviceDays {
    days: HashMap<DeviceDay, Vec<(Uuid, Interview)>>,
    /// The day that a submission stands in.
    places: HashMap<Place, Uuid>,
    /// What an interview was when it was compared, and what it was told, before others came or went; `None` when it came
    /// in without being compared.
    seen: HashMap<Place, Option<(Interview, DaySays)>>,
    changed: BTreeSet<DeviceDay>,
}

impl DeviceDays {
    /// What the other interviews of its day say of a submission that stands there, or is to.
    pub(super) fn says(&mut self, (zone, id): Place, of: &Interviewed, is_to: bool) -> DaySays {
        let day = self.days.get(&(zone, of.device_day)).map_or(&[][..], Vec::as_slice);
        let stands = self.places.get(&(zone, id)) == Some(&of.device_day);
        if !stands && (!is_to || day.len() >= MOST) {
            return DaySays::default();
        }
        let says = told(day, id, &of.interview);
        self.seen.insert((zone, id), Some((of.interview, says)));
        says
    }

    /// Puts a submission where it stands now, if it speaks to the register at all.
    pub(super) fn put(&mut self, place: Place, now: Option<Interviewed>) {
        let (zone, id) = place;
        let before = self.places.get(&place).copied();
        let day = before.and_then(|name| self.days.get(&(zone, name)));
        let stands = day.and_then(|day| day.iter().find(|(of, _)| *of == id)).map(|of| of.1);
        let is_same = stands.zip(before) == now.map(|now| (now.interview, now.device_day));
        if is_same {
            return;
        }
        if let Some((interview, name)) = stands.zip(before) {
            self.note(zone, name, id, &interview);
            self.days.entry((zone, name)).or_default().retain(|(of, _)| *of != id);
            self.changed.insert((zone, name));
            self.places.remove(&place);
        }
        let Some(now) = now else { return };
        self.note(zone, now.device_day, id, &now.interview);
        let day = self.days.entry((zone, now.device_day)).or_default();
        if day.len() < MOST {
            day.push((id, now.interview));
            self.changed.insert((zone, now.device_day));
            self.places.insert(place, now.device_day);
            self.seen.entry(place).or_insert(None);
        }
    }

    /// Before an interview comes or goes: what those were told on whom it bears.
    fn note(&mut self, zone: ZoneId, name: Uuid, id: Uuid, interview: &Interview) {
        let Some(day) = self.days.get(&(zone, name)) else { return };
        for (other, of) in day.iter().filter(|(other, _)| *other != id) {
            if of.bears_on(interview) {
                let told = || Some((*of, told(day, *other, of)));
                self.seen.entry((zone, *other)).or_insert_with(told);
            }
        }
    }

    /// The submissions of which is said now what was not when they were compared.
    pub(super) fn outdated(&self) -> impl Iterator<Item = Place> {
        let is_outdated = |(place, seen): &(&Place, &Option<(Interview, DaySays)>)| {
            let day = self.places.get(*place).and_then(|name| self.days.get(&(place.0, *name)));
            let Some(day) = day else { return false };
            let own = day.iter().find(|(id, _)| *id == place.1);
            own.is_some_and(|(id, own)| seen != &&Some((*own, told(day, *id, own))))
        };
        self.seen.iter().filter(is_outdated).map(|(place, _)| *place)
    }

    /// Brings these days, unless they are here.
    pub(super) async fn fetch(
        &mut self,
        tx: &mut Tx,
        mut wanted: BTreeSet<DeviceDay>,
    ) -> Result<()> {
        wanted.retain(|name| !self.days.contains_key(name));
        for ((zone, name), bytes) in device_days::stored(tx, &wanted).await? {
            let broken = DbError::Inconsistent { table: "device_day", column: "interviews" };
            let day = unpack(&bytes).ok_or(broken)?;
            self.places.extend(day.iter().map(|(id, _)| ((zone, *id), name)));
            self.days.insert((zone, name), day);
        }
        for name in wanted {
            self.days.entry(name).or_default();
        }
        Ok(())
    }

    /// The days that changed, as they are to be stored.
    pub(super) fn into_rows(mut self) -> Vec<(DeviceDay, Vec<u8>)> {
        let changed = std::mem::take(&mut self.changed);
        let of = |name: DeviceDay| (name, pack(self.days.get(&name).map_or(&[], Vec::as_slice)));
        changed.into_iter().map(of).collect()
    }
}

/// What the other interviews of a day say of one.
fn told(day: &[(Uuid, Interview)], id: Uuid, own: &Interview) -> DaySays {
    DaySays::of(own, day.iter().filter(|(other, _)| *other != id).map(|(_, of)| of))
}

impl Register {
    /// Brings the days of these interviews, of those that are reviewed or become one with others, and of what these
    /// submissions said before they were edited.
    pub(super) async fn fetch_device_days(
        &mut self,
        tx: &mut Tx,
        said: &[Said],
        (edited, ground): (&HashSet<Place>, &Ground<'_>),
    ) -> Result<()> {
        let stood = edited.iter().filter_map(|(_, id)| self.known.get(id)).map(|k| k.seq);
        let former = heard::at(tx, &stood.collect::<Vec<_>>(), ground).await?;
        let came = said.iter().chain(&former);
        let came = came.filter_map(|s| Some((s.event.zone_id, s.interpretation.as_ref()?)));
        let cases = self.cases.values().map(|case| (case.zone_id, &case.spoken));
        let told = self.chains.found.values().map(|chain| (chain.zone_id, &chain.told));
        let spoken = cases.chain(told).flat_map(|(zone, all)| all.iter().map(move |s| (zone, s)));
        let all = came.chain(spoken.map(|(zone, s)| (zone, &s.said)));
        let days = all.filter_map(|(zone, said)| Some((zone, said.interviewed?.device_day)));
        let days = days.collect();
        self.device_days.fetch(tx, days).await
    }

    /// Puts a version of a submission among the interviews of its phone, or takes the submission out.
    pub(super) fn put_interview(
        &mut self,
        place: Place,
        interviewed: Option<Interviewed>,
        (stand, seq, is_set_aside): (&Stand, i64, bool),
    ) {
        let speaks = stand.speaks(seq, is_set_aside);
        self.device_days.put(place, interviewed.filter(|_| speaks));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_when_a_day_is_full_is_compared_with_none_then_and_later() {
        let zone = ZoneId(1);
        let of = |start: u32| Interviewed {
            device_day: Uuid::from_u128(7),
            interview: Interview { span_ms: Some((start, 900_000)), spot: None, child: None },
        };
        let mut days = DeviceDays::default();
        for (n, start) in (1..).zip(0..u32::try_from(MOST).unwrap()) {
            days.put((zone, Uuid::from_u128(n)), Some(of(1_000_000 * start)));
        }
        let late = (zone, Uuid::from_u128(9_999));

        let when_full = days.says(late, &of(1_000_100), true);
        days.put(late, Some(of(1_000_100)));
        days.put((zone, Uuid::from_u128(1)), None);
        let later = days.says(late, &of(1_000_100), false);
        let with_room = days.says((zone, Uuid::from_u128(9_998)), &of(1_000_100), true);

        assert_eq!((when_full, later), (DaySays::default(), DaySays::default()));
        assert_ne!(with_room, DaySays::default(), "it overlaps the second interview of the day");
    }
}
