//! Reading the rows of a questionnaire into its tree.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    book::{Book, Faults, Place, Row},
    choices, entity,
    expression::only_name,
    tree::{Form, Id, Kind, Node, Source},
    types,
};

/// Columns of the survey sheet that are understood, beside those of languages and of namespaces.
const KNOWN: [&str; 22] = [
    "type",
    "name",
    "label",
    "hint",
    "required",
    "required_message",
    "constraint",
    "constraint_message",
    "relevant",
    "appearance",
    "choice_filter",
    "calculation",
    "parameters",
    "save_to",
    "default",
    "read_only",
    "repeat_count",
    "media::image",
    "media::audio",
    "media::video",
    "note",
    "comment",
];
/// Columns that would change what a phone does, and that are not covered.
const NOT_COVERED: [&str; 6] =
    ["trigger", "guidance_hint", "instance", "body", "media::big-image", "control"];

/// Reads the tree; what is wrong goes to `faults`. Nothing without settings.
pub(super) fn read(book: &Book, faults: &mut Faults) -> Option<Form> {
    let settings = settings(book, faults)?;
    let namespaces = namespaces(&settings, faults);
    let mut reader = Reader {
        form: Form {
            nodes: Vec::new(),
            roots: Vec::new(),
            names: HashMap::new(),
            audit: None,
            settings,
            entity: None,
            languages: book.languages.clone(),
            lists: Vec::new(),
            extras: Vec::new(),
            namespaces,
        },
        open: Vec::new(),
    };
    check_columns(book, &reader.form, faults);
    for row in &book.survey {
        reader.take(row, faults);
    }
    if let Some(id) = reader.open.last() {
        let row = &reader.form.node(*id).row;
        faults.add(
            &row.here(),
            format!("« {} » est ouvert et jamais fermé", reader.form.node(*id).name),
        );
    }
    let mut form = reader.form;
    choices::read(book, &mut form, faults);
    entity::check(book, &mut form, faults);
    Some(form)
}

fn settings(book: &Book, faults: &mut Faults) -> Option<Row> {
    let nowhere = Place { sheet: "settings", row: 2, column: None };
    let Some(settings) = book.settings.clone() else {
        faults.add(&nowhere, "la feuille « settings » manque : form_id, form_title et version");
        return None;
    };
    if settings.get("form_id").is_none() {
        faults.add(&settings.at("form_id"), "manque");
    }
    for column in ["public_key", "instance_xmlns", "attribute"] {
        if settings.cells.keys().any(|c| c.split("::").next() == Some(column)) {
            faults.add(&settings.at(column), "n'est pas pris en charge");
        }
    }
    if settings.get("name").is_some_and(|name| name != "data") {
        faults.add(&settings.at("name"), "seul « data » est pris en charge");
    }
    Some(settings)
}

/// `sanu="urn:sanu:form:1" other="…"`.
fn namespaces(settings: &Row, faults: &mut Faults) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for part in settings.get("namespaces").unwrap_or_default().split_whitespace() {
        let read = part.split_once('=').map(|(prefix, uri)| (prefix, uri.trim_matches('"')));
        match read.filter(|(prefix, uri)| is_name(prefix) && !uri.is_empty()) {
            Some((prefix, uri)) => {
                found.insert(prefix.to_owned(), uri.to_owned());
            }
            None => faults.add(&settings.at("namespaces"), "s'écrit préfixe=\"adresse\""),
        }
    }
    found
}

fn check_columns(book: &Book, form: &Form, faults: &mut Faults) {
    let mut told = BTreeSet::new();
    for (row, column) in book.survey.iter().flat_map(|row| row.cells.keys().map(move |c| (row, c)))
    {
        let base = column.split("::").next().unwrap_or_default();
        let is_known = KNOWN.contains(&column.as_str())
            || super::book::TRANSLATED
                .iter()
                .any(|t| column.strip_prefix(t).is_some_and(|r| r.starts_with("::")));
        if is_known || !told.insert(column.clone()) {
            continue;
        }
        if let Some(attribute) = column.strip_prefix("bind::") {
            let prefix = attribute.split_once(':').map(|(prefix, _)| prefix);
            let declared = prefix.is_none_or(|p| {
                form.namespaces.contains_key(p) || matches!(p, "jr" | "orx" | "odk")
            });
            if !declared {
                faults.add(
                    &row.at(column),
                    "ce préfixe n'est pas dans « namespaces » de la feuille settings",
                );
            }
        } else if NOT_COVERED.contains(&base)
            || NOT_COVERED.contains(&column.as_str())
            || column.contains("::")
        {
            faults.add(&row.at(column), "cette colonne n'est pas prise en charge");
        }
    }
}

