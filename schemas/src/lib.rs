//! The content of the product, embedded and parsed: forms, code lists, places, datasets, validation rules, indicators.
//!
//! Knows nothing of the server: no I/O, no clock, no database. Every table is parsed once, on first use.

mod attributes;
mod codelists;
mod datasets;
mod forms;
mod imports;
mod indicators;
mod names;
mod places;
mod rules;
mod seats;
mod table;
mod tables;

pub use attributes::attribute;
pub use codelists::{Code, CodeList, codelist, labels_of};
pub use datasets::{Dataset, Realm, Unit, datasets};
pub use forms::{FormFile, forms, media};
pub use imports::{ImportColumn, ImportKind, import_columns};
pub use indicators::{Indicator, indicators};
pub use names::{NameForm, NameRole, TwinNames, name_forms, twin_names};
pub use places::{
    Level, commune_code, mining_district_of_cercle, place_code, place_name, region_name, slug,
};
pub use rules::{Rule, RuleScope, RuleSeverity, RuleState, rule, rules};
pub use seats::{Seat, commune_seats};
pub use tables::{Beside, DeclaredOrganisations, FixedTable, declared_organisations, tables};

/// The namespace of the attributes that tell the server what a form is about.
pub const FORM_NS: &str = "urn:sanu:form:1";

/// Returns the `OpenAPI` description of the HTTP interface.
pub fn openapi() -> &'static str {
    include_str!("../openapi.json")
}
