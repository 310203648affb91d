//! Sites: near each other, called alike, under one authority.

use super::{
    Clue, PlaceComparison, PlaceEvidence,
    grid::{Point, Square, metres, square},
    meet,
    name::Name,
};

/// A site as far as it is compared. Empty texts and lists are not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Other names, `;` between them.
    pub aliases: String,
    /// Latitude and longitude in degrees.
    pub position: Option<(f64, f64)>,
    /// The cercle of 2023 that it was declared in, by its code.
    pub cercle: String,
    /// The village it belongs to.
    pub village: String,
    /// Who has authority over it, by any stable words.
    pub authorities: Vec<String>,
    /// The cooperatives that work there, by any stable id.
    pub cooperatives: Vec<String>,
    /// The year of opening.
    pub opened: Option<i64>,
}

/// Log2 odds that two candidates are one site before anything else is known of them.
const PRIOR: f64 = -5.0;
/// Names of one site that are read.
const NAMES_MAX: usize = 8;

/// A site made comparable.
pub(super) struct Known {
    pub(super) point: Option<Point>,
    pub(super) cercle: String,
    pub(super) names: Vec<Name>,
    village: Name,
    authorities: Vec<String>,
    cooperatives: Vec<String>,
    opened: Option<i64>,
}

impl Known {
    pub(super) fn of(site: &Site) -> Self {
        let names = std::iter::once(site.name.as_str()).chain(site.aliases.split(';'));
        let names = names.take(NAMES_MAX).map(Name::of);
        Self {
            point: site.position.filter(|p| square(*p).is_some()),
            cercle: site.cercle.clone(),
            names: names.filter(|n| !n.key.is_empty() || !n.marks.is_empty()).collect(),
            village: Name::of(&site.village),
            authorities: site.authorities.clone(),
            cooperatives: site.cooperatives.clone(),
            opened: site.opened,
        }
    }

    pub(super) fn square(&self) -> Option<Square> {
        self.point.and_then(square)
    }

    /// Whether some name is one of the other's, marks such as new, old or a number included.
    pub(super) fn is_called_like(&self, other: &Self) -> bool {
        let same = |x: &Name, y: &Name| x.key == y.key && x.marks == y.marks;
        self.names.iter().any(|x| other.names.iter().any(|y| same(x, y)))
    }

    /// Whether some name begins like one of the other's: three letters survive most spellings.
    pub(super) fn begins_like(&self, other: &Self) -> bool {
        let begin = |x: &Name, y: &Name| x.key.chars().take(3).eq(y.key.chars().take(3));
        self.names.iter().any(|x| other.names.iter().any(|y| begin(x, y)))
    }

    pub(super) fn compare(&self, other: &Self) -> PlaceComparison {
        PlaceComparison::new(PRIOR, evidence(self, other))
    }
}

fn evidence(a: &Known, b: &Known) -> Vec<PlaceEvidence> {
    let mut found = Vec::new();
    let mut say = |clue, level, weight| found.push(PlaceEvidence { clue, level, weight });
    if let Some((first, second)) = a.point.zip(b.point) {
        let (level, weight) = distance(metres(first, second));
        say(Clue::Distance, level, weight);
    }
    if let Some((likeness, marks_agree)) = best_name(a, b) {
        let (level, weight) = match likeness {
            l if l >= 0.999 => ("same", 5.0),
            l if l >= 0.8 => ("alike", 3.0),
            l if l >= 0.6 => ("somewhat", 0.0),
            _ => ("different", -3.0),
        };
        say(Clue::Name, level, weight);
        // Only where the names say the same does what tells them apart matter.
        if !marks_agree && likeness >= 0.8 {
            say(Clue::Mark, "different", -7.0);
        }
    }
    let mut ask = |clue, same: Option<bool>, for_it, against| match same {
        Some(true) => say(clue, "same", for_it),
        Some(false) => say(clue, "different", against),
        None => {}
    };
    // Two sides of a border are two sites; two teams that stood on the line itself may differ.
    let cercles = !a.cercle.is_empty() && !b.cercle.is_empty();
    ask(Clue::Cercle, cercles.then(|| a.cercle == b.cercle), 0.0, -6.0);
    // Questionnaires ask which kinds of authority there are: to share one says little, to share
    // none says much.
    ask(Clue::Authority, meet(&a.authorities, &b.authorities), 0.5, -4.0);
    ask(Clue::Village, a.village.likeness(&b.village).map(|l| l >= 0.8), 1.0, -1.0);
    ask(Clue::Cooperative, meet(&a.cooperatives, &b.cooperatives), 1.5, -0.5);
    if let Some((first, second)) = a.opened.zip(b.opened) {
        let (level, weight) = match first.abs_diff(second) {
            0..=1 => ("same", 1.0),
            2..=5 => ("near", 0.0),
            _ => ("different", -1.5),
        };
        say(Clue::Opened, level, weight);
    }
    found
}

