//! The pages of the interface, for people with a browser: French, no script, one style sheet of the house.

use std::{fmt::Write as _, io};

use super::{collection::Collection, features::Features, links::Link, write::Writer};
use crate::ogc::Crs;

/// A page under way.
pub struct Html {
    out: String,
}

/// Text that means itself in HTML.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

impl Html {
    /// Begins a page with its title and the way to it: names and addresses.
    pub fn new(title: &str, way: &[(&str, String)]) -> Self {
        let title = escape(title);
        let mut out = format!(
            "<!DOCTYPE html>\n<html lang=\"fr\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title} – Sanu</title>\n<link rel=\"icon\" href=\"data:,\">\n\
             <link rel=\"stylesheet\" href=\"/office.css\">\n</head>\n<body>\n\
             <header class=\"band\"><div class=\"band-in\"><div class=\"brand\"><strong>Sanu</strong>\
             <span>Données géographiques</span></div></div></header>\n\
             <main id=\"main\">\n<p class=\"small\">"
        );
        for (name, href) in way {
            let (name, href) = (escape(name), escape(href));
            write!(out, "<a href=\"{href}\">{name}</a> › ")
                .expect("writing to a String cannot fail");
        }
        write!(out, "{title}</p>\n<h1>{title}</h1>\n").expect("writing to a String cannot fail");
        Self { out }
    }

    /// A paragraph.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        writeln!(self.out, "<p>{}</p>", escape(text)).expect("writing to a String cannot fail");
        self
    }

    /// A list of links.
    #[must_use]
    pub fn links(mut self, title: &str, links: &[Link]) -> Self {
        writeln!(self.out, "<section class=\"card\"><h2>{}</h2><ul>", escape(title))
            .expect("writing to a String cannot fail");
        for link in links {
            let (href, title) = (escape(&link.href), escape(&link.title));
            writeln!(
                self.out,
                "<li><a rel=\"{}\" type=\"{}\" href=\"{href}\">{title}</a></li>",
                escape(&link.rel),
                link.media
            )
            .expect("writing to a String cannot fail");
        }
        self.out.push_str("</ul></section>\n");
        self
    }

    /// A table: its head and its lines.
    #[must_use]
    pub fn table(mut self, head: &[&str], lines: &[Vec<String>]) -> Self {
        self.out.push_str("<div class=\"card scroll\"><table><thead><tr>");
        for cell in head {
            write!(self.out, "<th scope=\"col\">{}</th>", escape(cell))
                .expect("writing to a String cannot fail");
        }
        self.out.push_str("</tr></thead><tbody>\n");
        for line in lines {
            self.out.push_str("<tr>");
            for cell in line {
                write!(self.out, "<td>{}</td>", escape(cell))
                    .expect("writing to a String cannot fail");
            }
            self.out.push_str("</tr>\n");
        }
        self.out.push_str("</tbody></table></div>\n");
        self
    }

    /// The features of a page, each with a link to its own.
    ///
    /// # Errors
    /// Those of reading their properties.
    pub fn features(
        mut self,
        collection: &Collection,
        features: &Features,
        rows: &[u32],
        base: &str,
    ) -> io::Result<Self> {
        self.out
            .push_str("<div class=\"card scroll\"><table><thead><tr><th scope=\"col\">Objet</th>");
        self.out.push_str("<th scope=\"col\">Latitude, longitude</th>");
        for field in features.fields() {
            let (name, title) = (escape(&field.name), escape(&field.title));
            write!(self.out, "<th scope=\"col\" title=\"{title}\">{name}</th>")
                .expect("writing to a String cannot fail");
        }
        self.out.push_str("</tr></thead><tbody>\n");
        let writer = Writer::new(features, Crs::Crs84);
        let mut reader = features.rows();
        for row in rows.iter().filter_map(|r| usize::try_from(*r).ok()) {
            let read = reader.row(row)?;
            let id = escape(&features.id(row));
            let href = format!("{base}/collections/{}/items/{id}?f=html", collection.id);
            let place = escape(&writer.place(row));
            let short: String = id.chars().take(13).collect();
            write!(
                self.out,
                "<tr><td><a href=\"{}\">{short}</a></td><td>{place}</td>",
                escape(&href)
            )
            .expect("writing to a String cannot fail");
            for field in 0..features.fields().len() {
                let text = escape(&shown(read.json(field)));
                write!(self.out, "<td>{text}</td>").expect("writing to a String cannot fail");
            }
            self.out.push_str("</tr>\n");
        }
        self.out.push_str("</tbody></table></div>\n");
        Ok(self)
    }

    /// One feature, a property a line.
    ///
    /// # Errors
    /// Those of reading its properties.
    pub fn feature(self, features: &Features, row: usize) -> io::Result<Self> {
        let mut reader = features.rows();
        let read = reader.row(row)?;
        let mut lines = vec![vec![
            String::from("Latitude, longitude"),
            Writer::new(features, Crs::Crs84).place(row),
        ]];
        for (i, field) in features.fields().iter().enumerate() {
            let title = if field.title.is_empty() { &field.name } else { &field.title };
            lines.push(vec![format!("{title} ({})", field.name), shown(read.json(i))]);
        }
        Ok(self.table(&["Propriété", "Valeur"], &lines))
    }

    /// The whole page.
    pub fn finish(mut self) -> String {
        self.out.push_str("</main>\n</body>\n</html>\n");
        self.out
    }
}

/// A value as people read it.
fn shown(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Null) => String::new(),
        Ok(serde_json::Value::Bool(b)) => String::from(if b { "oui" } else { "non" }),
        Ok(serde_json::Value::Array(all)) => {
            all.iter().filter_map(|v| v.as_str()).collect::<Vec<_>>().join(", ")
        }
        _ => json.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_can_become_markup() {
        let page = Html::new("<script>", &[("\"x\"", String::from("/a\"onload=1"))])
            .text("a & b")
            .table(&["<b>"], &[vec![String::from("</td><img src=x>")]])
            .finish();
        for bad in ["<script>", "<b>", "<img", "\"onload"] {
            assert!(!page.contains(bad), "{bad}");
        }
    }
}
