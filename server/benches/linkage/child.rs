//! Runs a program and tells what it cost, from what the kernel says about its process.

use std::{
    fs,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

/// Ticks of the kernel's account in one second, on every Linux that matters.
const TICKS: f64 = 100.0;

/// What one run cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Seconds from start to end.
    pub(crate) wall: f64,
    /// Seconds of all its processors, its own children too.
    pub(crate) cpu: f64,
    /// Megabytes at the peak, of this process alone.
    pub(crate) memory: f64,
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<Cost> {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let folder = format!("/proc/{}", child.id());
    let mut cost = Cost::default();
    loop {
        // A peak: what is missed between the last look and the end is a few milliseconds of growth.
        if let Some(kilobytes) = peak(&fs::read_to_string(format!("{folder}/status"))?) {
            cost.memory = kilobytes / 1024.0;
        }
        // An ended child keeps its account until it is waited for.
        let stat = fs::read_to_string(format!("{folder}/stat"))?;
        let (state, ticks) = account(&stat).context("the kernel's account of a process")?;
        if state == "Z" {
            cost.cpu = ticks / TICKS;
            cost.wall = started.elapsed().as_secs_f64();
            break;
        }
        sleep(Duration::from_millis(5));
    }
    let status = child.wait()?;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(cost)
}

fn peak(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// State, and ticks in user and kernel mode, children's included.
fn account(stat: &str) -> Option<(&str, f64)> {
    // The name before, in brackets, may hold blanks.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = fields.get(11..15)?.iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Some((fields.first()?, ticks))
}
