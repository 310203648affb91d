//! Functions of texts, which Java counts in UTF-16 units.

use std::borrow::Cow;

use super::function::Function;
use super::number::from_size;
use super::pattern::Pattern;
use super::stop::Stop;
use super::value::Atom;

/// Calls a function of texts.
pub(super) fn call<'e>(function: Function, atoms: &[Atom<'e>]) -> Result<Atom<'e>, Stop> {
    let of = |at: usize| atoms.get(at).map(Atom::to_text).unwrap_or_default();
    Ok(match function {
        Function::String => Atom::text(of(0)),
        Function::Concat => Atom::text(joined("", atoms)),
        Function::Join => Atom::text(joined(&of(0), atoms.get(1..).unwrap_or_default())),
        Function::Contains => Atom::Bool(of(0).contains(&*of(1))),
        Function::StartsWith => Atom::Bool(of(0).starts_with(&*of(1))),
        Function::EndsWith => Atom::Bool(of(0).ends_with(&*of(1))),
        Function::StringLength => Atom::Number(from_size(of(0).encode_utf16().count())),
        Function::NormalizeSpace => Atom::text(normalized(&of(0))),
        Function::SubstringBefore => {
            Atom::text(of(0).split_once(&*of(1)).map_or("", |(before, _)| before))
        }
        Function::SubstringAfter => {
            Atom::text(of(0).split_once(&*of(1)).map_or("", |(_, after)| after))
        }
        Function::Substr => {
            let end = atoms.get(2).map(Atom::to_int);
            Atom::text(part(&of(0), atoms.get(1).map_or(0, Atom::to_int), end))
        }
        Function::Translate => Atom::text(translated(&of(0), &of(1), &of(2))),
        Function::BooleanFromString => {
            Atom::Bool(of(0).eq_ignore_ascii_case("true") || of(0) == "1")
        }
        Function::Regex => Atom::Bool(Pattern::new(&of(1))?.matches(&of(0))),
        _ => return select(function, atoms),
    })
}

/// Functions of answers that are lists of codes.
fn select<'e>(function: Function, atoms: &[Atom<'e>]) -> Result<Atom<'e>, Stop> {
    let codes = atoms.first().map_or(Ok(""), Atom::cast_text)?;
    let mut each = codes.split(' ').filter(|code| !code.is_empty());
    match function {
        Function::Selected => {
            let code = atoms.get(1).map_or(Ok(""), Atom::cast_text)?.trim_matches(|c| c <= ' ');
            Ok(Atom::Bool(format!(" {codes} ").contains(&format!(" {code} "))))
        }
        Function::CountSelected => Ok(Atom::Number(from_size(each.count()))),
        Function::SelectedAt => {
            let at = usize::try_from(atoms.get(1).map_or(0, Atom::to_int));
            Ok(Atom::text(at.ok().and_then(|at| each.nth(at)).unwrap_or_default()))
        }
        other => Err(Stop::unsupported(format!("{other:?}"))),
    }
}

fn joined(separator: &str, atoms: &[Atom<'_>]) -> String {
    let texts: Vec<Cow<'_, str>> = atoms.iter().map(Atom::to_text).collect();
    texts.join(separator)
}

fn normalized(text: &str) -> String {
    let space = |c| matches!(c, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r');
    let words = text.trim_matches(|c| c <= ' ').split(space).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// `substr`: from `start` up to but without `end`; both may count from the end.
fn part(text: &str, start: i32, end: Option<i32>) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let length = i32::try_from(units.len()).unwrap_or(i32::MAX);
    let clamp = |at: i32| {
        let at = if at < 0 { length.saturating_add(at) } else { at };
        usize::try_from(at.clamp(0, length)).unwrap_or(0)
    };
    let (start, end) = (clamp(start), clamp(end.unwrap_or(length)));
    units.get(start..end).map(String::from_utf16_lossy).unwrap_or_default()
}

fn translated(text: &str, from: &str, to: &str) -> String {
    let to: Vec<char> = to.chars().collect();
    text.chars()
        .filter_map(|c| match from.chars().position(|known| known == c) {
            None => Some(c),
            Some(at) => to.get(at).copied(),
        })
        .collect()
}