struct Reader {
    form: Form,
    /// Groups and repeats that are not closed yet.
    open: Vec<Id>,
}

impl Reader {
    fn take(&mut self, row: &Row, faults: &mut Faults) {
        let Some(written) = row.get("type") else {
            if row.get("name").is_some() {
                faults.add(&row.at("type"), "manque");
            }
            return;
        };
        let words: Vec<&str> = written.split_whitespace().collect();
        let first = words.first().copied().unwrap_or_default().to_lowercase();
        let joined = words.iter().take(2).map(|w| w.to_lowercase()).collect::<Vec<_>>().join("_");
        match (first.as_str(), joined.as_str()) {
            ("begin_group", _) | (_, "begin_group") => self.enter(row, Kind::Group, faults),
            ("begin_repeat", _) | (_, "begin_repeat") => self.repeat(row, faults),
            ("end_group", _) | (_, "end_group") => self.leave(row, false, faults),
            ("end_repeat", _) | (_, "end_repeat") => self.leave(row, true, faults),
            ("audit", _) => self.form.audit = Some(row.clone()),
            (_, "select_one" | "select_multiple") if words.len() > 2 => {
                let rest = words.get(2..).unwrap_or_default().join(" ");
                self.selection(row, &joined, &rest, faults);
            }
            (first, _) if first.starts_with("select_") => {
                let rest = words.get(1..).unwrap_or_default().join(" ");
                self.selection(row, first, &rest, faults);
            }
            (first, _) => match types::find(first).filter(|_| words.len() == 1) {
                Some(of) => {
                    self.add(row, Kind::Question { of, choices: None }, faults);
                }
                None => faults.add(
                    &row.at("type"),
                    format!("le type « {written} » n'est pas pris en charge"),
                ),
            },
        }
    }

    fn selection(&mut self, row: &Row, kind: &str, rest: &str, faults: &mut Faults) {
        let (multiple, from_file) = match kind {
            "select_one" => (false, false),
            "select_multiple" => (true, false),
            "select_one_from_file" => (false, true),
            "select_multiple_from_file" => (true, true),
            _ => {
                return faults
                    .add(&row.at("type"), format!("le type « {kind} » n'est pas pris en charge"));
            }
        };
        if rest.is_empty() || rest.contains(' ') || rest.contains('$') {
            let what = format!(
                "« {kind} {rest} » : un seul nom de liste est attendu (ni or_other, ni ${{…}})"
            );
            return faults.add(&row.at("type"), what);
        }
        let choices = if from_file {
            let Some((name, ending)) = rest
                .rsplit_once('.')
                .filter(|(n, e)| !n.is_empty() && matches!(*e, "csv" | "xml" | "geojson"))
            else {
                return faults.add(&row.at("type"), "le fichier finit par .csv, .xml ou .geojson");
            };
            let is_map = ending == "geojson";
            let column = |name: &str, usual: &str| parameter(row, name).unwrap_or(usual).to_owned();
            Source::File {
                name: name.to_owned(),
                ending: ending.to_owned(),
                value: column("value", if is_map { "id" } else { "name" }),
                label: column("label", if is_map { "title" } else { "label" }),
            }
        } else {
            Source::List(rest.to_owned())
        };
        if row.get("appearance").is_some_and(|a| a.contains("search(")) {
            faults.add(
                &row.at("appearance"),
                "search() n'est pas pris en charge : prendre select_one_from_file",
            );
        }
        self.add(
            row,
            Kind::Question { of: types::selection(multiple), choices: Some(choices) },
            faults,
        );
    }

    fn enter(&mut self, row: &Row, kind: Kind, faults: &mut Faults) {
        if let Some(id) = self.add(row, kind, faults) {
            self.open.push(id);
        }
    }

