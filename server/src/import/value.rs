//! One value of a base list, read as its column asks.

use std::{collections::HashMap, sync::OnceLock};

use jiff::civil::Date;
use sanu_schemas::{ImportColumn, ImportKind};
use serde_json::Value as Json;

use super::columns::fold;

/// A text longer than this is no name.
const TEXT_MAX: usize = 500;

/// Reads a value that is not blank.
///
/// # Errors
/// Why it is none, in French, without the value.
pub(super) fn read(column: &ImportColumn, text: &str) -> Result<Json, String> {
    let text = text.trim();
    if text.chars().count() > TEXT_MAX {
        return Err(format!("plus de {TEXT_MAX} caractères"));
    }
    if text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
        return Err(String::from("caractère qui ne s'imprime pas"));
    }
    match column.kind {
        ImportKind::Key | ImportKind::Ref => Ok(code(text).into()),
        ImportKind::Refs => {
            Ok(text.split([' ', ',', ';', '|']).filter(|c| !c.is_empty()).map(code).collect())
        }
        ImportKind::Agent => agent(text),
        ImportKind::Text | ImportKind::Zone => {
            Ok(text.split_whitespace().collect::<Vec<_>>().join(" ").into())
        }
        ImportKind::Code => of_list(&column.list, text),
        ImportKind::Integer => whole(text, 0, 100_000_000).map(Json::from),
        ImportKind::Year => whole(text, 1900, 2100).map(Json::from),
        ImportKind::Lat => degrees(text, 90.0),
        ImportKind::Lon => degrees(text, 180.0),
        ImportKind::Date => date(text).map(|day| day.to_string().into()),
        ImportKind::YesNo => yes_no(text),
        ImportKind::Card => card(text).map(Json::from),
    }
}

/// A code as it is compared: capitals, without spaces around.
pub(super) fn code(text: &str) -> String {
    text.trim().to_uppercase()
}

fn agent(text: &str) -> Result<Json, String> {
    let code = code(text);
    let bytes = code.as_bytes();
    let (letters, digits) = bytes.split_at(bytes.len().min(2));
    let fits = bytes.len() == 5
        && letters.iter().all(u8::is_ascii_uppercase)
        && digits.iter().all(u8::is_ascii_digit);
    if fits {
        Ok(code.into())
    } else {
        Err(String::from("deux lettres et trois chiffres sont attendus, comme KA012"))
    }
}

/// Codes and folded labels of each list.
fn index(list: &str) -> &'static HashMap<String, String> {
    static INDEXES: OnceLock<HashMap<String, HashMap<String, String>>> = OnceLock::new();
    static NONE: OnceLock<HashMap<String, String>> = OnceLock::new();
    let all = INDEXES.get_or_init(|| {
        let lists = sanu_schemas::import_columns().iter().filter(|c| c.kind == ImportKind::Code);
        lists
            .filter_map(|c| Some((c.list.clone(), sanu_schemas::codelist(&c.list)?)))
            .map(|(name, list)| {
                let mut index = HashMap::new();
                for code in &list.codes {
                    // Two places of one name are told apart by their code only.
                    let label = fold(&code.label_fr);
                    let held = index.entry(label).or_insert_with(|| code.code.clone());
                    if *held != code.code {
                        held.clear();
                    }
                }
                index.extend(list.codes.iter().map(|c| (c.code.clone(), c.code.clone())));
                (name, index)
            })
            .collect()
    });
    all.get(list).unwrap_or_else(|| NONE.get_or_init(HashMap::new))
}

fn of_list(list: &str, text: &str) -> Result<Json, String> {
    let index = index(list);
    match index.get(text).or_else(|| index.get(&fold(text))).map(String::as_str) {
        Some("") => Err(String::from("plusieurs lieux ont ce nom : donner le code")),
        Some(code) => Ok(code.into()),
        None => Err(format!("n'est ni un code ni un libellé de la liste {list}{}", known(list))),
    }
}

/// The codes of a list with their labels, where they are few enough to be read.
fn known(list: &str) -> String {
    const TOLD: usize = 20;
    let codes = sanu_schemas::codelist(list).map(|list| list.codes).unwrap_or_default();
    if codes.is_empty() || codes.len() > TOLD {
        return String::new();
    }
    let told: Vec<String> =
        codes.iter().map(|code| format!("{} ({})", code.code, code.label_fr)).collect();
    format!(" : {}", told.join(", "))
}

/// A number as it is written in French or in English: blanks between thousands, a comma or a point.
fn plain(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{A0}' | '\u{202F}'))
        .collect();
    kept.replace(',', ".")
}

