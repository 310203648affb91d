//! Random lives of a register: people on several sites, sites that come late, move and are merged, answers given and
//! taken back, in batches cut anywhere.

use std::collections::BTreeMap;

use sanu::simulate::Submission;

use super::{Reviewer, is_sound, people::Miner};
use crate::support::{
    Server,
    places::{register, site_at},
    xml::{between, site_id},
};

/// A generator of its own: the same seed, the same history.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(n)).expect("below a small number")
    }
}

const POINTS: [(f64, f64); 4] =
    [(14.4469, -11.4445), (11.3170, -5.6660), (13.0, -9.5), (12.6392, -8.0029)];
const ROLES: [&str; 3] = ["pit_digger", "washer", "crusher_hand"];
const MINERS: u32 = 5;
const SITES: u32 = 4;

/// What a phone says.
#[derive(Clone, Copy, Debug)]
enum Say {
    Site { number: u32, point: usize },
    Miner { number: u32, site: u32, role: usize },
}

/// What happens to the register.
#[derive(Clone, Copy, Debug)]
enum Act {
    Say(Say),
    Answer { a: u32, b: u32, of_sites: bool, same: bool },
}

fn some_act(dice: &mut Dice) -> Act {
    let point = usize::try_from(dice.below(4)).expect("small");
    let role = usize::try_from(dice.below(3)).expect("small");
    match dice.below(10) {
        0 | 1 => Act::Say(Say::Site { number: 1 + dice.below(SITES), point }),
        2..=5 => {
            let (number, site) = (1 + dice.below(MINERS), 1 + dice.below(SITES));
            Act::Say(Say::Miner { number, site, role })
        }
        6..=8 => {
            let (a, b) = (1 + dice.below(MINERS), 1 + dice.below(MINERS));
            Act::Answer { a, b, of_sites: false, same: dice.below(3) > 0 }
        }
        _ => {
            let (a, b) = (1 + dice.below(SITES), 1 + dice.below(SITES));
            Act::Answer { a, b, of_sites: true, same: dice.below(2) > 0 }
        }
    }
}

/// Words into submissions: the first about a number registers it, each later one edits the one before.
#[derive(Default)]
struct Phone {
    said: BTreeMap<(bool, u32), u32>,
}

impl Phone {
    fn write(&mut self, say: Say) -> Submission {
        let (key, first) = match say {
            Say::Site { number, point } => {
                let (lat, lon) = POINTS[point];
                ((true, number), site_at(number, lat, lon))
            }
            Say::Miner { number, site, role } => {
                let site = Some(site_id(site));
                let xml = Miner { site, role: ROLES[role], ..Miner::new(number) }.xml();
                let base = crate::support::xml::census(1, 60)
                    .into_iter()
                    .find(|s| s.form_id == "orpailleur")
                    .expect("a census has miners");
                let instance_id = format!("uuid:miner-{number}");
                ((false, number), Submission { instance_id, xml, ..base })
            }
        };
        let n = self.said.entry(key).or_insert(0);
        *n += 1;
        let id = |n: u32| match n {
            1 => first.instance_id.clone(),
            n => format!("{}-{n}", first.instance_id),
        };
        if *n == 1 {
            return first;
        }
        let meta = format!(
            "<deprecatedID>{}</deprecatedID><instanceID>{}</instanceID>",
            id(*n - 1),
            id(*n)
        );
        let former = format!("<instanceID>{}</instanceID>", first.instance_id);
        let xml = first.xml.replace(&former, &meta);
        assert!(between(&xml, "<deprecatedID>", "<").is_some(), "an edit names what it replaces");
        Submission { instance_id: id(*n), xml, ..first }
    }
}

/// Every row in clear, and where everybody is counted; not the places in the journal.
fn rows(server: &Server) -> (String, String) {
    let id = if server.database_url.is_some() { "entity_id" } else { "HEX(entity_id)" };
    (
        server.sql(&format!(
            "SELECT {id}, dataset, version, label, props, region_2012, cercle_2012, commune_2012, \
             region_2023, cercle_2023, commune_2023, district, sex, age_group, status, \
             CASE WHEN merged_into IS NULL THEN 'alone' ELSE 'merged' END FROM entity ORDER BY 1"
        )),
        server.sql(
            "SELECT dataset, region_2023, cercle_2023, commune_2023, district, CAST(SUM(n) AS bigint) \
             FROM count_cell GROUP BY dataset, region_2023, cercle_2023, commune_2023, district \
             HAVING SUM(n) <> 0 ORDER BY 1, 2, 3, 4, 5",
        ),
    )
}

struct Life<'s> {
    server: &'s Server,
    token: String,
    phone: Phone,
    unsent: Vec<Submission>,
    answers: u32,
    standing: BTreeMap<(String, String), u32>,
}

impl<'s> Life<'s> {
    fn new(server: &'s Server) -> Self {
        let token = server.phone("agent", None).token;
        let phone = Phone::default();
        Self { server, token, phone, unsent: Vec::new(), answers: 0, standing: BTreeMap::new() }
    }

    fn say(&mut self, say: Say) {
        let submission = self.phone.write(say);
        self.unsent.push(submission);
    }

    fn send(&mut self) {
        register(self.server, &self.token, &std::mem::take(&mut self.unsent));
    }

    /// Answers if the register takes it; what stands already is replaced.
    fn answer(&mut self, reviewer: &Reviewer<'_>, a: &str, b: &str, answer: &str) {
        let pair = (a.min(b).to_owned(), a.max(b).to_owned());
        self.answers += 1;
        let mut body = serde_json::json!({ "a": a, "b": b, "answer": answer, "reason": "vu" });
        if let Some(former) = self.standing.get(&pair) {
            body["replaces"] = super::decision(*former).into();
        }
        if reviewer.put(self.answers, &body).status == 200 {
            self.standing.insert(pair, self.answers);
        }
    }
}

fn ids(a: u32, b: u32, of_sites: bool) -> (String, String) {
    if of_sites {
        (site_id(a), site_id(b))
    } else {
        (super::people::entity_id(a), super::people::entity_id(b))
    }
}

/// Lives the same history with and without answers; takes every answer back at the end.
fn live(server: &mut Server, seed: u64) {
    let mut dice = Dice(seed);
    let acts: Vec<Act> = (0..40).map(|_| some_act(&mut dice)).collect();
    let control = Server::sqlite();
    let mut never = Life::new(&control);
    let mut life = Life::new(server);
    let awa = Reviewer::new(server, "awa", "data_manager");
    for act in &acts {
        match *act {
            Act::Say(say) => {
                life.say(say);
                never.say(say);
                if dice.below(2) == 0 {
                    life.send();
                }
            }
            Act::Answer { a, b, of_sites, same } => {
                life.send();
                let (a, b) = ids(a, b, of_sites);
                life.answer(&awa, &a, &b, if same { "same" } else { "unmerge" });
            }
        }
    }
    life.send();
    never.send();
    for (a, b) in life.standing.clone().into_keys() {
        life.answer(&awa, &a, &b, "different");
    }
    server.settled();

    if server.database_url.is_none() {
        assert_eq!(rows(server), rows(&control), "seed {seed}: {acts:#?}");
    }
    is_sound(server);
}

on_both! {
    fn a_register_of_people_who_move_is_what_it_would_be_had_nobody_ever_answered(server) {
        let mut server = server;
        live(&mut server, 1);
    }
}

#[test]
fn answers_taken_back_leave_no_trace_whatever_happened_to_the_sites_meanwhile() {
    for seed in 2..6 {
        live(&mut Server::sqlite(), seed);
    }
}
