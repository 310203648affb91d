//! A fleet of phones: many devices that share one census and send it at once.

use std::{
    collections::VecDeque,
    io::IsTerminal as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget};
use jiff::civil::Date;
use sync_protocol::PushRecord;
use tokio::task::{JoinError, JoinSet};

use super::census::{Census, Submission, Submissions};
use super::client::{Client, ClientError};
use super::native::{BATCH, Push, record};
use super::openrosa;
use super::report::{Outcome, Report, Tally};
use super::rng::{Rng, Stream};
use super::target::{Target, TargetError};

/// What to send, and where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The address of each device, `http://host:port/v1/key/TOKEN/projects/1`; devices share when there are fewer.
    /// Everything of one site goes to one address: those who work there are of one zone.
    pub server_urls: Vec<String>,
    /// How many devices send at the same time.
    pub devices: usize,
    /// How many records the census has.
    pub records: usize,
    /// Which census it is.
    pub seed: u64,
    /// Native sync in batches, instead of `OpenRosa` one by one.
    pub native: bool,
    /// The share of submissions that is sent a second time, from 0 to 1.
    pub resend: f64,
    /// Whether to show progress, where there is a terminal to show it on.
    pub progress: bool,
    /// The day after the last interviews.
    pub day: Date,
}

/// Why a run could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// There is nowhere to send.
    #[error("no server address is given")]
    NoServer,
    /// An address cannot be used.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The server does not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A batch cannot be compressed.
    #[error("a batch cannot be compressed")]
    Compress(#[from] std::io::Error),
    /// A device stopped by a bug of ours.
    #[error("a simulated device stopped")]
    Device(#[from] JoinError),
}

/// Sends a whole census: the sites first, since every phone knows them before it sends anything else.
pub async fn run(plan: Plan) -> Result<Report, SimulateError> {
    let targets: Vec<Target> =
        plan.server_urls.iter().map(|url| Target::parse(url)).collect::<Result<_, _>>()?;
    if targets.is_empty() {
        return Err(SimulateError::NoServer);
    }
    let census = Census::new(plan.seed, plan.day);
    let teams = targets.len().min(plan.devices.max(1));
    let fleet = Arc::new(Fleet {
        supply: Mutex::new(Supply {
            submissions: census.submissions(plan.records),
            taken: 0,
            waiting: vec![VecDeque::new(); teams],
        }),
        progress: progress_bar(&plan),
        plan,
    });
    let started = Instant::now();
    let mut total = Tally::default();
    for phase in [Phase::Sites, Phase::Rest] {
        total.merge(send_phase(&fleet, &targets, phase).await?);
    }
    fleet.progress.finish_and_clear();
    Ok(total.report(started.elapsed()))
}

/// Waits until every device has sent what there is in this phase.
async fn send_phase(
    fleet: &Arc<Fleet>,
    targets: &[Target],
    phase: Phase,
) -> Result<Tally, SimulateError> {
    let mut devices = JoinSet::new();
    let teams = targets.iter().enumerate().cycle();
    for (number, (team, target)) in (0_u32..).zip(teams).take(fleet.plan.devices.max(1)) {
        let device = Device {
            fleet: Arc::clone(fleet),
            team,
            client: Client::new(target.clone()),
            phase,
            rng: Rng::of(fleet.plan.seed, Stream::Batches, (u64::from(number) << 1) | phase.bit()),
            tally: Tally::default(),
        };
        devices.spawn(device.send_all());
    }
    let mut total = Tally::default();
    // On an error the others are dropped with the set, which stops them.
    while let Some(device) = devices.join_next().await {
        total.merge(device??);
    }
    Ok(total)
}

fn progress_bar(plan: &Plan) -> ProgressBar {
    if !plan.progress || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let length = u64::try_from(plan.records).unwrap_or(u64::MAX);
    ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr())
}

/// The sites, or everything after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Sites,
    Rest,
}

impl Phase {
    fn bit(self) -> u64 {
        u64::from(self == Self::Rest)
    }
}

/// What all devices share.
struct Fleet {
    plan: Plan,
    supply: Mutex<Supply>,
    progress: ProgressBar,
}

struct Supply {
    submissions: Submissions,
    taken: u64,
    /// What was drawn for each team and not yet sent.
    waiting: Vec<VecDeque<Outgoing>>,
}

/// What may wait for one team: one that is faster than the others waits for them.
const AHEAD: usize = 4 * BATCH;
/// How long it waits before it looks again.
const PAUSE: Duration = Duration::from_millis(2);

