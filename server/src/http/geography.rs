//! `GET /v1/geography/crosswalk`: which units of one division lie in which of the other.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse as _, Response},
};
use jiff::civil::Date;
use serde_json::{Value as Json, json};

use super::{
    as_of, auth::By, count_view::Format, counts::division, problem::Problem, request::query_pairs,
};
use crate::{
    app::App,
    export::{Entry, Sheet},
    geo::{Boundary, Common, Division, Level, boundary_from_geojson, crosswalk},
    places::seats,
    store::boundaries::{self, Validity},
};

/// Correspondences that are kept: two directions, three levels, and a few days of change.
const KEPT: usize = 16;

/// What is asked.
struct Question {
    from: Division,
    level: Level,
    day: Date,
    format: Format,
}

fn read(uri: &Uri, headers: &HeaderMap, today: Date) -> Result<Question, Problem> {
    let (mut from, mut to, mut level, mut day) = (None, None, None, today);
    let mut format = Format::accepted(headers);
    for (name, value) in query_pairs(uri) {
        match name.as_str() {
            "from" => from = Some(division(&value)?),
            "to" => to = Some(division(&value)?),
            "level" => {
                let parsed = value.parse();
                level = Some(parsed.map_err(|_| Problem::bad("level: commune, cercle or region"))?);
            }
            "as_of" => {
                day = as_of::read(&value).ok_or_else(|| Problem::bad("as_of: YYYY-MM-DD"))?;
            }
            "format" => format = Format::parse(&value)?,
            _ => return Err(Problem::bad("parameters: from, to, level, as_of, format")),
        }
    }
    let (from, to) = match (from, to) {
        (Some(from), to) => (from, to.unwrap_or_else(|| from.other())),
        (None, Some(to)) => (to.other(), to),
        (None, None) => (Division::D2012, Division::D2023),
    };
    if from == to {
        return Err(Problem::bad("from, to: 2012 and 2023, or the other way round"));
    }
    Ok(Question { from, level: level.unwrap_or(Level::Commune), day, format })
}

/// What a correspondence is made from: the boundaries that hold on the day, and when any was last imported.
type Basis = ((i64, i64), Vec<Validity>);

/// Correspondences as they were worked out, until other boundaries are asked for: laying outlines over each other
/// takes seconds.
#[derive(Default)]
pub(crate) struct Crosswalks {
    /// One is worked out at a time.
    made: tokio::sync::Mutex<Vec<Made>>,
}

/// A correspondence from this division, at this level, on this basis.
struct Made {
    of: (Division, Level),
    basis: Basis,
    found: Arc<Vec<Common>>,
}

impl Crosswalks {
    async fn of(&self, app: &App, asked: &Question) -> Result<(Arc<Vec<Common>>, Basis), Problem> {
        let mut made = self.made.lock().await;
        let mut tx = app.base.db.read().await?;
        let token = boundaries::change_token(&mut tx).await?;
        let basis = (token, boundaries::on(&mut tx, &asked.day.to_string()).await?);
        let of = (asked.from, asked.level);
        if let Some(known) = made.iter().find(|made| made.of == of && made.basis == basis) {
            return Ok((Arc::clone(&known.found), basis));
        }
        let mut texts = Vec::with_capacity(basis.1.len());
        for validity in &basis.1 {
            texts.push(boundaries::geometry(&mut tx, validity).await?);
        }
        drop(tx);
        let (from, level) = of;
        let found = tokio::task::spawn_blocking(move || {
            let limits = texts.iter().map(|text| boundary_from_geojson(text));
            let limits: Vec<Boundary> = limits.collect::<Result<_, _>>()?;
            Ok::<_, crate::geo::GeoError>(crosswalk(from, level, &limits, &seats()))
        });
        let found = found.await.ok().and_then(Result::ok);
        let found = Arc::new(found.ok_or_else(|| Problem::new("internal", ""))?);
        if made.len() >= KEPT {
            made.remove(0);
        }
        made.push(Made { of, basis: basis.clone(), found: Arc::clone(&found) });
        Ok((found, basis))
    }
}

