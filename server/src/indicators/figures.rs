//! Figures over many units: sums by place and kind, from which any table of an indicator is made. Pure.

use std::collections::{BTreeMap, HashMap};

use super::unit::{Outcome, Said};
use crate::counts::{AXES, Axis, BaseCell};

/// Where units are counted: the zone, a code per axis, and whether a record of theirs waits for review.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The zone that registered them.
    pub zone: i32,
    /// In the order of [`Axis::ALL`]; empty where it is not known.
    pub codes: [String; AXES],
    /// Whether they wait for review: counted apart, never with the others.
    pub pending: bool,
}

/// What the units of one place say together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    counts: BTreeMap<Outcome, u32>,
    /// Persons by age in completed years, 0 first.
    ages: Vec<u32>,
    distances: BTreeMap<&'static str, Vec<(f64, u32)>>,
}

impl Sums {
    /// Adds one unit.
    pub fn add(&mut self, said: Said) {
        for outcome in said.outcomes {
            *self.counts.entry(outcome).or_default() += 1;
        }
        for (outcome, n) in said.amounts {
            let sum = self.counts.entry(outcome).or_default();
            *sum = sum.saturating_add(n);
        }
        if let Some(age) = said.age.filter(|age| *age <= 120) {
            self.ages.resize(self.ages.len().max(age + 1), 0);
            self.ages.get_mut(age).into_iter().for_each(|n| *n += 1);
        }
        for (part, km, workers) in said.distances {
            self.distances.entry(part).or_default().push((km, workers));
        }
    }

    fn merge(&mut self, other: &Self) {
        for (outcome, n) in &other.counts {
            *self.counts.entry(*outcome).or_default() += n;
        }
        self.ages.resize(self.ages.len().max(other.ages.len()), 0);
        self.ages.iter_mut().zip(&other.ages).for_each(|(to, n)| *to += n);
        for (part, more) in &other.distances {
            self.distances.entry(part).or_default().extend(more);
        }
    }

    /// How many say what of an indicator, by part and code.
    pub fn of(&self, indicator: &str) -> BTreeMap<&'static str, BTreeMap<&'static str, i64>> {
        let mut parts: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for (outcome, n) in self.counts.iter().filter(|(o, _)| o.indicator == indicator) {
            parts.entry(outcome.part).or_default().insert(outcome.code, i64::from(*n));
        }
        parts
    }

    /// Persons by age in completed years, 0 first.
    pub fn ages(&self) -> &[u32] {
        &self.ages
    }

    /// Kilometres to a service and the workers there, of each site.
    pub fn distances(&self) -> impl Iterator<Item = (&'static str, &[(f64, u32)])> {
        self.distances.iter().map(|(part, all)| (*part, all.as_slice()))
    }
}

/// All units of one dataset.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    places: HashMap<Place, Sums>,
}

impl Figures {
    /// Adds one unit.
    pub fn add(&mut self, place: Place, said: Said) {
        self.places.entry(place).or_default().add(said);
    }

    /// The sums of accepted units by these axes, of these zones (`None` = all), in the order of the codes.
    pub fn table(&self, by: &[Axis], zones: Option<&[i32]>) -> BTreeMap<Vec<String>, Sums> {
        let mut table: BTreeMap<Vec<String>, Sums> = BTreeMap::new();
        let seen = |p: &Place| !p.pending && zones.is_none_or(|zones| zones.contains(&p.zone));
        for (place, sums) in self.places.iter().filter(|(place, _)| seen(place)) {
            let codes = by.iter().filter_map(|axis| place.codes.get(axis.index()?)).cloned();
            table.entry(codes.collect()).or_default().merge(sums);
        }
        // The order of a hash is no order: a median does not care, a reader of bytes does.
        for all in table.values_mut().flat_map(|sums| sums.distances.values_mut()) {
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        }
        table
    }

    /// The units of each part of each indicator, by region and sex alone, as cells whose state is their
    /// code: what disclosure control divides as it divides the counts.
    pub fn cells(&self) -> BTreeMap<(&'static str, &'static str), Vec<BaseCell>> {
        let mut parts: BTreeMap<_, Vec<BaseCell>> = BTreeMap::new();
        for (codes, sums) in self.table(&[Axis::Region2023, Axis::Sex], None) {
            for (outcome, n) in &sums.counts {
                let mut cell =
                    BaseCell { zone: 0, codes: <[String; AXES]>::default(), n: i64::from(*n) };
                let [region, sex, code] =
                    [Axis::Region2023, Axis::Sex, Axis::Status].map(Axis::index);
                for (at, text) in [(region, codes.first()), (sex, codes.get(1))] {
                    if let (Some(slot), Some(text)) = (at.and_then(|i| cell.codes.get_mut(i)), text)
                    {
                        slot.clone_from(text);
                    }
                }
                if let Some(slot) = code.and_then(|i| cell.codes.get_mut(i)) {
                    *slot = format!("{}.{}.{}", outcome.indicator, outcome.part, outcome.code);
                }
                parts.entry((outcome.indicator, outcome.part)).or_default().push(cell);
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(region: &str, zone: i32, pending: bool) -> Place {
        let mut codes: [String; AXES] = Default::default();
        region.clone_into(&mut codes[Axis::Region2023.index().unwrap()]);
        Place { zone, codes, pending }
    }

    fn said(code: &'static str, age: usize) -> Said {
        Said {
            outcomes: vec![Outcome { indicator: "R26", part: "", code }],
            age: Some(age),
            ..Said::default()
        }
    }

    #[test]
    fn tables_are_of_accepted_units_of_the_zones_that_are_seen() {
        let mut figures = Figures::default();
        figures.add(place("kayes", 1, false), said("yes", 20));
        figures.add(place("kayes", 1, false), said("no", 20));
        figures.add(place("kayes", 1, true), said("yes", 20));
        figures.add(place("sikasso", 2, false), said("yes", 40));
        let yes = |by: &[Axis], zones: Option<&[i32]>| -> Vec<i64> {
            let table = figures.table(by, zones);
            table.values().map(|s| s.of("R26")[""].get("yes").copied().unwrap_or(0)).collect()
        };

        assert_eq!(yes(&[], None), [2]);
        assert_eq!(yes(&[Axis::Region2023], None), [1, 1]);
        assert_eq!(yes(&[], Some(&[2])), [1]);
        let all = figures.table(&[], None);
        assert_eq!(all.values().next().unwrap().ages()[20], 2);
    }

    #[test]
    fn the_cells_of_a_part_add_up_to_its_units() {
        let mut figures = Figures::default();
        for code in ["yes", "yes", "no"] {
            figures.add(place("kayes", 1, false), said(code, 20));
        }
        let cells = figures.cells();

        assert_eq!(cells[&("R26", "")].iter().map(|c| c.n).sum::<i64>(), 3);
    }
}
