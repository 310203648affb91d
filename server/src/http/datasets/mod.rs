//! `/v1/datasets`: the register, dataset by dataset, as far as a role may read it row by row.

mod ask;
mod history;
mod list;
mod read;
mod remove;
mod shown;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::app::App;

/// The addresses of the interface.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/datasets", get(list::all))
        .route("/v1/datasets/{dataset}", get(list::one))
        .route("/v1/datasets/{dataset}/entities", get(read::page))
        .route("/v1/datasets/{dataset}/entities/{id}", get(read::entity).delete(remove::delete))
        .route("/v1/datasets/{dataset}/entities/{id}/history", get(history::history))
        .route("/v1/datasets/{dataset}/entities/{id}/restore", post(remove::restore))
}
