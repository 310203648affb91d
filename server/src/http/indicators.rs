//! `GET /v1/indicators`: the indicators of the census, computed over the register.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{RawPathParams, State},
    http::Uri,
    response::{IntoResponse as _, Response},
};
use jiff::civil::Date;
use sanu_schemas::Indicator;
use serde_json::{Map, Value, json};

use super::{
    auth::By,
    counts::division,
    indicator_view::{Manner, Parts, figures, parts_of},
    problem::Problem,
    request::{param, query_pairs},
    reviews::private,
};
use crate::{
    access::{Caller, Role, SiteTier},
    app::App,
    counts::{Axis, Cube, Dimension, Release, share},
    geo::Division,
    indicators::{Kind, Reach, Served, Sums, all_served, derived, not_served},
    store::{Scope, cells},
};

/// What an indicator can be divided by: more would be a list of people.
const DIMENSIONS: [Dimension; 5] = [
    Dimension::Region,
    Dimension::Cercle,
    Dimension::District,
    Dimension::Sex,
    Dimension::AgeGroup,
];
/// Dimensions of one answer.
const DIMENSIONS_MAX: usize = 3;

/// How a reader may read an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// As it is.
    Exact,
    /// By region, and only of enough places.
    Coarse,
    /// Protected, by region and sex.
    Protected,
}

fn is_of_children(served: &Served) -> bool {
    served.dataset == "enfants"
}

fn sight(role: Role, served: &Served) -> Option<Sight> {
    let exact = role.sees_exact_counts(is_of_children(served));
    // The public reads the fixed tables.
    if !role.may_count() || role == Role::Public {
        return None;
    }
    match served.reach {
        Reach::Open => Some(Sight::Exact),
        Reach::Persons if exact => Some(Sight::Exact),
        Reach::Persons => Some(Sight::Protected),
        Reach::Internal => exact.then_some(Sight::Exact),
        Reach::Sensitive if role.site_tier() == Some(SiteTier::Full) => Some(Sight::Exact),
        Reach::Sensitive => Some(Sight::Coarse),
    }
}

/// What an indicator is, in both languages.
fn described(of: &Indicator) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert(String::from("id"), of.id.clone().into());
    map.insert(String::from("version"), of.version.into());
    map.insert(String::from("title_fr"), of.name_fr.clone().into());
    map.insert(String::from("title_en"), of.name_en.clone().into());
    map.insert(String::from("source"), of.source.clone().into());
    map
}

/// `GET /v1/indicators`
pub(super) async fn list(By(by): By, uri: Uri) -> Result<Response, Problem> {
    if !query_pairs(&uri).is_empty() {
        return Err(Problem::bad("parameters: none"));
    }
    if !by.role.may_count() || by.role == Role::Public {
        return Err(Problem::forbidden());
    }
    let lines = sanu_schemas::indicators().iter().map(|indicator| {
        let mut line = described(indicator);
        let served = all_served().find(|s| s.id == indicator.id);
        let roles = |wanted: fn(Sight) -> bool| {
            let may = |role: &Role| served.and_then(|s| sight(*role, s)).is_some_and(wanted);
            Role::all().filter(may).map(Role::as_str).collect::<Vec<_>>()
        };
        line.insert(String::from("of"), served.map(|s| s.dataset).into());
        line.insert(String::from("exact_for"), roles(|sight| sight == Sight::Exact).into());
        line.insert(String::from("protected_for"), roles(|sight| sight != Sight::Exact).into());
        line.insert(String::from("not_computed"), not_served(&indicator.id).into());
        Value::Object(line)
    });
    Ok(private(Json(json!({ "indicators": lines.collect::<Vec<_>>() })).into_response()))
}

struct Question {
    by: Vec<Dimension>,
    division: Division,
    day: Option<Date>,
}

impl Question {
    fn read(uri: &Uri) -> Result<Self, Problem> {
        let mut question = Self { by: Vec::new(), division: Division::D2023, day: None };
        for (name, value) in query_pairs(uri) {
            match name.as_str() {
                "by" => question.by = dimensions(&value)?,
                "division" => question.division = division(&value)?,
                "as_of" => {
                    let day = value.parse().map_err(|_| Problem::bad("as_of: YYYY-MM-DD"))?;
                    question.day = Some(day);
                }
                _ => return Err(Problem::bad("parameters: by, division, as_of")),
            }
        }
        Ok(question)
    }

