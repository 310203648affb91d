//! From credentials to a caller.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{
    Role,
    digest::{NONCE_LIFE, NonceState, Response},
    memory::Memory,
    password::{hash_password, token_hash, verify_password},
};
use crate::{
    db::{Db, DbError},
    keys::MasterKeys,
    runtime::{Micros, Runtime},
    store::{Scope, ZoneId, accounts, accounts::AccountRow, devices},
};

/// Somebody known, with what they may see.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account, for people.
    pub account_id: Option<Uuid>,
    /// The device, for tokens.
    pub device_id: Option<Uuid>,
    /// What they may do.
    pub role: Role,
    /// Where their new rows are registered.
    pub zone_id: ZoneId,
    /// What they may see.
    pub scope: Scope,
}

impl Caller {
    fn account(row: &AccountRow) -> Self {
        Self {
            account_id: Some(row.account_id),
            device_id: None,
            role: row.role,
            zone_id: row.zone_id.unwrap_or(ZoneId::COUNTRY),
            scope: Scope::of(row.zone_id),
        }
    }

    /// Their id for the audit log.
    pub fn actor(&self) -> String {
        match (self.account_id, self.device_id) {
            (Some(id), _) => format!("account:{id}"),
            (None, Some(id)) => format!("device:{id}"),
            (None, None) => String::from("nobody"),
        }
    }
}

/// A refusal, with nothing in it that helps a guesser.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// No credentials, or wrong ones.
    #[error("credentials are missing or wrong")]
    Unknown,
    /// Right scheme, but the nonce is old: ask again with a fresh one.
    #[error("the nonce is stale")]
    StaleNonce,
    /// Too many password checks at once, or too many wrong ones for this login.
    #[error("too many logins at once")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// An opened session.
#[derive(Clone, Debug)]
pub struct Login {
    /// The token to send as `Authorization: Bearer`.
    pub token: String,
    /// When it ends.
    pub expires_at: Micros,
    /// The account's role.
    pub role: Role,
}

/// A session lasts a working day.
const SESSION_SECONDS: i64 = 12 * 3_600;
/// A password that was right stays known this long, so that Basic clients do not cost argon2 each time.
const REMEMBERED_SECONDS: i64 = 600;
/// Password checks at once: each takes 19 MiB and tens of milliseconds.
const CHECKS_AT_ONCE: usize = 2;
/// Checks waiting beyond those are told to come back.
const CHECKS_WAITING: usize = 32;
/// Wrong passwords for one login, in a row, before it has to wait.
const GUESSES_MAX: u32 = 10;
/// How long it then waits. A right password that is remembered, and open sessions, go on working.
const GUESSES_SECONDS: i64 = 300;

/// Turns credentials into callers.
#[derive(Clone)]
pub struct Access {
    db: Db,
    keys: Arc<MasterKeys>,
    runtime: Runtime,
    checks: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    remembered: Arc<Memory<()>>,
    /// Wrong passwords in a row, by login.
    guesses: Arc<Memory<u32>>,
    /// Digest proofs that carried something here: a second use is a replay.
    used_proofs: Arc<Memory<()>>,
    /// What an unknown login is checked against, so that it takes as long as a known one.
    decoy: Arc<str>,
}

impl Access {
    /// Over this database and these keys.
    pub fn new(db: Db, keys: Arc<MasterKeys>, runtime: Runtime) -> Self {
        let decoy = hash_password("decoy", &runtime).into();
        Self {
            db,
            keys,
            runtime,
            checks: Arc::new(Semaphore::new(CHECKS_AT_ONCE)),
            waiting: Arc::new(Semaphore::new(CHECKS_WAITING)),
            remembered: Arc::new(Memory::new(REMEMBERED_SECONDS)),
            guesses: Arc::new(Memory::new(GUESSES_SECONDS)),
            used_proofs: Arc::new(Memory::new(NONCE_LIFE)),
            decoy,
        }
    }

    /// The caller behind a device token or a session token.
    pub async fn by_token(&self, token: &str) -> Result<Caller, AccessError> {
        let hash = token_hash(token);
        let mut tx = self.db.read().await?;
        if let Some(device) = devices::by_token(&mut tx, hash).await? {
            return Ok(Caller {
                account_id: None,
                device_id: Some(device.device_id),
                role: Role::Enumerator,
                zone_id: device.zone_id.unwrap_or(ZoneId::COUNTRY),
                scope: Scope::of(device.zone_id),
            });
        }
        let account = accounts::by_session(&mut tx, hash, self.runtime.now()).await?;
        account.as_ref().map(Caller::account).ok_or(AccessError::Unknown)
    }

