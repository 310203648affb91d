//! Which styles show a number as a date (ECMA-376, part 1, 18.8.30 and 18.8.31).

use std::collections::HashMap;

use quick_xml::events::Event;

use super::{
    Archive, Parts,
    archive::{attribute, unfinished},
};
use crate::import::SheetError;

/// Whether each style of a cell shows its number as a date or an hour, by the place that cells name.
pub(in crate::import) fn date_styles(
    archive: &mut Archive<'_>,
    parts: &Parts,
) -> Result<Vec<bool>, SheetError> {
    let mut styles = Vec::new();
    let Some(name) = parts.styles.as_deref() else { return Ok(styles) };
    let Some(mut xml) = archive.small(name)? else { return Ok(styles) };
    let mut own: HashMap<String, bool> = HashMap::new();
    let mut in_cells = false;
    loop {
        match xml.next()? {
            Event::Start(e) => match e.local_name().as_ref() {
                "numFmt" => {
                    let code = attribute(&e, "formatCode").unwrap_or_default();
                    if let Some(id) = attribute(&e, "numFmtId") {
                        own.insert(id, is_date(&code));
                    }
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells => {
                    let id = attribute(&e, "numFmtId").unwrap_or_default();
                    styles.push(own.get(&id).copied().unwrap_or_else(|| is_built_in_date(&id)));
                }
                _ => {}
            },
            Event::End(e) => match e.local_name().as_ref() {
                "cellXfs" => in_cells = false,
                "styleSheet" => return Ok(styles),
                _ => {}
            },
            Event::Eof => return Err(unfinished()),
            _ => {}
        }
    }
}

fn is_built_in_date(id: &str) -> bool {
    matches!(id.parse(), Ok(14..=22 | 27..=36 | 45..=47 | 50..=58_u8))
}

/// Whether a format shows a day or an hour: a letter of either outside quotes, escapes and brackets, in the
/// section for positive numbers. Hours that go beyond a day stand in brackets.
fn is_date(format: &str) -> bool {
    let mut chars = format.chars();
    while let Some(character) = chars.next() {
        match character {
            ';' => return false,
            // Each takes the character after it as it is.
            '\\' | '_' | '*' => {
                chars.next();
            }
            '"' => {
                chars.find(|c| *c == '"');
            }
            '[' => {
                let within: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let unit = |c: char| matches!(c.to_ascii_lowercase(), 'h' | 'm' | 's');
                if !within.is_empty() && within.chars().all(unit) {
                    return true;
                }
            }
            _ if matches!(character.to_ascii_lowercase(), 'd' | 'm' | 'y' | 'h' | 's') => {
                return true;
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn dates_and_hours_are_told_from_amounts() {
        for date in ["dd/mm/yyyy", "yyyy\\-mm\\-dd;@", "[$-40C]d mmmm yyyy", "[h]:mm", "h:mm AM/PM"]
        {
            assert!(is_date(date), "{date}");
        }
        for number in ["General", "0.00E+00", "#,##0 \"dh\"", "[Red]0;dd", "0\\d", "_m0", "@", ""] {
            assert!(!is_date(number), "{number}");
        }
    }
}
