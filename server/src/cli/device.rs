//! `sanu device …`

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::{answer, args::Device, follow, notice, qr, result, zone};
use crate::{
    access::token_hash,
    app::Base,
    french::counted,
    store::{audit, devices, devices::DeviceRow, server, zones},
};

/// A phone just added: its secrets are shown once.
pub(super) struct Added {
    pub(super) token: String,
    pub(super) server_url: String,
    /// The text of the QR code that sets up Collect.
    pub(super) qr: String,
}

pub(super) async fn run(base: &Base, action: Device, json: bool) -> anyhow::Result<()> {
    match action {
        Device::Add { name, zone, svg } => {
            if let Some(path) = &svg {
                // Found out before the phone exists: its address is shown only once.
                write_svg(path, "")?;
            }
            let added = add(base, &name, zone.as_deref()).await?;
            warn_of_loopback(&added.server_url);
            if let Some(path) = &svg {
                write_svg(path, &added.qr)?;
            }
            if json {
                answer(&json!({
                    "name": name, "zone": zone, "token": added.token,
                    "server_url": added.server_url, "qr": added.qr,
                }));
            } else {
                notice(&qr::terminal(&added.qr)?);
                notice(&format!(
                    "téléphone {name} : scanner ceci avec ODK Collect, ou saisir l'adresse / scan this with ODK Collect, or type the address\n{}",
                    added.server_url
                ));
            }
        }
        Device::List => list(base, json).await?,
        Device::Follow { name: Some(name), list: Some(list), file, all } => {
            let holder = follow::Holder::of(base, &name).await?;
            match file {
                Some(file) => follow::set(base, &holder, &list, &file, json).await?,
                None if all => follow::clear(base, &holder, &list, json).await?,
                None => {
                    bail!("sanu device follow {name} {list} FICHIER, ou --all pour toute la liste")
                }
            }
        }
        Device::Follow { .. } => follow::list(base, json).await?,
        Device::Revoke { name } => {
            let mut tx = base.db.write().await?;
            let count = devices::revoke(&mut tx, &name, base.runtime.now()).await?;
            audit::note(&mut tx, &base.runtime, "console", "device.revoke", &name, "").await?;
            tx.commit().await?;
            if count == 0 {
                bail!(
                    "aucun téléphone {name} en service (`sanu device list` donne les noms) / there is no phone {name} in use"
                );
            }
            notice(&format!(
                "{} / revoked",
                counted(count, "téléphone coupé", "téléphones coupés")
            ));
            if json {
                answer(&json!({ "revoked": count }));
            }
        }
    }
    base.db.close().await;
    Ok(())
}

/// Says so when only this machine can reach an address.
pub(super) fn warn_of_loopback(server_url: &str) {
    let host = server_url.split("://").nth(1).unwrap_or(server_url);
    if ["127.", "localhost", "[::1]"].iter().any(|own| host.starts_with(own)) {
        notice(
            "ATTENTION : un téléphone n'atteint pas 127.0.0.1 ni localhost. Relancer le serveur avec --listen 0.0.0.0:8080 \
             (ou --public-url), puis refaire un code avec `sanu device add NOM`.\n\
             warning: a phone cannot reach 127.0.0.1: serve with --listen 0.0.0.0:8080 or --public-url, then add it again",
        );
    }
}

pub(super) fn write_svg(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let picture = qr::svg(text)?;
    let file =
        std::fs::File::options().create(true).truncate(true).write(true).mode(0o600).open(path);
    // The picture is an address with its token: for its owner only.
    file.and_then(|mut file| file.write_all(picture.as_bytes()))
        .with_context(|| path.display().to_string())
}

/// Adds a phone under the first of `name`, `name-2`, … that no phone in use has: nobody keeps the address of a phone that
/// was added for one run.
pub(super) async fn add_one_of(base: &Base, name: &str, zone: &str) -> anyhow::Result<Added> {
    let mut tx = base.db.write().await?;
    let phones = devices::all(&mut tx).await?;
    // Nobody typed its code: there is nothing to ask about it.
    zones::ensure(&mut tx, zone, base.runtime.now()).await?;
    tx.commit().await?;
    let is_free = |wanted: &String| phones.iter().all(|phone| phone.name != *wanted);
    let others = (2_u32..).map(|number| format!("{name}-{number}"));
    let free = std::iter::once(name.to_owned()).chain(others).find(is_free);
    add(base, &free.context("there is always another number")?, Some(zone)).await
}

/// Adds a phone with a fresh token. Its name is its own: a phone that is lost is cut off by it.
pub(super) async fn add(base: &Base, name: &str, zone: Option<&str>) -> anyhow::Result<Added> {
    if name.trim().is_empty() || name.len() > 200 {
        bail!(
            "un téléphone a un nom de 1 à 200 caractères / a phone needs a name of 1 to 200 characters"
        );
    }
    let token = base.runtime.token();
    let now = base.runtime.now();
    let mut tx = base.db.write().await?;
    let zone_id = zone::named(&mut tx, zone, now).await?;
    if devices::all(&mut tx).await?.iter().any(|d| d.name == name) {
        bail!(
            "un téléphone porte déjà ce nom ({name}) : en choisir un autre, ou d'abord le couper par `sanu device revoke \
             \"{name}\"` / a phone already has this name: choose another, or first revoke it"
        );
    }
    let device = DeviceRow { device_id: base.runtime.id(), name: name.to_owned(), zone_id };
    devices::add(&mut tx, &device, token_hash(&token), now).await?;
    let subject = device.device_id.to_string();
    audit::note(&mut tx, &base.runtime, "console", "device.add", &subject, "").await?;
    let info = server::find(&mut tx).await?.context("the data folder was never opened")?;
    tx.commit().await?;
    let url = if info.public_url.is_empty() { "http://127.0.0.1:8080" } else { &info.public_url };
    let server_url = format!("{}/v1/key/{token}/projects/1", url.trim_end_matches('/'));
    let qr = qr::collect_settings(&server_url)?;
    Ok(Added { token, server_url, qr })
}

async fn list(base: &Base, json: bool) -> anyhow::Result<()> {
    let mut tx = base.db.read().await?;
    let codes = zones::all(&mut tx).await?;
    let zone = |id| codes.iter().find(|z| Some(z.zone_id) == id).map(|z| z.code.as_str());
    let rows = devices::all(&mut tx).await?;
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|d| json!({ "id": d.device_id, "name": d.name, "zone": zone(d.zone_id) }))
            .collect();
        answer(&json!({ "devices": rows }));
    } else {
        for d in &rows {
            result(&format!("{}\t{}\t{}", d.device_id, d.name, zone(d.zone_id).unwrap_or("-")));
        }
    }
    Ok(())
}