    fn axes(&self) -> Vec<Axis> {
        self.by.iter().map(|d| d.axis(self.division)).collect()
    }
}

fn dimensions(text: &str) -> Result<Vec<Dimension>, Problem> {
    let names = || DIMENSIONS.map(Dimension::name).join(", ");
    let mut by = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let known = DIMENSIONS.into_iter().find(|d| d.name() == name);
        let known = known.ok_or_else(|| Problem::bad(format!("by: any of {}", names())))?;
        if by.contains(&known) || by.len() == DIMENSIONS_MAX {
            return Err(Problem::bad(format!("by: at most {DIMENSIONS_MAX}, each once")));
        }
        by.push(known);
    }
    Ok(by)
}

/// Whether a reader with this sight may divide so.
fn may_divide(sight: Sight, served: &Served, question: &Question, scope: &Scope) -> bool {
    let only = |known: &[Dimension]| question.by.iter().all(|d| known.contains(d));
    match sight {
        // Deaths of a site or cercle are about few people: regions only, whoever asks.
        _ if served.kind == Kind::PerThousand => only(&[Dimension::Region]),
        Sight::Exact => true,
        Sight::Coarse => only(&[Dimension::Region]),
        // What is published is of the whole country, divided as the counts are.
        Sight::Protected => {
            only(&[Dimension::Region, Dimension::Sex])
                && question.division == Division::D2023
                && *scope == Scope::All
        }
    }
}

/// `GET /v1/indicators/{id}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    By(by): By,
    params: RawPathParams,
    uri: Uri,
) -> Result<Response, Problem> {
    let id = param(&params, "id").unwrap_or_default();
    let known = sanu_schemas::indicators().iter().find(|indicator| indicator.id == id);
    let served = all_served().find(|served| served.id == id);
    let (Some(indicator), Some(served)) = (known, served) else {
        return Err(Problem::not_found());
    };
    let question = Question::read(&uri)?;
    let Some(sight) = sight(by.role, served) else { return Err(Problem::forbidden()) };
    if question.day.is_some() && !served.on_day {
        return Err(Problem::bad("as_of: of R31, R33 and R34, which depend on a day"));
    }
    if !may_divide(sight, served, &question, &by.scope) {
        return Err(Problem::forbidden());
    }
    let answer = match sight {
        Sight::Protected => protected(&app, served, &question).await?,
        _ => exact(&app, &by, served, &question, sight).await?,
    };
    let mut body = described(indicator);
    body.insert(String::from("of"), served.dataset.into());
    body.insert(String::from("by"), question.by.iter().map(|d| d.name()).collect());
    body.insert(String::from("division"), question.division.code().into());
    body.insert(String::from("basis"), "accepted".into());
    body.extend(answer);
    Ok(private(Json(Value::Object(body)).into_response()))
}

async fn exact(
    app: &App,
    by: &Caller,
    served: &Served,
    question: &Question,
    sight: Sight,
) -> Result<Map<String, Value>, Problem> {
    let today = app.base.runtime.now().date();
    let day = question.day.unwrap_or(today);
    // Only places depend on a day; people are counted once for all days.
    let place = matches!(served.dataset, "sites" | "cooperatives");
    let key = if place { day } else { Date::ZERO };
    let kept = app.base.figures.exact(served.dataset, key).await?;
    let mut tx = app.base.db.read().await?;
    let (accepted, pending) =
        cells::accepted_and_pending(&mut tx, &by.scope, served.dataset).await?;
    drop(tx);
    let zones = by.scope.zones();
    let manner = if sight == Sight::Coarse { Manner::PLACES } else { Manner::EXACT };
    let sums = |axes: &[Axis]| kept.figures.table(axes, zones.as_deref());
    let seen = |(codes, sums): (Vec<String>, Sums)| {
        (codes, figures(served, &parts_of(served, &sums), &sums, manner))
    };
    let table = sums(&question.axes()).into_iter().map(seen).collect();
    let total = sums(&[]).into_values().next().unwrap_or_default();
    let total = figures(served, &parts_of(served, &total), &total, manner);
    let mut answer = lines(served, question, table, total);
    answer.insert(String::from("at"), kept.at.to_rfc3339().into());
    answer.insert(String::from("on"), served.on_day.then(|| day.to_string()).into());
    answer.insert(String::from("in_review"), json!({ "share": share(accepted, pending) }));
    answer.insert(String::from("suppression"), manner.as_json());
    Ok(answer)
}

