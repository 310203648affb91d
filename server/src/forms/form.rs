//! Reading a form definition into an [`XForm`].

use std::ops::RangeInclusive;

use super::dom::{Document, NodeId};
use super::error::FormError;
use super::instance::Builder;
use super::itext::media;
use super::limits::FORM_BYTES;
use super::logic;
use super::model::{Mode, Realm, XForm};

/// Namespace of the Entities specification.
pub(super) const ENTITIES: &str = "http://www.opendatakit.org/xforms/entities";
/// Namespace of this server's own attributes.
pub(super) const SANU: &str = "urn:sanu:form:1";

/// The versions of the Entities specification whose forms this server understands, year and number.
const KNOWN_ENTITIES: RangeInclusive<(u32, u32)> = (2022, 1)..=(2025, 1);

impl XForm {
    /// Reads a form definition, or says why it cannot be published.
    pub fn parse(xml: &[u8]) -> Result<Self, FormError> {
        if xml.len() > FORM_BYTES {
            return Err(FormError::TooLarge { bytes: xml.len(), limit: FORM_BYTES });
        }
        let document = Document::parse(xml)?;
        let model =
            document.all().find(|&id| document.name(id) == "model").ok_or(FormError::NoModel)?;
        let root = document
            .named(model, "instance")
            .next()
            .and_then(|instance| document.children(instance).next())
            .ok_or(FormError::NoInstance)?;
        let form_id = trimmed(document.any_attribute(root, "id"))
            .ok_or_else(|| FormError::NoFormId { root: document.name(root).to_owned() })?;
        let submission_url = submission(&document, model)?;
        let entities_version = entities_version(&document, model)?;
        let (mode, realm) = (mode(&document, model)?, realm(&document, model)?);
        let mut builder = Builder::new(&document, model);
        builder.walk(root)?;
        let outline = builder.outline.finish();
        let logic = logic::compile(&document, model, &outline, &builder.questions);
        let sanu = |name| trimmed(document.attribute_in(model, SANU, name));

        Ok(Self {
            form_id,
            version: trimmed(document.any_attribute(root, "version")).unwrap_or_default(),
            title: title(&document),
            dataset: sanu("dataset"),
            mode,
            realm,
            log: sanu("log"),
            entities_version,
            questions: builder.questions,
            entities: builder.entities,
            media: media(&document, model),
            submission_url,
            outline,
            logic,
        })
    }
}

