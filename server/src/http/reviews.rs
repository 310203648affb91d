//! `GET /v1/reviews/duplicates`: what waits for an answer, one family per line, and what was decided.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, Uri, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    auth::By, case::decision, decisions::is_reviewed, problem::Problem, request::query_pairs,
};
use crate::{
    access::Caller,
    app::App,
    db::Tx,
    store::{
        ZoneId,
        pairs::{self, After, DecisionLine, Heard, Pair},
    },
};

/// Cases of one page.
const LIMIT: usize = 20;
/// The most cases of one page.
const LIMIT_MAX: usize = 100;
/// Pages of pairs that one request reads.
const PAGES_MAX: usize = 10;
/// Registrations of one case: more are a matter for quality control.
const MEMBERS_MAX: usize = 12;

/// Which list is asked for.
#[derive(Clone, Copy)]
enum Listed {
    /// What waits for an answer.
    Open(Heard),
    /// What was decided.
    Decided,
}

struct Question {
    of: String,
    listed: Listed,
    limit: usize,
    after: Option<After>,
}

impl Question {
    fn read(uri: &Uri) -> Result<Self, Problem> {
        let mut question = Self {
            of: String::from("orpailleurs"),
            listed: Listed::Open(Heard::Nobody),
            limit: LIMIT,
            after: None,
        };
        for (name, value) in query_pairs(uri) {
            match name.as_str() {
                "of" => question.of = value,
                "state" => question.listed = state(&value)?,
                "limit" => {
                    question.limit = value
                        .parse()
                        .ok()
                        .filter(|n| (1..=LIMIT_MAX).contains(n))
                        .ok_or_else(|| Problem::bad(format!("limit: 1 to {LIMIT_MAX}")))?;
                }
                "after" => {
                    let after = read_place(&value);
                    question.after =
                        Some(after.ok_or_else(|| Problem::bad("after: as `next` gave it"))?);
                }
                _ => return Err(Problem::bad("parameters: of, state, limit, after")),
            }
        }
        if !is_reviewed(&question.of) {
            return Err(Problem::bad("of: orpailleurs, enfants, sites, cooperatives"));
        }
        Ok(question)
    }
}

fn state(text: &str) -> Result<Listed, Problem> {
    match text {
        "unanswered" => Ok(Listed::Open(Heard::Nobody)),
        "undecided" => Ok(Listed::Open(Heard::Undecided)),
        "age_wrong" => Ok(Listed::Open(Heard::AgeWrong)),
        "decided" => Ok(Listed::Decided),
        _ => Err(Problem::bad("state: unanswered, undecided, age_wrong, decided")),
    }
}

