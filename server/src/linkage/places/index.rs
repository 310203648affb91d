//! Sites and organisations in memory, so that one is compared with those like it and no others.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use super::{
    PlaceComparison,
    cooperative::{self, Cooperative},
    grid::{Square, around, metres},
    site::{self, Site},
};

/// A place or an organisation.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// A site.
    Site(Site),
    /// A cooperative, union or federation.
    Cooperative(Cooperative),
}

/// A site near another that is called otherwise (B14), or a cooperative called like another (F10).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beside<K> {
    /// Which.
    pub id: K,
    /// How far apart the centres of two sites are, in metres; 0 between cooperatives.
    pub metres: f64,
}

/// So near each other, in metres, two sites of different names may be one.
const BESIDE_M: f64 = 200.0;
/// Candidates that are compared; where there are more, only those called alike, the nearest first.
const CROWD: usize = 60;
/// Candidates that are looked at, however many share a square or a word.
const LOOKED_AT: usize = 1_000;
/// Pairs given of one place, the likeliest: more is no list that somebody reads.
const PAIRS_MAX: usize = 20;

enum Known {
    Site(site::Known),
    Cooperative(cooperative::Known),
}

/// What places are found by.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Square(Square),
    /// Cercle and name, for when a position is missing.
    Name(String, String),
    Word(String),
}

/// All places, each under an id. What it answers depends on what it holds and not on the order in
/// which that came.
pub struct Index<K> {
    known: HashMap<K, Known>,
    blocks: HashMap<Key, BTreeSet<K>>,
}

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self { known: HashMap::new(), blocks: HashMap::new() }
    }
}

impl<K: Copy + Ord + Hash> Index<K> {
    /// Puts a place, in the stead of what was known under this id.
    pub fn put(&mut self, id: K, place: &Place) {
        self.remove(id);
        let known = match place {
            Place::Site(site) => Known::Site(site::Known::of(site)),
            Place::Cooperative(of) => Known::Cooperative(cooperative::Known::of(of)),
        };
        for key in keys(&known) {
            self.blocks.entry(key).or_default().insert(id);
        }
        self.known.insert(id, known);
    }

    /// Forgets a place.
    pub fn remove(&mut self, id: K) {
        let Some(known) = self.known.remove(&id) else { return };
        for key in keys(&known) {
            if let Some(block) = self.blocks.get_mut(&key) {
                block.remove(&id);
                if block.is_empty() {
                    self.blocks.remove(&key);
                }
            }
        }
    }

    /// Which others may be this one, the likeliest first, at most twenty.
    pub fn found(&self, id: K) -> Vec<(K, PlaceComparison)> {
        let candidates = match self.known.get(&id) {
            Some(Known::Site(site)) => self.sites_like(id, site),
            Some(Known::Cooperative(of)) => self.cooperatives_like(id, of),
            None => return Vec::new(),
        };
        let compared = candidates.into_iter().filter_map(|c| Some((c, self.compare(id, c)?)));
        let mut found: Vec<_> = compared.filter(|(_, said)| said.is_shown()).collect();
        found.sort_by(|x, y| y.1.weight.total_cmp(&x.1.weight).then(x.0.cmp(&y.0)));
        found.truncate(PAIRS_MAX);
        found
    }

    /// Everything about one pair; `None` when one is not known, or they are not of a kind.
    pub fn compare(&self, one: K, other: K) -> Option<PlaceComparison> {
        match (self.known.get(&one)?, self.known.get(&other)?) {
            (Known::Site(a), Known::Site(b)) => Some(a.compare(b)),
            (Known::Cooperative(a), Known::Cooperative(b)) => Some(a.compare(b)),
            _ => None,
        }
    }

    /// The sites so near this one that one of two names may be wrong, of the first thousand of its surroundings; the
    /// other base cooperatives of its commune with its name. Sixty at most: more is a crowd.
    pub fn beside(&self, id: K) -> Vec<Beside<K>> {
        match self.known.get(&id) {
            Some(Known::Site(site)) => self.sites_beside(id, site),
            Some(Known::Cooperative(of)) => self.namesakes(id, of),
            None => Vec::new(),
        }
    }

    fn sites_beside(&self, id: K, of: &site::Known) -> Vec<Beside<K>> {
        let squares = of.square().into_iter().flat_map(around).map(Key::Square);
        let near = squares.flat_map(|key| self.block(&key).take(LOOKED_AT).collect::<Vec<_>>());
        let near = near.take(LOOKED_AT).filter_map(|(other, known)| match known {
            Known::Site(site) if other != id && !of.is_called_like(site) => {
                Some(Beside { id: other, metres: metres(of.point?, site.point?) })
            }
            _ => None,
        });
        near.filter(|near| near.metres < BESIDE_M).take(CROWD).collect()
    }

    fn namesakes(&self, id: K, of: &cooperative::Known) -> Vec<Beside<K>> {
        let Some(key) = of.name_key().map(Key::Word) else { return Vec::new() };
        let same = self.block(&key).take(LOOKED_AT).filter(|(other, known)| match known {
            Known::Cooperative(known) => *other != id && of.is_namesake(known),
            Known::Site(_) => false,
        });
        same.take(CROWD).map(|(id, _)| Beside { id, metres: 0.0 }).collect()
    }

