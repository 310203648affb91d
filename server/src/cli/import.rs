//! `sanu import …`: base lists in, and out again.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;
use uuid::Uuid;

use super::{
    answer, args::Import as Args, files::read_whole, notice, progress, result, serve::lock,
};
use crate::{
    app::{Base, Settings},
    apply::read_imports,
    db::{Tx, Value},
    french::counted,
    import::{Fault, List, Plan, Register, entity_id, lists, read_list},
    intake::{Action, Import, Incoming, Outcome, Review, Sender, journal},
    runtime::{Micros, Runtime},
    store::{
        Scope, ZoneId, audit,
        imports::{self, ImportLine},
        settings, zones,
    },
};

/// A file larger than this is no base list.
const FILE_MAX: u64 = 64 * 1024 * 1024;
/// Lines of one event of the journal: what is read again when one of them is looked up.
const LINES: usize = 100;
/// Events appended at once.
const EVENTS: usize = 32;
/// Faults and changes that are shown one by one.
const SHOWN: usize = 40;
/// How long nothing may move before the command no longer waits for the server.
const STALLED: u32 = 240;

pub(super) async fn run(settings: Settings, args: Args, json: bool) -> anyhow::Result<()> {
    let data = settings.data.clone();
    let base = Base::existing(settings, Runtime::system()).await?;
    super::whole(&base).await?;
    let done = match (args.undo, args.dataset.as_deref(), &args.file) {
        (Some(id), ..) => undo(&base, &data, id, json).await,
        (None, Some("list"), None) => list(&base, json).await,
        (None, Some(dataset), Some(file)) => load(&base, &data, (dataset, file), &args, json).await,
        _ => bail!("quel fichier ? sanu import {} FICHIER.csv", args.dataset.unwrap_or_default()),
    };
    base.db.close().await;
    done
}

async fn load(
    base: &Base,
    data: &Path,
    (dataset, file): (&str, &Path),
    args: &Args,
    json: bool,
) -> anyhow::Result<()> {
    ensure!(
        lists().contains(&dataset),
        "liste inconnue : {dataset} ; les listes sont {}",
        lists().join(", ")
    );
    let name = || file.display().to_string();
    let bytes = read_whole(file, FILE_MAX)?;
    let bar = progress::spinner("lignes");
    let read = read_list(dataset, bytes, &mut |n| bar.set_position(n));
    bar.finish_and_clear();
    let mut list = read.with_context(name)?;
    let zone = args.zone.as_deref().unwrap_or("ML");
    let (register, stand) = register(base, dataset, &list).await?;
    let plan = Plan::make(dataset, &mut list, &register, zone);
    drop(register);
    tell(&list, &plan);
    if !json {
        sums(&list, &plan);
    }
    if list.fault_count > 0 {
        if json {
            answer(&report(&list, &plan, None));
        }
        bail!(
            "{} : {} sur {} : rien n'a été écrit",
            file.display(),
            counted(list.fault_count, "faute", "fautes"),
            counted(u64::try_from(list.faulty.len())?, "ligne", "lignes")
        );
    }
    if !args.apply {
        notice("Rien n'a été écrit. Pour le faire : la même commande avec --apply.");
        if json {
            answer(&report(&list, &plan, None));
        }
        return Ok(());
    }
    if plan.is_empty() {
        notice("La liste ne dit rien de nouveau : rien n'est à écrire.");
        if json {
            answer(&report(&list, &plan, None));
        }
        return Ok(());
    }
    let file_name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let line = append(base, (dataset, &file_name), &plan, &stand).await?;
    applied(base, data, line.last_seq).await?;
    notice(&format!(
        "Importation {} : {}. Pour revenir en arrière : sanu import --undo {}",
        line.import_id,
        counted(u64::try_from(plan.len())?, "ligne écrite", "lignes écrites"),
        line.import_id
    ));
    if json {
        answer(&report(&list, &plan, Some(line.import_id)));
    }
    Ok(())
}

/// What earlier lists say of this one and of those that it refers to, and which imports those are.
async fn register(
    base: &Base,
    dataset: &str,
    list: &List,
) -> anyhow::Result<(Register, Vec<Uuid>)> {
    let columns = sanu_schemas::import_columns().iter().filter(|c| c.dataset == dataset);
    let mut wanted: BTreeSet<&str> = columns.map(|c| c.list.as_str()).collect();
    wanted.insert(dataset);
    let mut register = Register::default();
    let mut tx = base.db.read().await?;
    let mut stand = Vec::new();
    for line in imports::all(&mut tx).await?.into_iter().filter(|l| l.undone_at.is_none()) {
        stand.push(line.import_id);
        if !wanted.contains(line.dataset.as_str()) {
            continue;
        }
        let file: Arc<str> = Arc::from(line.file_name.as_str());
        let mut take = |import: Import| {
            for row in &import.rows {
                register.learn(&import.dataset, &file, row);
            }
        };
        read_imports(&mut tx, (line.first_seq, line.last_seq), &base.keys, &mut take).await?;
    }
    let ids = list.lines.iter().map(|l| Value::from(entity_id(dataset, &l.key)));
    register.homes = imports::homes(&mut tx, ids.collect()).await?;
    Ok((register, stand))
}

