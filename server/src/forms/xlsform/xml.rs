//! Writing XML: elements, attributes, text.

use std::fmt::Write as _;

/// An XML text under construction.
#[derive(Debug, Default)]
pub(super) struct Xml {
    text: String,
    open: Vec<String>,
    is_tag_open: bool,
}

impl Xml {
    pub(super) fn raw(&mut self, text: &str) {
        self.close_tag();
        self.text.push_str(text);
    }

    fn close_tag(&mut self) {
        if std::mem::take(&mut self.is_tag_open) {
            self.text.push('>');
        }
    }

    /// Opens an element.
    pub(super) fn open(&mut self, name: &str) -> &mut Self {
        self.close_tag();
        let _never = write!(self.text, "<{name}");
        self.open.push(name.to_owned());
        self.is_tag_open = true;
        self
    }

    /// Adds an attribute to the element that was just opened.
    pub(super) fn attribute(&mut self, name: &str, value: &str) -> &mut Self {
        let _never = write!(self.text, " {name}=\"{}\"", escape(value));
        self
    }

    /// Adds text.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.close_tag();
        self.text.push_str(&escape(text));
        self
    }

    /// Adds markup that is escaped already.
    pub(super) fn raw_text(&mut self, markup: &str) -> &mut Self {
        self.raw(markup);
        self
    }

    /// Closes the innermost element.
    pub(super) fn close(&mut self) -> &mut Self {
        let name = self.open.pop().unwrap_or_default();
        if std::mem::take(&mut self.is_tag_open) {
            self.text.push_str("/>");
        } else {
            let _never = write!(self.text, "</{name}>");
        }
        self
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// Text as XML has it, in elements and attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            c if c.is_control() && c != '\t' => {}
            c => escaped.push(c),
        }
    }
    escaped
}