/// A place in the queue as text: opaque to the client.
fn write_place(after: After) -> String {
    let mut bytes = after.effect.to_be_bytes().to_vec();
    bytes.extend(after.a.as_bytes());
    bytes.extend(after.b.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_place(text: &str) -> Option<After> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (effect, rest) = bytes.split_first_chunk::<8>()?;
    let (a, rest) = rest.split_first_chunk::<16>()?;
    let b = rest.first_chunk::<16>().filter(|_| rest.len() == 16)?;
    Some(After {
        effect: i64::from_be_bytes(*effect),
        a: Uuid::from_bytes(*a),
        b: Uuid::from_bytes(*b),
    })
}

/// `GET /v1/reviews/duplicates`
pub(super) async fn queue(
    State(app): State<Arc<App>>,
    By(by): By,
    uri: Uri,
) -> Result<Response, Problem> {
    let question = Question::read(&uri)?;
    if by.role.review_tier(question.of == "enfants").is_none() {
        return Err(Problem::forbidden());
    }
    let mut tx = app.base.db.read().await?;
    let (cases, next) = match question.listed {
        Listed::Open(heard) => open_cases(&mut tx, &by, &question, heard).await?,
        Listed::Decided => decided_cases(&mut tx, &by, &question).await?,
    };
    let body = json!({
        "of": question.of,
        "cases": cases,
        "waiting": load(&mut tx, &by, &question.of, Heard::Nobody).await?,
        "undecided": load(&mut tx, &by, &question.of, Heard::Undecided).await?,
        "age_wrong": load(&mut tx, &by, &question.of, Heard::AgeWrong).await?,
        "next": next,
    });
    Ok(private(Json(body).into_response()))
}

/// The next families of what waits for an answer, and where to go on.
async fn open_cases(
    tx: &mut Tx,
    by: &Caller,
    question: &Question,
    heard: Heard,
) -> Result<(Vec<Value>, Option<String>), Problem> {
    let mut cases = Vec::new();
    let mut after = question.after;
    let mut last = None;
    let mut more = true;
    // A village of look-alikes is many pairs and few cases: the reader asks again for the rest.
    for _ in 0..PAGES_MAX {
        if !more || cases.len() == question.limit {
            break;
        }
        let wanted = i64::try_from(question.limit).unwrap_or(0);
        let of = (question.of.as_str(), heard);
        let page = pairs::queue(tx, &by.scope, of, after, wanted).await?;
        more = page.len() == question.limit;
        for pair in page {
            let place = After { effect: pair.effect, a: pair.a, b: pair.b };
            (after, last) = (Some(place), Some(write_place(place)));
            let family = family(tx, by, &pair).await?;
            // A family is shown with the pair that matters most; its others have had their turn.
            if leads(&pair, &family) {
                cases.push(as_case(&pair, &family));
            }
            if cases.len() == question.limit {
                more = true;
                break;
            }
        }
    }
    Ok((cases, last.filter(|_| more)))
}

/// The next decided pairs, the last decided first, and where to go on.
async fn decided_cases(
    tx: &mut Tx,
    by: &Caller,
    question: &Question,
) -> Result<(Vec<Value>, Option<String>), Problem> {
    let wanted = i64::try_from(question.limit).unwrap_or(0);
    // The place in the journal stands where another list has what an answer changes.
    let before = question.after.map(|after| after.effect);
    let found = pairs::decided(tx, &by.scope, &question.of, before, wanted).await?;
    let last = found.last().filter(|_| found.len() == question.limit);
    let next = last.map(|(line, _)| write_place(After { effect: line.seq, a: line.a, b: line.b }));
    let case = |(line, pair): &(DecisionLine, Option<Pair>)| {
        json!({
            "a": line.a,
            "b": line.b,
            "probability": pair.as_ref().map(|pair| millionths(pair.probability)),
            "members": [line.a, line.b],
            "pairs": pair.iter().map(as_json).collect::<Vec<_>>(),
            "decision": decision(line, &BTreeMap::new()),
        })
    };
    Ok((found.iter().map(case).collect(), next))
}

async fn load(
    tx: &mut Tx,
    by: &Caller,
    of: &str,
    heard: Heard,
) -> Result<BTreeMap<String, i64>, Problem> {
    Ok(pairs::load(tx, &by.scope, (of, heard)).await?.into_iter().collect())
}

/// An answer that no cache may keep.
pub(super) fn private(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The open pairs around a pair: everybody who may be one of the two, and their relatives, as far as the reader
/// may know of them.
pub(super) async fn family(tx: &mut Tx, by: &Caller, of: &Pair) -> Result<Vec<Pair>, Problem> {
    let seen = |p: &Pair| by.role.review_tier(p.dataset == "enfants").is_some();
    let mut members: BTreeSet<Uuid> = BTreeSet::new();
    let mut queue: Vec<(ZoneId, Uuid)> = vec![(of.a_zone, of.a), (of.b_zone, of.b)];
    let mut found: BTreeMap<(Uuid, Uuid), Pair> = BTreeMap::new();
    while let Some((zone, id)) = queue.pop() {
        if members.len() >= MEMBERS_MAX || !members.insert(id) {
            continue;
        }
        for pair in pairs::around(tx, &by.scope, zone, id).await?.into_iter().filter(seen) {
            // Relatives are shown, but a whole village is somebody's relative: the case ends there.
            if is_open_question(&pair) {
                queue.push((pair.a_zone, pair.a));
                queue.push((pair.b_zone, pair.b));
            }
            found.insert((pair.a, pair.b), pair);
        }
    }
    found.entry((of.a, of.b)).or_insert_with(|| of.clone());
    Ok(found.into_values().collect())
}

fn is_open_question(pair: &Pair) -> bool {
    matches!(pair.class.as_str(), "same" | "review" | "age_review")
}

fn leads(pair: &Pair, family: &[Pair]) -> bool {
    let rank = |p: &Pair| (p.effect, p.a, p.b);
    // Pairs of another list have their turn there.
    let listed = |p: &&Pair| is_open_question(p) && p.answer == pair.answer;
    family.iter().filter(listed).all(|p| rank(p) <= rank(pair))
}

fn as_case(best: &Pair, family: &[Pair]) -> Value {
    let members: BTreeSet<Uuid> = family.iter().flat_map(|p| [p.a, p.b]).collect();
    json!({
        "a": best.a,
        "b": best.b,
        "probability": millionths(best.probability),
        "members": members,
        "pairs": family.iter().map(as_json).collect::<Vec<_>>(),
    })
}

/// A pair as the interface writes it.
pub(super) fn as_json(pair: &Pair) -> Value {
    let weight = f64::from(i32::try_from(pair.weight).unwrap_or(i32::MAX)) / 1e3;
    json!({
        "a": pair.a,
        "b": pair.b,
        "class": pair.class,
        "stops": pair.stops.split_whitespace().collect::<Vec<_>>(),
        "key": pair.key,
        "weight": weight,
        "probability": millionths(pair.probability),
        "relative": millionths(pair.relative),
        "model": pair.model,
        "answer": (!pair.answer.is_empty()).then_some(&pair.answer),
    })
}

fn millionths(value: i64) -> f64 {
    f64::from(i32::try_from(value).unwrap_or(i32::MAX)) / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_queue_reads_back_and_others_are_refused() {
        let after = After { effect: -5, a: Uuid::from_u128(1), b: Uuid::from_u128(2) };
        assert_eq!(read_place(&write_place(after)), Some(after));
        assert_eq!(read_place("AAAA"), None);
        assert_eq!(read_place(&format!("{}AA", write_place(after))), None);
    }
}