fn whole(text: &str, least: i64, most: i64) -> Result<i64, String> {
    let number = plain(text);
    // Workbooks and exports write 12 as 12.0.
    let number =
        number.trim_end_matches('0').strip_suffix('.').map_or(number.clone(), str::to_owned);
    let number: i64 = number.parse().map_err(|_| String::from("n'est pas un nombre entier"))?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(format!("n'est pas entre {least} et {most}"))
    }
}

fn degrees(text: &str, most: f64) -> Result<Json, String> {
    let number = plain(text).trim_end_matches('°').parse::<f64>().ok().filter(|n| n.is_finite());
    let number = number.ok_or("n'est pas un nombre de degrés, comme 12,5042")?;
    if number.abs() <= most {
        Ok(number.into())
    } else {
        Err(format!("n'est pas entre -{most} et {most}"))
    }
}

fn date(text: &str) -> Result<Date, String> {
    let wrong = || String::from("n'est pas une date, comme 21/11/2026 ou 2026-11-21");
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    if let Ok(day) = day.parse() {
        return Ok(day);
    }
    let mut parts = day.split(['/', '.', '-']);
    let (Some(d), Some(m), Some(y), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong());
    };
    let read = || Some((y.parse().ok().filter(|y| *y >= 1900)?, m.parse().ok()?, d.parse().ok()?));
    let (y, m, d): (i16, i8, i8) = read().ok_or_else(wrong)?;
    Date::new(y, m, d).map_err(|_| wrong())
}

fn yes_no(text: &str) -> Result<Json, String> {
    match fold(text).as_str() {
        "oui" | "o" | "yes" | "y" | "1" | "true" | "vrai" | "x" => Ok("yes".into()),
        "non" | "n" | "no" | "0" | "false" | "faux" => Ok("no".into()),
        _ => Err(String::from("oui ou non est attendu")),
    }
}

/// The number of a census card: `ORP-0001000-5`, or its digits alone.
fn card(text: &str) -> Result<i64, String> {
    let wrong = || String::from("n'est pas un numéro de carte, comme ORP-0001000-X ou 1000");
    let code = code(text);
    if let Some(rest) = code.strip_prefix("ORP-") {
        if !crate::rules::card_is_valid(&code) {
            return Err(String::from("la clé de contrôle de la carte est fausse"));
        }
        let digits = rest.split('-').next().unwrap_or_default();
        return digits.parse().map_err(|_| wrong());
    }
    whole(&code, 0, 9_999_999).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(dataset: &str, property: &str, text: &str) -> Result<Json, String> {
        let column = sanu_schemas::import_columns().iter();
        let column =
            column.filter(|c| c.dataset == dataset).find(|c| c.property == property).unwrap();
        read(column, text)
    }

    #[test]
    fn numbers_and_dates_are_read_as_offices_write_them() {
        assert_eq!(of("sites", "lat", "12,5042"), Ok(12.5042.into()));
        assert_eq!(of("sites", "lon", "-8.25°"), Ok((-8.25).into()));
        assert_eq!(of("cooperatives", "members_total", "1\u{202F}250"), Ok(1250.into()));
        assert_eq!(of("cooperatives", "members_total", "40.0"), Ok(40.into()));
        assert_eq!(of("cooperatives", "members_total", "100"), Ok(100.into()));
        assert_eq!(of("cooperatives", "reg_date", "03/02/2024"), Ok("2024-02-03".into()));
        assert_eq!(of("cooperatives", "reg_date", "2024-02-03"), Ok("2024-02-03".into()));
        for (property, text) in [
            ("lat", "95"),
            ("lat", "abc"),
            ("lat", "NaN"),
            ("start_year", "12"),
            ("start_year", "1999,5"),
        ] {
            assert!(of("sites", property, text).is_err(), "{text}");
        }
        assert!(of("cooperatives", "reg_date", "31/02/2024").is_err());
        assert!(of("cooperatives", "reg_date", "03/02/24").is_err());
    }

    #[test]
    fn codes_are_found_by_their_labels() {
        assert_eq!(of("sites", "mining_district", "KENIEBA"), Ok("kenieba".into()));
        assert_eq!(of("sites", "mining_district", "Kéniéba"), Ok("kenieba".into()));
        assert!(of("sites", "mining_district", "Paris").is_err());
        assert_eq!(of("agents", "code", "ka012"), Ok("KA012".into()));
        assert!(of("agents", "code", "KAO12").is_err());
        assert_eq!(of("agents", "child_certified", "Oui"), Ok("yes".into()));
        assert_eq!(of("card_lots", "first", "0001000"), Ok(1000.into()));
        assert!(of("card_lots", "first", "ORP-0001000-!").is_err());
    }
}
