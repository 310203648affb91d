//! Registrations by hand: a person as a questionnaire says it, on top of the synthetic census.

use std::fmt::Write as _;

use crate::support::xml::{between, census};

/// What a registration of a miner says about who it is.
#[derive(Clone, Debug)]
pub(crate) struct Miner {
    pub(crate) number: u32,
    pub(crate) card: String,
    pub(crate) surname: &'static str,
    pub(crate) given: &'static str,
    pub(crate) sex: &'static str,
    pub(crate) year: i32,
    /// A date of birth, when the day is known.
    pub(crate) dob: &'static str,
    pub(crate) father: &'static str,
    pub(crate) mother: &'static str,
    pub(crate) village: &'static str,
    pub(crate) nina: &'static str,
    pub(crate) phone: &'static str,
    pub(crate) agent: &'static str,
    pub(crate) site: Option<String>,
    pub(crate) role: &'static str,
    /// Minutes after the first of February at which the interview began.
    pub(crate) minute: Option<u32>,
}

impl Miner {
    /// Somebody with a card of their own and names that nobody else has.
    pub(crate) fn new(number: u32) -> Self {
        Self {
            number,
            card: card("ORP", number),
            surname: "Traoré",
            given: "Moussa",
            sex: "male",
            year: 1990,
            dob: "",
            father: "",
            mother: "",
            village: "",
            nina: "",
            phone: "",
            agent: "KY001",
            site: None,
            role: "pit_digger",
            minute: None,
        }
    }

    /// The id of the entity that it makes.
    pub(crate) fn id(&self) -> String {
        entity_id(self.number)
    }

    /// The questionnaire, as a phone sends it.
    pub(crate) fn xml(&self) -> String {
        self.xml_as(&format!("uuid:miner-{}", self.number))
    }

    /// The same under another instance id.
    pub(crate) fn xml_as(&self, instance_id: &str) -> String {
        let base = census(1, 60)
            .into_iter()
            .find(|s| s.form_id == "orpailleur" && s.xml.contains("create=\"1\""))
            .expect("a census has miners");
        let former_card = between(&base.xml, "<card_no>", "</card_no>").expect("a card");
        let entity = between(&base.xml, " id=\"", "\"><label>").expect("an entity");
        let entity = entity.rsplit('"').next().unwrap_or(entity);
        let identity = between(&base.xml, "<b_identity>", "</b_identity>").expect("an identity");
        let agent =
            between(&base.xml, "<enumerator_code>", "</enumerator_code>").expect("an agent");
        let site = between(&base.xml, "<site_id>", "</site_id>").expect("a site");
        let role = between(&base.xml, "<main_role>", "</main_role>").expect("a role");
        let others = between(&base.xml, "<other_roles>", "</other_roles>").unwrap_or_default();
        let start = between(&base.xml, "<start>", "</start>").expect("a start");
        let end = between(&base.xml, "<end>", "</end>").expect("an end");
        // Nobody is met within a day of somebody else, unless a test says so.
        let minute = self.minute.unwrap_or(self.number * 2_880);
        let (day, minute) = (1 + minute / 1_440, minute % 1_440);
        let at = |seconds: u32| {
            format!("2026-02-{day:02}T{:02}:{:02}:{seconds:02}.000Z", minute / 60, minute % 60)
        };
        base.xml
            .replace(&format!("<start>{start}<"), &format!("<start>{}<", at(0)))
            .replace(&format!("<end>{end}<"), &format!("<end>{}<", at(59)))
            .replace(identity, &self.identity())
            .replace(former_card, &self.card)
            .replace(entity, &self.id())
            .replace(
                &format!("<enumerator_code>{agent}<"),
                &format!("<enumerator_code>{}<", self.agent),
            )
            .replace(
                &format!("<site_id>{site}<"),
                &format!("<site_id>{}<", self.site.as_deref().unwrap_or(site)),
            )
            .replace(&format!("<other_roles>{others}<"), "<other_roles><")
            .replace(&format!("<main_role>{role}<"), &format!("<main_role>{}<", self.role))
            .replace(&base.instance_id, instance_id)
    }

    fn identity(&self) -> String {
        let mut xml = String::new();
        let mut put = |name: &str, value: &str| {
            write!(xml, "<{name}>{value}</{name}>").expect("writing to a String cannot fail");
        };
        put("surname", self.surname);
        put("given_names", self.given);
        put("alias", "");
        put("sex", self.sex);
        if self.dob.is_empty() {
            put("dob_precision", "year_only");
            put("birth_year", &self.year.to_string());
        } else {
            put("dob_precision", "full_date");
            put("dob", self.dob);
        }
        put("age_years", &(2026 - self.year).to_string());
        put("birth_place", self.village);
        put("father_given_names", if self.father.is_empty() { "Bakary" } else { self.father });
        put("mother_full_name", self.mother);
        put("nationality", "ML");
        put("id_type", if self.nina.is_empty() { "none" } else { "nina_card" });
        if !self.nina.is_empty() {
            put("id_number", self.nina);
        }
        put("phone", self.phone);
        xml
    }
}

/// The entity id of this number.
pub(crate) fn entity_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-0000{number:08x}")
}

/// The card of this number, with its check character (ISO 7064, hybrid MOD 37,36).
pub(crate) fn card(prefix: &str, number: u32) -> String {
    let body = format!("{prefix}{number:07}");
    let mut p = 36;
    for c in body.chars() {
        let s = (p + c.to_digit(36).expect("letters and digits")) % 36;
        p = (if s == 0 { 36 } else { s }) * 2 % 37;
    }
    let check = (37 - p) % 36;
    let check = char::from_digit(check, 36).expect("below 36").to_ascii_uppercase();
    format!("{prefix}-{number:07}-{check}")
}

/// A child's registration, with these names in the place of those of the synthetic census.
pub(crate) fn child(given: &str, surname: &str, mother: &str, age: u32, site: &str) -> String {
    let base = census(5, 400)
        .into_iter()
        .find(|s| {
            s.form_id == "enfant"
                && s.xml.contains("<child_card>ENF")
                && s.xml.contains("<sex>male<")
                && s.xml.contains("<age_years>17<")
        })
        .expect("a census has boys of seventeen");
    let mut xml = base.xml.clone();
    for (name, value) in [
        ("given_name", given),
        ("surname", surname),
        ("mother_given_name", mother),
        ("age_years", &age.to_string()),
        ("site_id", site),
    ] {
        let former = between(&xml, &format!("<{name}>"), &format!("</{name}>"))
            .unwrap_or_else(|| panic!("{name} is asked: {xml}"))
            .to_owned();
        xml = xml
            .replace(&format!("<{name}>{former}</{name}>"), &format!("<{name}>{value}</{name}>"));
    }
    xml
}
