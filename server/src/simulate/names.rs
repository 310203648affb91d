//! Names as common as they are in Mali and among its neighbours: few family names, many homonyms.

use super::people::Sex;
use super::rng::Rng;

const MALI: &[(&str, u32)] = &[
    ("Traoré", 150),
    ("Coulibaly", 120),
    ("Diarra", 110),
    ("Keïta", 90),
    ("Diallo", 80),
    ("Sidibé", 60),
    ("Sissoko", 60),
    ("Konaté", 50),
    ("Dembélé", 50),
    ("Camara", 50),
    ("Touré", 45),
    ("Sangaré", 45),
    ("Koné", 45),
    ("Doumbia", 40),
    ("Fofana", 35),
    ("Diakité", 35),
    ("Cissé", 30),
    ("Samaké", 30),
    ("Kanté", 25),
    ("Sacko", 25),
    ("Bagayoko", 25),
    ("Danioko", 20),
    ("Berthé", 20),
    ("Ouattara", 20),
    ("Dabo", 15),
    ("Tounkara", 15),
    ("Cissoko", 15),
    ("Magassa", 12),
    ("Bathily", 12),
    ("Kouyaté", 12),
    ("Macalou", 10),
    ("Soumaré", 10),
    ("Dao", 8),
    ("Togola", 8),
    ("Guindo", 8),
    ("Maïga", 8),
];

const BURKINA: &[(&str, u32)] = &[
    ("Ouédraogo", 50),
    ("Sawadogo", 25),
    ("Kaboré", 15),
    ("Zongo", 12),
    ("Compaoré", 10),
    ("Ilboudo", 8),
    ("Nikiéma", 8),
    ("Traoré", 10),
];

const GUINEA: &[(&str, u32)] = &[
    ("Camara", 40),
    ("Condé", 30),
    ("Keïta", 25),
    ("Diallo", 30),
    ("Barry", 20),
    ("Bah", 20),
    ("Sylla", 15),
    ("Doumbouya", 10),
];

const MEN: &[(&str, u32)] = &[
    ("Mamadou", 90),
    ("Moussa", 80),
    ("Ibrahim", 50),
    ("Oumar", 50),
    ("Adama", 50),
    ("Seydou", 45),
    ("Boubacar", 45),
    ("Amadou", 45),
    ("Abdoulaye", 45),
    ("Souleymane", 40),
    ("Bakary", 40),
    ("Issa", 35),
    ("Modibo", 30),
    ("Drissa", 30),
    ("Sékou", 30),
    ("Lassine", 25),
    ("Yacouba", 25),
    ("Lamine", 25),
    ("Bourama", 25),
    ("Madou", 20),
    ("Fousseyni", 18),
    ("Lassana", 18),
    ("Siaka", 18),
    ("Daouda", 18),
    ("Cheick Oumar", 15),
    ("Kalifa", 15),
    ("Zoumana", 12),
    ("Tiémoko", 10),
    ("Mahamadou", 20),
    ("Salif", 12),
    ("Hamidou", 10),
    ("Bréhima", 12),
];

const WOMEN: &[(&str, u32)] = &[
    ("Fatoumata", 100),
    ("Aminata", 80),
    ("Mariam", 75),
    ("Awa", 60),
    ("Kadiatou", 60),
    ("Oumou", 50),
    ("Djeneba", 45),
    ("Rokia", 40),
    ("Assitan", 35),
    ("Hawa", 35),
    ("Sira", 30),
    ("Assétou", 30),
    ("Salimata", 30),
    ("Nana", 25),
    ("Kadia", 25),
    ("Fanta", 25),
    ("Bintou", 22),
    ("Ramata", 18),
    ("Safiatou", 15),
    ("Ténin", 15),
    ("Maïmouna", 18),
    ("Niamoye", 8),
    ("Coumba", 15),
    ("Korotoumou", 15),
];

const NICKNAMES: &[&str] = &[
    "Vieux",
    "Petit",
    "Bah",
    "Papa",
    "Solo",
    "Djo",
    "Baba",
    "Van Damme",
    "Tonton",
    "Blo",
    "Mah",
    "Ténin",
    "Bamoussa",
    "Zou",
    "Américain",
    "Kankou",
];

/// A family name as frequent as it is there.
pub(super) fn surname(rng: &mut Rng, nationality: &str) -> &'static str {
    rng.weighted(match nationality {
        "BF" | "NE" => BURKINA,
        "GN" | "GM" => GUINEA,
        _ => MALI,
    })
}

/// A first name as frequent as it is.
pub(super) fn given(rng: &mut Rng, sex: Sex) -> &'static str {
    rng.weighted(match sex {
        Sex::Male => MEN,
        Sex::Female => WOMEN,
    })
}

/// A name by which someone is known on a site.
pub(super) fn nickname(rng: &mut Rng) -> &'static str {
    rng.pick(NICKNAMES)
}
