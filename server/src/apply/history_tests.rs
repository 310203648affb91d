//! Random histories: whatever happened, taking an answer back leaves the register as if it had
//! never been given, and the order of batches leaves no trace.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use serde_json::json;
use uuid::Uuid;

use super::{
    change::{EntityChange, Facts, Props},
    entity::{EntityState, Source},
    event::{Content, Event},
    groups::Standing,
    heard::Heard,
    identity,
    lists::ListBook,
    load::KeptKey,
    people::People,
    register::{Ground, Register},
};
use crate::{
    catalogue::Snapshot,
    geo::Gazetteer,
    intake::{Answer, Decision, EventKind},
    keys::{MasterKeys, Realm, SubjectKey},
    linkage::Policy,
    runtime::{Micros, Runtime},
    store::ZoneId,
};

/// A generator of its own: the same seed, the same history.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// What happens to the register.
#[derive(Clone, Debug)]
enum Act {
    Say {
        who: u128,
        card: u64,
        name: u64,
        role: u64,
        zone: i32,
    },
    Answer {
        id: u128,
        a: u128,
        b: u128,
        answer: Answer,
        replaces: Option<Uuid>,
        choice: Option<u128>,
    },
}

/// Ids from here on are children's.
const CHILD: u128 = 8;
/// What a register calls those with this id.
const fn dataset_of(who: u128) -> &'static str {
    if who < CHILD { "orpailleurs" } else { "enfants" }
}

const CARDS: [&str; 3] = ["ORP-0000001-B", "ORP-0000002-9", "ORP-0000012-5"];

fn some_act(dice: &mut Dice, number: u128) -> Act {
    let who = u128::from(dice.below(7)) + 1;
    let other = u128::from(dice.below(7)) + 1;
    if dice.below(3) > 0 || who == other {
        return Act::Say {
            who,
            card: dice.below(3),
            name: dice.below(2),
            role: dice.below(5),
            zone: 1,
        };
    }
    let answers =
        [Answer::Same, Answer::Same, Answer::Different, Answer::Unmerge, Answer::CannotTell];
    let pick = usize::try_from(dice.below(5)).unwrap();
    let answer = answers[pick];
    let choice = (answer == Answer::Same && dice.below(2) == 0).then_some(other);
    Act::Answer { id: 1_000 + number, a: who, b: other, answer, replaces: None, choice }
}

struct World {
    forms: Snapshot,
    gazetteer: Gazetteer,
    keys: MasterKeys,
    runtime: Runtime,
    heard: Heard,
    lists: ListBook,
}

impl World {
    fn new() -> Self {
        Self {
            forms: Snapshot::default(),
            gazetteer: Gazetteer::new(Vec::new(), Vec::new()),
            keys: MasterKeys::new([1; 32], [2; 32]),
            runtime: Runtime::fixed(Micros(0), 1),
            heard: Heard::default(),
            lists: ListBook::default(),
        }
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            forms: &self.forms,
            gazetteer: &self.gazetteer,
            keys: &self.keys,
            runtime: &self.runtime,
            heard: &self.heard,
            lists: &self.lists,
            acceptance: super::Acceptance::Clean,
        }
    }

    /// One event, and the groups made again.
    fn play(&self, register: &mut Register, seq: i64, act: &Act) {
        self.take(register, seq, act);
        register.regroup(Micros(seq), &self.ground());
        register.stirred.clear();
    }

    fn take(&self, register: &mut Register, seq: i64, act: &Act) {
        match act {
            Act::Say { who, card, name, role, zone } => {
                let change = Arc::new(self.change(*who, *card, *name, *role));
                // Every entity has a key of its own, whatever order they come in.
                let key = SubjectKey::new([who.to_le_bytes()[0]; 32]);
                let kept = KeptKey { wrapped: vec![1], key: Some(key) };
                register.kept_keys.insert(Uuid::from_u128(*who), kept);
                let source = Source {
                    zone_id: ZoneId(*zone),
                    submission_id: Uuid::from_u128(1),
                    seq,
                    at: Micros(seq),
                    pending: false,
                };
                let _said = register.change(ZoneId(*zone), &change, source, &self.ground());
            }
            Act::Answer { id, a, b, answer, replaces, choice } => {
                let choices =
                    choice.iter().map(|c| (String::from("main_role"), Uuid::from_u128(*c)));
                let decision = Decision {
                    decision_id: Uuid::from_u128(*id),
                    a: Uuid::from_u128(*a),
                    b: Uuid::from_u128(*b),
                    dataset: String::from(dataset_of(*a.max(b))),
                    answer: *answer,
                    reason: String::new(),
                    choices: choices.collect(),
                    role: String::from("data_manager"),
                    replaces: *replaces,
                };
                register.decide(&event(seq), &decision);
            }
        }
    }

    fn change(&self, who: u128, card: u64, name: u64, role: u64) -> EntityChange {
        let card = CARDS[usize::try_from(card).unwrap()];
        let (surname, given) =
            [("Traoré", "Moussa"), ("Keïta", "Sidi")][usize::try_from(name).unwrap()];
        let open = Props::from([("main_role".to_owned(), json!(format!("role{role}")))]);
        let sealed = Props::from([
            ("card_no".to_owned(), json!(card)),
            ("surname".to_owned(), json!(surname)),
            ("given_names".to_owned(), json!(given)),
            ("sex".to_owned(), json!("male")),
            ("birth_year".to_owned(), json!(1990)),
        ]);
        EntityChange {
            dataset: String::from(dataset_of(who)),
            realm: if who < CHILD { Realm::Adults } else { Realm::Children },
            entity_id: Uuid::from_u128(who),
            create: true,
            update: false,
            base_version: 0,
            trunk_version: 0,
            branch_id: String::new(),
            registers: false,
            forced: false,
            settles: 0,
            label: None,
            block_keys: identity::block_keys(dataset_of(who), &open, &sealed, &self.keys),
            open,
            sealed,
            site_id: None,
            position: None,
            facts: Facts { sex: Some(String::from("male")), ..Facts::default() },
            made: None,
            stored: OnceLock::new(),
        }
    }
}