/// `GET /v1/geography/crosswalk`: for every account, since it says nothing of anybody.
pub(super) async fn correspondence(
    State(app): State<Arc<App>>,
    By(_): By,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = read(&uri, &headers, app.base.runtime.now().date())?;
    let (found, (_, limits)) = app.crosswalks.of(&app, &asked).await?;
    let file = |kind: &'static str, extension: &str, bytes: Vec<u8>| {
        let name = format!(
            "attachment; filename=\"correspondance_{}_{}_{}.{extension}\"",
            asked.level,
            asked.from,
            asked.from.other()
        );
        ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, &*name)], bytes)
            .into_response()
    };
    Ok(match asked.format {
        Format::Json => axum::Json(as_json(&asked, &found, &limits)).into_response(),
        Format::Csv => file("text/csv; charset=utf-8", "csv", sheet(&asked, &found).csv()),
        Format::Excel => file("text/csv; charset=utf-8", "csv", sheet(&asked, &found).excel_csv()),
        Format::Xlsx => file(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
            sheet(&asked, &found).xlsx(),
        ),
    })
}

fn label(level: Level, code: &str) -> String {
    use sanu_schemas::Level as Listed;
    let level = match level {
        Level::Region => Listed::Region,
        Level::Cercle => Listed::Cercle,
        Level::Commune => Listed::Commune,
    };
    sanu_schemas::place_name(level, code).unwrap_or_else(|| code.to_owned())
}

/// A share to four decimals: more would be the digits of a drawing.
fn rounded(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

fn as_json(asked: &Question, found: &[Common], limits: &[Validity]) -> Json {
    let lines = found.iter().map(|common| {
        json!({
            "from": common.from,
            "from_label": label(asked.level, &common.from),
            "to": common.to,
            "to_label": common.to.as_deref().map(|to| label(asked.level, to)),
            "share_from": rounded(common.share_from),
            "share_to": common.share_to.map(rounded),
            "area_km2": common.area_km2.map(|area| (area * 10.0).round() / 10.0),
            "basis": common.ground.code(),
            "approximate": common.ground.is_approximate(),
        })
    });
    let mut sources: Vec<Json> = Vec::new();
    for limit in limits {
        let source = json!({
            "division": limit.of[0], "level": limit.of[1], "valid_from": known(&limit.valid_from),
            "source": limit.source, "licence": known(&limit.licence),
        });
        if sources.last() != Some(&source) && !sources.contains(&source) {
            sources.push(source);
        }
    }
    json!({
        "from": asked.from.code(),
        "to": asked.from.other().code(),
        "level": asked.level.code(),
        "as_of": asked.day.to_string(),
        "lines": lines.collect::<Vec<_>>(),
        "sources": sources,
    })
}

fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn sheet(asked: &Question, found: &[Common]) -> Sheet {
    let head = [
        "from",
        "from_label",
        "to",
        "to_label",
        "share_from",
        "share_to",
        "area_km2",
        "basis",
        "approximate",
    ];
    // Excel as it is set up in French takes a point for text.
    let point = if asked.format == Format::Csv { "." } else { "," };
    let decimal =
        |x: Option<f64>| x.map_or(Entry::Empty, |x| Entry::Text(x.to_string().replace('.', point)));
    let rows = found.iter().map(|common| {
        let to = common.to.as_deref().unwrap_or_default();
        let to_label = if to.is_empty() { String::new() } else { label(asked.level, to) };
        vec![
            Entry::Text(common.from.clone()),
            Entry::Text(label(asked.level, &common.from)),
            Entry::Text(to.to_owned()),
            Entry::Text(to_label),
            decimal(Some(rounded(common.share_from))),
            decimal(common.share_to.map(rounded)),
            decimal(common.area_km2.map(|area| (area * 10.0).round() / 10.0)),
            Entry::Text(common.ground.code().to_owned()),
            Entry::Text(String::from(if common.ground.is_approximate() { "1" } else { "0" })),
        ]
    });
    Sheet {
        title: format!("Correspondance {} - {}", asked.from, asked.from.other()),
        notes: Vec::new(),
        head: head.map(String::from).to_vec(),
        rows: rows.collect(),
    }
}
