//! Questionnaires as workbooks: what the program makes of them is what pyxform makes of them.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use quick_xml::{Reader, events::Event};
use sanu::forms::{XForm, xlsform};

use crate::support::Server;

/// An element, as far as phones read it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Element {
    let name = start.name().as_ref().to_owned();
    let mut attributes: Vec<_> = start
        .attributes()
        .flatten()
        .map(|a| {
            let key = a.key.as_ref().to_owned();
            let value = a.value.to_string();
            (key, value.replace("&#10;", "\n"))
        })
        .filter(|(name, _)| !name.starts_with("xmlns"))
        .collect();
    attributes.sort();
    Element { name, attributes, ..Element::default() }
}

fn parse(xml: &str) -> Element {
    let mut reader = Reader::from_str(xml);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(start) => open.push(element(&start)),
            Event::Empty(start) => open.last_mut().unwrap().children.push(element(&start)),
            Event::End(_) => {
                let done = open.pop().unwrap();
                open.last_mut().unwrap().children.push(done);
            }
            Event::Text(text) => {
                let text = text.to_string();
                if !text.trim().is_empty() {
                    open.last_mut().unwrap().text.push_str(text.trim());
                }
            }
            Event::GeneralRef(name) => {
                let name = name.to_string();
                write!(open.last_mut().unwrap().text, "&{name};").unwrap();
            }
            Event::Eof => return open.pop().unwrap(),
            _ => {}
        }
    }
}

/// The order of texts and of lists means nothing; that of everything else does.
fn lines(element: &mut Element, depth: usize, into: &mut Vec<String>) {
    let key = |e: &Element| {
        let free =
            matches!(e.name.as_str(), "text") || (e.name == "instance" && !e.attributes.is_empty());
        free.then(|| (e.name.clone(), e.attributes.clone()))
    };
    element.children.sort_by(|a, b| match (key(a), key(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => std::cmp::Ordering::Equal,
    });
    let text = element.text.replace("&quot;", "\"").replace("&apos;", "'");
    let mut line = format!("{}{}", "  ".repeat(depth), element.name);
    for (name, value) in &element.attributes {
        let value = value.replace("&quot;", "\"").replace("&apos;", "'");
        write!(line, " {name}={value:?}").unwrap();
    }
    writeln!(line, " {text}").unwrap();
    into.push(line.trim_end().to_owned());
    for child in &mut element.children {
        lines(child, depth + 1, into);
    }
}

fn canonical(xml: &str) -> Vec<String> {
    let mut all = Vec::new();
    lines(&mut parse(xml), 0, &mut all);
    all
}

fn ensure_same(name: &str, ours: &str, theirs: &str) {
    let (one, other) = (canonical(ours), canonical(theirs));
    for (at, (ours, theirs)) in one.iter().zip(&other).enumerate() {
        assert_eq!(ours, theirs, "{name}, element {at}");
    }
    assert_eq!(one.len(), other.len(), "{name}");
    let (one, other) =
        (XForm::parse(ours.as_bytes()).unwrap(), XForm::parse(theirs.as_bytes()).unwrap());
    assert_eq!(format!("{:?}", one.questions), format!("{:?}", other.questions), "{name}");
    assert_eq!(format!("{:?}", one.entities), format!("{:?}", other.entities), "{name}");
    assert_eq!(one.not_evaluated().len(), other.not_evaluated().len(), "{name}");
    let files = |form: &XForm| {
        let mut files: Vec<_> = form.media.iter().map(|m| format!("{m:?}")).collect();
        files.sort();
        files
    };
    assert_eq!(files(&one), files(&other), "{name}");
    assert_eq!((one.form_id, one.version, one.title), (other.form_id, other.version, other.title));
    assert_eq!(
        (one.dataset, one.mode, one.realm, one.log),
        (other.dataset, other.mode, other.realm, other.log)
    );
}

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas")
}

#[test]
fn the_eleven_questionnaires_are_converted_as_pyxform_converted_them() {
    let mut seen = 0;
    for file in std::fs::read_dir(schemas().join("xlsform")).unwrap().flatten() {
        let name = file.path().file_stem().unwrap().to_string_lossy().into_owned();
        let theirs = std::fs::read_to_string(schemas().join(format!("forms/{name}.xml"))).unwrap();

        let ours = xlsform::convert(&std::fs::read(file.path()).unwrap());

        let ours = ours.unwrap_or_else(|faults| panic!("{name}: {faults}"));
        ensure_same(&name, &ours, &theirs);
        seen += 1;
    }
    assert_eq!(seen, 11);
}

/// The Python that has pyxform; where there is none this says so and the test passes, unless it is required.
fn python() -> Option<String> {
    let python = std::env::var("SANU_PYXFORM_PYTHON").unwrap_or_else(|_| String::from("python3"));
    let found = Command::new(&python).args(["-c", "import pyxform, openpyxl"]).output();
    if found.is_ok_and(|out| out.status.success()) {
        return Some(python);
    }
    assert!(std::env::var_os("SANU_REQUIRE_CLIENTS").is_none(), "pyxform is required and not here");
    eprintln!("sanu-tests: PYXFORM DID NOT RUN: no Python with pyxform and openpyxl");
    None
}

/// Workbooks with everything that is covered, and one that is wrong everywhere: see the script.
fn workbooks(python: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/clients/xlsforms.py");
    let out = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    folder
}

#[test]
fn repeats_languages_files_and_entities_are_converted_as_pyxform_does() {
    let Some(python) = python() else { return };
    let folder = workbooks(&python);
    for name in ["rich", "plain"] {
        let workbook = std::fs::read(folder.path().join(format!("{name}.xlsx"))).unwrap();
        let theirs = std::fs::read_to_string(folder.path().join(format!("{name}.xml"))).unwrap();

        let ours = xlsform::convert(&workbook).unwrap_or_else(|faults| panic!("{name}: {faults}"));

        ensure_same(name, &ours, &theirs);
    }
}

#[test]
fn what_is_wrong_is_told_by_sheet_row_and_column_and_what_is_right_is_published() {
    let Some(python) = python() else { return };
    let folder = workbooks(&python);
    let server = Server::sqlite();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();

    let wrong = server.cli(&["form", "publish", &path("wrong.xlsx")]);
    let right = server.cli_json(&["form", "publish", &path("plain.xlsx")]);
    let again = server.cli_json(&["form", "publish", &path("plain.xlsx")]);

    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(1));
    for part in [
        "feuille « survey », ligne 2, colonne « type » : le type « range » n'est pas pris en charge",
        "feuille « survey », ligne 3, colonne « relevant » : ${personne} : il n'y a pas de question de ce nom",
        "feuille « survey », ligne 4, colonne « name » : « age » est déjà le nom de la ligne 3",
        "la liste « absente » n'est pas sur la feuille choices",
        "colonne « trigger » : cette colonne n'est pas prise en charge",
        "feuille « survey », ligne 7 : « ouvert » est ouvert et jamais fermé",
        "feuille « choices », ligne 3, colonne « name » : le code « a » est déjà sur la ligne 2",
    ] {
        assert!(said.contains(part), "{part}\n---\n{said}");
    }
    assert_eq!(
        (&right["form_id"], &right["new"], &again["new"]),
        (&"simple".into(), &true.into(), &false.into())
    );
    assert!(server.cli_json(&["form", "list"]).to_string().contains("simple"));
    let foreign = server.cli(&["form", "publish", &path("plain.xml.xlsx")]);
    assert!(String::from_utf8_lossy(&foreign.stderr).contains("XLSX lisible"));
}
