//! The extract of people for researchers: pseudonyms, no place under the cercle, nobody alone in what is
//! told of them.
//!
//! It is drawn once a month, at the first asking, and then stays the same file. Pseudonyms come from a
//! key that is drawn with it and thrown away: no two extracts can be joined by them, nor one with the
//! register. Accepted records of adults who consented; children are not in it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use sha2::Sha256;

use crate::{
    app::Base,
    catalogue::Snapshot,
    counts::{Dimension, K, Quasi, Report, STEPS, TEN_YEARS, diversify, generalise},
    db::{DbError, Result},
    indicators::covered,
    keys::{MasterKeys, Realm, SubjectKey},
    ogc::{Builder, Collection, Features, Field, Geometry, Kind},
    runtime::Micros,
    store::{
        audit,
        extracts::{self, ExtractRow, PersonRow},
    },
};

/// Its name in addresses; `people-2026-10` is that of a month before.
pub const ID: &str = "people";
/// Whom it is of.
pub const DATASET: &str = "orpailleurs";
/// People read at a time.
const PAGE: i64 = 2_000;
const LEVEL: i32 = 3;

/// Answers that are told as they were given, all of class "none": nothing that a neighbour would know.
const ANSWERS: [&str; 9] = [
    "stay_pattern",
    "time_on_site",
    "education_level",
    "employment_status",
    "pay_mode",
    "miner_card",
    "coop_member",
    "dues_paid",
    "years_mining",
];
/// Sensitive answers, told where a group does not agree on them.
const SENSITIVE: [(&str, &str); 3] = [
    ("chemicals", "Manipule mercure, cyanure ou acides"),
    ("protection", "Couvert par la protection sociale (R25)"),
    ("injury_12m", "Blessure dans les 12 derniers mois"),
];

/// An extract, to be written as a file.
pub struct Extract {
    /// What it is, and what was done to it.
    pub collection: Collection,
    /// Its rows.
    pub features: Features,
    /// When it was drawn.
    pub at: Micros,
    /// Its month.
    pub period: String,
}

/// The month of an extract by its name in an address; `None` = no extract is called so.
pub fn period_of(id: &str, now: Micros) -> Option<String> {
    if id == ID {
        return Some(month(now));
    }
    let period = id.strip_prefix(ID)?.strip_prefix('-')?;
    let is_month = period.len() == 7
        && period.char_indices().all(|(i, c)| if i == 4 { c == '-' } else { c.is_ascii_digit() });
    (is_month && period <= month(now).as_str()).then(|| period.to_owned())
}

fn month(at: Micros) -> String {
    let date = at.date();
    format!("{:04}-{:02}", date.year(), date.month())
}

/// The extract of a month: drawn when it is the present one and nobody has asked yet, else as it was
/// drawn; `None` when that month has none.
pub async fn extract(base: &Base, actor: &str, period: &str) -> Result<Option<Extract>> {
    let mut found = extracts::extract(&mut base.db.read().await?, DATASET, period).await?;
    if found.is_none() && period == month(base.runtime.now()) {
        draw(base, actor, period).await?;
        found = extracts::extract(&mut base.db.read().await?, DATASET, period).await?;
    }
    let Some(row) = found else { return Ok(None) };
    let forms = base.catalogue.current().await?;
    let keys = Arc::clone(&base.keys);
    let opened = tokio::task::spawn_blocking(move || open(row, &keys, &forms));
    opened.await.map_err(|_| BROKEN)?.map(Some)
}

const BROKEN: DbError = DbError::Inconsistent { table: "extract_release", column: "sealed" };

/// A row as it is kept: pseudonym and values, in the order of the columns.
#[derive(Serialize, Deserialize)]
struct Packed {
    columns: Vec<String>,
    rows: Vec<(String, Vec<Json>)>,
}

/// One person on the way into an extract.
struct Row {
    pseudonym: String,
    quasi: Quasi,
    answers: Vec<Json>,
    sensitive: Vec<String>,
}

