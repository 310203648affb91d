//! The published questionnaires and the files they refer to.

/// One embedded XForm.
#[derive(Clone, Copy, Debug)]
pub struct FormFile {
    /// The form id, as in the form itself.
    pub id: &'static str,
    /// The minified XForm, byte for byte as it is served.
    pub xml: &'static [u8],
}

macro_rules! forms {
    ($($id:literal),* $(,)?) => {
        &[$(FormFile { id: $id, xml: include_bytes!(concat!("../forms/", $id, ".xml")) }),*]
    };
}

static FORMS: &[FormFile] = forms![
    "contre_visite",
    "cooperative",
    "enfant",
    "mobilite",
    "orpailleur",
    "osc",
    "profil",
    "protection_sociale",
    "site",
    "soins_enfants",
    "visite_site",
];

/// Returns the eleven questionnaires, in order of id.
pub fn forms() -> &'static [FormFile] {
    FORMS
}

/// Returns a media file that the forms refer to by `jr://file-csv/`, except the lists made of entities.
pub fn media(filename: &str) -> Option<&'static [u8]> {
    match filename {
        "cercles.csv" => Some(include_bytes!("../media/cercles.csv")),
        "communes.csv" => Some(include_bytes!("../media/communes.csv")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{FORM_NS, Realm, datasets};

    fn text(form: &FormFile) -> &'static str {
        std::str::from_utf8(form.xml).expect("forms are UTF-8")
    }

    fn tags<'a>(xml: &'a str, open: &'a str) -> impl Iterator<Item = &'a str> {
        xml.split(open).skip(1).map(|rest| rest.split('>').next().unwrap())
    }

    fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        rest.split('"').next()
    }

    #[test]
    fn every_form_has_the_id_it_is_listed_under() {
        for form in forms() {
            let id = format!("<data id=\"{}\" version=\"", form.id);
            assert!(text(form).contains(&id), "{}", form.id);
        }
        assert_eq!(forms().len(), 11);
    }

    #[test]
    fn every_form_is_minified_and_declares_the_namespace() {
        for form in forms() {
            let xml = text(form);
            assert!(!xml.contains(">\n") && !xml.contains("> <"), "{}", form.id);
            assert!(xml.contains(&format!("xmlns:sanu=\"{FORM_NS}\"")), "{}", form.id);
            assert!(!xml.contains("xmlns:ev=") && !xml.contains("xmlns:xsd="), "{}", form.id);
        }
    }

    #[test]
    fn no_bind_is_unclassified() {
        for form in forms() {
            let mut binds = 0;
            for bind in tags(text(form), "<bind") {
                let class = attribute(bind, "sanu:class");
                let known = matches!(class, Some("direct" | "quasi" | "sensitive" | "none"));
                assert!(known, "{}: {bind}", form.id);
                binds += 1;
            }
            assert!(binds > 20, "{}", form.id);
        }
    }

    #[test]
    fn every_question_has_a_bind_with_a_class() {
        for form in forms() {
            let xml = text(form);
            let bound: HashSet<_> =
                tags(xml, "<bind").filter_map(|bind| attribute(bind, "nodeset")).collect();
            for control in ["<input", "<select1", "<select", "<upload"] {
                for tag in tags(xml, &format!("{control} ")) {
                    let path = attribute(&format!(" {tag}"), "ref").map(str::to_owned).unwrap();
                    assert!(bound.contains(path.as_str()), "{}: {path}", form.id);
                }
            }
        }
    }

    #[test]
    fn every_form_fills_a_known_dataset_of_its_own_realm() {
        for form in forms() {
            let model = tags(text(form), "<model").next().unwrap();
            let name = attribute(model, "sanu:dataset").unwrap();
            let dataset = datasets().into_iter().find(|dataset| dataset.name == name).unwrap();
            let realm = match attribute(model, "sanu:realm").unwrap() {
                "adults" => Realm::Adults,
                "children" => Realm::Children,
                other => panic!("{}: realm {other}", form.id),
            };
            assert_eq!(dataset.realm, realm, "{}", form.id);
            assert_eq!(realm == Realm::Children, form.id == "enfant");
            assert!(matches!(attribute(model, "sanu:mode"), Some("create" | "update" | "server")));
        }
    }

    #[test]
    fn only_a_card_number_is_a_direct_identifier_that_reaches_devices() {
        for form in forms() {
            for bind in tags(text(form), "<bind") {
                if attribute(bind, "sanu:class") == Some("direct")
                    && attribute(bind, "entities:saveto").is_some()
                {
                    assert_eq!(attribute(bind, "sanu:property"), Some("card_no"), "{}", form.id);
                }
            }
        }
    }

    #[test]
    fn two_questions_never_share_a_property() {
        for form in forms() {
            let mut seen = HashSet::new();
            for bind in tags(text(form), "<bind") {
                if let Some(property) = attribute(bind, "sanu:property") {
                    assert!(seen.insert(property), "{}: {property}", form.id);
                }
            }
        }
    }

    #[test]
    fn every_file_a_form_refers_to_is_embedded_or_made_of_entities() {
        for form in forms() {
            for rest in text(form).split("jr://file-csv/").skip(1) {
                let name = rest.split('"').next().unwrap();
                let entities = datasets().into_iter().any(|dataset| {
                    dataset.on_devices && Some(dataset.name.as_str()) == name.strip_suffix(".csv")
                });
                assert!(entities || media(name).is_some(), "{}: {name}", form.id);
            }
        }
    }
}