/// Says what the file is and what it would do.
fn tell(list: &List, plan: &Plan) {
    notice(&format!("Lu : {}", list.written));
    if !list.unused.is_empty() {
        notice(&format!("Colonnes sans emploi : {}", list.unused.join(", ")));
    }
    tell_lines(&list.faults, list.fault_count, ("autre faute", "autres fautes"));
    if list.warning_count > 0 {
        notice(
            "À vérifier (ces lignes s'écrivent quand même, une position impossible reste marquée) :",
        );
        tell_lines(
            &list.warnings,
            list.warning_count,
            ("autre avertissement", "autres avertissements"),
        );
    }
    for (line, key, place) in plan.changed.iter().take(SHOWN) {
        notice(&format!("ligne {line} : « {key} » dit autre chose que {place}"));
    }
    if plan.changed.len() > SHOWN {
        let more = u64::try_from(plan.changed.len() - SHOWN).unwrap_or(u64::MAX);
        notice(&format!("… et {}", counted(more, "autre changement", "autres changements")));
    }
}

/// The first of what is said of single lines, and how much more there is.
fn tell_lines(lines: &[Fault], count: u64, (one, several): (&str, &str)) {
    for of in lines.iter().take(SHOWN) {
        notice(&format!("ligne {} : {}", of.line, of.what));
    }
    let shown = u64::try_from(lines.len().min(SHOWN)).unwrap_or(0);
    if count > shown {
        notice(&format!("… et {}", counted(count - shown, one, several)));
    }
}

/// What it would do, in numbers.
fn sums(list: &List, plan: &Plan) {
    result(&format!("nouvelles\t{}", plan.new));
    result(&format!("changées\t{}", plan.changed.len()));
    result(&format!("identiques\t{}", plan.same));
    result(&format!("fautes\t{}", list.fault_count));
    result(&format!("avertissements\t{}", list.warning_count));
}

fn report(list: &List, plan: &Plan, import_id: Option<Uuid>) -> serde_json::Value {
    let told = |lines: &[Fault]| {
        lines.iter().map(|f| json!({ "line": f.line, "what": f.what })).collect::<Vec<_>>()
    };
    json!({
        "import_id": import_id,
        "new": plan.new,
        "changed": plan.changed.len(),
        "same": plan.same,
        "fault_count": list.fault_count,
        "faults": told(&list.faults),
        "warning_count": list.warning_count,
        "warnings": told(&list.warnings),
        "unused_columns": list.unused,
    })
}

/// Appends everything in one transaction: all of it stands in the journal, or nothing.
async fn append(
    base: &Base,
    (dataset, file_name): (&str, &str),
    plan: &Plan,
    stand: &[Uuid],
) -> anyhow::Result<ImportLine> {
    let runtime = &base.runtime;
    let import_id = runtime.random_id();
    let mut tx = base.db.write().await?;
    let now_stand = imports::all(&mut tx).await?.into_iter().filter(|l| l.undone_at.is_none());
    let now_stand: Vec<Uuid> = now_stand.map(|l| l.import_id).collect();
    ensure!(now_stand == stand, "une autre importation vient d'avoir lieu : recommencer");
    let first_seq = imports::heads(&mut tx).await?.0 + 1;
    let bar = progress::bar(u64::try_from(plan.len()).unwrap_or(0), "écriture");
    let mut part = 0;
    for (zone, rows) in &plan.rows {
        let (zone_id, _) = zones::ensure(&mut tx, zone, runtime.now()).await?;
        for group in rows.chunks(LINES * EVENTS) {
            let mut incoming = Vec::new();
            for rows in group.chunks(LINES) {
                part += 1;
                let content = Import::write(import_id, dataset, rows)?;
                incoming.push(Incoming::import((import_id, part), dataset, content, zone_id));
            }
            let outcomes = journal(&mut tx, incoming, &base.keys, runtime).await?;
            ensure!(
                outcomes.iter().all(|o| matches!(o, Outcome::Accepted { .. })),
                "l'importation existe déjà"
            );
            bar.inc(u64::try_from(group.len()).unwrap_or(0));
        }
    }
    let line = ImportLine {
        import_id,
        dataset: dataset.to_owned(),
        file_name: file_name.to_owned(),
        imported_at: runtime.now(),
        new_lines: i64::try_from(plan.new)?,
        changed_lines: i64::try_from(plan.changed.len())?,
        same_lines: i64::try_from(plan.same)?,
        first_seq,
        last_seq: imports::heads(&mut tx).await?.0,
        undone_at: None,
    };
    imports::put(&mut tx, &line).await?;
    audit::note(&mut tx, runtime, "console", "import", &import_id.to_string(), dataset).await?;
    tx.commit().await?;
    bar.finish_and_clear();
    Ok(line)
}