    fn repeat(&mut self, row: &Row, faults: &mut Faults) {
        if let Some(count) = row.get("repeat_count").filter(|count| only_name(count).is_none()) {
            let mut counter = row.clone();
            let name = format!("{}_count", row.get("name").unwrap_or_default());
            counter.cells = BTreeMap::from([(String::from("name"), name)]);
            self.add(&counter, Kind::Count(count.to_owned()), faults);
        }
        self.enter(row, Kind::Repeat, faults);
    }

    fn leave(&mut self, row: &Row, repeat: bool, faults: &mut Faults) {
        match self.open.pop() {
            Some(id) if matches!(self.form.node(id).kind, Kind::Repeat) == repeat => {}
            Some(id) => {
                let name = &self.form.node(id).name;
                faults.add(&row.at("type"), format!("ferme « {name} », qui n'est pas de ce genre"));
            }
            None => faults.add(&row.at("type"), "ferme ce qui n'est pas ouvert"),
        }
    }

    fn add(&mut self, row: &Row, kind: Kind, faults: &mut Faults) -> Option<Id> {
        let Some(name) = row.get("name").filter(|name| is_name(name)) else {
            faults.add(
                &row.at("name"),
                "un nom est attendu : une lettre, puis lettres sans accent, chiffres, - ou _",
            );
            return None;
        };
        check_row(row, &kind, faults);
        let parent = self.open.last().copied();
        let id = self.form.nodes.len();
        let siblings = match parent {
            Some(parent) => self.form.node(parent).children.clone(),
            None => self.form.roots.clone(),
        };
        if let Some(twin) = siblings.iter().find(|other| self.form.node(**other).name == name) {
            let line = self.form.node(*twin).row.number;
            faults.add(&row.at("name"), format!("« {name} » est déjà le nom de la ligne {line}"));
        }
        self.form.names.entry(name.to_owned()).or_default().push(id);
        let node =
            Node { name: name.to_owned(), kind, parent, children: Vec::new(), row: row.clone() };
        self.form.nodes.push(node);
        match parent.and_then(|parent| self.form.nodes.get_mut(parent)) {
            Some(parent) => parent.children.push(id),
            None => self.form.roots.push(id),
        }
        Some(id)
    }
}

/// What a row may say, whatever its type.
fn check_row(row: &Row, kind: &Kind, faults: &mut Faults) {
    if row.get("default").is_some_and(|text| text.contains("${") || text.contains('(')) {
        faults.add(&row.at("default"), "une valeur par défaut calculée n'est pas prise en charge");
    }
    let (is_asked, known): (bool, &[&str]) = match kind {
        Kind::Question { of, choices: Some(Source::File { .. }) } => {
            (of.control.is_some(), &["value", "label"])
        }
        Kind::Question { of, choices: None } => (
            of.control.is_some(),
            match of.media {
                Some("image/*") => &["max-pixels"],
                _ => &[],
            },
        ),
        _ => (false, &[]),
    };
    for (name, _) in parameters(row) {
        if !known.contains(&name) {
            faults.add(&row.at("parameters"), format!("« {name} » n'est pas pris en charge ici"));
        }
    }
    let has_text = ["label", "hint", "media::image", "media::audio", "media::video"]
        .iter()
        .any(|column| !row.translations(column).is_empty());
    if is_asked && !has_text {
        faults.add(&row.at("label"), "une question posée a un libellé");
    }
    if let Kind::Question { of, .. } = kind
        && of.control.is_none()
        && of.preload.is_none()
        && row.get("calculation").is_none()
        && row.get("type") == Some("calculate")
    {
        faults.add(&row.at("calculation"), "manque");
    }
}

/// `max-pixels=1280 other=…`.
pub(super) fn parameters(row: &Row) -> impl Iterator<Item = (&str, &str)> {
    let parts = row.get("parameters").unwrap_or_default().split([' ', ',', ';']);
    parts.filter_map(|part| part.split_once('=')).map(|(name, value)| (name.trim(), value.trim()))
}

fn parameter<'r>(row: &'r Row, wanted: &str) -> Option<&'r str> {
    parameters(row).find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// A name that XML allows everywhere.
pub(super) fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// The ways to say yes.
pub(super) fn is_yes(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "yes" | "true" | "true()" | "oui" | "1")
}

/// The ways to say no.
pub(super) fn is_no(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "no" | "false" | "false()" | "non" | "0")
}
