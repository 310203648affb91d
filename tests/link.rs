//! `sanu link` on lists as researchers have them: right, explained, and never silent about what it could not read.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use sanu::link::{Scores, scores};
use serde_json::Value;

mod hostile;

/// A folder with the program beside it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs `sanu` in the folder.
    fn sanu(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sanu"));
        command.current_dir(self.0.path()).args(args).output().unwrap()
    }

    /// Runs it, expects it to end well, and gives what it said on standard error.
    fn done(&self, args: &[&str]) -> String {
        let output = self.sanu(args);
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    }

    /// Runs it, expects exit code 1, and gives what it said.
    fn fails(&self, args: &[&str]) -> String {
        let output = self.sanu(args);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        said(&output)
    }

    /// A simulated list `registrations.csv` with `truth.csv`.
    fn simulate(&self, records: usize, seed: u64) {
        let (records, seed) = (records.to_string(), seed.to_string());
        self.done(&["simulate", "--registrations", &records, "--seed", &seed, "--out", "."]);
    }

    /// How right a file of clusters is.
    fn judge(&self, clusters: &str) -> Scores {
        let clusters = column(&self.path(clusters), "cluster_id");
        let people = column(&self.path("truth.csv"), "entity_id");
        assert_eq!(clusters.len(), people.len());
        scores(&clusters, &people)
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A column as numbers of its distinct values, by the order of record ids.
fn column(path: &Path, name: &str) -> Vec<u32> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    let mut rows: Vec<(String, String)> =
        reader.records().map(Result::unwrap).map(|r| (r[0].to_owned(), r[at].to_owned())).collect();
    rows.sort_unstable();
    let mut names: Vec<&str> = rows.iter().map(|(_, value)| value.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    rows.iter()
        .map(|(_, value)| u32::try_from(names.binary_search(&value.as_str()).unwrap()).unwrap())
        .collect()
}

#[test]
fn a_simulated_list_is_linked_far_above_chance() {
    let desk = Desk::new();
    desk.simulate(4_000, 11);

    desk.done(&["link", "registrations.csv", "--out", "clusters.csv"]);

    let scores = desk.judge("clusters.csv");
    assert!(scores.f1 > 0.85, "{scores:?}");
    assert!(scores.precision > 0.85, "{scores:?}");
}

#[test]
fn every_record_gets_one_cluster_and_the_other_files_agree() {
    let desk = Desk::new();
    desk.simulate(1_500, 3);

    desk.done(&[
        "link",
        "registrations.csv",
        "--out",
        "clusters.csv",
        "--pairs",
        "pairs.csv",
        "--report",
        "report.json",
    ]);

    let clusters = desk.text("clusters.csv");
    assert_eq!(clusters.lines().next(), Some("record_id,cluster_id"));
    assert_eq!(clusters.lines().count(), 1_501);
    let report: Value = serde_json::from_str(&desk.text("report.json")).unwrap();
    assert_eq!(report["quality"]["records"], 1_500);
    let pairs = desk.text("pairs.csv");
    assert!(pairs.starts_with(
        "record_a,record_b,probability,weight,relative,verdict,stops,found_by,family,given,birth"
    ));
    let told: u64 =
        report["pairs"].as_array().unwrap().iter().map(|pair| pair[1].as_u64().unwrap()).sum();
    assert!(told > 100, "{report}");
    assert_eq!(u64::try_from(pairs.lines().count()).unwrap(), told + 1);
    let phone =
        report["missing"].as_array().unwrap().iter().find(|part| part[0] == "phone").unwrap();
    assert!((0.2..0.5).contains(&phone[1].as_f64().unwrap()), "{phone}");
}

#[test]
fn the_report_for_people_is_in_french() {
    let desk = Desk::new();
    desk.simulate(500, 3);

    desk.done(&["link", "registrations.csv", "--out", "clusters.csv", "--report", "rapport.txt"]);

    let report = desk.text("rapport.txt");
    assert!(report.contains("500 fiches, ") && report.contains("personnes trouvées"), "{report}");
    assert!(report.contains("given : prenom"), "{report}");
    for words in
        [" déjà réunies et ", " laissées séparées", "Réunies (", "ne sont jamais comparées"]
    {
        assert!(report.contains(words), "{words}: {report}");
    }
}

#[test]
fn one_json_object_answers_and_nothing_else_is_on_standard_output() {
    let desk = Desk::new();
    desk.simulate(300, 3);

    let output = desk.sanu(&["link", "registrations.csv", "--out", "clusters.csv", "--json"]);

    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["quality"]["records"], 300);
}

