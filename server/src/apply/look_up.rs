//! What a record says beside what others said before it: the rules that look something up.
//!
//! They see the register as of their event, so a rebuild sees the same. What they find marks a record and
//! never sets it aside: of two that contradict each other neither is surely the wrong one, and what is in
//! the register can still be linked, merged and corrected.

use std::{collections::BTreeSet, sync::Arc};

use jiff::civil::Date;
use sanu_schemas::attribute;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    entity::EntityState,
    event::Event,
    holders::Holders,
    identity::{BlockKey, INTERVIEWED_AT},
    interpret::{Interpretation, interviewed_at},
    looks::Fact,
    meet::hidden_from,
    register::Register,
};
use crate::{
    catalogue::Published,
    forms::{Decoded, Mode, Severity, Value, XForm},
    geo::{Division, Gazetteer, Position, misplaced},
    import::entity_id,
    keys::MasterKeys,
    linkage::{is_same_phone, places::Beside},
    rules::{self, Context, DaySays, Known, Others, card_is_valid},
    store::ZoneId,
};

const MINERS: &str = "orpailleurs";
const CHILDREN: &str = "enfants";

/// What a record names of the register, and its answers to be compared.
#[derive(Clone)]
pub(super) struct Asks {
    published: Arc<Published>,
    decoded: Arc<Decoded>,
    site: Option<Uuid>,
    /// The site that it says the visited one became one with.
    merged: Option<Uuid>,
    /// What it looks at in its site.
    of_site: Vec<Fact>,
    cooperative: Option<Uuid>,
    parent: Option<Uuid>,
    /// The enumerator in the list of agents.
    agent: Option<Uuid>,
    /// The card that the record is about, or that its person shows.
    card: Option<BlockKey>,
    guardian: Option<BlockKey>,
    /// Where it was filled, if its place is compared with the boundaries.
    point: Option<Position>,
}

impl Asks {
    /// Reads what a record names; `None` when no rule compares a record of this form.
    pub(super) fn of(
        published: &Arc<Published>,
        decoded: &Arc<Decoded>,
        keys: &MasterKeys,
    ) -> Option<Self> {
        let form = &published.form;
        if !rules::compares(&form.form_id) {
            return None;
        }
        let id = |name| answer(form, decoded, name).and_then(|text| text.parse().ok());
        let card = |name, dataset| {
            let card = answer(form, decoded, name)?.to_uppercase();
            card_is_valid(&card).then(|| keys.lookup_hash(dataset, &card))
        };
        let is_child = form.dataset.as_deref() == Some(CHILDREN);
        Some(Self {
            site: id("site_id"),
            merged: id("merged_with"),
            of_site: of_site(form, decoded),
            cooperative: id("coop_id"),
            parent: id("parent_id"),
            agent: answer(form, decoded, "enumerator_code").map(|code| entity_id("agents", code)),
            card: if is_child { card("child_card", CHILDREN) } else { card("card_no", MINERS) },
            guardian: card("caregiver_card", MINERS),
            point: rules::is_placed(&form.form_id).then(|| point(form, decoded)).flatten(),
            published: Arc::clone(published),
            decoded: Arc::clone(decoded),
        })
    }

    /// The telephone of whoever it registers.
    fn phone(&self) -> Option<&str> {
        let form = &self.published.form;
        let is_miner = form.dataset.as_deref() == Some(MINERS);
        is_miner.then(|| answer(form, &self.decoded, "phone")).flatten()
    }

    /// The day of the interview, else that of its receipt.
    fn day(&self, event: &Event) -> Date {
        let at = interviewed_at(&self.published.form, &self.decoded);
        let day = at.and_then(|at| at.get(..10)?.parse().ok());
        day.unwrap_or_else(|| event.received_at.date())
    }

    /// Whether the record registers the person whose card it shows.
    fn is_registration(&self) -> bool {
        matches!(self.published.form.dataset.as_deref(), Some(MINERS | CHILDREN))
    }

    /// Whether the record registers a site or an organisation, of which it tells the name and the place.
    fn registers_place(&self) -> bool {
        let form = &self.published.form;
        let is_named = matches!(form.dataset.as_deref(), Some("sites" | "cooperatives"));
        is_named && form.mode == Mode::Create
    }

