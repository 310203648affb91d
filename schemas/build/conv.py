"""Converts xlsform/*.xlsx to forms/*.xml, minified and classified. Run in schemas/: python build/conv.py

Needs pyxform, openpyxl, lxml and Java (ODK Validate, bundled in pyxform). After editing a workbook by
hand, run this alone: gen.py would write the workbook again from its definition.
"""

import re
import sys
import tempfile
from pathlib import Path

import openpyxl
from lxml import etree
from pyxform.validators.odk_validate import check_xform
from pyxform.xls2xform import convert

ROOT = Path(__file__).parent.parent
SANU = "urn:sanu:form:1"
XF = "http://www.w3.org/2002/xforms"
ODK = "http://www.opendatakit.org/xforms"
CLASS = f"{{{SANU}}}class"
WEIGHT = {"none": 0, "quasi": 1, "sensitive": 2, "direct": 3}


def main():
    (ROOT / "forms").mkdir(exist_ok=True)
    for path in sorted((ROOT / "xlsform").glob("*.xlsx")):
        xml = minified(convert(str(path)).xform, model_attributes(path))
        check(xml)
        (ROOT / "forms" / f"{path.stem}.xml").write_bytes(xml)
        print(f"{path.stem} {len(xml)} bytes, accepted by ODK Validate")


def model_attributes(path):
    """The settings columns `sanu:…`, which pyxform does not know."""
    rows = openpyxl.load_workbook(path, read_only=True)["settings"].iter_rows(values_only=True)
    names, values = next(rows), next(rows)
    settings = dict(zip(names, values, strict=True))
    return {
        f"{{{SANU}}}{name.removeprefix('sanu:')}": value
        for name, value in settings.items()
        if name and name.startswith("sanu:") and value
    }


def minified(xform, attributes):
    """The form with its model attributes, every bind classified, and nothing that is not read."""
    root = etree.fromstring(xform.encode(), etree.XMLParser(remove_blank_text=True))
    model = root.find(f".//{{{XF}}}model")
    model.attrib.update(attributes)
    classify(model.findall(f"{{{XF}}}bind"))
    etree.cleanup_namespaces(root)
    return b'<?xml version="1.0"?>' + etree.tostring(root, encoding="utf-8")


def classify(binds):
    """Gives a class to the binds that are no question: as heavy as what they are calculated from."""
    classes = {bind.get("nodeset"): bind.get(CLASS) for bind in binds}
    for bind in binds:
        if bind.get(CLASS):
            continue
        read = re.findall(r"/data/[\w/]+", bind.get("calculate", ""))
        heaviest = max((classes.get(path) or "none" for path in read), key=WEIGHT.get, default="none")
        if bind.get(f"{{{ODK}}}track-changes") == "true":
            # The audit file then holds the answers themselves, names included.
            heaviest = "direct"
        bind.set(CLASS, heaviest)
        classes[bind.get("nodeset")] = heaviest


def check(xml):
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        file.write(xml)
        file.flush()
        for warning in check_xform(file.name):
            print(warning, file=sys.stderr)


if __name__ == "__main__":
    main()
