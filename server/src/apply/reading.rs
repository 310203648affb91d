//! What reviewers read of single registrations: their own words, not the view of their group.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    Applier,
    bring::{bring, remember},
    event,
    identity::kind,
    register::Register,
    view::Step,
};
use crate::{
    db::{Result, Tx},
    geo::Position,
    intake::Decision,
    runtime::Micros,
    store::ZoneId,
};

/// A registration as it was said, opened.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Where it was registered.
    pub zone_id: ZoneId,
    /// Its id.
    pub entity_id: Uuid,
    /// The entity that shows its group; itself when it is in none.
    pub canonical_id: Uuid,
    /// What it is.
    pub dataset: String,
    /// When it was first received.
    pub at: Micros,
    /// The site, by the id it was registered with.
    pub site_id: Option<Uuid>,
    /// Where the site is, or the entity itself when it is a place; a person's own position is nobody's to read.
    pub position: Option<Position>,
    /// Where it is counted: region, cercle, commune of 2023.
    pub places: [String; 3],
    /// All properties.
    pub properties: BTreeMap<String, Json>,
}

/// One time that somebody of a group was met.
#[derive(Clone, Debug)]
pub struct Contact {
    /// The registration that it belongs to.
    pub entity_id: Uuid,
    /// The submission.
    pub submission_id: Uuid,
    /// When it was received.
    pub at: Micros,
    /// The site, when it names one.
    pub site_id: Option<Uuid>,
}

impl Applier {
    /// These registrations, each in its own words.
    pub async fn registered(&self, tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Registered>> {
        let register = self.around(tx, ids).await?;
        let mut found = Vec::new();
        for id in ids {
            let Some(entity) = register.entities.get(id) else { continue };
            let site = register.site_of(entity);
            let mut properties = entity.sealed.clone();
            properties.extend(entity.open.clone());
            if !entity.label.is_empty() {
                properties.insert(String::from("label"), entity.label.clone().into());
            }
            let [.., region, cercle, commune] = entity.place.codes();
            found.push(Registered {
                zone_id: entity.zone_id,
                entity_id: *id,
                canonical_id: register.homes.get(id).map_or(*id, |h| h.1),
                dataset: entity.dataset.clone(),
                at: entity.created_at,
                site_id: entity.site_id,
                position: match kind(&entity.dataset) {
                    Some(_) => site.and_then(|s| s.position),
                    None => entity.position,
                },
                places: [region, cercle, commune],
                properties,
            });
        }
        Ok(found)
    }

    /// Every contact with the group of this entity, the first one first.
    pub async fn contacts(&self, tx: &mut Tx, id: Uuid) -> Result<Vec<Contact>> {
        let mut register = self.around(tx, &[id]).await?;
        let group = register.groups.group_of(id);
        let wanted: HashSet<(ZoneId, Uuid)> = group
            .iter()
            .filter_map(|id| register.homes.get(id).map(|home| (home.0, *id)))
            .collect();
        let forms = self.catalogue.current().await?;
        let gazetteer = self.places.gazetteer();
        remember(tx, &mut register, &wanted, &self.ground(&forms, &gazetteer)).await?;
        let mut contacts: Vec<(i64, Contact)> = Vec::new();
        for id in group {
            for Step { change, source } in register.past.get(&id).into_iter().flatten() {
                let contact = Contact {
                    entity_id: id,
                    submission_id: source.submission_id,
                    at: source.at,
                    site_id: change.site_id,
                };
                contacts.push((source.seq, contact));
            }
        }
        contacts.sort_by_key(|(seq, _)| *seq);
        Ok(contacts.into_iter().map(|(_, contact)| contact).collect())
    }

    /// The reasons of the decisions at these places of the journal.
    pub async fn reasons(&self, tx: &mut Tx, seqs: &[i64]) -> Result<HashMap<i64, String>> {
        let events = event::at(tx, seqs, &self.keys).await?;
        Ok(events
            .into_iter()
            .filter_map(|e| Some((e.seq, Decision::read(&e.content?.xml)?.reason)))
            .collect())
    }

    pub(super) async fn around(&self, tx: &mut Tx, ids: &[Uuid]) -> Result<Register> {
        let forms = self.catalogue.current().await?;
        let gazetteer = self.places.gazetteer();
        let mut register = Register::default();
        let wanted = ids.iter().copied().collect();
        bring(tx, &mut register, wanted, &self.ground(&forms, &gazetteer)).await?;
        Ok(register)
    }
}
