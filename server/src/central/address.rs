//! What an address below `/v1/projects` asks for.

/// A readable thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// All projects: there is one.
    Projects,
    /// The project.
    Project,
    /// Its forms.
    Forms,
    /// Something of a form.
    Form(String, Form),
    /// Its entity lists.
    Datasets,
    /// Something of an entity list.
    Dataset(String, Dataset),
}

/// Something of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// What it is.
    Itself,
    /// Its definition.
    Xml,
    /// Its published versions.
    Versions,
    /// Its fields.
    Fields,
    /// The files that it needs.
    Attachments,
    /// Its submissions, without answers.
    Submissions,
    /// One submission, without answers.
    Submission(String),
    /// The files of a submission.
    SubmissionAttachments(String),
    /// The versions of a submission.
    SubmissionVersions(String),
    /// Which tables there are.
    Service,
    /// Their description.
    Metadata,
    /// A table, or what is within one row.
    Table(Vec<Hop>),
}

/// Something of an entity list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dataset {
    /// What it is.
    Itself,
    /// Its entities, without values.
    Entities,
    /// Its entities, as a file.
    Csv,
    /// One entity.
    Entity(String),
    /// Which tables there are.
    Service,
    /// Their description.
    Metadata,
    /// The table.
    Table(Vec<Hop>),
}

/// One step of the way to a table: `child('id')`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The table or group.
    pub name: String,
    /// One row of it.
    pub id: Option<String>,
}

impl Address {
    /// Reads the decoded segments after `/v1/projects`; `None` when nothing is there.
    pub fn read(segments: &[String]) -> Option<Self> {
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let Some((project, rest)) = segments.split_first() else { return Some(Self::Projects) };
        if *project != "1" {
            return None;
        }
        match rest {
            [] => Some(Self::Project),
            ["forms"] => Some(Self::Forms),
            ["datasets"] => Some(Self::Datasets),
            ["forms", id, rest @ ..] => form(id, rest),
            ["datasets", name, rest @ ..] => dataset(name, rest),
            _ => None,
        }
    }
}

fn form(id: &str, rest: &[&str]) -> Option<Address> {
    let (id, what) = match (id.strip_suffix(".svc"), id.strip_suffix(".xml"), rest) {
        (Some(id), _, []) => (id, Form::Service),
        (Some(id), _, ["$metadata"]) => (id, Form::Metadata),
        (Some(id), _, table) => (id, Form::Table(hops(table)?)),
        (_, Some(id), []) => (id, Form::Xml),
        (_, _, []) => (id, Form::Itself),
        (_, _, ["versions"]) => (id, Form::Versions),
        (_, _, ["fields"]) => (id, Form::Fields),
        (_, _, ["attachments"]) => (id, Form::Attachments),
        (_, _, ["submissions"]) => (id, Form::Submissions),
        (_, _, ["submissions", one]) => (id, Form::Submission((*one).to_owned())),
        (_, _, ["submissions", one, "attachments"]) => {
            (id, Form::SubmissionAttachments((*one).to_owned()))
        }
        (_, _, ["submissions", one, "versions"]) => {
            (id, Form::SubmissionVersions((*one).to_owned()))
        }
        _ => return None,
    };
    Some(Address::Form(id.to_owned(), what))
}

fn dataset(name: &str, rest: &[&str]) -> Option<Address> {
    let (name, what) = match (name.strip_suffix(".svc"), rest) {
        (Some(name), []) => (name, Dataset::Service),
        (Some(name), ["$metadata"]) => (name, Dataset::Metadata),
        (Some(name), table) => (name, Dataset::Table(hops(table)?)),
        (_, []) => (name, Dataset::Itself),
        (_, ["entities"]) => (name, Dataset::Entities),
        (_, ["entities.csv"]) => (name, Dataset::Csv),
        (_, ["entities", one]) => (name, Dataset::Entity((*one).to_owned())),
        _ => return None,
    };
    Some(Address::Dataset(name.to_owned(), what))
}

/// The way to a table; dots and slashes both lead down.
fn hops(segments: &[&str]) -> Option<Vec<Hop>> {
    let mut hops = Vec::new();
    for segment in segments {
        let (path, id) = match segment.split_once("('") {
            None => (*segment, None),
            Some((path, rest)) => (path, Some(rest.strip_suffix("')")?.replace("''", "'"))),
        };
        let mut names: Vec<&str> = path.split('.').collect();
        let last = names.pop()?;
        hops.extend(names.into_iter().map(|name| Hop { name: name.to_owned(), id: None }));
        hops.push(Hop { name: last.to_owned(), id });
    }
    Some(hops)
}
