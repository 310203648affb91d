//! The expressions of forms: this server and JavaRosa itself must give the same values.

mod expressions;

use std::{collections::BTreeMap, fs, io::Write as _};

use sanu::forms::{Atom, Moment, NotEvaluated, Stop, XForm, decode, evaluate};

use crate::support::phone::{device_dir, phone_or_skip};
use expressions::{CONTEXTS, Generator, INSTANCE, PLACES, PLAIN};

const FORM: &str = include_str!("xpath/form.xml");

/// Expressions generated for each clock.
const GENERATED: usize = 6_000;

/// 15 October 1582, in milliseconds since 1970.
const REFORM: i64 = -12_219_292_800_000;

/// What one side makes of an expression.
#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Bool(bool),
    Number(f64),
    Text(String),
    Date(i64),
    /// JavaRosa fails, or this server says that it would.
    Fails(String),
    /// This server does not evaluate it.
    NotEvaluated(String),
}

impl Outcome {
    fn of_javarosa(line: &str) -> Self {
        let (kind, rest) = line.split_once(' ').expect("a kind and a value");
        match kind {
            "B" => Self::Bool(rest == "true"),
            "N" => Self::Number(f64::from_bits(rest.parse::<i64>().expect("bits").cast_unsigned())),
            "D" => Self::Date(rest.parse().expect("milliseconds")),
            "S" => Self::Text(unescaped(rest)),
            _ => Self::Fails(rest.to_owned()),
        }
    }

    fn of_ours(value: Result<Atom<'static>, Stop>) -> Self {
        match value {
            Ok(Atom::Bool(yes)) => Self::Bool(yes),
            Ok(Atom::Number(number)) => Self::Number(number),
            Ok(Atom::Text(text)) => Self::Text(text.into_owned()),
            Ok(Atom::Date(moment)) => Self::Date(moment.utc_ms),
            Err(Stop::Fails(why)) => Self::Fails(why.to_owned()),
            Err(other) => Self::NotEvaluated(other.to_string()),
        }
    }

    /// Whether they agree; the last digits of a number may differ, Java's are not everyone's.
    fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(two)) => {
                one.to_bits() == two.to_bits()
                    || one.is_nan() && two.is_nan()
                    || (one - two).abs() <= 1e-12 * one.abs().max(two.abs())
            }
            (Self::Fails(_), Self::Fails(_)) => true,
            // Before the calendar was reformed, Java counts days in the one before.
            (Self::Date(one), Self::Date(two)) if *one < REFORM && *two < REFORM => true,
            (one, two) => one == two,
        }
    }
}

/// What JavaRosa gets wrong and this server does not.
///
/// `count-non-empty` of a list looks for its rows among the answers.
/// Not compared at all: named operators in capitals, which the engine of the test does not know
/// yet, and spaces around a text, which it drops when it loads the answers but not when they are typed.
fn is_bug_not_copied(text: &str, theirs: &Outcome) -> bool {
    matches!(theirs, Outcome::Fails(why) if why.starts_with("NullPointerException"))
        && text.contains("count-non-empty(instance(")
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        out.push(match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                other => other.unwrap_or('\\'),
            },
            (plain, false) => plain,
        });
    }
    out
}

/// Both values of each case, on phones of this zone.
fn compared(zone: &str, offset_ms: i64, cases: &[(String, String)]) -> Vec<(Outcome, Outcome)> {
    let phone = phone_or_skip().expect("the caller has asked");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (form_file, case_file) = (folder.path().join("form.xml"), folder.path().join("cases"));
    let xml = FORM.replace("INSTANCE", INSTANCE).replace("PLACES", PLACES);
    fs::write(&form_file, &xml).expect("a temporary file");
    let lines: Vec<_> = cases.iter().map(|(at, text)| format!("{at}\t{text}")).collect();
    fs::write(&case_file, lines.join("\n")).expect("a temporary file");

    let printed = phone.evaluate(zone, &form_file, &case_file);
    let mut printed = printed.lines();
    let today = printed.next().expect("today").parse().expect("milliseconds");
    let theirs: Vec<_> = printed.map(Outcome::of_javarosa).collect();
    assert_eq!(theirs.len(), cases.len(), "one line a case");

    let form = XForm::parse(xml.as_bytes()).expect("a form");
    let sent = format!("<data id=\"kinds\" version=\"v7\">{INSTANCE}</data>");
    let now = Moment { utc_ms: today, offset_ms };
    let asked: Vec<_> = cases.iter().map(|(at, text)| (at.as_str(), text.as_str())).collect();
    let ours = evaluate(&form, sent.as_bytes(), now, &asked).expect("a submission");
    ours.into_iter().map(Outcome::of_ours).zip(theirs).collect()
}