/// A text without the spaces around it, unless it is blank.
pub(super) fn trimmed(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn title(document: &Document) -> String {
    let title = document
        .named(Document::ROOT, "head")
        .find_map(|head| document.child(head, "title"))
        .map(|title| document.text(title));
    trimmed(title).unwrap_or_default()
}

fn submission(document: &Document, model: NodeId) -> Result<Option<String>, FormError> {
    let Some(submission) = document.child(model, "submission") else {
        return Ok(None);
    };
    if trimmed(document.any_attribute(submission, "base64RsaPublicKey")).is_some() {
        return Err(FormError::Encrypted);
    }
    Ok(trimmed(document.any_attribute(submission, "action")))
}

fn entities_version(document: &Document, model: NodeId) -> Result<Option<String>, FormError> {
    let version = trimmed(document.attribute_in(model, ENTITIES, "entities-version"));
    if let Some(version) = &version {
        let mut parts = version.split('.').map(str::parse::<u32>);
        let known = match (parts.next(), parts.next()) {
            (Some(Ok(year)), Some(Ok(minor))) => KNOWN_ENTITIES.contains(&(year, minor)),
            _ => false,
        };
        if !known {
            return Err(FormError::EntitiesVersion { version: version.clone() });
        }
    }
    Ok(version)
}

fn mode(document: &Document, model: NodeId) -> Result<Mode, FormError> {
    match document.attribute_in(model, SANU, "mode").map(str::trim) {
        None => Ok(Mode::None),
        Some("create") => Ok(Mode::Create),
        Some("update") => Ok(Mode::Update),
        Some("server") => Ok(Mode::Server),
        Some(other) => Err(bad_attribute("mode", other, "<model>", "create, update, server")),
    }
}

fn realm(document: &Document, model: NodeId) -> Result<Realm, FormError> {
    match document.attribute_in(model, SANU, "realm").map(str::trim) {
        None | Some("adults") => Ok(Realm::Adults),
        Some("children") => Ok(Realm::Children),
        Some(other) => Err(bad_attribute("realm", other, "<model>", "adults, children")),
    }
}

/// The refusal of an attribute of ours that means nothing.
pub(super) fn bad_attribute(
    attribute: &'static str,
    value: &str,
    place: &str,
    expected: &'static str,
) -> FormError {
    FormError::BadAttribute {
        attribute,
        value: value.to_owned(),
        place: place.to_owned(),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::fixtures::{HOUSEHOLD, household};
    use crate::forms::model::{AnswerKind, Choices, Class, MediaRef};

    fn parse_with(from: &str, to: &str) -> Result<XForm, FormError> {
        assert!(HOUSEHOLD.contains(from), "{from}");
        XForm::parse(HOUSEHOLD.replacen(from, to, 1).as_bytes())
    }

    #[test]
    fn the_head_of_a_form_is_read() {
        let form = household();

        assert_eq!((form.form_id.as_str(), form.version.as_str()), ("menage", "7"));
        assert_eq!(form.title, "Ménage");
        assert_eq!((form.mode, form.realm), (Mode::Create, Realm::Children));
        assert_eq!(form.dataset.as_deref(), Some("menages"));
        assert_eq!(form.log.as_deref(), Some("visites"));
        assert_eq!(form.entities_version.as_deref(), Some("2025.1.0"));
        assert_eq!(form.submission_url, None);
    }

    #[test]
    fn questions_come_in_form_order_each_once_and_without_the_meta_block() {
        let form = household();

        let paths: Vec<_> = form.questions.iter().map(|q| q.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "/data/start",
                "/data/nom",
                "/data/taille",
                "/data/visite",
                "/data/place",
                "/data/photo",
                "/data/eau/source",
                "/data/eau/usages",
                "/data/eau/commune",
                "/data/arbre/espece",
                "/data/arbre/mesure/tour",
                "/data/arbre/rameau/fruits",
            ]
        );
        let repeated: Vec<_> = form.questions.iter().map(|q| q.in_repeat).collect();
        assert_eq!(repeated.iter().filter(|&&yes| yes).count(), 3);
    }

    #[test]
    fn kinds_choices_and_requirements_come_from_binds_and_controls() {
        let form = household();
        let question = |path| form.question(path).expect("the question exists");

        assert_eq!(question("/data/eau/source").kind, AnswerKind::SelectOne);
        assert!(question("/data/eau/usages").multiple);
        assert_eq!(question("/data/photo").kind, AnswerKind::Attachment);
        assert!(question("/data/nom").required);
        assert!(!question("/data/eau/commune").required, "only when an expression holds");
        let Choices::Inline(codes) = &question("/data/eau/source").choices else { panic!() };
        assert_eq!(codes.codes(), ["forage", "puits"]);
        let list = Choices::List { file: "communes".into(), value: "name".into() };
        assert_eq!(question("/data/eau/commune").choices, list);
        assert_eq!(question("/data/nom").label.as_deref(), Some("Nom du ménage"));
        assert_eq!(question("/data/taille").label.as_deref(), Some("Taille"));
    }

    #[test]
    fn an_unclassified_question_is_sensitive_and_a_preload_reveals_nothing() {
        let form = household();
        let class = |path| form.question(path).map(|question| question.class);

        assert_eq!(class("/data/nom"), Some(Class::Direct));
        assert_eq!(class("/data/place"), Some(Class::Sensitive));
        assert_eq!(class("/data/start"), Some(Class::None));
    }

    #[test]
    fn entities_are_listed_with_their_scope() {
        let form = household();

        let scopes: Vec<_> =
            form.entities.iter().map(|e| (e.dataset.as_str(), e.scope.as_str())).collect();
        assert!(
            scopes.contains(&("menages", "/data")) && scopes.contains(&("arbres", "/data/arbre"))
        );
        assert_eq!(scopes.len(), 2);
    }

    #[test]
    fn every_file_the_form_refers_to_is_listed_once() {
        let media = household().media;

        let communes =
            MediaRef { instance_id: Some("communes".into()), filename: "communes.csv".into() };
        let image = MediaRef { instance_id: None, filename: "nom.png".into() };
        assert_eq!(media, [communes, image]);
    }

    #[test]
    fn what_cannot_be_published_says_why() {
        let model = "</model>";
        let encrypted = "<submission base64RsaPublicKey=\"AAAA\"/></model>";
        assert_eq!(parse_with(model, encrypted).err(), Some(FormError::Encrypted));
        let newer = parse_with("2025.1.0", "2026.1.0").err();
        assert_eq!(newer, Some(FormError::EntitiesVersion { version: "2026.1.0".into() }));
        assert!(matches!(parse_with("id=\"menage\"", ""), Err(FormError::NoFormId { .. })));
        let class = parse_with("s:class=\"direct\"", "s:class=\"secret\"");
        assert!(matches!(class, Err(FormError::BadAttribute { attribute: "class", .. })));
        let dataset = parse_with("dataset=\"arbres\"", "");
        assert!(matches!(dataset, Err(FormError::EntityWithoutDataset { .. })));
        assert_eq!(XForm::parse(b"<html/>").err(), Some(FormError::NoModel));
        assert_eq!(XForm::parse(b"<h><model/></h>").err(), Some(FormError::NoInstance));
        let dtd = XForm::parse(b"<!DOCTYPE h><h/>").err();
        assert_eq!(dtd, Some(FormError::Xml(crate::forms::XmlRefused::Dtd)));
    }

    #[test]
    fn the_form_may_name_where_it_is_to_be_sent() {
        let form = parse_with("</model>", "<submission action=\"https://x/s\"/></model>");

        assert_eq!(form.ok().and_then(|form| form.submission_url).as_deref(), Some("https://x/s"));
    }
}
