"""Reads and checks the form definitions of build/definitions/ (one text file per form)."""

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
CLASSES = {"D": "direct", "Q": "quasi", "S": "sensitive", "N": "none"}
# The only direct identifier that may reach a phone: a card number is printed on the card the person keeps.
DIRECT_ON_DEVICES = {"card_no"}


@dataclass
class Row:
    """One line of a form: metadata, a group, a calculation or a question."""

    kind: str
    name: str
    type: str = ""
    label: str = ""
    options: dict = field(default_factory=dict)

    def get(self, key):
        return self.options.get(key, "")

    @property
    def list_name(self):
        words = self.type.split()
        return words[1] if words[0] in ("select_one", "select_multiple") else ""


@dataclass
class Form:
    """A form: its header and its rows in order."""

    id: str
    header: dict
    rows: list

    def questions(self):
        return [row for row in self.rows if row.kind == "question"]


def code_lists():
    """Every code list by name: [(code, French label)]."""
    lists = {}
    for path in sorted((ROOT / "codelists").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if "code" in rows[0]:
            lists[path.stem] = [(row["code"], row["label_fr"]) for row in rows]
    return lists


def read(path, campaign_year):
    """Parses one definition file."""
    head, body = path.read_text(encoding="utf-8").split("\n---\n", 1)
    header = dict(line.split(" = ", 1) for line in head.splitlines())
    body = body.replace("{campaign_year}", str(campaign_year))
    rows = [parse_row(line) for line in body.splitlines() if line.strip()]
    return Form(path.stem, header, rows)


def parse_row(line):
    mark, rest = line[0], line[1:].strip()
    if mark == "@":
        name, kind, *params = [part.strip() for part in rest.split("|", 2)]
        return Row("meta", name, kind, options={"parameters": "".join(params)})
    if mark == "=":
        name, calculation = [part.strip() for part in rest.split("|", 1)]
        return Row("calculation", name, "calculate", options={"calculation": calculation})
    if mark == "#":
        parts = [part.strip() for part in rest.split("|")]
        name, label = (parts + parts)[:2] if len(parts) > 1 else ("z_end", parts[0])
        relevant = parts[2].removeprefix("rel=") if len(parts) > 2 else ""
        return Row("group", name, "begin_group", label, {"rel": relevant})
    name, kind, label, *options = [part.strip() for part in line.split(" | ", 3)]
    pairs = (pair.split("=", 1) for pair in "".join(options).split(" ;; ") if pair)
    return Row("question", name, kind, label, {key.strip(): value.strip() for key, value in pairs})


def errors(form, lists):
    """Everything wrong in a form, as sentences; empty when it may be published."""
    names = [row.name for row in form.rows if row.kind != "group"]
    found = [f"{name} is used twice" for name in names if names.count(name) > 1]
    if len(form.questions()) > int(form.header["limit"]):
        found.append("there are more questions than the limit")
    by_name = {row.name: row for row in form.questions()}
    for row in form.rows:
        found += reference_errors(row, names)
        found += code_errors(row, by_name, lists)
    for row in form.questions():
        found += question_errors(row, lists)
    return [f"{form.id}: {error}" for error in found]


def reference_errors(row, names):
    found = []
    for key in ("c", "rel", "cf", "calculation"):
        for name in re.findall(r"\$\{(\w+)\}", row.get(key)):
            if name not in names:
                found.append(f"{row.name} refers to {name}, which does not exist")
            elif row.name in names and names.index(name) > names.index(row.name):
                found.append(f"{row.name} refers to {name}, which comes later")
    return found


def code_errors(row, by_name, lists):
    found = []
    pattern = r"\$\{(\w+)\}(?:\s*!?=\s*|\s*,\s*)'([a-zA-Z0-9_]+)'"
    for name, code in re.findall(pattern, row.get("rel")):
        asked = by_name.get(name)
        if asked and asked.list_name and code not in dict(lists[asked.list_name]):
            found.append(f"{row.name} compares {name} with {code}, which is not in its list")
    return found


def question_errors(row, lists):
    found = []
    if row.list_name and row.list_name not in lists:
        found.append(f"{row.name} uses the unknown list {row.list_name}")
    if row.get("p") not in CLASSES:
        found.append(f"{row.name} has no class")
    if row.get("d") and row.get("p") == "D" and row.name not in DIRECT_ON_DEVICES:
        found.append(f"{row.name} would put a direct identifier on devices")
    if not row.get("y"):
        found.append(f"{row.name} does not say why it is asked")
    return found