/// A submission, and whether the phone will lose the answer and send it again.
#[derive(Clone)]
struct Outgoing {
    submission: Submission,
    again: bool,
}

/// What a phone finds to send.
enum Taken {
    One(Outgoing),
    /// Others are behind.
    Later,
    Nothing,
}

impl Fleet {
    fn take(&self, phase: Phase, team: usize) -> Taken {
        // A device that panicked left the supply whole: it is changed only by finished calls.
        let mut supply = self.supply.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(outgoing) = supply.waiting.get_mut(team).and_then(VecDeque::pop_front) {
                return Taken::One(outgoing);
            }
            if supply.waiting.iter().any(|w| w.len() >= AHEAD) {
                return Taken::Later;
            }
            let drawn = match phase {
                Phase::Sites => supply.submissions.next_site(),
                Phase::Rest => supply.submissions.next(),
            };
            let Some(submission) = drawn else { return Taken::Nothing };
            supply.taken += 1;
            let mut rng = Rng::of(self.plan.seed, Stream::Resends, supply.taken);
            let again = rng.fraction() < self.plan.resend;
            let teams = supply.waiting.len();
            let of = usize::try_from(submission.site).unwrap_or(0) % teams.max(1);
            let Some(waiting) = supply.waiting.get_mut(of) else { return Taken::Nothing };
            waiting.push_back(Outgoing { submission, again });
        }
    }
}

/// One phone.
struct Device {
    fleet: Arc<Fleet>,
    /// Those who share an address.
    team: usize,
    client: Client,
    phase: Phase,
    rng: Rng,
    tally: Tally,
}

impl Device {
    async fn send_all(mut self) -> Result<Tally, SimulateError> {
        if self.fleet.plan.native {
            self.push_all().await?;
        } else {
            self.post_all().await?;
        }
        Ok(self.tally)
    }

    async fn post_all(&mut self) -> Result<(), SimulateError> {
        loop {
            let outgoing = match self.fleet.take(self.phase, self.team) {
                Taken::One(outgoing) => outgoing,
                Taken::Later => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Taken::Nothing => return Ok(()),
            };
            self.post(&outgoing.submission, Outcome::Accepted).await?;
            if outgoing.again {
                self.post(&outgoing.submission, Outcome::Duplicate).await?;
            }
            self.fleet.progress.inc(1);
        }
    }

    async fn post(&mut self, submission: &Submission, taken: Outcome) -> Result<(), ClientError> {
        let boundary = self.rng.uuid();
        openrosa::post(&mut self.client, &mut self.tally, submission, boundary, taken).await
    }

    async fn push_all(&mut self) -> Result<(), SimulateError> {
        let (path, token) = self.client.target().push_path_and_token()?;
        let mut again = Vec::new();
        loop {
            let (fleet, batch) = (Arc::clone(&self.fleet), self.rng.uuid());
            let from = (self.phase, self.team);
            let pack = move || {
                let load = Load::fill(&fleet, from, again);
                let is_empty = load.records.is_empty();
                let sent = Push::encode(batch, load.records)?;
                Ok::<_, std::io::Error>((sent, load.fresh, load.again, (is_empty, load.is_last)))
            };
            let (push, fresh, next, (is_empty, is_last)) =
                tokio::task::spawn_blocking(pack).await??;
            if is_empty && is_last {
                return Ok(());
            }
            if is_empty {
                again = next;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            push.send(&mut self.client, &mut self.tally, &path, &token).await?;
            self.fleet.progress.inc(fresh);
            again = next;
        }
    }
}

/// The records of one push.
struct Load {
    records: Vec<PushRecord>,
    /// How many of them are sent for the first time.
    fresh: u64,
    /// Those to be sent again with the next push.
    again: Vec<PushRecord>,
    /// Whether nothing comes after it.
    is_last: bool,
}

impl Load {
    fn fill(fleet: &Fleet, (phase, team): (Phase, usize), resent: Vec<PushRecord>) -> Self {
        let mut load = Self { records: resent, fresh: 0, again: Vec::new(), is_last: false };
        while load.records.len() < BATCH {
            let outgoing = match fleet.take(phase, team) {
                Taken::One(outgoing) => outgoing,
                Taken::Later => break,
                Taken::Nothing => {
                    load.is_last = true;
                    break;
                }
            };
            let record = record(outgoing.submission);
            if outgoing.again {
                load.again.push(record.clone());
            }
            load.records.push(record);
            load.fresh += 1;
        }
        load
    }
}
