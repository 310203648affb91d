//! The device's place in the feed: asks for what is new, checks who answers, and moves only when told that it is stored.

use uuid::Uuid;

use super::answer::{self, AnswerError};
use crate::cursor::Cursor;
use crate::pull::{PullRequest, PullResponse};

/// Follows one server's feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    server_id: Uuid,
    cursor: Option<Cursor>,
}

impl Follower {
    /// Continues from the stored cursor, or from the start.
    pub const fn new(server_id: Uuid, cursor: Option<Cursor>) -> Self {
        Self { server_id, cursor }
    }

    /// The place to store, together with the changes before it.
    pub const fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// What to ask for next.
    pub fn request(&self, limit: Option<u32>, datasets: Option<Vec<String>>) -> PullRequest {
        PullRequest { cursor: self.cursor.clone(), limit, datasets }
    }

    /// Reads an answer without moving: the application stores the changes first, then calls [`Follower::stored`].
    ///
    /// # Errors
    /// Nothing has changed; ask again. A delayed answer, which would take the device back, is [`AnswerError::Stale`].
    pub fn on_response(&self, body: &[u8]) -> Result<PullResponse, AnswerError> {
        let page: PullResponse = answer::read(body)?;
        answer::check_server(Some(self.server_id), page.server_id)?;
        if page.next.epoch() != page.epoch {
            return Err(AnswerError::Inconsistent);
        }
        match &self.cursor {
            Some(cursor) if !page.reset && cursor.epoch() != page.epoch => {
                Err(AnswerError::Inconsistent)
            }
            Some(cursor) if !page.reset && !page.next.covers(cursor) => Err(AnswerError::Stale),
            _ => Ok(page),
        }
    }

    /// Moves to the end of a page whose changes are on the device's disk.
    pub fn stored(&mut self, page: &PullResponse) {
        self.cursor = Some(page.next.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: Uuid = Uuid::from_u128(0x0a);
    const EPOCH: Uuid = Uuid::from_u128(0x0e);

    fn page(epoch: Uuid, seq: u64, reset: bool) -> PullResponse {
        let mut next = Cursor::start(epoch);
        next.advance(1, seq);
        PullResponse { server_id: SERVER, epoch, reset, changes: Vec::new(), next, more: false }
    }

    fn body(page: &PullResponse) -> Vec<u8> {
        serde_json::to_vec(page).unwrap()
    }

    fn at(seq: u64) -> Follower {
        Follower::new(SERVER, Some(page(EPOCH, seq, false).next))
    }

    #[test]
    fn the_device_moves_only_when_the_changes_are_stored() {
        let mut follower = at(5);

        let read = follower.on_response(&body(&page(EPOCH, 9, false))).unwrap();
        assert_eq!(follower, at(5));

        follower.stored(&read);
        assert_eq!(follower, at(9));
    }

    #[test]
    fn a_delayed_page_does_not_take_the_device_back() {
        assert_eq!(at(5).on_response(&body(&page(EPOCH, 4, false))), Err(AnswerError::Stale));
    }

    #[test]
    fn a_reset_may_go_back_and_change_the_epoch() {
        let restored = Uuid::from_u128(0xf);

        assert!(at(5).on_response(&body(&page(EPOCH, 1, true))).is_ok());
        assert!(at(5).on_response(&body(&page(restored, 1, true))).is_ok());
        assert_eq!(
            at(5).on_response(&body(&page(restored, 9, false))),
            Err(AnswerError::Inconsistent)
        );
    }

    #[test]
    fn a_captive_portal_and_another_server_are_not_believed() {
        let foreign = PullResponse { server_id: Uuid::nil(), ..page(EPOCH, 9, false) };

        assert_eq!(at(5).on_response(b"<html>Bienvenue</html>"), Err(AnswerError::NotOurs));
        assert_eq!(
            at(5).on_response(&body(&foreign)),
            Err(AnswerError::OtherServer { expected: SERVER, found: Uuid::nil() })
        );
    }
}
