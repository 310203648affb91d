//! The description of a form's or dataset's tables: service document and metadata (CSDL XML 4.0).

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::{
    plan::{Step, parent_name},
    schema::{Branch, Item, Kind, Schema, identifier},
};

/// The service document: which tables there are. `root` is the address that ends in `.svc`.
pub fn service(schema: &Schema, root: &str) -> Json {
    let mut tables = vec![schema.primary.to_owned()];
    repeats(&schema.items, schema.primary, &mut tables);
    let sets: Vec<Json> = tables
        .iter()
        .map(|name| json!({ "name": name, "kind": "EntitySet", "url": name }))
        .collect();
    json!({ "@odata.context": format!("{root}/$metadata"), "value": sets })
}

/// Recursion is bounded by the depth of a published form.
fn repeats(items: &[Item], above: &str, tables: &mut Vec<String>) {
    for item in items {
        let (Item::Group(branch) | Item::Repeat(branch)) = item else { continue };
        let name = format!("{above}.{}", branch.name);
        if matches!(item, Item::Repeat(_)) {
            tables.push(name.clone());
        }
        repeats(&branch.items, &name, tables);
    }
}

/// The metadata document.
pub fn metadata(schema: &Schema) -> String {
    let base = format!("org.opendatakit.user.{}", identifier(&schema.id));
    let own =
        if schema.is_form() { "org.opendatakit.submission" } else { "org.opendatakit.entity" };
    let mut types = Types {
        base: &base,
        primary: schema.primary,
        entities: Vec::new(),
        complex: String::new(),
    };
    let mut body = String::new();
    property(&mut body, "__system", &format!("{own}.metadata"));
    types.members(&mut body, &schema.items, &[]);
    types.entities.insert(0, (schema.primary.to_owned(), body));
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<edmx:Edmx \
         xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\" Version=\"4.0\">\n\
         <edmx:DataServices>\n",
    );
    system_schema(&mut out, schema, own);
    put(&mut out, format_args!("<Schema xmlns=\"{EDM}\" Namespace=\"{base}\">\n"));
    for (name, body) in &types.entities {
        put(
            &mut out,
            format_args!(
                "<EntityType Name=\"{name}\">\n<Key><PropertyRef Name=\"__id\"/></Key>\n\
                 <Property Name=\"__id\" Type=\"Edm.String\" Nullable=\"false\"/>\n{body}</EntityType>\n"
            ),
        );
    }
    out.push_str(&types.complex);
    put(&mut out, format_args!("<EntityContainer Name=\"{}\">\n", identifier(&schema.id)));
    for (name, _) in &types.entities {
        set(&mut out, &base, name);
    }
    out.push_str("</EntityContainer>\n</Schema>\n</edmx:DataServices>\n</edmx:Edmx>\n");
    out
}

const EDM: &str = "http://docs.oasis-open.org/odata/ns/edm";

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a String cannot fail");
}

fn property(out: &mut String, name: &str, kind: &str) {
    put(out, format_args!("<Property Name=\"{name}\" Type=\"{kind}\"/>\n"));
}

/// What the server knows of each row.
fn system_schema(out: &mut String, schema: &Schema, own: &str) {
    put(
        out,
        format_args!(
            "<Schema xmlns=\"{EDM}\" Namespace=\"{own}\">\n<ComplexType Name=\"metadata\">\n"
        ),
    );
    for (name, kind) in schema.system {
        let named = match *name {
            "status" => format!("{own}.Status"),
            "reviewState" => format!("{own}.ReviewState"),
            _ => edm(*kind).to_owned(),
        };
        property(out, name, &named);
    }
    out.push_str("</ComplexType>\n");
    if schema.is_form() {
        for (name, members) in [
            ("Status", &["notDecrypted", "missingEncryptedFormData"][..]),
            ("ReviewState", &["hasIssues", "edited", "rejected", "approved"]),
        ] {
            put(out, format_args!("<EnumType Name=\"{name}\">\n"));
            for (value, member) in members.iter().enumerate() {
                put(out, format_args!("<Member Name=\"{member}\" Value=\"{value}\"/>\n"));
            }
            out.push_str("</EnumType>\n");
        }
    }
    out.push_str("</Schema>\n");
}

