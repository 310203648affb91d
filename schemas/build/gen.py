"""Makes xlsform/ and media/ from build/definitions/ and codelists/. Run in schemas/: python build/gen.py"""

import csv
import sys

import definition
import workbook
from definition import HERE, ROOT

# Upper bound of the years asked for; a new campaign sets it, and the version, and publishes again.
CAMPAIGN_YEAR = 2026
VERSION = "2026112201"
MEDIA = {
    "cercles.csv": "name label region_2023 region_pre2023 cercle_pre2023 phase1".split(),
    "communes.csv": "name label cercle_pre2023 cercle_2023".split(),
}


def main():
    lists = definition.code_lists()
    paths = sorted((HERE / "definitions").glob("*.txt"))
    forms = [definition.read(path, CAMPAIGN_YEAR) for path in paths]
    found = [error for form in forms for error in definition.errors(form, lists)]
    if found:
        sys.exit("\n".join(found))
    (ROOT / "xlsform").mkdir(exist_ok=True)
    for form in forms:
        workbook.write(form, VERSION, lists, ROOT / "xlsform" / f"{form.id}.xlsx")
    for name, columns in MEDIA.items():
        write_media(name, columns)
    print(f"{len(forms)} forms, {sum(len(form.questions()) for form in forms)} questions")


def write_media(name, columns):
    """Copies the columns that the forms read, of the places that they offer."""
    with (ROOT / "codelists" / name).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if is_offered(name, row)]
    (ROOT / "media").mkdir(exist_ok=True)
    with (ROOT / "media" / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def is_offered(name, row):
    # People come from every cercle; sites and cooperatives are in the phase 1 area or in Bamako.
    return name == "cercles.csv" or row["region_pre2023"] in ("kayes", "koulikoro", "sikasso", "bamako")


if __name__ == "__main__":
    main()
