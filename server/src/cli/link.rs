//! `sanu link`: who is who in a list of people.

use std::{fs, io::Write as _, path::Path, time::Instant};

use anyhow::Context as _;
use indicatif::ProgressBar;

use super::{
    answer,
    args::Link,
    files::{Named, ensure_apart, write_file},
    notice, progress,
};
use crate::{
    french::counted,
    link::{self, Ids, List, Options, Report, Stages},
    linkage::{self, Linkage, Policy, Progress, RecordNo, Resolver},
};

pub(super) fn run(args: &Link, json: bool) -> anyhow::Result<()> {
    ensure_apart(&named(args))?;
    let mut watch = Watch(Instant::now());
    let mut seconds = Stages::default();
    let list = read(args)?;
    seconds.read = watch.lap();
    let mut policy = Policy::default();
    if let Some(threshold) = args.threshold {
        policy.cluster = threshold;
        policy.review = policy.review.min(threshold);
    }
    let model = linkage::train(&list.records, &[], &policy);
    seconds.train = watch.lap();
    let linked = {
        let bar = progress::bar(0, "");
        let linked = linkage::link(&list.records, &model, &policy, &[], &|p| show(&bar, p));
        bar.finish_and_clear();
        linked
    };
    seconds.link = watch.lap();
    if let Some([a, b]) = args.explain.as_deref() {
        let resolver = Resolver::from_records(list.records, model, policy);
        return explain(&list.ids, (&resolver, linked.clusters.as_slice()), (a, b), json);
    }
    let report = Report::new(&list, &linked, policy.cluster, seconds);
    let out = args.out.as_deref().context(
        "dire où écrire par --out PERSONNES.csv / say where to write with --out CLUSTERS.csv",
    )?;
    write_file(out, |sink| link::write_clusters(sink, &list.ids, &linked.clusters).map(|_| ()))?;
    if let Some(path) = &args.report {
        let text = if path.extension().is_some_and(|end| end == "json") {
            serde_json::to_string_pretty(&report)?
        } else {
            report.french()
        };
        write_file(path, |sink| sink.write_all(text.as_bytes()))?;
    }
    if let Some(path) = &args.pairs {
        write_pairs(path, list, &linked, (model, policy))?;
    }
    if json {
        answer(&serde_json::to_value(&report)?);
    } else {
        say(&report, out);
    }
    Ok(())
}

/// Every file of a run.
fn named(args: &Link) -> Vec<Named<'_>> {
    [
        ("LIST.csv", Some(args.file.as_path()), false),
        ("--columns", args.columns.as_deref(), false),
        ("--out", args.out.as_deref(), true),
        ("--pairs", args.pairs.as_deref(), true),
        ("--report", args.report.as_deref(), true),
    ]
    .into_iter()
    .filter_map(|(option, path, is_written)| Some(Named { option, path: path?, is_written }))
    .collect()
}

/// Reads the list with a sign of life.
fn read(args: &Link) -> anyhow::Result<List> {
    let mapping = args
        .columns
        .as_ref()
        .map(|path| fs::read_to_string(path).with_context(|| cannot_read(path)))
        .transpose()?;
    let source = link::open(&args.file).with_context(|| cannot_read(&args.file))?;
    let options = Options {
        mapping: mapping.as_deref(),
        ids_by_line: args.ids_by_line,
        max_rows: args.max_rows,
    };
    let bar = progress::spinner("reading");
    let list = link::read_list(source, options, |records| {
        bar.set_position(u64::try_from(records).unwrap_or(u64::MAX));
    });
    bar.finish_and_clear();
    list.with_context(|| cannot_read(&args.file))
}

fn cannot_read(path: &Path) -> String {
    format!("impossible de lire {0} / cannot read {0}", path.display())
}

