//! Passwords (argon2id) and tokens (random, stored as SHA-256).

use argon2::{
    Argon2, PasswordHash, PasswordHasher as _, PasswordVerifier as _, password_hash::SaltString,
};
use sha2::{Digest as _, Sha256};

use crate::runtime::Runtime;

/// Hashes a password, slowly: call it off the request threads.
pub fn hash_password(password: &str, runtime: &Runtime) -> String {
    let salt = SaltString::encode_b64(&runtime.bytes::<16>())
        .expect("16 bytes are a salt of valid length");
    Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .expect("default parameters are valid")
        .to_string()
}

/// Checks a password against a stored hash, slowly: call it off the request threads.
pub fn verify_password(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// The stored form of a token.
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_verifies() {
        let hash = hash_password("or du Mali", &Runtime::system());
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password("or du Mali", &hash));
        assert!(!verify_password("or du mali", &hash));
        assert!(!verify_password("or du Mali", "not a hash"));
    }
}
