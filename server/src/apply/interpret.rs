//! From an event and the forms to what it says: a pure function, the same at every rebuild.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, OnceLock},
};

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    change::{EntityChange, Facts, Props, age_group},
    event::{Content, Event},
    identity,
    interviewed::Interviewed,
    look_up::Asks,
};
use crate::{
    catalogue::{Published, Snapshot},
    forms::{self, Class, Decoded, EntityBlock, Mode, Severity, Value, XForm, decode},
    geo::Position,
    intake::EventKind,
    keys::{MasterKeys, Realm},
    rules::{self, Finding},
};

/// How a record stands, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RecordState {
    /// In the register.
    Received,
    /// In the register, with something a supervisor should see.
    Flagged,
    /// Kept, but not in the register, counts or lists.
    Quarantined,
}

impl RecordState {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Flagged => "flagged",
            Self::Quarantined => "quarantined",
        }
    }
}

/// What an event says, before it meets the register.
#[derive(Clone)]
pub(super) struct Interpretation {
    pub(super) state: RecordState,
    /// Stable code of why it is not simply received.
    pub(super) reason: &'static str,
    /// Rules, versions, paths, and values of class "none" only.
    pub(super) violations: Vec<Json>,
    pub(super) rules: Vec<String>,
    pub(super) dataset: String,
    pub(super) answers: String,
    pub(super) sealed: Vec<u8>,
    pub(super) expected_files: Vec<String>,
    pub(super) changes: Vec<Arc<EntityChange>>,
    /// What it would change, were it not set aside: somebody may let it in.
    pub(super) withheld: Vec<Arc<EntityChange>>,
    /// Whether a form could read it.
    pub(super) is_readable: bool,
    /// What it is to be compared with when it meets the register.
    pub(super) asks: Option<Asks>,
    /// Its place among the interviews of its phone.
    pub(super) interviewed: Option<Interviewed>,
}

/// Whose master key seals what a form collects.
pub const fn realm(form: &XForm) -> Realm {
    match form.realm {
        forms::Realm::Adults => Realm::Adults,
        forms::Realm::Children => Realm::Children,
    }
}

/// Datasets whose labels name places or organisations, not people.
pub(super) fn has_open_label(dataset: &str) -> bool {
    matches!(dataset, "sites" | "cooperatives" | "osc")
}

/// Interprets a submission, edit or conflict.
pub(super) fn interpret(
    event: &Event,
    content: &Content,
    forms: &Snapshot,
    keys: &MasterKeys,
) -> Interpretation {
    let exact = forms.version(&event.form_id, &event.form_version);
    let Some(published) = exact.or_else(|| forms.latest(&event.form_id)) else {
        return kept_aside("unknown_form", "A01", content);
    };
    let Some(decoded) = decoded(published, exact.is_some(), content, event) else {
        return kept_aside("undecodable", "A01", content);
    };
    let form = &published.form;
    let mut said = describe(form, &decoded, content);
    let known = rules::Context::at(event.received_at.timestamp());
    for finding in rules::check(form, &decoded, &known) {
        said.take(&finding);
    }
    // What was left out at the door no rule finds any more.
    for rule in content.withheld.iter().filter_map(|id| sanu_schemas::rule(id)) {
        said.take(&Finding::of(&rule.id, Severity::Error));
    }
    if exact.is_none() {
        said.flag("unknown_version", "A04");
    }
    if event.kind == EventKind::Conflict {
        said.quarantine("conflict", "A03");
    }
    said.asks = Asks::of(published, &decoded, keys);
    said.interviewed = Interviewed::of(event, form, &decoded, keys);
    let changes = changes(form, &decoded, event, keys).into_iter().map(Arc::new).collect();
    if said.state == RecordState::Quarantined {
        said.withheld = changes;
    } else {
        said.changes = changes;
    }
    said
}

