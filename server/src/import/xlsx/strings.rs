//! Texts: those that cells share, in a part of their own, and those written in their cell.

use quick_xml::events::Event;

use super::{
    Archive, Parts, Room,
    archive::{Xml, attribute, push_text, unfinished},
};
use crate::import::SheetError;

/// The texts that cells name by their place.
pub(in crate::import) fn shared_strings(
    archive: &mut Archive<'_>,
    parts: &Parts,
    room: Room,
) -> Result<Vec<Box<str>>, SheetError> {
    let mut texts = Vec::new();
    let Some(name) = parts.strings.as_deref() else { return Ok(texts) };
    let Some(mut xml) = archive.large(name)? else { return Ok(texts) };
    loop {
        match xml.next()? {
            Event::Start(e) if e.local_name().as_ref() == "si" => {}
            Event::Eof => return Ok(texts),
            _ => continue,
        }
        if texts.len() >= room.cells {
            return Err(SheetError::TooLarge(name.to_owned()));
        }
        texts.push(rich_text(&mut xml)?.into_boxed_str());
    }
}

/// The text of the element just opened: its runs joined, guides to its pronunciation left out.
pub(super) fn rich_text(xml: &mut Xml<'_>) -> Result<String, SheetError> {
    let (mut depth, mut text) = (1_usize, String::new());
    // The depth that a guide began at, and the run being read, with whether its blanks count.
    let (mut guide, mut run) = (None, None::<(String, bool)>);
    loop {
        match xml.next()? {
            Event::Start(e) => {
                depth += 1;
                match e.local_name().as_ref() {
                    "rPh" => guide = guide.or(Some(depth)),
                    "t" if guide.is_none() => {
                        let blanks = attribute(&e, "space").as_deref() == Some("preserve");
                        run = Some((String::new(), blanks));
                    }
                    _ => {}
                }
            }
            Event::End(_) => {
                if let Some((said, blanks)) = run.take() {
                    let said = if blanks { &said } else { said.trim_ascii() };
                    text.push_str(&unescaped(said));
                }
                guide = guide.filter(|begun| *begun != depth);
                depth -= 1;
            }
            Event::Eof => return Err(unfinished()),
            other => {
                if let Some((said, _)) = &mut run {
                    push_text(&other, said);
                }
            }
        }
        if depth == 0 {
            return Ok(text);
        }
    }
}

/// Text without `_x000D_`, as characters are written that XML has no place for.
fn unescaped(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once("_x") {
        let code = after.get(..4).filter(|_| after.as_bytes().get(4) == Some(&b'_'));
        let code = code.filter(|c| c.bytes().all(|b| b.is_ascii_hexdigit()));
        plain.push_str(before);
        if let Some(code) = code.and_then(|c| u32::from_str_radix(c, 16).ok()) {
            plain.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            rest = after.get(5..).unwrap_or_default();
        } else {
            plain.push_str("_x");
            rest = after;
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn characters_that_xml_has_no_place_for_are_read_and_what_looks_like_them_stays() {
        assert_eq!(unescaped("a_x000D_b_x0041_"), "a\rbA");
        assert_eq!(unescaped("max_x_y _x00é_ _xZZZZ_ _x"), "max_x_y _x00é_ _xZZZZ_ _x");
    }
}