/// An empty register with an engine of its own.
fn empty() -> Register {
    let people = Arc::new(tokio::sync::RwLock::new(People::new(Policy::default())));
    let people = people.try_write_owned().expect("nobody else knows it");
    Register { people: Some(people), ..Register::default() }
}

fn event(seq: i64) -> Event {
    Event {
        seq,
        id: Uuid::from_u128(1),
        zone_id: ZoneId(1),
        kind: EventKind::Decision,
        submission_id: Uuid::from_u128(1),
        retold: None,
        forced: false,
        form_id: String::new(),
        form_version: String::new(),
        instance_id: String::new(),
        // Two who take turns.
        account_id: Some(Uuid::from_u128(if seq % 2 == 0 { 8 } else { 9 })),
        device_id: None,
        received_at: Micros(seq),
        content: Some(Content {
            key: SubjectKey::new([7; 32]),
            files: Vec::new(),
            withheld: Vec::new(),
            xml: Vec::new().into(),
            decoded: None,
        }),
    }
}

/// Everything that would be stored, but the log of decisions and the feed.
fn stored(register: &Register) -> BTreeMap<Uuid, String> {
    let row = |e: &EntityState| {
        let seen = e.shown.as_deref().unwrap_or(e);
        format!(
            "{:?} {} {:?} {:?} {:?} {} {} | {:?}",
            e.merged_into,
            seen.version,
            seen.open,
            seen.sealed,
            seen.facts,
            seen.created_seq,
            seen.updated_seq,
            register.homes.get(&e.entity_id)
        )
    };
    let links = register.groups.all_links();
    let mut rows: BTreeMap<Uuid, String> =
        register.entities.iter().map(|(id, e)| (*id, row(e))).collect();
    rows.insert(Uuid::nil(), format!("{links:?}"));
    rows
}

fn histories(mut check: impl FnMut(u64, &World, Vec<Act>, &mut Dice)) {
    for seed in 0..60 {
        let world = World::new();
        let mut dice = Dice(seed);
        let acts = (0..25).map(|n| some_act(&mut dice, n)).collect();
        check(seed, &world, acts, &mut dice);
    }
}

#[test]
fn an_answer_taken_back_leaves_no_trace_even_after_later_edits() {
    let mut merged = 0;
    histories(|seed, world, acts, dice| {
        let mut register = empty();
        let mut control = empty();
        let mut seq = 0;
        for act in &acts {
            seq += 1;
            world.play(&mut register, seq, act);
            world.play(&mut control, seq, act);
        }
        let (a, b) = (u128::from(dice.below(7)) + 1, u128::from(dice.below(7)) + 1);
        let same =
            Act::Answer { id: 1, a, b, answer: Answer::Same, replaces: None, choice: Some(b) };
        if a == b || register.groups.group_of(Uuid::from_u128(a)).contains(&Uuid::from_u128(b)) {
            return;
        }
        world.play(&mut register, seq + 1, &same);
        let pair = super::groups::pair(Uuid::from_u128(a), Uuid::from_u128(b));
        if register.groups.standing(pair).is_none_or(|d| d.decision_id != Uuid::from_u128(1)) {
            return;
        }
        merged += 1;
        for n in 0..6 {
            let edit = loop {
                let act = some_act(dice, 100 + n);
                if matches!(act, Act::Say { .. }) {
                    break act;
                }
            };
            seq += 1;
            world.play(&mut register, seq + 1, &edit);
            world.play(&mut control, seq + 1, &edit);
        }
        let apart =
            Act::Answer { id: 2, a, b, answer: Answer::Unmerge, replaces: None, choice: None };
        world.play(&mut register, seq + 2, &apart);

        // The registrations themselves may have made them one meanwhile: then the answer keeps
        // them apart, and only the rows of that group differ.
        if !control.groups.group_of(pair.0).contains(&pair.1) {
            assert_eq!(stored(&register), stored(&control), "seed {seed}: {acts:?}");
        }
    });
    assert!(merged > 12, "only {merged} histories merged anything");
}

