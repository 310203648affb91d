//! A table of counts as a file: for programs with codes, for people in French.

use std::io::Write as _;

use sanu_schemas::Beside;

use super::count_view::{Question, View};
use crate::{
    counts::{Coverage, Dimension, Line, SUBMISSIONS, Shown, Table},
    export::{Entry, Sheet, harmless},
    store::cells::Reviewed,
};

/// The table for programs, as CSV: codes and labels. Lines are put together from words made once for each code: a
/// table may have tens of thousands.
pub(super) fn codes(question: &Question, view: &View) -> Vec<u8> {
    let mut head: Vec<String> = Vec::new();
    for dimension in &question.by {
        head.extend([dimension.name().to_owned(), format!("{}_label", dimension.name())]);
    }
    head.extend([String::from("n"), String::from("suppressed")]);
    let mut text = record(head);
    let labels = labels(question, view);
    let words = labels.iter().enumerate().map(|(place, labels)| {
        let codes = view.table.lines.codes(place).iter().zip(labels);
        codes.map(|(code, label)| word(code, label)).collect()
    });
    let words: Vec<Vec<Vec<u8>>> = words.collect();
    for (line, n) in view.table.cells() {
        for (words, at) in words.iter().zip(line.places()) {
            text.extend_from_slice(words.get(at).map_or(&[][..], Vec::as_slice));
        }
        let (n, reason) = (n.number(), n.reason().map_or("", |reason| reason.code()));
        let written = match n {
            Some(n) => write!(text, "{n},{reason}\r\n"),
            None => write!(text, ",{reason}\r\n"),
        };
        written.expect("writing to a Vec cannot fail");
    }
    text
}

/// What a line says of a dimension, with the comma after it.
fn word(code: &str, label: &str) -> Vec<u8> {
    let mut word = record(vec![harmless(code), harmless(label)]);
    word.truncate(word.len().saturating_sub(2));
    word.push(b',');
    word
}

/// One line of CSV.
fn record(head: Vec<String>) -> Vec<u8> {
    Sheet { title: String::new(), notes: Vec::new(), head, rows: Vec::new() }.csv()
}

/// The French name of every code of every dimension: each is looked up once, however many lines have it.
fn labels(question: &Question, view: &View) -> Vec<Vec<String>> {
    let of = |(i, dimension): (usize, &Dimension)| {
        view.table.lines.codes(i).iter().map(|code| view.label(*dimension, code)).collect()
    };
    question.by.iter().enumerate().map(of).collect()
}

fn line_labels<'l>(labels: &'l [Vec<String>], line: Line<'l>) -> impl Iterator<Item = &'l str> {
    let label = |(labels, at): (&'l Vec<String>, usize)| labels.get(at).map_or("", String::as_str);
    labels.iter().zip(line.places()).map(label)
}

/// The table for people: French words, a total, declared figures beside.
pub(super) fn words(question: &Question, view: &View) -> Sheet {
    let mut head: Vec<String> = question.by.iter().map(|d| d.title_fr().to_owned()).collect();
    head.push(String::from("Effectif"));
    let hidden = view.manner.threshold.map(|t| format!("moins de {}", t.0)).unwrap_or_default();
    let shown = |n: Shown| match n {
        Shown::Number(n) => Entry::Number(n),
        Shown::Not(_) => Entry::Text(hidden.clone()),
    };
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    let labels = labels(question, view);
    for (line, n) in view.table.cells() {
        let words = line_labels(&labels, line).map(|label| Entry::Text(label.to_owned()));
        rows.push(words.chain([shown(n)]).collect());
    }
    let mut total = vec![Entry::Text(String::from("Total"))];
    total.resize(question.by.len().max(1), Entry::Empty);
    total.push(shown(view.table.total()));
    rows.push(total);
    if question.by.is_empty() {
        head.insert(0, String::new());
    }
    if let Some(Beside::DeclaredOrganisations) = question.beside {
        beside(&mut head, &mut rows, &view.table);
    }
    rows.extend(view.coverage.iter().flat_map(|line| rates(view, line)));
    let mut notes = vec![format!(
        "État au {} (UTC), divisions administratives de {}. Source : registre Sanu, {} ; en relecture : {} %.",
        view.at.to_rfc3339(),
        question.division.code(),
        match view.review {
            _ if question.of == SUBMISSIONS => "fiches reçues",
            Reviewed::All => "fiches enregistrées",
            Reviewed::Accepted => "fiches acceptées",
            Reviewed::Pending => "fiches en relecture",
        },
        (view.in_review.share * 100.0).round(),
    )];
    notes.extend(view.note());
    Sheet { title: question.title.clone(), notes, head, rows }
}

/// R25 with both denominators, below the numbers.
fn rates(view: &View, line: &Coverage) -> [Vec<Entry>; 2] {
    let region = match line.region.as_str() {
        "" => String::from("Ensemble"),
        code => view.label(Dimension::Region, code),
    };
    let text = |text: &str| Entry::Text(text.to_owned());
    [
        ("Membres de coopératives (cible 50 %)", line.members.rate),
        ("Tous les orpailleurs", line.all.rate),
    ]
    .map(|(of, rate)| {
        let rate = rate.map_or_else(|| String::from("trop peu"), |r| format!("{:.1} %", r * 100.0));
        vec![text(&region), text(of), text("Taux de couverture"), text(&rate.replace('.', ","))]
    })
}

/// Declared figures in columns of their own: beside every district, and lines for districts that
/// were declared and where nothing is registered.
fn beside(head: &mut Vec<String>, rows: &mut Vec<Vec<Entry>>, table: &Table) {
    let declared = sanu_schemas::declared_organisations();
    head.extend(
        ["Déclarées : base", "Déclarées : unions", "Déclarées : fédérations"].map(String::from),
    );
    let figures = |code: &str| {
        let found = declared.iter().find(|d| d.district == code);
        match found {
            Some(d) => [d.base, d.unions, d.federations].map(Entry::Number),
            None => [Entry::Empty, Entry::Empty, Entry::Empty],
        }
    };
    for (row, (line, _)) in rows.iter_mut().zip(table.cells()) {
        row.extend(figures(line.codes().next().unwrap_or_default()));
    }
    let total = rows.pop();
    for missing in declared
        .iter()
        .filter(|d| !table.cells().any(|(line, _)| line.codes().next() == Some(&d.district)))
    {
        let name = Dimension::District.label(&missing.district);
        let row = [Entry::Text(name), Entry::Number(0)];
        rows.push(row.into_iter().chain(figures(&missing.district)).collect());
    }
    if let Some(mut total) = total {
        let sum = |of: fn(&sanu_schemas::DeclaredOrganisations) -> i64| {
            Entry::Number(declared.iter().map(of).sum())
        };
        total.extend([sum(|d| d.base), sum(|d| d.unions), sum(|d| d.federations)]);
        rows.push(total);
    }
}
