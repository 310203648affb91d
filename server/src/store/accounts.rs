//! People's accounts and their sessions.

use uuid::Uuid;

use super::ZoneId;
use crate::{
    access::Role,
    db::{Result, Row, Tx},
    runtime::Micros,
};

/// An account as stored.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// Its id.
    pub account_id: Uuid,
    /// What the person types.
    pub login: String,
    /// What the person may do.
    pub role: Role,
    /// The zone the person is bound to.
    pub zone_id: Option<ZoneId>,
    /// Argon2id, in PHC text.
    pub password_hash: String,
    /// MD5(login:realm:password) for Digest, sealed; field accounts only.
    pub ha1_sealed: Option<Vec<u8>>,
}

const COLUMNS: &str = "SELECT a.account_id, a.login, a.role, a.zone_id, a.password_hash, a.ha1_sealed \
     FROM account a ";

fn read(row: &Row) -> Result<AccountRow> {
    let role: String = row.get(2)?;
    let zone: Option<i32> = row.get(3)?;
    Ok(AccountRow {
        account_id: row.get(0)?,
        login: row.get(1)?,
        // A role this program does not know may see nothing.
        role: Role::parse(&role).unwrap_or(Role::Public),
        zone_id: zone.map(ZoneId),
        password_hash: row.get(4)?,
        ha1_sealed: row.get(5)?,
    })
}

/// Adds an account; false when the login is taken.
pub async fn add(tx: &mut Tx, account: &AccountRow, now: Micros) -> Result<bool> {
    let added = tx
        .query(
            "INSERT INTO account (account_id, login, role, zone_id, password_hash, ha1_sealed, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (login) DO NOTHING",
        )
        .bind(account.account_id)
        .bind(account.login.as_str())
        .bind(account.role.as_str())
        .bind(account.zone_id.map(|z| z.0))
        .bind(account.password_hash.as_str())
        .bind(account.ha1_sealed.clone())
        .bind(now)
        .execute()
        .await?;
    Ok(added == 1)
}

/// The enabled account with this login.
pub async fn by_login(tx: &mut Tx, login: &str) -> Result<Option<AccountRow>> {
    // PostgreSQL cannot hold the character, and answers the question with an error.
    if login.contains('\0') {
        return Ok(None);
    }
    let row = tx
        .query(COLUMNS)
        .push("WHERE a.disabled_at IS NULL AND a.login = ")
        .push_bind(login)
        .fetch_optional()
        .await?;
    row.as_ref().map(read).transpose()
}

/// The enabled account of a session that has not ended.
pub async fn by_session(
    tx: &mut Tx,
    token_hash: [u8; 32],
    now: Micros,
) -> Result<Option<AccountRow>> {
    let row = tx
        .query(COLUMNS)
        .push("JOIN session s ON s.account_id = a.account_id WHERE a.disabled_at IS NULL AND s.token_hash = ")
        .push_bind(token_hash)
        .push(" AND s.expires_at > ")
        .push_bind(now)
        .fetch_optional()
        .await?;
    row.as_ref().map(read).transpose()
}

/// Opens a session, and forgets sessions that ended.
pub async fn open_session(
    tx: &mut Tx,
    token_hash: [u8; 32],
    account: Uuid,
    now: Micros,
    until: Micros,
) -> Result<()> {
    tx.query("DELETE FROM session WHERE expires_at <= $1").bind(now).execute().await?;
    tx.query(
        "INSERT INTO session (token_hash, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(token_hash)
    .bind(account)
    .bind(now)
    .bind(until)
    .execute()
    .await?;
    Ok(())
}

/// Ends a session.
pub async fn close_session(tx: &mut Tx, token_hash: [u8; 32]) -> Result<()> {
    tx.query("DELETE FROM session WHERE token_hash = $1").bind(token_hash).execute().await?;
    Ok(())
}

/// Disables an account and ends its sessions; false when there is none with this login.
pub async fn disable(tx: &mut Tx, login: &str, now: Micros) -> Result<bool> {
    let Some(account) = by_login(tx, login).await? else { return Ok(false) };
    tx.query("UPDATE account SET disabled_at = $2 WHERE account_id = $1")
        .bind(account.account_id)
        .bind(now)
        .execute()
        .await?;
    tx.query("DELETE FROM session WHERE account_id = $1")
        .bind(account.account_id)
        .execute()
        .await?;
    Ok(true)
}

/// The account with this login, disabled or not.
pub async fn any_by_login(tx: &mut Tx, login: &str) -> Result<Option<AccountRow>> {
    let row = tx.query(COLUMNS).push("WHERE a.login = ").push_bind(login).fetch_optional().await?;
    row.as_ref().map(read).transpose()
}

/// Replaces a password, enables the account and ends its sessions.
pub async fn set_password(
    tx: &mut Tx,
    account: Uuid,
    hash: &str,
    ha1_sealed: Option<Vec<u8>>,
) -> Result<()> {
    tx.query(
        "UPDATE account SET password_hash = $2, ha1_sealed = $3, disabled_at = NULL WHERE account_id = $1",
    )
    .bind(account)
    .bind(hash)
    .bind(ha1_sealed)
    .execute()
    .await?;
    tx.query("DELETE FROM session WHERE account_id = $1").bind(account).execute().await?;
    Ok(())
}

/// All enabled accounts, by login.
pub async fn all(tx: &mut Tx) -> Result<Vec<AccountRow>> {
    let rows =
        tx.query(COLUMNS).push("WHERE a.disabled_at IS NULL ORDER BY a.login").fetch_all().await?;
    rows.iter().map(read).collect()
}
