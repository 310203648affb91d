//! The child on a site: protection first, then school and work (rules D01 to D18, D20).

use sanu_schemas::attribute;

use super::context::Context;
use super::finding::Hit;
use super::record::{Record, completed_years};
use super::register::Check;
use crate::forms::{AnswerKind, Class, Severity, Value};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("D01", age),
    ("D02", age_and_birth),
    ("D03", nobody_to_consent),
    ("D04", filled_after_refusal),
    ("D05", assent_not_sought),
    ("D06", hours_and_tasks),
    ("D07", too_many_hours),
    ("D08", school_time),
    ("D09", age_at_start),
    ("D10", grade),
    ("D11", never_at_school),
    ("D12", unsafe_place),
    ("D13", urgent_referral),
    ("D14", many_children),
    ("D15", young_caregiver),
    ("D16", code_twice),
    ("D17", childless_caregiver),
    ("D18", holidays),
    ("D20", name_in_text),
];

/// The groups that hold what the child or the caregiver answered.
const ANSWERS: [&str; 3] = ["b_identity", "c_school", "d_work"];

fn age<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    (!(6..=17).contains(&record.integer("age_years")?)).then(|| Hit::error(["age_years"]))
}

fn age_and_birth<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    const NAMES: [&str; 2] = ["dob", "age_years"];
    let by_birth = completed_years(record.date("dob")?, record.day());
    if !(6..=17).contains(&by_birth) {
        return Some(Hit::error(NAMES));
    }
    ((by_birth - record.integer("age_years")?).abs() > 1).then(|| Hit::warning(NAMES))
}

fn nobody_to_consent<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let nobody = matches!(record.code("caregiver")?, "none" | "employer");
    (nobody && record.answered_in(&["d_work"])).then(|| Hit::error(["caregiver", "tasks"]))
}

fn filled_after_refusal<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let refused = record.is("assent", "refused") || record.is("caregiver_consent", "refused");
    (refused && record.answered_in(&ANSWERS)).then(|| Hit::error(["assent", "caregiver_consent"]))
}

fn assent_not_sought<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let old_enough = record.integer("age_years")? >= 9;
    (old_enough && record.is("assent", "not_sought_under_9"))
        .then(|| Hit::error(["assent", "age_years"]))
}

/// Whether a task is work in the sense of national accounts, chores and own water apart.
fn is_economic(task: &str) -> bool {
    let domain = attribute("child_task", task, "domain");
    matches!(domain, Some("mining" | "service" | "agriculture"))
}

fn hours_and_tasks<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let (hours, tasks) = (record.integer("hours_econ")?, record.codes("tasks"));
    let works = tasks.iter().any(|task| is_economic(task));
    (!tasks.is_empty() && works != (hours > 0)).then(|| Hit::warning(["hours_econ", "tasks"]))
}

fn too_many_hours<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    const NAMES: [&str; 3] = ["hours_econ", "hours_water_wood", "hours_chores"];
    let hours: i64 = NAMES.into_iter().filter_map(|name| record.integer(name)).sum();
    let at_school = record.is("school_now", "yes") && record.integer("days_missed") == Some(0);
    match hours {
        127.. => Some(Hit::error(NAMES)),
        85.. if at_school => Some(Hit::warning(NAMES)),
        _ => None,
    }
}

fn school_time<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    (record.has("work_times", "school_time") && record.is("school_now", "no"))
        .then(|| Hit::information(["work_times", "school_now"]))
}

fn age_at_start<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    (record.integer("age_start")? > record.integer("age_years")?)
        .then(|| Hit::error(["age_start", "age_years"]))
}

/// D10: the first of nine grades is for six-year-olds; younger by one is still usual.
fn grade<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    const NAMES: [&str; 2] = ["grade", "age_years"];
    let number: i64 = record.code("grade")?.strip_prefix('g')?.parse().ok()?;
    match 5 + number - record.integer("age_years")? {
        4.. => Some(Hit::error(NAMES)),
        1.. => Some(Hit::warning(NAMES)),
        _ => None,
    }
}

fn never_at_school<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let filled = record.answered("grade") || record.answered("school_now");
    (record.is("ever_school", "no") && filled)
        .then(|| Hit::error(["ever_school", "grade", "school_now"]))
}

fn unsafe_place<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    (record.is("safe_setting", "no") && record.answered_in(&ANSWERS))
        .then(|| Hit::error(["safe_setting"]))
}

fn urgent_referral<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let late = context.others.referral_waits_min? > 120;
    (late && record.is("referral_need", "urgent")).then(|| Hit::information(["referral_need"]))
}

fn many_children<'r>(_: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    context.device_day.are_many.then(|| Hit::warning(["enumerator_code"]))
}

fn young_caregiver<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let born = context.guardian.found()?.birth_year?;
    let caregiver = i64::from(record.day().year()) - born;
    let gap = caregiver - record.integer("age_years")?;
    (caregiver < 18 || gap < 10).then(|| Hit::warning(["caregiver_card", "age_years"]))
}

fn code_twice<'r>(_: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    context.same_card.found().map(|_| Hit::error(["child_card"]))
}

fn childless_caregiver<'r>(_: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let said = context.guardian.found()?.children_here?;
    (said == 0).then(|| Hit::information(["caregiver_card"]))
}

fn holidays<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let day = record.day();
    let closed = context.holidays.iter().any(|days| days.contains(&day));
    (closed && record.is("school_now", "yes")).then(|| Hit::information(["school_now", "today"]))
}

fn name_in_text<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let names: Vec<String> = ["given_name", "surname"]
        .into_iter()
        .filter_map(|name| record.text(name))
        .filter(|name| name.chars().count() >= 3)
        .map(str::to_lowercase)
        .collect();
    let tells = |text: &str| {
        let text = text.to_lowercase();
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        words.any(|word| names.iter().any(|name| name == word))
    };
    let telling: Vec<&str> = record
        .answers()
        .filter(|(question, _)| question.asked && question.kind == AnswerKind::Text)
        .filter(|(question, _)| question.class != Class::Direct)
        .filter(|(_, value)| matches!(value, Value::Text(text) if tells(text)))
        .map(|(question, _)| question.name.as_str())
        .collect();
    (!telling.is_empty()).then(|| Hit::new(Severity::Information, telling))
}
