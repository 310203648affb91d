//! Correcting answers of a submission: every byte that is not an answer replaced stays as the phone sent it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use quick_xml::escape::escape;

use super::checks::{RULE_CALCULATION, RULE_OUT_OF_RANGE, RULE_UNKNOWN_CODE, check_answer};
use super::decode::{calculations, decode};
use super::error::XmlRefused;
use super::model::{AnswerKind, Question, XForm};
use super::outline::{Outline, Role};
use super::scan::local_name;
use super::spans::{Span, spans};

/// How often calculations are followed to others that depend on them.
const ROUNDS: usize = 8;

/// Why one answer cannot be corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongCorrection {
    /// The form has no such question, or the submission no such instance of a repeat.
    NoSuchQuestion,
    /// The form calculates it from other answers.
    Calculated,
    /// The value does not have the type of the question.
    WrongType,
    /// The code is not in the list of the form.
    UnknownCode,
    /// The value is outside the limits that the form sets.
    OutOfRange,
}

/// Why a submission was not corrected.
#[derive(Debug, thiserror::Error)]
pub enum CorrectionError {
    /// What is wrong, by path.
    #[error("{} answers cannot be corrected", .0.len())]
    Wrong(BTreeMap<String, WrongCorrection>),
    /// The submission itself cannot be read.
    #[error(transparent)]
    Xml(#[from] XmlRefused),
}

/// A submission with other answers, by path with positions on repeats; a blank one removes the answer.
///
/// What the form calculates from the answers follows, where it agreed with them before; `today` is the day on
/// which the submission was received.
pub fn correct(
    form: &XForm,
    xml: &[u8],
    answers: &BTreeMap<String, String>,
    today: Date,
) -> Result<Vec<u8>, CorrectionError> {
    let mut text = as_text(xml)?;
    let known = spans(form, text.as_bytes())?;
    let mut wrong = BTreeMap::new();
    for (path, answer) in answers {
        if let Err(why) = check(form, &known, path, answer, today) {
            wrong.insert(path.clone(), why);
        }
    }
    if !wrong.is_empty() {
        return Err(CorrectionError::Wrong(wrong));
    }
    let before = calculated_wrong(form, text.as_bytes(), today)?;
    for (path, answer) in answers {
        text = put(form, text, path, answer)?;
    }
    for _ in 0..ROUNDS {
        let mut moved = false;
        for (path, value) in calculations(form, text.as_bytes(), today)? {
            let path = without_prefixes(&path);
            if before.contains(&path) || answers.contains_key(&path) || path.contains('@') {
                continue;
            }
            let next = put(form, text.clone(), &path, &value)?;
            moved |= next != text;
            text = next;
        }
        if !moved {
            break;
        }
    }
    Ok(text.into_bytes())
}

fn as_text(xml: &[u8]) -> Result<String, XmlRefused> {
    let text = std::str::from_utf8(xml).map_err(|_| XmlRefused::NotUtf8)?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned())
}

/// The calculated answers that do not agree with the others as they were sent.
fn calculated_wrong(form: &XForm, xml: &[u8], today: Date) -> Result<BTreeSet<String>, XmlRefused> {
    let broken = decode(form, xml, today)?.violations;
    let broken = broken.into_iter().filter(|v| v.rule == RULE_CALCULATION);
    Ok(broken.map(|v| without_prefixes(&v.path)).collect())
}

/// A path without the prefixes that steps of a `meta` carry.
fn without_prefixes(path: &str) -> String {
    path.split('/').map(local_name).collect::<Vec<_>>().join("/")
}

/// A path without the positions of repeats.
fn without_positions(path: &str) -> String {
    let step = |step: &str| step.split('[').next().unwrap_or_default().to_owned();
    path.split('/').map(step).collect::<Vec<_>>().join("/")
}

fn check(
    form: &XForm,
    known: &std::collections::HashMap<String, Span>,
    path: &str,
    answer: &str,
    today: Date,
) -> Result<(), WrongCorrection> {
    let question =
        form.question(&without_positions(path)).ok_or(WrongCorrection::NoSuchQuestion)?;
    if !is_reached(form, known, path, question) {
        return Err(WrongCorrection::NoSuchQuestion);
    }
    if !question.asked {
        return Err(WrongCorrection::Calculated);
    }
    if answer.trim().is_empty() {
        return Ok(());
    }
    let is_text = |c: char| {
        matches!(c, '\t' | '\n') || (!c.is_control() && c != '\u{fffe}' && c != '\u{ffff}')
    };
    if question.kind == AnswerKind::Attachment || !answer.chars().all(is_text) {
        return Err(WrongCorrection::WrongType);
    }
    match check_answer(question, answer, today).1 {
        None => Ok(()),
        Some(RULE_UNKNOWN_CODE) => Err(WrongCorrection::UnknownCode),
        Some(RULE_OUT_OF_RANGE) => Err(WrongCorrection::OutOfRange),
        Some(_) => Err(WrongCorrection::WrongType),
    }
}

/// Whether the submission has the answer, or the instances of repeats in which it would stand; and whether
/// positions stand where the form repeats, and nowhere else.
fn is_reached(
    form: &XForm,
    known: &std::collections::HashMap<String, Span>,
    path: &str,
    question: &Question,
) -> bool {
    if known.contains_key(path) {
        return true;
    }
    let Some(at) = form.questions.iter().position(|q| q.path == question.path) else {
        return false;
    };
    let Some(node) = form.outline.node_of_question(at) else { return false };
    let mut so_far = String::new();
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    let ancestry = form.outline.ancestry(node);
    if steps.len() != ancestry.len() {
        return false;
    }
    steps.iter().zip(ancestry).all(|(step, node)| {
        so_far.push('/');
        so_far.push_str(step);
        let repeats =
            form.outline.node(node).is_some_and(|node| matches!(node.role, Role::Repeat(_)));
        if repeats { known.contains_key(&so_far) } else { !step.contains('[') }
    })
}

