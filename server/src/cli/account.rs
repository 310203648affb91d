//! `sanu account …`

use std::io::Read as _;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::{answer, args::Account, notice, result, zone};
use crate::{
    access::{Role, ha1, hash_password},
    app::Base,
    runtime::Runtime,
    store::{accounts, accounts::AccountRow, audit, zones},
};

pub(super) async fn run(base: &Base, action: Account, json: bool) -> anyhow::Result<()> {
    match action {
        Account::Add { login, role, zone, password_stdin } => {
            let role = role_named(&role)?;
            let given = if password_stdin { Some(read_password()?) } else { None };
            let made = given.is_none();
            let password = given.unwrap_or_else(|| password(&base.runtime));
            add(base, &login, role, zone.as_deref(), &password).await?;
            if json {
                let shown = made.then_some(&password);
                answer(
                    &json!({ "login": login, "role": role.as_str(), "zone": zone, "password": shown }),
                );
            } else if made {
                notice(&format!(
                    "compte {login} ({}), mot de passe affiché une seule fois / password, shown once: {password}",
                    role.as_str()
                ));
            } else {
                notice(&format!("compte {login} ({}) créé / account added", role.as_str()));
            }
        }
        Account::Password { login, password_stdin } => {
            let password = if password_stdin { read_password()? } else { password(&base.runtime) };
            reset(base, &login, &password).await?;
            if json {
                let shown = (!password_stdin).then_some(&password);
                answer(&json!({ "login": login, "password": shown }));
            } else if password_stdin {
                notice(&format!("compte {login} : mot de passe changé / password changed"));
            } else {
                notice(&format!(
                    "compte {login}, nouveau mot de passe affiché une seule fois / new password, shown once: {password}"
                ));
            }
        }
        Account::List => list(base, json).await?,
        Account::Disable { login } => {
            let mut tx = base.db.write().await?;
            let found = accounts::disable(&mut tx, &login, base.runtime.now()).await?;
            audit::note(&mut tx, &base.runtime, "console", "account.disable", &login, "").await?;
            let left = accounts::all(&mut tx).await?;
            tx.commit().await?;
            if !found {
                bail!(
                    "aucun compte {login} en service (`sanu account list` donne les noms) / there is no account {login}"
                );
            }
            notice(&format!(
                "compte {login} fermé, ses sessions aussi / disabled, its sessions are closed"
            ));
            if left.iter().all(|a| a.role != Role::Admin) {
                notice(
                    "ATTENTION : il ne reste aucun administrateur. En ajouter un : sanu account add NOM --role admin\n\
                     warning: no administrator is left; add one: sanu account add NAME --role admin",
                );
            }
        }
    }
    base.db.close().await;
    Ok(())
}

/// The role of this name.
///
/// # Errors
/// When there is none, with those that there are.
pub(super) fn role_named(name: &str) -> anyhow::Result<Role> {
    Role::parse(name).with_context(|| {
        let known = Role::all().map(Role::as_str).collect::<Vec<_>>().join(", ");
        format!(
            "il n'y a pas de rôle « {name} » ; les rôles sont {known} / there is no such role; the roles are those"
        )
    })
}

fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(4_096).read_to_string(&mut text).context("standard input")?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    if password.chars().count() < 8 {
        bail!("un mot de passe a au moins 8 caractères / a password has at least 8 characters");
    }
    Ok(password)
}

/// A password that can be read over the telephone: no look-alike letters.
pub(super) fn password(runtime: &Runtime) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567892";
    let random = runtime.bytes::<16>();
    let letters = random.iter().map(|b| {
        let letter = LETTERS.get(usize::from(*b) % LETTERS.len()).copied().unwrap_or(b'a');
        char::from(letter)
    });
    let mut text = String::new();
    for (i, letter) in letters.enumerate() {
        if i > 0 && i % 4 == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

/// Adds an account.
pub(super) async fn add(
    base: &Base,
    login: &str,
    role: Role,
    zone: Option<&str>,
    password: &str,
) -> anyhow::Result<()> {
    let login = login.trim();
    if login.is_empty()
        || login.len() > 100
        || login.contains([':', '"', '\\'])
        || login.contains(char::is_control)
    {
        bail!(
            "un identifiant a de 1 à 100 caractères, sans : \" ni \\ / a login has 1 to 100 characters, without : \" or \\"
        );
    }
    let now = base.runtime.now();
    let mut tx = base.db.write().await?;
    let zone_id = zone::named(&mut tx, zone, now).await?;
    let account_id = base.runtime.id();
    let ha1_sealed =
        role.is_field().then(|| base.keys.seal_for(account_id, ha1(login, password).as_bytes()));
    let row = AccountRow {
        account_id,
        login: login.to_owned(),
        role,
        zone_id,
        password_hash: hash_password(password, &base.runtime),
        ha1_sealed,
    };
    if !accounts::add(&mut tx, &row, now).await? {
        bail!(
            "l'identifiant {login} est déjà pris, peut-être par un compte désactivé (`sanu account password {login}` le rouvre) / the login {login} is taken"
        );
    }
    let subject = account_id.to_string();
    audit::note(&mut tx, &base.runtime, "console", "account.add", &subject, role.as_str()).await?;
    tx.commit().await?;
    Ok(())
}

/// Replaces the password; sessions opened with the old one end.
async fn reset(base: &Base, login: &str, password: &str) -> anyhow::Result<()> {
    let mut tx = base.db.write().await?;
    let account = accounts::any_by_login(&mut tx, login).await?;
    let account = account.with_context(|| {
        format!(
            "il n'y a pas de compte {login} (`sanu account list` donne les noms) / there is no account {login}"
        )
    })?;
    let id = account.account_id;
    let sealed =
        account.role.is_field().then(|| base.keys.seal_for(id, ha1(login, password).as_bytes()));
    let hash = hash_password(password, &base.runtime);
    accounts::set_password(&mut tx, id, &hash, sealed).await?;
    audit::note(&mut tx, &base.runtime, "console", "account.password", &id.to_string(), "").await?;
    tx.commit().await?;
    Ok(())
}

async fn list(base: &Base, json: bool) -> anyhow::Result<()> {
    let mut tx = base.db.read().await?;
    let codes = zones::all(&mut tx).await?;
    let zone = |id| codes.iter().find(|z| Some(z.zone_id) == id).map(|z| z.code.as_str());
    let rows = accounts::all(&mut tx).await?;
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|a| json!({ "login": a.login, "role": a.role.as_str(), "zone": zone(a.zone_id) }))
            .collect();
        answer(&json!({ "accounts": rows }));
    } else {
        for a in &rows {
            result(&format!(
                "{}\t{}\t{}",
                a.login,
                a.role.as_str(),
                zone(a.zone_id).unwrap_or("-")
            ));
        }
    }
    Ok(())
}
