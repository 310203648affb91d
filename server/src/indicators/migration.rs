//! Migrants (R24), after the United Nations recommendations on statistics of international migration.

/// Where a registered miner comes from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Migrant<'a> {
    /// Code of the nationality.
    pub nationality: Option<&'a str>,
    /// Code of the country of usual residence.
    pub usual_country: Option<&'a str>,
    /// Code of the cercle of usual residence (2023).
    pub usual_cercle: Option<&'a str>,
    /// Code of the cercle of the site (2023).
    pub site_cercle: Option<&'a str>,
    /// Code of the pattern of presence.
    pub stay_pattern: Option<&'a str>,
}

/// A country that somebody named, Mali or another.
fn country(code: Option<&str>) -> Option<&str> {
    code.filter(|code| !matches!(*code, "dont_know" | "refused"))
}

impl Migrant<'_> {
    /// R24 (a): of another nationality.
    pub fn is_foreign(&self) -> Option<bool> {
        country(self.nationality).map(|code| code != "ML")
    }

    /// R24 (b): usually resident in another country.
    pub fn is_international(&self) -> Option<bool> {
        country(self.usual_country).map(|code| code != "ML")
    }

    /// R24 (c): usually resident in another cercle of Mali than the site's.
    pub fn is_internal(&self) -> Option<bool> {
        if self.is_international()? {
            return Some(false);
        }
        Some(self.usual_cercle? != self.site_cercle?)
    }

    /// R24: comes and goes with the seasons or from site to site.
    pub fn is_circular(&self) -> Option<bool> {
        self.stay_pattern.map(|code| matches!(code, "seasonal_dry" | "itinerant"))
    }
}

/// The measures that only the sample of the study of movements has (R24).
#[derive(Clone, Copy, Debug, Default)]
pub struct Movement<'a> {
    /// Code of the cercle of birth; none abroad.
    pub birth_cercle: Option<&'a str>,
    /// Code of the cercle of residence five years ago; none abroad.
    pub cercle_5_years_ago: Option<&'a str>,
    /// Code of the cercle of the site.
    pub present_cercle: Option<&'a str>,
}

impl Movement<'_> {
    /// Lifetime internal migrant: born in another cercle of Mali.
    pub fn is_lifetime(&self) -> Option<bool> {
        Some(self.birth_cercle? != self.present_cercle?)
    }

    /// Recent internal migrant: lived in another cercle of Mali five years ago.
    pub fn is_recent(&self) -> Option<bool> {
        Some(self.cercle_5_years_ago? != self.present_cercle?)
    }
}

/// The groups in which nationalities are shown, by region only (table S3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NationalityGroup {
    /// Mali.
    Mali,
    /// The other members of the West African Economic and Monetary Union.
    Uemoa,
    /// The other countries that are or were members of ECOWAS.
    Ecowas,
    /// Every other country.
    Other,
}

impl NationalityGroup {
    /// Its code in counts and extracts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mali => "mali",
            Self::Uemoa => "uemoa",
            Self::Ecowas => "ecowas",
            Self::Other => "other",
        }
    }
}

/// The group of a nationality; none when it is not known.
pub fn nationality_group(code: &str) -> Option<NationalityGroup> {
    Some(match country(Some(code))? {
        "ML" => NationalityGroup::Mali,
        "BF" | "BJ" | "CI" | "GW" | "NE" | "SN" | "TG" => NationalityGroup::Uemoa,
        "GH" | "GM" | "GN" | "LR" | "NG" | "SL" => NationalityGroup::Ecowas,
        _ => NationalityGroup::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::Rate;

    #[test]
    fn a_refused_nationality_is_not_known() {
        let of = |nationality| Migrant { nationality, ..Migrant::default() }.is_foreign();

        let rate: Rate = [Some("ML"), Some("GN"), Some("refused"), Some("dont_know"), None]
            .map(of)
            .into_iter()
            .collect();

        assert_eq!((rate.numerator, rate.denominator, rate.unknown), (1, 2, 3));
    }

    #[test]
    fn an_internal_mover_lives_in_another_cercle_of_mali() {
        let here = Migrant {
            usual_country: Some("ML"),
            usual_cercle: Some("kita"),
            site_cercle: Some("kita"),
            ..Migrant::default()
        };

        assert_eq!(here.is_internal(), Some(false));
        assert_eq!(Migrant { usual_cercle: Some("bla"), ..here }.is_internal(), Some(true));
        assert_eq!(Migrant { usual_cercle: None, ..here }.is_internal(), None);
        let abroad = Migrant { usual_country: Some("SN"), usual_cercle: None, ..here };
        assert_eq!((abroad.is_internal(), abroad.is_international()), (Some(false), Some(true)));
        assert_eq!(Migrant { stay_pattern: Some("itinerant"), ..here }.is_circular(), Some(true));
    }

    #[test]
    fn lifetime_and_recent_migration_compare_cercles() {
        let moved = Movement {
            birth_cercle: Some("bla"),
            cercle_5_years_ago: Some("kita"),
            present_cercle: Some("kita"),
        };

        assert_eq!((moved.is_lifetime(), moved.is_recent()), (Some(true), Some(false)));
        assert_eq!(Movement { birth_cercle: None, ..moved }.is_lifetime(), None);
    }

    #[test]
    fn every_country_of_the_list_is_in_a_group() {
        for country in sanu_schemas::codelist("country").unwrap().codes {
            let group = nationality_group(&country.code);
            let known = !matches!(country.code.as_str(), "dont_know" | "refused");
            assert_eq!(group.is_some(), known, "{}", country.code);
        }
        assert_eq!(nationality_group("BF"), Some(NationalityGroup::Uemoa));
        assert_eq!(nationality_group("GN"), Some(NationalityGroup::Ecowas));
        assert_eq!(nationality_group("MR"), Some(NationalityGroup::Other));
    }
}