    /// The caller behind an `Authorization` header. `secure` says the password crossed no wire in
    /// clear: Basic is refused otherwise.
    pub async fn by_header(
        &self,
        header: &str,
        method: &str,
        path_and_query: &str,
        secure: bool,
    ) -> Result<Caller, AccessError> {
        let (scheme, rest) = header.split_once(' ').ok_or(AccessError::Unknown)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            self.by_token(rest.trim()).await
        } else if scheme.eq_ignore_ascii_case("basic") && secure {
            let decoded = STANDARD.decode(rest.trim()).map_err(|_| AccessError::Unknown)?;
            let text = String::from_utf8(decoded).map_err(|_| AccessError::Unknown)?;
            let (login, password) = text.split_once(':').ok_or(AccessError::Unknown)?;
            Ok(Caller::account(&self.check(login, password).await?))
        } else if scheme.eq_ignore_ascii_case("digest") {
            self.by_digest(rest, method, path_and_query).await
        } else {
            Err(AccessError::Unknown)
        }
    }

    async fn by_digest(&self, text: &str, method: &str, path: &str) -> Result<Caller, AccessError> {
        let response = Response::parse(text).ok_or(AccessError::Unknown)?;
        let state = response.nonce_state(&self.keys, self.runtime.now());
        if state == NonceState::Foreign {
            return Err(AccessError::Unknown);
        }
        let mut tx = self.db.read().await?;
        let account =
            accounts::by_login(&mut tx, response.login()).await?.ok_or(AccessError::Unknown)?;
        let sealed = account.ha1_sealed.as_deref().ok_or(AccessError::Unknown)?;
        let ha1 = self
            .keys
            .open_for(account.account_id, sealed)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or(AccessError::Unknown)?;
        if !response.proves(&ha1, method, path) {
            return Err(AccessError::Unknown);
        }
        if state == NonceState::Stale || (method == "POST" && self.is_replayed(&response)) {
            return Err(AccessError::StaleNonce);
        }
        Ok(Caller::account(&account))
    }

    /// Checks a password and opens a session.
    pub async fn login(&self, login: &str, password: &str) -> Result<Login, AccessError> {
        let account = self.check(login, password).await?;
        let token = self.runtime.token();
        let hash = token_hash(&token);
        let now = self.runtime.now();
        let expires_at = now.plus_seconds(SESSION_SECONDS);
        let account_id = account.account_id;
        self.db
            .with_tx("login", move |tx| {
                Box::pin(accounts::open_session(tx, hash, account_id, now, expires_at))
            })
            .await?;
        Ok(Login { token, expires_at, role: account.role })
    }

    /// Ends the session of this token.
    pub async fn logout(&self, token: &str) -> Result<(), AccessError> {
        let hash = token_hash(token);
        self.db.with_tx("logout", move |tx| Box::pin(accounts::close_session(tx, hash))).await?;
        Ok(())
    }

    async fn check(&self, login: &str, password: &str) -> Result<AccountRow, AccessError> {
        let mut tx = self.db.read().await?;
        let account = accounts::by_login(&mut tx, login).await?;
        drop(tx);
        let stored = account
            .as_ref()
            .map_or_else(|| Arc::clone(&self.decoy), |a| a.password_hash.as_str().into());
        let memory =
            self.keys.sign(&[b"basic", login.as_bytes(), stored.as_bytes(), password.as_bytes()]);
        if self.remembered.recall(&memory, self.runtime.now()).is_some() {
            return account.ok_or(AccessError::Unknown);
        }
        let login_key = self.may_guess(login)?;
        let _place = self.waiting.try_acquire().map_err(|_| AccessError::Busy)?;
        let _turn = self.checks.acquire().await.map_err(|_| AccessError::Busy)?;
        let password = password.to_owned();
        let right = tokio::task::spawn_blocking(move || verify_password(&password, &stored))
            .await
            .map_err(|_| AccessError::Busy)?;
        match account {
            Some(account) if right => {
                self.remembered.keep(memory, (), self.runtime.now());
                self.guesses.forget(&login_key);
                Ok(account)
            }
            _ => {
                self.guessed(login_key);
                Err(AccessError::Unknown)
            }
        }
    }

    /// Whether somebody may try this login now; known and unknown logins are counted alike.
    ///
    /// Digest is not counted: whoever knows a login could keep its phones from syncing.
    fn may_guess(&self, login: &str) -> Result<[u8; 32], AccessError> {
        let login_key = self.keys.sign(&[b"guess", login.as_bytes()]);
        let guesses = self.guesses.recall(&login_key, self.runtime.now()).unwrap_or(0);
        if guesses < GUESSES_MAX { Ok(login_key) } else { Err(AccessError::Busy) }
    }

    fn guessed(&self, login_key: [u8; 32]) {
        let now = self.runtime.now();
        let guesses = self.guesses.recall(&login_key, now).unwrap_or(0);
        self.guesses.keep(login_key, guesses + 1, now);
    }

    /// A Digest proof does not cover the body: whoever overhears one on plain http could send
    /// something of their own under it. The phone that is told "stale" proves itself anew.
    fn is_replayed(&self, response: &Response) -> bool {
        let proof = self.keys.sign(&[b"proof", response.proof().as_bytes()]);
        self.used_proofs.keep(proof, (), self.runtime.now()).is_some()
    }
}
