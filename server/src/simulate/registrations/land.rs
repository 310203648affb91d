//! Where people come from and where they dig: communes, villages, sites, cooperatives, and each enumerator's habits.

use sanu_schemas::commune_seats;

use super::{
    super::rng::{Rng, Stream},
    lists::People,
};

/// Villages of one commune; the first bears its name.
const VILLAGES: u64 = 9;
/// Registrations per site and season that the number of sites is made for.
const PER_SITE: usize = 900;

const STEMS: &[&str] = &[
    "Sanan", "Kola", "Tiè", "Niama", "Faradié", "Moussa", "Sido", "Kéniè", "Balan", "Woro",
    "Dougou", "N'Tji", "Massi", "Zamb", "Bana", "Djiti", "Séri", "Tomi", "Kourou", "Gouana",
    "Dialla", "Samé", "Sitan", "Kama", "Fougo", "Lassa", "Némé", "Tabak", "Diaka", "Bamba", "Madi",
    "Siékoro", "Kon", "Yiré", "Tousé", "Garan", "Maka", "Oualia", "Bougou", "Sébé",
];
const ENDINGS: &[&str] = &[
    "bougou", "dougou", "koura", "koro", "la", "kourani", "ni", "bala", "kané", "niéna", "fara",
    "ba", "dian", "kofé", "sira", "kouna", "ro", "tola", "coulé", "daga",
];
const COOPERATIVES: &[&str] =
    &["Benkadi", "Jigiya", "Sanuya", "Sabougnouma", "Danaya", "Nieta", "Kotognongontala", "Yiriwa"];

/// A commune or a town abroad that people name as their origin.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) commune: String,
    pub(super) cercle: String,
    pub(super) region: String,
    /// Code of the country.
    pub(super) country: &'static str,
    /// Who lives there, by weight.
    pub(super) peoples: Peoples,
}

/// A site where people are registered.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) code: String,
    pub(super) region: usize,
    pub(super) cooperatives: Vec<String>,
    pub(super) enumerators: Vec<Enumerator>,
}

/// How one enumerator writes.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "habits that come in any combination")]
pub(super) struct Enumerator {
    pub(super) device: String,
    pub(super) upper_case: bool,
    pub(super) plain_letters: bool,
    pub(super) surname_first: bool,
    /// Writes 1 January where only the year is known.
    pub(super) first_january: bool,
    pub(super) day_month_year: bool,
    pub(super) says_about: bool,
    pub(super) phone: PhoneStyle,
    pub(super) nationality: usize,
    /// Writes a father's surname too.
    pub(super) full_father: bool,
    /// From 0.5 to 2 times as many slips as others.
    pub(super) carelessness: f64,
}

/// How a phone number is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PhoneStyle {
    Joined,
    Pairs,
    Plus,
    Zeros,
}

/// The country of one seed.
#[derive(Clone, Debug)]
pub(super) struct Land {
    pub(super) origins: Vec<Origin>,
    origin_up_to: Vec<u64>,
    pub(super) sites: Vec<Site>,
}

impl Land {
    /// Draws sites enough for so many registrations.
    pub(super) fn draw(seed: u64, registrations: usize) -> Self {
        let origins = origins();
        let mut origin_up_to = Vec::with_capacity(origins.len());
        let mut sum = 0;
        for origin in &origins {
            sum += weight(origin);
            origin_up_to.push(sum);
        }
        let count = (registrations / PER_SITE).clamp(24, 900);
        let sites = (0..count).map(|number| site(seed, number)).collect();
        Self { origins, origin_up_to, sites }
    }

    /// Where a family comes from, as an index into `origins`.
    pub(super) fn origin(&self, rng: &mut Rng) -> usize {
        let drawn = rng.below(self.origin_up_to.last().copied().unwrap_or(0));
        self.origin_up_to.partition_point(|&up_to| up_to <= drawn)
    }

    /// A village of that origin, as a number: the seat is far more often named than any hamlet.
    pub(super) fn village(rng: &mut Rng) -> u64 {
        if rng.percent(25) { 0 } else { 1 + rng.below(VILLAGES - 1).min(rng.below(VILLAGES - 1)) }
    }

    /// The name of a village.
    pub(super) fn village_name(&self, origin: usize, village: u64) -> String {
        let place = self.origin_at(origin);
        if village == 0 {
            return place.commune.clone();
        }
        // Not drawn from the seed: places keep their names from one set to the next.
        let salt = u64::try_from(origin).unwrap_or(0) * VILLAGES + village;
        let mut rng = Rng::of(0, Stream::Area, salt);
        format!("{}{}", rng.pick(STEMS), rng.pick(ENDINGS))
    }

    /// One origin by its index.
    pub(super) fn origin_at(&self, index: usize) -> &Origin {
        self.origins.get(index).expect("indexes of origins come from this list")
    }

    /// One site by its index.
    pub(super) fn site_at(&self, index: usize) -> &Site {
        self.sites.get(index).expect("indexes of sites come from this list")
    }

    /// A site to work on, with a liking for the region `near`; few sites draw most people.
    pub(super) fn site(&self, rng: &mut Rng, near: Option<usize>) -> usize {
        let count = u64::try_from(self.sites.len()).unwrap_or(1);
        let draw = |rng: &mut Rng| {
            let crowd = rng.below(count).min(rng.below(count));
            usize::try_from(crowd).unwrap_or(0)
        };
        let mut found = draw(rng);
        for _ in 0..12 {
            if near.is_none_or(|region| self.site_at(found).region == region) {
                break;
            }
            found = draw(rng);
        }
        found
    }
}

