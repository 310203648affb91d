"""Writes one form as an XLSForm that a person can edit and convert again."""

import datetime
import io
import zipfile

import openpyxl

import messages
from definition import CLASSES

NAMESPACE = "urn:sanu:form:1"
LANGUAGE = "Français (fr)"
TRANSLATED = ("label", "hint", "constraint_message")
COLUMNS = (
    "type name label hint required constraint constraint_message relevant appearance "
    "choice_filter calculation parameters save_to bind::sanu:class bind::sanu:property"
).split()
# Part of the settings sheet that pyxform does not know: conv.py copies it onto <model>.
MODEL = ("dataset", "mode", "realm", "log")
# A fixed date, so that the same definitions give the same bytes.
EPOCH = datetime.datetime(2026, 1, 1)


def write(form, version, lists, path):
    """Writes the workbook of `form` to `path`."""
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = EPOCH
    survey = book.active
    survey.title = "survey"
    entity = form.header["mode"] in ("create", "update")
    columns = [column for column in COLUMNS if entity or column != "save_to"]
    survey.append([translated(column) for column in columns])
    for row in survey_rows(form, lists, entity):
        survey.append([row.get(column) or None for column in columns])
    choices = book.create_sheet("choices")
    choices.append(["list_name", "name", f"label::{LANGUAGE}"])
    for name in sorted({row.list_name for row in form.questions() if row.list_name}):
        for code, label in lists[name]:
            choices.append([name, code, label])
    settings = settings_row(form, version)
    sheet = book.create_sheet("settings")
    sheet.append(list(settings))
    sheet.append(list(settings.values()))
    if entity:
        declared = entity_row(form)
        sheet = book.create_sheet("entities")
        sheet.append(list(declared))
        sheet.append(list(declared.values()))
    path.write_bytes(reproducible(book))


def translated(column):
    return f"{column}::{LANGUAGE}" if column in TRANSLATED else column


def survey_rows(form, lists, entity):
    labels = {row.name: row.label for row in form.questions()}
    rows, opened = [], False
    for row in form.rows:
        if row.kind == "group":
            if opened:
                rows.append({"type": "end_group"})
            opened = True
            rows.append(
                {"type": row.type, "name": row.name, "label": row.label, "relevant": row.get("rel")}
            )
        elif row.kind == "question":
            rows.append(question(row, lists, labels, entity))
        else:
            rows.append({"type": row.type, "name": row.name, **row.options})
    if opened:
        rows.append({"type": "end_group"})
    return rows


def question(row, lists, labels, entity):
    constraint = messages.constraint(row, lists)
    goes_to = row.get("e") if row.get("e") != "-" else ""
    return {
        "type": row.type,
        "name": row.name,
        "label": row.label,
        "hint": row.get("h"),
        "required": "yes" if row.get("r") else "",
        "constraint": constraint,
        "constraint_message": messages.message(row, constraint, labels),
        "relevant": row.get("rel"),
        "appearance": row.get("app"),
        "choice_filter": row.get("cf"),
        "parameters": "max-pixels=1280" if row.type == "image" else "",
        # `label` is the entity's own label, declared on the entities sheet.
        "save_to": goes_to if entity and row.get("d") and goes_to != "label" else "",
        "bind::sanu:class": CLASSES[row.get("p")],
        "bind::sanu:property": goes_to,
    }


def settings_row(form, version):
    row = {
        "form_title": form.header["title"],
        "form_id": form.id,
        "version": version,
        "default_language": LANGUAGE,
        "instance_name": form.header["instance_name"],
        "namespaces": f'sanu="{NAMESPACE}"',
    }
    return row | {f"sanu:{key}": form.header[key] for key in MODEL if key in form.header}


def entity_row(form):
    row = {"list_name": form.header["dataset"]}
    if form.header["mode"] == "update":
        return row | {"entity_id": form.header["entity_id"]}
    return row | {"label": form.header["entity_label"], "create_if": form.header["create_if"]}


def reproducible(book):
    """The workbook's bytes, without the moment it was written."""
    raw, clean = io.BytesIO(), io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(clean, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            if name == "docProps/core.xml":
                part = undated(part)
            target.writestr(zipfile.ZipInfo(name, EPOCH.timetuple()[:6]), part, zipfile.ZIP_DEFLATED)
    return clean.getvalue()


def undated(core):
    # openpyxl stamps the moment of saving over the date it was given.
    before, rest = core.split(b"<dcterms:modified", 1)
    _, after = rest.split(b"</dcterms:modified>", 1)
    return before + after
