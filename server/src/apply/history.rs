//! What happened to a registration, one thing after the other: every value with where it came from.
//!
//! Told again from the journal: what reviews took out is in it too, and what is there no longer is said to be gone.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    Applier,
    change::Props,
    delete::is_about_entity,
    entity::{EntityState, Source},
    event,
    groups::pair,
    load,
    register::{Ground, Register, Waiting},
    review::{Case, Spoken, wanted},
    reviewed::case_of,
    say::say,
    settle,
    stand::{Acceptance, Known, Stand},
    view::blank,
};
use crate::{
    db::{Result, Tx},
    intake::{Action, EventKind, Review},
    runtime::Micros,
    store::{ZoneId, submissions},
};

/// Submissions of one registration that are told; more are a matter for exports.
const SUBMISSIONS_MAX: usize = 500;

/// One thing that happened to a registration.
#[derive(Clone, Debug)]
pub struct Happened {
    /// Its place in the journal.
    pub seq: i64,
    /// When.
    pub at: Micros,
    /// `submission`, `edit`, `import`, `correction`, what a reviewer did, `deletion`, `restoration`, or `merge`.
    pub kind: &'static str,
    /// The registration.
    pub entity_id: Uuid,
    /// The submission, when it is about one.
    pub submission_id: Option<Uuid>,
    /// The instance id of that version of it; empty otherwise.
    pub instance_id: String,
    /// The form; empty otherwise.
    pub form_id: String,
    /// Who sent, corrected or decided it.
    pub account_id: Option<Uuid>,
    /// The device that sent it.
    pub device_id: Option<Uuid>,
    /// Why, in the words of who decided; or why two are one without anybody having said so.
    pub reason: String,
    /// The decision of a person.
    pub decision_id: Option<Uuid>,
    /// The other registration of a merge.
    pub with: Option<Uuid>,
    /// The rules that the submission broke.
    pub rules: Vec<String>,
    /// What the registration says from here on and did not say before; null = nothing any more.
    pub values: BTreeMap<String, Json>,
}

/// The history of a group of registrations.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The registrations, each with the zone it lives in.
    pub members: BTreeMap<Uuid, ZoneId>,
    /// What happened, the first thing first.
    pub events: Vec<Happened>,
    /// Whether there were too many submissions to tell them all.
    pub truncated: bool,
}

/// Something to be told, at its place in the journal.
enum Moment {
    Version(Uuid, usize),
    Review(Uuid, Box<Review>),
    Deletion(Box<Review>),
}

impl Applier {
    /// What happened to everybody of the group of this entity.
    pub async fn history(&self, tx: &mut Tx, id: Uuid) -> Result<History> {
        let register = self.around(tx, &[id]).await?;
        let forms = self.forms().await?;
        let gazetteer = self.gazetteer();
        let ground = self.ground(&forms, &gazetteer);
        let mut group: BTreeSet<Uuid> = register.groups.group_of(id).into_iter().collect();
        group.extend(load::deleted_with(tx, id).await?.into_iter().map(|(_, id)| id));
        let mut history = History::default();
        let deletions = self.deletions(tx, &register, &group).await?;
        for member in &group {
            let Some(home) = register.homes.get(member) else { continue };
            let Some(row) = register.entities.get(member) else { continue };
            history.members.insert(*member, home.0);
            let cases = cases(tx, (home.0, *member), &ground, &mut history.truncated).await?;
            let reviews = self.reviews_of(tx, &cases).await?;
            history.events.extend(told(row, &cases, reviews, &deletions, ground.acceptance));
        }
        history.events.extend(links(tx, self, &register, &group).await?);
        history.events.sort_by_key(|e| (e.seq, e.entity_id));
        Ok(history)
    }

    /// Deletions and restorations of any of these, with who said so and when.
    async fn deletions(
        &self,
        tx: &mut Tx,
        register: &Register,
        group: &BTreeSet<Uuid>,
    ) -> Result<Vec<(i64, Micros, Option<Uuid>, Review)>> {
        let mut found = Vec::new();
        for id in group {
            let Some(home) = register.homes.get(id) else { continue };
            found.extend(self.words_of(tx, (home.0, *id)).await?);
        }
        found.retain(|(.., review)| is_about_entity(review.action));
        Ok(found)
    }

