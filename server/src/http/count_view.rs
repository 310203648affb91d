//! A table of counts for one reader: from the cells or from what is published of them, as JSON or a
//! file.

use std::sync::Arc;

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use jiff::civil::Date;
use sanu_schemas::{Beside, Realm};

use super::{
    count_days::{closed, end_of},
    count_doubt::{Doubts, doubts},
    count_json::as_json,
    count_names::{Names, named, without_children},
    count_sheet::{codes, words},
    problem::Problem,
};
use crate::{
    access::{Caller, Role},
    app::App,
    counts::{
        Axis, Coverage, Cube, Dimension, Lines, Manner, SUBMISSIONS, Table, Tally, Threshold,
        coverage, share,
    },
    db::Tx,
    geo::Division,
    publication::{self, Published},
    runtime::Micros,
    store::{
        Scope,
        cells::{Reviewed, by_review},
    },
};

/// The public reads numbers of persons rounded to this.
const PUBLIC_ROUNDING: i64 = 5;

/// What is asked.
pub(super) struct Question {
    /// The dataset.
    pub(super) of: String,
    /// The dimensions, in the order of the columns.
    pub(super) by: Vec<Dimension>,
    /// Which places.
    pub(super) division: Division,
    /// The title of the table.
    pub(super) title: String,
    /// Figures of another source to show beside.
    pub(super) beside: Option<Beside>,
    /// Whether the expected number of distinct people is asked for.
    pub(super) doubt: bool,
    /// Which of what is registered, where the reader may choose; none = as is usual.
    pub(super) review: Option<Reviewed>,
    /// A day that is over: the answer is that of its end, the same for ever.
    pub(super) as_of: Option<Date>,
}

impl Question {
    /// About this dataset, as it is.
    pub(super) fn of(dataset: &str, title: &str) -> Self {
        Self {
            of: dataset.to_owned(),
            by: Vec::new(),
            division: Division::D2023,
            title: title.to_owned(),
            beside: None,
            doubt: false,
            review: None,
            as_of: None,
        }
    }

    /// Where each dimension is kept.
    pub(super) fn axes(&self) -> Vec<Axis> {
        self.by.iter().map(|d| d.axis(self.division)).collect()
    }

    /// The cells that know all that is asked for.
    pub(super) fn cube(&self) -> Result<Cube, Problem> {
        Cube::with(&self.of, &self.axes())
            .ok_or_else(|| Problem::bad("by: these dimensions are not counted together"))
    }

    /// Whether this role reads the numbers as they are.
    pub(super) fn is_exact_for(&self, role: Role) -> bool {
        let origin = self.by.contains(&Dimension::Nationality);
        role.sees_exact_counts(self.is_of_children()) && (!origin || role.sees_exact_origins())
    }

    /// Whether children are counted.
    pub(super) fn is_of_children(&self) -> bool {
        let datasets = sanu_schemas::datasets();
        datasets.iter().any(|d| d.name == self.of && d.realm == Realm::Children)
    }
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// For programs.
    Json,
    /// Comma-separated, for programs.
    Csv,
    /// Semicolons and a byte order mark, for French Excel.
    Excel,
    /// A workbook.
    Xlsx,
}

impl Format {
    /// What the request prefers when it does not name one.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if accept.starts_with("text/csv") { Self::Csv } else { Self::Json }
    }

    /// Reads the name of a format.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            "excel" => Ok(Self::Excel),
            "xlsx" => Ok(Self::Xlsx),
            _ => Err(Problem::bad("format: json, csv, excel or xlsx")),
        }
    }
}

/// The table as this reader may see it.
pub(super) struct View {
    pub(super) table: Table,
    pub(super) manner: Manner,
    pub(super) at: Micros,
    pub(super) review: Reviewed,
    pub(super) in_review: InReview,
    pub(super) coverage: Vec<Coverage>,
    pub(super) doubts: Option<Doubts>,
    names: Names,
}