const SITE_REGIONS: &[(usize, &str, u32)] = &[
    (0, "KAY", 36),
    (1, "KLK", 24),
    (2, "SIK", 30),
    (3, "KIT", 14),
    (4, "BGN", 16),
    (5, "GAO", 3),
    (6, "KID", 3),
];

fn site(seed: u64, number: usize) -> Site {
    let salt = u64::try_from(number).unwrap_or(0);
    let mut rng = Rng::of(seed, Stream::Sites, salt);
    let regions: Vec<((usize, &str), u32)> =
        SITE_REGIONS.iter().map(|&(at, code, weight)| ((at, code), weight)).collect();
    let (region, code) = rng.weighted(&regions);
    let cooperatives = (0..rng.between(1, 4))
        .map(|_| {
            let kind = if rng.percent(40) { "SCOOPS" } else { "Coopérative" };
            format!("{kind} {} de {}", rng.pick(COOPERATIVES), rng.pick(STEMS))
        })
        .collect();
    let enumerators = (0..rng.between(2, 6))
        .map(|which| enumerator(&mut rng, format!("{code}{number:03}-{which}")))
        .collect();
    Site { code: format!("{code}-{number:03}"), region, cooperatives, enumerators }
}

fn enumerator(rng: &mut Rng, device: String) -> Enumerator {
    Enumerator {
        device,
        upper_case: rng.percent(34),
        plain_letters: rng.percent(45),
        surname_first: rng.percent(4),
        first_january: rng.percent(32),
        day_month_year: rng.percent(35),
        says_about: rng.percent(30),
        phone: rng.weighted(&[
            (PhoneStyle::Joined, 45),
            (PhoneStyle::Pairs, 30),
            (PhoneStyle::Plus, 18),
            (PhoneStyle::Zeros, 7),
        ]),
        nationality: usize::try_from(rng.below(5)).unwrap_or(0),
        full_father: rng.percent(50),
        carelessness: 0.5 + 1.5 * rng.fraction() * rng.fraction() + 0.5 * rng.fraction(),
    }
}

/// Who lives somewhere, by weight.
type Peoples = &'static [(People, u32)];

const SOUTH: Peoples =
    &[(People::Mande, 68), (People::Fulbe, 20), (People::Soninke, 8), (People::Senoufo, 4)];
const KAYES: Peoples = &[(People::Mande, 52), (People::Soninke, 26), (People::Fulbe, 22)];
const SIKASSO: Peoples = &[(People::Senoufo, 36), (People::Mande, 40), (People::Fulbe, 24)];
const MOPTI: Peoples =
    &[(People::Dogon, 48), (People::Fulbe, 26), (People::Mande, 16), (People::Songhai, 10)];
const NORTH: Peoples = &[(People::Songhai, 72), (People::Fulbe, 18), (People::Mande, 10)];
const BURKINA: Peoples = &[(People::Burkina, 92), (People::Mande, 8)];
const GUINEA: Peoples = &[(People::Guinea, 66), (People::Fulbe, 22), (People::Mande, 12)];
const SENEGAL: Peoples = &[(People::Senegal, 76), (People::Fulbe, 14), (People::Soninke, 10)];
const IVORY: Peoples = &[(People::Ivory, 60), (People::Mande, 28), (People::Senoufo, 12)];

const ABROAD: &[(&str, Peoples, &[&str])] = &[
    (
        "BF",
        BURKINA,
        &["Boulgou", "Gaoua", "Houndé", "Ouahigouya", "Kaya", "Banfora", "Koudougou", "Djibo"],
    ),
    ("GN", GUINEA, &["Siguiri", "Kankan", "Mandiana", "Kouroussa", "Labé", "Dinguiraye"]),
    ("SN", SENEGAL, &["Kédougou", "Tambacounda", "Bakel", "Saraya"]),
    ("CI", IVORY, &["Odienné", "Korhogo", "Boundiali", "Tengréla"]),
];

/// Every commune of Mali, and the towns abroad.
fn origins() -> Vec<Origin> {
    let mut all: Vec<Origin> = commune_seats()
        .into_iter()
        .map(|seat| Origin {
            peoples: match seat.region_2012.as_str() {
                "Kayes" => KAYES,
                "Sikasso" => SIKASSO,
                "Mopti" => MOPTI,
                "Gao" | "Tombouctou" | "Kidal" | "Ménaka" | "Taoudénit" => NORTH,
                _ => SOUTH,
            },
            commune: seat.commune,
            cercle: seat.cercle_2012,
            region: seat.region_2012,
            country: "ML",
        })
        .collect();
    for &(country, peoples, towns) in ABROAD {
        all.extend(towns.iter().map(|town| Origin {
            commune: String::from(*town),
            cercle: String::from(*town),
            region: String::new(),
            country,
            peoples,
        }));
    }
    all
}

/// How many leave from there, in proportion: the south and the west dig.
fn weight(origin: &Origin) -> u64 {
    match (origin.country, origin.region.as_str()) {
        ("BF", _) => 130,
        ("GN", _) => 120,
        ("SN", _) => 70,
        ("CI", _) => 60,
        (_, "Kayes" | "Sikasso") => 30,
        (_, "Koulikoro") => 28,
        (_, "Bamako") => 40,
        (_, "Ségou") => 14,
        (_, "Mopti") => 8,
        _ => 3,
    }
}
