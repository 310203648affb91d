//! The short report of a run: for people in French, for programs as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{
    french::counted,
    linkage::{Linkage, Quality, RecordNo, ScoredPair, Verdict},
};

use super::{oddities::Oddity, read::List, words};

/// Seconds that each part of a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Stages {
    /// Reading the file.
    pub read: f64,
    /// Learning the weights.
    pub train: f64,
    /// Comparing and clustering.
    pub link: f64,
}

/// What a run found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Pairs are clustered from this probability on.
    pub threshold: f32,
    /// How many clusters have 1, 2, 3 … records.
    pub cluster_sizes: Vec<(u32, u64)>,
    /// Pairs of records that lie in one cluster, among those scored.
    pub joined: u64,
    /// Those of them that a person should still look at.
    pub joined_to_review: u64,
    /// Scored pairs by verdict.
    pub pairs: Vec<(String, u64)>,
    /// The columns used, with their headers.
    pub columns: Vec<(&'static str, Vec<String>)>,
    /// Headers not used.
    pub unused: Vec<String>,
    /// Part of the records, 0 to 1, in which each thing is missing.
    pub missing: Vec<(&'static str, f64)>,
    /// What was odd: what, how often, on which lines first.
    pub oddities: Vec<(Oddity, u64, Vec<u64>)>,
    /// Seconds.
    pub seconds: Stages,
    /// The engine's own figures.
    pub quality: Quality,
}

impl Report {
    /// Sums up a run.
    pub fn new(list: &List, linkage: &Linkage, threshold: f32, seconds: Stages) -> Self {
        let records = number(linkage.report.records).max(1.0);
        Self {
            threshold,
            cluster_sizes: cluster_sizes(&linkage.clusters),
            joined: joined(linkage, |_| true),
            joined_to_review: joined(linkage, |verdict| verdict == Verdict::Review),
            pairs: by_verdict(linkage),
            columns: list.columns.iter().map(|(c, h)| (c.key(), h.clone())).collect(),
            unused: list.unused.clone(),
            missing: list.missing.iter().map(|(c, n)| (c.key(), number(*n) / records)).collect(),
            oddities: list.oddities.met().map(|(o, n, lines)| (o, n, lines.to_vec())).collect(),
            seconds,
            quality: linkage.report.clone(),
        }
    }

    /// The report in French, for reading.
    pub fn french(&self) -> String {
        let mut text = String::new();
        self.write_result(&mut text);
        self.write_file(&mut text);
        text
    }

    fn write_result(&self, text: &mut String) {
        let quality = &self.quality;
        let mut line = |words: std::fmt::Arguments<'_>| {
            writeln!(text, "{words}").expect("a string takes any text");
        };
        line(format_args!("RAPPORT DE RAPPROCHEMENT\n"));
        line(format_args!(
            "{}, {}.",
            counted(quality.records, "fiche", "fiches"),
            counted(quality.people, "personne trouvée", "personnes trouvées")
        ));
        line(format_args!(
            "Nombre de personnes attendu, compte tenu des doutes : {:.0}.\n",
            quality.expected_people
        ));
        for (size, count) in self.cluster_sizes.iter().filter(|(size, _)| *size > 1) {
            line(format_args!(
                "  {} {size} fiches",
                counted(*count, "personne a", "personnes ont")
            ));
        }
        if quality.candidates == 0 {
            line(format_args!(
                "\nAucune paire n'a été comparée, donc rien n'a été réuni : aucune fiche n'a en commun avec une autre une \
                 carte, un NINA, un téléphone, ou un nom avec un village ou des parents. Les colonnes lues (ci-dessous) \
                 sont-elles les bonnes ?"
            ));
        } else {
            self.write_pairs(&mut line);
        }
        if !quality.large_blocks.is_empty() {
            line(format_args!(
                "\nGroupes trop grands, divisés par d'autres champs (rien n'est laissé de côté) :"
            ));
        }
        for block in &quality.large_blocks {
            line(format_args!("  {} fiches par la clé {}", block.records, words::code(&block.key)));
        }
    }

    fn write_pairs(&self, line: &mut impl FnMut(std::fmt::Arguments<'_>)) {
        let quality = &self.quality;
        line(format_args!(
            "\nPaires comparées : {}. Paires retenues dans la liste :",
            quality.candidates
        ));
        for (verdict, count) in &self.pairs {
            line(format_args!("  {count} : {}", in_french(verdict)));
        }
        line(format_args!(
            "Réunies (les deux fiches ont le même cluster_id) : {}, au seuil de {:.2}.",
            counted(self.joined, "paire", "paires"),
            self.threshold
        ));
        line(format_args!(
            "À vérifier par une personne : {}, dont {} et {}.",
            counted(quality.to_review, "paire", "paires"),
            counted(self.joined_to_review, "déjà réunie", "déjà réunies"),
            counted(
                quality.to_review.saturating_sub(self.joined_to_review),
                "laissée séparée",
                "laissées séparées"
            )
        ));
        line(format_args!(
            "Réunions refusées par une règle ou par la taille : {}.",
            quality.refused
        ));
        line(format_args!(
            "Estimations du modèle, que rien n'a mesurées : sur 100 paires au-dessus du seuil, {} sont justes ; sur 100 \
             vraies paires parmi celles comparées, {} sont au-dessus du seuil. Deux fiches qui n'ont rien en commun ne sont \
             jamais comparées : sur toutes les vraies paires, la part trouvée est plus petite.",
            hundred(quality.expected_precision),
            hundred(quality.expected_recall)
        ));
    }

    fn write_file(&self, text: &mut String) {
        let mut line = |words: std::fmt::Arguments<'_>| {
            writeln!(text, "{words}").expect("a string takes any text");
        };
        line(format_args!("\nColonnes lues :"));
        for (column, headers) in &self.columns {
            line(format_args!("  {column} : {}", headers.join(" + ")));
        }
        if !self.unused.is_empty() {
            line(format_args!("  non utilisées : {}", self.unused.join(", ")));
        }
        line(format_args!("\nManquant, pour cent fiches :"));
        for (column, part) in &self.missing {
            line(format_args!("  {column} : {:.1}", part * 100.0));
        }
        if !self.oddities.is_empty() {
            line(format_args!("\nRemarqué dans le fichier :"));
        }
        for (oddity, count, lines) in &self.oddities {
            line(format_args!("  {count} fois : {} (lignes {})", oddity.french(), listed(lines)));
        }
        let Stages { read, train, link } = self.seconds;
        line(format_args!(
            "\nSecondes : lecture {read:.1}, apprentissage {train:.1}, rapprochement {link:.1}."
        ));
        line(format_args!("Modèle : {}", self.quality.model));
    }
}

