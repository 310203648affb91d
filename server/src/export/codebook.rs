//! What lies beside a file of data: what its columns and codes mean, for people and for programs.
//!
//! Source: W3C "Metadata Vocabulary for Tabular Data" (CSVW).

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::sheet::{Entry, Sheet};
use crate::{
    access::Role,
    ogc::{Collection, Field, Kind},
};

/// A file beside a file of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Companion {
    /// What the columns hold, for programs (CSVW).
    Metadata,
    /// What the columns hold, for people.
    Codebook,
    /// Date, filter, rows, hash, licence.
    Readme,
    /// Labels for Stata.
    Stata,
    /// Labels for SPSS.
    Spss,
}

/// What there is to say.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The collection.
    pub collection: &'a Collection,
    /// When it was read, RFC 3339.
    pub at: &'a str,
    /// How many features.
    pub rows: usize,
    /// The zones seen, `*` for all.
    pub scope: &'a str,
    /// Whose view it is.
    pub role: &'a str,
    /// SHA-256 of the CSV file, in hexadecimal; empty where nobody asks.
    pub csv_sha256: &'a str,
}

/// Columns of every file besides the properties.
const POSITION: [(&str, &str); 2] =
    [("longitude", "Longitude (WGS 84, degrés)"), ("latitude", "Latitude (WGS 84, degrés)")];

impl Companion {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Metadata, Self::Codebook, Self::Readme, Self::Stata, Self::Spss];

    /// How its name ends, after the collection and a point.
    pub const fn suffix(self) -> &'static str {
        match self {
            // The name that CSVW programs look for beside a CSV file.
            Self::Metadata => "csv-metadata.json",
            Self::Codebook => "codebook.csv",
            Self::Readme => "README.txt",
            Self::Stata => "do",
            Self::Spss => "sps",
        }
    }

    /// Reads that ending.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.suffix() == text)
    }

    /// Its media type.
    pub const fn media(self) -> &'static str {
        match self {
            Self::Metadata => "application/csvm+json",
            Self::Codebook => "text/csv; charset=utf-8; header=present",
            Self::Readme | Self::Stata | Self::Spss => "text/plain; charset=utf-8",
        }
    }

    /// The file.
    pub fn write(self, about: About<'_>) -> Vec<u8> {
        match self {
            Self::Metadata => format!("{:#}\n", metadata(about)).into_bytes(),
            Self::Codebook => codebook(about).csv(),
            Self::Readme => readme(about).into_bytes(),
            Self::Stata => stata(about).into_bytes(),
            Self::Spss => spss(about).into_bytes(),
        }
    }
}

fn metadata(about: About<'_>) -> Json {
    let id = &about.collection.id;
    let mut columns = vec![json!({
        "name": "id", "titles": "id", "dc:title": "Identifiant", "datatype": "string", "required": true,
    })];
    columns.extend(about.collection.fields.iter().map(column));
    if about.collection.points {
        columns.extend(POSITION.map(|(name, title)| {
            json!({ "name": name, "titles": name, "dc:title": title, "datatype": "number" })
        }));
    }
    json!({
        "@context": ["http://www.w3.org/ns/csvw", { "@language": "fr" }],
        "url": format!("{id}.csv"),
        "dc:title": about.collection.title,
        "dc:description": about.collection.description,
        "dc:modified": { "@value": about.at, "@type": "xsd:dateTime" },
        "dialect": { "delimiter": ",", "encoding": "utf-8", "header": true, "lineTerminators": ["\r\n"] },
        "tableSchema": { "primaryKey": "id", "columns": columns },
    })
}

fn column(field: &Field) -> Json {
    let mut column = json!({
        "name": field.name, "titles": field.name, "dc:title": field.title, "null": "",
        "datatype": match field.kind {
            Kind::Text | Kind::List => "string",
            Kind::Number => "number",
            Kind::Integer => "integer",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::Instant => "dateTime",
        },
    });
    if let Some(column) = column.as_object_mut() {
        if field.kind == Kind::List {
            column.insert(String::from("separator"), json!(" "));
        }
        if !field.labels.is_empty() {
            let concept = |[code, label]: &[String; 2]| json!({ "skos:notation": code, "skos:prefLabel": label });
            let labels: Json = field.labels.iter().map(concept).collect();
            column.insert(String::from("skos:hasTopConcept"), labels);
        }
    }
    column
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "texte ou code",
        Kind::List => "codes séparés par un espace",
        Kind::Number => "nombre décimal",
        Kind::Integer => "nombre entier",
        Kind::Boolean => "true ou false",
        Kind::Date => "date AAAA-MM-JJ",
        Kind::Instant => "date et heure ISO 8601",
    }
}

/// A line per column, then one per code of it.
fn codebook(about: About<'_>) -> Sheet {
    let text = |t: &str| Entry::Text(t.to_owned());
    let head = ["colonne", "question", "type", "code", "libellé", "valeur manquante", "classe"];
    let line = |name: &str, title: &str, kind: &str, [code, label]: [&str; 2]| {
        [name, title, kind, code, label, "vide", "none"].map(text).to_vec()
    };
    let mut rows = vec![line("id", "Identifiant", "texte", ["", ""])];
    for field in &about.collection.fields {
        rows.push(line(&field.name, &field.title, kind(field.kind), ["", ""]));
        for [code, label] in &field.labels {
            rows.push(line(&field.name, &field.title, kind(field.kind), [code, label]));
        }
    }
    if about.collection.points {
        rows.extend(POSITION.map(|(n, title)| line(n, title, "nombre décimal", ["", ""])));
    }
    Sheet {
        title: about.collection.title.clone(),
        notes: Vec::new(),
        head: head.map(str::to_owned).to_vec(),
        rows,
    }
}

