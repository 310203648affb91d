//! What a rule may look up besides the record: filled by whoever has the register at hand.
//!
//! Everything is optional: what was not asked makes the rules that need it silent, so that the same
//! rules run at arrival, again when something else changes, and in tests.

use std::ops::RangeInclusive;

use jiff::{Timestamp, civil::Date};

use super::interviews::DaySays;
use crate::geo::{Placement, Position};

/// What the caller knows of something that a record names.
#[derive(Clone, Debug, Default)]
pub enum Known<T> {
    /// Nobody looked.
    #[default]
    NotAsked,
    /// It is not in the register.
    Absent,
    /// It is in the register.
    Found(T),
}

impl<T> Known<T> {
    /// What was found.
    pub fn found(&self) -> Option<&T> {
        match self {
            Self::Found(it) => Some(it),
            Self::NotAsked | Self::Absent => None,
        }
    }

    /// Whether somebody looked and it is not there.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// All that is known around one record.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// When the server received the record: the only clock of the rules.
    pub received_at: Timestamp,
    /// The campaign it belongs to.
    pub campaign: Option<&'a Campaign>,
    /// Days on which schools are closed, from the first to the last.
    pub holidays: &'a [RangeInclusive<Date>],
    /// The enumerator whose code it bears.
    pub agent: Known<Agent>,
    /// The site that it names or visits.
    pub site: Known<Site>,
    /// The site that it says the visited one was merged with.
    pub merged_site: Known<Site>,
    /// The holder of the card of a sampled person or of a back-check.
    pub person: Known<Person>,
    /// The holder of the caregiver's card.
    pub guardian: Known<Person>,
    /// Another accepted registration with the same card, or label of a child.
    pub same_card: Known<Person>,
    /// The cooperative that a miner names, or the one that the record is about.
    pub cooperative: Known<Cooperative>,
    /// The organisation that it names as its parent.
    pub parent: Known<Cooperative>,
    /// Where its position is.
    pub placement: Option<&'a Placement>,
    /// How far its position is outside the declared cercle, in metres; 0 inside.
    pub outside_cercle_m: Option<f64>,
    /// What the other interviews of the phone that day say of it.
    pub device_day: DaySays,
    /// The sites near its position.
    pub neighbours: &'a [Neighbour],
    /// What was counted over other records.
    pub others: Others,
}

impl Context<'_> {
    /// Knows nothing but the time of receipt.
    pub fn at(received_at: Timestamp) -> Self {
        Self {
            received_at,
            campaign: None,
            holidays: &[],
            agent: Known::NotAsked,
            site: Known::NotAsked,
            merged_site: Known::NotAsked,
            person: Known::NotAsked,
            guardian: Known::NotAsked,
            same_card: Known::NotAsked,
            cooperative: Known::NotAsked,
            parent: Known::NotAsked,
            placement: None,
            outside_cercle_m: None,
            device_day: DaySays::default(),
            neighbours: &[],
            others: Others::default(),
        }
    }
}

/// A campaign and its bounds.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Its first day.
    pub starts: Date,
    /// Its last day.
    pub ends: Date,
    /// Prices of gold that are believable, in FCFA per gram.
    pub gold_price: RangeInclusive<i64>,
}

/// An enumerator in the list of agents.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact of the list")]
pub struct Agent {
    /// Works in this campaign.
    pub in_campaign: bool,
    /// Sends from the account or device that the code is bound to.
    pub bound: bool,
    /// Holds the child-protection certificate.
    pub child_certified: bool,
    /// Ids of the sites of the assignment; none when there is no assignment.
    pub sites: Option<Vec<String>>,
    /// Numbers of the cards of each lot; none when no lot is known.
    pub cards: Vec<RangeInclusive<u32>>,
    /// Has the phone number that the record gives.
    pub has_phone: bool,
}

/// A site of the register, as of its latest accepted visit.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Its centre.
    pub position: Option<Position>,
    /// Code of its cercle of 2023.
    pub cercle: Option<String>,
    /// Code of its mining district.
    pub district: Option<String>,
    /// Code of its status.
    pub status: Option<String>,
    /// Codes of the chemicals used.
    pub chemicals: Vec<String>,
    /// The day it was registered.
    pub registered_on: Option<Date>,
    /// Deaths of the 12 months before, as the site record says.
    pub deaths_12m: Option<i64>,
    /// Whether it was merged with another site already.
    pub merged: bool,
    /// How many registered people are damantigi.
    pub damantigi: u32,
    /// How many miners are registered.
    pub miners: u32,
    /// How many children are registered.
    pub children: u32,
    /// The median duration of the interviews with this form on the site, in minutes.
    pub median_minutes: Option<f64>,
}

/// A registered person.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Code of the sex.
    pub sex: Option<String>,
    /// Year of birth, known or from the age.
    pub birth_year: Option<i64>,
    /// Whether the surname is that of the record, as names are compared.
    pub same_surname: Option<bool>,
    /// Children living here, as said.
    pub children_here: Option<i64>,
    /// Code of who registered the person.
    pub enumerator: Option<String>,
    /// Whether the person is in the sample of the study; none without a sample list.
    pub in_sample: Option<bool>,
    /// Codes of the schemes of social protection, as said at the census.
    pub social_protection: Vec<String>,
}

/// A cooperative, union or federation of the register.
#[derive(Clone, Debug, Default)]
pub struct Cooperative {
    /// Code of its level.
    pub level: Option<String>,
    /// Code of its mining district.
    pub district: Option<String>,
    /// Its seat.
    pub position: Option<Position>,
    /// How many organisations name it as their parent.
    pub members: u32,
    /// Whether its own parents lead back to the organisation that the record is about.
    pub descends_from_record: bool,
}

/// Another site near the record's.
#[derive(Clone, Copy, Debug)]
pub struct Neighbour {
    /// How far its centre is, in metres.
    pub distance_m: f64,
    /// Whether it has the same name, as names are compared.
    pub same_name: bool,
}

/// What was counted or measured over other records; none where nobody counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Others {
    /// How many other people gave the same phone number.
    pub phone_uses: Option<u32>,
    /// Years between the person and the registered namesake of the father.
    pub father_age_gap: Option<i64>,
    /// Whether another base cooperative of the commune has the same name.
    pub same_cooperative: Option<bool>,
    /// The version that the changed entity has now.
    pub entity_version: Option<i64>,
    /// How far the device's clock is from the server's, in seconds.
    pub clock_drift_s: Option<i64>,
    /// How many days files named by the submission have been missing.
    pub files_missing_days: Option<i64>,
    /// How many minutes an urgent referral has waited.
    pub referral_waits_min: Option<i64>,
}
