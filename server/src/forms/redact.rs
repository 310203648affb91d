//! A submission without what it says of a person: the same document with only its answers of class "none".

use std::{collections::HashSet, fmt::Write as _};

use quick_xml::{escape::escape, events::BytesStart};

use super::{
    error::XmlRefused,
    limits::SUBMISSION,
    model::{Class, XForm},
    scan::{Scanner, Step, local_name},
};

/// Leaves that say which submission it is.
const IDENTIFIERS: [&str; 2] = ["/meta/instanceID", "/meta/deprecatedID"];

/// Writes the submission again with every text left out that is no answer of class "none" of this form: what the
/// form does not know, names of instances and labels of entities too.
///
/// # Errors
/// When it is not well-formed, which whoever decoded it knows already.
pub fn redacted(form: &XForm, xml: &[u8]) -> Result<Vec<u8>, XmlRefused> {
    let open: HashSet<&str> =
        form.questions.iter().filter(|q| q.class == Class::None).map(|q| q.path.as_str()).collect();
    let mut scanner = Scanner::new(xml, SUBMISSION)?;
    let mut out = String::with_capacity(xml.len());
    let mut names: Vec<String> = Vec::new();
    let mut path = String::new();
    loop {
        match scanner.next()? {
            Step::Open(tag) => {
                let name = tag.name();
                names.push(name.as_ref().to_owned());
                path.push('/');
                path.push_str(local_name(name.as_ref()));
                out.push('<');
                out.push_str(names.last().map_or("", String::as_str));
                write_attributes(&mut out, &tag, names.len() == 1);
                out.push('>');
            }
            Step::Text(text) if is_kept(&open, &path) => out.push_str(&escape(&*text)),
            Step::Char(letter) if is_kept(&open, &path) => {
                out.push_str(&escape(letter.to_string()));
            }
            Step::Text(_) | Step::Char(_) => {}
            Step::Close => {
                path.truncate(path.rfind('/').unwrap_or(0));
                if let Some(name) = names.pop() {
                    out.push_str("</");
                    out.push_str(&name);
                    out.push('>');
                }
            }
            Step::End => return Ok(out.into_bytes()),
        }
    }
}

fn is_kept(open: &HashSet<&str>, path: &str) -> bool {
    open.contains(path) || IDENTIFIERS.iter().any(|end| path.ends_with(end))
}

/// Namespaces everywhere; the form's id and version on the root, what an entity block does on the block.
fn write_attributes(out: &mut String, tag: &BytesStart<'_>, is_root: bool) {
    let all = is_root || local_name(tag.name().as_ref()) == "entity";
    for attribute in tag.attributes().flatten() {
        let key = attribute.key.as_ref();
        if all || key == "xmlns" || key.starts_with("xmlns:") {
            // Still escaped as it came, but for the quote that was chosen.
            let value = attribute.value.replace('"', "&quot;");
            write!(out, " {key}=\"{value}\"").expect("writing to a String cannot fail");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::decode;

    #[test]
    fn a_redacted_submission_says_what_it_did_but_for_the_person() {
        let today = jiff::civil::date(2026, 11, 21);
        let census = crate::simulate::Census::new(3, today);
        let mut seen = 0;
        for submission in census.submissions(200) {
            let file = sanu_schemas::forms().iter().find(|f| f.id == submission.form_id).unwrap();
            let form = XForm::parse(file.xml).unwrap();
            let before = decode(&form, submission.xml.as_bytes(), today).unwrap();

            let xml = redacted(&form, submission.xml.as_bytes()).unwrap();

            let after = decode(&form, &xml, today).unwrap();
            let none = |class| class == Class::None;
            assert_eq!(after.answers_json(&form, none), before.answers_json(&form, none));
            assert_eq!(after.answers_json(&form, |class| class != Class::None), "{}");
            assert_eq!(after.envelope, before.envelope);
            assert_eq!(after.instance_name.unwrap_or_default(), "");
            assert_eq!(after.entities.len(), before.entities.len());
            assert!(
                after.entities.iter().all(|e| e.label.as_deref().unwrap_or_default().is_empty())
            );
            seen += usize::from(submission.form_id == "orpailleur");
        }
        assert!(seen > 10);
    }

    #[test]
    fn quotes_references_and_comments_do_not_carry_anything_through() {
        let form =
            XForm::parse(sanu_schemas::forms().iter().find(|f| f.id == "orpailleur").unwrap().xml);
        let xml = "<data id='orpailleur' version='a\"b'><!-- Moussa --><x a='Moussa'>Mou&#115;sa<![CDATA[ Moussa]]></x>\
                   <meta><instanceID>uuid:1</instanceID><instanceName>Moussa</instanceName></meta></data>";

        let out = String::from_utf8(redacted(&form.unwrap(), xml.as_bytes()).unwrap()).unwrap();

        assert!(!out.contains("Mou") && out.contains("<instanceID>uuid:1</instanceID>"), "{out}");
        assert!(out.contains("version=\"a&quot;b\""), "{out}");
    }
}