/// The text with one answer replaced; elements that are not there are added, as the last ones of their group.
fn put(form: &XForm, mut text: String, path: &str, answer: &str) -> Result<String, XmlRefused> {
    let known = spans(form, text.as_bytes())?;
    let answer = answer.trim();
    let mut new = escape(answer).into_owned();
    let mut at = path;
    loop {
        if let Some(span) = known.get(at) {
            let inside =
                if at == path { span.inside.clone() } else { span.inside.end..span.inside.end };
            if let Some(name) = &span.empty {
                // `<a/>`: what closes it is replaced too.
                let close = inside.start.saturating_sub(2)..inside.start;
                if !(at == path && answer.is_empty()) {
                    text.replace_range(close, &format!(">{new}</{name}>"));
                }
            } else {
                text.replace_range(inside, &new);
            }
            return Ok(text);
        }
        let Some((parent, name)) = at.rsplit_once('/').filter(|(parent, _)| !parent.is_empty())
        else {
            return Ok(text);
        };
        // Nothing is made to hold nothing; entities and repeats are never made.
        if answer.is_empty() || name.contains('[') || is_of_meta(form, parent) {
            return Ok(text);
        }
        new = format!("<{name}>{new}</{name}>");
        at = parent;
    }
}

fn is_of_meta(form: &XForm, path: &str) -> bool {
    let root = form.outline.node(Outline::ROOT).map_or("", |node| node.name.as_str());
    path.strip_prefix('/')
        .and_then(|p| p.strip_prefix(root))
        .is_some_and(|p| p.starts_with("/meta"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::fixtures::{household, submission};

    const TODAY: Date = jiff::civil::date(2026, 11, 21);

    fn corrected(content: &str, path: &str, answer: &str) -> Result<String, CorrectionError> {
        let answers = BTreeMap::from([(path.to_owned(), answer.to_owned())]);
        let xml = correct(&household(), submission(content).as_bytes(), &answers, TODAY)?;
        Ok(String::from_utf8(xml).expect("it was text"))
    }

    #[test]
    fn one_answer_is_replaced_and_every_other_byte_stays() {
        let cases = [
            (
                "<nom>Awa</nom><!-- x --><taille> 4</taille>",
                "/data/taille",
                "5",
                "<nom>Awa</nom><!-- x --><taille>5</taille>",
            ),
            ("<nom/>", "/data/nom", "A & <b>", "<nom>A &amp; &lt;b&gt;</nom>"),
            ("<nom a='1'  />", "/data/nom", "Awa", "<nom a='1'  >Awa</nom>"),
            ("<nom><![CDATA[a<b]]></nom>", "/data/nom", "", "<nom></nom>"),
            (
                "<nom>x</nom>",
                "/data/eau/source",
                "puits",
                "<nom>x</nom><eau><source>puits</source></eau>",
            ),
            ("<eau/>", "/data/eau/source", "puits", "<eau><source>puits</source></eau>"),
            (
                "<arbre><espece>a</espece></arbre><arbre><espece>b</espece></arbre>",
                "/data/arbre[2]/espece",
                "c",
                "<arbre><espece>a</espece></arbre><arbre><espece>c</espece></arbre>",
            ),
            (
                "<arbre template=''><espece/></arbre><arbre/>",
                "/data/arbre[1]/mesure/tour",
                "1.5",
                "<arbre template=''><espece/></arbre><arbre><mesure><tour>1.5</tour></mesure></arbre>",
            ),
            ("<nom>a</nom><nom>b</nom>", "/data/nom", "c", "<nom>c</nom><nom>b</nom>"),
        ];
        for (before, path, answer, after) in cases {
            assert_eq!(corrected(before, path, answer).unwrap(), submission(after), "{path}");
        }
    }

    #[test]
    fn what_the_form_does_not_have_or_does_not_allow_is_refused_by_path() {
        let content = "<nom>Awa</nom><taille>4</taille><arbre/>";
        let cases = [
            ("/data/nothing", "x", WrongCorrection::NoSuchQuestion),
            ("/data/eau", "x", WrongCorrection::NoSuchQuestion),
            ("/data/meta/instanceID", "x", WrongCorrection::NoSuchQuestion),
            ("nom", "x", WrongCorrection::NoSuchQuestion),
            ("/data/nom[1]", "x", WrongCorrection::NoSuchQuestion),
            ("/data/arbre/espece", "x", WrongCorrection::NoSuchQuestion),
            ("/data/arbre[2]/espece", "x", WrongCorrection::NoSuchQuestion),
            ("/data/start", "2026-11-21T10:00:00Z", WrongCorrection::Calculated),
            ("/data/taille", "beaucoup", WrongCorrection::WrongType),
            ("/data/taille", "999", WrongCorrection::OutOfRange),
            ("/data/eau/usages", "boire voler", WrongCorrection::UnknownCode),
            ("/data/photo", "autre.jpg", WrongCorrection::WrongType),
            ("/data/nom", "a\u{1}", WrongCorrection::WrongType),
        ];
        for (path, answer, why) in cases {
            match corrected(content, path, answer) {
                Err(CorrectionError::Wrong(wrong)) => assert_eq!(wrong[path], why, "{path}"),
                other => panic!("{path}: {other:?}"),
            }
        }
    }
}