/// The answers of these classes, as nested JSON; `None` when no form reads the submission.
pub(super) fn answers(
    event: &Event,
    xml: &[u8],
    forms: &Snapshot,
    keep: impl Fn(Class) -> bool,
) -> Option<String> {
    let exact = forms.version(&event.form_id, &event.form_version);
    let published = exact.or_else(|| forms.latest(&event.form_id))?;
    let decoded = decode(&published.form, xml, event.received_at.date()).ok()?;
    Some(decoded.answers_json(&published.form, keep))
}

fn decoded(
    published: &Arc<Published>,
    exact: bool,
    content: &Content,
    event: &Event,
) -> Option<Arc<Decoded>> {
    // The door decodes against the exact version only.
    if let Some(decoded) = content.decoded.as_ref().filter(|_| exact) {
        return Some(Arc::clone(decoded));
    }
    decode(&published.form, &content.xml, event.received_at.date()).map(Arc::new).ok()
}

/// A record that is kept but says nothing to the register.
pub(super) fn kept_aside(
    reason: &'static str,
    rule: &'static str,
    content: &Content,
) -> Interpretation {
    Interpretation {
        state: RecordState::Quarantined,
        reason,
        violations: vec![Finding::of(rule, Severity::Error).to_json()],
        rules: vec![rule.to_owned()],
        dataset: String::new(),
        answers: String::from("{}"),
        sealed: content.key.seal(b"record", b"{}"),
        expected_files: Vec::new(),
        changes: Vec::new(),
        withheld: Vec::new(),
        is_readable: false,
        asks: None,
        interviewed: None,
    }
}

fn describe(form: &XForm, decoded: &Decoded, content: &Content) -> Interpretation {
    let mut said = Interpretation {
        state: RecordState::Received,
        reason: "",
        violations: Vec::new(),
        rules: Vec::new(),
        dataset: form.dataset.clone().unwrap_or_default(),
        answers: decoded.answers_json(form, |class| class == Class::None),
        sealed: content
            .key
            .seal(b"record", decoded.answers_json(form, |class| class != Class::None).as_bytes()),
        expected_files: decoded.attachments.clone(),
        changes: Vec::new(),
        withheld: Vec::new(),
        is_readable: true,
        asks: None,
        interviewed: None,
    };
    for broken in &decoded.violations {
        let finding = Finding::at(broken.rule, broken.severity, broken.path.clone());
        said.take(&finding);
    }
    said
}

impl Interpretation {
    /// What it changes, let in or not.
    pub(super) fn all_changes(self) -> impl Iterator<Item = Arc<EntityChange>> {
        self.changes.into_iter().chain(self.withheld)
    }

    fn take(&mut self, finding: &Finding) {
        self.add(finding, "rules");
    }

    pub(super) fn flag(&mut self, reason: &'static str, rule: &'static str) {
        self.add(&Finding::of(rule, Severity::Warning), reason);
    }

    pub(super) fn quarantine(&mut self, reason: &'static str, rule: &'static str) {
        self.add(&Finding::of(rule, Severity::Error), reason);
        self.reason = reason;
    }

    /// Adds a violation: an error keeps the record out of the register, a warning marks it, and
    /// the first reason that changed its state is kept.
    pub(super) fn add(&mut self, finding: &Finding, reason: &'static str) {
        self.violations.push(finding.to_json());
        if !self.rules.iter().any(|known| known == finding.rule) {
            self.rules.push(finding.rule.to_owned());
        }
        let state = match finding.severity {
            Severity::Error => RecordState::Quarantined,
            Severity::Warning => RecordState::Flagged,
            Severity::Information => RecordState::Received,
        };
        if state > self.state {
            self.state = state;
            self.reason = reason;
        }
    }
}

