//! Where people dig: the sites and cooperatives of the census, near real communes.

use std::collections::HashMap;
use std::sync::Arc;

use sanu_schemas::{Level, Seat, commune_seats, mining_district_of_cercle, place_name};
use uuid::Uuid;

use super::rng::{Rng, Stream};

/// Communes have the gold they are known for; elsewhere there is a little.
const RICH: &[(&str, u32)] = &[
    ("kenieba", 14),
    ("kangaba", 12),
    ("sadiola", 12),
    ("yanfolila", 10),
    ("kadiolo", 9),
    ("kolondieba", 8),
    ("sagabari", 7),
    ("bougouni", 6),
    ("kita", 5),
    ("sikasso", 3),
    ("kayes", 3),
];

const STEMS: &[&str] = &[
    "Sanou", "Fara", "Dala", "Koulou", "Balan", "Kobada", "Sama", "Niaou", "Kola", "Tombo",
    "Massa", "Dié", "Faro", "Wassa", "Linguè", "Kéné", "Bala", "Yata", "Sitak", "Dioula",
];
const ENDINGS: &[&str] =
    &["koura", "bani", "dala", "dougou", "kourou", "bougou", "kofara", "kolé", "fara", "la"];
const BYNAMES: &[&str] = &[
    "Placer de la rivière",
    "Damanda koro",
    "Sanoudian",
    "Ancien placer",
    "Côté bananier",
    "Placer neuf",
    "Chez les Burkinabè",
];

/// One gold site as it is found by the team that lists it.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) alias: String,
    pub(super) lat: f64,
    pub(super) lon: f64,
    pub(super) seat: Seat,
    pub(super) cercle: String,
    /// What the forms calculate from the cercle.
    pub(super) cercle_old: String,
    pub(super) commune: String,
    pub(super) district: String,
    pub(super) status: &'static str,
    pub(super) workers: i32,
    pub(super) women: i32,
}

impl Site {
    /// Whether people work there now.
    pub(super) fn is_active(&self) -> bool {
        matches!(self.status, "active" | "active_reduced")
    }

    /// A point within so many metres of the centre, roughly.
    pub(super) fn near(&self, rng: &mut Rng, metres: i32) -> (f64, f64) {
        // A ten-millionth of a degree is about a centimetre.
        let reach = metres * 90;
        let mut offset = || f64::from(rng.between(-reach, reach)) / 1e7;
        (self.lat + offset(), self.lon + offset())
    }
}

/// The area of one census.
#[derive(Clone, Debug)]
pub(super) struct Area {
    seed: u64,
    sites: Arc<[Site]>,
    /// Workers on the sites up to and including each, to choose one by its size.
    upto: Arc<[u64]>,
    cooperatives: u64,
}

impl Area {
    /// Draws so many sites, in geographical order, so that neighbours share a cooperative.
    pub(super) fn draw(seed: u64, sites: u64, cooperatives: u64) -> Self {
        let communes = communes();
        let weights: Vec<(&Place, u32)> =
            communes.iter().map(|place| (place, place.gold)).collect();
        let mut drawn: Vec<(&Place, u64)> = (0..sites)
            .map(|index| (Rng::of(seed, Stream::Area, index).weighted(&weights), index))
            .collect();
        drawn.sort_by(|a, b| {
            (&a.0.cercle, &a.0.commune, a.1).cmp(&(&b.0.cercle, &b.0.commune, b.1))
        });
        let sites: Vec<Site> = drawn
            .iter()
            .map(|(place, index)| site(&mut Rng::of(seed, Stream::Sites, *index), place))
            .collect();
        let upto = sites
            .iter()
            .scan(0, |sum, site| {
                *sum += u64::try_from(site.workers).unwrap_or(0).max(1);
                Some(*sum)
            })
            .collect();
        Self { seed, sites: sites.into(), upto, cooperatives }
    }

    /// The site at this place of the list.
    pub(super) fn site(&self, index: u64) -> Option<&Site> {
        usize::try_from(index).ok().and_then(|index| self.sites.get(index))
    }

    /// Draws a site, large ones more often.
    pub(super) fn busy_site(&self, rng: &mut Rng) -> (u64, &Site) {
        let drawn = rng.below(self.upto.last().copied().unwrap_or(0));
        let index = self.upto.partition_point(|&upto| upto <= drawn);
        let site = self.sites.get(index).expect("a census has a site, and draws below the total");
        (u64::try_from(index).unwrap_or(0), site)
    }

    /// The cooperative of a site, if the census has any.
    pub(super) fn cooperative_of(&self, site: u64) -> Option<Uuid> {
        let sites = self.len();
        let index = (site * self.cooperatives).checked_div(sites)?;
        (self.cooperatives > 0).then(|| self.cooperative_id(index))
    }

    /// The sites of a cooperative.
    pub(super) fn sites_of(&self, cooperative: u64) -> impl Iterator<Item = (u64, &Site)> {
        let id = self.cooperative_id(cooperative);
        (0..).zip(self.sites.iter()).filter(move |(at, _)| self.cooperative_of(*at) == Some(id))
    }

    /// The entity of a cooperative.
    pub(super) fn cooperative_id(&self, cooperative: u64) -> Uuid {
        Rng::of(self.seed, Stream::Cooperatives, cooperative).uuid()
    }

    fn len(&self) -> u64 {
        u64::try_from(self.sites.len()).unwrap_or(0)
    }
}

/// A commune where there may be gold.
struct Place {
    seat: Seat,
    cercle: String,
    cercle_old: String,
    commune: String,
    gold: u32,
}