/// One table, with what may be asked of it. Annotations are where clients look before they ask.
fn set(out: &mut String, base: &str, name: &str) {
    let term = "Org.OData.Capabilities.V1";
    put(
        out,
        format_args!(
            "<EntitySet Name=\"{name}\" EntityType=\"{base}.{name}\">\n\
             <Annotation Term=\"{term}.ConformanceLevel\" EnumMember=\"{term}.ConformanceLevelType/Minimal\"/>\n\
             <Annotation Term=\"{term}.BatchSupported\" Bool=\"false\"/>\n\
             <Annotation Term=\"{term}.CountRestrictions\"><Record>\
             <PropertyValue Property=\"Countable\" Bool=\"true\"/></Record></Annotation>\n\
             <Annotation Term=\"{term}.FilterRestrictions\"><Record>\
             <PropertyValue Property=\"Filterable\" Bool=\"true\"/></Record></Annotation>\n\
             <Annotation Term=\"{term}.SortRestrictions\"><Record>\
             <PropertyValue Property=\"Sortable\" Bool=\"false\"/></Record></Annotation>\n\
             <Annotation Term=\"{term}.ExpandRestrictions\"><Record>\
             <PropertyValue Property=\"Expandable\" Bool=\"false\"/></Record></Annotation>\n\
             </EntitySet>\n"
        ),
    );
}

struct Types<'s> {
    base: &'s str,
    primary: &'s str,
    /// Name and properties of each table.
    entities: Vec<(String, String)>,
    complex: String,
}

impl Types<'_> {
    /// Writes the properties of a table or group, and the types under it. Recursion is bounded by the
    /// depth of a published form.
    fn members(&mut self, out: &mut String, items: &[Item], steps: &[Step]) {
        for item in items {
            match item {
                Item::Field(field) => property(out, &field.name, edm(field.kind)),
                Item::Group(branch) => {
                    let (steps, path) = down(steps, branch, false);
                    let mut body = String::new();
                    self.members(&mut body, &branch.items, &steps);
                    put(
                        &mut self.complex,
                        format_args!("<ComplexType Name=\"{path}\">\n{body}</ComplexType>\n"),
                    );
                    property(out, &branch.name, &format!("{}.{path}", self.base));
                }
                Item::Repeat(branch) => {
                    let (steps, path) = down(steps, branch, true);
                    let (name, at) = (format!("{}.{path}", self.primary), self.entities.len());
                    let mut body = String::new();
                    property(&mut body, &parent_name(self.primary, &steps), "Edm.String");
                    self.entities.push((name.clone(), String::new()));
                    self.members(&mut body, &branch.items, &steps);
                    if let Some(entry) = self.entities.get_mut(at) {
                        entry.1 = body;
                    }
                    put(
                        out,
                        format_args!(
                            "<NavigationProperty Name=\"{}\" Type=\"Collection({}.{name})\"/>\n",
                            branch.name, self.base
                        ),
                    );
                }
            }
        }
    }
}

fn down(steps: &[Step], branch: &Branch, repeats: bool) -> (Vec<Step>, String) {
    let mut steps = steps.to_vec();
    steps.push(Step {
        raw: branch.raw.clone(),
        name: branch.name.clone(),
        path: branch.path.clone(),
        repeats,
    });
    let path = steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join(".");
    (steps, path)
}

const fn edm(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "Edm.String",
        Kind::Integer => "Edm.Int64",
        Kind::Decimal => "Edm.Decimal",
        Kind::Boolean => "Edm.Boolean",
        Kind::Date => "Edm.Date",
        Kind::DateTime => "Edm.DateTimeOffset",
        Kind::Point => "Edm.GeographyPoint",
        Kind::Line => "Edm.GeographyLineString",
        Kind::Area => "Edm.GeographyPolygon",
    }
}
