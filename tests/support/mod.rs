//! What the tests share.

pub(crate) mod http;
pub(crate) mod native;
pub(crate) mod phone;
pub(crate) mod places;
pub(crate) mod postgres;
pub(crate) mod server;
pub(crate) mod xml;

pub(crate) use http::{Response, request};
pub(crate) use server::Server;

/// Declares tests that run on SQLite and, when it can be had, on PostgreSQL.
///
/// Without PostgreSQL that half says so loudly and passes, unless `SANU_REQUIRE_POSTGRES` is set.
macro_rules! on_both {
    ($($(#[$meta:meta])* fn $name:ident($server:ident) $body:block)*) => {
        mod sqlite {
            use super::*;
            $(#[test] $(#[$meta])* fn $name() {
                let $server = crate::support::Server::sqlite();
                $body
            })*
        }
        mod postgres {
            use super::*;
            $(#[test] $(#[$meta])* fn $name() {
                let Some($server) = crate::support::Server::postgres() else { return };
                $body
            })*
        }
    };
}
