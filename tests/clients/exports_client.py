"""Every format of a download, read by the program that reads it in the field: run by tests/ogc/exports.rs.

The folder holds NAME.SUFFIX for each format; the GeoJSON is what the others are compared with."""

import csv
import json
import pathlib
import sqlite3
import sys

import geopandas
import openpyxl
import pandas
import pyarrow.parquet

folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
file = lambda suffix: folder / f"{name}.{suffix}"

truth = {f["id"]: f for f in json.loads(file("geojson").read_text())["features"]}
assert truth, "there is something to compare"
areas = any(f["geometry"] and f["geometry"]["type"] == "MultiPolygon" for f in truth.values())
fields = list(next(iter(truth.values()))["properties"])


def plain(value):
    """What a cell holds, as GeoJSON would have it, with lists as words."""
    if isinstance(value, list):
        return " ".join(value)
    return value


def same(found, wanted, where):
    wanted = plain(wanted)
    missing = found is None or (not isinstance(found, str) and pandas.isna(found)) or found == ""
    if wanted is None or wanted == "":
        assert missing, (where, found, wanted)
    elif isinstance(wanted, bool):
        assert str(found).lower() == str(wanted).lower(), (where, found, wanted)
    elif isinstance(wanted, (int, float)):
        assert float(found) == float(wanted), (where, found, wanted)
    else:
        # Days come as days, sometimes with a midnight.
        assert str(found) == wanted or str(found).startswith(wanted + " 00:00"), (where, found, wanted)


def compare(frame, suffix):
    assert len(frame) == len(truth), (suffix, len(frame), len(truth))
    for row in frame.to_dict("records"):
        feature = truth[row["id"]]
        for field in fields:
            same(row.get(field), feature["properties"][field], (suffix, row["id"], field))
        geometry = row.get("geometry")
        if "geometry" in frame.columns:
            if feature["geometry"] is None:
                assert geometry is None, (suffix, row["id"])
            elif feature["geometry"]["type"] == "Point":
                assert [geometry.x, geometry.y] == feature["geometry"]["coordinates"], (suffix, geometry)
            else:
                rings = feature["geometry"]["coordinates"]
                assert geometry.is_valid and len(geometry.geoms) == len(rings), suffix
                outer = [list(c) for c in geometry.geoms[0].exterior.coords]
                flat = lambda ring: [c for point in ring for c in point]
                pairs = zip(flat(outer), flat(rings[0][0]), strict=True)
                # GeoJSON has seven decimals.
                assert all(abs(a - b) < 1e-6 for a, b in pairs), suffix


for suffix in ("geojsonseq", "gpkg", "fgb"):
    frame = geopandas.read_file(file(suffix), engine="pyogrio")
    assert frame.crs.to_epsg() == 4326 or suffix == "geojsonseq", (suffix, frame.crs)
    if suffix != "geojsonseq":
        compare(frame, suffix)
    else:
        assert set(frame["id"]) == set(truth) and len(frame) == len(truth)
    # The index finds what looking at all finds.
    west, south, east, north = frame.total_bounds
    box = (west, south, (west + east) / 2, (south + north) / 2)
    found = geopandas.read_file(file(suffix), bbox=box, engine="pyogrio")
    wanted = geopandas.read_file(file("geojson"), bbox=box, engine="pyogrio")
    assert set(found["id"]) == set(wanted["id"]), suffix
compare(geopandas.read_parquet(file("parquet")), "parquet")
assert pyarrow.parquet.ParquetFile(file("parquet")).metadata.num_rows == len(truth)

with sqlite3.connect(file("gpkg")) as database:
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    names = "SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'"
    [(name,)] = database.execute(names).fetchall()
    index = f"rtree_{name}_geometry"
    assert database.execute("SELECT rtreecheck(?)", (index,)).fetchone() == ("ok",)
    count = lambda of: database.execute(f'SELECT COUNT(*) FROM {of}').fetchone()[0]
    assert count(f'"{index}"') == count(f'"{name}" WHERE geometry NOTNULL') > 0
    # Who deletes a feature takes it out of the index: the triggers stand.
    database.execute(f'DELETE FROM "{name}" WHERE geometry NOTNULL')
    assert count(f'"{index}"') == 0
    database.rollback()

texts = {"id": str} | {f: str for f in fields}
compare(pandas.read_csv(file("csv"), dtype=texts, keep_default_na=False, na_values=[""]), "csv")
excel = pandas.read_csv(file("excel.csv"), sep=";", decimal=",", encoding="utf-8-sig")
assert list(excel["id"]) == list(pandas.read_csv(file("csv"))["id"])
if not areas:
    assert excel["longitude"].dtype == float, excel.dtypes
sheet = openpyxl.load_workbook(file("xlsx"), read_only=True).active
head, *rows = [[c.value for c in row] for row in sheet.iter_rows()]
compare(pandas.DataFrame([r[: len(head)] + [None] * (len(head) - len(r)) for r in rows], columns=head), "xlsx")
for row in openpyxl.load_workbook(file("xlsx")).active.iter_rows():
    assert all(cell.data_type != "f" for cell in row), "no cell is computed"
kml = geopandas.read_file(file("kml"), engine="pyogrio")
assert len(kml) == len(truth)

if file("csv-metadata.json").exists():
    metadata = json.loads(file("csv-metadata.json").read_text())
    with file("csv").open(newline="") as lines:
        head = next(csv.reader(lines))
    assert [c["name"] for c in metadata["tableSchema"]["columns"]] == head
    with file("codebook.csv").open(newline="") as lines:
        book = list(csv.DictReader(lines))
    status = [row["libellé"] for row in book if row["colonne"] == "status" and row["code"] == "active"]
    assert status and status[0], "codes have French labels"
print("all is well")
