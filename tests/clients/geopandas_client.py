"""The lines of README.md for Python: run by tests/ogc/clients.rs against a small register."""

import os

import geopandas

# GDAL reads the login from GDAL_HTTP_USERPWD.
source = "OAPIF:" + os.environ["SANU_URL"]
sites = geopandas.read_file(source, layer="sites", engine="pyogrio")
assert len(sites) == 8, len(sites)
assert sites.crs.is_geographic and set(sites.geom_type) == {"Point"}
assert abs(sites.geometry.x.min() + 11.4445) < 1e-9, sites.geometry.x.min()
near = geopandas.read_file(source, layer="sites", bbox=(-8.1, 12.5, -7.9, 12.7), engine="pyogrio")
assert len(near) == 3, near
active = geopandas.read_file(source, layer="sites", where="status = 'active'", engine="pyogrio")
assert sorted(active["name"])[0] == "Kéniéba 1" and len(active) == 6
communes = geopandas.read_file(source, layer="communes-2012", engine="pyogrio")
assert len(communes) == 701, len(communes)
metres = sites.to_crs(32629)
assert abs(metres.geometry.x.min() - 236464) < 5, metres.geometry.x.min()
print("all is well")
