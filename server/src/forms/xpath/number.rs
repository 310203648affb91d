//! Numbers as Java has them: their text, their rounding and their narrowing.
//!
//! Everything here follows `java.lang.Double` and `java.math.BigDecimal`, because a calculated
//! answer is compared with what the phone wrote.
#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "Java's narrowing of a double saturates and takes NaN to 0; so does `as`, nothing else"
)]

/// `(long) number`.
pub(super) fn to_long(number: f64) -> i64 {
    number as i64
}

/// `(int) number`.
pub(super) fn to_int(number: f64) -> i32 {
    number as i32
}

/// `(double) number`.
pub(super) fn from_long(number: i64) -> f64 {
    number as f64
}

/// `(double) size` of something that fits in memory.
pub(super) fn from_size(size: usize) -> f64 {
    size as f64
}

/// Below this distance JavaRosa takes two numbers as one.
pub(super) const CLOSE: f64 = 1e-12;

/// Decimal digits of a finite number, shortest that read back as it, and the power of ten of the
/// first: 1250.0 is ("125", 3).
fn digits(number: f64) -> (String, i32) {
    let text = format!("{:e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.chars().filter(char::is_ascii_digit).collect();
    (digits, exponent.parse().unwrap_or(0))
}

/// `Double.toString`, as of JDK 19: shorter by a digit than earlier ones for a few numbers.
pub(super) fn java_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if number.is_infinite() {
        return format!("{sign}Infinity");
    }
    if number == 0.0 {
        return format!("{sign}0.0");
    }
    let (digits, exponent) = digits(number);
    if (1e-3..1e7).contains(&number.abs()) {
        return format!("{sign}{}", plain(&digits, exponent));
    }
    let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
    let rest = if rest.is_empty() { "0" } else { rest };
    format!("{sign}{first}.{rest}E{exponent}")
}

/// Digits without an exponent, with at least one after the point.
fn plain(digits: &str, exponent: i32) -> String {
    let Ok(before) = usize::try_from(exponent + 1) else {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        return format!("0.{}{digits}", "0".repeat(zeros));
    };
    if before == 0 {
        return format!("0.{digits}");
    }
    match digits.split_at_checked(before) {
        Some((whole, fraction)) if !fraction.is_empty() => format!("{whole}.{fraction}"),
        _ => format!("{digits}{}.0", "0".repeat(before.saturating_sub(digits.len()))),
    }
}

/// The text of a number in an expression: whole numbers within 32 bits have no point.
pub(super) fn text(number: f64) -> String {
    if number.abs() < CLOSE {
        return "0".to_owned();
    }
    let whole = to_int(number);
    if (number - f64::from(whole)).abs() < CLOSE { whole.to_string() } else { java_text(number) }
}

/// The number that a text holds, else NaN: digits, points and dashes only, a comma being a point.
pub(super) fn parse(text: &str) -> f64 {
    let trimmed = text.trim_matches(|c| c <= ' ');
    let plain = trimmed.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b','));
    if !plain || trimmed.is_empty() {
        return f64::NAN;
    }
    let parsed =
        if trimmed.contains(',') { trimmed.replace(',', ".").parse() } else { trimmed.parse() };
    parsed.unwrap_or(f64::NAN)
}

/// `int()`: truncated towards zero, keeping its sign.
pub(super) fn truncated(number: f64) -> f64 {
    number.trunc()
}

/// `round()`: half up, that is towards zero for negative numbers; `places` may be negative.
pub(super) fn round(number: f64, places: i32) -> f64 {
    if !number.is_finite() {
        return number;
    }
    if !(-30..=30).contains(&places) {
        return f64::NAN;
    }
    if number == 0.0 {
        return 0.0;
    }
    let (digits, exponent) = digits(number);
    if places < 0 {
        let scaled =
            format!("{}e{}", signed(number, &digits), exponent_of(&digits, exponent) + places);
        let whole = from_long(to_long(scaled.parse::<f64>().unwrap_or(f64::NAN) + 0.5));
        return format!("{whole}e{}", -places).parse().unwrap_or(f64::NAN);
    }
    rounded(number, &digits, exponent, places)
}

/// The exponent when all digits stand before the point.
fn exponent_of(digits: &str, exponent: i32) -> i32 {
    exponent + 1 - i32::try_from(digits.len()).unwrap_or(0)
}

fn signed(number: f64, digits: &str) -> String {
    if number < 0.0 { format!("-{digits}") } else { digits.to_owned() }
}

/// Cuts the digits after `places` decimals, rounding the last one on the decimal text.
fn rounded(number: f64, digits: &str, exponent: i32, places: i32) -> f64 {
    let kept = exponent + 1 + places;
    let Ok(length) = usize::try_from(kept) else { return 0.0 };
    let Some((head, tail)) = digits.split_at_checked(length).filter(|(_, t)| !t.is_empty()) else {
        return number;
    };
    // Negative numbers are rounded half down: -2.5 is -2.
    let half = tail.trim_end_matches('0');
    let up = if number < 0.0 { half > "5" } else { half >= "5" };
    let head = if head.is_empty() { "0" } else { head };
    let rounded = format!("{head}e{}", -places).parse().unwrap_or(f64::NAN);
    let rounded: f64 = if up { increment(head, places) } else { rounded };
    if number < 0.0 && rounded != 0.0 { -rounded } else { rounded }
}

fn increment(head: &str, places: i32) -> f64 {
    // At most 17 digits: they fit.
    let whole = head.parse::<u64>().unwrap_or(0) + 1;
    format!("{whole}e{}", -places).parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_java() {
        for (number, expected) in [
            (0.001, "0.001"),
            (0.00099, "9.9E-4"),
            (1.0, "1.0"),
            (9_999_999.5, "9999999.5"),
            (1e7, "1.0E7"),
            (-12_345.678, "-12345.678"),
            (1.5e300, "1.5E300"),
            (0.5, "0.5"),
            (0.05, "0.05"),
            (120.0, "120.0"),
        ] {
            assert_eq!(java_text(number), expected);
        }
        assert_eq!(text(2_147_483_647.0), "2147483647");
        assert_eq!(text(2_147_483_648.0), "2.147483648E9");
        assert_eq!(text(-0.0), "0");
        assert_eq!(text(f64::INFINITY), "Infinity");
    }

    fn same(one: f64, other: f64) {
        assert_eq!(one.to_bits(), other.to_bits(), "{one} {other}");
    }

    #[test]
    fn numbers_are_read_without_exponents_and_with_commas() {
        same(parse(" 1,5 "), 1.5);
        same(parse("-.5"), -0.5);
        for bad in ["", "1e3", "+1", "1-2", "-", "Infinity", "1 2"] {
            assert!(parse(bad).is_nan(), "{bad}");
        }
    }

    #[test]
    fn rounding_is_on_the_decimal_text() {
        same(round(2.5, 0), 3.0);
        same(round(-2.5, 0), -2.0);
        same(round(1.005, 2), 1.01);
        same(round(0.05, 1), 0.1);
        same(round(0.04, 1), 0.0);
        same(round(9.96, 1), 10.0);
        same(round(1234.0, -2), 1200.0);
        same(round(1250.0, -2), 1300.0);
        assert!(round(1.0, 31).is_nan());
    }
}