#[test]
fn packed_lists_give_the_clusters_of_the_plain_one() {
    let desk = Desk::new();
    desk.simulate(600, 5);
    let list = fs::read(desk.path("registrations.csv")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&list).unwrap();
    // The name says nothing: the content is looked at.
    desk.put("list.csv", gzip.finish().unwrap());
    desk.put("list.csv.zst", zstd::encode_all(list.as_slice(), 1).unwrap());

    for (list, out) in [("registrations.csv", "0"), ("list.csv", "1"), ("list.csv.zst", "2")] {
        desk.done(&["link", list, "--out", out]);
    }

    assert_eq!(desk.text("0"), desk.text("1"));
    assert_eq!(desk.text("0"), desk.text("2"));
}

#[test]
fn a_pair_is_explained_in_french_and_in_english() {
    let desk = Desk::new();
    desk.simulate(1_500, 3);
    desk.done(&["link", "registrations.csv", "--out", "clusters.csv", "--pairs", "pairs.csv"]);
    let pairs = desk.text("pairs.csv");
    let best: Vec<&str> = pairs.lines().nth(1).unwrap().split(',').collect();

    let output = desk.sanu(&["link", "registrations.csv", "--explain", best[0], best[1]]);

    let account = String::from_utf8(output.stdout).unwrap();
    assert!(account.contains("prénom / given name"), "{account}");
    assert!(account.contains("somme / sum"), "{account}");
    assert!(account.contains("probability of one person"), "{account}");
    assert!(account.contains("Dans la liste : réunies"), "{account}");
    let nobody = desk.fails(&["link", "registrations.csv", "--explain", best[0], "nobody"]);
    assert!(nobody.contains("no record \"nobody\""), "{nobody}");
}

#[test]
fn other_headers_are_told_by_a_mapping() {
    let desk = Desk::new();
    desk.simulate(800, 9);
    desk.done(&["link", "registrations.csv", "--out", "known.csv"]);
    let list = desk.text("registrations.csv");
    let (_, rows) = list.split_once('\n').unwrap();
    desk.put("other.csv", format!("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\n{rows}"));
    desk.put(
        "map.toml",
        "record_id = \"a\"\ngiven = \"b\"\nsurname = \"c\"\nalias = \"d\"\nsex = \"e\"\nbirth = \"f\"\n\
         birth_place = \"g\"\ncercle = \"h\"\nnationality = \"i\"\nphone = \"j\"\nnina = \"k\"\nsite = \"l\"\n\
         cooperative = \"m\"\nfather = \"n\"\nmother = \"o\"\nat = \"p\"\ndevice = \"q\"\n",
    );

    desk.done(&["link", "other.csv", "--columns", "map.toml", "--out", "mapped.csv"]);

    assert_eq!(desk.text("known.csv"), desk.text("mapped.csv"));
}

#[test]
fn a_mistake_in_a_mapping_is_said_with_what_is_allowed() {
    let desk = Desk::new();
    desk.put("list.csv", "id,prenom,nom\n1,Awa,Keïta\n");
    desk.put("key.toml", "vorname = \"prenom\"\n");
    desk.put("header.toml", "given = \"Vorname\"\n");

    let key = desk.fails(&["link", "list.csv", "--columns", "key.toml", "--out", "c.csv"]);
    let header = desk.fails(&["link", "list.csv", "--columns", "header.toml", "--out", "c.csv"]);

    assert!(
        key.contains("does not know \"vorname\"; it knows: record_id, given, surname"),
        "{key}"
    );
    assert!(header.contains("it has: id, prenom, nom"), "{header}");
    assert!(!desk.path("c.csv").exists());
}

#[test]
fn a_higher_threshold_joins_fewer() {
    let desk = Desk::new();
    desk.simulate(2_000, 4);

    desk.done(&["link", "registrations.csv", "--out", "bold.csv", "--threshold", "0.2"]);
    desk.done(&["link", "registrations.csv", "--out", "careful.csv", "--threshold", "0.99"]);

    let (bold, careful) = (desk.judge("bold.csv"), desk.judge("careful.csv"));
    assert!(careful.found_pairs < bold.found_pairs, "{careful:?} {bold:?}");
    assert!(careful.precision >= bold.precision, "{careful:?} {bold:?}");
}

#[test]
fn usage_errors_exit_with_two() {
    let desk = Desk::new();
    desk.put("list.csv", "id,prenom,nom\n1,Awa,Keïta\n");

    for args in [
        &["link", "list.csv"][..],
        &["link", "--out", "c.csv"],
        &["link", "list.csv", "--out", "c.csv", "--threshold", "2"],
        &["link", "list.csv", "--explain", "1"],
        &["simulate", "--registrations", "5"],
        &["simulate"],
    ] {
        assert_eq!(desk.sanu(args).status.code(), Some(2), "{args:?}");
    }
}
