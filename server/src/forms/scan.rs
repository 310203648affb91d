//! A hardened pull reader: the only place where XML from outside is tokenised.
//!
//! It never recurses, never expands an entity and stops at the limits; what it yields is
//! well-formed up to that point, so callers read to the end before they trust a document.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, BytesText, Event};

use super::error::XmlRefused;
use super::limits::Limits;

/// One step through a document.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// An element opens; an empty element also closes at the next step.
    Open(BytesStart<'a>),
    /// A piece of the text of the innermost open element.
    Text(Cow<'a, str>),
    /// One character, from a reference.
    Char(char),
    /// The innermost open element closes.
    Close,
    /// The document ended, well-formed.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Prolog,
    Root,
    Epilogue,
}

/// Reads one document step by step.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    reader: Reader<&'a [u8]>,
    source: &'a str,
    limits: Limits,
    depth: usize,
    nodes: usize,
    run: usize,
    stage: Stage,
    started: bool,
}

impl<'a> Scanner<'a> {
    /// Checks the encoding and prepares to read.
    pub(super) fn new(xml: &'a [u8], limits: Limits) -> Result<Self, XmlRefused> {
        let text = std::str::from_utf8(xml).map_err(|_| XmlRefused::NotUtf8)?;
        let source = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(at) = memchr::memchr(0, source.as_bytes()) {
            return Err(XmlRefused::BadCharacter { offset: at.try_into().unwrap_or(u64::MAX) });
        }
        let mut reader = Reader::from_str(source);
        reader.config_mut().expand_empty_elements = true;
        Ok(Self {
            reader,
            source,
            limits,
            depth: 0,
            nodes: 0,
            run: 0,
            stage: Stage::Prolog,
            started: false,
        })
    }

