//! `sanu form …`

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;

use super::{answer, args::Form, files::read_whole, notice, result};
use crate::{
    app::Base,
    catalogue,
    forms::xlsform,
    store::{audit, forms, settings},
};

/// A form or a media file larger than this is a mistake.
const FILE_MAX: u64 = 64 * 1024 * 1024;

pub(super) async fn run(base: &Base, action: Form, json: bool) -> anyhow::Result<()> {
    match action {
        Form::Publish { file, media } => publish(base, &file, &media, json).await?,
        Form::List => list(base, json).await?,
        Form::Approval { list, off } => approval(base, list, off, json).await?,
        Form::Close { form_id } => {
            let mut tx = base.db.write().await?;
            let count = forms::set_open(&mut tx, &form_id, false, base.runtime.now()).await?;
            audit::note(&mut tx, &base.runtime, "console", "form.close", &form_id, "").await?;
            tx.commit().await?;
            if count == 0 {
                bail!(
                    "il n'y a pas de questionnaire {form_id} (`sanu form list` les donne) / there is no form {form_id}"
                );
            }
            notice(&format!(
                "le questionnaire {form_id} n'est plus proposé ; ce que les téléphones en envoient encore est gardé / no longer \
                 offered; what phones still send is kept"
            ));
        }
    }
    base.db.close().await;
    Ok(())
}

/// Which lists phones are given only as far as somebody accepted what is in them.
async fn approval(base: &Base, list: Option<String>, off: bool, json: bool) -> anyhow::Result<()> {
    let mut tx = base.db.write().await?;
    let mut lists = settings::approval_lists(&mut tx).await?;
    if let Some(list) = list {
        let known = base.catalogue.refresh().await?.offers_list(&list);
        ensure!(
            known || lists.contains(&list),
            "aucun questionnaire ne donne la liste {list} aux téléphones / no form gives phones a list {list}"
        );
        lists.retain(|known| *known != list);
        if !off {
            lists.push(list.clone());
        }
        lists.sort();
        settings::set(&mut tx, settings::APPROVAL, &lists.join(",")).await?;
        let what = if off { "off" } else { "on" };
        audit::note(&mut tx, &base.runtime, "console", "form.approval", &list, what).await?;
        tx.commit().await?;
        notice(&if off {
            format!(
                "les téléphones reçoivent toute la liste {list} / phones are given the whole list"
            )
        } else {
            format!(
                "les téléphones reçoivent de la liste {list} ce qui a été accepté une fois / phones are given what was accepted once"
            )
        });
    }
    if json {
        answer(&json!({ "approval": lists }));
    } else {
        for list in &lists {
            result(list);
        }
    }
    Ok(())
}

async fn publish(base: &Base, file: &Path, media: &[PathBuf], json: bool) -> anyhow::Result<()> {
    let is_sheet = file
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("xlsx") || e.eq_ignore_ascii_case("xls"));
    let mut xml = read_whole(file, FILE_MAX)?;
    if is_sheet {
        let converted = xlsform::convert(&xml);
        xml = converted.with_context(|| file.display().to_string())?.into_bytes();
    }
    let mut files = Vec::with_capacity(media.len());
    for path in media {
        let name = path
            .file_name()
            .and_then(|n| n.to_str())
            .context("a media file needs a name in UTF-8")?;
        files.push((name.to_owned(), read_whole(path, FILE_MAX)?));
    }
    let given: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let mut tx = base.db.write().await?;
    let published = catalogue::publish(&mut tx, &xml, files, base.runtime.now()).await;
    let (row, new) = published.with_context(|| file.display().to_string())?;
    audit::note(&mut tx, &base.runtime, "console", "form.publish", &row.form_id, &row.version)
        .await?;
    tx.commit().await?;
    let forms = base.catalogue.refresh().await?;
    let missing = forms
        .version(&row.form_id, &row.version)
        .map(|p| missing_media(p, &forms))
        .unwrap_or_default();
    for name in &missing {
        notice(&format!(
            "ATTENTION : le questionnaire renvoie à {name}, à donner par --media {name} / warning: the form refers to {name}, which \
             was not given"
        ));
    }
    let taken_over = forms.version(&row.form_id, &row.version).filter(|_| new);
    for (name, _) in taken_over.iter().flat_map(|p| &p.media).filter(|(n, _)| !given.contains(n)) {
        notice(&format!(
            "{name} : repris de la version précédente (pour le changer : --media {name})"
        ));
    }
    let not_evaluated = forms
        .version(&row.form_id, &row.version)
        .map(|p| p.form.not_evaluated().to_vec())
        .unwrap_or_default();
    for one in &not_evaluated {
        notice(&format!("warning: {} of {}: {}", one.part, one.path, one.why));
    }
    let done = if new {
        "publié / published"
    } else {
        "déjà publié, rien n'est changé / already published, nothing was changed"
    };
    notice(&format!("questionnaire {}, version {:?} : {done}", row.form_id, row.version));
    if json {
        answer(&json!({
            "form_id": row.form_id, "version": row.version, "title": row.title, "hash": format!("md5:{}", row.md5),
            "new": new, "missing_media": missing,
            "not_evaluated": not_evaluated
                .iter()
                .map(|one| json!({ "path": one.path, "part": one.part, "why": one.why.to_string() }))
                .collect::<Vec<_>>(),
        }));
    }
    Ok(())
}

fn missing_media(p: &catalogue::Published, forms: &catalogue::Snapshot) -> Vec<String> {
    let has = |name: &str| {
        p.media.iter().any(|(n, _)| n == name)
            || name.strip_suffix(".csv").is_some_and(|d| forms.offers_list(d))
    };
    let mut missing: Vec<_> =
        p.form.media.iter().map(|m| m.filename.clone()).filter(|n| !has(n)).collect();
    missing.sort();
    missing.dedup();
    missing
}

async fn list(base: &Base, json: bool) -> anyhow::Result<()> {
    let forms = base.catalogue.refresh().await?;
    let rows: Vec<_> = forms
        .all()
        .iter()
        .map(|p| {
            json!({
                "form_id": p.row.form_id, "version": p.row.version, "title": p.row.title,
                "open": p.row.is_open, "dataset": p.form.dataset, "hash": format!("md5:{}", p.row.md5),
            })
        })
        .collect();
    if json {
        answer(&json!({ "forms": rows }));
    } else {
        for p in forms.all() {
            let open = if p.row.is_open { "" } else { "\t(closed)" };
            result(&format!("{}\t{}\t{}{open}", p.row.form_id, p.row.version, p.row.title));
        }
    }
    Ok(())
}