fn communes() -> Vec<Place> {
    let before = cercles_before();
    commune_seats()
        .into_iter()
        .filter(|seat| matches!(seat.region_2012.as_str(), "Kayes" | "Koulikoro" | "Sikasso"))
        // Inside the box of the first phase, with room for the site beside its seat.
        .filter(|seat| seat.lon < -4.85 && seat.lat < 15.65)
        .filter_map(|seat| {
            let (cercle, commune) = (seat.cercle_2023_code()?, seat.commune_code()?);
            let gold = RICH.iter().find(|(rich, _)| *rich == cercle).map_or(1, |rich| rich.1);
            let cercle_old = before.get(&cercle).cloned().unwrap_or_default();
            Some(Place { seat, cercle, cercle_old, commune, gold })
        })
        .collect()
}

/// The cercle before 2023 by that of today, from the list that phones look it up in.
fn cercles_before() -> HashMap<String, String> {
    let list = sanu_schemas::media("cercles.csv").unwrap_or_default();
    let mut reader = csv::Reader::from_reader(list);
    let columns = reader.headers().cloned().unwrap_or_default();
    let at = |name| columns.iter().position(|column| column == name);
    let (name, before) = (at("name"), at("cercle_pre2023"));
    let cell = |row: &csv::StringRecord, at: Option<usize>| Some(row.get(at?)?.to_owned());
    let rows = reader.records().flatten();
    rows.filter_map(|row| Some((cell(&row, name)?, cell(&row, before)?))).collect()
}

fn site(rng: &mut Rng, place: &Place) -> Site {
    let id = rng.uuid();
    let status = rng.weighted(&[
        ("active", 70),
        ("active_reduced", 13),
        ("suspended_season", 6),
        ("suspended_authority", 4),
        ("suspended_accident", 2),
        ("abandoned", 4),
        ("rehabilitated", 1),
    ]);
    let band =
        rng.weighted(&[((20, 120), 45), ((120, 500), 35), ((500, 1_500), 15), ((1_500, 6_000), 5)]);
    let workers = match status {
        "active" => rng.between(band.0, band.1),
        "active_reduced" => rng.between(band.0, band.1) / 3 + 5,
        _ => 0,
    };
    // Within two kilometres or so of the seat, which is where most placers are and well inside the commune.
    let offset = |drawn: i32| f64::from(drawn) / 1e6;
    Site {
        id,
        name: format!("{}{}", rng.pick(STEMS), rng.pick(ENDINGS)),
        alias: if rng.percent(45) { rng.pick(BYNAMES).to_owned() } else { String::new() },
        lat: place.seat.lat + offset(rng.between(-15_000, 15_000)),
        lon: place.seat.lon + offset(rng.between(-15_000, 15_000)),
        seat: place.seat.clone(),
        cercle: place.cercle.clone(),
        cercle_old: place.cercle_old.clone(),
        commune: place.commune.clone(),
        district: district(&place.cercle, &place.seat),
        status,
        workers,
        women: workers * rng.between(12, 45) / 100,
    }
}

/// The mining district of the cercle, or the nearest seat of one.
fn district(cercle: &str, seat: &Seat) -> String {
    let known = mining_district_of_cercle(cercle).map(str::to_owned);
    known.unwrap_or_else(|| {
        let near = match seat.region_2012.as_str() {
            "Kayes" => "kayes_sadiola",
            "Koulikoro" => "kangaba",
            _ => "sikasso",
        };
        near.to_owned()
    })
}

/// The name that people read for a cercle.
pub(super) fn cercle_name(code: &str) -> String {
    place_name(Level::Cercle, code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_lie_in_the_first_phase_with_places_the_forms_offer() {
        let cercles =
            String::from_utf8(sanu_schemas::media("cercles.csv").unwrap().to_vec()).unwrap();
        let communes =
            String::from_utf8(sanu_schemas::media("communes.csv").unwrap().to_vec()).unwrap();
        let offered =
            |list: &str, code: &str| list.lines().any(|line| line.starts_with(&format!("{code},")));

        for site in Area::draw(1, 300, 150).sites.iter() {
            assert!(
                (10.0..15.7).contains(&site.lat) && (-12.5..-4.8).contains(&site.lon),
                "{site:?}"
            );
            let cercle =
                cercles.lines().find(|line| line.starts_with(&format!("{},", site.cercle)));
            assert!(cercle.is_some_and(|line| line.ends_with(",yes")), "{}", site.cercle);
            assert!(offered(&communes, &site.commune), "{}", site.commune);
            assert!(!cercle_name(&site.cercle).is_empty());
        }
    }

    #[test]
    fn every_cooperative_has_sites_and_every_site_a_cooperative() {
        let area = Area::draw(1, 31, 12);

        assert_eq!((0..12).map(|it| area.sites_of(it).count()).sum::<usize>(), 31);
        assert!((0..12).all(|it| area.sites_of(it).next().is_some()));
    }

    #[test]
    fn large_sites_are_drawn_more_often() {
        let area = Area::draw(1, 20, 10);
        let (largest, _) =
            area.sites.iter().enumerate().max_by_key(|(_, site)| site.workers).unwrap();
        let drawn = (0..1_000)
            .filter(|&index| {
                area.busy_site(&mut Rng::of(1, Stream::Answers, index)).0
                    == u64::try_from(largest).unwrap()
            })
            .count();

        assert!(drawn > 100, "{drawn}");
    }
}
