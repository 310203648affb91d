//! Sites: near each other, called alike, under one authority.

use std::collections::{BTreeSet, HashMap};

use super::{
    Clue, PlaceEvidence, PlacePair,
    grid::{Point, around, metres, square, squares},
    in_order,
    name::Name,
};

/// A site as far as it is compared. Empty texts and lists are not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Latitude and longitude in degrees.
    pub position: Option<(f64, f64)>,
    /// The cercle of 2023, by its code.
    pub cercle: String,
    /// The village it belongs to.
    pub village: String,
    /// Who has authority over it, by name.
    pub authority: String,
    /// The cooperatives that work there, by any stable id.
    pub cooperatives: Vec<String>,
    /// The year of opening.
    pub opened: Option<i32>,
}

/// Log2 odds that two candidates are one site before anything else is known of them.
const PRIOR: f64 = -5.0;
/// Candidates of one square that are compared all with all; beyond, only those called alike.
const CROWD: usize = 40;
/// Beyond this a shared name is no reason to look: metres.
const FAR: f64 = 5_000.0;

/// Pairs of sites worth a look, the likeliest first.
///
/// Candidates are neighbours within about a kilometre, and sites of one name within 5 km or, when a
/// position is missing, in one cercle. Where a square is crowded its neighbours are compared only when a
/// name begins alike, so the cost stays near linear.
pub fn sites(sites: &[Site]) -> Vec<PlacePair> {
    let known: Vec<Known<'_>> = sites.iter().map(Known::of).collect();
    let mut candidates = neighbours(&known);
    candidates.extend(namesakes(&known));
    let compared = candidates.into_iter().filter_map(|(a, b)| {
        let (first, second) = (known.get(a)?, known.get(b)?);
        PlacePair::new(a, b, PRIOR, evidence(first, second))
    });
    in_order(compared.collect())
}

struct Known<'a> {
    site: &'a Site,
    point: Option<Point>,
    names: Vec<Name>,
    village: Name,
    authority: Name,
}

impl<'a> Known<'a> {
    fn of(site: &'a Site) -> Self {
        let aliases = site.aliases.iter().flat_map(|a| a.split(';'));
        let names = std::iter::once(site.name.as_str()).chain(aliases).take(8).map(Name::of);
        Self {
            site,
            point: site.position.filter(|p| square(*p).is_some()),
            names: names.filter(|n| !n.key.is_empty() || !n.marks.is_empty()).collect(),
            village: Name::of(&site.village),
            authority: Name::of(&site.authority),
        }
    }

    /// How its names begin: three letters survive most spellings.
    fn beginnings(&self) -> impl Iterator<Item = String> {
        self.names.iter().map(|n| n.key.chars().take(3).collect())
    }
}

type Pairs = BTreeSet<(usize, usize)>;

