//! Lists that are broken, odd or dangerous.

use std::io::Write as _;

use super::Desk;

#[test]
fn a_broken_quote_far_down_is_told_with_its_line_and_costs_nobody() {
    let desk = Desk::new();
    desk.simulate(3_000, 2);
    let list = desk.text("registrations.csv");
    let mut lines: Vec<String> = list.lines().map(String::from).collect();
    lines[1_999] = lines[1_999].replacen(',', ",\"", 1);
    desk.put("broken.csv", lines.join("\n"));

    let said = desk.done(&["link", "broken.csv", "--out", "clusters.csv"]);

    assert!(
        said.contains("a quote is opened and never closed") && said.contains("(line 2000)"),
        "{said}"
    );
    assert_eq!(desk.text("clusters.csv").lines().count(), 3_001);
}

#[test]
fn ids_that_repeat_or_lack_are_refused_with_their_lines() {
    let desk = Desk::new();
    desk.put("twice.csv", "id,prenom,nom\n7,Awa,Keïta\n8,Awa,Diarra\n7,Fanta,Keïta\n");
    desk.put("none.csv", "id,prenom,nom\n7,Awa,Keïta\n,Awa,Diarra\n");

    let twice = desk.fails(&["link", "twice.csv", "--out", "c.csv"]);
    let none = desk.fails(&["link", "none.csv", "--out", "c.csv"]);

    assert!(twice.contains("\"7\" on lines 2 and 4"), "{twice}");
    assert!(none.contains("1 records have no id, the first on lines [3]"), "{none}");
    desk.done(&["link", "twice.csv", "--out", "c.csv", "--ids-by-line"]);
    assert_eq!(desk.text("c.csv"), "record_id,cluster_id\n2,1\n3,2\n4,3\n");
}

#[test]
fn a_list_without_ids_is_numbered_by_its_lines() {
    let desk = Desk::new();
    desk.put("list.csv", "Prénom;Nom\nAwa;Keïta\n\nFanta;Diarra\n");

    desk.done(&["link", "list.csv", "--out", "c.csv"]);

    assert_eq!(desk.text("c.csv"), "record_id,cluster_id\n2,1\n4,2\n");
}

#[test]
fn old_encodings_and_other_separators_are_read() {
    let desk = Desk::new();
    let person = "TRAORÉ;Aïssata;F;1990-05-04;Kéniéba;Mamadou Traoré;Oumou Keïta";
    let rows = format!(
        "id;nom;prénom;sexe;date de naissance;village;père;mère\r\n1;{person}\r\n2;{person}\r\n"
    );
    let latin: Vec<u8> = rows.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    desk.put("list.csv", latin);

    let said = desk.done(&["link", "list.csv", "--out", "c.csv", "--report", "r.txt"]);

    assert!(said.contains("read as Windows-1252"), "{said}");
    assert!(desk.text("r.txt").contains("birth : date de naissance"), "{}", desk.text("r.txt"));
    assert_eq!(desk.text("c.csv").lines().count(), 3);
}

