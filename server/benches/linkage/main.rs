//! How right and how fast `sanu link` is: a child process over simulated lists, judged by their truth.
//!
//! ```sh
//! cargo bench -p sanu --bench linkage -- --records 50000,200000,1000000 [--seed 1] [--mix field|harsh]
//! … -- --list LIST.csv.gz --truth TRUTH.csv.gz      # any list whose truth is known, instead of simulated ones
//! … -- --peer SCRIPT                                # another program beside, on the same files: SCRIPT LIST TRUTH OUT.csv
//! … -- --score CLUSTERS.csv TRUTH.csv               # only judges a file of clusters
//! … -- --latency 1000000                            # one registration against so many, inside the engine
//! ```
//!
//! Truth is read here alone. Wall and CPU seconds and peak memory are those of the child, from start to end.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

mod child;
mod judge;
mod latency;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use sanu::simulate::{Compression, Mix, Registrations, write_registrations};

use child::Cost;
use judge::Truth;

#[derive(Default)]
struct Options {
    records: Vec<usize>,
    seed: u64,
    harsh: bool,
    list: Option<PathBuf>,
    truth: Option<PathBuf>,
    peer: Option<PathBuf>,
    score: Option<(PathBuf, PathBuf)>,
    latency: Option<usize>,
}

fn options() -> anyhow::Result<Options> {
    let mut options = Options { seed: 1, ..Options::default() };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut next = || args.next().with_context(|| format!("something follows {arg}"));
        match arg.as_str() {
            "--records" => {
                let sizes: Result<_, _> = next()?.split(',').map(str::parse).collect();
                options.records = sizes.context("--records takes numbers joined by commas")?;
            }
            "--seed" => options.seed = next()?.parse()?,
            "--mix" => options.harsh = next()? == "harsh",
            "--list" => options.list = Some(next()?.into()),
            "--truth" => options.truth = Some(next()?.into()),
            "--peer" => options.peer = Some(next()?.into()),
            "--score" => options.score = Some((next()?.into(), next()?.into())),
            "--latency" => options.latency = Some(next()?.parse()?),
            // Cargo's own.
            "--bench" => {}
            _ => anyhow::bail!("{arg} is not known here"),
        }
    }
    let idle = options.list.is_none() && options.score.is_none() && options.latency.is_none();
    if options.records.is_empty() && idle {
        options.records = vec![50_000, 200_000, 1_000_000];
    }
    Ok(options)
}

fn main() -> anyhow::Result<()> {
    let options = options()?;
    if let Some((clusters, truth)) = &options.score {
        println!("{}", judge::HEAD);
        println!("{}", Truth::read(truth)?.judge("clusters", clusters, None, Cost::default())?);
        return Ok(());
    }
    if let Some(records) = options.latency {
        latency::measure(options.seed, records)?;
    }
    let folder = tempfile::tempdir()?;
    if !options.records.is_empty() || options.list.is_some() {
        println!("{}", judge::HEAD);
    }
    if let (Some(list), Some(truth)) = (&options.list, &options.truth) {
        let name = list.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        compare(&name, list, truth, folder.path(), options.peer.as_deref())?;
    }
    for &records in &options.records {
        let mix = if options.harsh { Mix::HARSH } else { Mix::FIELD };
        let set = Registrations::plan(options.seed, records, mix);
        let files = write_registrations(&set, folder.path(), Compression::Gzip, |_| ())?;
        let name = format!("{records} simulated");
        let (list, truth) = (&files.registrations, &files.truth);
        compare(&name, list, truth, folder.path(), options.peer.as_deref())?;
    }
    Ok(())
}

/// Links one list with `sanu link` and, right after, with the peer.
fn compare(
    name: &str,
    list: &Path,
    truth_file: &Path,
    folder: &Path,
    peer: Option<&Path>,
) -> anyhow::Result<()> {
    let truth = Truth::read(truth_file)?;
    let (clusters, pairs) = (folder.join("clusters.csv"), folder.join("pairs.csv"));
    let link = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sanu"));
        command.arg("link").arg(list).arg("--out").arg(&clusters);
        command
    };
    let cost = child::run(&mut link())?;
    // The pairs are for judging; what writing them costs is not counted.
    child::run(link().arg("--pairs").arg(&pairs))?;
    println!("{}", truth.judge(&format!("{name}, sanu"), &clusters, Some(&pairs), cost)?);
    if let Some(script) = peer {
        let out = folder.join("peer.csv");
        let cost = child::run(Command::new(script).arg(list).arg(truth_file).arg(&out))?;
        println!("{}", truth.judge(&format!("{name}, peer"), &out, None, cost)?);
    }
    Ok(())
}
