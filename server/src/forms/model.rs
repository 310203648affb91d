//! What the server knows of a form: its questions, choices, entities and media.

use std::sync::Arc;

use super::constraint::Bounds;
use super::logic::Logic;
use super::outline::Outline;

/// A published form, read once and shared by every submission of that version.
#[derive(Debug, Clone)]
pub struct XForm {
    /// Id of the form, never blank.
    pub form_id: String,
    /// Version of the form, empty when it has none.
    pub version: String,
    /// Title shown to the enumerator.
    pub title: String,
    /// Entity list that the answers feed (`sanu:dataset`).
    pub dataset: Option<String>,
    /// What the answers do to that list (`sanu:mode`).
    pub mode: Mode,
    /// Whom the form is about (`sanu:realm`).
    pub realm: Realm,
    /// Register that the answers are appended to (`sanu:log`).
    pub log: Option<String>,
    /// Version of the Entities specification that the form follows.
    pub entities_version: Option<String>,
    /// The questions, in form order.
    pub questions: Vec<Question>,
    /// The entity declarations, in form order.
    pub entities: Vec<EntityDecl>,
    /// The files that the form needs beside it.
    pub media: Vec<MediaRef>,
    /// Where the form asks to be sent, when not to the server it came from.
    pub submission_url: Option<String>,
    /// The tree of the primary instance, by which submissions are decoded.
    pub(super) outline: Outline,
    /// Its conditions, constraints and calculations.
    pub(super) logic: Logic,
}

impl XForm {
    /// Finds a question by its path, without indexes.
    pub fn question(&self, path: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.path == path)
    }
}

/// What a form does to the entity list it names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Each submission makes one entity.
    Create,
    /// Each submission changes one entity.
    Update,
    /// The server derives the entity, the form declares none.
    Server,
    /// The form feeds no list.
    #[default]
    None,
}

/// Whom a form is about: what concerns children is kept apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Realm {
    /// Adults, sites and organisations.
    #[default]
    Adults,
    /// Children.
    Children,
}

/// How much an answer reveals of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Names a person by itself.
    Direct,
    /// Narrows down who it is, with others.
    Quasi,
    /// Could harm if known; also everything that was not classified.
    Sensitive,
    /// Reveals nothing of a person.
    None,
}

/// The type of the answers to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerKind {
    /// Free text, and every type this server does not know.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A date and time.
    DateTime,
    /// One choice.
    SelectOne,
    /// Any number of choices, or an order of them.
    SelectMultiple,
    /// A point.
    GeoPoint,
    /// A path.
    GeoTrace,
    /// An outline.
    GeoShape,
    /// The text of a barcode.
    Barcode,
    /// The name of an attached file.
    Attachment,
}

/// Where the codes of a question come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choices {
    /// Any answer goes, or the codes cannot be known from the form alone.
    Open,
    /// The codes are in the form.
    Inline(CodeSet),
    /// The codes are in a file beside the form.
    List {
        /// Name of the file without `.csv`, which is also that of an entity list.
        file: String,
        /// Column that holds the code.
        value: String,
    },
}

/// The codes of a choice list, sorted; cheap to share between questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeSet(Arc<[String]>);

impl CodeSet {
    /// Collects codes in any order; the same code twice counts once.
    pub(super) fn new(mut codes: Vec<String>) -> Self {
        codes.sort_unstable();
        codes.dedup();
        Self(codes.into())
    }

    /// Tells whether this code is in the list.
    pub fn contains(&self, code: &str) -> bool {
        self.0.binary_search_by(|known| known.as_str().cmp(code)).is_ok()
    }

    /// Gives the codes, sorted.
    pub fn codes(&self) -> &[String] {
        &self.0
    }
}

/// One question of a form, or a value that it calculates or collects by itself.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact of the form")]
pub struct Question {
    /// Path in the instance, without indexes: `/data/group/name`.
    pub path: String,
    /// Last step of the path.
    pub name: String,
    /// Type of the answers.
    pub kind: AnswerKind,
    /// Whether an answer is a set of codes.
    pub multiple: bool,
    /// Whether the form always demands an answer (`required="true()"`, no other expression).
    pub required: bool,
    /// Whether it is always relevant: neither it nor a group around it has a condition.
    pub unconditional: bool,
    /// Whether the enumerator is shown the question (it has a control in the body).
    pub asked: bool,
    /// The codes allowed.
    pub choices: Choices,
    /// The part of the constraint that this server understands.
    pub bounds: Bounds,
    /// How much the answer reveals; unclassified means sensitive.
    pub class: Class,
    /// Property of the server's model that it feeds (`sanu:property`).
    pub property: Option<String>,
    /// Property of the entity that it feeds (`entities:saveto`).
    pub save_to: Option<String>,
    /// Whether it can be answered several times in a submission.
    pub in_repeat: bool,
    /// The question as asked, in French or else the default language.
    pub label: Option<String>,
}

/// An `<entity>` that submissions of the form carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityDecl {
    /// Name of the entity list.
    pub dataset: String,
    /// Path of the root, group or repeat that the entity describes.
    pub scope: String,
    /// Whether the form can create entities.
    pub creates: bool,
    /// Whether the form can update entities.
    pub updates: bool,
    /// Whether a submission can carry several of them.
    pub in_repeat: bool,
}

/// A file that a form needs beside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MediaRef {
    /// Id of the secondary instance it fills; none for images, sounds and videos.
    pub instance_id: Option<String>,
    /// Name of the file.
    pub filename: String,
}