/// What the reader may do with the file. The public's view is made to be handed on.
fn licence(role: &str) -> &'static str {
    if role == Role::Public.as_str() {
        return "vue publique, qui peut être transmise et citée avec sa source et sa date ; toute tentative de\n\
                ré-identification est interdite.";
    }
    "usage réservé au titulaire du compte, selon la convention de données signée avec les\n\
     responsables du fichier ; toute tentative de ré-identification est interdite. Aucune autre licence\n\
     n'est accordée par ce téléchargement."
}

fn readme(about: About<'_>) -> String {
    let c = about.collection;
    let zones = if about.scope == "*" { "tout le pays" } else { "la zone du compte" };
    format!(
        "{title}\n{line}\n\n{description}\n\n\
         Date des données : {at}\n\
         Filtre : vue du rôle « {role} », {zones}\n\
         Lignes : {rows}\n\
         SHA-256 de {id}.csv : {sha}\n\
         Coordonnées : WGS 84 (EPSG:4326), longitude puis latitude, en degrés\n\
         Valeurs manquantes : champ vide. Réponses multiples : codes séparés par un espace.\n\
         Un texte qui commencerait par = + - @ est précédé d'une apostrophe dans les CSV.\n\
         Colonnes et codes : {id}.codebook.csv, {id}.csv-metadata.json ; Stata : {id}.do ; SPSS : {id}.sps\n\n\
         Licence : {licence}\n",
        licence = licence(about.role),
        title = c.title,
        line = "=".repeat(c.title.chars().count()),
        description = c.description,
        at = about.at,
        role = about.role,
        rows = about.rows,
        id = c.id,
        sha = about.csv_sha256,
    )
}

/// Text in one line without what would end a quotation.
fn quotable(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.replace(['"', '`'], "'").replace('$', " ")
}

/// Stata has labels for numbers only: a coded column gets a numbered twin `name_n`.
fn stata(about: About<'_>) -> String {
    let id = &about.collection.id;
    let mut out = format!(
        "* {}\n* Stata 14 ou plus récent\nversion 14\nclear\nimport delimited using \"{id}.csv\", varnames(1) case(preserve) encoding(\"utf-8\") bindquote(strict) maxquotedrows(unlimited) stringcols(_all)\n",
        quotable(&about.collection.title)
    );
    for field in &about.collection.fields {
        let name = stata_name(&field.name);
        let title: String = quotable(&field.title).chars().take(80).collect();
        let _infallible = writeln!(out, "capture label variable {name} \"{title}\"");
        if matches!(field.kind, Kind::Integer | Kind::Number) {
            let _infallible = writeln!(out, "capture destring {name}, replace");
        }
        if field.labels.is_empty() || field.kind == Kind::List {
            continue;
        }
        let twin: String = format!("{}_n", name.chars().take(30).collect::<String>());
        let _infallible = writeln!(out, "capture drop {twin}\ngen {twin} = .");
        for (n, [code, label]) in (1..).zip(&field.labels) {
            let (code, label) = (quotable(code), quotable(label));
            let _infallible = writeln!(
                out,
                "replace {twin} = {n} if {name} == \"{code}\"\nlabel define {twin} {n} \"{label}\", add"
            );
        }
        let _infallible = writeln!(out, "label values {twin} {twin}");
    }
    if about.collection.points {
        out.push_str("destring longitude latitude, replace\n");
    }
    out
}

/// Names of Stata have 32 characters at most; `import delimited` cuts them so.
fn stata_name(name: &str) -> String {
    name.chars().take(32).collect()
}

fn spss(about: About<'_>) -> String {
    let id = &about.collection.id;
    let quoted = |t: &str| quotable(t).replace('\'', "''");
    let mut out = format!(
        "* {}.\nSET UNICODE=ON.\nGET DATA /TYPE=TXT /FILE='{id}.csv' /ENCODING='UTF8' /DELIMITERS=',' /QUALIFIER='\"'\n  /ARRANGEMENT=DELIMITED /FIRSTCASE=2 /VARIABLES=\n  id A36",
        quotable(&about.collection.title)
    );
    for field in &about.collection.fields {
        let format = match field.kind {
            Kind::Integer | Kind::Number => "F16.6",
            _ => "A255",
        };
        let _infallible = write!(out, "\n  {} {format}", field.name);
    }
    if about.collection.points {
        out.push_str("\n  longitude F16.7\n  latitude F16.7");
    }
    out.push_str(".\nVARIABLE LABELS");
    for field in &about.collection.fields {
        let title: String = quoted(&field.title).chars().take(255).collect();
        let _infallible = write!(out, "\n  /{} '{title}'", field.name);
    }
    out.push_str(".\n");
    for field in about.collection.fields.iter().filter(|f| !f.labels.is_empty()) {
        if field.kind == Kind::List {
            continue;
        }
        let _infallible = write!(out, "VALUE LABELS {}", field.name);
        for [code, label] in &field.labels {
            let label: String = quoted(label).chars().take(120).collect();
            let _infallible = write!(out, "\n  '{}' '{label}'", quoted(code));
        }
        out.push_str(".\n");
    }
    out.push_str("EXECUTE.\n");
    out
}
