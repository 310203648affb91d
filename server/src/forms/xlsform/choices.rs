//! Reading the lists of the choices sheet, and which of them questions name.

use super::{
    book::{Book, Faults, Row},
    survey::{is_name, is_yes},
    tree::{Form, Kind, Source},
};

/// Reads the lists into the form; a question that names none of them is a fault.
pub(super) fn read(book: &Book, form: &mut Form, faults: &mut Faults) {
    let mut lists: Vec<(String, Vec<Row>)> = Vec::new();
    let twice = form.settings.get("allow_choice_duplicates").is_some_and(is_yes);
    for row in &book.choices {
        let (Some(list), Some(name)) = (row.get("list_name"), row.get("name")) else {
            let lacks = if row.get("name").is_none() { "name" } else { "list_name" };
            faults.add(&row.at(lacks), "manque");
            continue;
        };
        if name.contains(char::is_whitespace) {
            faults.add(&row.at("name"), "un code n'a pas d'espace");
        }
        let at = lists.iter().position(|(known, _)| known == list);
        let at = at.unwrap_or_else(|| {
            lists.push((list.to_owned(), Vec::new()));
            lists.len() - 1
        });
        let Some((_, rows)) = lists.get_mut(at) else { continue };
        if let Some(first) =
            rows.iter().find(|other| other.get("name") == Some(name)).filter(|_| !twice)
        {
            faults.add(
                &row.at("name"),
                format!("le code « {name} » est déjà sur la ligne {}", first.number),
            );
        }
        rows.push(row.clone());
    }
    for node in &form.nodes {
        if let Kind::Question { choices: Some(Source::List(list)), .. } = &node.kind
            && !lists.iter().any(|(known, _)| known == list)
        {
            faults.add(
                &node.row.at("type"),
                format!("la liste « {list} » n'est pas sur la feuille choices"),
            );
        }
    }
    let is_extra = |h: &&String| {
        !h.is_empty()
            && !matches!(h.as_str(), "list_name" | "name" | "label")
            && !h.contains("::")
            && is_name(h)
    };
    form.extras = book.choice_headers.iter().filter(is_extra).cloned().collect();
    form.lists = lists;
}
