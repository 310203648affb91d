//! The entity that a questionnaire makes or changes.

use super::{
    book::{Book, Faults},
    tree::{Form, Kind, Node, Source},
};

/// Takes the declaration of the entities sheet, and checks that what is saved has somewhere to go.
pub(super) fn check(book: &Book, form: &mut Form, faults: &mut Faults) {
    for row in book.entities.iter().skip(1) {
        faults.add(&row.here(), "une seule liste par questionnaire est prise en charge");
    }
    if let Some(row) = book.entities.first() {
        for column in row.cells.keys() {
            let known = ["list_name", "label", "entity_id", "create_if", "update_if"];
            if !known.contains(&column.as_str()) {
                faults.add(&row.at(column), "cette colonne n'est pas prise en charge");
            }
        }
        if row
            .get("list_name")
            .is_none_or(|name| !super::survey::is_name(name) || name.starts_with("__"))
        {
            faults.add(&row.at("list_name"), "un nom de liste est attendu");
        }
        let changes = row.get("entity_id").is_some();
        if !changes && row.get("update_if").is_some() {
            faults.add(&row.at("entity_id"), "manque : sans lui rien ne peut être modifié");
        }
        if changes && row.get("create_if").is_some() && row.get("update_if").is_none() {
            faults.add(&row.at("update_if"), "manque : create_if et entity_id le demandent");
        }
        if (!changes || row.get("create_if").is_some()) && row.get("label").is_none() {
            faults.add(&row.at("label"), "manque : ce qui est créé a un libellé");
        }
        let list = row.get("list_name").unwrap_or_default();
        let is_list = |node: &Node| matches!(&node.kind, Kind::Question { choices: Some(Source::File { name, .. }), .. } if name == list);
        if changes && !form.nodes.iter().any(is_list) {
            let what = format!(
                "aucune question ne choisit dans {list}.csv (select_one_from_file {list}.csv)"
            );
            faults.add(&row.at("entity_id"), what);
        }
        form.entity = Some(row.clone());
    }
    for (id, node) in form.nodes.iter().enumerate().filter(|(_, n)| n.row.get("save_to").is_some())
    {
        if form.entity.is_none() {
            faults.add(&node.row.at("save_to"), "il n'y a pas de feuille « entities »");
        }
        let repeats =
            form.ancestry(id).iter().any(|at| matches!(form.node(*at).kind, Kind::Repeat));
        if repeats {
            faults.add(&node.row.at("save_to"), "dans une répétition n'est pas pris en charge");
        }
    }
}