/// Draws the extract of a month from the register as it is.
async fn draw(base: &Base, actor: &str, period: &str) -> Result<()> {
    let at = base.runtime.now();
    let key: [u8; 32] = base.runtime.bytes();
    let mut tx = base.db.read().await?;
    let mut rows: Vec<Row> = Vec::new();
    let mut after = None;
    loop {
        let page = extracts::people(&mut tx, DATASET, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.place());
        let keys = Arc::clone(&base.keys);
        let read = tokio::task::spawn_blocking(move || {
            let opened = page.iter().map(|person| row(person, &keys, &key));
            opened.filter_map(Result::transpose).collect::<Result<Vec<_>>>()
        });
        rows.extend(read.await.map_err(|_| BROKEN)??);
    }
    drop(tx);
    let (seal, bytes) = (SubjectKey::new(base.runtime.bytes()), Arc::clone(&base.keys));
    let (period, actor) = (period.to_owned(), actor.to_owned());
    let made = tokio::task::spawn_blocking(move || pack(rows, at, &period, &seal, &bytes));
    let row = made.await.map_err(|_| BROKEN)??;
    let detail = json!({ "rows": row.people, "report": row.report });
    let subject = format!("{ID}-{}", row.period);
    let mut tx = base.db.write().await?;
    if extracts::keep(&mut tx, row).await? {
        let (action, detail) = ("extract.draw", detail.to_string());
        audit::note(&mut tx, &base.runtime, &actor, action, &subject, &detail).await?;
    }
    tx.commit().await
}

/// What is told of somebody before others are looked at; `None` when they did not agree to be asked.
fn row(person: &PersonRow, keys: &MasterKeys, key: &[u8; 32]) -> Result<Option<Row>> {
    let Some(sealed) = person.open(keys)? else { return Ok(None) };
    let broken = |_| DbError::Inconsistent { table: "entity", column: "props" };
    let mut said: Map<String, Json> = serde_json::from_slice(&sealed).map_err(broken)?;
    let open: Map<String, Json> = serde_json::from_str(&person.props).map_err(broken)?;
    said.extend(open);
    let text = |name: &str| said.get(name).and_then(Json::as_str).unwrap_or_default();
    if text("consent") != "given" || said.get("age_years").and_then(Json::as_i64) < Some(18) {
        return Ok(None);
    }
    let role = sanu_schemas::attribute("site_role", text("main_role"), "chain_segment");
    let many = |name: &str| match said.get(name) {
        Some(Json::Array(codes)) => codes.iter().filter_map(Json::as_str).collect::<Vec<_>>(),
        Some(Json::String(codes)) => codes.split_whitespace().collect(),
        _ => Vec::new(),
    };
    let yes_no = |known: Option<bool>| known.map_or("", |yes| if yes { "yes" } else { "no" });
    let chemicals = many("chemicals_handled");
    let silent = |code: &&str| matches!(*code, "dont_know" | "refused");
    let handles = (!chemicals.is_empty() && !chemicals.iter().any(silent))
        .then(|| !chemicals.contains(&"none"));
    Ok(Some(Row {
        pseudonym: pseudonym(key, person.entity_id.as_bytes()),
        quasi: Quasi {
            region: person.region.clone(),
            cercle: person.cercle.clone(),
            sex: person.sex.clone(),
            age: person.age_group.clone(),
            role: role.unwrap_or_default().to_owned(),
        },
        answers: ANSWERS.iter().map(|name| answer(name, said.get(*name))).collect(),
        sensitive: vec![
            yes_no(handles).to_owned(),
            yes_no(covered(&many("social_protection"))).to_owned(),
            text("injury_12m").to_owned(),
        ],
    }))
}

/// An answer as it is told: years in bands, since an exact number may be one person's.
fn answer(name: &str, said: Option<&Json>) -> Json {
    match (name, said.and_then(Json::as_i64)) {
        ("years_mining", Some(years)) => match years {
            ..1 => "y00".into(),
            1..5 => "y01_04".into(),
            5..10 => "y05_09".into(),
            10..20 => "y10_19".into(),
            20.. => "y20p".into(),
        },
        ("years_mining", None) => Json::Null,
        _ => said.cloned().unwrap_or_default(),
    }
}

