//! XChaCha20-Poly1305 with a synthetic nonce.

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::ZeroizeOnDrop;

/// The key of one submission, one entity or one file.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SubjectKey(pub(super) [u8; 32]);

/// Sealed bytes that this key did not seal, or that were altered.
#[derive(Debug, thiserror::Error)]
#[error("sealed bytes cannot be opened with this key")]
pub struct SealError;

pub(super) const NONCE: usize = 24;

impl SubjectKey {
    /// A key from random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Seals `plain`; `context` (what and whose it is) must be given again to open it.
    ///
    /// The nonce is an HMAC of the content, so the same content gives the same bytes: a rebuild
    /// reproduces every derived row, and a repeated nonce can only repeat the same message.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(&self.0)
            .expect("HMAC takes a key of any length");
        mac.update(&u64::try_from(context.len()).unwrap_or(u64::MAX).to_le_bytes());
        mac.update(context);
        mac.update(plain);
        let tag = mac.finalize().into_bytes();
        let (nonce, _) = tag.split_at(NONCE);
        let mut sealed = Vec::with_capacity(NONCE + plain.len() + 16);
        sealed.extend_from_slice(nonce);
        let body = XChaCha20Poly1305::new((&self.0).into())
            .encrypt(XNonce::from_slice(nonce), Payload { msg: plain, aad: context })
            .expect("messages are far below the cipher's limit");
        sealed.extend_from_slice(&body);
        sealed
    }

    /// Opens what [`SubjectKey::seal`] made with the same context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let Some((nonce, body)) = sealed.split_at_checked(NONCE) else { return Err(SealError) };
        XChaCha20Poly1305::new((&self.0).into())
            .decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: context })
            .map_err(|_| SealError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_only_with_its_key_and_context() {
        let key = SubjectKey::new([7; 32]);
        let sealed = key.seal(b"record", b"Moussa");

        assert_eq!(key.open(b"record", &sealed).unwrap(), b"Moussa");
        assert!(key.open(b"vault", &sealed).is_err());
        assert!(SubjectKey::new([8; 32]).open(b"record", &sealed).is_err());
        assert!(!sealed.windows(6).any(|w| w == b"Moussa"));
    }

    #[test]
    fn one_altered_byte_or_a_cut_is_refused() {
        let key = SubjectKey::new([7; 32]);
        let mut sealed = key.seal(b"c", b"text");
        assert!(key.open(b"c", &sealed[..10]).is_err());
        sealed[30] ^= 1;
        assert!(key.open(b"c", &sealed).is_err());
    }

    #[test]
    fn sealing_is_deterministic_so_that_a_rebuild_gives_the_same_rows() {
        let key = SubjectKey::new([7; 32]);
        assert_eq!(key.seal(b"c", b"text"), key.seal(b"c", b"text"));
        assert_ne!(key.seal(b"c", b"text")[..NONCE], key.seal(b"c", b"texu")[..NONCE]);
    }
}