#[test]
fn what_is_no_list_is_refused_in_plain_words_and_leaves_no_file() {
    let desk = Desk::new();
    desk.put("book.xlsx", b"PK\x03\x04 and so on");
    desk.put("wide.csv", b"\xFF\xFEi\0d\0");
    desk.put("empty.csv", "");
    desk.put("header.csv", "id,prenom,nom\n");
    desk.put("stones.csv", "id,poids\n1,3\n");
    desk.put("cut.csv.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]);

    for (file, says) in [
        ("book.xlsx", "CSV UTF-8"),
        ("wide.csv", "UTF-16"),
        ("empty.csv", "no records"),
        ("header.csv", "no records"),
        ("stones.csv", "no column with names"),
        ("cut.csv.gz", "cannot be read beyond line"),
        ("nowhere.csv", "cannot read nowhere.csv"),
    ] {
        let said = desk.fails(&["link", file, "--out", "c.csv"]);
        assert!(said.contains(says), "{file}: {said}");
        assert!(!desk.path("c.csv").exists(), "{file}");
    }
}

#[test]
fn rows_of_other_lengths_are_kept_and_told() {
    let desk = Desk::new();
    desk.put("list.csv", "id,prenom,nom\n1,Awa\n2,Awa,Keïta,Kita\n3,Awa,Diarra,,\n");

    let said = desk.done(&["link", "list.csv", "--out", "c.csv"]);

    assert!(
        said.contains("1 × fewer values than columns: the others count as empty (line 2)"),
        "{said}"
    );
    assert!(said.contains("1 × more values than columns: they may be shifted (line 3)"), "{said}");
    assert_eq!(desk.text("c.csv").lines().count(), 4);
}

#[test]
fn endless_values_other_scripts_and_control_letters_do_no_harm() {
    let desk = Desk::new();
    let long = "a".repeat(10_000);
    desk.put(
        "list.csv",
        format!(
            "id,prenom,nom,telephone\n1,{long},Keïta,\n2,ߡߎߛߊ,ߕߙߊߥߟߋ,\n3,موسى,تراوري,\n4,\u{200B}\u{0},\u{202E}Dіаrra,=cmd()\n\
             5,Mоussa,Trаоré,0\n6,,,\n"
        ),
    );

    let said = desk.done(&["link", "list.csv", "--out", "c.csv"]);

    assert!(said.contains("more than 1,000 characters"), "{said}");
    assert!(said.contains("neither given name nor surname"), "{said}");
    assert_eq!(desk.text("c.csv").lines().count(), 7);
}

#[test]
fn no_id_is_taken_for_a_formula() {
    let desk = Desk::new();
    desk.put("list.csv", "id,prenom,nom\n\"=HYPERLINK(\"\"x\"\")\",Awa,Keïta\n-5,Awa,Diarra\n");

    desk.done(&["link", "list.csv", "--out", "c.csv"]);

    assert_eq!(desk.text("c.csv"), "record_id,cluster_id\n\"'=HYPERLINK(\"\"x\"\")\",1\n-5,2\n");
}

#[test]
fn an_output_that_cannot_be_written_is_said() {
    let desk = Desk::new();
    desk.put("list.csv", "id,prenom,nom\n1,Awa,Keïta\n");

    let said = desk.fails(&["link", "list.csv", "--out", "nowhere/c.csv"]);

    assert!(said.contains("cannot write nowhere/c.csv"), "{said}");
}

#[test]
fn no_file_of_a_run_is_written_over_another() {
    use std::os::unix::fs::symlink;
    let desk = Desk::new();
    let list = "id,prenom,nom\n1,Awa,Keïta\n";
    desk.put("list.csv", list);
    desk.put("map.toml", "given = \"prenom\"\n");
    std::fs::create_dir(desk.path("sub")).unwrap();
    symlink(desk.path("list.csv"), desk.path("link.csv")).unwrap();
    symlink("new.csv", desk.path("dangling.csv")).unwrap();
    std::fs::hard_link(desk.path("list.csv"), desk.path("hard.csv")).unwrap();

    for args in [
        &["--out", "list.csv"][..],
        &["--out", "sub/../list.csv"],
        &["--out", "link.csv"],
        &["--out", "hard.csv"],
        &["--out", "c.csv", "--pairs", "./c.csv"],
        &["--out", "c.csv", "--pairs", "p.csv", "--report", "p.csv"],
        &["--out", "new.csv", "--report", "dangling.csv"],
        &["--out", "c.csv", "--report", "c.csv.part"],
        &["--columns", "map.toml", "--out", "map.toml"],
        &["--columns", "map.toml", "--out", "c.csv", "--pairs", "map.toml"],
    ] {
        let said = desk.fails(&[&["link", "list.csv"], args].concat());

        assert!(said.contains("name one file"), "{args:?}: {said}");
        assert_eq!(desk.text("list.csv"), list, "{args:?}");
        assert!(!desk.path("c.csv").exists() && !desk.path("new.csv").exists(), "{args:?}");
    }
    desk.done(&["link", "list.csv", "--out", "dangling.csv", "--report", "/dev/null"]);
    assert_eq!(desk.text("new.csv"), "record_id,cluster_id\n1,1\n");
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn a_list_that_unpacks_without_end_is_refused_early() {
    let desk = Desk::new();
    let gzip = |head: &str, line: &str, times: usize| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(head.as_bytes()).unwrap();
        let block = line.repeat(10_000);
        for _ in 0..times.div_ceil(10_000) {
            packed.write_all(block.as_bytes()).unwrap();
        }
        packed.finish().unwrap()
    };
    desk.put("empty.csv.gz", gzip("prenom,nom,village\n", ",,\n", 400_000));
    desk.put("blank.csv.gz", gzip("prenom,nom,village\n", "\n", 80_000_000));
    desk.put("list.csv", "id,prenom,nom\n1,Awa,Keïta\n2,Awa,Diarra\n3,Fanta,Keïta\n");

    let rows = desk.fails(&["link", "empty.csv.gz", "--out", "c.csv", "--max-rows", "30000"]);
    let bytes = desk.fails(&["link", "blank.csv.gz", "--out", "c.csv", "--max-rows", "30000"]);
    let few = desk.fails(&["link", "list.csv", "--out", "c.csv", "--max-rows", "2"]);

    assert!(rows.contains("more than 30000 records, line 30002 and on; --max-rows"), "{rows}");
    assert!(bytes.contains("longer than 64 MB") && bytes.contains("--max-rows"), "{bytes}");
    assert!(few.contains("more than 2 records, line 4"), "{few}");
    assert!(!desk.path("c.csv").exists());
    desk.done(&["link", "list.csv", "--out", "c.csv", "--max-rows", "3"]);
}

#[test]
fn a_list_in_which_nothing_is_compared_says_so() {
    let desk = Desk::new();
    desk.put("list.csv", "id,prenom,nom\n1,Awa,Keïta\n2,Moussa,Diarra\n");

    let said = desk.done(&["link", "list.csv", "--out", "c.csv", "--report", "r.txt"]);

    assert!(said.contains("No two records were compared"), "{said}");
    assert!(!said.contains("recall"), "{said}");
    assert!(desk.text("r.txt").contains("Aucune paire n'a été comparée"), "{}", desk.text("r.txt"));
}