fn changes(form: &XForm, decoded: &Decoded, event: &Event, keys: &MasterKeys) -> Vec<EntityChange> {
    let mut changes = Vec::new();
    for block in &decoded.entities {
        let Some(id) = block.uuid().filter(|_| block.acts()) else { continue };
        let own = form.dataset.as_deref() == Some(block.dataset.as_str());
        if own {
            changes.push(from_form(form, decoded, block, id, keys));
        } else if event.kind != EventKind::Edit {
            // As ODK has it: a later edit of somebody else's form does not change the entity.
            changes.push(from_block(form, block, id));
        }
    }
    if changes.len() > 1 {
        one_of_each(&mut changes);
    }
    if form.mode == Mode::Server
        && let Some(dataset) = &form.dataset
    {
        changes.push(whole(form, decoded, dataset, own_id(event.submission_id, dataset), keys));
    }
    if let Some(log) = &form.log {
        let mut visit = whole(form, decoded, log, own_id(event.submission_id, log), keys);
        // A visit is about the entity it updates.
        let visited = decoded.entities.first().and_then(EntityBlock::uuid);
        visit.site_id = visit.site_id.or(visited);
        changes.push(visit);
    }
    if event.kind == EventKind::Edit {
        for change in &mut changes {
            clear_unanswered(form, change);
        }
    }
    changes
}

/// What a submission says of one entity in several blocks is one version: the later block speaks last, the first one
/// says what all were made on.
fn one_of_each(changes: &mut Vec<EntityChange>) {
    let mut places: HashMap<(Uuid, String), usize> = HashMap::with_capacity(changes.len());
    let mut said: Vec<EntityChange> = Vec::with_capacity(changes.len());
    for change in changes.drain(..) {
        let place = *places.entry((change.entity_id, change.dataset.clone())).or_insert(said.len());
        match said.get_mut(place) {
            Some(first) => first.take_later(change),
            None => said.push(change),
        }
    }
    *changes = said;
}

/// The id of an entity that a submission makes without naming one: the same at every rebuild, and
/// never the submission's own, whose key is another.
pub(super) fn own_id(submission_id: Uuid, dataset: &str) -> Uuid {
    let hash: [u8; 32] =
        Sha256::new().chain_update(submission_id).chain_update(dataset).finalize().into();
    let (head, _) = hash.split_at(16);
    uuid::Builder::from_custom_bytes(head.try_into().unwrap_or_default()).into_uuid()
}

/// An edit replaces the whole submission: what it no longer answers is removed.
fn clear_unanswered(form: &XForm, change: &mut EntityChange) {
    for question in form.questions.iter().filter(|q| !q.in_repeat) {
        let Some(property) = question.property.as_deref().filter(|p| *p != "label") else {
            continue;
        };
        let into =
            if question.class == Class::None { &mut change.open } else { &mut change.sealed };
        into.entry(property.to_owned()).or_insert(Json::Null);
    }
}

fn blank(form: &XForm, dataset: &str, entity_id: Uuid) -> EntityChange {
    EntityChange {
        dataset: dataset.to_owned(),
        realm: realm(form),
        entity_id,
        create: false,
        update: false,
        base_version: 0,
        trunk_version: 0,
        branch_id: String::new(),
        registers: false,
        forced: false,
        settles: 0,
        label: None,
        open: Props::new(),
        sealed: Props::new(),
        block_keys: BTreeSet::new(),
        site_id: None,
        position: None,
        facts: Facts::default(),
        made: None,
        stored: OnceLock::new(),
    }
}

/// An entity of one of the census's own forms: the block says which, the form says what.
fn from_form(
    form: &XForm,
    decoded: &Decoded,
    block: &EntityBlock,
    id: Uuid,
    keys: &MasterKeys,
) -> EntityChange {
    let mut change = whole(form, decoded, &block.dataset, id, keys);
    change.create = block.create;
    change.update = block.update;
    with_block(&mut change, block);
    change
}

/// An entity of somebody else's form: only what it says it saves.
fn from_block(form: &XForm, block: &EntityBlock, id: Uuid) -> EntityChange {
    let mut change = blank(form, &block.dataset, id);
    change.create = block.create;
    change.update = block.update;
    for (property, text, question) in &block.properties {
        let value = text.as_deref().map_or(Json::Null, |t| Json::String(t.to_owned()));
        let class = form.questions.get(*question).map_or(Class::Sensitive, |q| q.class);
        if class == Class::None && !is_sealed_by_census(&block.dataset, property) {
            change.open.insert(property.clone(), value);
        } else {
            change.sealed.insert(property.clone(), value);
        }
    }
    with_block(&mut change, block);
    change
}

