//! What a base list would change: its lines beside what earlier lists said.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use sanu_schemas::{ImportColumn, ImportKind};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::lines::{Line, List};
use crate::intake::ImportRow;

/// What earlier lists say of one thing.
#[derive(Clone, Debug)]
pub struct Known {
    /// By what it is known.
    pub key: String,
    /// The file that said so last.
    pub file: Arc<str>,
    /// And on which line.
    pub line: u64,
    /// What was said, as JSON.
    pub values: Box<str>,
}

/// What is in the register: of earlier lists, and of what the file names.
#[derive(Debug, Default)]
pub struct Register {
    /// What earlier lists say, by base list and id.
    pub known: HashMap<String, HashMap<Uuid, Known>>,
    /// Where what the file names is registered: code of the zone, dataset.
    pub homes: HashMap<Uuid, (String, String)>,
}

impl Register {
    /// Takes what one list said, after those before it.
    pub fn learn(&mut self, dataset: &str, file: &Arc<str>, row: &ImportRow) {
        let known = self.known.entry(dataset.to_owned()).or_default();
        let mut values = row.values();
        if let Some(before) = known.get(&row.id) {
            let mut merged = read(&before.values);
            merged.append(&mut values);
            values = merged;
        }
        let values = Json::Object(values).to_string().into_boxed_str();
        known.insert(
            row.id,
            Known { key: row.code.clone(), file: Arc::clone(file), line: row.line, values },
        );
    }

    fn knows(&self, dataset: &str, id: &Uuid) -> bool {
        self.known.get(dataset).is_some_and(|known| known.contains_key(id))
    }
}

fn read(values: &str) -> Map<String, Json> {
    serde_json::from_str(values).unwrap_or_default()
}

/// What a list would do.
#[derive(Debug, Default)]
pub struct Plan {
    /// Lines that say something new, as they go into the journal, by the code of their zone.
    pub rows: BTreeMap<String, Vec<Box<str>>>,
    /// Lines of which nothing was known.
    pub new: u64,
    /// Lines that say something else than before: line, key, where that was said.
    pub changed: Vec<(u64, String, String)>,
    /// Lines that say the same.
    pub same: u64,
}

/// The id of what a base list names by a code: the same for ever, so that the same list again changes nothing.
pub fn entity_id(dataset: &str, code: &str) -> Uuid {
    if let Ok(id) = code.parse() {
        return id;
    }
    let hash: [u8; 32] = Sha256::new()
        .chain_update("base list|")
        .chain_update(dataset)
        .chain_update("|")
        .chain_update(code)
        .finalize()
        .into();
    let (head, _) = hash.split_at(16);
    uuid::Builder::from_custom_bytes(head.try_into().unwrap_or_default()).into_uuid()
}

impl Plan {
    /// Compares a list with the register. What is wrong with it is added to its faults; `zone` is that of lines that
    /// name none.
    pub fn make(dataset: &str, list: &mut List, register: &Register, zone: &str) -> Self {
        let mut plan = Self::default();
        let in_file: HashSet<Uuid> =
            list.lines.iter().map(|l| entity_id(dataset, &l.key)).collect();
        for line in std::mem::take(&mut list.lines) {
            let before = list.fault_count;
            let id = entity_id(dataset, &line.key);
            let row = row(dataset, list, &line, id, |of, id| {
                register.knows(of, id) || (of == dataset && in_file.contains(id))
            });
            let zone = line.zone.as_deref().unwrap_or(zone);
            let home = register.homes.get(&id);
            let zone =
                check_home(dataset, list, &line, (id, zone), home, register.knows(dataset, &id));
            if list.fault_count > before {
                continue;
            }
            plan.take(zone, &row, register.known.get(dataset).and_then(|known| known.get(&id)));
        }
        if dataset == "card_lots" {
            check_overlaps(list, &plan, register);
        }
        plan
    }

    fn take(&mut self, zone: String, row: &ImportRow, known: Option<&Known>) {
        match known {
            None => self.new += 1,
            Some(known) => {
                let said = read(&known.values);
                if row.values().iter().all(|(name, value)| said.get(name) == Some(value)) {
                    self.same += 1;
                    return;
                }
                let place = format!("ligne {} de {}", known.line, known.file);
                self.changed.push((row.line, row.code.clone(), place));
            }
        }
        let text = serde_json::to_string(row).expect("a plain struct is always JSON");
        self.rows.entry(zone).or_default().push(text.into_boxed_str());
    }

