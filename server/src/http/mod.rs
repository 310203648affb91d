//! The JSON API, the native sync and the office page; the only module besides `openrosa` that
//! knows status codes.

mod api;
mod as_of;
mod auth;
mod blobs;
mod body;
mod case;
mod central;
mod count_doubt;
mod count_view;
mod counts;
mod datasets;
mod decisions;
mod door;
mod erasures;
mod evidence;
mod exports;
mod hear_out;
mod lists;
mod metrics;
mod office;
mod ogc;
mod pace;
mod persons;
mod problem;
mod quality;
mod ranges;
mod request;
mod reviews;
mod router;
mod serve;
mod session;
mod sites;
mod submissions;
mod sync;
mod tables;
mod tiles;

pub use door::{Door, DoorRefusal, realm_of};
pub(crate) use exports::Files;
pub(crate) use metrics::Requests;
pub use metrics::metrics_router;
pub(crate) use pace::{Budget, Pace, Share};
pub use request::{Connection, param, query_param};
pub use router::router;
pub use serve::{ServeError, TlsFiles, serve, tls_acceptor};
pub(crate) use tiles::Tiles;