    /// Reads the next step; after `End` or an error there is nothing more to read.
    pub(super) fn next(&mut self) -> Result<Step<'a>, XmlRefused> {
        loop {
            let event = self.reader.read_event().map_err(|_| self.syntax_error())?;
            let first = !std::mem::replace(&mut self.started, true);
            match event {
                Event::Start(tag) | Event::Empty(tag) => return self.open(tag),
                Event::End(_) => return self.close(),
                Event::Text(text) => {
                    if let Some(step) = self.text(text)? {
                        return Ok(step);
                    }
                }
                Event::CData(data) => {
                    self.inside_root()?;
                    let piece = data.into_inner();
                    self.grow(piece.len())?;
                    return Ok(Step::Text(one_line_ending(piece)));
                }
                Event::GeneralRef(reference) => return self.reference(&reference),
                Event::Decl(declaration) => self.declaration(&declaration, first)?,
                Event::DocType(_) => return Err(XmlRefused::Dtd),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Eof if self.stage == Stage::Epilogue => return Ok(Step::End),
                Event::Eof => return Err(self.unparsable()),
            }
        }
    }

    /// Skips the rest of the element that just opened, checking it all the same.
    pub(super) fn skip_element(&mut self) -> Result<(), XmlRefused> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            self.next()?;
        }
        Ok(())
    }

    fn open(&mut self, tag: BytesStart<'a>) -> Result<Step<'a>, XmlRefused> {
        if self.stage == Stage::Epilogue {
            return Err(XmlRefused::TrailingContent { offset: self.offset() });
        }
        self.stage = Stage::Root;
        self.depth += 1;
        self.nodes += 1;
        self.run = 0;
        if self.depth > self.limits.depth {
            return Err(XmlRefused::TooDeep);
        }
        if self.nodes > self.limits.nodes {
            return Err(XmlRefused::TooManyNodes);
        }
        if !is_name(tag.name().0) {
            return Err(self.unparsable());
        }
        self.check_attributes(&tag)?;
        Ok(Step::Open(tag))
    }

    fn close(&mut self) -> Result<Step<'a>, XmlRefused> {
        self.run = 0;
        self.depth = self.depth.checked_sub(1).ok_or_else(|| self.unparsable())?;
        if self.depth == 0 {
            self.stage = Stage::Epilogue;
        }
        Ok(Step::Close)
    }

    fn text(&mut self, text: BytesText<'a>) -> Result<Option<Step<'a>>, XmlRefused> {
        let piece = text.into_inner();
        if self.stage != Stage::Root {
            return match (self.stage, piece.trim_ascii().is_empty()) {
                (_, true) => Ok(None),
                (Stage::Epilogue, false) => {
                    Err(XmlRefused::TrailingContent { offset: self.offset() })
                }
                (_, false) => Err(self.unparsable()),
            };
        }
        self.grow(piece.len())?;
        Ok(Some(Step::Text(one_line_ending(piece))))
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<Step<'a>, XmlRefused> {
        self.inside_root()?;
        self.grow(4)?;
        if reference.is_char_ref() {
            return match reference.resolve_char_ref() {
                Ok(Some(character)) => Ok(Step::Char(character)),
                _ => Err(XmlRefused::BadCharacter { offset: self.offset() }),
            };
        }
        match resolve_xml_entity(reference) {
            Some(text) => Ok(Step::Text(Cow::Borrowed(text))),
            None => Err(XmlRefused::UnknownEntity { offset: self.offset() }),
        }
    }

    fn declaration(&self, declaration: &BytesDecl<'_>, first: bool) -> Result<(), XmlRefused> {
        if !first {
            return Err(self.unparsable());
        }
        match declaration.encoding() {
            None => Ok(()),
            Some(Ok(name)) if is_utf8(&name) => Ok(()),
            Some(Ok(_)) => Err(XmlRefused::NotUtf8),
            Some(Err(_)) => Err(self.unparsable()),
        }
    }

    /// Checks every attribute, used or not: a document is refused whole or read whole.
    fn check_attributes(&self, tag: &BytesStart<'_>) -> Result<(), XmlRefused> {
        if tag.attributes_raw().trim_ascii().is_empty() {
            return Ok(());
        }
        for (position, attribute) in tag.attributes().enumerate() {
            if position >= self.limits.attributes {
                return Err(XmlRefused::TooManyAttributes);
            }
            let attribute = attribute.map_err(|_| self.unparsable())?;
            if attribute.value.len() > self.limits.text {
                return Err(XmlRefused::TextTooLong);
            }
            if attribute.value.contains('<') || !is_name(attribute.key.0) {
                return Err(self.unparsable());
            }
            if attribute.value.contains('&') {
                self.check_references(&attribute.value)?;
            }
        }
        Ok(())
    }

    fn check_references(&self, value: &str) -> Result<(), XmlRefused> {
        use quick_xml::escape::{EscapeError, unescape};
        match unescape(value) {
            Ok(_) => Ok(()),
            Err(EscapeError::InvalidCharRef(_)) => {
                Err(XmlRefused::BadCharacter { offset: self.offset() })
            }
            Err(EscapeError::UnrecognizedEntity(..)) => {
                Err(XmlRefused::UnknownEntity { offset: self.offset() })
            }
            Err(_) => Err(self.unparsable()),
        }
    }

    fn grow(&mut self, bytes: usize) -> Result<(), XmlRefused> {
        self.run = self.run.saturating_add(bytes);
        if self.run > self.limits.text { Err(XmlRefused::TextTooLong) } else { Ok(()) }
    }

    fn inside_root(&self) -> Result<(), XmlRefused> {
        match self.stage {
            Stage::Root => Ok(()),
            Stage::Prolog => Err(self.unparsable()),
            Stage::Epilogue => Err(XmlRefused::TrailingContent { offset: self.offset() }),
        }
    }

    /// A broken `<!DOCTYPE` or a stray `<!ENTITY` reaches us as a syntax error: it is still a DTD.
    fn syntax_error(&self) -> XmlRefused {
        let at = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        let rest = self.source.as_bytes().get(at..).unwrap_or_default();
        let declares =
            rest.starts_with(b"<!") && !rest.starts_with(b"<!-") && !rest.starts_with(b"<![");
        if declares {
            XmlRefused::Dtd
        } else if self.stage == Stage::Epilogue {
            XmlRefused::TrailingContent { offset: self.offset() }
        } else {
            self.unparsable()
        }
    }

    fn unparsable(&self) -> XmlRefused {
        XmlRefused::Unparsable { offset: self.offset() }
    }

    /// How many bytes were read, after a byte order mark.
    pub(super) fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// Whether the tag that was read last is that of an element without content, `<a/>`.
    pub(super) fn is_empty_element(&self) -> bool {
        self.source.as_bytes().get(..self.position()).is_some_and(|read| read.ends_with(b"/>"))
    }

    fn offset(&self) -> u64 {
        self.reader.buffer_position()
    }
}

/// Name of the element without its prefix.
pub(super) fn local_name(qualified: &str) -> &str {
    qualified.split_once(':').map_or(qualified, |(_, local)| local)
}

/// Value of the attribute with this local name, whatever its prefix; one without prefix wins.
pub(super) fn attribute(tag: &BytesStart<'_>, local: &str) -> Option<String> {
    let mut found = None;
    for attribute in tag.attributes().flatten() {
        let (name, prefix) = attribute.key.decompose();
        let foreign = prefix.is_some_and(|prefix| matches!(prefix.as_ref(), "xmlns" | "xml"));
        if name.as_ref() != local || foreign {
            continue;
        }
        // The scanner has already proved that the references resolve.
        let value = unescaped(&attribute.value);
        if prefix.is_none() {
            return Some(value);
        }
        found = found.or(Some(value));
    }
    found
}

/// Resolves the references of an attribute value that the scanner has let through.
pub(super) fn unescaped(value: &str) -> String {
    quick_xml::escape::unescape(value).map_or_else(|_| value.to_owned(), Cow::into_owned)
}

fn is_utf8(name: &str) -> bool {
    ["utf-8", "utf8"].iter().any(|known| name.trim().eq_ignore_ascii_case(known))
}