#[test]
fn groups_made_once_at_the_end_are_those_made_after_every_event() {
    histories(|seed, world, acts, _| {
        let (mut slow, mut fast) = (empty(), empty());
        for (seq, act) in (1..).zip(&acts) {
            world.play(&mut slow, seq, act);
            world.take(&mut fast, seq, act);
        }
        fast.regroup(Micros(99), &world.ground());

        assert_eq!(stored(&slow), stored(&fast), "seed {seed}: {acts:?}");
    });
}

#[test]
fn two_that_somebody_keeps_apart_are_never_one() {
    histories(|seed, world, acts, _| {
        let mut register = empty();
        for (seq, act) in (1..).zip(&acts) {
            world.play(&mut register, seq, act);
        }
        for a in 1..=7_u128 {
            let group = register.groups.group_of(Uuid::from_u128(a));
            for other in &group {
                let standing =
                    register.groups.standing(super::groups::pair(Uuid::from_u128(a), *other));
                assert!(
                    !standing
                        .is_some_and(|d| d.answer.keeps_apart() && d.state == Standing::Stands),
                    "seed {seed}"
                );
            }
        }
    });
}

#[test]
fn one_card_and_one_name_are_one_person() {
    let world = World::new();
    let mut register = empty();
    for (seq, who) in [(1, 1), (2, 2)] {
        world.play(&mut register, seq, &Act::Say { who, card: 0, name: 0, role: 0, zone: 1 });
    }
    let people = register.people.as_ref().expect("an engine");
    let said = people.compare(Uuid::from_u128(1), Uuid::from_u128(2));
    assert_eq!(register.groups.group_of(Uuid::from_u128(1)).len(), 2, "{said:#?}");
}

#[test]
fn a_child_who_is_also_a_miner_is_never_merged_and_the_answer_is_taken_back_exactly() {
    histories(|seed, world, acts, dice| {
        let (mut register, mut control) = (empty(), empty());
        let say = |who, card| Act::Say { who, card, name: 0, role: 0, zone: 1 };
        let miner = u128::from(dice.below(7)) + 1;
        let answer = |id, answer, replaces: Option<u128>| {
            let replaces = replaces.map(Uuid::from_u128);
            Act::Answer { id, a: CHILD, b: miner, answer, replaces, choice: None }
        };
        for both in [&mut register, &mut control] {
            world.play(both, 1, &say(CHILD, 0));
            world.play(both, 2, &say(miner, 0));
        }
        let of = super::groups::pair(Uuid::from_u128(CHILD), Uuid::from_u128(miner));
        let standing = |register: &Register| register.groups.standing(of).map(|d| d.answer);

        world.play(&mut register, 3, &answer(1, Answer::Same, None));
        world.play(&mut register, 4, &answer(2, Answer::AgeWrong, None));
        assert_eq!(standing(&register), None, "a merge is refused and one reviewer is not enough");
        world.play(&mut register, 5, &answer(3, Answer::AgeWrong, None));
        assert_eq!(standing(&register), Some(Answer::AgeWrong));
        for (seq, act) in (6..).zip(&acts) {
            world.play(&mut register, seq, act);
            world.play(&mut control, seq, act);
            assert_eq!(stored(&register), stored(&control), "seed {seed}: {acts:?}");
        }
        world.play(&mut register, 90, &answer(4, Answer::Different, None));
        assert_eq!(standing(&register), Some(Answer::AgeWrong), "only by naming what it replaces");
        world.play(&mut register, 91, &answer(5, Answer::CannotTell, Some(3)));
        assert_eq!(standing(&register), Some(Answer::CannotTell));
        world.play(&mut register, 92, &answer(6, Answer::Relative, None));
        assert_eq!(standing(&register), Some(Answer::Relative));

        assert_eq!(stored(&register), stored(&control), "seed {seed}: {acts:?}");
    });
}
