//! What is sealed of an entity: the one way to open it.

use uuid::Uuid;

use crate::{
    db::{DbError, Result, Row},
    keys::{MasterKeys, Realm, SubjectKey},
};

/// What an entity's properties are sealed as.
pub const VAULT: &[u8] = b"vault";

/// The sealed properties of an entity, with the key they are sealed under.
#[derive(Clone, Debug)]
pub struct Vault {
    entity_id: Uuid,
    realm: Realm,
    wrapped: Vec<u8>,
    sealed: Vec<u8>,
}

impl Vault {
    /// Of this entity, from its `realm`, `wrapped` and `sealed` in three columns from `at`; a row of another time has
    /// no key where the entity has none any more.
    pub fn read(row: &Row, entity_id: Uuid, at: usize) -> Result<Self> {
        let realm: Option<String> = row.get(at)?;
        let wrapped: Option<Vec<u8>> = row.get(at + 1)?;
        Ok(Self {
            entity_id,
            realm: Realm::parse(&realm.unwrap_or_default()),
            wrapped: wrapped.unwrap_or_default(),
            sealed: row.get(at + 2)?,
        })
    }

    /// The realm of its key.
    pub const fn realm(&self) -> Realm {
        self.realm
    }

    /// Its key as it is kept; empty when it was destroyed.
    pub fn wrapped(&self) -> &[u8] {
        &self.wrapped
    }

    /// The sealed properties, as JSON text; `None` when their key was destroyed.
    pub fn open(&self, keys: &MasterKeys) -> Result<Option<Vec<u8>>> {
        Ok(self.open_with_key(keys)?.map(|(_, plain)| plain))
    }

    /// The same, with the key to seal them again.
    pub fn open_with_key(&self, keys: &MasterKeys) -> Result<Option<(SubjectKey, Vec<u8>)>> {
        if self.wrapped.is_empty() {
            return Ok(None);
        }
        let broken = |column| DbError::Inconsistent { table: "entity", column };
        let key = keys
            .unwrap(self.realm, self.entity_id.as_bytes(), &self.wrapped)
            .map_err(|_| broken("wrapped"))?;
        let plain = key.open(VAULT, &self.sealed).map_err(|_| broken("sealed"))?;
        Ok(Some((key, plain)))
    }
}
