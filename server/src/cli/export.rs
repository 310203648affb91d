//! `sanu export …`: a collection of the register as a file.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, bail};
use serde_json::{Value as Json, json};

use super::{account::role_named, answer, args::Export, export_form, files::write_file, notice};
use crate::{
    access::Role,
    app::Base,
    export::{self, Format, Label},
    extract::{extract, period_of},
    french::counted,
    layers::{Layer, Layers, layers},
    store::{Scope, audit, zones},
};

pub(super) async fn run(base: &Base, export: Export, json: bool) -> anyhow::Result<()> {
    let role = role_named(&export.role)?;
    let scope = scope(base, export.zone.as_deref()).await?;
    if let Some(written) = export_form::write(base, &export, role, scope.clone()).await? {
        let at = base.runtime.now().to_rfc3339();
        return told(base, &export, (written.rows, written.detail), &at, json).await;
    }
    if export.identity {
        bail!("--identity : avec un questionnaire seulement / with a form only");
    }
    let now = base.runtime.now();
    let period =
        period_of(&export.dataset, now).filter(|_| role.may_extract() && scope == Scope::All);
    let (features, name, title, at) = if let Some(period) = period {
        if !TABLES.contains(&export.format) {
            bail!(
                "--format : les personnes s'écrivent en csv, excel.csv ou xlsx / people are written as csv, excel.csv or xlsx"
            );
        }
        let found = extract(base, "console", &period).await?;
        let found = found.with_context(|| {
            format!("pas d'extrait de personnes pour {period} / no extract of people of {period}")
        })?;
        (found.features, found.collection.id, found.collection.title, found.at.to_rfc3339())
    } else {
        let layer = layer(base, role, &export.dataset).await?;
        let held = Layers::default().features(base, &scope, &layer).await?;
        let held = Arc::into_inner(held).context("nobody else holds what was just read")?;
        let (at, collection) = (held.at.to_rfc3339(), layer.collection);
        (held.features, collection.id, collection.title, at)
    };
    let label = Label { name: &name, title: &title, at: &at };
    write_file(&export.out, |out| export::write(&features, export.format, label, out))?;
    let rows = features.len();
    let detail = json!({ "as": role.as_str(), "zones": scope.token(), "rows": rows });
    told(base, &export, (rows, detail), &at, json).await
}

/// People have no place on a map.
const TABLES: [Format; 3] = [Format::Csv, Format::ExcelCsv, Format::Xlsx];

/// Notes what was written, and says so.
async fn told(
    base: &Base,
    export: &Export,
    (rows, mut detail): (usize, Json),
    at: &str,
    json: bool,
) -> anyhow::Result<()> {
    let (bytes, sha256) = if export.out.is_file() { sum(&export.out)? } else { Default::default() };
    let subject = format!("{}.{}", export.dataset, export.format.suffix());
    if let Some(detail) = detail.as_object_mut() {
        detail.insert(String::from("sha256"), sha256.as_str().into());
    }
    let mut tx = base.db.write().await?;
    audit::note(&mut tx, &base.runtime, "console", "download", &subject, &detail.to_string())
        .await?;
    tx.commit().await?;
    let lines = counted(u64::try_from(rows)?, "ligne écrite", "lignes écrites");
    notice(&format!("{lines} dans {} / {rows} rows written", export.out.display()));
    if json {
        answer(&json!({ "rows": rows, "bytes": bytes, "sha256": sha256, "at": at }));
    }
    base.db.close().await;
    Ok(())
}

async fn scope(base: &Base, zone: Option<&str>) -> anyhow::Result<Scope> {
    let Some(code) = zone else { return Ok(Scope::of(None)) };
    let all = zones::all(&mut base.db.read().await?).await?;
    let found = all.iter().find(|z| z.code == code);
    let found = found.with_context(|| {
        let known = all.iter().map(|z| z.code.as_str()).collect::<Vec<_>>().join(", ");
        format!(
            "--zone : il n'y a pas de zone {code} ; les zones sont {known} / there is no such zone"
        )
    })?;
    Ok(Scope::of(Some(found.zone_id)))
}

async fn layer(base: &Base, role: Role, id: &str) -> anyhow::Result<Layer> {
    let forms = base.catalogue.current().await?;
    let all = layers(role, &forms, &*base.places.current().await?);
    let known: Vec<_> = all.iter().map(|l| l.collection.id.clone()).collect();
    match all.into_iter().find(|l| l.collection.id == id) {
        Some(layer) => Ok(layer),
        None => bail!(
            "pas de liste {id} pour le rôle {} ; il y a {} / no such dataset for this role; there are those",
            role.as_str(),
            known.join(", ")
        ),
    }
}

/// How many bytes a file has, and their SHA-256.
fn sum(path: &Path) -> anyhow::Result<(u64, String)> {
    let mut file = std::fs::File::open(path)?;
    let (bytes, sha256) = export::sum(&mut file)?;
    Ok((bytes, hex::encode(sha256)))
}

/// Reads `--format`.
pub(super) fn format(text: &str) -> Result<Format, String> {
    let known: Vec<_> = Format::ALL.map(Format::suffix).into();
    Format::parse(text).ok_or_else(|| format!("expected one of {}", known.join(", ")))
}
