//! How many people there are, from two counts of the same places: the census and the survey after it.
//!
//! Chapman (1951): `N = (n1 + 1)(n2 + 1) / (m + 1) - 1`, with variance (Seber 1970)
//! `(n1 + 1)(n2 + 1)(n1 - m)(n2 - m) / ((m + 1)^2 (m + 2))`. Intervals: transformed logit
//! (Sadinle, *Communications in Statistics: Simulation and Computation* 38(9), 2009), which stays
//! above the number of people seen and holds its level in small samples. Assumed: nobody comes or goes between
//! the counts, the teams are independent, and matching is right; where matching is open the estimate
//! is a range.

#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "numbers of people are far below 2^52"
)]

/// Two counts of one stratum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoCounts {
    census: u64,
    survey: u64,
    matched: u64,
    unresolved: u64,
}

/// Counts that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{pairs} people matched or unresolved, of {census} in the census and {survey} in the survey"
)]
pub struct Contradiction {
    census: u64,
    survey: u64,
    pairs: u64,
}

/// An estimate of how many people there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Population {
    /// The estimate.
    pub estimate: f64,
    /// Its variance.
    pub variance: f64,
    /// The lower end of a 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The share of the people of the survey whom the census missed; `None` without a survey.
    pub undercoverage: Option<f64>,
}

/// The estimates between which matching leaves us.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DualSystem {
    /// If every unresolved case is a match: the fewest people.
    pub all_matched: Population,
    /// If none is: the most.
    pub none_matched: Population,
}

impl TwoCounts {
    /// Of `census` people registered and `survey` people found, `matched` are the same and
    /// `unresolved` of the survey may be.
    ///
    /// # Errors
    /// When more are matched or unresolved than either count has.
    pub fn new(
        census: u64,
        survey: u64,
        matched: u64,
        unresolved: u64,
    ) -> Result<Self, Contradiction> {
        let pairs = matched.saturating_add(unresolved);
        if pairs > census.min(survey) {
            return Err(Contradiction { census, survey, pairs });
        }
        Ok(Self { census, survey, matched, unresolved })
    }

    /// The estimate and its matching-error range.
    pub fn estimate(self) -> DualSystem {
        DualSystem {
            all_matched: chapman(self.census, self.survey, self.matched + self.unresolved),
            none_matched: chapman(self.census, self.survey, self.matched),
        }
    }
}

/// 97.5 % of the standard normal distribution.
const Z: f64 = 1.959_964;

fn chapman(census: u64, survey: u64, matched: u64) -> Population {
    let (n1, n2, m) = (census as f64, survey as f64, matched as f64);
    let product = (n1 + 1.0) * (n2 + 1.0);
    let estimate = product / (m + 1.0) - 1.0;
    let variance = product * (n1 - m) * (n2 - m) / ((m + 1.0).powi(2) * (m + 2.0));
    // Sadinle's interval, with half a person added to each cell of the two-way table.
    let (both, first, second) = (m + 0.5, n1 - m + 0.5, n2 - m + 0.5);
    let missed = first * second / both;
    let spread = (1.0 / both + 1.0 / first + 1.0 / second + both / (first * second)).sqrt();
    let seen = n1 + n2 - m - 0.5;
    Population {
        estimate,
        variance,
        low: seen + missed * (-Z * spread).exp(),
        high: seen + missed * (Z * spread).exp(),
        undercoverage: (survey > 0).then(|| 1.0 - m / n2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-5 * b.abs().max(1.0)
    }

    #[test]
    fn chapman_gives_the_vectors_of_the_indicators() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../schemas/vectors/quality.json")).unwrap();
        let vectors = vectors["chapman"].as_array().unwrap();
        assert!(vectors.len() >= 3);
        for v in vectors {
            let int = |name: &str| v[name].as_u64().unwrap();
            let of = chapman(int("n1"), int("n2"), int("m"));

            assert!(close(of.estimate, v["N"].as_f64().unwrap()), "{v}");
            assert!(close(of.variance, v["var"].as_f64().unwrap()), "{v}");
        }
    }

    #[test]
    fn the_published_example_of_turtles_has_its_published_interval() {
        // 10 marked, 15 caught later, 5 of them marked: 28 turtles, between 22 and 65.
        let of = chapman(10, 15, 5);

        assert!(close(of.estimate, 28.333_333));
        assert_eq!(
            (of.low.round().to_string(), of.high.round().to_string()),
            ("22".into(), "65".into())
        );
    }

    #[test]
    fn unresolved_matches_are_a_range_and_contradictions_are_refused() {
        let of = TwoCounts::new(900, 500, 400, 50).unwrap().estimate();

        assert!(close(of.all_matched.estimate, 999.889_135));
        assert!(of.none_matched.estimate > of.all_matched.estimate);
        assert!(close(of.all_matched.undercoverage.unwrap(), 0.1));
        assert!(close(of.none_matched.undercoverage.unwrap(), 0.2));
        assert!(TwoCounts::new(10, 5, 4, 2).is_err());
        assert!(TwoCounts::new(u64::MAX, 5, u64::MAX, 2).is_err());
        let nobody = TwoCounts::new(0, 0, 0, 0).unwrap().estimate();
        assert!(
            close(nobody.all_matched.estimate, 0.0) && nobody.all_matched.undercoverage.is_none()
        );
    }
}
