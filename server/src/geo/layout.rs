//! The spellings of known layouts: what a feature is called, and which division a file is of.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::{
    error::{GeoError, excerpt},
    place::{Division, Level},
};

/// Endings of a field that holds a name, best first: French is what the people of Mali read.
const NAME_ENDINGS: [&str; 9] =
    ["_fr", "name_fr", "_name_fr", "_name", "name", "_name1", "_en", "name_en", "_name_en"];
const PCODE_ENDINGS: [&str; 2] = ["_pcode", "pcode"];

/// Regions that exist only since the reform, folded.
const REGIONS_SINCE_2023: [&str; 10] = [
    "nioro",
    "nioro du sahel",
    "kita",
    "dioila",
    "nara",
    "bougouni",
    "koutiala",
    "san",
    "douentza",
    "bandiagara",
];
/// The day of laws 2023-006 and 2023-007.
const REFORM: &str = "2023-03-13";
/// The old division had eight regions, ten once Taoudénit and Ménaka were in place.
const OLD_REGIONS: std::ops::RangeInclusive<usize> = 8..=10;

/// What the fields of one feature say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) level: Level,
    pub(crate) region: Option<String>,
    pub(crate) cercle: Option<String>,
    pub(crate) commune: Option<String>,
    pub(crate) pcode: Option<String>,
    pub(crate) valid_on: Option<String>,
    /// Whether a field of the reform's own numbering is there.
    pub(crate) is_2023: bool,
}

/// Reads the fields of the feature at `index`; `None` means the country as a whole.
pub(crate) fn describe(
    index: usize,
    properties: &Map<String, Value>,
) -> Result<Option<Described>, GeoError> {
    let fields = Fields::new(properties);
    if fields.has_level(4) {
        return Err(GeoError::TooDeep { index });
    }
    let deepest = [(3, Level::Commune), (2, Level::Cercle), (1, Level::Region)]
        .into_iter()
        .find(|(number, _)| fields.has_level(*number));
    let mut described = Described {
        level: Level::Region,
        region: fields.name(1),
        cercle: fields.name(2),
        commune: fields.name(3),
        pcode: None,
        valid_on: fields.valid_on(),
        is_2023: fields.get("law_2023_code").is_some(),
    };
    if let Some((number, level)) = deepest {
        described.level = level;
        described.pcode = fields.first(number, &PCODE_ENDINGS);
        let name = match level {
            Level::Region => &described.region,
            Level::Cercle => &described.cercle,
            Level::Commune => &described.commune,
        };
        return if name.is_some() {
            Ok(Some(described))
        } else {
            Err(GeoError::NoName { index, level })
        };
    }
    if described.is_2023 {
        let name = fields.get("name");
        described.region =
            Some(name.ok_or(GeoError::NoName { index, level: Level::Region })?.to_owned());
        return Ok(Some(described));
    }
    if fields.has_level(0) {
        return Ok(None);
    }
    Err(GeoError::UnknownLayout { index, found: fields.keys() })
}

/// Says which division a file is of, from all that its features say.
///
/// Names come before dates: an old division re-issued after the reform is still the old one.
pub(crate) fn division<'a>(features: impl Iterator<Item = &'a Described> + Clone) -> Division {
    let regions: BTreeSet<String> = features
        .clone()
        .filter_map(|feature| feature.region.as_deref())
        .map(fold)
        .filter(|region| !region.contains("bamako"))
        .collect();
    if features.clone().any(|feature| feature.is_2023)
        || regions.len() > *OLD_REGIONS.end()
        || regions.iter().any(|region| REGIONS_SINCE_2023.contains(&region.as_str()))
    {
        return Division::D2023;
    }
    if OLD_REGIONS.contains(&regions.len()) {
        return Division::D2012;
    }
    let is_dated_since = features
        .filter_map(|feature| feature.valid_on.as_deref())
        .any(|day| day.starts_with(|c: char| c.is_ascii_digit()) && day >= REFORM);
    if is_dated_since { Division::D2023 } else { Division::D2012 }
}