/// A name for one extract alone.
fn pseudonym(key: &[u8; 32], id: &[u8]) -> String {
    use hmac::Mac as _;
    let mut mac = hmac::Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    mac.update(id);
    let digest = mac.finalize().into_bytes();
    hex::encode(digest.get(..10).unwrap_or_default())
}

fn pack(
    rows: Vec<Row>,
    at: Micros,
    period: &str,
    key: &SubjectKey,
    keys: &MasterKeys,
) -> Result<ExtractRow> {
    let (quasi, mut sensitive): (Vec<_>, Vec<_>) =
        rows.iter().map(|r| (r.quasi.clone(), r.sensitive.clone())).unzip();
    let (told, mut report) = generalise(&quasi, K);
    let alike = diversify(&told, &mut sensitive);
    report.alike = SENSITIVE.iter().map(|(name, _)| (*name).to_owned()).zip(alike).collect();
    let mut packed = Packed { columns: columns(), rows: Vec::with_capacity(rows.len()) };
    for ((row, told), sensitive) in rows.into_iter().zip(told).zip(sensitive) {
        let Some(told) = told else { continue };
        let told = [told.region, told.cercle, told.sex, told.age, told.role];
        let mut values: Vec<Json> = told.into_iter().map(Json::String).collect();
        values.extend(row.answers);
        values.extend(sensitive.into_iter().map(Json::String));
        packed.rows.push((row.pseudonym, values));
    }
    // By pseudonym, so that the order tells nothing of who was registered when.
    packed.rows.sort_by(|a, b| a.0.cmp(&b.0));
    let people = i64::try_from(packed.rows.len()).map_err(|_| BROKEN)?;
    let text = serde_json::to_vec(&packed).map_err(|_| BROKEN)?;
    let small = zstd::encode_all(text.as_slice(), LEVEL).map_err(|_| BROKEN)?;
    Ok(ExtractRow {
        dataset: String::from(DATASET),
        period: period.to_owned(),
        at,
        people,
        report: serde_json::to_string(&report).map_err(|_| BROKEN)?,
        wrapped: keys.wrap(Realm::Adults, ID.as_bytes(), key),
        sealed: key.seal(b"extract", &small),
    })
}

const QUASI: [(&str, &str); 5] = [
    ("region", "Région (2023)"),
    ("cercle", "Cercle (2023)"),
    ("sex", "Sexe"),
    ("age_group", "Groupe d'âge"),
    ("role", "Activité"),
];

fn columns() -> Vec<String> {
    let quasi = QUASI.iter().map(|(name, _)| *name);
    let sensitive = SENSITIVE.iter().map(|(name, _)| *name);
    quasi.chain(ANSWERS).chain(sensitive).map(str::to_owned).collect()
}

fn open(row: ExtractRow, keys: &MasterKeys, forms: &Snapshot) -> Result<Extract> {
    let key = keys.unwrap(Realm::Adults, ID.as_bytes(), &row.wrapped).map_err(|_| BROKEN)?;
    let small = key.open(b"extract", &row.sealed).map_err(|_| BROKEN)?;
    let text = zstd::decode_all(small.as_slice()).map_err(|_| BROKEN)?;
    let packed: Packed = serde_json::from_slice(&text).map_err(|_| BROKEN)?;
    let report: Report = serde_json::from_str(&row.report).map_err(|_| BROKEN)?;
    let fields: Vec<Field> = packed.columns.iter().map(|name| field(name, forms)).collect();
    // In memory: what is sealed in the register lies on no disk in clear.
    let mut builder = Builder::new(fields.clone());
    builder.set_unplaced();
    for (pseudonym, values) in packed.rows {
        builder.other(&pseudonym, Geometry::None);
        for (field, value) in values.iter().enumerate() {
            if !value.is_null() && value.as_str() != Some("") {
                builder.set_json(field, &value.to_string());
            }
        }
    }
    let collection = Collection {
        id: format!("{ID}-{}", row.period),
        title: format!("Orpailleurs, extrait de {}", row.period),
        description: description(&row.period, &report),
        fields,
        temporal: None,
        points: false,
    };
    let features = builder.finish().map_err(DbError::Io)?;
    Ok(Extract { collection, features, at: row.at, period: row.period })
}