/// Very strong to 200 m, medium to a kilometre; beyond, two sites even with one name.
fn distance(metres: f64) -> (&'static str, f64) {
    match metres {
        m if m <= 200.0 => ("200 m", 6.0),
        m if m <= 500.0 => ("500 m", 3.0),
        m if m <= 1_000.0 => ("1 km", 1.5),
        _ => ("farther", -20.0),
    }
}

/// The two names, own or other, that are most alike, and whether what tells places apart agrees.
fn best_name(a: &Known, b: &Known) -> Option<(f64, bool)> {
    let pairs = a.names.iter().flat_map(|x| b.names.iter().map(move |y| (x, y)));
    pairs
        .filter_map(|(x, y)| Some((x.likeness(y)?, x.marks == y.marks)))
        .max_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linkage::places::{Index, Place};

    /// A place so many metres north of a point in Kolondiéba.
    fn site(name: &str, north: f64) -> Site {
        Site {
            name: name.to_owned(),
            position: Some((11.1 + north / 111_195.0, -6.9)),
            cercle: String::from("kolondieba"),
            ..Site::default()
        }
    }

    /// The pairs of all of these, as each of them finds the ones before it; the likeliest first.
    fn pairs(all: &[Site]) -> Vec<(usize, usize, PlaceComparison)> {
        let mut index = Index::default();
        let mut found = Vec::new();
        for (i, site) in all.iter().enumerate() {
            index.put(i, &Place::Site(site.clone()));
            found.extend(index.found(i).into_iter().map(|(other, said)| (other, i, said)));
        }
        found.sort_by(|x, y| y.2.weight.total_cmp(&x.2.weight));
        found
    }

    fn ends(all: &[Site]) -> Vec<(usize, usize)> {
        pairs(all).into_iter().map(|(a, b, _)| (a, b)).collect()
    }

    #[test]
    fn two_spellings_150_metres_apart_are_the_first_to_look_at() {
        let all = [
            site("Mpè Diassa", 150.0),
            site("Kalana", 400.0),
            site("M'Pèdiassa", 0.0),
            site("Niéna", 9_000.0),
        ];
        let found = pairs(&all);

        assert_eq!(ends(&all), [(0, 2)]);
        assert!(found[0].2.probability > 0.95, "{found:?}");
    }

    #[test]
    fn a_village_site_and_the_new_one_beside_it_are_two() {
        assert_eq!(ends(&[site("Niéna", 0.0), site("Niéna Koura", 1_400.0)]), []);
        assert_eq!(ends(&[site("Niéna", 0.0), site("Niéna Koura", 300.0)]), []);
        assert_eq!(ends(&[site("Kobada 1", 0.0), site("Kobada II", 600.0)]), []);
    }

    #[test]
    fn beyond_a_kilometre_one_name_under_one_authority_is_two_sites() {
        let at = |north| Site {
            village: String::from("Kalana"),
            authorities: vec![String::from("damantigi")],
            opened: Some(2_015),
            ..site("Kalana", north)
        };
        assert_eq!(ends(&[at(0.0), at(1_010.0)]), []);
        assert_eq!(ends(&[at(0.0), at(990.0)]), [(0, 1)]);
    }

    #[test]
    fn other_names_authorities_and_borders_count() {
        let mut renamed = site("Dèguèdomou", 100.0);
        renamed.aliases = String::from("Tèguè; Kalana Placer");
        assert_eq!(ends(&[renamed, site("Kalana", 0.0)]).len(), 1);
        let (one, other) = (site("Kalana", 0.0), site("Kalana", 700.0));
        assert_eq!(ends(&[one.clone(), other.clone()]).len(), 1);
        let under = |who: &str, of: &Site| Site { authorities: vec![who.into()], ..of.clone() };
        assert_eq!(ends(&[under("Bakary Kéïta", &one), under("Moussa Doumbia", &other)]), []);
        let across = Site { cercle: String::from("yanfolila"), ..site("Kalana", 300.0) };
        assert_eq!(ends(&[one, across]), []);
    }

    #[test]
    fn without_a_position_the_name_and_the_cercle_are_looked_at() {
        let lost = Site { position: None, village: String::from("Kalana"), ..site("Kalana", 0.0) };
        let known = Site { village: String::from("Kalana"), ..site("Kalana", 0.0) };
        let elsewhere = Site { cercle: String::from("kita"), ..known.clone() };

        let found = ends(&[lost, known, elsewhere.clone()]);
        assert!(found.contains(&(0, 1)), "{found:?}");
        assert!(!found.contains(&(0, 2)), "{found:?}");
        let nowhere = Site { position: Some((f64::NAN, 200.0)), ..elsewhere };
        assert!(ends(&[nowhere.clone(), nowhere]).len() <= 1);
    }

    #[test]
    fn thousands_in_one_spot_are_no_more_to_read_than_a_page() {
        let all: Vec<_> = (0..3_000).map(|i| site(&format!("Kalana {}", i % 1_000), 0.0)).collect();
        let found = ends(&all);

        assert!(found.len() <= 3_000 * 20, "{}", found.len());
        assert!(!found.is_empty());
    }
}
