//! `sanu backup`: the whole register in one file, while the server runs.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;

use super::{answer, args::Backup as Args, notice, progress};
use crate::{
    app::{Base, Settings},
    backup::{Archive, Manifest, verify},
    db::Tx,
    french::counted,
    runtime::Runtime,
    store::audit,
};

pub(super) async fn run(settings: Settings, args: Args, json: bool) -> anyhow::Result<()> {
    if settings.database_url.is_some() {
        bail!("{}", for_postgres(&settings.data));
    }
    ensure!(!args.file.exists(), "{} est déjà là : donner un autre nom", args.file.display());
    let into = folder(&args.file);
    ensure!(
        into.is_dir(),
        "le dossier {} n'existe pas : le créer, ou brancher le disque / there is no such folder",
        into.display()
    );
    let base = Base::existing(settings, Runtime::system()).await?;
    let done = write(&base, &args).await;
    base.db.close().await;
    let manifest = done?;
    let bytes = fs::metadata(&args.file)?.len();
    notice(&format!(
        "Sauvegarde écrite et relue : {} ({}, {} Mo).",
        args.file.display(),
        counted(u64::try_from(manifest.members.len())?, "fichier", "fichiers"),
        bytes.div_ceil(1_000_000)
    ));
    notice(said_of_keys(manifest.with_keys));
    if json {
        answer(&json!({
            "file": args.file, "members": manifest.members.len(), "bytes": bytes,
            "with_keys": manifest.with_keys, "made_at": manifest.made_at,
        }));
    }
    Ok(())
}

/// PostgreSQL's own tool makes a consistent copy of the rows; the files beside them are packed after it, so that each
/// that a row names is there.
fn for_postgres(data: &Path) -> String {
    format!(
        "ce registre est dans PostgreSQL : `pg_dump --format=custom --file=registre.dump URL`, puis \
         `tar --create --file=fichiers.tar --directory={0} blobs` (dans cet ordre), et garder {0}/keys ailleurs. Pour \
         restaurer : pg_restore dans une base vide, tar --extract, remettre keys/, puis `sanu rebuild`",
        data.display()
    )
}

const fn said_of_keys(with_keys: bool) -> &'static str {
    if with_keys {
        "ATTENTION : LES CLÉS SONT DANS CETTE SAUVEGARDE. Qui a ce fichier peut lire tous les noms. Le garder sous clé, ne pas l'envoyer."
    } else {
        "ATTENTION : LES CLÉS NE SONT PAS DANS CETTE SAUVEGARDE. Sans le dossier keys/ (ou les deux clés données au serveur), rien ne pourra être relu : en garder une copie ailleurs."
    }
}

async fn write(base: &Base, args: &Args) -> anyhow::Result<Manifest> {
    let data = &base.settings.data;
    let _lock = one_at_a_time(data)?;
    let copy = Temporary::new(data.join("backup.tmp"))?;
    let spinner = progress::spinner("copie");
    // The database first: every file that it names is there before it is named.
    base.db.copy_into(&copy.0).await.context("la base ne peut pas être copiée")?;
    spinner.finish_and_clear();
    let part = Temporary::new(beside(&args.file))?;
    let sink = File::options().write(true).create_new(true).mode(0o600).open(&part.0);
    let sink = sink.with_context(|| part.0.display().to_string())?;
    let mut archive = Archive::new(BufWriter::with_capacity(1 << 20, sink))?;
    archive.add("sanu.db", &copy.0)?;
    drop(copy);
    let missing = add_files(base, &mut archive).await?;
    if missing > 0 {
        notice(&format!(
            "ATTENTION : {} sur le disque (voir sanu check).",
            counted(missing, "fichier joint n'est plus", "fichiers joints ne sont plus")
        ));
    }
    if args.with_keys {
        add_keys(&data.join("keys"), &mut archive)?;
    }
    let (at, server) = (base.runtime.now().to_rfc3339(), base.info.server_id.to_string());
    let mut sink = archive.finish(at, server, args.with_keys)?;
    sink.flush()?;
    sink.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    let spinner = progress::spinner("relecture");
    let manifest = verify(&part.0, &mut |bytes| spinner.set_position(bytes))?;
    spinner.finish_and_clear();
    // Not over what somebody else wrote meanwhile. A link would be surer; sticks and shares have none.
    ensure!(!args.file.exists(), "{} est apparu entre-temps", args.file.display());
    fs::rename(&part.0, &args.file).with_context(|| args.file.display().to_string())?;
    File::open(folder(&args.file))?.sync_all()?;
    note(base, &args.file).await?;
    Ok(manifest)
}

/// Adds the attached files, as they lie on the disk: sealed. Says how many are not there.
async fn add_files<W: std::io::Write>(
    base: &Base,
    archive: &mut Archive<W>,
) -> anyhow::Result<u64> {
    let mut missing = 0;
    let bar = progress::spinner("fichiers");
    let mut after: Vec<u8> = Vec::new();
    loop {
        let mut tx = base.db.read().await?;
        let page = files_after(&mut tx, after.clone()).await?;
        drop(tx);
        let Some(last) = page.last() else { break };
        after = last.to_vec();
        for sha256 in &page {
            let name = hex::encode(sha256);
            let (head, tail) = name.split_at(2);
            let name = format!("blobs/{head}/{tail}");
            let path = base.settings.data.join(&name);
            if path.is_file() {
                archive.add(&name, &path)?;
                bar.inc(1);
            } else {
                missing += 1;
            }
        }
    }
    bar.finish_and_clear();
    Ok(missing)
}

async fn files_after(tx: &mut Tx, after: Vec<u8>) -> anyhow::Result<Vec<[u8; 32]>> {
    let rows = tx
        .query("SELECT sha256 FROM blob WHERE sha256 > $1 ORDER BY sha256 LIMIT 1000")
        .bind(after)
        .fetch_all()
        .await?;
    Ok(rows.iter().map(|row| row.bytes(0)).collect::<crate::db::Result<_>>()?)
}

fn add_keys<W: std::io::Write>(keys: &Path, archive: &mut Archive<W>) -> anyhow::Result<()> {
    for name in ["adults.key", "children.key"] {
        let path = keys.join(name);
        ensure!(
            path.is_file(),
            "--with-keys : {} n'est pas là (clés données par l'environnement ?)",
            path.display()
        );
        archive.add(&format!("keys/{name}"), &path)?;
    }
    Ok(())
}

async fn note(base: &Base, file: &Path) -> anyhow::Result<()> {
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut tx = base.db.write().await?;
    audit::note(&mut tx, &base.runtime, "console", "backup", "", &name).await?;
    tx.commit().await?;
    Ok(())
}

/// The temporary copy has one name, so that one that was killed is cleared by the next: only one may be at work.
fn one_at_a_time(data: &Path) -> anyhow::Result<File> {
    let file =
        File::options().create(true).truncate(false).write(true).open(data.join("backup.lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => bail!("une autre sauvegarde est en cours"),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    beside.into()
}

/// A file that is gone when this is.
struct Temporary(PathBuf);

impl Temporary {
    /// Takes the name, clearing what one that was killed left there.
    fn new(path: PathBuf) -> anyhow::Result<Self> {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| path.display().to_string())
            }
            _ => Ok(Self(path)),
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.0);
    }
}