/// What a column holds, with the French words of its codes.
fn field(name: &str, forms: &Snapshot) -> Field {
    let own = QUASI.iter().chain(&SENSITIVE).find(|(own, _)| *own == name);
    let field = match own {
        Some((name, title)) => Field::new(*name, *title, Kind::Text),
        None => crate::layers::answered(forms, DATASET, name)
            .unwrap_or_else(|| Field::new(name, name, Kind::Text)),
    };
    let pair = |code: &str, label: String| [code.to_owned(), label];
    let listed = |list: &str| -> Vec<[String; 2]> {
        let codes = sanu_schemas::codelist(list).map(|l| l.codes).unwrap_or_default();
        codes.into_iter().map(|c| [c.code, c.label_fr]).collect()
    };
    let labels: Vec<[String; 2]> = match name {
        "sex" => listed("sex"),
        "age_group" => {
            let coarse = TEN_YEARS.map(|(code, label, _)| pair(code, label.to_owned()));
            listed("age_group_std").into_iter().chain(coarse).collect()
        }
        "role" => {
            ["extraction", "processing", "service", "trade", "management", "authority", "none"]
                .map(|code| pair(code, Dimension::Role.label(code)))
                .into()
        }
        "years_mining" => [
            ("y00", "moins d'un an"),
            ("y01_04", "1 à 4 ans"),
            ("y05_09", "5 à 9 ans"),
            ("y10_19", "10 à 19 ans"),
            ("y20p", "20 ans et plus"),
        ]
        .map(|(code, label)| pair(code, label.to_owned()))
        .into(),
        "chemicals" | "protection" | "injury_12m" => listed("yes_no"),
        _ => return field,
    };
    Field { kind: Kind::Text, ..field }.labelled(labels)
}

/// What was done, for the README and the codebook.
fn description(period: &str, report: &Report) -> String {
    let total: usize = report.rows.iter().sum::<usize>() + report.dropped;
    let mut text = format!(
        "Une ligne par orpailleur adulte, consentant, dont la fiche est acceptée ; tiré une fois pour {period}. \
         « id » est un pseudonyme de cet extrait seul : il ne relie à aucun autre. Ni nom, ni site, ni \
         commune, ni nationalité, ni position. k-anonymat : toute combinaison de cercle, sexe, groupe d'âge et \
         activité est celle d'au moins {K} lignes ; ce qui isolait quelqu'un a été généralisé, puis effacé."
    );
    for (step, rows) in STEPS.iter().zip(&report.rows) {
        text = format!("{text} Lignes avec {step} : {rows} sur {total}.");
    }
    text = format!("{text} Lignes écartées : {}.", report.dropped);
    for (name, alike) in &report.alike {
        text = format!(
            "{text} Réponses « {name} » effacées parce que tout un groupe avait la même : {alike}."
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extract_is_named_by_its_month() {
        let now = Micros(1_795_000_000_000_000);
        let this = month(now);

        assert_eq!(period_of("people", now), Some(this.clone()));
        assert_eq!(period_of("people-2026-01", now), Some(String::from("2026-01")));
        for wrong in [
            "people-",
            "people-2099-01",
            "people-2026-1",
            "people-2026-01-02",
            "persons",
            "people2026-01",
        ] {
            assert_eq!(period_of(wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn pseudonyms_of_two_extracts_have_nothing_in_common() {
        assert_eq!(pseudonym(&[1; 32], b"somebody"), pseudonym(&[1; 32], b"somebody"));
        assert_ne!(pseudonym(&[1; 32], b"somebody"), pseudonym(&[2; 32], b"somebody"));
        assert_eq!(pseudonym(&[1; 32], b"somebody").len(), 20);
    }
}
