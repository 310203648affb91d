//! The archive of a workbook: parts unpacked while they are read, and never more than there is room for.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::{BufReader, Cursor, Error, ErrorKind, Read},
};

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesStart, Event},
};
use zip::ZipArchive;

use crate::import::SheetError;

/// What may still be taken from a workbook. Sizes that a file declares are not believed.
#[derive(Clone, Copy, Debug)]
pub(in crate::import) struct Room {
    /// Bytes that parts may unpack to.
    pub(in crate::import) bytes: u64,
    /// Cells with something in them, and texts that cells share.
    pub(in crate::import) cells: usize,
    /// Cells that rows have when laid out up to their last one.
    pub(in crate::import) laid_out: usize,
    /// Bytes of text in cells, each shared text as often as it is shown.
    pub(in crate::import) text: usize,
}

/// What parts that are no sheets and no texts may unpack to: they describe, they do not hold.
const SMALL: u64 = 8 * 1024 * 1024;

/// A workbook, opened.
pub(in crate::import) struct Archive<'b> {
    zip: ZipArchive<Cursor<&'b [u8]>>,
    /// Parts by their name in lower case: writers do not agree with themselves.
    names: HashMap<String, usize>,
    bytes: u64,
}

impl<'b> Archive<'b> {
    pub(in crate::import) fn open(bytes: &'b [u8], room: Room) -> Result<Self, SheetError> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(not_a_workbook)?;
        let names = (0..zip.len()).filter_map(|at| {
            let name = zip.name_for_index(at)?.ok()?;
            Some((name.replace('\\', "/").to_lowercase(), at))
        });
        let names = names.collect();
        Ok(Self { zip, names, bytes: room.bytes })
    }

    /// A part that holds cells or texts; `None` when there is none of this name.
    pub(super) fn large(&mut self, name: &str) -> Result<Option<Xml<'_>>, SheetError> {
        self.part(name, u64::MAX)
    }

    /// A part that describes others.
    pub(super) fn small(&mut self, name: &str) -> Result<Option<Xml<'_>>, SheetError> {
        self.part(name, SMALL)
    }

    fn part(&mut self, name: &str, most: u64) -> Result<Option<Xml<'_>>, SheetError> {
        let Some(at) = self.names.get(&name.to_lowercase()) else { return Ok(None) };
        let part = self.zip.by_index(*at).map_err(not_a_workbook)?;
        let metered = Metered { part: Box::new(part), own: most, left: &mut self.bytes };
        let mut reader = Reader::from_reader(BufReader::new(metered));
        reader.config_mut().expand_empty_elements = true;
        Ok(Some(Xml { reader, buffer: Vec::new(), name: name.to_owned() }))
    }
}

fn not_a_workbook(error: impl std::fmt::Display) -> SheetError {
    SheetError::NotAWorkbook(error.to_string())
}

/// Unpacks, and counts what really comes out.
struct Metered<'a> {
    part: Box<dyn Read + 'a>,
    own: u64,
    left: &'a mut u64,
}

impl Read for Metered<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.part.read(into)?;
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        match (self.left.checked_sub(bytes), self.own.checked_sub(bytes)) {
            (Some(left), Some(own)) => {
                *self.left = left;
                self.own = own;
                Ok(read)
            }
            _ => Err(Error::from(ErrorKind::FileTooLarge)),
        }
    }
}

/// A part, read step by step.
pub(super) struct Xml<'a> {
    reader: Reader<BufReader<Metered<'a>>>,
    buffer: Vec<u8>,
    name: String,
}

impl Xml<'_> {
    /// The next step; the end of the document is one.
    pub(super) fn next(&mut self) -> Result<Event<'_>, SheetError> {
        self.buffer.clear();
        match self.reader.read_event_into(&mut self.buffer) {
            Ok(Event::DocType(_)) => Err(not_a_workbook("DTD")),
            Ok(event) => Ok(event),
            Err(quick_xml::Error::Io(e)) if e.kind() == ErrorKind::FileTooLarge => {
                Err(SheetError::TooLarge(self.name.clone()))
            }
            Err(error) => Err(not_a_workbook(error)),
        }
    }

    /// The text of the element just opened, that of elements within it included.
    pub(super) fn text(&mut self) -> Result<String, SheetError> {
        let (mut depth, mut text) = (1_usize, String::new());
        loop {
            match self.next()? {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                Event::Eof => return Err(unfinished()),
                other => push_text(&other, &mut text),
            }
            if depth == 0 {
                return Ok(text);
            }
        }
    }
}

/// What is said of a part that ends too early.
pub(super) fn unfinished() -> SheetError {
    not_a_workbook("XML incomplet")
}

/// Appends what a step says as text; a reference to anything but a character says nothing.
pub(super) fn push_text(event: &Event<'_>, to: &mut String) {
    match event {
        Event::Text(text) => to.push_str(&text.xml10_content()),
        Event::CData(text) => to.push_str(&text.xml10_content()),
        Event::GeneralRef(reference) => {
            if let Ok(Some(character)) = reference.resolve_char_ref() {
                to.push(character);
            } else if let Some(text) = resolve_xml_entity(reference) {
                to.push_str(text);
            }
        }
        _ => {}
    }
}

/// An attribute of an element, by its name without prefix.
pub(super) fn attribute(of: &BytesStart<'_>, name: &str) -> Option<String> {
    let found =
        of.attributes().with_checks(false).flatten().find(|a| a.key.local_name().as_ref() == name);
    found.and_then(|a| a.normalized_value(XmlVersion::Implicit1_0).ok().map(Cow::into_owned))
}
