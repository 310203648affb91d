//! `sanu export …`: a collection of the register as a file.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::{answer, args::Export, files::write_file, notice};
use crate::{
    access::Role,
    app::Base,
    export::{self, Format, Label},
    layers::{Layer, Layers, layers},
    store::{Scope, audit, zones},
};

pub(super) async fn run(base: &Base, export: Export, json: bool) -> anyhow::Result<()> {
    let role = Role::parse(&export.role).context("--as: no such role")?;
    let scope = scope(base, export.zone.as_deref()).await?;
    let layer = layer(base, role, &export.dataset).await?;
    let held = Layers::default().features(base, &scope, &layer).await?;
    let at = held.at.to_rfc3339();
    let label = Label { name: &layer.collection.id, title: &layer.collection.title, at: &at };
    write_file(&export.out, |out| export::write(&held.features, export.format, label, out))?;
    let (bytes, sha256) = if export.out.is_file() { sum(&export.out)? } else { Default::default() };
    let rows = held.features.len();
    let subject = format!("{}.{}", export.dataset, export.format.suffix());
    let detail =
        json!({ "as": role.as_str(), "zones": scope.token(), "rows": rows, "sha256": sha256 });
    let mut tx = base.db.write().await?;
    audit::note(&mut tx, &base.runtime, "console", "download", &subject, &detail.to_string())
        .await?;
    tx.commit().await?;
    notice(&format!("{rows} rows written to {}", export.out.display()));
    if json {
        answer(&json!({ "rows": rows, "bytes": bytes, "sha256": sha256, "at": at }));
    }
    base.db.close().await;
    Ok(())
}

async fn scope(base: &Base, zone: Option<&str>) -> anyhow::Result<Scope> {
    let Some(code) = zone else { return Ok(Scope::of(None)) };
    let all = zones::all(&mut base.db.read().await?).await?;
    let found = all.into_iter().find(|z| z.code == code);
    Ok(Scope::of(Some(found.with_context(|| format!("--zone: there is no zone {code}"))?.zone_id)))
}

async fn layer(base: &Base, role: Role, id: &str) -> anyhow::Result<Layer> {
    let forms = base.catalogue.current().await?;
    let all = layers(role, &forms, &base.places.gazetteer());
    let known: Vec<_> = all.iter().map(|l| l.collection.id.clone()).collect();
    match all.into_iter().find(|l| l.collection.id == id) {
        Some(layer) => Ok(layer),
        None => bail!("no dataset {id} for {}; there are: {}", role.as_str(), known.join(", ")),
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
