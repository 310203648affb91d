//! `sanu restore`: a register from a backup, where there is none.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;

use super::{answer, notice, progress};
use crate::{
    app::{Settings, create_private},
    backup::{Manifest, unpack, verify},
    db::{Db, DbConfig},
    runtime::Runtime,
    store::server,
};

pub(super) async fn run(settings: &Settings, file: &Path, json: bool) -> anyhow::Result<()> {
    ensure!(
        settings.database_url.is_none(),
        "une sauvegarde de Sanu se restaure dans un dossier, sans --database-url ; pour PostgreSQL : pg_restore"
    );
    ensure!(
        is_free(&settings.data)?,
        "{} n'est pas vide : rien n'est restauré par-dessus un registre",
        settings.data.display()
    );
    // "." has no name, beside which the register could be made.
    let data = &fs::canonicalize(&settings.data).unwrap_or_else(|_| settings.data.clone());
    let spinner = progress::spinner("vérification");
    let manifest = verify(file, &mut |bytes| spinner.set_position(bytes));
    spinner.finish_and_clear();
    let manifest = manifest.with_context(|| file.display().to_string())?;
    let place = beside(data);
    create_private(&place).with_context(|| place.display().to_string())?;
    ensure!(
        is_free(&place)?,
        "{} est le reste d'une restauration interrompue : le supprimer, puis recommencer",
        place.display()
    );
    if let Err(error) = make(file, &manifest, &place, data).await {
        let _left = fs::remove_dir_all(&place);
        return Err(error);
    }
    tell(data, &manifest);
    if settings.data.file_name().is_none() {
        notice(&format!("Le dossier a été remplacé : y revenir d'abord (cd {}).", data.display()));
    }
    if json {
        answer(&json!({
            "data": data, "made_at": manifest.made_at, "server_id": manifest.server_id,
            "members": manifest.members.len(), "with_keys": manifest.with_keys,
        }));
    }
    Ok(())
}

/// Makes the register beside its place and moves it there whole.
async fn make(file: &Path, manifest: &Manifest, place: &Path, data: &Path) -> anyhow::Result<()> {
    let spinner = progress::spinner("écriture");
    unpack(file, manifest, place, &mut |bytes| spinner.set_position(bytes))?;
    spinner.finish_and_clear();
    let runtime = Runtime::system();
    let db = Db::open(&DbConfig::Sqlite(place.join("sanu.db"))).await?;
    let mut tx = db.write().await?;
    if server::find(&mut tx).await?.is_none() {
        bail!("cette sauvegarde ne contient pas de registre");
    }
    server::begin_again(&mut tx, &runtime).await?;
    tx.commit().await?;
    db.close().await;
    if data.exists() {
        fs::remove_dir(data).with_context(|| data.display().to_string())?;
    }
    fs::rename(place, data).with_context(|| data.display().to_string())?;
    File::open(folder(data))?.sync_all()?;
    Ok(())
}

fn tell(data: &Path, manifest: &Manifest) {
    notice(&format!("Registre du {} restauré dans {}.", manifest.made_at, data.display()));
    notice(if manifest.with_keys {
        "ATTENTION : LES CLÉS ÉTAIENT DANS LA SAUVEGARDE et sont à leur place. Ne pas laisser ce fichier traîner."
    } else {
        "ATTENTION : LES CLÉS N'ÉTAIENT PAS DANS LA SAUVEGARDE. Remettre le dossier keys/ de ce registre avant de lancer le serveur ; sans elles rien ne peut être relu."
    });
    notice(
        "Ce qui a été reçu, décidé ou effacé depuis la sauvegarde n'y est pas : couper de nouveau les téléphones et les \
         comptes retirés depuis, refaire les effacements. Puis `sanu check`, et `sanu serve`.",
    );
}

/// Whether there is nothing there.
fn is_free(folder: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error).with_context(|| folder.display().to_string()),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(data: &Path) -> PathBuf {
    let name = data.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    folder(data).join(format!("{name}.restauration"))
}
