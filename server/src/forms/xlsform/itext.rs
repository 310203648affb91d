//! Texts in several languages, by id.

use super::{
    book::{Faults, Row},
    expression::outputs,
    tree::{Form, Id},
    xml::Xml,
};

/// One text in one language: what is read, and the files that are shown or played.
#[derive(Clone, Debug, Default)]
struct Text {
    /// Markup: escaped, with `<output>`.
    words: Option<String>,
    media: Vec<(&'static str, String)>,
}

/// All texts of a form that has languages.
#[derive(Debug, Default)]
pub(super) struct Texts {
    languages: Vec<String>,
    /// By id, in order; a text per language.
    ids: Vec<(String, Vec<Text>)>,
}

/// What an element says: by id, or in place.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Id(String),
    Here(String),
}

const MEDIA: [(&str, &str, &str); 3] = [
    ("media::image", "image", "images"),
    ("media::audio", "audio", "audio"),
    ("media::video", "video", "video"),
];

impl Texts {
    pub(super) fn new(form: &Form) -> Self {
        Self { languages: form.languages.clone(), ids: Vec::new() }
    }

    /// Whether there is anything to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// What a row says in a column; none when it says nothing. Media go with the label.
    pub(super) fn said(
        &mut self,
        form: &Form,
        row: &Row,
        (column, id): (&'static str, String),
        from: Option<Id>,
        faults: &mut Faults,
    ) -> Option<Said> {
        let words = row.translations(column);
        let media: Vec<_> = MEDIA.into_iter().filter(|_| column == "label").collect();
        let files: Vec<_> = media
            .iter()
            .flat_map(|(column, form, folder)| {
                row.translations(column)
                    .into_iter()
                    .map(move |(lang, file)| (lang, *form, format!("jr://{folder}/{file}")))
            })
            .collect();
        if words.is_empty() && files.is_empty() {
            return None;
        }
        if self.languages.is_empty() && files.is_empty() {
            let (_, text) = words.first()?;
            return Some(Said::Here(outputs(form, text, from, &row.at(column), faults).0));
        }
        if self.languages.is_empty() {
            self.languages.push(String::from("default"));
        }
        let usual = form.settings.get("default_language").map(str::to_owned);
        let usual = usual
            .filter(|l| self.languages.contains(l))
            .or_else(|| self.languages.first().cloned());
        let usual = usual.unwrap_or_default();
        let mut texts = vec![Text::default(); self.languages.len()];
        let at = |lang: &str, languages: &[String]| {
            let lang = if lang.is_empty() { usual.as_str() } else { lang };
            languages.iter().position(|known| known == lang)
        };
        for (lang, text) in words {
            let words = outputs(form, text, from, &row.at(column), faults).0;
            if let Some(text) = at(lang, &self.languages).and_then(|at| texts.get_mut(at)) {
                text.words = Some(words);
            }
        }
        for (lang, kind, file) in files {
            if let Some(text) = at(lang, &self.languages).and_then(|at| texts.get_mut(at)) {
                text.media.push((kind, super::xml::escape(&file)));
            }
        }
        self.ids.push((id.clone(), texts));
        Some(Said::Id(id))
    }

    pub(super) fn write(&self, form: &Form, xml: &mut Xml) {
        xml.open("itext");
        for (at, language) in self.languages.iter().enumerate() {
            xml.open("translation").attribute("lang", language);
            if form.settings.get("default_language") == Some(language) {
                xml.attribute("default", "true()");
            }
            for (id, texts) in &self.ids {
                let Some(text) = texts.get(at) else { continue };
                xml.open("text").attribute("id", id);
                // What is not translated says so, where another language says something.
                let is_said = texts.iter().any(|t| t.words.is_some());
                if let Some(words) = text.words.as_deref().or(is_said.then_some("-")) {
                    xml.open("value").raw_text(words).close();
                }
                for (kind, file) in &text.media {
                    xml.open("value").attribute("form", kind).raw_text(file).close();
                }
                xml.close();
            }
            xml.close();
        }
        xml.close();
    }
}