/// Fails with the first differences; says how many were compared and how many left alone.
fn check(zone: &str, offset_ms: i64, cases: &[(String, String)]) {
    let mut alone: BTreeMap<String, usize> = BTreeMap::new();
    let (mut same, mut failing, mut different) = (0, 0, Vec::new());
    for ((at, text), (ours, theirs)) in cases.iter().zip(compared(zone, offset_ms, cases)) {
        match &ours {
            Outcome::NotEvaluated(why) => *alone.entry(why.clone()).or_default() += 1,
            _ if is_bug_not_copied(text, &theirs) => {
                *alone.entry("a bug".to_owned()).or_default() += 1;
            }
            _ if ours.agrees(&theirs) => {
                same += 1;
                failing += usize::from(matches!(ours, Outcome::Fails(_)));
            }
            _ => different.push(format!("{at}\t{text}\n   ours {ours:?}\n theirs {theirs:?}")),
        }
    }
    let left: usize = alone.values().sum();
    let line = format!(
        "sanu-tests: {zone}: {same} expressions agree with JavaRosa ({failing} fail on both sides), {left} left alone"
    );
    let _ = writeln!(std::io::stderr(), "{line}");
    let shown = different.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(different.is_empty(), "{} of {} differ\n{shown}", different.len(), cases.len());
    assert!(left * 20 < cases.len(), "too many are left alone: {alone:#?}");
}

#[test]
fn generated_expressions_have_the_value_that_javarosa_gives() {
    if phone_or_skip().is_none() {
        return;
    }
    for (seed, zone, offset_ms) in [(1, "Africa/Bamako", 0), (2, "GMT+05:30", 19_800_000)] {
        let mut generator = Generator::new(seed);
        let cases: Vec<_> = (0..GENERATED).map(|_| generator.case()).collect();
        check(zone, offset_ms, &cases);
    }
}

#[test]
fn chosen_expressions_have_the_value_that_javarosa_gives() {
    if phone_or_skip().is_none() {
        return;
    }
    let everywhere =
        PLAIN.iter().flat_map(|text| CONTEXTS.map(|at| (at.to_owned(), (*text).to_owned())));
    check("Africa/Bamako", 0, &everywhere.collect::<Vec<_>>());
}

/// A form with the lists that the phone has of it, in folders named as on its command line.
fn with_lists(xml: &[u8], folders: &str) -> XForm {
    let mut form = XForm::parse(xml).expect("a form");
    let wanted: Vec<String> = form.wanted_files().map(str::to_owned).collect();
    for file in wanted {
        let mut paths = folders.split(',').map(|folder| device_dir().join(folder).join(&file));
        let list = paths.find_map(|path| fs::read(path).ok());
        form.fill(&file, &list.unwrap_or_else(|| panic!("no list {file}")));
    }
    form
}

/// What a phone without a screen fills in breaks no rule, and every expression is evaluated.
fn what_the_phone_fills_is_right(xform: &str, xml: &[u8], media: &str, options: &[&str]) {
    let Some(phone) = phone_or_skip() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kept = folder.path().to_str().expect("a path in UTF-8");
    let fixed = ["--xform", xform, "--media", media, "--auto", "--count", "5", "--save-dir", kept];
    let run = phone.run(&[&fixed[..], options].concat());
    assert_eq!((run.status, run.ok), (0, 5), "{xform}: {run:?}");

    let form = with_lists(xml, media);
    // Nobody can say again what chance gave; all else is evaluated.
    let by_chance = |one: &&NotEvaluated| one.why.to_string().contains("uuid()");
    let left: Vec<_> = form.not_evaluated().iter().filter(|one| !by_chance(one)).collect();
    assert!(left.is_empty(), "{xform}: {left:?}");
    let today = jiff::civil::date(2100, 1, 1);
    let mut seen = 0;
    for entry in fs::read_dir(folder.path()).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let sent = fs::read(&path).expect("a submission");
            let decoded = decode(&form, &sent, today).expect("XML");
            let text = String::from_utf8_lossy(&sent);
            assert_eq!(decoded.violations, [], "{xform}: {text}");
            seen += 1;
        }
    }
    assert_eq!(seen, 5, "{xform}");
}

#[test]
fn what_the_phone_fills_in_the_census_breaks_no_rule_of_its_form() {
    for form in sanu_schemas::forms() {
        let xform = format!("../../schemas/forms/{}.xml", form.id);
        let answers = format!("samples/{}.json", form.id);
        let options = ["--answers", answers.as_str()];
        what_the_phone_fills_is_right(&xform, form.xml, "../../schemas/media,media", &options);
    }
}

#[test]
fn what_the_phone_fills_in_forms_with_repeats_breaks_no_rule_either() {
    for id in ["personne", "visite", "menage", "medias"] {
        let xform = format!("forms/{id}.xml");
        let xml = fs::read(device_dir().join(&xform)).expect("a sample form");
        what_the_phone_fills_is_right(&xform, &xml, "forms,media", &[]);
    }
}