    fn block(&self, key: &Key) -> impl Iterator<Item = (K, &Known)> {
        let ids = self.blocks.get(key).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.known.get(id)?)))
    }

    /// Neighbours within about a kilometre; namesakes of the cercle where a position is missing.
    fn sites_like(&self, id: K, of: &site::Known) -> BTreeSet<K> {
        let squares = of.square().into_iter().flat_map(around).map(Key::Square);
        let near = squares.flat_map(|key| self.block(&key).take(LOOKED_AT).collect::<Vec<_>>());
        let near = near.take(LOOKED_AT);
        let mut near: Vec<(f64, K, bool)> = near
            .filter_map(|(other, known)| match known {
                Known::Site(site) if other != id => {
                    let apart = metres(of.point?, site.point?);
                    Some((apart, other, of.begins_like(site)))
                }
                _ => None,
            })
            .collect();
        if near.len() > CROWD {
            near.retain(|(.., alike)| *alike);
        }
        near.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
        let mut found: BTreeSet<K> =
            near.into_iter().take(CROWD).map(|(_, other, _)| other).collect();
        for key in names(of) {
            let namesakes = self.block(&key).take(LOOKED_AT).filter(|(other, known)| match known {
                Known::Site(site) => *other != id && of.point.and(site.point).is_none(),
                Known::Cooperative(_) => false,
            });
            found.extend(namesakes.take(CROWD).map(|(other, _)| other));
        }
        found
    }

    /// Those that share a word of the name, the acronym or the number. A word that everybody carries
    /// tells nothing: then the names must begin alike.
    fn cooperatives_like(&self, id: K, of: &cooperative::Known) -> BTreeSet<K> {
        let mut found = BTreeSet::new();
        for key in of.keys().into_iter().map(Key::Word) {
            let crowded = self.blocks.get(&key).is_some_and(|block| block.len() > CROWD);
            let like = self.block(&key).take(LOOKED_AT).filter(|(other, known)| match known {
                Known::Cooperative(known) => *other != id && (!crowded || of.begins_like(known)),
                Known::Site(_) => false,
            });
            found.extend(like.take(CROWD).map(|(other, _)| other));
        }
        found
    }
}

fn keys(known: &Known) -> Vec<Key> {
    match known {
        Known::Site(site) => {
            site.square().into_iter().map(Key::Square).chain(names(site)).collect()
        }
        Known::Cooperative(of) => of.keys().into_iter().map(Key::Word).collect(),
    }
}

fn names(site: &site::Known) -> impl Iterator<Item = Key> {
    let named = site.names.iter().filter(|n| !n.key.is_empty());
    named.map(|name| Key::Name(site.cercle.clone(), name.key.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> Place {
        Place::Site(Site { name: name.into(), position: Some((11.1, -6.9)), ..Site::default() })
    }

    #[test]
    fn what_is_found_does_not_depend_on_the_order_of_arrival() {
        let names = ["Kalana", "Kalana", "Kallana", "Niéna", "Kalana"];
        let (mut one, mut other) = (Index::default(), Index::default());
        for (i, name) in names.iter().enumerate() {
            one.put(i, &place(name));
        }
        for (i, name) in names.iter().enumerate().rev() {
            other.put(i, &place("Kobada"));
            other.put(i, &place(name));
        }

        assert_eq!(one.found(0), other.found(0));
        assert_eq!(one.found(0).len(), 4);
    }

    #[test]
    fn sites_of_other_names_within_200_m_and_cooperatives_of_one_name_are_beside_each_other() {
        let at = |name: &str, lat: f64| {
            Place::Site(Site { name: name.into(), position: Some((lat, -6.9)), ..Site::default() })
        };
        let base = |name: &str, commune: &str, level: &str| {
            let (name, level, commune) = (name.into(), level.into(), commune.into());
            Place::Cooperative(Cooperative { name, level, commune, ..Cooperative::default() })
        };
        let mut index = Index::default();
        // A degree of latitude is 111.2 km; the second square begins at 11.11.
        let sites = [("Kalana", 11.1095), ("Niéna", 11.1112), ("Niena", 11.1115), ("Koba", 11.113)];
        for (id, (name, lat)) in sites.into_iter().enumerate() {
            index.put(id, &at(name, lat));
        }
        index.put(10, &base("Coopérative Sabougnouma", "kayes__kayes", "base"));
        index.put(11, &base("Sabugnuma", "kayes__kayes", "base"));
        index.put(12, &base("Sabougnouma", "kayes__sadiola", "base"));
        index.put(13, &base("Sabougnouma", "kayes__kayes", "union"));
        index.put(14, &base("Sabougnouma 2", "kayes__kayes", "base"));

        let beside = |id| {
            let mut ids: Vec<_> = index.beside(id).into_iter().map(|it| it.id).collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!(beside(0), [1], "the third is 222 m off");
        assert_eq!(beside(1), [0], "what is called alike is another question");
        assert_eq!((beside(2), beside(3)), (vec![3], vec![2]));
        assert_eq!((beside(10), beside(11)), (vec![11], vec![10]));
        assert_eq!((beside(12), beside(13), beside(14)), (vec![], vec![], vec![]));
    }

    #[test]
    fn what_is_forgotten_is_not_found() {
        let mut index = Index::default();
        index.put(1, &place("Kalana"));
        index.put(2, &place("Kalana"));
        index.remove(1);

        assert_eq!(index.found(2), []);
        assert_eq!((index.compare(1, 2), index.found(1)), (None, Vec::new()));
        index.remove(2);
        assert!(index.blocks.is_empty());
    }
}