impl View {
    /// The French name of a code.
    pub(super) fn label(&self, dimension: Dimension, code: &str) -> String {
        if code.is_empty() {
            return String::from("Non connu");
        }
        self.names.of(dimension, code).unwrap_or_else(|| dimension.label(code))
    }

    /// What to know of numbers that are protected.
    pub(super) fn note(&self) -> Option<String> {
        let threshold = self.manner.threshold?;
        let mut note = format!(
            "Chiffres protégés : chaque nombre est proche du vrai sans lui être égal, et ceux qui sont \
             inférieurs à {} ne sont pas montrés.",
            threshold.0
        );
        if self.manner.round_to > 1 {
            note = format!("{note} Arrondis à {}.", self.manner.round_to);
        }
        Some(note)
    }
}

/// How many records stand how.
pub(super) type Stands = Vec<(String, i64)>;

/// What waits for review, beside what is counted.
pub(super) struct InReview {
    /// Of what is registered, 0 to 1.
    pub(super) share: f64,
    /// How many, and the records that are not accepted by how they stand, as far as that is known; for
    /// who sees exact counts.
    pub(super) exact: Option<(i64, Option<Stands>)>,
}

/// Answers the question as far as this reader may know. Whether it may be asked is decided before.
pub(super) async fn answer(
    app: &App,
    by: &Caller,
    question: &Question,
    format: Format,
) -> Result<Response, Problem> {
    if question.doubt && format != Format::Json {
        return Err(Problem::bad("doubt: with format=json"));
    }
    let view = view(app, by, question).await?;
    let file = |kind, extension: &str, bytes: Vec<u8>| {
        let name = format!("attachment; filename=\"{}.{extension}\"", question.of);
        ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name.as_str())], bytes)
            .into_response()
    };
    let mut response = match format {
        Format::Json => {
            let kind = [(header::CONTENT_TYPE, "application/json")];
            (kind, as_json(question, &view)).into_response()
        }
        Format::Csv => file("text/csv; charset=utf-8", "csv", codes(question, &view)),
        Format::Excel => file("text/csv; charset=utf-8", "csv", words(question, &view).excel_csv()),
        Format::Xlsx => file(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
            words(question, &view).xlsx(),
        ),
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

async fn view(app: &App, by: &Caller, question: &Question) -> Result<View, Problem> {
    let is_of_persons = publication::threshold(&question.of).is_some();
    if (!is_of_persons || question.is_exact_for(by.role)) && by.role != Role::Public {
        return exact(app, by, question).await;
    }
    // Open pairs are about single people.
    if question.doubt {
        return Err(Problem::forbidden());
    }
    published(app, by, question).await
}

/// From the cells of the register.
async fn exact(app: &App, by: &Caller, question: &Question) -> Result<View, Problem> {
    let (scope, of, axes) = (&by.scope, &question.of, question.axes());
    // Who is not at work on the register reads official figures; so does who asks for the past.
    let at_work = by.role.sees_exact_counts(question.is_of_children());
    let usual = if question.as_of.is_some() { Reviewed::Accepted } else { Reviewed::All };
    let usual = if question.of == SUBMISSIONS { Reviewed::All } else { usual };
    let review = if at_work { question.review.unwrap_or(usual) } else { Reviewed::Accepted };
    let day = match question.as_of {
        Some(date) => Some(closed(app, date).await?),
        None => None,
    };
    let mut tx = app.base.db.read().await?;
    let tally = tally(app, &mut tx, (of, question.cube()?), day).await?;
    let seen = seen(scope);
    let mut counted = seen.clone();
    counted.extend(review.code().map(|code| (Axis::Review, vec![code.to_owned()])));
    let lines = if question.of == SUBMISSIONS && !by.role.sees_exact_counts(true) {
        without_children(app, &tally, &axes, &counted).await?
    } else {
        tally.table(&axes, &counted)
    };
    let lines = lines.without_zeros();
    let (lines, names) = named(app, &mut tx, scope, &question.by, lines).await?;
    // Every dataset has all of itself in the cube of places; submissions have none.
    let whole = self::tally(app, &mut tx, (of, Cube::Place), day).await?;
    let (accepted, pending) = by_review(&whole.table(&[Axis::Review], &seen));
    let records = match day {
        None => Some(app.base.tallies.in_review(&mut tx, scope, of).await?),
        Some(_) => None,
    };
    drop(tx);
    let in_review = InReview { share: share(accepted, pending), exact: Some((pending, records)) };
    let doubts =
        if question.doubt { Some(doubts(app, by, &question.of, &axes).await?) } else { None };
    let at = question.as_of.map_or_else(|| app.base.runtime.now(), end_of);
    let coverage = rates(question, &lines, Manner::EXACT);
    let (table, manner) = (Table::new(lines, Manner::EXACT), Manner::EXACT);
    Ok(View { table, manner, at, review, in_review, coverage, doubts, names })
}

/// The cells that are asked, as they are or as they were at the end of a day.
async fn tally(
    app: &App,
    tx: &mut Tx,
    (of, cube): (&str, Cube),
    day: Option<i64>,
) -> Result<Arc<Tally>, Problem> {
    let tallies = &app.base.tallies;
    Ok(match day {
        Some(day) => tallies.at(tx, of, cube, day).await?,
        None => tallies.now(tx, of, cube).await?,
    })
}

/// The zones whose cells a scope sees.
fn seen(scope: &Scope) -> Vec<(Axis, Vec<String>)> {
    let zones = scope.zones().map(|zones| zones.iter().map(i32::to_string).collect());
    zones.map(|zones| (Axis::Zone, zones)).into_iter().collect()
}

/// From what is published.
async fn published(app: &App, by: &Caller, question: &Question) -> Result<View, Problem> {
    let (cube, axes) = (question.cube()?, question.axes());
    let published = in_force(app, by.role, question).await?;
    if !published.release.has(cube) {
        return Err(Problem::new("not-published", ""));
    }
    let of_persons = publication::threshold(&question.of);
    let threshold = of_persons.map(|t| if cube == Cube::Profile { Threshold::ORIGIN } else { t });
    let is_rounded = by.role == Role::Public && threshold.is_some();
    let manner = Manner { threshold, round_to: if is_rounded { PUBLIC_ROUNDING } else { 1 } };
    let lines = published.release.table(cube, &axes, by.scope.zones().as_deref());
    let coverage = rates(question, &lines, manner);
    let table = Table::new(lines, manner);
    let in_review = InReview { share: published.release.share_in_review(), exact: None };
    let review = Reviewed::Accepted;
    let names = Names::default();
    let (at, doubts) = (published.at, None);
    Ok(View { table, manner, at, review, in_review, coverage, doubts, names })
}

/// The rates that a table shows beside its numbers.
fn rates(question: &Question, lines: &Lines, manner: Manner) -> Vec<Coverage> {
    match question.beside {
        Some(Beside::Coverage) => coverage(lines, manner),
        Some(Beside::DeclaredOrganisations) | None => Vec::new(),
    }
}

/// The state that this reader has now, or had at the end of the day.
async fn in_force(app: &App, role: Role, question: &Question) -> Result<Arc<Published>, Problem> {
    let (publication, of) = (&app.base.publication, &question.of);
    let found = match (question.as_of, role) {
        (None, Role::Public) => Some(publication.of_month(of).await?),
        (None, _) => Some(publication.current(of).await?),
        (Some(date), Role::Public) => publication.as_of_month(of, date).await?,
        (Some(date), _) => publication.as_of(of, end_of(date)).await?.map(Arc::new),
    };
    found.ok_or_else(|| Problem::new("not-published", ""))
}
