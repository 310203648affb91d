//! How alike two folded words are.
#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "pure numbers in the hottest loop; lengths are below 41 and indices come from these lengths"
)]

/// How alike two words are, best first. The numbers are positions in the tables of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(super) enum Likeness {
    /// The same folded word.
    Exact,
    /// The same Mande key.
    Sound,
    /// Two forms of one name by the alias table.
    Alias,
    /// A slip of the pen: one edit, or the coarse key, or Jaro–Winkler from 0.93.
    Close,
    /// Jaro–Winkler from 0.85.
    Near,
    /// Another name.
    Differs,
    /// At least one is not recorded.
    Missing,
}

impl Likeness {
    /// Its position in the tables.
    pub(super) const fn code(self) -> u8 {
        self as u8
    }

    /// Whether it is the same name, give or take its spelling.
    pub(super) fn agrees(self) -> bool {
        self <= Self::Close
    }
}

/// Jaro–Winkler similarity of two short ASCII words, prefix weight 0.1, prefix at most 4, as Winkler (1990) and as the
/// crate `strsim` computes it. Words longer than 64 bytes count as different.
pub(super) fn jaro_winkler(a: &[u8], b: &[u8]) -> f32 {
    let jaro = jaro(a, b);
    if jaro <= 0.7 {
        return jaro;
    }
    let prefix = a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count();
    0.1f32.mul_add(prefix as f32 * (1.0 - jaro), jaro)
}

/// Jaro similarity with bit sets: bit `j` of `taken` says that letter `j` of `b` is matched.
fn jaro(a: &[u8], b: &[u8]) -> f32 {
    if a.is_empty() || b.is_empty() || a.len() > 64 || b.len() > 64 {
        return if a == b { 1.0 } else { 0.0 };
    }
    let window = (a.len().max(b.len()) / 2).saturating_sub(1);
    let mut taken = 0u64;
    let mut matched = [0u8; 64];
    let mut count = 0;
    for (i, &letter) in a.iter().enumerate() {
        for (j, &other) in
            b.iter().enumerate().take((i + window + 1).min(b.len())).skip(i.saturating_sub(window))
        {
            if letter == other && taken & (1 << j) == 0 {
                taken |= 1 << j;
                matched[count] = letter;
                count += 1;
                break;
            }
        }
    }
    if count == 0 {
        return 0.0;
    }
    let in_b = b.iter().enumerate().filter(|&(j, _)| taken & (1 << j) != 0).map(|(_, &l)| l);
    let moved = matched[..count].iter().zip(in_b).filter(|&(x, y)| *x != y).count() / 2;
    let m = count as f32;
    (m / a.len() as f32 + m / b.len() as f32 + (m - moved as f32) / m) / 3.0
}

/// Whether one insertion, deletion, substitution or transposition of neighbours makes one word of the other.
pub(super) fn within_one_edit(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let Some(at) = short.iter().zip(long).position(|(x, y)| x != y) else { return true };
    if short.len() < long.len() {
        return short[at..] == long[at + 1..];
    }
    short[at + 1..] == long[at + 1..]
        || (at + 1 < short.len()
            && short[at] == long[at + 1]
            && short[at + 1] == long[at]
            && short[at + 2..] == long[at + 2..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `strsim::jaro_winkler` 0.11.
    const VECTORS: [(&str, &str, f32); 9] = [
        ("MARTHA", "MARHTA", 0.961_111),
        ("DIXON", "DICKSONX", 0.813_333),
        ("DWAYNE", "DUANE", 0.84),
        ("TRAORE", "TRAOURE", 0.971_429),
        ("COULIBALY", "KOULIBALI", 0.851_852),
        ("MOUSSA", "MOUSSA", 1.0),
        ("ADAMA", "OUMOU", 0.466_667),
        ("", "A", 0.0),
        ("AB", "CD", 0.0),
    ];

    #[test]
    fn jaro_winkler_agrees_with_the_reference_vectors() {
        for (a, b, expected) in VECTORS {
            let got = jaro_winkler(a.as_bytes(), b.as_bytes());
            assert!((got - expected).abs() < 1e-3, "{a} {b}: {got} instead of {expected}");
            assert!((got - jaro_winkler(b.as_bytes(), a.as_bytes())).abs() < 1e-3);
        }
    }

    #[test]
    fn one_edit_is_told_from_two() {
        for (a, b) in [
            ("10360317309708Z", "1036031730978Z"),
            ("AB", "BA"),
            ("A", "A"),
            ("", "A"),
            ("ABC", "AXC"),
        ] {
            assert!(within_one_edit(a.as_bytes(), b.as_bytes()), "{a} {b}");
            assert!(within_one_edit(b.as_bytes(), a.as_bytes()), "{b} {a}");
        }
        for (a, b) in [("ABCD", "BADC"), ("A", "BCD"), ("ABC", "XYC"), ("ABC", "CBA")] {
            assert!(!within_one_edit(a.as_bytes(), b.as_bytes()), "{a} {b}");
        }
    }
}