/// Prints the account of one pair.
///
/// Whether the two are joined is what linking the list says: it depends on everybody else whom they are joined with.
fn explain(
    ids: &Ids,
    (resolver, clusters): (&Resolver, &[u32]),
    (a, b): (&str, &str),
    json: bool,
) -> anyhow::Result<()> {
    let number = |id: &str| {
        let record = ids.find(id).with_context(|| {
            format!(
                "la liste n'a pas de fiche « {id} » (colonne record_id) / the list has no record \"{id}\""
            )
        })?;
        anyhow::Ok(RecordNo(u32::try_from(record)?))
    };
    let (first, second) = (number(a)?, number(b)?);
    anyhow::ensure!(
        first != second,
        "c'est la même fiche : donner deux record_id / these are one record: give the ids of two"
    );
    let comparison = resolver.compare(first, second).context("the records cannot be compared")?;
    let cluster = |of: RecordNo| clusters.get(usize::try_from(of.0).ok()?);
    let joined = cluster(first) == cluster(second);
    if json {
        let mut account = serde_json::to_value(&comparison)?;
        if let Some(account) = account.as_object_mut() {
            account.insert(String::from("joined"), joined.into());
        }
        answer(&account);
    } else {
        print(&link::account((a, b), &comparison, joined));
    }
    Ok(())
}

fn write_pairs(
    path: &Path,
    list: List,
    linked: &Linkage,
    (model, policy): (linkage::Model, Policy),
) -> anyhow::Result<()> {
    let ids = list.ids;
    let resolver = Resolver::from_records(list.records, model, policy);
    write_file(path, |sink| {
        link::write_pairs(sink, &ids, &linked.pairs, |pair| resolver.compare(pair.a, pair.b))
    })
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_message(progress.stage);
    bar.set_length(progress.of);
    bar.set_position(progress.done);
}

/// The result in a few lines on standard error.
fn say(report: &Report, out: &Path) {
    let quality = &report.quality;
    notice(&format!(
        "{}, {} : {} / {} records, {} people",
        counted(quality.records, "fiche", "fiches"),
        counted(quality.people, "personne", "personnes"),
        out.display(),
        quality.records,
        quality.people
    ));
    if quality.candidates == 0 {
        notice(
            "Aucune fiche n'a été comparée à une autre : rien en commun, ni carte, ni NINA, ni téléphone, ni nom avec un village ou des \
             parents. Les colonnes sont-elles les bonnes ? (--report FICHIER.txt les donne)\nNo two records were compared: none share a card, NINA, phone, or a name with a village or parents. Are \
             the columns the right ones? (--report FILE.txt tells them)",
        );
    } else {
        notice(&format!(
            "{}, {}. À vérifier : {}, dont {}. / {} pairs compared, {} joined. To review: {} pairs, {} of them joined already.",
            counted(quality.candidates, "paire comparée", "paires comparées"),
            counted(report.joined, "réunie", "réunies"),
            counted(quality.to_review, "paire", "paires"),
            counted(report.joined_to_review, "déjà réunie", "déjà réunies"),
            quality.candidates,
            report.joined,
            quality.to_review,
            report.joined_to_review,
        ));
        notice(&format!(
            "Estimations, pas des mesures : précision des paires réunies {0:.3} ; rappel {1:.3} parmi les paires comparées (ce qui n'a \
             rien en commun n'est jamais comparé : le vrai rappel est plus bas).\n\
             Estimates, not measured: precision of the joined {0:.3}; recall {1:.3} among the pairs compared (pairs that \
             share nothing are never compared, so the true recall is lower).",
            quality.expected_precision, quality.expected_recall,
        ));
    }
    for (oddity, count, lines) in &report.oddities {
        let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
        let more = if *count > 5 { ", …" } else { "" };
        let lines = lines.join(", ");
        notice(&format!(
            "à noter : {count} × {} (ligne {lines}{more}) / note: {count} × {} (line {lines}{more})",
            oddity.french(),
            oddity.english()
        ));
    }
}

#[expect(clippy::print_stdout, reason = "stdout is for answers")]
fn print(text: &str) {
    print!("{text}");
}

/// Seconds from one lap to the next.
struct Watch(Instant);

impl Watch {
    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        let seconds = now.duration_since(self.0).as_secs_f64();
        self.0 = now;
        seconds
    }
}