    /// The entities to be fetched.
    pub(super) fn ids(&self) -> impl Iterator<Item = Uuid> {
        let named = [self.site, self.merged, self.cooperative, self.parent, self.agent];
        named.into_iter().flatten()
    }

    /// What the record looks at in those.
    fn facts(&self) -> impl Iterator<Item = (Uuid, Fact)> {
        let site = self.site.into_iter();
        let site = site.flat_map(|id| self.of_site.iter().map(move |fact| (id, *fact)));
        let others = [self.cooperative, self.parent, self.agent].into_iter().flatten();
        site.chain(others.map(|id| (id, Fact::Whole)))
    }

    /// The numbers whose holders are to be fetched.
    pub(super) fn keys(&self) -> impl Iterator<Item = BlockKey> {
        [self.card, self.guardian].into_iter().flatten()
    }
}

fn answered<'d>(form: &XForm, decoded: &'d Decoded, name: &str) -> Option<&'d Value> {
    let of = |at: usize| form.questions.get(at).is_some_and(|q| q.name == name && !q.in_repeat);
    Some(&decoded.answers.iter().find(|a| of(a.question))?.value)
}

fn answer<'d>(form: &XForm, decoded: &'d Decoded, name: &str) -> Option<&'d str> {
    match answered(form, decoded, name)? {
        Value::Text(text) | Value::Code(text) => Some(text.trim()),
        _ => None,
    }
}

/// The position of the record, unless it cannot be one (B02).
fn point(form: &XForm, decoded: &Decoded) -> Option<Position> {
    let Value::Point(at) = answered(form, decoded, "gps")? else { return None };
    Position::new(at.lon, at.lat).filter(|at| misplaced(*at).is_none())
}

/// What the rules that are asked again look at in the site of this record (B09, C14, E14 to E16, F13).
fn of_site(form: &XForm, decoded: &Decoded) -> Vec<Fact> {
    let deaths = answered(form, decoded, "deaths_30d").map(|_| Fact::Deaths);
    [Some(Fact::Place), deaths].into_iter().flatten().collect()
}

impl Register {
    /// Compares a record with the register as it is before the record changes it.
    pub(super) fn look_up(
        &mut self,
        event: &Event,
        said: &mut Interpretation,
        gazetteer: &Gazetteer,
    ) {
        self.look((event, true), said, gazetteer);
    }

    /// Compares a record that is in the register with what is there now.
    pub(super) fn look_up_again(
        &mut self,
        event: &Event,
        said: &mut Interpretation,
        gazetteer: &Gazetteer,
    ) {
        self.look((event, false), said, gazetteer);
    }

    fn look(
        &mut self,
        (event, comes): (&Event, bool),
        said: &mut Interpretation,
        gazetteer: &Gazetteer,
    ) {
        let Some(asks) = said.asks.take() else { return };
        let place = (event.zone_id, event.submission_id);
        let interviewed = said.interviewed;
        self.remember_looks(event, &asks);
        let own: BTreeSet<Uuid> =
            said.changes.iter().chain(&said.withheld).map(|c| c.entity_id).collect();
        let zone = event.zone_id;
        let seen = |holder: &&EntityState| !hidden_from(zone, holder.zone_id);
        let registers = asks.registers_place().then(|| own.first().copied()).flatten();
        let beside = self.beside_it(event, registers);
        let placement = asks.point.map(|at| gazetteer.locate(at));
        let campaign = self.campaign_of(zone, asks.day(event)).cloned();
        let holidays = self.holidays(zone);
        let mut context = Context {
            placement: placement.as_ref(),
            campaign: campaign.as_ref(),
            holidays: &holidays,
            device_day: interviewed
                .map_or_else(DaySays::default, |of| self.device_days.says(place, &of, comes)),
            neighbours: &beside,
            others: Others {
                same_cooperative: Some(!beside.is_empty()),
                phone_uses: self.phone_uses(zone, &own, asks.phone()),
                ..Others::default()
            },
            outside_cercle_m: metres_outside(&asks, gazetteer),
            site: known(asks.site.and_then(|id| self.site_known(zone, id))),
            merged_site: known(asks.merged.and_then(|id| self.site_known(zone, id))),
            guardian: known(self.holder(asks.guardian, &own).filter(seen).map(person)),
            cooperative: known(asks.cooperative.and_then(|id| self.organisation(zone, id, &own))),
            agent: known(asks.agent.and_then(|id| self.agent(zone, id, &asks))),
            parent: known(asks.parent.and_then(|id| self.organisation(zone, id, &own))),
            ..Context::at(event.received_at.timestamp())
        };
        let carrier = self.holder(asks.card, &own);
        // The card of a registration may be somebody else's; that of a study is the person's.
        if asks.is_registration() {
            // That a card is carried elsewhere is told wherever that is: whoever holds one must not be counted twice.
            context.same_card = known(carrier.map(person));
        } else {
            context.person = match carrier {
                Some(holder) => known(Some(holder).filter(seen).map(person)),
                // Of a crowd or of another zone nobody says who it is; a card that nobody carries is no person's.
                None if self.is_nobodys(asks.card) => Known::Absent,
                None => Known::NotAsked,
            };
        }
        for mut finding in rules::compare(&asks.published.form, &asks.decoded, &context) {
            // One half of some rules has spoken when the record came.
            if said.rules.iter().all(|known| known != finding.rule) {
                finding.severity = finding.severity.min(Severity::Warning);
                said.add(&finding, "rules");
            }
        }
    }

