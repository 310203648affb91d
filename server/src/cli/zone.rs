//! The zone that an account or a phone is given on the command line.

use anyhow::ensure;

use super::notice;
use crate::{
    db::Tx,
    runtime::Micros,
    store::{ZoneId, zones},
};

/// The zone of this code; a new one is made, but not without a word: it is often a typing error.
pub(super) async fn named(
    tx: &mut Tx,
    code: Option<&str>,
    now: Micros,
) -> anyhow::Result<Option<ZoneId>> {
    let Some(code) = code else { return Ok(None) };
    ensure!(!code.trim().is_empty(), "une zone a un code / a zone needs a code");
    let (zone_id, made) = zones::ensure(tx, code, now).await?;
    if made {
        notice(&format!(
            "la zone {code} est nouvelle : une faute de frappe ? Ce qui est dans une autre zone ne s'y voit pas / zone {code} is new (a typing error? it has its own scope)"
        ));
    }
    Ok(Some(zone_id))
}
