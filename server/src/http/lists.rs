//! An entity list as one role sees it: its properties, and which of their values may be read. The only place
//! that masks entities row by row; Central's addresses and `/v1/datasets` both ask it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    access::{RecordTier, ReviewTier, Role},
    catalogue::Snapshot,
    forms::{AnswerKind, Choices, Class, Mode, Question, Realm, XForm},
    runtime::Micros,
};

/// A property of a list.
pub(super) struct Property {
    /// The strictest class that any form gives it.
    pub(super) class: Class,
    /// Whether its values may be read.
    pub(super) shown: bool,
    /// The question that feeds it, as asked.
    pub(super) label: Option<String>,
    /// The forms that save it.
    pub(super) forms: BTreeSet<String>,
}

/// An entity list as one role sees it.
pub(super) struct List {
    pub(super) name: String,
    pub(super) tier: RecordTier,
    pub(super) children: bool,
    pub(super) created_at: Micros,
    pub(super) properties: BTreeMap<String, Property>,
    /// The forms that save anything: id and title.
    pub(super) sources: Vec<(String, String)>,
}

/// The datasets that forms make or change.
fn declared(form: &XForm) -> impl Iterator<Item = &str> {
    let own = form.dataset.as_deref().filter(|_| form.mode != Mode::None);
    let log = form.log.as_deref();
    own.into_iter().chain(log).chain(form.entities.iter().map(|e| e.dataset.as_str()))
}

/// The names of the lists that there are for this role.
pub(super) fn names(role: Role, forms: &Snapshot) -> BTreeSet<String> {
    let all = forms.all();
    let names: BTreeSet<&str> = all.iter().flat_map(|p| declared(&p.form)).collect();
    let seen = |name: &&str| role.record_tier(is_of_children(forms, name)).is_some();
    names.into_iter().filter(seen).map(str::to_owned).collect()
}

/// Whether any form of children saves into it, or the census keeps it apart.
pub(super) fn is_of_children(forms: &Snapshot, name: &str) -> bool {
    let apart = sanu_schemas::Realm::Children;
    sanu_schemas::datasets().iter().any(|d| d.name == name && d.realm == apart)
        || forms.all().iter().any(|p| {
            p.form.realm == Realm::Children && declared(&p.form).any(|dataset| dataset == name)
        })
}

/// The list of this name; `None` when there is none for this role.
pub(super) fn find(role: Role, forms: &Snapshot, name: &str) -> Option<List> {
    let children = is_of_children(forms, name);
    let tier = role.record_tier(children)?;
    let mut properties: BTreeMap<String, Property> = BTreeMap::new();
    let mut sources = BTreeMap::new();
    let mut created_at = None::<Micros>;
    for published in forms.all() {
        let form = &published.form;
        if !declared(form).any(|dataset| dataset == name) {
            continue;
        }
        let at = published.row.published_at;
        created_at = Some(created_at.map_or(at, |known| known.min(at)));
        sources.insert(form.form_id.clone(), published.row.title.clone());
        let own = [form.dataset.as_deref(), form.log.as_deref()].contains(&Some(name));
        for question in form.questions.iter().filter(|q| !own || !q.in_repeat) {
            let property = if own { &question.property } else { &question.save_to };
            let Some(property) = property.clone().filter(|p| p != "label") else { continue };
            let shown = shows(tier, question, &property, children);
            let known = properties.entry(property).or_insert_with(|| Property {
                class: question.class,
                shown,
                label: question.label.clone(),
                forms: BTreeSet::new(),
            });
            known.class = known.class.min(question.class);
            known.shown &= shown;
            known.forms.insert(form.form_id.clone());
        }
    }
    let sources = sources.into_iter().collect();
    let name = name.to_owned();
    Some(List { name, tier, children, created_at: created_at?, properties, sources })
}

/// Whether a property that this question feeds may be read.
fn shows(tier: RecordTier, question: &Question, property: &str, children: bool) -> bool {
    let place =
        matches!(question.kind, AnswerKind::GeoPoint | AnswerKind::GeoTrace | AnswerKind::GeoShape);
    let typed = question.kind == AnswerKind::Text
        && question.asked
        && matches!(question.choices, Choices::Open);
    let narrow = question.class != Class::None;
    // Only places have their position here: a person's stays in the vault.
    let hidden = (narrow && (place || typed)) || (children && place);
    let vault = property.starts_with("vault.");
    tier.reads(question.class, property.starts_with("referral.")) && !vault && !hidden
}

/// Whether a property is part of a registration read with its identity. A referral is nobody's business but the
/// focal point's; a position adds nothing to a place.
pub(super) fn is_of_identity(property: &str) -> bool {
    !property.starts_with("referral.") && property != "geometry"
}

/// Whether this role reads identities, of children or of everybody else, when it says why.
pub(super) fn reads_identity(role: Role, children: bool) -> bool {
    role.review_tier(children) == Some(ReviewTier::Identity)
}

impl List {
    /// Whether values of this property may be read, with the identity or without.
    pub(super) fn reads(&self, property: &str, identity: bool) -> bool {
        self.properties.get(property).is_some_and(|p| p.shown)
            || (identity && is_of_identity(property))
    }
}
