//! `sanu geography import …`

use std::path::Path;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{answer, args::Geography, files::read_whole, notice};
use crate::{
    app::Base,
    geo::{Boundary, boundary_geojson, read_boundaries_with_notes},
    places::SchemaNamer,
    store::{audit, boundaries, boundaries::BoundaryRow},
};

pub(super) async fn run(base: &Base, action: Geography, json: bool) -> anyhow::Result<()> {
    let Geography::Import { files, licence, valid_to } = action;
    let terms =
        Terms { licence: licence.unwrap_or_default(), valid_to: valid_to.unwrap_or_default() };
    let mut loaded = Vec::new();
    // All files are read before the first is stored: all or nothing.
    for file in &files {
        loaded.extend(read(file, &terms)?);
    }
    let mut counts = serde_json::Map::new();
    for row in &loaded {
        let key = format!("{}/{}", row.division, row.level);
        let n = counts.get(&key).and_then(serde_json::Value::as_u64).unwrap_or(0);
        counts.insert(key, (n + 1).into());
    }
    let mut tx = base.db.write().await?;
    boundaries::put(&mut tx, loaded, base.runtime.now()).await?;
    let names: Vec<_> = files.iter().filter_map(|f| f.file_name()?.to_str()).collect();
    audit::note(&mut tx, &base.runtime, "console", "geography.import", "", &names.join(", "))
        .await?;
    tx.commit().await?;
    base.places.current().await?;
    let bar = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {pos} places computed again")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    let placed = base.applier().replace_all(&mut |done| bar.set_position(done)).await?;
    bar.finish_and_clear();
    notice(&format!(
        "limites chargées ; lieux recalculés : {placed} / boundaries loaded: {}; {placed} places computed again",
        serde_json::Value::Object(counts.clone())
    ));
    if json {
        answer(&json!({ "boundaries": counts, "placed": placed }));
    }
    base.db.close().await;
    Ok(())
}

/// A file larger than this holds no boundaries of one country.
const FILE_MAX: u64 = 1 << 30;

/// What the operator knows of a file and the file does not say.
struct Terms {
    licence: String,
    valid_to: String,
}

fn read(file: &Path, terms: &Terms) -> anyhow::Result<Vec<BoundaryRow>> {
    let name = || file.display().to_string();
    let bytes = read_whole(file, FILE_MAX)?;
    let import = read_boundaries_with_notes(&bytes, &SchemaNamer).with_context(name)?;
    for note in &import.notes {
        notice(&format!("{}: {note:?}", file.display()));
    }
    let source = file.file_name().and_then(|n| n.to_str()).unwrap_or("file").to_owned();
    let row = |boundary: Boundary| BoundaryRow {
        division: boundary.division.code().to_owned(),
        level: boundary.level.code().to_owned(),
        code: boundary.code.clone(),
        geometry: boundary_geojson(&boundary),
        source: source.clone(),
        name: boundary.name.clone(),
        // P-codes are those of the common operational datasets.
        code_system: boundary.pcode.as_ref().map_or("", |_| "COD-AB").to_owned(),
        source_code: boundary.pcode.clone().unwrap_or_default(),
        // What is no day says nothing about when.
        valid_from: boundary.valid_on.clone().filter(|day| is_day(day)).unwrap_or_default(),
        valid_to: terms.valid_to.clone(),
        licence: terms.licence.clone(),
    };
    Ok(import.boundaries.into_iter().map(row).collect())
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}