/// Takes an import back: each of its events is rejected, as a reviewer rejects a submission.
async fn undo(base: &Base, data: &Path, import_id: Uuid, json: bool) -> anyhow::Result<()> {
    let runtime = &base.runtime;
    let mut tx = base.db.write().await?;
    let all = imports::all(&mut tx).await?;
    let Some(line) = all.into_iter().find(|l| l.import_id == import_id) else {
        bail!("il n'y a pas d'importation {import_id} ; sanu import list les donne");
    };
    ensure!(
        imports::set_undone(&mut tx, import_id, runtime.now()).await?,
        "l'importation {import_id} est déjà annulée"
    );
    let mut reviews = Vec::new();
    for (zone_id, submission_id, form_id) in imports::events(&mut tx, &line).await? {
        reviews.push(rejection(runtime, (zone_id, submission_id, form_id)));
    }
    let events = reviews.len();
    let mut reviews = reviews.into_iter();
    loop {
        let some: Vec<Incoming> = reviews.by_ref().take(EVENTS).collect();
        if some.is_empty() {
            break;
        }
        journal(&mut tx, some, &base.keys, runtime).await?;
    }
    audit::note(&mut tx, runtime, "console", "import.undo", &import_id.to_string(), &line.dataset)
        .await?;
    let last = imports::heads(&mut tx).await?.0;
    tx.commit().await?;
    applied(base, data, last).await?;
    notice(&format!(
        "Importation {import_id} ({}, {}) annulée. Ce que des fiches ont changé depuis reste.",
        line.dataset, line.file_name
    ));
    if json {
        answer(&json!({ "import_id": import_id, "undone": true, "events": events }));
    }
    Ok(())
}

fn rejection(
    runtime: &Runtime,
    (zone_id, submission_id, form_id): (ZoneId, Uuid, String),
) -> Incoming {
    let review = Review {
        review_id: runtime.random_id(),
        submission_id,
        action: Action::Reject,
        reason: String::from("importation annulée"),
        role: String::from("admin"),
        seen: None,
        correction: None,
        answers: std::collections::BTreeMap::new(),
        corrected: String::new(),
        settled: None,
        children: false,
    };
    let sender = Sender { account_id: None, device_id: None, zone_id, scope: Scope::All };
    Incoming::review(&review, (form_id, String::new()), sender)
}

/// Waits until the register has followed: the server does it where one runs, else this program.
async fn applied(base: &Base, data: &Path, last: i64) -> anyhow::Result<()> {
    let from = heads(&mut base.db.read().await?).await?;
    let bar = progress::bar(u64::try_from(last - from).unwrap_or(0), "registre");
    let mut told = |seq: i64| bar.set_position(u64::try_from(seq - from).unwrap_or(0));
    if let Ok(_lock) = lock(data) {
        base.applier().run_to_end(&mut told).await?;
    } else {
        let (mut seq, mut still) = (from, 0);
        while seq < last && still < STALLED {
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            let now = heads(&mut base.db.read().await?).await?;
            still = if now > seq { 0 } else { still + 1 };
            seq = now;
            told(seq);
        }
        if seq < last {
            notice("Tout est écrit ; le serveur est en retard et suivra.");
        } else if settings::get(&mut base.db.read().await?, settings::ASK_AGAIN).await?.is_some() {
            notice("Le serveur compare encore les fiches déjà reçues avec la liste.");
        }
    }
    bar.finish_and_clear();
    Ok(())
}

async fn heads(tx: &mut Tx) -> anyhow::Result<i64> {
    Ok(imports::heads(tx).await?.1)
}

async fn list(base: &Base, json: bool) -> anyhow::Result<()> {
    let all = imports::all(&mut base.db.read().await?).await?;
    if json {
        let rows = all.iter().map(|l| {
            json!({
                "import_id": l.import_id, "dataset": l.dataset, "file": l.file_name,
                "at": l.imported_at.to_rfc3339(), "new": l.new_lines, "changed": l.changed_lines,
                "same": l.same_lines, "undone_at": l.undone_at.map(Micros::to_rfc3339),
            })
        });
        answer(&json!({ "imports": rows.collect::<Vec<_>>() }));
        return Ok(());
    }
    for l in &all {
        let undone = if l.undone_at.is_some() { "\t(annulée)" } else { "" };
        result(&format!(
            "{}\t{}\t{}\t{}\t+{} ~{}{undone}",
            l.import_id,
            l.imported_at.to_rfc3339(),
            l.dataset,
            l.file_name,
            l.new_lines,
            l.changed_lines
        ));
    }
    Ok(())
}
