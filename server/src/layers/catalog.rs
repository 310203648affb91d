//! Which collections there are for a role. What is not in the list does not exist for it.

use std::collections::BTreeMap;

use crate::{
    access::{Role, SiteTier},
    catalogue::Snapshot,
    export::site_property,
    forms::{AnswerKind, Choices, Class, Question, XForm},
    geo::{Division, Gazetteer, Level},
    ogc::{Collection, Field, Kind},
};

/// Where the features of a collection come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The register of sites.
    Sites(SiteTier),
    /// Visits of sites.
    Visits(SiteTier),
    /// Cooperatives, unions and federations.
    Cooperatives(SiteTier),
    /// Zones of enumeration.
    Zones,
    /// Administrative units of a division and level.
    Units(Division, Level),
    /// Miners counted by commune, protected or (`true`) exact.
    Miners(bool),
}

/// A collection and where it comes from.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What is said of it.
    pub collection: Collection,
    /// Where its features come from.
    pub source: Source,
}

/// The collections for a role, in a fixed order.
pub fn layers(role: Role, forms: &Snapshot, gazetteer: &Gazetteer) -> Vec<Layer> {
    let mut all = Vec::new();
    if let Some(tier) = role.site_tier() {
        all.push(sites(tier, forms));
        if may_read_visits(role) {
            all.push(visits(tier, forms));
        }
        all.push(cooperatives(tier, forms));
        if tier == SiteTier::Full {
            all.push(zones());
        }
    }
    // Counts by commune are not public: `http/counts.rs` draws the same line.
    if role.may_count() && role != Role::Public {
        all.push(miners(role.sees_exact_counts(false)));
    }
    for division in Division::ALL {
        for level in [Level::Region, Level::Cercle, Level::Commune] {
            if level == Level::Commune || gazetteer.has_polygons(division, level) {
                all.push(units(division, level, gazetteer.has_polygons(division, level)));
            }
        }
    }
    all
}

/// `domain/privacy.md`, table of roles, line "Site visits and licence dates".
fn may_read_visits(role: Role) -> bool {
    matches!(
        role,
        Role::Admin | Role::DataManager | Role::Supervisor | Role::Researcher | Role::Chamber
    )
}

fn layer(
    source: Source,
    id: &str,
    words: [&str; 2],
    fields: Vec<Field>,
    temporal: Option<&'static str>,
) -> Layer {
    let [title, description] = words.map(str::to_owned);
    let temporal = temporal.filter(|t| fields.iter().any(|f| f.name == *t));
    let points = matches!(source, Source::Sites(_) | Source::Visits(_) | Source::Cooperatives(_));
    Layer {
        collection: Collection { id: id.to_owned(), title, description, fields, temporal, points },
        source,
    }
}

fn fixed(names: &[(&str, &str)]) -> Vec<Field> {
    names.iter().map(|(name, title)| Field::new(*name, *title, Kind::Text)).collect()
}

const PLACES: [(&str, &str); 13] = [
    ("region", "Région (2023)"),
    ("region_name", "Nom de la région (2023)"),
    ("cercle", "Cercle (2023)"),
    ("cercle_name", "Nom du cercle (2023)"),
    ("commune", "Commune (2023)"),
    ("commune_name", "Nom de la commune"),
    ("place_basis", "Origine du lieu (2023)"),
    ("region_2012", "Région (2012)"),
    ("cercle_2012", "Cercle (2012)"),
    ("commune_2012", "Commune (2012)"),
    ("place_basis_2012", "Origine du lieu (2012)"),
    ("mining_district", "District minier"),
    ("position_flags", "Doutes sur la position"),
];

/// The register of sites, for a tier.
pub fn sites(tier: SiteTier, forms: &Snapshot) -> Layer {
    let mut fields = fixed(&[("name", "Nom du site")]);
    fields.push(status());
    let mut masked = "";
    if tier == SiteTier::Public {
        fields.extend(fixed(PLACES.get(..4).unwrap_or_default()));
        masked = " Position arrondie à 0,01° (1 km) ; sans attribut où moins de trois sites partagent \
                  le même carré ; avec le retard réglé par le bureau (30 jours sauf décision).";
    } else {
        fields.extend(places());
        fields.push(Field::new("version", "Version", Kind::Integer));
    }
    fields.extend(answers(forms, "sites", |name| site_property(name, tier)));
    let description = format!("Le registre des sites d'orpaillage.{masked}");
    let words = ["Sites d'orpaillage", description.as_str()];
    layer(Source::Sites(tier), "sites", words, fields, Some("last_visit"))
}