    /// What people did with these submissions.
    async fn reviews_of(
        &self,
        tx: &mut Tx,
        cases: &HashMap<Uuid, Case>,
    ) -> Result<Vec<(i64, Micros, Option<Uuid>, Review)>> {
        let mut found = Vec::new();
        for (submission, case) in cases {
            found.extend(self.words_of(tx, (case.zone_id, *submission)).await?);
        }
        Ok(found)
    }

    async fn words_of(
        &self,
        tx: &mut Tx,
        (zone, subject): (ZoneId, Uuid),
    ) -> Result<Vec<(i64, Micros, Option<Uuid>, Review)>> {
        let mut rows = submissions::reviews(tx, zone, subject).await?;
        rows.retain(|row| row.state == "taken");
        let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
        let words: HashMap<i64, Review> = self.review_words(tx, &seqs).await?.into_iter().collect();
        let said = rows.into_iter();
        Ok(said
            .filter_map(|r| {
                // Said of a version of it that stood alone then.
                let review = Review { submission_id: subject, ..words.get(&r.seq)?.clone() };
                Some((r.seq, r.at, r.account_id, review))
            })
            .collect())
    }
}

/// Every submission that speaks of an entity, or once did, with all its versions.
async fn cases(
    tx: &mut Tx,
    (zone, id): (ZoneId, Uuid),
    ground: &Ground<'_>,
    truncated: &mut bool,
) -> Result<HashMap<Uuid, Case>> {
    let mut seqs: Vec<i64> = load::versions(tx, &HashSet::from([(zone, id)]))
        .await?
        .into_iter()
        .map(|row| row.seq)
        .collect();
    seqs.extend(load::held(tx, &HashSet::from([id])).await?.into_iter().map(|row| row.seq));
    let mut places: BTreeSet<(ZoneId, Uuid)> =
        load::sources(tx, zone, id).await?.into_iter().collect();
    *truncated |= seqs.len() > SUBMISSIONS_MAX || places.len() > SUBMISSIONS_MAX;
    seqs.truncate(SUBMISSIONS_MAX);
    for event in event::at(tx, &seqs, ground.keys).await? {
        let said = say(event, ground);
        places.insert((said.event.zone_id, said.event.submission_id));
    }
    let mut found = HashMap::new();
    for place in places.into_iter().take(SUBMISSIONS_MAX) {
        if let Some(case) = case_of(tx, place, ground).await? {
            found.insert(place.1, case);
        }
    }
    Ok(found)
}

/// Tells the history of one registration.
fn told(
    row: &EntityState,
    cases: &HashMap<Uuid, Case>,
    reviews: Vec<(i64, Micros, Option<Uuid>, Review)>,
    deletions: &[(i64, Micros, Option<Uuid>, Review)],
    rules: Acceptance,
) -> Vec<Happened> {
    let mut moments: Vec<(i64, Micros, Option<Uuid>, Moment)> = Vec::new();
    for (submission, case) in cases {
        for (n, spoken) in case.spoken.iter().enumerate() {
            if spoken.event.kind != EventKind::Review {
                let event = &spoken.event;
                let moment = Moment::Version(*submission, n);
                moments.push((event.seq, event.received_at, event.account_id, moment));
            }
        }
    }
    for (seq, at, who, review) in reviews {
        let submission = review.submission_id;
        moments.push((seq, at, who, Moment::Review(submission, Box::new(review))));
    }
    for (seq, at, who, review) in deletions {
        moments.push((*seq, *at, *who, Moment::Deletion(Box::new(review.clone()))));
    }
    moments.sort_by_key(|(seq, ..)| *seq);
    let mut telling = Telling::of(row, cases, rules);
    moments.into_iter().filter_map(|moment| telling.take(moment)).collect()
}

/// A registration while its history is told.
struct Telling<'a> {
    row: &'a EntityState,
    all: &'a HashMap<Uuid, Case>,
    rules: Acceptance,
    /// The submissions as far as they have come.
    so_far: HashMap<Uuid, Case>,
    is_deleted: bool,
    /// What was decided where two said something else.
    settled: Vec<Waiting>,
    steps: Vec<i64>,
    state: EntityState,
}

impl<'a> Telling<'a> {
    fn of(row: &'a EntityState, all: &'a HashMap<Uuid, Case>, rules: Acceptance) -> Self {
        Self {
            row,
            all,
            rules,
            so_far: HashMap::new(),
            is_deleted: false,
            settled: Vec::new(),
            steps: Vec::new(),
            state: blank(row),
        }
    }