fn neighbours(known: &[Known<'_>]) -> Pairs {
    let squares = squares(known.iter().map(|k| k.point));
    let mut pairs = Pairs::new();
    for (at, members) in &squares {
        let near: Vec<usize> =
            around(*at).filter_map(|s| squares.get(&s)).flatten().copied().collect();
        let crowded = near.len() > CROWD;
        let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
        for i in near {
            let beginnings = known.get(i).into_iter().flat_map(Known::beginnings);
            for beginning in beginnings.filter(|_| crowded) {
                groups.entry(beginning).or_default().push(i);
            }
            if !crowded {
                groups.entry(String::new()).or_default().push(i);
            }
        }
        for group in groups.into_values() {
            pair_up(members, &group, &mut pairs);
        }
    }
    pairs
}

/// Members with the group's others, up to the crowd's size each: of a thousand sites in one spot
/// under one name, a person looks at the first forty.
fn pair_up(members: &[usize], group: &[usize], pairs: &mut Pairs) {
    let inside: BTreeSet<usize> = group.iter().copied().collect();
    for member in members.iter().filter(|m| inside.contains(m)) {
        let others = inside.range(member + 1..).take(CROWD);
        pairs.extend(others.map(|other| (*member, *other)));
    }
}

/// Sites of one name that are not next to each other: within reach, or in one cercle when a position
/// is missing.
fn namesakes(known: &[Known<'_>]) -> Pairs {
    let mut by_name: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (i, k) in known.iter().enumerate() {
        for name in &k.names {
            by_name.entry((k.site.cercle.as_str(), name.key.as_str())).or_default().push(i);
        }
    }
    let mut pairs = Pairs::new();
    for group in by_name.into_values() {
        for (n, a) in group.iter().enumerate() {
            let others = group.iter().skip(n + 1).take(CROWD).filter(|b| **b != *a);
            pairs.extend(others.map(|b| (*a.min(b), *a.max(b))));
        }
    }
    pairs.retain(|(a, b)| {
        let points = known.get(*a).and_then(|a| a.point).zip(known.get(*b).and_then(|b| b.point));
        points.is_none_or(|(a, b)| metres(a, b) <= FAR)
    });
    pairs
}

fn evidence(a: &Known<'_>, b: &Known<'_>) -> Vec<PlaceEvidence> {
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
    if let Some(likeness) = a.authority.likeness(&b.authority) {
        let same = likeness >= 0.8;
        say(
            Clue::Authority,
            if same { "same" } else { "different" },
            if same { 3.0 } else { -6.0 },
        );
    }
    if let Some(likeness) = a.village.likeness(&b.village) {
        let same = likeness >= 0.8;
        say(Clue::Village, if same { "same" } else { "different" }, if same { 1.0 } else { -1.0 });
    }
    if !a.site.cooperatives.is_empty() && !b.site.cooperatives.is_empty() {
        let same = a.site.cooperatives.iter().any(|c| b.site.cooperatives.contains(c));
        say(
            Clue::Cooperative,
            if same { "same" } else { "different" },
            if same { 1.5 } else { -0.5 },
        );
    }
    if let Some((first, second)) = a.site.opened.zip(b.site.opened) {
        let (level, weight) = match first.abs_diff(second) {
            0..=1 => ("same", 1.0),
            2..=5 => ("near", 0.0),
            _ => ("different", -1.5),
        };
        say(Clue::Opened, level, weight);
    }
    found
}

/// Very strong to 200 m, medium to a kilometre, against beyond two.
fn distance(metres: f64) -> (&'static str, f64) {
    match metres {
        m if m <= 200.0 => ("200 m", 6.0),
        m if m <= 500.0 => ("500 m", 3.0),
        m if m <= 1_000.0 => ("1 km", 1.5),
        m if m <= 2_000.0 => ("2 km", -2.0),
        _ => ("farther", -6.0),
    }
}

/// The two names, own or other, that are most alike, and whether what tells places apart agrees.
fn best_name(a: &Known<'_>, b: &Known<'_>) -> Option<(f64, bool)> {
    let pairs = a.names.iter().flat_map(|x| b.names.iter().map(move |y| (x, y)));
    pairs
        .filter_map(|(x, y)| Some((x.likeness(y)?, x.marks == y.marks)))
        .max_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place so many metres north of a point in Kolondiéba.
    fn site(name: &str, north: f64) -> Site {
        Site {
            name: name.to_owned(),
            position: Some((11.1 + north / 111_195.0, -6.9)),
            cercle: String::from("kolondieba"),
            ..Site::default()
        }
    }

    #[test]
    fn two_spellings_150_metres_apart_are_the_first_to_look_at() {
        let all = [
            site("Mpè Diassa", 150.0),
            site("Kalana", 400.0),
            site("M'Pèdiassa", 0.0),
            site("Niéna", 9_000.0),
        ];
        let found = sites(&all);

        assert_eq!((found[0].a, found[0].b), (0, 2));
        assert!(found[0].probability > 0.95, "{found:?}");
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_village_site_and_the_new_one_beside_it_are_two() {
        assert_eq!(sites(&[site("Niéna", 0.0), site("Niéna Koura", 1_400.0)]), []);
        assert_eq!(sites(&[site("Niéna", 0.0), site("Niéna Koura", 300.0)]), []);
        assert_eq!(sites(&[site("Kobada 1", 0.0), site("Kobada II", 600.0)]), []);
    }

    #[test]
    fn other_names_and_authorities_count_and_a_name_alone_does_not() {
        let mut renamed = site("Dèguèdomou", 100.0);
        renamed.aliases = vec![String::from("Tèguè; Kalana Placer")];
        assert_eq!(sites(&[renamed, site("Kalana", 0.0)]).len(), 1);
        assert_eq!(sites(&[site("Kalana", 0.0), site("Kalana", 4_000.0)]), []);
        let (mut one, mut other) = (site("Kalana", 0.0), site("Kalana", 700.0));
        assert_eq!(sites(&[one.clone(), other.clone()]).len(), 1);
        one.authority = String::from("Bakary Kéïta");
        other.authority = String::from("Moussa Doumbia");
        assert_eq!(sites(&[one, other]), []);
    }

    #[test]
    fn without_a_position_the_name_and_the_cercle_are_looked_at() {
        let lost = Site { position: None, village: String::from("Kalana"), ..site("Kalana", 0.0) };
        let known = Site { village: String::from("Kalana"), ..site("Kalana", 0.0) };
        let elsewhere = Site { cercle: String::from("kita"), ..known.clone() };

        let found = sites(&[lost, known, elsewhere.clone()]);
        assert!(found.iter().any(|p| (p.a, p.b) == (0, 1)), "{found:?}");
        assert!(!found.iter().any(|p| (p.a, p.b) == (0, 2)), "{found:?}");
        let nowhere = Site { position: Some((f64::NAN, 200.0)), ..elsewhere };
        assert!(sites(&[nowhere.clone(), nowhere]).len() <= 1);
    }

    #[test]
    fn thousands_in_one_spot_cost_no_square() {
        let all: Vec<_> = (0..3_000).map(|i| site(&format!("Kalana {}", i % 1_000), 0.0)).collect();
        let found = sites(&all);

        assert!(found.len() <= 3_000 * CROWD, "{}", found.len());
        assert!(!found.is_empty());
    }
}
