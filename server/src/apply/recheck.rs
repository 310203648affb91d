//! What the rules of this program would find in what is stored: every record is asked again, and nothing is changed.
//!
//! Records are read in the order of the journal, a page at a time; pages that are in hand at once are twice as many as
//! cores.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::RangeInclusive,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    Applier,
    again::{is_of_meeting, rule_of},
    ahead::say_all,
    bring::fetch_named,
    event::{self, Event},
    interpret::Interpretation,
    register::Register,
    say::Said,
    stand::ReviewState,
};
use crate::{
    db::{DbError, Result, Tx},
    geo::Gazetteer,
    rules,
    store::{ZoneId, zones::ids_by_zone},
};

/// Events read at once.
const PAGE: u16 = 512;

/// How the findings of one rule would differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Findings that are not stored.
    pub come: u64,
    /// Findings that are stored and would not be found.
    pub go: u64,
    /// Findings that would say something else: another severity, version or answer.
    pub change: u64,
}

/// What asking every record again would find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleCheck {
    /// Records asked.
    pub records: u64,
    /// Records that cannot be asked: nobody can read them, or they were set aside for another reason than a rule.
    pub left_out: u64,
    /// Findings that are stored with those that were asked.
    pub findings: u64,
    /// Records whose findings would differ.
    pub differ: u64,
    /// The rules of which findings would come, go or change.
    pub rules: BTreeMap<String, Difference>,
}

impl RuleCheck {
    /// All rules together.
    pub fn total(&self) -> Difference {
        self.rules.values().fold(Difference::default(), |sum, of| Difference {
            come: sum.come + of.come,
            go: sum.go + of.go,
            change: sum.change + of.change,
        })
    }

    fn add(mut self, other: Self) -> Self {
        self.records += other.records;
        self.left_out += other.left_out;
        self.findings += other.findings;
        self.differ += other.differ;
        for (rule, of) in other.rules {
            let sum = self.rules.entry(rule).or_default();
            (sum.come, sum.go, sum.change) =
                (sum.come + of.come, sum.go + of.go, sum.change + of.change);
        }
        self
    }

    fn compare(&mut self, stored: &[Json], now: &[Json]) {
        let mut by_rule: BTreeMap<&str, (Vec<&Json>, Vec<&Json>)> = BTreeMap::new();
        for line in stored {
            by_rule.entry(rule_of(line)).or_default().0.push(line);
        }
        for line in now {
            let (known, new) = by_rule.entry(rule_of(line)).or_default();
            match known.iter().position(|stored| *stored == line) {
                Some(at) => drop(known.swap_remove(at)),
                None => new.push(line),
            }
        }
        by_rule.retain(|_, (gone, new)| !(gone.is_empty() && new.is_empty()));
        self.differ += u64::from(!by_rule.is_empty());
        for (rule, (gone, new)) in by_rule {
            let change = gone.len().min(new.len());
            let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            let sum = self.rules.entry(rule.to_owned()).or_default();
            sum.come += number(new.len() - change);
            sum.go += number(gone.len() - change);
            sum.change += number(change);
        }
    }
}

/// A record as it is stored.
struct Stored {
    seq: i64,
    state: String,
    reason: String,
    violations: Vec<Json>,
    is_rejected: bool,
}

impl Applier {
    /// Asks all records again; `told` hears how many events of the journal were gone through.
    pub async fn check_rules(&self, told: &mut (dyn FnMut(u64) + Send)) -> Result<RuleCheck> {
        let mut tx = self.read().await?;
        let row = tx.query("SELECT seq FROM apply_state WHERE id = 1").fetch_one().await?;
        let last: i64 = row.get(0)?;
        drop(tx);
        let pages = (0..last)
            .step_by(usize::from(PAGE))
            .map(|before| before + 1..=(before + i64::from(PAGE)).min(last));
        // While some are asked, others are read.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let at_once = 2 * cores;
        let mut pages = stream::iter(pages)
            .map(|page| {
                let applier = self.clone();
                let size = page.end() - page.start() + 1;
                let task = tokio::spawn(async move { applier.check_page(page).await });
                async move {
                    let ended = |_| DbError::Inconsistent { table: "journal", column: "payload" };
                    task.await.map_err(ended)?.map(|found| (found, size))
                }
            })
            .buffer_unordered(at_once);
        let (mut sum, mut done) = (RuleCheck::default(), 0);
        while let Some((found, size)) = pages.try_next().await? {
            sum = sum.add(found);
            done += u64::try_from(size).unwrap_or(0);
            told(done);
        }
        Ok(sum)
    }

