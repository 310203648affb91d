//! The light look at a submission at the front door: which form, which version, which instance.

use std::borrow::Cow;

use quick_xml::events::BytesStart;

use super::error::XmlRefused;
use super::limits::SUBMISSION;
use super::scan::{Scanner, Step, attribute, local_name};

/// What a submission says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Id of the form it answers, never blank.
    pub form_id: String,
    /// Version of that form, empty when the form has none.
    pub version: String,
    /// The id that the device gave the instance, if it did.
    pub instance_id: Option<String>,
    /// The id of the instance that this one corrects, if any.
    pub deprecated_id: Option<String>,
}

impl Envelope {
    /// Reads the form id and version off the root element.
    pub(super) fn from_root(root: &BytesStart<'_>) -> Result<Self, XmlRefused> {
        let form_id = attribute(root, "id").map(|id| id.trim().to_owned()).unwrap_or_default();
        if form_id.is_empty() {
            return Err(XmlRefused::NoFormId);
        }
        let version = attribute(root, "version").map(|v| v.trim().to_owned()).unwrap_or_default();
        Ok(Self { form_id, version, instance_id: None, deprecated_id: None })
    }

    /// Takes one child of the `meta` block of the root; the first that is not blank counts.
    pub(super) fn take_meta(&mut self, name: &str, text: &str) {
        let slot = match name {
            "instanceID" => &mut self.instance_id,
            "deprecatedID" => &mut self.deprecated_id,
            _ => return,
        };
        let text = text.trim();
        if slot.is_none() && !text.is_empty() {
            *slot = Some(text.to_owned());
        }
    }
}

/// Reads form id and version off the root of a submission; whatever follows is not looked at.
pub fn named(xml: &[u8]) -> Result<Envelope, XmlRefused> {
    root(&mut Scanner::new(xml, SUBMISSION)?)
}

/// Reads up to the root.
pub(super) fn root(scanner: &mut Scanner<'_>) -> Result<Envelope, XmlRefused> {
    loop {
        match scanner.next()? {
            Step::Open(root) => return Envelope::from_root(&root),
            Step::End => return Err(XmlRefused::NoFormId),
            _ => {}
        }
    }
}

/// Reads the envelope of a submission, and proves that its XML is well-formed to the end.
pub fn envelope(xml: &[u8]) -> Result<Envelope, XmlRefused> {
    let mut scanner = Scanner::new(xml, SUBMISSION)?;
    let mut envelope = root(&mut scanner)?;
    let mut depth = 1_usize;
    loop {
        match scanner.next()? {
            Step::Open(tag) if depth == 1 && local_name(tag.name().0) == "meta" => depth = 2,
            Step::Open(tag) if depth == 2 => {
                let name = tag.name();
                let wanted = matches!(local_name(name.0), "instanceID" | "deprecatedID");
                if wanted {
                    let text = read_text(&mut scanner)?;
                    envelope.take_meta(local_name(name.0), &text);
                } else {
                    scanner.skip_element()?;
                }
            }
            Step::Open(_) => scanner.skip_element()?,
            Step::Close => depth = depth.saturating_sub(1),
            Step::End => return Ok(envelope),
            Step::Text(_) | Step::Char(_) => {}
        }
    }
}

/// Reads the text of the element that just opened, up to its end; elements inside are skipped.
pub(super) fn read_text<'a>(scanner: &mut Scanner<'a>) -> Result<Cow<'a, str>, XmlRefused> {
    let mut text = Cow::Borrowed("");
    loop {
        match scanner.next()? {
            Step::Text(piece) => append(&mut text, piece),
            Step::Char(character) => text.to_mut().push(character),
            Step::Open(_) => scanner.skip_element()?,
            Step::Close | Step::End => return Ok(text),
        }
    }
}

/// Joins pieces of text, copying only when there is more than one.
pub(super) fn append<'a>(text: &mut Cow<'a, str>, piece: Cow<'a, str>) {
    if text.is_empty() {
        *text = piece;
    } else {
        text.to_mut().push_str(&piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_and_the_instance_are_found_whatever_the_prefixes() {
        let plain = br#"<data id="f" version="3"><a>1</a><meta><entity id="x"><label>n</label>
            </entity><instanceID> uuid:1 </instanceID><deprecatedID>uuid:0</deprecatedID></meta></data>"#;
        let prefixed = br#"<data orx:id="f" orx:version="3" xmlns:orx="http://openrosa.org/xforms"
            ><orx:meta><orx:instanceID>uuid:1</orx:instanceID><orx:deprecatedID>uuid:0</orx:deprecatedID></orx:meta></data>"#;

        let expected = Envelope {
            form_id: "f".into(),
            version: "3".into(),
            instance_id: Some("uuid:1".into()),
            deprecated_id: Some("uuid:0".into()),
        };
        assert_eq!(envelope(plain), Ok(expected.clone()));
        assert_eq!(envelope(prefixed), Ok(expected));
    }

    #[test]
    fn a_blank_instance_id_is_none_and_a_missing_version_is_empty() {
        let read = envelope(b"<data id='f'><meta><instanceID>  </instanceID></meta></data>");

        assert_eq!(read.map(|e| (e.version, e.instance_id)), Ok((String::new(), None)));
    }

    #[test]
    fn an_instance_id_outside_the_meta_of_the_root_does_not_count() {
        let read = envelope(
            b"<data id='f'><instanceID>a</instanceID><g><meta><instanceID>b</instanceID></meta></g></data>",
        );

        assert_eq!(read.map(|e| e.instance_id), Ok(None));
    }

    #[test]
    fn a_root_without_form_id_is_refused() {
        assert_eq!(envelope(b"<data version='1'/>"), Err(XmlRefused::NoFormId));
        assert_eq!(envelope(b"<data id=' '/>"), Err(XmlRefused::NoFormId));
        assert_eq!(envelope(b"<data xml:id='f'/>"), Err(XmlRefused::NoFormId));
    }

    #[test]
    fn a_truncated_submission_is_refused_even_after_its_meta() {
        let cut = envelope(b"<data id='f'><meta><instanceID>a</instanceID></meta><b>");

        assert_eq!(cut.map_err(XmlRefused::code), Err("xml_unparsable"));
    }
}