    /// Lines that would be written.
    pub fn len(&self) -> usize {
        self.rows.values().map(Vec::len).sum()
    }

    /// Whether the list says nothing new.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// A thing stays in the zone where it was first registered; gives that zone.
fn check_home(
    dataset: &str,
    list: &mut List,
    line: &Line,
    (id, zone): (Uuid, &str),
    home: Option<&(String, String)>,
    known: bool,
) -> String {
    let by_id = line.key.parse::<Uuid>().is_ok();
    match home {
        Some((_, of)) if of != dataset => {
            list.fault(line.line, format!("{id} n'est pas de la liste {dataset}"));
        }
        Some((home, _)) if line.zone.is_some() && !home.eq_ignore_ascii_case(zone) => {
            let what = format!("« {} » est enregistré dans la zone {home} et y reste", line.key);
            list.fault(line.line, what);
        }
        Some((home, _)) => return home.clone(),
        None if by_id && !known => {
            list.fault(line.line, format!("{id} n'est pas dans le registre"));
        }
        None => {}
    }
    zone.to_owned()
}

/// A line as it goes into the journal.
fn row(
    dataset: &str,
    list: &mut List,
    line: &Line,
    id: Uuid,
    knows: impl Fn(&str, &Uuid) -> bool,
) -> ImportRow {
    let mut row = ImportRow { line: line.line, id, code: line.key.clone(), ..ImportRow::default() };
    let mut values = read(&line.values);
    values.remove("zone");
    let degrees = |value: Option<Json>| value.and_then(|v| v.as_f64());
    if let (Some(lat), Some(lon)) = (degrees(values.remove("lat")), degrees(values.remove("lon"))) {
        row.at = Some([lon, lat]);
        row.open.insert(String::from("geometry"), json!({ "lat": lat, "lon": lon }));
    }
    for (property, value) in values {
        let columns = sanu_schemas::import_columns().iter().filter(|c| c.dataset == dataset);
        let Some(column) = columns.into_iter().find(|c| c.property == property) else { continue };
        let value = resolved(column, value, |code| {
            let of = entity_id(&column.list, code);
            if !knows(&column.list, &of) {
                let what = format!(
                    "colonne « {} » : « {code} » n'est pas dans la liste {}",
                    column.title_fr, column.list
                );
                list.fault(line.line, what);
            }
            of.to_string()
        });
        match value {
            Json::String(label) if property == "label" => row.label = Some(label),
            // What is named by its id has a code of its own elsewhere, or none.
            _ if property == "code" && line.key.parse::<Uuid>().is_ok() => {}
            value if column.is_direct => {
                row.sealed.insert(property, value);
            }
            value => {
                row.open.insert(property, value);
            }
        }
    }
    row
}

/// Codes of another list become ids.
fn resolved(column: &ImportColumn, value: Json, mut id: impl FnMut(&str) -> String) -> Json {
    match (column.kind, value) {
        (ImportKind::Ref, Json::String(code)) => id(&code).into(),
        (ImportKind::Refs, Json::Array(codes)) => {
            codes.iter().filter_map(Json::as_str).map(|code| Json::from(id(code))).collect()
        }
        (_, value) => value,
    }
}

/// A card is in one lot only.
fn check_overlaps(list: &mut List, plan: &Plan, register: &Register) {
    let mut lots: Vec<(i64, i64, u64, String)> = Vec::new();
    let ends = |values: &Map<String, Json>| {
        Some((values.get("first")?.as_i64()?, values.get("last")?.as_i64()?))
    };
    for row in
        plan.rows.values().flatten().filter_map(|text| serde_json::from_str::<ImportRow>(text).ok())
    {
        if let Some((first, last)) = ends(&row.values()) {
            lots.push((first, last, row.line, String::new()));
        }
    }
    let is_new: HashSet<(i64, i64)> = lots.iter().map(|lot| (lot.0, lot.1)).collect();
    for known in register.known.get("card_lots").into_iter().flat_map(HashMap::values) {
        if let Some((first, last)) = ends(&read(&known.values)).filter(|lot| !is_new.contains(lot))
        {
            lots.push((first, last, known.line, format!(" de {}", known.file)));
        }
    }
    lots.sort();
    let mut reach: Option<(i64, i64, u64, String)> = None;
    for lot in lots {
        if let Some(before) = reach.as_ref().filter(|before| lot.0 <= before.1) {
            // Told of the line of this file; of two known lots nothing can be said here.
            let (this, other) = if lot.3.is_empty() { (&lot, before) } else { (before, &lot) };
            if this.3.is_empty() {
                let what = format!(
                    "les cartes {} à {} chevauchent celles de la ligne {}{} ({} à {})",
                    this.0, this.1, other.2, other.3, other.0, other.1
                );
                list.fault(this.2, what);
            }
        }
        if reach.as_ref().is_none_or(|before| lot.1 > before.1) {
            reach = Some(lot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::lines::read_list, *};

    fn list(dataset: &str, text: &str) -> List {
        read_list(dataset, text.as_bytes().to_vec(), &mut |_| {}).unwrap()
    }

    fn learnt(register: &mut Register, dataset: &str, plan: &Plan) {
        for text in plan.rows.values().flatten() {
            register.learn(dataset, &Arc::from("avant.csv"), &serde_json::from_str(text).unwrap());
        }
    }

    #[test]
    fn the_same_list_again_says_nothing_new_and_another_value_is_a_change() {
        let mut register = Register::default();
        let text = "code;nom;latitude;longitude;etat\ns1;Bala;12,5;-8;active\ns2;Kobada;;;\n";
        let mut first = list("sites", text);
        let plan = Plan::make("sites", &mut first, &register, "ML");
        assert_eq!(
            (plan.new, plan.same, plan.changed.len(), first.fault_count),
            (2, 0, 0, 0),
            "{:?}",
            first.faults
        );
        learnt(&mut register, "sites", &plan);

        let again = Plan::make("sites", &mut list("sites", text), &register, "ML");
        let fewer = Plan::make("sites", &mut list("sites", "code;nom\nS1;Bala\n"), &register, "ML");
        let other = Plan::make(
            "sites",
            &mut list("sites", "code;nom\nS1;Bala\ns2;Kobada Nord\n"),
            &register,
            "ML",
        );

        assert_eq!((again.new, again.same, again.len()), (0, 2, 0));
        assert_eq!((fewer.new, fewer.same), (0, 1));
        assert_eq!((other.same, other.len()), (1, 1));
        assert_eq!(other.changed, [(3, String::from("S2"), String::from("ligne 3 de avant.csv"))]);
    }

    #[test]
    fn references_must_be_known_or_in_the_file() {
        let register = Register::default();
        let mut coops = list(
            "cooperatives",
            "code;nom;mere\nC1;Union du Mandé;\nC2;Base de Kangaba;c1\nC3;Autre;C9\n",
        );

        let plan = Plan::make("cooperatives", &mut coops, &register, "ML");

        assert_eq!(plan.new, 2);
        assert_eq!(coops.faults.len(), 1);
        assert_eq!(coops.faults[0].line, 4);
        assert!(coops.faults[0].what.contains("C9"));
    }

    #[test]
    fn lots_of_cards_do_not_overlap() {
        let mut register = Register::default();
        let mut first = list("card_lots", "premiere;derniere\n1000;1999\n2000;2999\n");
        let plan = Plan::make("card_lots", &mut first, &register, "ML");
        assert_eq!((plan.new, first.fault_count), (2, 0), "{:?}", first.faults);
        learnt(&mut register, "card_lots", &plan);

        let mut second =
            list("card_lots", "premiere;derniere\n2500;3500\n5000;5100\n5050;5200\n1000;1999\n");
        let _plan = Plan::make("card_lots", &mut second, &register, "ML");

        let lines: Vec<_> = second.faults.iter().map(|f| f.line).collect();
        assert_eq!(lines, [2, 4], "{:?}", second.faults);
        assert!(second.faults[0].what.contains("ligne 3 de avant.csv"), "{:?}", second.faults);
        assert!(second.faults[1].what.contains("ligne 3 (5000"), "{:?}", second.faults);
    }

    #[test]
    fn names_and_numbers_of_people_go_into_what_is_sealed() {
        let mut agents = list("agents", "code;nom;telephone\nKA001;Awa Traoré;76000000\n");

        let plan = Plan::make("agents", &mut agents, &Register::default(), "ML");

        let row: ImportRow = serde_json::from_str(&plan.rows["ML"][0]).unwrap();
        assert!(row.open.values().all(|v| !v.to_string().contains("Awa")));
        assert_eq!(row.sealed["name"], "Awa Traoré");
        assert_eq!(row.sealed["phone"], "76000000");
    }
}
