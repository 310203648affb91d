//! Numbers of census cards (rules C09, C10).

use super::context::Context;
use super::finding::Hit;
use super::record::Record;
use super::register::Check;

pub(super) const CHECKS: &[(&str, Check)] = &[("C09", check_character), ("C10", lot)];

/// The questions that hold a card.
const CARDS: [&str; 3] = ["card_no", "child_card", "caregiver_card"];

/// C09: every card of the record ends with the character that its number asks for.
fn check_character<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    CARDS
        .into_iter()
        .find(|name| record.text(name).is_some_and(|card| !is_valid(card)))
        .map(|name| Hit::error([name]))
}

/// C10: the card is of a lot that the enumerator was given; who was given none says nothing.
fn lot<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let lots = &context.agent.found()?.cards;
    let number: u32 = record.text("card_no")?.split('-').nth(1)?.parse().ok()?;
    let is_outside = !lots.is_empty() && !lots.iter().any(|lot| lot.contains(&number));
    is_outside.then(|| Hit::warning(["card_no", "enumerator_code"]))
}

/// Says whether a card such as `ORP-1234567-C` ends with the right check character: ISO/IEC 7064,
/// hybrid system MOD 37,36, over the letters and digits before it (`schemas/vectors/cards.csv`).
pub fn is_valid(card: &str) -> bool {
    const MODULUS: u32 = 36;
    if card.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return false;
    }
    let mut symbols = card.trim().chars().rev().filter(|c| *c != '-').map(|c| c.to_digit(36));
    let Some(Some(check)) = symbols.next() else { return false };
    let mut product = MODULUS;
    for symbol in symbols.rev() {
        let Some(symbol) = symbol else { return false };
        let sum = match (product + symbol) % MODULUS {
            0 => MODULUS,
            sum => sum,
        };
        product = sum * 2 % (MODULUS + 1);
    }
    (product + check) % MODULUS == 1
}

/// A card as it is printed, `ORP-1234567-C`: three letters, seven digits and a check character, read in capitals or not and
/// with anything between them; `None` when it has another shape. The check character may be wrong: [`is_valid`] says so.
pub fn as_printed(text: &str) -> Option<String> {
    let signs: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let signs = signs.to_uppercase();
    let (series, rest) = signs.split_at_checked(3)?;
    let (number, check) = rest.split_at_checked(7)?;
    let is_card = series.bytes().all(|b| b.is_ascii_uppercase())
        && number.bytes().all(|b| b.is_ascii_digit())
        && check.len() == 1
        && check.bytes().all(|b| b.is_ascii_alphanumeric());
    is_card.then(|| format!("{series}-{number}-{check}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_characters_are_those_of_the_published_vectors() {
        let vectors = include_str!("../../../schemas/vectors/cards.csv");
        let mut seen = 0;
        for line in vectors.lines().skip(1) {
            let mut cells = line.split(',');
            let (card, expected) = (cells.next().unwrap(), cells.next().unwrap());
            assert_eq!(is_valid(card), expected == "valid", "{line}");
            seen += 1;
        }
        assert!(seen > 5, "too few vectors were read");
        assert!(!is_valid(""));
        assert!(!is_valid("ORP-????-1"));
        assert!(!is_valid("ORP-0001234-é"));
    }

    #[test]
    fn a_card_is_read_as_people_write_it() {
        for written in
            ["ORP-0001234-X", " orp 0001234 x", "ORP0001234X", "ORP–0001234–x", "orp.000 1234/X"]
        {
            assert_eq!(as_printed(written).as_deref(), Some("ORP-0001234-X"), "{written}");
        }
        for other in
            ["", "x", "ORP-001234-X", "ORP-0001234-XY", "0001234", "ÉRP-0001234-X", "ORP-000123a-X"]
        {
            assert_eq!(as_printed(other), None, "{other}");
        }
    }
}