/// Line numbers as a list.
fn listed(lines: &[u64]) -> String {
    lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

fn hundred(part: f32) -> String {
    format!("{:.1}", part * 100.0)
}

/// How many clusters there are of each size, by size.
fn cluster_sizes(clusters: &[u32]) -> Vec<(u32, u64)> {
    let mut records = vec![0_u32; clusters.len()];
    for &first in clusters {
        if let Some(count) = usize::try_from(first).ok().and_then(|first| records.get_mut(first)) {
            *count += 1;
        }
    }
    let mut sizes = std::collections::BTreeMap::new();
    for size in records.into_iter().filter(|&size| size > 0) {
        *sizes.entry(size).or_default() += 1;
    }
    sizes.into_iter().collect()
}

/// Scored pairs of this kind whose two records lie in one cluster.
fn joined(linkage: &Linkage, wanted: impl Fn(Verdict) -> bool) -> u64 {
    let cluster = |record: RecordNo| {
        usize::try_from(record.0).ok().and_then(|record| linkage.clusters.get(record))
    };
    let together = |pair: &&ScoredPair| wanted(pair.verdict) && cluster(pair.a) == cluster(pair.b);
    u64::try_from(linkage.pairs.iter().filter(together).count()).unwrap_or(u64::MAX)
}

const VERDICTS: [Verdict; 6] = [
    Verdict::Same,
    Verdict::Review,
    Verdict::AgeReview,
    Verdict::Twins,
    Verdict::Relative,
    Verdict::Unrelated,
];

/// The words of a verdict, with the code that the file of pairs has for it.
fn in_french(code: &str) -> String {
    let known = VERDICTS.into_iter().find(|verdict| words::code(verdict) == code);
    known
        .map_or_else(String::new, |verdict| format!("{} ({code})", words::verdict_words(verdict).0))
}

fn by_verdict(linkage: &Linkage) -> Vec<(String, u64)> {
    let count = |verdict| linkage.pairs.iter().filter(|pair| pair.verdict == verdict).count();
    VERDICTS
        .into_iter()
        .map(|verdict| (words::code(&verdict), u64::try_from(count(verdict)).unwrap_or(u64::MAX)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