/// Fields by lower-case name, as text; nulls and blanks are as good as absent.
struct Fields(HashMap<String, String>);

impl Fields {
    fn new(properties: &Map<String, Value>) -> Self {
        let known = properties.iter().filter_map(|(key, value)| {
            let text = match value {
                Value::String(text) => text.trim().to_owned(),
                Value::Number(number) => number.to_string(),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
            };
            (!text.is_empty()).then(|| (key.to_lowercase(), text))
        });
        Self(known.collect())
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn first(&self, number: u8, endings: &[&str]) -> Option<String> {
        endings
            .iter()
            .flat_map(|ending| [format!("adm{number}{ending}"), format!("admin{number}{ending}")])
            .find_map(|key| self.get(&key).map(str::to_owned))
    }

    fn name(&self, number: u8) -> Option<String> {
        self.first(number, &NAME_ENDINGS)
    }

    fn has_level(&self, number: u8) -> bool {
        self.name(number).is_some() || self.first(number, &PCODE_ENDINGS).is_some()
    }

    fn valid_on(&self) -> Option<String> {
        let stated = ["valid_on", "validon"].iter().find_map(|key| self.get(key));
        match stated {
            Some(text) => Some(day(text).unwrap_or_else(|| excerpt(text))),
            None => self.get("version").and_then(day),
        }
    }

    fn keys(&self) -> String {
        let mut keys: Vec<&str> = self.0.keys().map(String::as_str).collect();
        keys.sort_unstable();
        if keys.is_empty() { "nothing".to_owned() } else { excerpt(&keys.join(", ")) }
    }
}

/// Reads `2015-04-08`, `2015/04/08`, with or without a time, or the milliseconds that Esri writes.
fn day(text: &str) -> Option<String> {
    if text.len() > 10
        && let Ok(milliseconds) = text.parse()
    {
        let instant = jiff::Timestamp::from_millisecond(milliseconds).ok()?;
        return Some(instant.to_zoned(jiff::tz::TimeZone::UTC).date().to_string());
    }
    let date = text.get(..10)?.replace('/', "-");
    date.parse::<jiff::civil::Date>().ok().map(|date| date.to_string())
}

/// Lower case without accents, so that `Dioïla`, `DIOILA` and `Dioi\u{308}la` are one name.
fn fold(name: &str) -> String {
    name.trim()
        .to_lowercase()
        .chars()
        .filter(|c| !('\u{300}'..='\u{36f}').contains(c))
        .map(|c| match c {
            'à' | 'â' | 'ä' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'î' | 'ï' => 'i',
            'ô' | 'ö' => 'o',
            'ù' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            '-' | '_' => ' ',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(properties: &Value) -> Result<Option<Described>, GeoError> {
        describe(5, properties.as_object().unwrap())
    }

    fn region(name: &str, valid_on: &str) -> Described {
        read(&json!({"adm1_name": name, "valid_on": valid_on})).unwrap().unwrap()
    }

    #[test]
    fn every_spelling_of_the_same_commune_says_the_same() {
        for properties in [
            json!({"adm3_pcode": "ML010101", "adm3_name": "Bangassi", "adm2_name": "Kayes",
                   "adm1_name": "Kayes", "valid_on": "2015-04-08"}),
            json!({"ADM3_PCODE": "ML010101", "ADM3_FR": "Bangassi", "ADM2_FR": "Kayes",
                   "ADM1_FR": "Kayes", "validOn": "2015/04/08"}),
            json!({"admin3Pcode": "ML010101", "admin3Name_fr": " Bangassi ", "admin4Name_fr": null,
                   "admin2Name_fr": "Kayes", "admin1Name_fr": "Kayes",
                   "validOn": 1_428_451_200_000_u64}),
            json!({"adm3_pcode": "ML010101", "adm3_name": "Bangassi", "adm3_name1": null,
                   "adm2_name": "Kayes", "adm1_name": "Kayes", "version": "v03",
                   "valid_on": "2015-04-08T00:00:00Z"}),
        ] {
            let described = read(&properties).unwrap().unwrap();

            assert_eq!(described.level, Level::Commune);
            assert_eq!(described.commune.as_deref(), Some("Bangassi"));
            assert_eq!(described.cercle.as_deref(), Some("Kayes"));
            assert_eq!(described.region.as_deref(), Some("Kayes"));
            assert_eq!(described.pcode.as_deref(), Some("ML010101"));
            assert_eq!(described.valid_on.as_deref(), Some("2015-04-08"));
        }
    }

    #[test]
    fn the_second_language_serves_only_where_the_first_is_missing() {
        let both = read(&json!({"adm1_name": "Ségou", "adm1_name1": "Segu"})).unwrap().unwrap();
        let second = read(&json!({"adm1_name": "", "adm1_name1": "Segu"})).unwrap().unwrap();

        assert_eq!(both.region.as_deref(), Some("Ségou"));
        assert_eq!(second.region.as_deref(), Some("Segu"));
    }

    #[test]
    fn the_country_is_no_place_and_a_village_is_too_deep() {
        assert_eq!(read(&json!({"adm0_name": "Mali", "adm0_pcode": "ML"})), Ok(None));
        assert_eq!(read(&json!({"adm4_name": "Sadiola"})), Err(GeoError::TooDeep { index: 5 }));
    }

    #[test]
    fn a_feature_without_a_name_or_a_known_field_is_refused() {
        let nameless = read(&json!({"adm2_pcode": "ML0101", "adm1_name": "Kayes"}));
        let unknown = read(&json!({"shapeName": "Kayes", "id": 3}));

        assert_eq!(nameless, Err(GeoError::NoName { index: 5, level: Level::Cercle }));
        let Err(GeoError::UnknownLayout { found, .. }) = unknown else { panic!("{unknown:?}") };
        assert_eq!(found, "id, shapename");
    }

    #[test]
    fn the_file_of_the_reform_is_known_by_its_law_code() {
        let bamako = read(&json!({"law_2023_code": "00", "name": "Bamako"})).unwrap().unwrap();

        assert_eq!(bamako.region.as_deref(), Some("Bamako"));
        assert_eq!(division([bamako].iter()), Division::D2023);
    }

    #[test]
    fn a_region_that_the_reform_created_dates_the_file() {
        for name in ["Dioïla", "DIOILA", "Dioi\u{308}la", "Nioro du Sahel", "San"] {
            assert_eq!(division([region(name, "")].iter()), Division::D2023, "{name}");
        }
        assert_eq!(division([region("Kayes", "")].iter()), Division::D2012);
    }

    #[test]
    fn a_date_since_the_reform_decides_where_names_do_not() {
        let before = [region("Kayes", "2023-03-12"), region("Sikasso", "2015-04-08")];
        let since = [region("Kayes", "2023-03-13")];
        let unreadable = [region("Kayes", "unknown")];

        assert_eq!(division(before.iter()), Division::D2012);
        assert_eq!(division(since.iter()), Division::D2023);
        assert_eq!(division(unreadable.iter()), Division::D2012);
    }

    #[test]
    fn the_old_division_issued_again_is_still_old() {
        let old = [
            "Kayes",
            "Koulikoro",
            "Sikasso",
            "Ségou",
            "Mopti",
            "Tombouctou",
            "Gao",
            "Kidal",
            "Taoudénit",
            "Ménaka",
            "Bamako",
        ];
        let again: Vec<_> = old.iter().map(|name| region(name, "2024-01-01")).collect();

        assert_eq!(division(again.iter()), Division::D2012);

        let more: Vec<_> = again.iter().cloned().chain([region("Autre", "")]).collect();
        assert_eq!(division(more.iter()), Division::D2023);
    }
}
