//! How long one registration takes against many, inside the engine.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use sanu::{
    link::{Columns, Oddities, Options, Person, Row, Rows, read_list},
    linkage::{Kind, Policy, Resolver, train},
    simulate::{Mix, Registrations, Written},
};

/// Registrations asked about, after those that are kept.
const ASKED: usize = 10_000;

/// Loads so many registrations, then resolves others one by one: looks up, then adds.
pub(crate) fn measure(seed: u64, records: usize) -> anyhow::Result<()> {
    let set = Registrations::plan(seed, records + ASKED, Mix::FIELD);
    let list = read_list(csv(&set, 0..records)?.as_slice(), Options::default(), |_| ())?;
    let policy = Policy::default();
    let model = train(&list.records, &[], &policy);
    let started = Instant::now();
    let mut resolver = Resolver::from_records(list.records, model, policy);
    let indexed = started.elapsed();

    let asked = csv(&set, records..records + ASKED)?;
    let (mut rows, header) = Rows::open(asked.as_slice())?;
    let headers: Vec<&str> = (0..header.len()).map(|at| header.value(at)).collect();
    let columns = Columns::find(&headers, None)?;
    let (mut row, mut person, mut oddities) =
        (Row::default(), Person::new(&columns), Oddities::default());
    let (mut lookups, mut adds) = (Vec::with_capacity(ASKED), Vec::with_capacity(ASKED));
    while rows.next(&mut row)? {
        let registration = person.read(&row, &mut oddities);
        let started = Instant::now();
        let matches = resolver.matches_of(&registration);
        lookups.push(started.elapsed());
        std::hint::black_box(matches);
        let started = Instant::now();
        resolver.add(&registration);
        adds.push(started.elapsed());
    }
    println!(
        "One registration against {records} (index built in {:.1} s), µs:\n",
        indexed.as_secs_f64()
    );
    println!("| | p50 | p99 | max |\n|---|---|---|---|");
    println!("| look up | {} |", spread(&mut lookups)?);
    println!("| add | {} |\n", spread(&mut adds)?);
    kept(&resolver)
}

/// How long all of them take to become bytes, and to come back from them.
fn kept(resolver: &Resolver) -> anyhow::Result<()> {
    let started = Instant::now();
    let parts = [Kind::Miner, Kind::Child].map(|kind| resolver.snapshot(kind));
    let written = started.elapsed();
    let started = Instant::now();
    let parts = parts.each_ref().map(Vec::as_slice);
    let (model, policy) = (resolver.model().clone(), resolver.policy().clone());
    let (back, _) = Resolver::restore(&parts, model, policy)?;
    println!(
        "As bytes: {} MB, written in {:.1} s; {} back in {:.1} s\n",
        parts.iter().map(|part| part.len()).sum::<usize>() / 1_000_000,
        written.as_secs_f64(),
        back.records().live(),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn csv(set: &Registrations, range: std::ops::Range<usize>) -> anyhow::Result<Vec<u8>> {
    let mut sink = csv::Writer::from_writer(Vec::new());
    sink.write_record(Written::COLUMNS)?;
    let mut written = Written::default();
    for index in range {
        set.write(index, &mut written).context("the set is long enough")?;
        sink.write_record(written.fields())?;
    }
    Ok(sink.into_inner()?)
}

fn spread(times: &mut [Duration]) -> anyhow::Result<String> {
    times.sort_unstable();
    let at = |hundredths: usize| {
        let place = (times.len() * hundredths / 100).min(times.len().saturating_sub(1));
        times.get(place).map(Duration::as_micros).context("something was measured")
    };
    Ok(format!("{} | {} | {}", at(50)?, at(99)?, at(100)?))
}