/// Whether the census seals this property of its own list, whatever another form calls it.
fn is_sealed_by_census(dataset: &str, property: &str) -> bool {
    static SEALED: OnceLock<HashSet<(String, String)>> = OnceLock::new();
    let sealed = SEALED.get_or_init(|| {
        let forms = sanu_schemas::forms().iter().filter_map(|f| XForm::parse(f.xml).ok());
        forms.flat_map(|form| sealed_by(&form)).collect()
    });
    sealed.contains(&(dataset.to_owned(), property.to_owned()))
}

/// The properties that a form seals, with their list.
fn sealed_by(form: &XForm) -> Vec<(String, String)> {
    let Some(dataset) = &form.dataset else { return Vec::new() };
    let sealed = form.questions.iter().filter(|q| q.class != Class::None);
    let names = sealed.flat_map(|q| [&q.property, &q.save_to]).flatten();
    names.map(|name| (dataset.clone(), name.clone())).collect()
}

fn with_block(change: &mut EntityChange, block: &EntityBlock) {
    change.base_version = block.base_version.unwrap_or(0);
    change.trunk_version = block.trunk_version.unwrap_or(0);
    change.branch_id = block.branch_id.clone().unwrap_or_default();
    change.registers = block.create && !block.update;
    if let Some(label) = &block.label {
        if has_open_label(&block.dataset) {
            change.label = Some(label.clone());
        } else {
            change.sealed.insert(String::from("label"), Json::String(label.clone()));
        }
    }
}

/// Everything a submission says that has a place in the server's model.
fn whole(
    form: &XForm,
    decoded: &Decoded,
    dataset: &str,
    id: Uuid,
    keys: &MasterKeys,
) -> EntityChange {
    let mut change = blank(form, dataset, id);
    change.create = true;
    for (property, class, value) in decoded.properties(form) {
        if property == "label" {
            continue;
        }
        let into = if class == Class::None { &mut change.open } else { &mut change.sealed };
        into.insert(property.to_owned(), value.to_json());
        take_fact(&mut change, property, value);
    }
    // A later visit of a site does not say since when the site is known.
    let is_registered = dataset == "sites" && form.mode == Mode::Create;
    if (identity::kind(dataset).is_some() || is_registered)
        && let Some(at) = interviewed_at(form, decoded)
    {
        // Phones send when they have a network: what happened within minutes is told by this.
        change.sealed.insert(String::from(identity::INTERVIEWED_AT), at.into());
    }
    change.block_keys = identity::block_keys(dataset, &change.open, &change.sealed, keys);
    change
}

/// When the interview began, by the phone's clock.
pub(super) fn interviewed_at<'d>(form: &XForm, decoded: &'d Decoded) -> Option<&'d str> {
    let start = form.questions.iter().position(|q| q.path == "/data/start")?;
    decoded.answers.iter().find(|a| a.question == start).and_then(|a| match &a.value {
        Value::DateTime(text) => Some(text.as_str()),
        _ => None,
    })
}

fn take_fact(change: &mut EntityChange, property: &str, value: &Value) {
    match (property, value) {
        ("geometry", Value::Point(p)) => change.position = Position::new(p.lon, p.lat),
        ("site_id", _) => change.site_id = text(Some(value)).and_then(|t| t.trim().parse().ok()),
        ("sex", Value::Code(code)) => change.facts.sex = Some(code.clone()),
        ("age_years", Value::Integer(age)) => {
            change.facts.age_group = age_group(change.realm, *age).map(str::to_owned);
        }
        ("status", Value::Code(code)) => change.facts.status = Some(code.clone()),
        ("mining_district", Value::Code(code)) => change.facts.district = Some(code.clone()),
        _ => {}
    }
}

fn text(value: Option<&Value>) -> Option<&str> {
    match value? {
        Value::Text(text) | Value::Code(text) => Some(text),
        _ => None,
    }
}