    /// What is beside the place that a record registers, and that it asks.
    fn beside_it(&mut self, event: &Event, registers: Option<Uuid>) -> Vec<rules::Neighbour> {
        let Some(id) = registers else { return Vec::new() };
        self.look_beside(event, id);
        let beside = self.people.as_ref().map(|people| people.shown_beside(id)).unwrap_or_default();
        // Those of its own name are another question.
        let of = |it: Beside<Uuid>| rules::Neighbour { distance_m: it.metres, same_name: false };
        beside.into_iter().map(of).collect()
    }

    /// Notes what a record was compared with, there or not: when that changes, it is compared again. Who shows a card
    /// that others carry is not noted: of two the later one is compared, when it comes.
    fn remember_looks(&mut self, event: &Event, asks: &Asks) {
        let card = asks.card.filter(|_| !asks.is_registration());
        for key in [card, asks.guardian].iter().flatten() {
            self.look_for(event, key);
        }
        for looked in asks.facts() {
            self.look_at(event, looked);
        }
        if asks.point.is_some() {
            self.look_at_boundaries(event);
        }
    }

    /// An enumerator as the list of agents has them. The account or phone that a code is bound to is in no list.
    /// The list of the country is every zone's.
    fn agent(&self, zone: ZoneId, id: Uuid, asks: &Asks) -> Option<rules::Agent> {
        let agent = self.of_dataset(zone, id, "agents").or_else(|| {
            self.of_dataset(ZoneId::COUNTRY, id, "agents")
                .filter(|agent| agent.zone_id == ZoneId::COUNTRY)
        })?;
        let day = interviewed_at(&asks.published.form, &asks.decoded)?.get(..10)?.to_owned();
        let since = text(agent, "starts").is_none_or(|starts| starts <= day.as_str());
        let until = text(agent, "ends").is_none_or(|ends| day.as_str() <= ends);
        let certified = property(agent, "child_certified");
        let sites = codes(agent, "site_ids");
        Some(rules::Agent {
            in_campaign: since && until,
            bound: true,
            // A list that says nothing of certificates takes nobody's away.
            child_certified: certified.is_none_or(|c| c == &Json::Bool(true) || c == "yes"),
            sites: (!sites.is_empty()).then_some(sites),
            has_phone: is_phone_of(agent, asks),
            cards: self.cards_of(zone, id),
        })
    }

    /// The first registration, of somebody else, that carries a number which no crowd carries.
    fn holder(&self, key: Option<BlockKey>, own: &BTreeSet<Uuid>) -> Option<&EntityState> {
        let holders = self.holders.get(&key?).into_iter().flat_map(Holders::few);
        let others = holders.filter(|(_, id)| !own.contains(id));
        let others = others.filter_map(|(_, id)| self.entities.get(id)).filter(|e| e.version > 0);
        others.min_by_key(|e| (e.created_seq, e.entity_id))
    }

    /// Whether a card was looked for and nobody carries it, not even a crowd.
    fn is_nobodys(&self, key: Option<BlockKey>) -> bool {
        key.is_some_and(|key| self.holders.get(&key).is_none_or(Holders::is_empty))
    }

