//! Numbers in French sentences.

/// A number with its noun: « 1 faute », « 0 faute », « 2 fautes ». French counts from two on in the plural.
pub(crate) fn counted(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number < 2 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plural_begins_at_two() {
        let faults = [0, 1, 2].map(|number| counted(number, "faute", "fautes"));

        assert_eq!(faults, ["0 faute", "1 faute", "2 fautes"]);
    }
}
