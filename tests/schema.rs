//! The two schemas say the same, and allow growing past one machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

type Schema = BTreeMap<String, BTreeSet<String>>;

/// Tables and columns of a folder of migrations, read from their text.
fn schema(folder: &str) -> Schema {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let mut tables = Schema::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        let text: Vec<&str> = text.lines().filter(|l| !l.trim_start().starts_with("--")).collect();
        for statement in text.join("\n").split(";\n") {
            take(&mut tables, statement.trim());
        }
    }
    tables
}

/// Follows one statement of a migration.
fn take(tables: &mut Schema, statement: &str) {
    if let Some(part) = statement.strip_prefix("CREATE TABLE ") {
        let (name, rest) = part.split_once(" (").unwrap();
        let body = rest.split("\n)").next().unwrap();
        let columns = body
            .lines()
            .map(str::trim)
            .filter(|l| l.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|l| l.split(' ').next().map(str::to_owned))
            .filter(|w| !w.ends_with(',') && w != "cercle_2023")
            .collect();
        tables.insert(name.to_owned(), columns);
    } else if let Some(name) = statement.strip_prefix("DROP TABLE ") {
        assert!(tables.remove(name.trim_end_matches(';')).is_some(), "{name} does not exist");
    } else if let Some(change) = statement.strip_prefix("ALTER TABLE ") {
        let words: Vec<&str> = change.split_whitespace().collect();
        match words.as_slice() {
            [table, "ADD", "COLUMN", column, ..] => {
                tables.get_mut(*table).unwrap().insert((*column).to_owned());
            }
            [table, "RENAME", "TO", name] => {
                let columns = tables.remove(*table).unwrap();
                tables.insert(name.trim_end_matches(';').to_owned(), columns);
            }
            _ => {}
        }
    }
}

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    let (sqlite, postgres) = (schema("sqlite"), schema("postgres"));
    assert!(sqlite.len() > 20, "the migrations were not read");
    assert_eq!(sqlite, postgres);
}

#[test]
fn every_table_says_how_it_would_be_distributed() {
    let manifest = include_str!("../migrations/distribution.toml");
    let listed: BTreeMap<&str, &str> = manifest
        .lines()
        .filter_map(|l| l.split_once(" = {"))
        .map(|(name, rest)| (name.trim(), rest))
        .collect();
    let tables = schema("postgres");

    assert_eq!(
        listed.keys().map(ToString::to_string).collect::<BTreeSet<_>>(),
        tables.keys().cloned().collect::<BTreeSet<_>>()
    );
    for (table, rule) in listed {
        if let Some((_, column)) = rule.split_once("column = \"") {
            let column = column.split('"').next().unwrap();
            assert!(tables[table].contains(column), "{table}.{column}");
        }
    }
}

#[test]
fn every_statement_text_is_asserted_safe_in_one_file_only() {
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path).is_ok_and(|t| t.contains("AssertSqlSafe")) {
                found.insert(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    assert_eq!(found, BTreeSet::from(["tx.rs".to_owned()]));
}
