//! The master keys: from key files beside the data, or given by the operator. Never in the database.

use std::{io::Write as _, path::Path};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::ZeroizeOnDrop;

use super::{Realm, SealError, SubjectKey};
use crate::runtime::Runtime;

/// The keys that wrap all others, and the keys derived from them.
#[derive(Clone, ZeroizeOnDrop)]
pub struct MasterKeys {
    adults: [u8; 32],
    children: [u8; 32],
    lookup: [u8; 32],
    nonce: [u8; 32],
}

/// Whether missing key files are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// The register is new.
    Yes,
    /// The register has its keys already.
    No,
}

/// A master key that cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system refused.
    #[error("key file {path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The register is not new and its key is not here.
    #[error(
        "il manque le fichier de clé {0} : remettre la copie gardée à part ; sans elle rien ne peut être relu / key file {0} is \
         missing: put back the copy that was kept apart; without it nothing can be read"
    )]
    Missing(String),
    /// The keys are those of another register.
    #[error(
        "ces clés ne sont pas celles de ce registre : remettre les siennes / these keys are not those of this register: put \
         back its own key files"
    )]
    Wrong,
    /// Not 64 hexadecimal digits.
    #[error("{0} doit contenir 64 chiffres hexadécimaux / must hold 64 hexadecimal digits")]
    Malformed(String),
}

impl MasterKeys {
    /// From the two keys themselves.
    pub fn new(adults: [u8; 32], children: [u8; 32]) -> Self {
        let lookup = derive(&adults, b"sanu lookup v1");
        let nonce = derive(&adults, b"sanu nonce v1");
        Self { adults, children, lookup, nonce }
    }

    /// Given keys (hexadecimal, from the environment), or `folder/*.key` files; `make` says whether
    /// missing files are made, which only a register that is new may do.
    ///
    /// # Errors
    /// When a key is malformed or missing, or the folder cannot be written.
    pub fn load(
        folder: &Path,
        given: (Option<String>, Option<String>),
        make: Make,
        runtime: &Runtime,
    ) -> Result<Self, KeyError> {
        let adults = match given.0 {
            Some(text) => parse(&text, "SANU_MASTER_KEY")?,
            None => from_file(&folder.join("adults.key"), make, runtime)?,
        };
        let children = match given.1 {
            Some(text) => parse(&text, "SANU_CHILDREN_KEY")?,
            None => from_file(&folder.join("children.key"), make, runtime)?,
        };
        Ok(Self::new(adults, children))
    }

    /// A fingerprint of both keys, to tell whether they are those of a register.
    pub fn fingerprint(&self) -> [u8; 32] {
        keyed(&self.nonce, &[b"key check", &derive(&self.children, b"sanu key check v1")])
    }

    const fn of(&self, realm: Realm) -> &[u8; 32] {
        match realm {
            Realm::Adults => &self.adults,
            Realm::Children => &self.children,
        }
    }

    /// Wraps a subject's key for storage.
    pub fn wrap(&self, realm: Realm, subject: &[u8], key: &SubjectKey) -> Vec<u8> {
        SubjectKey::new(*self.of(realm)).seal(subject, &key.0)
    }

    /// Unwraps a stored key.
    pub fn unwrap(
        &self,
        realm: Realm,
        subject: &[u8],
        wrapped: &[u8],
    ) -> Result<SubjectKey, SealError> {
        let plain = SubjectKey::new(*self.of(realm)).open(subject, wrapped)?;
        Ok(SubjectKey::new(plain.try_into().map_err(|_| SealError)?))
    }

    /// Seals a small secret of the server itself (a Digest HA1) for one account.
    pub fn seal_for(&self, account: Uuid, plain: &[u8]) -> Vec<u8> {
        SubjectKey::new(self.adults).seal(account.as_bytes(), plain)
    }

    /// Opens what [`MasterKeys::seal_for`] sealed.
    pub fn open_for(&self, account: Uuid, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        SubjectKey::new(self.adults).open(account.as_bytes(), sealed)
    }

    /// A keyed hash of a normalised identifier: equal values meet, nobody can list them.
    pub fn lookup_hash(&self, kind: &str, value: &str) -> [u8; 32] {
        keyed(&self.lookup, &[kind.as_bytes(), value.as_bytes()])
    }

    /// A keyed hash for nonces and change tokens that clients must not be able to make.
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        keyed(&self.nonce, parts)
    }
}

fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as hmac::Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn derive(key: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    keyed(key, &[purpose])
}

fn parse(text: &str, whence: &str) -> Result<[u8; 32], KeyError> {
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key)
        .map_err(|_| KeyError::Malformed(whence.to_owned()))?;
    Ok(key)
}

fn from_file(path: &Path, make: Make, runtime: &Runtime) -> Result<[u8; 32], KeyError> {
    let failed = |source| KeyError::Io { path: path.display().to_string(), source };
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text, &path.display().to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && make == Make::No => {
            Err(KeyError::Missing(path.display().to_string()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = runtime.bytes::<32>();
            create(path, &hex::encode(key)).map_err(failed)?;
            // Another process may have been first: what is on disk is the key.
            let text = std::fs::read_to_string(path).map_err(failed)?;
            parse(&text, &path.display().to_string())
        }
        Err(error) => Err(failed(error)),
    }
}

/// Writes a file that only its owner may read; leaves an existing one alone.
fn create(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Under another name first, then linked: a reader never sees half a key.
    let fresh = path.with_extension("new");
    let _unused = std::fs::remove_file(&fresh);
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    match std::fs::hard_link(&fresh, path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    std::fs::remove_file(&fresh)?;
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Micros;

    #[test]
    fn key_files_are_made_once_private_and_read_again() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::fixed(Micros(0), 1);
        let first = MasterKeys::load(folder.path(), (None, None), Make::Yes, &runtime).unwrap();
        let again = MasterKeys::load(folder.path(), (None, None), Make::Yes, &runtime).unwrap();

        assert_eq!(first.lookup_hash("card", "x"), again.lookup_hash("card", "x"));
        assert_ne!(first.adults, first.children);
        let mode =
            std::fs::metadata(folder.path().join("adults.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_childs_key_cannot_be_unwrapped_with_the_adults_master_key() {
        let keys = MasterKeys::new([1; 32], [2; 32]);
        let wrapped = keys.wrap(Realm::Children, b"id", &SubjectKey::new([3; 32]));

        assert!(keys.unwrap(Realm::Adults, b"id", &wrapped).is_err());
        assert!(keys.unwrap(Realm::Children, b"id", &wrapped).is_ok());
    }

    #[test]
    fn a_register_that_lost_its_keys_does_not_get_new_ones() {
        let folder = tempfile::tempdir().unwrap();
        let lost = MasterKeys::load(folder.path(), (None, None), Make::No, &Runtime::system());

        assert!(matches!(lost, Err(KeyError::Missing(_))));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let (one, other) = (MasterKeys::new([1; 32], [2; 32]), MasterKeys::new([1; 32], [3; 32]));
        assert_ne!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn a_malformed_key_is_named() {
        let error = MasterKeys::load(
            Path::new("/nonexistent"),
            (Some("xyz".into()), None),
            Make::Yes,
            &Runtime::system(),
        );
        assert!(error.err().unwrap().to_string().contains("SANU_MASTER_KEY"));
    }
}