fn status() -> Field {
    let codes = sanu_schemas::codelist("site_status").map(|list| list.codes).unwrap_or_default();
    let labels: Vec<_> = codes.iter().map(|c| [c.code.clone(), c.label_fr.clone()]).collect();
    Field::new("status", "État du site", Kind::Text)
        .one_of(codes.into_iter().map(|c| c.code))
        .labelled(labels)
}

fn places() -> Vec<Field> {
    let mut fields = fixed(&PLACES);
    if let Some(flags) = fields.last_mut() {
        flags.kind = Kind::List;
    }
    fields
}

fn visits(tier: SiteTier, forms: &Snapshot) -> Layer {
    let mut fields = fixed(&[("site_id", "Site")]);
    fields.push(status());
    fields.extend(fixed(PLACES.get(..6).unwrap_or_default()));
    // Researchers read visits without what is restricted, as the Chambre does.
    let seen = if tier == SiteTier::Full { SiteTier::Full } else { SiteTier::Register };
    fields.extend(answers(forms, "visites", |name| site_property(name, seen)));
    let words = ["Visites de sites", "Les visites, à la position de leur site."];
    layer(Source::Visits(tier), "site-visits", words, fields, Some("last_visit"))
}

/// Properties of a cooperative that stand in a public directory.
const DIRECTORY: [&str; 2] = ["acronym", "level"];

fn cooperatives(tier: SiteTier, forms: &Snapshot) -> Layer {
    let mut fields = fixed(&[("name", "Nom")]);
    let public = tier == SiteTier::Public;
    if public {
        fields.extend(fixed(PLACES.get(..4).unwrap_or_default()));
    } else {
        fields.extend(places());
        fields.push(Field::new("version", "Version", Kind::Integer));
    }
    fields.extend(answers(forms, "cooperatives", |name| match tier {
        SiteTier::Full => true,
        SiteTier::Register | SiteTier::Exact => name != "enumerator_code",
        SiteTier::Public => DIRECTORY.contains(&name),
    }));
    let words = if public {
        ["Coopératives", "Les coopératives qui ont accepté l'annuaire, à 0,01° près."]
    } else {
        ["Coopératives", "Les coopératives, unions et fédérations d'orpailleurs."]
    };
    layer(Source::Cooperatives(tier), "cooperatives", words, fields, None)
}

fn zones() -> Layer {
    let words = ["Zones", "Les zones de recensement ; sans géométrie."];
    layer(Source::Zones, "zones", words, fixed(&[("code", "Code"), ("name", "Nom")]), None)
}

fn miners(exact: bool) -> Layer {
    let mut fields = fixed(&[("commune", "Commune (2023)"), ("commune_name", "Nom de la commune")]);
    fields.push(Field::new("miners", "Orpailleurs recensés", Kind::Integer));
    fields.push(Field::new("suppressed", "Effectif masqué", Kind::Boolean));
    let description = if exact {
        "Les orpailleurs recensés par commune."
    } else {
        "Les orpailleurs recensés par commune ; chiffres protégés, proches des vrais, et les petits effectifs sont masqués."
    };
    let words = ["Orpailleurs par commune", description];
    layer(Source::Miners(exact), "miners-by-commune", words, fields, None)
}