async fn protected(
    app: &App,
    served: &Served,
    question: &Question,
) -> Result<Map<String, Value>, Problem> {
    let published = app.base.figures.protected(served.dataset).await?;
    let counts = app.base.publication.current(served.dataset).await?;
    let manner = Manner::of_persons(served.dataset);
    let (mut table, mut total) = (BTreeMap::<Vec<String>, Parts>::new(), Parts::new());
    let axes: Vec<Axis> = question.axes().into_iter().chain([Axis::Status]).collect();
    let mut add = |part: &str, release: &Release, code: &dyn Fn(&str) -> Option<String>| {
        for (mut codes, n) in release.table(Cube::Place, &axes, None).to_vec() {
            // The state of a cell is the code, spelled out so that no two figures share a draw.
            let spelled = codes.pop().unwrap_or_default();
            let Some(code) = code(spelled.rsplit('.').next().unwrap_or_default()) else { continue };
            for parts in [table.entry(codes).or_default(), &mut total] {
                *parts.entry(part.to_owned()).or_default().entry(code.clone()).or_default() += n;
            }
        }
    };
    for (name, release) in &published.figures {
        if let Some(part) = part_of(name, served.id) {
            add(part, release, &|code| Some(code.to_owned()));
        }
    }
    for from in derived(served.id) {
        if let Some(release) = published.figures.get(from.from) {
            add(from.part, release, &|code| from.code(code).map(str::to_owned));
        }
    }
    let none = Sums::default();
    let seen =
        |(codes, parts): (Vec<String>, Parts)| (codes, figures(served, &parts, &none, manner));
    let table = table.into_iter().map(seen).collect();
    let mut answer = lines(served, question, table, figures(served, &total, &none, manner));
    answer.insert(String::from("at"), published.at.to_rfc3339().into());
    answer.insert(String::from("on"), Value::Null);
    let in_review = json!({ "share": counts.release.share_in_review() });
    answer.insert(String::from("in_review"), in_review);
    answer.insert(String::from("suppression"), manner.as_json());
    Ok(answer)
}

fn part_of<'n>(name: &'n str, id: &str) -> Option<&'n str> {
    name.split_once('.').filter(|(indicator, _)| *indicator == id).map(|(_, part)| part)
}

fn lines(
    served: &Served,
    question: &Question,
    table: Vec<(Vec<String>, Value)>,
    total: Value,
) -> Map<String, Value> {
    let cells = table.into_iter().map(|(codes, figures)| {
        let mut line = Map::new();
        for (dimension, code) in question.by.iter().zip(&codes) {
            let known = (!code.is_empty()).then(|| code.clone());
            let label = known.as_ref().map(|code| dimension.label(code));
            line.insert(dimension.name().to_owned(), known.into());
            line.insert(format!("{}_label", dimension.name()), label.into());
        }
        line.insert(String::from("figures"), figures);
        Value::Object(line)
    });
    let mut answer = Map::new();
    if !question.by.is_empty() {
        answer.insert(String::from("cells"), cells.collect());
    }
    answer.insert(String::from("total"), total);
    if served.id == "R30" {
        answer.insert(String::from("declared"), declared());
    }
    answer
}

/// The declared table of organisations, listed beside and never forced to agree.
fn declared() -> Value {
    let declared = sanu_schemas::declared_organisations();
    let sum = |of: fn(&sanu_schemas::DeclaredOrganisations) -> i64| -> i64 {
        declared.iter().map(of).sum()
    };
    json!({ "base": sum(|d| d.base), "union": sum(|d| d.unions), "federation": sum(|d| d.federations) })
}
