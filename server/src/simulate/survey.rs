//! What stands at each position of the census, computed from the seed and the position alone.
//!
//! Nothing is remembered, so a census of millions takes no more memory than one of ten.

use jiff::civil::Date;
use uuid::Uuid;

use super::calendar::{Calendar, Slot};
use super::card::{CARDS, card};
use super::document::{Document, Form};
use super::people::Person;
use super::rng::{Rng, Stream};
use super::sites::{Area, Site};

/// Draws in search of an earlier miner before giving up; one in eight or so will do.
const DRAWS: u32 = 60;

/// A census, ready to be asked for any of its records.
#[derive(Clone, Debug)]
pub(super) struct Survey {
    seed: u64,
    calendar: Calendar,
    area: Area,
    sites: u64,
    cooperatives: u64,
}

/// A filled form.
pub(super) struct Filled {
    pub(super) instance: Uuid,
    pub(super) xml: String,
    /// The place of its site among those of the census.
    pub(super) site: u64,
}

/// One interview: who asks whom, where and when, and the choices left to the form.
#[derive(Debug)]
pub(super) struct Interview<'a> {
    pub(super) area: &'a Area,
    pub(super) slot: Slot,
    pub(super) site_index: u64,
    pub(super) site: &'a Site,
    pub(super) rng: Rng,
    pub(super) instance: Uuid,
    pub(super) entity: Uuid,
}

/// A miner of the census.
#[derive(Clone, Debug)]
pub(super) struct Miner {
    pub(super) person: Person,
    /// Whether the person agreed to answer.
    pub(super) agreed: bool,
    pub(super) card: String,
    pub(super) site: u64,
}

impl Survey {
    /// Plans a census of so many records.
    pub(super) fn new(seed: u64, day: Date, records: u64) -> Self {
        // A few sites for a demonstration, as many as Mali may have for millions of records.
        let sites = (records.isqrt() / 2).clamp(3, 2_000).min(records);
        let cooperatives = (sites / 2).min(records - sites);
        Self {
            seed,
            calendar: Calendar::new(seed, day, sites, records),
            area: Area::draw(seed, sites, cooperatives),
            sites,
            cooperatives,
        }
    }

    /// How many sites come first.
    pub(super) fn sites(&self) -> u64 {
        self.sites
    }

    /// The form filled at this position.
    pub(super) fn form(&self, position: u64) -> Form {
        if position < self.sites {
            return Form::Site;
        }
        if position < self.people_from() {
            return Form::Cooperative;
        }
        Rng::of(self.seed, Stream::Kinds, position).weighted(&[
            (Form::Orpailleur, 85),
            (Form::Enfant, 7),
            (Form::VisiteSite, 4),
            (Form::Profil, 4),
        ])
    }

    /// The place in the list of cooperatives of the one registered at this position.
    pub(super) fn cooperative(&self, position: u64) -> u64 {
        position.saturating_sub(self.sites)
    }

    /// The interview at this position.
    pub(super) fn interview(&self, position: u64) -> Interview<'_> {
        let slot = self.calendar.slot(position);
        let (site_index, site) = match self.area.site(position).filter(|_| position < self.sites) {
            Some(site) => (position, site),
            None => self.post(&slot),
        };
        let mut ids = Rng::of(self.seed, Stream::Instances, position);
        Interview {
            area: &self.area,
            slot,
            site_index,
            site,
            rng: Rng::of(self.seed, Stream::Answers, position),
            instance: ids.uuid(),
            entity: ids.uuid(),
        }
    }

    /// The miner met at this position.
    pub(super) fn miner(&self, position: u64) -> Miner {
        let slot = self.calendar.slot(position);
        let mut consent = Rng::of(self.seed, Stream::Consent, position);
        Miner {
            person: Person::draw(&mut Rng::of(self.seed, Stream::People, position), slot.day),
            agreed: consent.percent(97),
            card: card("ORP", self.card_number(position)),
            site: self.post(&slot).0,
        }
    }

    /// The label of the child met at this position.
    pub(super) fn child_card(&self, position: u64) -> String {
        card("ENF", self.card_number(position))
    }

    /// Draws a miner registered before this position who agreed to answer and fits.
    pub(super) fn earlier_miner(
        &self,
        position: u64,
        rng: &mut Rng,
        fits: impl Fn(&Miner) -> bool,
    ) -> Option<Miner> {
        let from = self.people_from();
        let before = position.checked_sub(from).filter(|&before| before > 0)?;
        (0..DRAWS)
            .map(|_| from + rng.below(before))
            .filter(|&drawn| self.form(drawn) == Form::Orpailleur)
            .map(|drawn| self.miner(drawn))
            .find(|miner| miner.agreed && fits(miner))
    }

    fn people_from(&self) -> u64 {
        self.sites + self.cooperatives
    }

    /// Where the enumerator works: three days on a site, then the next one.
    fn post(&self, slot: &Slot) -> (u64, &Site) {
        let stay = slot.enumerator * 1_000 + slot.day_number / 3;
        self.area.busy_site(&mut Rng::of(self.seed, Stream::Posts, stay))
    }

    /// Numbers start elsewhere for each seed, so that two censuses on one server rarely share a card.
    fn card_number(&self, position: u64) -> u64 {
        (Rng::of(self.seed, Stream::People, u64::MAX).below(CARDS) + position) % CARDS
    }
}

impl<'a> Interview<'a> {
    /// Opens the form: what the phone fills by itself.
    pub(super) fn open(&mut self, form: Form, minutes: (i32, i32)) -> Document {
        let seconds = self.rng.between(minutes.0 * 60, minutes.1 * 60);
        let mut document = Document::new(form, form.version());
        document.put("start", self.slot.moment(0));
        document.put("end", self.slot.moment(u64::try_from(seconds).unwrap_or(0)));
        document.put("today", self.slot.day);
        document.put("deviceid", &self.slot.device_id);
        document.blank("username");
        document
    }

    /// A position near the site's centre, as precise as phones are.
    pub(super) fn gps(&mut self, metres: i32, worst_accuracy: i32) -> String {
        let (lat, lon) = self.site.near(&mut self.rng, metres);
        let altitude = f64::from(self.rng.between(2_400, 4_600)) / 10.0;
        let accuracy = f64::from(self.rng.between(30, worst_accuracy * 10)) / 10.0;
        super::document::point(lat, lon, altitude, accuracy)
    }

    /// Moves the interview to the site of the person it is about.
    pub(super) fn at_site(mut self, index: u64) -> Self {
        let area: &'a Area = self.area;
        if let Some(site) = area.site(index) {
            (self.site_index, self.site) = (index, site);
        }
        self
    }

    /// Writes the id of the instance and its name, and closes it.
    pub(super) fn close(
        self,
        mut document: Document,
        name: &str,
        entity: impl FnOnce(&mut Document, Uuid),
    ) -> Filled {
        document.group("meta", |meta| {
            entity(meta, self.entity);
            meta.put("instanceID", format_args!("uuid:{}", self.instance));
            meta.put("instanceName", name);
        });
        Filled { instance: self.instance, xml: document.finish(), site: self.site_index }
    }
}
