//! The texts of a form: question labels in the language preferred, and the media they name.

use std::collections::{HashMap, HashSet};

use super::dom::{Document, NodeId};
use super::model::MediaRef;

/// Forms of a `<value>` that name a file; `guidance`, `short` and the like are texts.
const MEDIA_FORMS: [&str; 5] = ["image", "big-image", "audio", "video", "file"];

/// Texts by id, in French if the form has it, else in its default language.
#[derive(Debug, Default)]
pub(super) struct Texts<'a>(HashMap<&'a str, &'a str>);

impl<'a> Texts<'a> {
    /// Picks the translation and indexes its texts.
    pub(super) fn read(document: &'a Document, model: NodeId) -> Self {
        let Some(itext) = document.child(model, "itext") else {
            return Self::default();
        };
        let translations: Vec<_> = document.named(itext, "translation").collect();
        let is_french = |&&id: &&NodeId| {
            let language = document.attribute(id, "lang").unwrap_or_default().to_lowercase();
            language == "fr" || language.contains("(fr)") || language.starts_with("fran")
        };
        let is_default = |&&id: &&NodeId| document.attribute(id, "default").is_some();
        let chosen = translations
            .iter()
            .find(is_french)
            .or_else(|| translations.iter().find(is_default))
            .or_else(|| translations.first());
        let Some(&chosen) = chosen else {
            return Self::default();
        };
        let texts = document.named(chosen, "text").filter_map(|text| {
            let mut values = document.named(text, "value");
            let plain = values.find(|&value| document.attribute(value, "form").is_none())?;
            Some((document.attribute(text, "id")?, document.text(plain).trim()))
        });
        Self(texts.collect())
    }

    /// All texts, if the form has one language or none: otherwise nobody knows which was shown.
    pub(super) fn of_only_language(
        document: &'a Document,
        model: NodeId,
    ) -> Option<HashMap<String, String>> {
        let itext = document.child(model, "itext");
        let languages = itext.map_or(0, |itext| document.named(itext, "translation").count());
        let owned = |(id, text): (&str, &str)| (id.to_owned(), text.to_owned());
        (languages < 2).then(|| Self::read(document, model).0.into_iter().map(owned).collect())
    }

    /// The label of a control: its reference resolved, or else its own text.
    pub(super) fn label_of(&self, document: &Document, control: NodeId) -> Option<String> {
        let label = document.child(control, "label")?;
        let reference = document.attribute(label, "ref").and_then(|reference| {
            let inner = reference.trim().strip_prefix("jr:itext(")?.strip_suffix(')')?;
            let id = inner.trim().trim_matches(['\'', '"']);
            self.0.get(id).copied()
        });
        let text = reference.unwrap_or_else(|| document.text(label).trim());
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// Lists every file that the model refers to, each once.
pub(super) fn media(document: &Document, model: NodeId) -> Vec<MediaRef> {
    let mut found: Vec<MediaRef> = Vec::new();
    let mut seen = HashSet::new();
    let mut add = |instance_id: Option<&str>, uri: &str| {
        let media = file_name(uri).map(|filename| MediaRef {
            instance_id: instance_id.map(str::to_owned),
            filename: filename.to_owned(),
        });
        if let Some(media) = media.filter(|media| seen.insert(media.clone())) {
            found.push(media);
        }
    };
    for instance in document.named(model, "instance") {
        if let Some(source) = document.attribute(instance, "src") {
            add(document.attribute(instance, "id"), source);
        }
    }
    for itext in document.named(model, "itext") {
        for translation in document.named(itext, "translation") {
            for text in document.named(translation, "text") {
                for value in document.named(text, "value") {
                    let form = document.attribute(value, "form").unwrap_or_default();
                    if MEDIA_FORMS.contains(&form) {
                        add(None, document.text(value).trim());
                    }
                }
            }
        }
    }
    found
}

/// Name of the file behind a `jr://` reference; `jr://instance/…` lives on the phone, not in one.
pub(super) fn file_name(uri: &str) -> Option<&str> {
    let path = uri.trim().strip_prefix("jr://")?;
    let (root, file) = path.split_once('/')?;
    let name = file.rsplit('/').next().unwrap_or(file);
    (root != "instance" && !name.is_empty()).then_some(name)
}
