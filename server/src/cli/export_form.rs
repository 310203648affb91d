//! `sanu export FORM`: the submissions of a form as a table, masked for a role; who people are only for who
//! says why.

use std::io::{self, Write};

use anyhow::{Context as _, bail};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{args::Export, files::write_file};
use crate::{
    access::Role,
    app::Base,
    apply::realm_of_form,
    central::{Field, Item, Schema, form_schema, text_of},
    export::{Entry, Format, Sheet, harmless},
    forms::XForm,
    keys::Realm,
    store::{
        Scope,
        records::{self, RecordRow, Wanted},
        submissions,
    },
};

/// Submissions read at a time.
const PAGE: i64 = 500;
/// Rows of a workbook: it is put together in memory.
const BOOK_MAX: usize = 50_000;

/// The columns that every form has.
const HEAD: [&str; 6] =
    ["instance_id", "received_at", "form_version", "state", "edits", "device_id"];

/// What is known of a written file: how many rows, and what the log is to say.
pub(super) struct Written {
    pub(super) rows: usize,
    pub(super) detail: Json,
}

/// Writes the submissions of a form; `None` when no form is called so.
pub(super) async fn write(
    base: &Base,
    export: &Export,
    role: Role,
    scope: Scope,
) -> anyhow::Result<Option<Written>> {
    let forms = base.catalogue.current().await?;
    let versions: Vec<&XForm> = forms
        .all()
        .into_iter()
        .filter(|f| f.row.form_id == export.dataset)
        .map(|f| &f.form)
        .collect();
    let children = versions.iter().any(|form| realm_of_form(form) == Realm::Children);
    let Some(tier) = role.record_tier(children).filter(|_| !versions.is_empty()) else {
        return Ok(None);
    };
    ensure_may_name(export, role, children)?;
    let Some(schema) = form_schema(&versions, tier) else { return Ok(None) };
    let columns = columns(&schema, export.identity);
    let sealed = tier.opens() || export.identity;
    let form_id = export.dataset.clone();
    let wanted = Wanted { form_id, scope: scope.clone(), sealed, ascending: true };
    let rows = match export.format {
        Format::Csv | Format::ExcelCsv | Format::Xlsx => to_file(base, export, &wanted, &columns),
        _ => bail!(
            "--format : les fiches s'écrivent en csv, excel.csv ou xlsx / submissions are written as csv, excel.csv or xlsx"
        ),
    };
    let rows = rows?;
    let detail = json!({
        "as": role.as_str(), "zones": scope.token(), "rows": rows, "identity": export.identity,
        "reason": export.reason,
    });
    Ok(Some(Written { rows, detail }))
}

/// Names leave only by who may read them, and with a reason; those of children not at all.
fn ensure_may_name(export: &Export, role: Role, children: bool) -> anyhow::Result<()> {
    if !export.identity {
        return Ok(());
    }
    if children || role != Role::DataManager {
        bail!(
            "--identity : des adultes seulement, avec --as data_manager / only of adults, as data_manager"
        );
    }
    if export.reason.as_deref().is_none_or(|reason| reason.trim().len() < 5) {
        bail!(
            "--identity demande --reason \"…\", gardé dans le journal / needs a reason, kept in the log"
        );
    }
    Ok(())
}

/// A column: where its answer lies.
struct Column {
    name: String,
    path: Vec<String>,
}

fn columns(schema: &Schema, identity: bool) -> Vec<Column> {
    let mut found = Vec::new();
    gather(&schema.items, &mut Vec::new(), identity, &mut found);
    found
}

/// Groups are walked through; what repeats has no place in a table of submissions. Recursion is bounded by
/// the depth of a published form.
fn gather(items: &[Item], above: &mut Vec<String>, identity: bool, into: &mut Vec<Column>) {
    for item in items {
        match item {
            Item::Field(field) if is_shown(field, identity) => {
                let mut path = above.clone();
                path.push(field.raw.clone());
                into.push(Column { name: path.join("-"), path });
            }
            Item::Group(group) => {
                above.push(group.raw.clone());
                gather(&group.items, above, identity, into);
                above.pop();
            }
            Item::Field(_) | Item::Repeat(_) => {}
        }
    }
}

/// Positions of people are not told here: rounded ones are at `/v1/projects`.
const fn is_shown(field: &Field, identity: bool) -> bool {
    identity || !(field.withheld || field.rounded && field.kind.is_place())
}

/// Pages are read while the file is written: memory does not grow with the form.
fn to_file(
    base: &Base,
    export: &Export,
    wanted: &Wanted,
    columns: &[Column],
) -> anyhow::Result<usize> {
    let own = HEAD.iter().map(|name| (*name).to_owned());
    let head: Vec<String> = own.chain(columns.iter().map(|c| c.name.clone())).collect();
    let mut rows = 0;
    write_file(&export.out, |out| {
        let lines = |see: &mut dyn FnMut(Vec<String>) -> io::Result<()>| {
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(each(base, wanted, columns, see))
            })
            .map_err(io::Error::other)
        };
        if export.format == Format::Xlsx {
            let mut sheet =
                Sheet { title: String::new(), notes: Vec::new(), head, rows: Vec::new() };
            lines(&mut |line| {
                if sheet.rows.len() >= BOOK_MAX {
                    return Err(io::Error::other(format!("over {BOOK_MAX} rows: take csv")));
                }
                sheet.rows.push(line.into_iter().map(Entry::Text).collect());
                Ok(())
            })?;
            rows = sheet.rows.len();
            return out.write_all(&sheet.xlsx());
        }
        let excel = export.format == Format::ExcelCsv;
        if excel {
            out.write_all("\u{feff}".as_bytes())?;
        }
        let mut writer = csv::WriterBuilder::new()
            .delimiter(if excel { b';' } else { b',' })
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        writer.write_record(&head)?;
        lines(&mut |line| {
            rows += 1;
            Ok(writer.write_record(line.iter().map(|text| harmless(text)))?)
        })?;
        writer.flush()
    })?;
    Ok(rows)
}

async fn each(
    base: &Base,
    wanted: &Wanted,
    columns: &[Column],
    see: &mut dyn FnMut(Vec<String>) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut after: Option<Uuid> = None;
    let mut tx = base.db.read().await?;
    loop {
        let page = records::page(&mut tx, wanted, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.submission_id);
        for record in &page {
            see(line(record, columns, base)?)?;
        }
    }
}

fn line(record: &RecordRow, columns: &[Column], base: &Base) -> anyhow::Result<Vec<String>> {
    let open: Json = serde_json::from_str(&record.answers).context("record.answers")?;
    let sealed = match &record.sealed {
        Some(sealed) => sealed.open(&base.keys)?,
        None => None,
    };
    let sealed: Json = match sealed {
        Some(plain) => serde_json::from_slice(&plain).context("record.sealed")?,
        None => Json::Null,
    };
    let stands = submissions::stands(&record.state, &record.review);
    let mut line = vec![
        record.instance_id.clone(),
        record.received_at.to_rfc3339(),
        record.form_version.clone(),
        stands.to_owned(),
        record.edits.to_string(),
        record.device_id.map(|id| id.to_string()).unwrap_or_default(),
    ];
    for column in columns {
        let found = at(&open, &column.path).or_else(|| at(&sealed, &column.path));
        line.push(found.map(|value| text_of(value).into_owned()).unwrap_or_default());
    }
    Ok(line)
}

fn at<'j>(answers: &'j Json, path: &[String]) -> Option<&'j Json> {
    path.iter().try_fold(answers, |json, step| json.get(step)).filter(|json| !json.is_null())
}
