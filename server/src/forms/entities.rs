//! The entities that a submission carries, as the device wrote them.

use quick_xml::events::BytesStart;
use uuid::Uuid;

use super::scan::attribute;

/// One `<entity>` of a submission, with the properties of its scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntityBlock {
    /// Name of the entity list.
    pub dataset: String,
    /// Id of the entity as given; may be blank when there is nothing to do.
    pub id: String,
    /// Whether to create it.
    pub create: bool,
    /// Whether to update it.
    pub update: bool,
    /// The version that the device changed.
    pub base_version: Option<i64>,
    /// The last version of the server that the device had seen.
    pub trunk_version: Option<i64>,
    /// The chain of offline changes that this one belongs to.
    pub branch_id: Option<String>,
    /// The label, none when blank.
    pub label: Option<String>,
    /// Property, text and question of every `saveto` present in the scope.
    ///
    /// Blank is `Some("")` and empties the property; one that is absent is not listed, and keeps
    /// its value.
    pub properties: Vec<(String, Option<String>, usize)>,
}

/// No entity has more versions: what adds to them cannot overflow.
const VERSION_MAX: i64 = 1_000_000_000;

impl EntityBlock {
    /// The id of the entity; `None` when it is blank or no UUID.
    ///
    /// `uuid:` may stand before it, as before instance ids. Nil is what a form writes that forgot to make one: it would
    /// make one entity of all of them.
    pub fn uuid(&self) -> Option<Uuid> {
        let id = self.id.trim();
        let id = id.strip_prefix("uuid:").unwrap_or(id);
        id.parse().ok().filter(|id: &Uuid| !id.is_nil() && !id.is_max())
    }

    /// Whether it asks for anything: relevance leaves both flags blank where there is nothing to do.
    pub const fn acts(&self) -> bool {
        self.create || self.update
    }

    /// Reads the attributes of an `<entity>`; a number that is none, or no version, counts as blank.
    pub(super) fn from_tag(tag: &BytesStart<'_>) -> Self {
        let text = |name| {
            let value: Option<String> = attribute(tag, name);
            value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let yes = |name| text(name).is_some_and(|value| matches!(value.as_str(), "1" | "true"));
        let number = |name| {
            let number = text(name).and_then(|value| value.parse().ok());
            number.filter(|version| (0..=VERSION_MAX).contains(version))
        };
        Self {
            dataset: text("dataset").unwrap_or_default(),
            id: text("id").unwrap_or_default(),
            create: yes("create"),
            update: yes("update"),
            base_version: number("baseVersion"),
            trunk_version: number("trunkVersion"),
            branch_id: text("branchId"),
            label: None,
            properties: Vec::new(),
        }
    }
}

/// The group, repeat instance or root that is being read and whose entity collects properties.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// Properties met so far.
    pub(super) properties: Vec<(String, Option<String>, usize)>,
    /// Positions, in the list of blocks, of the entities met so far.
    pub(super) blocks: Vec<usize>,
}

impl Scope {
    /// Gives the properties to the entities, once the scope is complete.
    pub(super) fn close(mut self, blocks: &mut [EntityBlock]) {
        let last = self.blocks.pop();
        for block in self.blocks {
            if let Some(block) = blocks.get_mut(block) {
                block.properties.clone_from(&self.properties);
            }
        }
        if let Some(block) = last.and_then(|block| blocks.get_mut(block)) {
            block.properties = self.properties;
        }
    }
}