    async fn check_page(&self, page: RangeInclusive<i64>) -> Result<RuleCheck> {
        let forms = self.forms().await?;
        let mut tx = self.read().await?;
        let (after, limit) = (page.start() - 1, page.end() - page.start() + 1);
        let events = event::after(&mut tx, after, limit, &self.keys).await?;
        let events = events.into_iter().filter(|e| e.seq <= *page.end()).collect();
        let said = say_all(self, events, &forms).await?;
        let mut stored = stored(&mut tx, &said).await?;
        let gazetteer = self.gazetteer();
        let ground = self.ground(&forms, &gazetteer);
        // The version that a record stands as is the one that is asked.
        let standing: Vec<(Event, Option<Interpretation>, Stored)> = said
            .into_iter()
            .filter_map(|s| {
                let place = (s.event.zone_id, s.event.submission_id);
                let of = stored.remove(&place).filter(|of| of.seq == s.event.seq)?;
                Some((s.event, s.interpretation, of))
            })
            .collect();
        let mut register = Register::default();
        let named =
            standing.iter().filter_map(|(event, said, _)| Some((event.zone_id, said.as_ref()?)));
        fetch_named(&mut tx, &mut register, (named, HashSet::new()), &ground).await?;
        drop(tx);
        let mut found = RuleCheck::default();
        for (event, said, of) in standing {
            ask(&mut register, &mut found, (event, said), &of, &gazetteer);
        }
        Ok(found)
    }
}

/// How records stand of which these events speak.
async fn stored(tx: &mut Tx, said: &[Said]) -> Result<HashMap<(ZoneId, Uuid), Stored>> {
    let places = said.iter().map(|s| (s.event.zone_id, s.event.submission_id));
    let mut found = HashMap::new();
    for (zone, ids) in ids_by_zone(places) {
        let rows = tx
            .fetch_in_with(
                "SELECT submission_id, seq, state, reason, violations, review FROM record \
                 WHERE zone_id = $1 AND submission_id IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in &rows {
            let broken = |_| DbError::Inconsistent { table: "record", column: "violations" };
            let violations = serde_json::from_str(&row.get::<String>(4)?).map_err(broken)?;
            let (state, reason) = (row.get(2)?, row.get(3)?);
            let is_rejected = row.get::<String>(5)? == ReviewState::Rejected.as_str();
            let of = Stored { seq: row.get(1)?, state, reason, violations, is_rejected };
            found.insert((zone, row.get(0)?), of);
        }
    }
    Ok(found)
}

/// Asks one record, and notes how what is found differs from what is stored.
fn ask(
    register: &mut Register,
    found: &mut RuleCheck,
    (event, said): (Event, Option<Interpretation>),
    of: &Stored,
    gazetteer: &Gazetteer,
) {
    let Some(mut said) = said.filter(|said| said.is_readable && of.reason != "apply_failed") else {
        found.left_out += 1;
        return;
    };
    // What waits or is kept out is compared with the register when it comes in, not before.
    if matches!(of.state.as_str(), "received" | "flagged") {
        register.find_again(
            (&of.violations, &of.reason),
            (&event, &mut said),
            // The engine's memory is apply's, and not loaded for this.
            |rule| {
                let is_kept = of.is_rejected && rules::is_of_device_day(rule);
                rules::is_asked_again(rule) && !rules::is_of_memory(rule) && !is_kept
            },
            gazetteer,
        );
    } else {
        let kept = of.violations.iter().filter(|line| {
            let rule = rule_of(line);
            is_of_meeting(line)
                || (rules::is_compared(rule) && said.rules.iter().all(|known| known != rule))
        });
        let kept: Vec<Json> = kept.cloned().collect();
        said.violations.extend(kept);
    }
    found.records += 1;
    found.findings += u64::try_from(of.violations.len()).unwrap_or(u64::MAX);
    found.compare(&of.violations, &said.violations);
}