    fn take(
        &mut self,
        (seq, at, account_id, moment): (i64, Micros, Option<Uuid>, Moment),
    ) -> Option<Happened> {
        let mut line = Happened {
            seq,
            at,
            kind: "",
            entity_id: self.row.entity_id,
            submission_id: None,
            instance_id: String::new(),
            form_id: String::new(),
            account_id,
            device_id: None,
            reason: String::new(),
            decision_id: None,
            with: None,
            rules: Vec::new(),
            values: BTreeMap::new(),
        };
        match moment {
            Moment::Version(submission, n) => {
                let spoken = self.all.get(&submission)?.spoken.get(n)?;
                line.kind = match spoken.event.kind {
                    EventKind::Edit => "edit",
                    EventKind::Import => "import",
                    _ => "submission",
                };
                line.device_id = spoken.event.device_id;
                line.of_version(spoken);
                self.came(submission, spoken);
            }
            Moment::Review(submission, review) => {
                line.of_review(&review);
                if let Some(spoken) = self.decided(submission, seq, &review) {
                    line.of_version(spoken);
                }
                line.submission_id = Some(submission);
                line.kind = kind(review.action);
            }
            Moment::Deletion(review) => {
                line.of_review(&review);
                line.kind = kind(review.action);
                if let Some(settled) = review.settled.as_ref() {
                    let (id, zone_id) = (self.row.entity_id, self.row.zone_id);
                    let source = Source { zone_id, submission_id: id, seq, at, pending: false };
                    let change = Arc::new(settle::change(&review, settled));
                    if change.entity_id == id {
                        self.settled.push(Waiting { source, zone_id, change });
                    }
                } else {
                    self.is_deleted = review.action == Action::Delete;
                }
            }
        }
        line.values = self.moved();
        Some(line)
    }

    /// A version that a phone sent.
    fn came(&mut self, submission: Uuid, spoken: &Spoken) {
        let (seq, state) = (spoken.event.seq, spoken.said.state);
        let known = |stand: Stand| Known {
            seq,
            is_flagged: state == super::interpret::RecordState::Flagged,
            is_held: false,
            is_erased: false,
            stand,
        };
        // A list of the authorities is accepted as it comes.
        let is_import = spoken.event.kind == EventKind::Import;
        let rules = if is_import { Acceptance::All } else { self.rules };
        let case = self.so_far.entry(submission).or_insert_with(|| Case {
            zone_id: spoken.event.zone_id,
            known: known(Stand::by_rules(rules, state)),
            spoken: Vec::new(),
        });
        if !case.spoken.is_empty() {
            case.known = known(case.known.after(seq, rules, state));
        }
        case.spoken.push(spoken.clone());
    }

    /// What a person said of a submission; gives the version that a correction makes.
    fn decided(&mut self, submission: Uuid, seq: i64, review: &Review) -> Option<&'a Spoken> {
        let case = self.so_far.get_mut(&submission)?;
        let versions = &self.all.get(&submission)?.spoken;
        let corrected = versions.iter().find(|s| s.event.seq == seq);
        case.spoken.extend(corrected.cloned());
        let Ok(mut stand) = case.after(seq, review, self.rules) else { return corrected };
        if matches!(review.action, Action::Correct | Action::Withdraw)
            && let Some(newest) = case.newest(&stand).map(|s| s.event.seq)
        {
            let others = case.spoken.iter().map(|s| s.event.seq).filter(|s| *s != newest);
            stand.trail.earlier = others.collect();
            case.known.seq = newest;
        }
        case.known.stand = stand;
        corrected
    }

    /// What the registration says now and did not say before.
    fn moved(&mut self) -> BTreeMap<String, Json> {
        let id = self.row.entity_id;
        let mut steps: Vec<Waiting> = Vec::new();
        if !self.is_deleted {
            let cases = self.so_far.values();
            steps.extend(cases.flat_map(|case| wanted(case, &case.known.stand, id)));
            steps.extend(self.settled.iter().cloned());
        }
        steps.sort_by_key(|step| step.source.seq);
        let now: Vec<i64> = steps.iter().map(|step| step.source.seq).collect();
        if now == self.steps {
            return BTreeMap::new();
        }
        let before = says(&self.state);
        match steps.split_last() {
            // Most things that happen add one version to the others.
            Some((last, rest))
                if self.state.version > 0
                    && rest.len() == self.steps.len()
                    && now.starts_with(&self.steps)
                    && is_ready(&self.state, last) =>
            {
                self.state.overlay(&last.change, last.source);
            }
            _ => self.state = folded(self.row, steps),
        }
        self.steps = now;
        differs(before, &says(&self.state))
    }
}

