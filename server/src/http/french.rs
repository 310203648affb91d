//! What refusals say, in French.
//!
//! `french.tsv` has each sentence in English, with `{}` where something is filled in, and beside it the French one. What a
//! refusal is made of stays where it is made, and a translator needs to read no code.

const SENTENCES: &str = include_str!("french.tsv");

/// The French of a refusal's detail; `None` when nobody wrote it.
pub(super) fn french(detail: &str) -> Option<String> {
    if detail.is_empty() {
        return None;
    }
    SENTENCES.lines().find_map(|line| {
        let (english, french) = line.split_once('\t')?;
        let mut told = told(english, detail)?.into_iter();
        let mut pieces = french.split("{}");
        let mut text = pieces.next()?.to_owned();
        for piece in pieces {
            text.push_str(told.next()?);
            text.push_str(piece);
        }
        Some(text)
    })
}

/// What was filled in, when `detail` is this sentence.
fn told<'d>(sentence: &str, detail: &'d str) -> Option<Vec<&'d str>> {
    let mut pieces = sentence.split("{}");
    let mut rest = detail.strip_prefix(pieces.next()?)?;
    let mut told = Vec::new();
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        let end = if is_last { rest.strip_suffix(piece)?.len() } else { rest.find(piece)? };
        told.push(rest.get(..end)?);
        rest = rest.get(end + piece.len()..)?;
    }
    rest.is_empty().then_some(told)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn what_is_filled_in_stands_in_the_french_sentence_too() {
        assert_eq!(french("limit: 1 to 500").as_deref(), Some("limit : 1 à 500"));
        assert_eq!(
            french("filter: \"wages\" is not a queryable").as_deref(),
            Some("filter : \"wages\" ne se filtre pas (voir …/queryables)")
        );
        assert_eq!(
            french("expected {a, b}: `c` is missing").as_deref(),
            Some("attendu : {a, b} ; il manque « c »")
        );
        assert_eq!(french("expected {a, b}").as_deref(), Some("attendu : {a, b}"));
        assert_eq!(french("a day that nobody wrote"), None);
        assert_eq!(french(""), None);
    }

    #[test]
    fn every_sentence_has_as_many_places_in_both_languages_and_stands_once() {
        let mut seen = std::collections::BTreeSet::new();
        for line in SENTENCES.lines() {
            let (english, french) = line.split_once('\t').unwrap();
            assert_eq!(english.matches("{}").count(), french.matches("{}").count(), "{line}");
            assert!(!french.is_empty() && seen.insert(english), "{line}");
        }
    }

    #[test]
    fn every_refusal_that_the_doors_write_has_its_french() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut details = Vec::new();
        // What stands before the sentence: nothing, the filter, or the parameter that the call names first.
        for (folder, call) in [
            ("http", "Problem::bad("),
            ("http", "Problem::new("),
            ("ogc", "OgcError::filter("),
            ("ogc", "OgcError::bad("),
        ] {
            written(&source.join(folder), &mut |text| {
                for given in text.split(call).skip(1) {
                    let names_first = matches!(call, "Problem::new(" | "OgcError::bad(");
                    if names_first && !given.trim_start().starts_with('"') {
                        continue;
                    }
                    let found = literals(given);
                    let words = found.get(usize::from(names_first));
                    let is_sentence = |words: &&String| words.contains(char::is_alphabetic);
                    let Some(words) = words.filter(is_sentence) else { continue };
                    details.push(match call {
                        "OgcError::filter(" => format!("filter: {words}"),
                        "OgcError::bad(" => format!("{}: {words}", found[0]),
                        _ => words.clone(),
                    });
                }
            });
        }
        assert!(details.len() > 80, "only {} were found", details.len());
        let english: Vec<&String> = details.iter().filter(|d| french(d).is_none()).collect();
        assert!(english.is_empty(), "{english:#?}");
    }

    /// Every source file under a folder, without its tests.
    fn written(folder: &Path, read: &mut impl FnMut(&str)) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                written(&path, read);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("french.rs") {
                let text = fs::read_to_string(&path).unwrap();
                read(text.split("#[cfg(test)]").next().unwrap());
            }
        }
    }

    /// The texts in quotes of a call, up to the parenthesis that ends it, with something filled in.
    fn literals(call: &str) -> Vec<String> {
        let (mut found, mut depth, mut open) = (Vec::new(), 1, None::<String>);
        let mut characters = call.chars();
        while let Some(c) = characters.next() {
            match (&mut open, c) {
                (Some(text), '\\') => text.extend(characters.next()),
                (Some(_), '"') => found.extend(open.take().map(|text| filled(&text))),
                (Some(text), c) => text.push(c),
                (None, '"') => open = Some(String::new()),
                (None, '(') => depth += 1,
                (None, ')') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        found
    }

    /// A text of `format!` with a 7 wherever it fills something in.
    fn filled(text: &str) -> String {
        let text = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((_, after)) = after.split_once('}') else { break };
            out.push_str(before);
            out.push('7');
            rest = after;
        }
        out.push_str(rest);
        out.replace('\u{1}', "{").replace('\u{2}', "}")
    }
}
