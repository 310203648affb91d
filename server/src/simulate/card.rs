//! Numbers of census cards, with their check character (ISO 7064, MOD 37,36).

const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Cards are printed with seven digits.
pub(super) const CARDS: u64 = 10_000_000;

/// The card of this series (`ORP`, `ENF`) and number: `ORP-0000123-C`.
pub(super) fn card(series: &str, number: u64) -> String {
    let number = number % CARDS;
    let payload = format!("{series}{number:07}");
    format!("{series}-{number:07}-{}", check_character(&payload))
}

fn check_character(payload: &str) -> char {
    let mut product = 36;
    for letter in payload.chars() {
        let value = ALPHABET.chars().position(|known| known == letter).unwrap_or(0);
        let sum = match (product + value) % 36 {
            0 => 36,
            sum => sum,
        };
        product = (sum * 2) % 37;
    }
    let check = (37 - product) % 36;
    ALPHABET.chars().nth(check).expect("a number below 36 names a letter of the alphabet")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: &str = include_str!("../../../schemas/vectors/cards.csv");

    #[test]
    fn check_characters_are_those_of_the_published_vectors() {
        let mut checked = 0;
        for line in VECTORS.lines().filter(|line| line.contains(",valid,")) {
            let known = line.split(',').next().unwrap();
            let number = known[4..11].parse().unwrap();

            assert_eq!(card(&known[..3], number), known);
            checked += 1;
        }
        assert!(checked >= 16);
    }
}
