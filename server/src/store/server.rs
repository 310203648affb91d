//! The server's own identity: its id, the epoch of its feed, the address phones know it by.

use uuid::Uuid;

use crate::{
    db::{Result, Tx},
    runtime::Runtime,
};

/// One row that says who this server is.
#[derive(Clone, Debug)]
pub struct ServerInfo {
    /// Never changes.
    pub server_id: Uuid,
    /// Changes when the feed starts over (restore, rebuild): cursors of another epoch are void.
    pub epoch: Uuid,
    /// Base of the addresses given to phones, without a trailing slash.
    pub public_url: String,
    /// Fingerprint of the master keys that its register is sealed with.
    pub key_check: Vec<u8>,
}

/// The row, if the server was ever started.
pub async fn find(tx: &mut Tx) -> Result<Option<ServerInfo>> {
    let row = tx
        .query("SELECT server_id, epoch, public_url, key_check FROM server_info WHERE id = 1")
        .fetch_optional()
        .await?;
    row.map(|r| {
        Ok(ServerInfo {
            server_id: r.get(0)?,
            epoch: r.get(1)?,
            public_url: r.get(2)?,
            key_check: r.get(3)?,
        })
    })
    .transpose()
}

/// The row, made at first use. Says whether it was made: then this is the first start.
pub async fn ensure(
    tx: &mut Tx,
    runtime: &Runtime,
    public_url: &str,
    key_check: &[u8; 32],
) -> Result<(ServerInfo, bool)> {
    if let Some(info) = find(tx).await? {
        return Ok((info, false));
    }
    let info = ServerInfo {
        server_id: runtime.random_id(),
        epoch: runtime.random_id(),
        public_url: public_url.to_owned(),
        key_check: key_check.to_vec(),
    };
    tx.query(
        "INSERT INTO server_info (id, server_id, epoch, created_at, public_url, key_check) \
         VALUES (1, $1, $2, $3, $4, $5)",
    )
    .bind(info.server_id)
    .bind(info.epoch)
    .bind(runtime.now())
    .bind(public_url)
    .bind(info.key_check.as_slice())
    .execute()
    .await?;
    Ok((info, true))
}

/// Remembers the address phones should use.
pub async fn set_public_url(tx: &mut Tx, url: &str) -> Result<()> {
    tx.query("UPDATE server_info SET public_url = $1 WHERE id = 1").bind(url).execute().await?;
    Ok(())
}

/// What a register must forget that comes from a backup: devices read the feed anew, and who was logged in then is
/// not now.
pub async fn begin_again(tx: &mut Tx, runtime: &Runtime) -> Result<()> {
    new_epoch(tx, runtime).await?;
    tx.query("DELETE FROM session").execute().await?;
    Ok(())
}

/// Starts a new epoch: every device will read the feed from its start.
pub async fn new_epoch(tx: &mut Tx, runtime: &Runtime) -> Result<()> {
    tx.query("UPDATE server_info SET epoch = $1 WHERE id = 1")
        .bind(runtime.random_id())
        .execute()
        .await?;
    Ok(())
}
