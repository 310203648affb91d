//! What a registration says about who somebody is, in the engine's terms.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::change::Props;
pub(super) use crate::linkage::Kind;
use crate::{
    keys::MasterKeys,
    linkage::{Registration, Sex},
    rules::card_is_valid,
    runtime::Micros,
};

/// The property that holds when the interview began; it comes from no question.
pub(super) const INTERVIEWED_AT: &str = "interviewed_at";

/// A keyed hash of a card or NINA.
pub(super) type BlockKey = [u8; 32];

/// Which register of people a dataset is; `None` for places, organisations and visits.
pub(super) fn kind(dataset: &str) -> Option<Kind> {
    match dataset {
        "orpailleurs" => Some(Kind::Miner),
        "enfants" => Some(Kind::Child),
        _ => None,
    }
}

fn text<'p>(open: &'p Props, sealed: &'p Props, name: &str) -> &'p str {
    sealed.get(name).or_else(|| open.get(name)).and_then(Json::as_str).unwrap_or_default().trim()
}

fn integer(open: &Props, sealed: &Props, name: &str) -> Option<i64> {
    sealed.get(name).or_else(|| open.get(name)).and_then(Json::as_i64)
}

/// The card that a registration carries, when its check character is right.
fn card(kind: Kind, open: &Props, sealed: &Props) -> String {
    let name = match kind {
        Kind::Miner => "card_no",
        Kind::Child => "child_code",
    };
    let card = text(open, sealed, name).to_uppercase();
    if card_is_valid(&card) { card } else { String::new() }
}

/// Papers that were shown to the enumerator and carry a NINA.
fn has_nina(open: &Props, sealed: &Props) -> bool {
    matches!(text(open, sealed, "id_type"), "nina_card" | "nina_form" | "biometric_id")
}

/// Fourteen digits and a letter, however they were spaced.
fn nina(open: &Props, sealed: &Props) -> String {
    let number: String = text(open, sealed, "id_number_hash")
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_uppercase();
    let (digits, letter) = number.split_at_checked(14).unwrap_or_default();
    let valid = digits.len() == 14
        && digits.bytes().all(|b| b.is_ascii_digit())
        && letter.len() == 1
        && letter.bytes().all(|b| b.is_ascii_uppercase());
    if valid && has_nina(open, sealed) { number } else { String::new() }
}

/// The keyed hashes by which others with the same card or NINA are found.
pub(super) fn block_keys(
    dataset: &str,
    open: &Props,
    sealed: &Props,
    keys: &MasterKeys,
) -> BTreeSet<BlockKey> {
    let Some(kind) = kind(dataset) else {
        return named(text(open, sealed, NAMES_CARD), keys).into_iter().collect();
    };
    let (card, nina) = (card(kind, open, sealed), nina(open, sealed));
    let mut found = BTreeSet::new();
    if !card.is_empty() {
        found.insert(keys.lookup_hash(dataset, &card));
    }
    if !nina.is_empty() {
        found.insert(keys.lookup_hash("nina", &nina));
    }
    found
}

/// The property by which an interview about something else says whose it is.
const NAMES_CARD: &str = "orpailleur_id";

/// The keyed hash under which interviews are found that name this card. Another than that of whoever
/// carries the card: they are not registrations of the person.
fn named(card: &str, keys: &MasterKeys) -> Option<BlockKey> {
    let card = card.to_uppercase();
    card_is_valid(&card).then(|| keys.lookup_hash("names orpailleurs", &card))
}

/// The keyed hash of the card of a registration, as `block_keys` has it; `None` when it is no card.
pub fn card_key(dataset: &str, card: &str, keys: &MasterKeys) -> Option<[u8; 32]> {
    let card = card.trim().to_uppercase();
    let is_card = kind(dataset).is_some() && card_is_valid(&card);
    is_card.then(|| keys.lookup_hash(dataset, &card))
}

