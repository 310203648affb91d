"""Writes questionnaires as workbooks, and what pyxform makes of them, into a folder."""

import sys
from pathlib import Path

import openpyxl
from pyxform.xls2xform import convert

FOLDER = Path(sys.argv[1])
FR, BM = "Français (fr)", "Bamanankan (bm)"


def book(name, **sheets):
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, (columns, *rows) in sheets.items():
        sheet = workbook.create_sheet(title)
        sheet.append(columns.split("|"))
        names = columns.split("|")
        for row in rows:
            sheet.append([row.get(column) for column in names])
    workbook.save(FOLDER / f"{name}.xlsx")


def q(kind, name=None, fr=None, bm=None, **more):
    row = {"type": kind, "name": name, f"label::{FR}": fr, f"label::{BM}": bm}
    return row | {key.replace("__", "::"): value for key, value in more.items()}


def rich():
    columns = (
        f"type|name|label::{FR}|label::{BM}|hint::{FR}|required|required_message::{FR}|relevant|constraint|"
        f"constraint_message::{FR}|calculation|choice_filter|appearance|default|read_only|repeat_count|"
        f"media::image::{FR}|parameters|bind::sanu:class|note interne"
    )
    number = q("integer", "n", "Combien ?", "Joli ?", required="yes", constraint=". > 0 and . < 10", default="3")
    number |= {f"hint::{FR}": "Un nombre", f"required_message::{FR}": "Il faut répondre"}
    number |= {f"constraint_message::{FR}": "Entre 1 et 9"}
    age = q("integer", "age", "Âge de ${nom}", "Si", relevant="${nom} != '' and ${n} > 0", constraint=". < 120")
    age |= {f"constraint_message::{FR}": "Trop"}
    many = q("select_multiple region", "many", "Plusieurs", "Caman") | {f"media::image::{FR}": "carte.png"}
    rows = [
        q("start", "start"),
        q("begin group", "g", "Groupe", "Kulu", relevant="${n} > 1 or true()", appearance="field-list"),
        number,
        q("note", "info", "Il y a ${n} personnes < 10 & plus", "Mogo ${n}"),
        q("end group"),
        q("select_one region", "reg", "Région", "Mara", required="yes", appearance="minimal"),
        q("select_one cercle", "cer", "Cercle", "Serkili", choice_filter="region = ${reg}"),
        many,
        q("begin repeat", "p", "Personne", "Mogo", repeat_count="${n}"),
        q("text", "nom", "Nom", "Togo", required="yes"),
        age,
        q("select_one cercle", "pc", "Cercle", "S", choice_filter="region = ${reg} or name = ${nom}"),
        q("begin group", "dedans", "Dedans", "Kono"),
        q("calculate", "vieux", calculation="if(${age} > 60, 1, 0)"),
        q("begin repeat", "enfant", "Enfant", "Den"),
        q("text", "prenom", "Prénom de l'enfant de ${nom}", "Togo", relevant="${vieux} = 0 and ${age} > 10"),
        q("end repeat"),
        q("calculate", "enfants", calculation="count(${enfant})"),
        q("end group"),
        q("end repeat"),
        q("begin repeat", "q", "Autre", "Wɛrɛ", repeat_count="2 + 1"),
        q("decimal", "poids", "Poids", "G", required="${n} > 2"),
        q("end repeat"),
        q("calculate", "total", calculation="sum(${vieux})"),
        q("select_one_from_file sites.csv", "site", "Site", "S"),
        q("select_multiple_from_file gens.csv", "gens", "Gens", "M", parameters="value=code label=nom"),
        q("calculate", "village", calculation="instance('sites')/root/item[name = ${site}]/village"),
        q("calculate", "autre", calculation="pulldata('autres', 'label', 'name', ${site})"),
        q("image", "ph", "Photo", "Ja", parameters="max-pixels=800"),
        q("audio", "au", "Son", "M"),
        q("file", "fi", "Fichier", "F"),
        q("geotrace", "tr", "Trace", "T"),
        q("time", "h", "Heure", "W"),
        q("dateTime", "dh", "Date", "D"),
        q("acknowledge", "ok", "Oui", "Ɔwɔ", required="no"),
        q("barcode", "bc", "Code", "K"),
        q("text", "ro", "Lu", "K", appearance="multiline", read_only="yes"),
    ]
    settings = {"form_title": "Riche & long", "form_id": "riche", "version": "7", "default_language": FR, "style": "pages"}
    settings |= {"namespaces": 'autre="urn:autre"'}
    book(
        "rich",
        survey=(columns.replace("|bind::sanu:class", ""), *rows),
        choices=(
            f"list_name|name|label::{FR}|label::{BM}|region",
            *(
                {"list_name": of, "name": name, f"label::{FR}": fr, f"label::{BM}": bm, "region": region}
                for of, name, fr, bm, region in [
                    ("region", "k", "Kayes", "Kayi", None),
                    ("region", "s", "Sikasso & Sud", "Sikaso", None),
                    ("cercle", "kn", "Kéniéba", "K", "k"),
                    ("cercle", "kg", "Kangaba", "K", "s"),
                    ("jamais", "x", "Pas employé", "X", None),
                ]
            ),
        ),
        settings=("|".join(settings), settings),
    )


