//! Tables laid out from a form's tree, or from the properties of a dataset; and what of them is withheld.

use std::collections::{BTreeMap, HashSet};

use crate::{
    access::RecordTier,
    forms::{AnswerKind, Choices, Class, Question, Realm, Shape, ShapeKind, XForm},
};

/// The type of a column, as far as `OData` tells types apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, codes, times of day, names of files; several codes are joined by spaces.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A calendar date.
    Date,
    /// An instant.
    DateTime,
    /// A point.
    Point,
    /// The points of a line.
    Line,
    /// The points around an area.
    Area,
}

impl Kind {
    const fn of(answer: AnswerKind) -> Self {
        match answer {
            AnswerKind::Integer => Self::Integer,
            AnswerKind::Decimal => Self::Decimal,
            AnswerKind::Boolean => Self::Boolean,
            AnswerKind::Date => Self::Date,
            AnswerKind::DateTime => Self::DateTime,
            AnswerKind::GeoPoint => Self::Point,
            AnswerKind::GeoTrace => Self::Line,
            AnswerKind::GeoShape => Self::Area,
            AnswerKind::Text
            | AnswerKind::Time
            | AnswerKind::SelectOne
            | AnswerKind::SelectMultiple
            | AnswerKind::Barcode
            | AnswerKind::Attachment => Self::Text,
        }
    }

    /// Whether it is a place on the map.
    pub const fn is_place(self) -> bool {
        matches!(self, Self::Point | Self::Line | Self::Area)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Number among everything of the schema.
    pub id: usize,
    /// Name in the stored answers.
    pub raw: String,
    /// Name in `OData`.
    pub name: String,
    /// `/group/question`, with the names of the form.
    pub path: String,
    /// Its type.
    pub kind: Kind,
    /// The type as a form declares it: `int`, `geopoint`, `string`…
    pub declared: &'static str,
    /// Whether an answer is a set of codes.
    pub multiple: bool,
    /// Whether this reader gets no value of it.
    pub withheld: bool,
    /// Whether places are given to three decimals (about 100 m) only.
    pub rounded: bool,
}

/// Something with columns in it, or a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A column.
    Field(Field),
    /// Columns under one name.
    Group(Branch),
    /// A table of its own, joined to this one.
    Repeat(Branch),
}

/// A group or repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Number among everything of the schema.
    pub id: usize,
    /// Name in the stored answers.
    pub raw: String,
    /// Name in `OData`.
    pub name: String,
    /// `/group`, with the names of the form.
    pub path: String,
    /// What is in it.
    pub items: Vec<Item>,
}

impl Item {
    /// Its name in `OData`.
    pub fn name(&self) -> &str {
        match self {
            Self::Field(field) => &field.name,
            Self::Group(branch) | Self::Repeat(branch) => &branch.name,
        }
    }
}

/// What the server knows of each row besides its answers: name and type.
pub type System = &'static [(&'static str, Kind)];

/// `__system` of a submission.
const SUBMISSION: System = &[
    ("submissionDate", Kind::DateTime),
    ("updatedAt", Kind::DateTime),
    ("submitterId", Kind::Text),
    ("submitterName", Kind::Text),
    ("attachmentsPresent", Kind::Integer),
    ("attachmentsExpected", Kind::Integer),
    ("status", Kind::Text),
    ("reviewState", Kind::Text),
    ("deviceId", Kind::Text),
    ("edits", Kind::Integer),
    ("formVersion", Kind::Text),
    ("deletedAt", Kind::DateTime),
];

/// `__system` of an entity.
const ENTITY: System = &[
    ("createdAt", Kind::DateTime),
    ("creatorId", Kind::Text),
    ("creatorName", Kind::Text),
    ("updates", Kind::Integer),
    ("updatedAt", Kind::DateTime),
    ("version", Kind::Integer),
    ("conflict", Kind::Text),
    ("deletedAt", Kind::DateTime),
];

/// The tables of one form or dataset, as one reader sees them.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The form or dataset.
    pub id: String,
    /// Name of the main table: `Submissions` or `Entities`.
    pub primary: &'static str,
    /// What the server knows of each row.
    pub system: System,
    /// The columns of the main table.
    pub items: Vec<Item>,
    /// How many things are numbered.
    pub numbered: usize,
}

impl Schema {
    /// Whether it is of submissions, not of entities.
    pub fn is_form(&self) -> bool {
        self.primary == "Submissions"
    }
}

/// The tables of a form: its newest version, with the strictest class that any version gives an answer.
///
/// `versions` goes from the oldest to the newest; `None` when there is none.
pub fn form_schema(versions: &[&XForm], tier: RecordTier) -> Option<Schema> {
    let newest = versions.last()?;
    let children = versions.iter().any(|v| v.realm == Realm::Children);
    let mut classes: BTreeMap<&str, Class> = BTreeMap::new();
    for question in versions.iter().flat_map(|v| &v.questions) {
        let class = classes.entry(question.path.as_str()).or_insert(question.class);
        *class = question.class.min(*class);
    }
    let mut build = Build { form: newest, classes, tier, children, next: 0 };
    let mut items = build.items(&newest.shape(), "", &["__id", "__system"]);
    items.push(build.meta(&items));
    Some(Schema {
        id: newest.form_id.clone(),
        primary: "Submissions",
        system: SUBMISSION,
        items,
        numbered: build.next,
    })
}

