//! Cooperatives and organisations (rules F07 to F10, F12).

use sanu_schemas::attribute;

use super::context::Context;
use super::finding::Hit;
use super::record::Record;
use super::register::Check;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("F07", members),
    ("F08", pyramid),
    ("F09", dates),
    ("F10", namesake),
    ("F12", private_contact),
];

fn members<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let total = record.integer("members_total")?;
    let more = |name| record.integer(name).is_some_and(|part| part > total);
    (more("members_women") || more("sp_members"))
        .then(|| Hit::error(["members_total", "members_women", "sp_members"]))
}

fn rank(level: &str) -> Option<u8> {
    attribute("coop_level", level, "rank")?.parse().ok()
}

fn pyramid<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    const NAMES: [&str; 3] = ["level", "parent_id", "mining_district"];
    let level = record.code("level")?;
    let itself = record.code("parent_id").is_some_and(|parent| {
        record.entities().iter().any(|block| block.id.eq_ignore_ascii_case(parent))
    });
    let parent = context.parent.found();
    if itself || parent.is_some_and(|parent| parent.descends_from_record) {
        return Some(Hit::error(NAMES));
    }
    let homeless = level == "base" && !record.answered("mining_district");
    let empty = level == "union" && context.cooperative.found().is_some_and(|it| it.members == 0);
    let parent_rank = parent.and_then(|parent| rank(parent.level.as_deref()?));
    let below = parent_rank.zip(rank(level)).is_some_and(|(parent, own)| parent < own);
    (homeless || empty || below).then(|| Hit::warning(NAMES))
}

fn dates<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let future = |name| record.date(name).is_some_and(|day| day > record.received_on());
    if future("board_date") || future("last_ga") {
        return Some(Hit::error(["board_date", "last_ga"]));
    }
    (record.date("reg_date")? < record.date("creation_date")?)
        .then(|| Hit::warning(["reg_date", "creation_date"]))
}

fn namesake<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    (context.others.same_cooperative? && record.is("level", "base"))
        .then(|| Hit::warning(["coop_name", "commune"]))
}

/// F12: kept for the secretariat, never exported.
fn private_contact<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    const CONTACT: [&str; 3] = ["contact_name", "contact_phone", "contact_mail"];
    let private = record.is("contact_consent", "no") || record.is("contact_public", "no");
    (private && CONTACT.into_iter().any(|name| record.answered(name)))
        .then(|| Hit::information(["contact_consent", "contact_public"]))
}
