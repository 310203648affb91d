"""What a general OData 4 client makes of the description and the tables: run by tests/central/clients.rs."""

import os

import requests
from odata import ODataService

session = requests.Session()
session.auth = (os.environ["SANU_LOGIN"], os.environ["SANU_PASSWORD"])
for form, tables in {
    "verger": {"Submissions", "Submissions.arbre", "Submissions.arbre.rameau"},
    "orpailleur": {"Submissions"},
}.items():
    url = f"{os.environ['SANU_URL']}/v1/projects/1/forms/{form}.svc/"
    service = ODataService(url, session=session, reflect_entities=True, quiet_progress=True)
    assert tables == set(service.entities), service.entities
    assert all(service.types), service.types
    submissions = service.entities["Submissions"]
    rows = service.query(submissions).raw({})
    assert rows and all(row["__id"] for row in rows)
print("all is well")
