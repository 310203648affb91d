//! What scripts written for ODK Central read: its tables, its `OData` and its documents, shaped from
//! stored answers. Pure: rows come from the store, addresses and status codes lie in `http`.

mod address;
mod apply;
mod documents;
mod edmx;
mod error;
mod filter;
mod options;
mod parse;
mod plan;
mod schema;
mod select;
#[cfg(test)]
mod tests;
mod token;
mod value;
mod write;

pub use address::{Address, Dataset, Form, Hop};
pub use apply::{Apply, Groups};
pub use documents::{
    Published, actor_number, dataset, dataset_line, entity, field_list, form, form_attachments,
    instant, project, submission, user,
};
pub use edmx::{metadata, service};
pub use error::CentralError;
pub use filter::Filter;
pub use options::{Asked, Options};
pub use plan::{Page, Place, Plan};
pub use schema::{Field, Item, Kind, Schema, System, dataset_schema, form_schema, identifier};
pub use value::text as text_of;
pub use write::{Cell, Row, escaped};