struct Build<'f> {
    form: &'f XForm,
    classes: BTreeMap<&'f str, Class>,
    tier: RecordTier,
    children: bool,
    next: usize,
}

impl Build<'_> {
    const fn number(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    /// Recursion is bounded by the depth of a published form.
    fn items(&mut self, shapes: &[Shape], above: &str, reserved: &[&str]) -> Vec<Item> {
        let mut taken: HashSet<String> = reserved.iter().map(|&name| name.to_owned()).collect();
        let mut items = Vec::with_capacity(shapes.len());
        for shape in shapes {
            let mut name = identifier(&shape.name);
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            let path = format!("{above}/{}", shape.name);
            let id = self.number();
            let raw = shape.name.clone();
            let item = match shape.kind {
                ShapeKind::Question(question) => {
                    let Some(question) = self.form.questions.get(question) else { continue };
                    Item::Field(self.field(question, id, name, path))
                }
                ShapeKind::Group => {
                    let items = self.items(&shape.children, &path, &[]);
                    Item::Group(Branch { id, raw, name, path, items })
                }
                ShapeKind::Repeat => {
                    let items = self.items(&shape.children, &path, &["__id"]);
                    Item::Repeat(Branch { id, raw, name, path, items })
                }
            };
            items.push(item);
        }
        items
    }

    fn field(&self, question: &Question, id: usize, name: String, path: String) -> Field {
        let class = self.classes.get(question.path.as_str()).copied().unwrap_or(Class::Sensitive);
        let kind = Kind::of(question.kind);
        let referral =
            question.property.as_deref().is_some_and(|name| name.starts_with("referral."));
        // Only what was coded leaves: a text that somebody typed may hold anything.
        let typed = question.kind == AnswerKind::Text
            && question.asked
            && matches!(question.choices, Choices::Open);
        let narrow = class != Class::None;
        let child_place = self.children && kind.is_place();
        Field {
            id,
            raw: question.name.clone(),
            name,
            path,
            kind,
            declared: declared(question.kind),
            multiple: question.multiple,
            withheld: !self.tier.reads(class, referral) || (typed && narrow) || child_place,
            rounded: narrow,
        }
    }

    /// The block that every submission has. The name of an instance may be a person's.
    fn meta(&mut self, items: &[Item]) -> Item {
        let mut name = String::from("meta");
        while items.iter().any(|item| item.name() == name) {
            name.push('_');
        }
        let id = self.number();
        let leaf = |id, raw: &str, withheld| {
            Item::Field(Field {
                id,
                raw: raw.to_owned(),
                name: raw.to_owned(),
                path: format!("/meta/{raw}"),
                kind: Kind::Text,
                declared: "string",
                multiple: false,
                withheld,
                rounded: false,
            })
        };
        let items = vec![
            leaf(self.number(), "instanceID", false),
            leaf(self.number(), "instanceName", true),
        ];
        Item::Group(Branch {
            id,
            raw: String::from("meta"),
            name,
            path: String::from("/meta"),
            items,
        })
    }
}

/// The table of a dataset: what its forms save, all as text, as Central has it.
///
/// `shown` says of each property whether this reader gets its values.
pub fn dataset_schema(name: &str, properties: &[(String, bool)]) -> Schema {
    let mut taken: HashSet<String> =
        ["__id", "__system", "label"].into_iter().map(str::to_owned).collect();
    let label = (String::from("label"), true);
    let all = std::iter::once(&label).chain(properties);
    let items = all.enumerate().map(|(id, (raw, shown))| {
        let mut name = identifier(raw);
        while id > 0 && !taken.insert(name.clone()) {
            name.push('_');
        }
        Item::Field(Field {
            id,
            raw: raw.clone(),
            name,
            path: format!("/{raw}"),
            kind: Kind::Text,
            declared: "string",
            multiple: false,
            withheld: !shown,
            rounded: false,
        })
    });
    let items: Vec<Item> = items.collect();
    let numbered = items.len();
    Schema { id: name.to_owned(), primary: "Entities", system: ENTITY, items, numbered }
}

/// A name as `OData` allows it: letters, digits and `_`, not beginning with a digit.
pub fn identifier(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 1);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        out.push('_');
    }
    let mut replaced = false;
    for c in name.chars() {
        let keep = c.is_ascii_alphanumeric() || c == '_';
        if keep {
            out.push(c);
        } else if !replaced {
            out.push('_');
        }
        replaced = !keep;
    }
    out
}

const fn declared(kind: AnswerKind) -> &'static str {
    match kind {
        AnswerKind::Integer => "int",
        AnswerKind::Decimal => "decimal",
        AnswerKind::Boolean => "boolean",
        AnswerKind::Date => "date",
        AnswerKind::Time => "time",
        AnswerKind::DateTime => "dateTime",
        AnswerKind::GeoPoint => "geopoint",
        AnswerKind::GeoTrace => "geotrace",
        AnswerKind::GeoShape => "geoshape",
        AnswerKind::Barcode => "barcode",
        AnswerKind::Attachment => "binary",
        AnswerKind::Text | AnswerKind::SelectOne | AnswerKind::SelectMultiple => "string",
    }
}