    /// What a record of this zone names, as far as its zone may see it: a finding tells no more than a list does.
    fn of_dataset(&self, zone: ZoneId, id: Uuid, dataset: &str) -> Option<&EntityState> {
        let found = self.entities.get(&id).filter(|e| e.dataset == dataset && e.version > 0)?;
        (!hidden_from(zone, found.zone_id)).then_some(found)
    }

    /// A site in its own words; where its place rests on boundaries it is left out, since boundaries change.
    fn site_known(&self, zone: ZoneId, id: Uuid) -> Option<rules::Site> {
        let site = self.of_dataset(zone, id, "sites")?;
        Some(rules::Site {
            position: site.position,
            cercle: text(site, "cercle").map(str::to_owned),
            district: site.facts.district.clone(),
            status: site.facts.status.clone(),
            chemicals: codes(site, "chemicals"),
            registered_on: text(site, INTERVIEWED_AT).and_then(|at| at.get(..10)?.parse().ok()),
            deaths_12m: integer(site, "deaths_12m"),
            merged: text(site, "merged_with").is_some(),
            ..rules::Site::default()
        })
    }

    fn organisation(
        &self,
        zone: ZoneId,
        id: Uuid,
        own: &BTreeSet<Uuid>,
    ) -> Option<rules::Cooperative> {
        let of = self.of_dataset(zone, id, "cooperatives")?;
        let parent = text(of, "parent_id").and_then(|id| id.parse::<Uuid>().ok());
        Some(rules::Cooperative {
            level: text(of, "level").map(str::to_owned),
            district: of.facts.district.clone(),
            position: of.position,
            // Nobody counted: one is not empty.
            members: 1,
            descends_from_record: parent.is_some_and(|parent| own.contains(&parent)),
        })
    }
}

/// How far the record is outside the cercle that it declares. Where the limits of that are not known, those of the
/// cercle before the reform, from which it was cut, can still be far.
fn metres_outside(asks: &Asks, gazetteer: &Gazetteer) -> Option<f64> {
    let (at, declared) = (asks.point?, answer(&asks.published.form, &asks.decoded, "cercle")?);
    gazetteer.metres_outside(at, Division::D2023, declared).or_else(|| {
        let former = attribute("cercles", declared, "cercle_pre2023")?;
        // From which one it was cut is a guess for some.
        let is_sure = attribute("cercles", declared, "parent_confidence") != Some("inferred");
        let former = is_sure.then_some(former)?;
        gazetteer.metres_outside(at, Division::D2012, former)
    })
}

/// Whether the person gives the number of whoever fills the form, however both are written.
fn is_phone_of(agent: &EntityState, asks: &Asks) -> bool {
    let given = answer(&asks.published.form, &asks.decoded, "phone").unwrap_or_default();
    is_same_phone(given, text(agent, "phone").unwrap_or_default())
}

fn known<T>(found: Option<T>) -> Known<T> {
    // What is not here may come yet: that it is missing says nothing.
    found.map_or(Known::NotAsked, Known::Found)
}

fn property<'e>(of: &'e EntityState, name: &str) -> Option<&'e Json> {
    of.sealed.get(name).or_else(|| of.open.get(name))
}

fn text<'e>(of: &'e EntityState, name: &str) -> Option<&'e str> {
    property(of, name)?.as_str()
}

fn integer(of: &EntityState, name: &str) -> Option<i64> {
    property(of, name)?.as_i64()
}

fn codes(of: &EntityState, name: &str) -> Vec<String> {
    let codes = property(of, name).and_then(Json::as_array).into_iter().flatten();
    codes.filter_map(Json::as_str).map(str::to_owned).collect()
}

fn person(of: &EntityState) -> rules::Person {
    let met = text(of, INTERVIEWED_AT).and_then(|at| at.get(..4)?.parse().ok());
    let met = met.unwrap_or_else(|| i64::from(of.created_at.date().year()));
    rules::Person {
        sex: text(of, "sex").map(str::to_owned),
        birth_year: integer(of, "birth_year")
            .or_else(|| Some(met.saturating_sub(integer(of, "age_years")?))),
        children_here: integer(of, "children_here"),
        enumerator: text(of, "enumerator_code").map(str::to_owned),
        social_protection: codes(of, "social_protection"),
        ..rules::Person::default()
    }
}