/// Everything by which what speaks of the person of a registration is found: by its card and NINA, and by who
/// names its card.
pub(super) fn traced_by(
    dataset: &str,
    open: &Props,
    sealed: &Props,
    keys: &MasterKeys,
) -> BTreeSet<BlockKey> {
    let mut found = block_keys(dataset, open, sealed, keys);
    if kind(dataset) == Some(Kind::Miner) {
        found.extend(named(text(open, sealed, "card_no"), keys));
    }
    found
}

/// One registration's identity in texts of its own, as the engine reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) kind: Kind,
    given: String,
    surname: String,
    alias: String,
    sex: Option<Sex>,
    birth: String,
    birth_document: bool,
    birth_place: String,
    cercle: String,
    nationality: String,
    pub(super) phone: String,
    pub(super) nina: String,
    pub(super) card: String,
    site: String,
    cooperative: String,
    father: String,
    mother: String,
    at: Option<i64>,
    device: String,
}

impl Person {
    /// Reads the properties of the questionnaires; `None` when it is not about a person.
    pub(super) fn of(dataset: &str, open: &Props, sealed: &Props, at: Micros) -> Option<Self> {
        let kind = kind(dataset)?;
        let get = |name: &str| text(open, sealed, name).to_owned();
        // The child form keeps names under `vault.`, out of every extract.
        let own = |name: &str| match kind {
            Kind::Miner => get(name),
            Kind::Child => get(&format!("vault.{name}")),
        };
        let birth_document = match kind {
            Kind::Miner => !get("dob").is_empty() && shows_birth(text(open, sealed, "id_type")),
            Kind::Child => text(open, sealed, "age_source") == "document",
        };
        Some(Self {
            kind,
            given: if kind == Kind::Child { own("given_name") } else { get("given_names") },
            surname: own("surname"),
            alias: get("alias"),
            sex: match text(open, sealed, "sex") {
                "male" => Some(Sex::Male),
                "female" => Some(Sex::Female),
                _ => None,
            },
            birth: birth(open, sealed, &own("dob"), at),
            birth_document,
            birth_place: get("birth_place"),
            cercle: get("usual_cercle"),
            nationality: get("nationality"),
            phone: get("phone"),
            nina: nina(open, sealed),
            card: card(kind, open, sealed),
            site: get("site_id"),
            cooperative: get("coop_id"),
            father: get("father_given_names"),
            mother: if kind == Kind::Child {
                own("mother_given_name")
            } else {
                get("mother_full_name")
            },
            at: text(open, sealed, INTERVIEWED_AT)
                .parse::<jiff::Timestamp>()
                .ok()
                .map(jiff::Timestamp::as_second),
            device: get("enumerator_code"),
        })
    }

    /// As the engine takes it.
    pub(super) fn registration(&self) -> Registration<'_> {
        Registration {
            kind: self.kind,
            given: &self.given,
            surname: &self.surname,
            alias: &self.alias,
            sex: self.sex,
            birth: &self.birth,
            birth_document: self.birth_document,
            birth_place: &self.birth_place,
            cercle: &self.cercle,
            nationality: &self.nationality,
            phone: &self.phone,
            nina: &self.nina,
            nina_seen: !self.nina.is_empty(),
            card: &self.card,
            site: &self.site,
            cooperative: &self.cooperative,
            father: &self.father,
            mother: &self.mother,
            at: self.at,
            device: &self.device,
        }
    }

    /// Sex, as recorded.
    pub(super) const fn sex(&self) -> Option<Sex> {
        self.sex
    }
}

/// Papers that show a date of birth.
fn shows_birth(id_type: &str) -> bool {
    !matches!(id_type, "" | "none" | "refused")
}

/// The birth as written: a date, a year, or an age in the year of registration.
fn birth(open: &Props, sealed: &Props, dob: &str, at: Micros) -> String {
    if !dob.is_empty() {
        return dob.to_owned();
    }
    if let Some(year) = integer(open, sealed, "birth_year") {
        return year.to_string();
    }
    integer(open, sealed, "age_years")
        .map_or_else(String::new, |age| format!("{age} ans en {}", at.date().year()))
}