impl Happened {
    fn of_version(&mut self, spoken: &Spoken) {
        self.submission_id = Some(spoken.event.submission_id);
        self.instance_id.clone_from(&spoken.event.instance_id);
        self.form_id.clone_from(&spoken.event.form_id);
        self.rules.clone_from(&spoken.said.rules);
    }

    fn of_review(&mut self, review: &Review) {
        self.reason.clone_from(&review.reason);
        self.decision_id = Some(review.review_id);
    }
}

const fn kind(action: Action) -> &'static str {
    match action {
        Action::Accept => "acceptance",
        Action::Reject => "rejection",
        Action::Return => "return",
        Action::Comment => "comment",
        Action::Reopen => "reopening",
        Action::Correct => "correction",
        Action::Withdraw => "withdrawal",
        Action::Force => "forcing",
        Action::Settle => "settlement",
        Action::Delete => "deletion",
        Action::Restore => "restoration",
    }
}

/// Whether a version finds what it builds on.
fn is_ready(state: &EntityState, step: &Waiting) -> bool {
    let change = &step.change;
    if state.version == 0 {
        return change.makes();
    }
    change.forced
        || !change.update
        || !change.branch_id.is_empty()
        || change.base_version <= state.version
}

/// What these versions make of an entity, in the order of the journal; one whose base is not there waits for it, to
/// the end if it must: phones may have built on what a group showed.
fn folded(row: &EntityState, steps: Vec<Waiting>) -> EntityState {
    let mut state = blank(row);
    let mut held: Vec<Waiting> = Vec::new();
    for step in steps {
        if !is_ready(&state, &step) {
            held.push(step);
            continue;
        }
        state.overlay(&step.change, step.source);
        held.sort_by_key(|w| (w.change.base_version, w.source.seq));
        for waiting in std::mem::take(&mut held) {
            if is_ready(&state, &waiting) {
                state.overlay(&waiting.change, waiting.source);
            } else {
                held.push(waiting);
            }
        }
    }
    if state.version > 0 {
        for waiting in held {
            state.overlay(&waiting.change, waiting.source);
        }
    }
    state
}

/// Everything that a registration says.
fn says(state: &EntityState) -> Props {
    let mut all = state.sealed.clone();
    all.extend(state.open.clone());
    if !state.label.is_empty() {
        all.insert(String::from("label"), Json::String(state.label.clone()));
    }
    all
}

fn differs(mut before: Props, now: &Props) -> BTreeMap<String, Json> {
    let mut moved = BTreeMap::new();
    for (name, value) in now {
        if before.remove(name).as_ref() != Some(value) {
            moved.insert(name.clone(), value.clone());
        }
    }
    moved.extend(before.into_keys().map(|name| (name, Json::Null)));
    moved
}

/// Who is one with whom without anybody having said so.
async fn links(
    tx: &mut Tx,
    applier: &Applier,
    register: &Register,
    group: &BTreeSet<Uuid>,
) -> Result<Vec<Happened>> {
    let mut found = Vec::new();
    for id in group {
        for other in register.groups.linked(*id).into_iter().filter(|o| o > id && group.contains(o))
        {
            found.extend(register.groups.link_of(pair(*id, other)).map(|link| (*id, other, link)));
        }
    }
    let seqs: Vec<i64> = found.iter().map(|(.., link)| link.seq).collect();
    let events = event::at(tx, &seqs, &applier.keys).await?;
    let times: HashMap<i64, Micros> = events.iter().map(|e| (e.seq, e.received_at)).collect();
    let line = |(id, with, link): (Uuid, Uuid, super::groups::Link)| Happened {
        seq: link.seq,
        at: times.get(&link.seq).copied().unwrap_or(Micros(0)),
        kind: "merge",
        entity_id: id,
        submission_id: None,
        instance_id: String::new(),
        form_id: String::new(),
        account_id: None,
        device_id: None,
        reason: link.cause.as_str().to_owned(),
        decision_id: None,
        with: Some(with),
        rules: Vec::new(),
        values: BTreeMap::new(),
    };
    Ok(found.into_iter().map(line).collect())
}