fn is_name(name: &str) -> bool {
    let good_start =
        name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b >= 0x80);
    good_start
        && name.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':') || b >= 0x80
        })
}

/// XML reads every line ending as a line feed.
fn one_line_ending(piece: Cow<'_, str>) -> Cow<'_, str> {
    if piece.contains('\r') {
        Cow::Owned(piece.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        piece
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::limits::SUBMISSION;

    fn read(xml: &[u8]) -> Result<usize, XmlRefused> {
        let mut scanner = Scanner::new(xml, SUBMISSION)?;
        let mut steps = 0;
        while !matches!(scanner.next()?, Step::End) {
            steps += 1;
        }
        Ok(steps)
    }

    fn code(xml: &str) -> &'static str {
        read(xml.as_bytes()).map_or_else(XmlRefused::code, |_| "read")
    }

    #[test]
    fn an_ordinary_document_is_read_with_or_without_a_byte_order_mark() {
        assert_eq!(code("<?xml version='1.0' encoding='UTF-8'?><a b='1'>x<c/></a>\n"), "read");
        assert_eq!(code("\u{feff}<a/>"), "read");
        assert_eq!(code("<a><!-- c --><?pi x?><![CDATA[<b>]]></a><!-- end -->"), "read");
    }

    #[test]
    fn a_document_type_or_entity_declaration_is_refused_at_once() {
        assert_eq!(code("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), "xml_dtd");
        assert_eq!(code("<!doctype a><a/>"), "xml_dtd");
        assert_eq!(code("<!DOCTYPE a [<!ENTITY"), "xml_dtd");
        assert_eq!(code("<a><!ENTITY x 'y'></a>"), "xml_dtd");
    }

    #[test]
    fn only_the_five_entities_and_real_characters_are_resolved() {
        assert_eq!(code("<a b='&lt;&#233;'>&lt;&gt;&amp;&apos;&quot;&#233;&#xE9;</a>"), "read");
        assert_eq!(code("<a>&nbsp;</a>"), "xml_unknown_entity");
        assert_eq!(code("<a b='&nbsp;'/>"), "xml_unknown_entity");
        assert_eq!(code("<a>&#0;</a>"), "xml_bad_character");
        assert_eq!(code("<a>&#xD800;</a>"), "xml_bad_character");
        assert_eq!(code("<a b='&#xDFFF;'/>"), "xml_bad_character");
        assert_eq!(code("<a>\0</a>"), "xml_bad_character");
        assert_eq!(code("<a>Tom & Jerry</a>"), "xml_unparsable");
    }

    #[test]
    fn other_encodings_are_refused() {
        assert_eq!(read(b"<a>\xff</a>"), Err(XmlRefused::NotUtf8));
        assert_eq!(code("<?xml version='1.0' encoding='ISO-8859-1'?><a/>"), "xml_not_utf8");
    }

    #[test]
    fn the_document_must_be_well_formed_to_its_end() {
        for broken in [
            "",
            " ",
            "x",
            "<a>",
            "<a></b>",
            "<a",
            "<a b></a>",
            "<a b='1' b='2'/>",
            "<a b='<'/>",
            "<a b=1/>",
            "</a>",
            "<1a/>",
            "<a><></></a>",
            "<a<b/>",
            "&lt;<a/>",
            " x <a/>",
            "<a><?xml version='1.0'?></a>",
            "<a><!-- </a>",
            "<a><![CDATA[ </a>",
        ] {
            assert_eq!(code(broken), "xml_unparsable", "{broken}");
        }
        for trailing in ["<a/><b/>", "<a/>x", "<a/>&lt;", "<a/><![CDATA[x]]>", "<a/></a>", "<a/><"]
        {
            assert_eq!(code(trailing), "xml_trailing_content", "{trailing}");
        }
    }

    #[test]
    fn the_limits_hold() {
        let deep = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
        let wide = |n: usize| format!("<a>{}</a>", "<b/>".repeat(n));
        let attributes = |n: usize| {
            let list: Vec<_> = (0..n).map(|i| format!("a{i}='1'")).collect();
            format!("<a {}/>", list.join(" "))
        };
        let long = |n: usize| format!("<a>{}</a>", "x".repeat(n));

        assert_eq!(code(&deep(64)), "read");
        assert_eq!(code(&deep(65)), "xml_too_deep");
        assert_eq!(code(&wide(99_999)), "read");
        assert_eq!(code(&wide(100_000)), "xml_too_many_nodes");
        assert_eq!(code(&attributes(64)), "read");
        assert_eq!(code(&attributes(65)), "xml_too_many_attributes");
        assert_eq!(code(&long(1 << 20)), "read");
        assert_eq!(code(&long((1 << 20) + 1)), "xml_text_too_long");
        assert_eq!(code(&format!("<a>{}</a>", "&amp;".repeat(300_000))), "xml_text_too_long");
    }
}
