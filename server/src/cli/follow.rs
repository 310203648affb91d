//! `sanu device follow …`: a list narrowed to a follow-up sample, for one phone or account.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;
use uuid::Uuid;

use super::{answer, files::read_whole, notice, result};
use crate::{
    app::Base,
    french::counted,
    import::entity_id,
    store::{Scope, ZoneId, accounts, audit, devices, entities, follow_up},
};

/// A file larger than this is no sample.
const FILE_MAX: u64 = 16 * 1024 * 1024;
/// Lines that are told one by one.
const SHOWN: usize = 20;
/// What stands over a column of codes.
const HEADERS: [&str; 6] = ["code", "id", "uuid", "site", "site_id", "identifiant"];

/// A phone, or an account that collects.
pub(super) struct Holder {
    id: Uuid,
    name: String,
    zone: Option<ZoneId>,
}

impl Holder {
    /// The phone in use of this name or id, else the account of this login.
    pub(super) async fn of(base: &Base, name: &str) -> anyhow::Result<Self> {
        let mut tx = base.db.read().await?;
        let id = name.parse::<Uuid>().ok();
        let devices = devices::all(&mut tx).await?;
        let device = devices.into_iter().find(|d| d.name == name || Some(d.device_id) == id);
        if let Some(device) = device {
            return Ok(Self { id: device.device_id, name: device.name, zone: device.zone_id });
        }
        let account = accounts::by_login(&mut tx, name).await?.with_context(|| {
            format!(
                "aucun téléphone ni compte {name} en service (`sanu device list` donne les noms) / there is no such phone or account"
            )
        })?;
        Ok(Self { id: account.account_id, name: account.login, zone: account.zone_id })
    }
}

pub(super) async fn set(
    base: &Base,
    holder: &Holder,
    list: &str,
    file: &Path,
    json: bool,
) -> anyhow::Result<()> {
    let known = base.catalogue.refresh().await?.offers_list(list);
    ensure!(
        known,
        "aucun questionnaire ne donne la liste {list} aux téléphones / no form gives phones a list {list}"
    );
    let text = read_whole(file, FILE_MAX)?;
    let wanted = codes(&String::from_utf8_lossy(&text), list);
    ensure!(
        !wanted.is_empty(),
        "{} ne nomme rien ; pour rendre toute la liste : --all / names nothing",
        file.display()
    );
    let ids: Vec<Uuid> = wanted.keys().copied().collect();
    let mut tx = base.db.write().await?;
    let here = entities::known(&mut tx, &Scope::of(holder.zone), list, &ids).await?;
    let missing: Vec<_> = wanted.iter().filter(|(id, _)| !here.contains_key(id)).collect();
    if !missing.is_empty() {
        for (_, (line, code)) in missing.iter().take(SHOWN) {
            notice(&format!(
                "ligne {line} : « {code} » n'est pas dans la liste {list} de cette zone"
            ));
        }
        bail!(
            "{} : rien n'a été changé / not in the list, nothing was changed",
            counted(u64::try_from(missing.len())?, "ligne inconnue", "lignes inconnues")
        );
    }
    follow_up::set(&mut tx, holder.id, list, &ids, base.runtime.now()).await?;
    let subject = holder.id.to_string();
    let what = format!("{list}: {}", ids.len());
    audit::note(&mut tx, &base.runtime, "console", "device.follow", &subject, &what).await?;
    tx.commit().await?;
    notice(&format!(
        "{} ne reçoit plus de la liste {list} que {} / is given these alone",
        holder.name,
        counted(u64::try_from(ids.len())?, "objet", "objets")
    ));
    if json {
        answer(&json!({ "name": holder.name, "list": list, "entities": ids.len() }));
    }
    Ok(())
}

pub(super) async fn clear(
    base: &Base,
    holder: &Holder,
    list: &str,
    json: bool,
) -> anyhow::Result<()> {
    let mut tx = base.db.write().await?;
    follow_up::clear(&mut tx, holder.id, list).await?;
    let subject = holder.id.to_string();
    audit::note(
        &mut tx,
        &base.runtime,
        "console",
        "device.follow",
        &subject,
        &format!("{list}: *"),
    )
    .await?;
    tx.commit().await?;
    notice(&format!(
        "{} reçoit de nouveau toute la liste {list} / is given all of it",
        holder.name
    ));
    if json {
        answer(&json!({ "name": holder.name, "list": list, "entities": null }));
    }
    Ok(())
}

pub(super) async fn list(base: &Base, json: bool) -> anyhow::Result<()> {
    let mut tx = base.db.read().await?;
    let mut names: BTreeMap<Uuid, String> = BTreeMap::new();
    names.extend(devices::all(&mut tx).await?.into_iter().map(|d| (d.device_id, d.name)));
    names.extend(accounts::all(&mut tx).await?.into_iter().map(|a| (a.account_id, a.login)));
    let rows = follow_up::all(&mut tx).await?;
    // Whoever is cut off is given nothing any more.
    let rows = rows.iter().filter_map(|(holder, list, n)| Some((names.get(holder)?, list, n)));
    if json {
        let rows = rows.map(|(name, list, n)| json!({ "name": name, "list": list, "entities": n }));
        answer(&json!({ "follow_up": rows.collect::<Vec<_>>() }));
    } else {
        rows.for_each(|(name, list, n)| result(&format!("{name}\t{list}\t{n}")));
    }
    Ok(())
}

/// What the first column names: by id, the line and how it is written there.
fn codes(text: &str, list: &str) -> BTreeMap<Uuid, (usize, String)> {
    let mut found = BTreeMap::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let cell = line.split([';', ',', '\t']).next().unwrap_or_default();
        let cell = cell.trim().trim_matches('"').trim();
        let is_header = number == 1 && HEADERS.contains(&&*cell.to_lowercase());
        if !cell.is_empty() && !is_header {
            let code = cell.strip_prefix("uuid:").unwrap_or(cell);
            found.entry(entity_id(list, code)).or_insert((number, cell.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_column_names_by_code_or_id_below_its_header() {
        let id = "6f1c4a3e-0a38-4a34-9b4c-2f7f0d1f5a10";
        let text =
            format!("\u{feff}Code;nom\r\nS-01;Bala\r\n\r\n\"S-02\",x\r\nuuid:{id}\r\nS-01\r\n");

        let found = codes(&text, "sites");

        let mut lines: Vec<_> = found.values().map(|(line, code)| (*line, code.as_str())).collect();
        lines.sort_unstable();
        assert_eq!(lines, [(2, "S-01"), (4, "S-02"), (5, &*format!("uuid:{id}"))]);
        assert!(found.contains_key(&id.parse().unwrap()));
        assert!(found.contains_key(&entity_id("sites", "S-02")));
    }
}