/// `regions-2023`, `cercles-2012`, ...
fn units(division: Division, level: Level, polygons: bool) -> Layer {
    let (word, title) = match level {
        Level::Region => ("regions", "Régions"),
        Level::Cercle => ("cercles", "Cercles"),
        Level::Commune => ("communes", "Communes"),
    };
    let mut fields = fixed(&[
        ("code", "Code"),
        ("name", "Nom"),
        ("parent", "Niveau supérieur"),
        ("region", "Région"),
    ]);
    if polygons {
        fields.extend(fixed(&[("pcode", "P-code")]));
        fields.push(Field::new("valid_on", "Valide au", Kind::Date));
    }
    let year = division.code();
    let description = if polygons {
        format!(
            "Limites de la division de {year}, telles qu'importées : les dernières, ou celles du jour demandé (datetime)."
        )
    } else {
        format!("Chefs-lieux de la division de {year} : les limites n'ont pas été importées.")
    };
    let title = format!("{title} ({year})");
    let words = [title.as_str(), description.as_str()];
    layer(Source::Units(division, level), &format!("{word}-{year}"), words, fields, None)
}

/// Names that the register computes itself.
const COMPUTED: [&str; 12] = [
    "geometry",
    "name",
    "label",
    "status",
    "region",
    "cercle",
    "commune",
    "mining_district",
    "version",
    "site_id",
    "commune_name",
    "position_flags",
];

/// The properties of class "none" that forms save into a dataset, in the order of their names.
///
/// A property that any version of any form holds for more than that is left out.
fn answers(forms: &Snapshot, dataset: &str, allowed: impl Fn(&str) -> bool) -> Vec<Field> {
    let mut fields: BTreeMap<&str, Option<Field>> = BTreeMap::new();
    let feeds = |form: &XForm| {
        form.dataset.as_deref() == Some(dataset)
            || form.log.as_deref() == Some(dataset)
            || form.entities.iter().any(|e| e.dataset == dataset)
    };
    for published in forms.all() {
        if !feeds(&published.form) {
            continue;
        }
        for question in &published.form.questions {
            let property = question.property.as_deref().or(question.save_to.as_deref());
            let Some(name) = property.filter(|n| !COMPUTED.contains(n)) else { continue };
            if !allowed(name) {
                continue;
            }
            let field = kind(question)
                .filter(|_| question.class == Class::None && !question.in_repeat)
                .map(|kind| Field::new(name, question.label.clone().unwrap_or_default(), kind))
                .map(|field| field.labelled(labels(&question.choices)));
            match (fields.get(name), field) {
                (Some(None), _) => {}
                (_, Some(field)) => {
                    fields.insert(name, Some(field));
                }
                (_, None) if question.class == Class::None => {}
                (_, None) => {
                    fields.insert(name, None);
                }
            }
        }
    }
    fields.into_values().flatten().collect()
}

/// The property of a dataset as the newest form that asks for it has it: its title, and what its codes mean.
pub fn answered(forms: &Snapshot, dataset: &str, name: &str) -> Option<Field> {
    let asks = |form: &XForm| {
        let of = form.dataset.as_deref() == Some(dataset);
        let question = form.questions.iter().find(|q| q.property.as_deref() == Some(name));
        let question = question.filter(|_| of)?;
        let title = question.label.clone().unwrap_or_default();
        Some(Field::new(name, title, kind(question)?).labelled(labels(&question.choices)))
    };
    forms.all().into_iter().rev().find_map(|published| asks(&published.form))
}

/// What the codes of a question mean: those of the register's list that has just these codes.
fn labels(choices: &Choices) -> Vec<[String; 2]> {
    match choices {
        Choices::Inline(codes) => {
            sanu_schemas::labels_of(&codes.codes().iter().map(String::as_str).collect::<Vec<_>>())
        }
        Choices::Open | Choices::List { .. } => Vec::new(),
    }
}

fn kind(question: &Question) -> Option<Kind> {
    Some(match question.kind {
        _ if question.multiple => Kind::List,
        AnswerKind::Text | AnswerKind::SelectOne | AnswerKind::Barcode | AnswerKind::Time => {
            Kind::Text
        }
        AnswerKind::Integer => Kind::Integer,
        AnswerKind::Decimal => Kind::Number,
        AnswerKind::Boolean => Kind::Boolean,
        AnswerKind::Date => Kind::Date,
        AnswerKind::DateTime => Kind::Instant,
        AnswerKind::SelectMultiple => Kind::List,
        // Positions are a feature's geometry, files are not data.
        AnswerKind::GeoPoint
        | AnswerKind::GeoTrace
        | AnswerKind::GeoShape
        | AnswerKind::Attachment => return None,
    })
}
