//! Who is registered when and where: twelve bytes a registration, in the order of time; people are drawn again as needed.

use super::{
    super::rng::{Rng, Stream},
    home::{self, Person},
    land::Land,
    mix::Mix,
    written::Written,
};

/// Days of the season.
const DAYS: u64 = 240;
const DAY: u64 = 86_400;

/// Why somebody is hard to tell from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Nobody was planted beside them (ordinary brothers and sisters may be there).
    Plain,
    /// A twin.
    Twin,
    /// Same names, year and village as somebody unrelated.
    Homonym,
    /// Same given name and father as another, of another mother.
    HalfSibling,
    /// An uncle or nephew of one full name.
    Namesake,
}

impl Tag {
    /// The word in the file of truth; empty for most.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Twin => "twin",
            Self::Homonym => "homonym",
            Self::HalfSibling => "halfsib",
            Self::Namesake => "namesake",
        }
    }
}

/// Whom a registration is really about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The person: equal for registrations of one person only.
    pub person: u64,
    /// The home.
    pub family: u32,
    /// What makes this person hard to tell.
    pub tag: Tag,
}

/// A set of registrations in the order of time; see the module.
#[derive(Clone, Debug)]
pub struct Registrations {
    seed: u64,
    mix: Mix,
    land: Land,
    visits: Vec<Visit>,
}

/// One registration: somebody met by an enumerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Visit {
    second: u32,
    home: u32,
    member: u8,
    nth: u8,
    site: u16,
}

impl Registrations {
    /// Plans so many registrations (at most some hundred millions).
    pub fn plan(seed: u64, count: usize, mix: Mix) -> Self {
        let land = Land::draw(seed, count);
        let mut visits = Vec::with_capacity(count + 32);
        let mut number = 0;
        while visits.len() < count {
            let members = home::members(seed, number, &land, &mix);
            for (member, person) in (0_u8..).zip(&members) {
                let mut rng = Rng::of(seed, Stream::Visits, person_number(number, member));
                visits_of(&mut rng, person, &land, &mix, |nth, second, site| {
                    visits.push(Visit { second, home: number, member, nth, site });
                });
            }
            number += 1;
        }
        visits.truncate(count);
        visits.sort_unstable();
        Self { seed, mix, land, visits }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.visits.len()
    }

    /// Whether none was asked for.
    pub fn is_empty(&self) -> bool {
        self.visits.is_empty()
    }

    /// Writes the registration at `index` (from 0, in the order of time) over `written`; tells whom it is about.
    /// `None` beyond the last.
    pub fn write(&self, index: usize, written: &mut Written) -> Option<Truth> {
        let visit = *self.visits.get(index)?;
        let members = home::members(self.seed, visit.home, &self.land, &self.mix);
        let person = members.get(usize::from(visit.member))?;
        let person_number = person_number(visit.home, visit.member);
        let number = (person_number << 8) | u64::from(visit.nth);
        let mut rng = Rng::of(self.seed, Stream::Hand, number);
        written.fill(
            &mut rng,
            person,
            self.land.site_at(usize::from(visit.site)),
            &self.land,
            &self.mix,
        );
        written.registered(visit.second);
        // One to one with `number`: two registrations never share an id.
        written.record_id =
            format!("{:016x}", Rng::of(self.seed, Stream::Instances, number).next());
        Some(Truth { person: person_number, family: visit.home, tag: person.tag })
    }
}

fn person_number(home: u32, member: u8) -> u64 {
    (u64::from(home) << 8) | u64::from(member)
}

/// Tells every visit of one person: its number, its second of the season, its site.
fn visits_of(
    rng: &mut Rng,
    person: &Person,
    land: &Land,
    mix: &Mix,
    mut tell: impl FnMut(u8, u32, u16),
) {
    let times = if rng.chance(mix.repeated) {
        rng.weighted(&[(2, 68), (3, 20), (4, 8), (5, 4)])
    } else {
        1
    };
    let mut day = rng.below(DAYS);
    let mut site = person.site;
    for nth in 0..times {
        if nth > 0 {
            let stays = rng.chance(mix.same_site);
            // Met again on one site within the campaign; on another after some weeks of work and travel.
            let gap = if stays { rng.below(40) } else { 12 + rng.below(110) };
            day = (day + gap) % DAYS;
            if !stays {
                let near = rng.percent(60).then(|| land.site_at(site).region);
                site = land.site(rng, near);
            }
        }
        let second = day * DAY + 6 * 3_600 + rng.below(12 * 3_600);
        let second = u32::try_from(second).expect("a season has fewer than 2^32 seconds");
        tell(nth, second, u16::try_from(site).expect("there are fewer than 1,000 sites"));
    }
}
