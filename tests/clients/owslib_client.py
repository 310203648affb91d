"""What OWSLib reads of the interface: run by tests/ogc/clients.rs against a small register."""

import base64
import os

from owslib.ogcapi.features import Features

login = f"{os.environ['SANU_LOGIN']}:{os.environ['SANU_PASSWORD']}"
headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
server = Features(os.environ["SANU_URL"], headers=headers)

assert any(c.endswith("ogcapi-features-1/1.0/conf/core") for c in server.conformance()["conformsTo"])
assert server.api()["openapi"].startswith("3.0")
assert "sites" in server.feature_collections()
assert server.collection("sites")["storageCrs"].endswith("CRS84")
assert "workers_total" in server.collection_queryables("sites")["properties"]

page = server.collection_items("sites", limit=3)
assert (page["numberMatched"], page["numberReturned"], len(page["features"])) == (8, 3, 3)
near = server.collection_items("sites", bbox=[-8.1, 12.5, -7.9, 12.7])
assert near["numberMatched"] == 3, near
active = server.collection_items("sites", filter="status = 'active' AND workers_total >= 0", **{"filter-lang": "cql2-text"})
assert all(f["properties"]["status"] == "active" for f in active["features"]) and active["features"]
first = page["features"][0]
assert server.collection_item("sites", first["id"])["geometry"] == first["geometry"]
print("all is well")