def plain():
    rows = [
        {"type": "text", "name": "nom", "label": "Nom <b> ${age}", "hint": "aide"},
        {"type": "integer", "name": "age", "label": "Âge", "constraint": ". < 120", "constraint_message": "Trop \"vieux\""},
        {"type": "select_one yn", "name": "y", "label": "Oui ?"},
        {"type": "select_one_from_file arbres.csv", "name": "arbre", "label": "Lequel ?"},
        {"type": "begin_group", "name": "g2", "label": "G", "relevant": "${y}='o'"},
        {"type": "date", "name": "d", "label": "Jour", "save_to": "jour"},
        {"type": "end_group"},
        {"type": "calculate", "name": "c", "calculation": "${age}+1"},
    ]
    settings = {"form_title": "Simple", "form_id": "simple", "version": 1.0, "instance_name": "concat(${nom}, ' ', ${age})"}
    entity = {"list_name": "arbres", "label": "${nom}", "entity_id": "${arbre}"}
    entity |= {"create_if": "${age} > 1", "update_if": "${age} <= 1"}
    book(
        "plain",
        survey=("type|name|label|hint|relevant|constraint|constraint_message|calculation|save_to", *rows),
        choices=("list_name|name|label", *({"list_name": "yn", "name": n, "label": w} for n, w in [("o", "Oui"), ("n", "Non")])),
        settings=("|".join(settings), settings),
        entities=("|".join(entity), entity),
    )


def wrong():
    rows = [
        {"type": "range", "name": "r", "label": "R"},
        {"type": "integer", "name": "age", "label": "A", "relevant": "${personne} = 1"},
        {"type": "integer", "name": "age", "label": "B"},
        {"type": "select_one absente", "name": "s", "label": "S"},
        {"type": "text", "name": "t", "label": "T", "trigger": "${age}"},
        {"type": "begin_group", "name": "ouvert", "label": "O"},
        {"type": "select_one yn", "name": "z", "label": "Z"},
    ]
    book(
        "wrong",
        survey=("type|name|label|relevant|trigger", *rows),
        choices=("list_name|name|label", *({"list_name": "yn", "name": "a", "label": w} for w in ("A", "B"))),
        settings=("form_title|form_id", {"form_title": "Faux", "form_id": "faux"}),
    )


rich()
plain()
wrong()
for name in ("rich", "plain"):
    (FOLDER / f"{name}.xml").write_text(convert(str(FOLDER / f"{name}.xlsx")).xform)
(FOLDER / "plain.xml.xlsx").write_bytes(b"PK, but no workbook")
