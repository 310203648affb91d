"""What pyodk reads of the Central-compatible interface: run by tests/central/clients.rs."""

import os
import pathlib
import tempfile

from pyodk.client import Client
from pyodk.errors import PyODKError

folder = pathlib.Path(tempfile.mkdtemp())
config = folder / "config.toml"
config.write_text(
    "[central]\n"
    f'base_url = "{os.environ["SANU_URL"]}"\n'
    f'username = "{os.environ["SANU_LOGIN"]}"\n'
    f'password = "{os.environ["SANU_PASSWORD"]}"\n'
    "default_project_id = 1\n"
)
with Client(config_path=str(config), cache_path=str(folder / "cache.toml")) as client:
    assert [p.id for p in client.projects.list()] == [1]
    assert client.projects.get().name == "Sanu"
    forms = {form.xmlFormId: form for form in client.forms.list()}
    assert {"orpailleur", "site", "verger", "enfant"} <= set(forms), forms
    assert client.forms.get("verger").state == "open"
    assert client.forms.get_xml("verger").startswith("<?xml")

    listed = client.submissions.list(form_id="orpailleur")
    table = client.submissions.get_table(form_id="orpailleur")["value"]
    assert len(listed) == len(table) == 17, (len(listed), len(table))
    assert {s.instanceId for s in listed} == {row["__id"] for row in table}
    one = client.submissions.get(listed[0].instanceId, form_id="orpailleur")
    assert one == listed[0]
    women = client.submissions.get_table(
        form_id="orpailleur", filter="b_identity/sex eq 'female'", count=True, top=2, select="__id,b_identity/sex"
    )
    by_hand = sum(row["b_identity"]["sex"] == "female" for row in table)
    assert women["@odata.count"] == by_hand >= 2, (women, by_hand)
    assert len(women["value"]) == 2 and set(women["value"][0]) == {"__id", "b_identity"}
    trees = client.submissions.get_table(form_id="verger", table_name="Submissions.arbre")["value"]
    assert [tree["espece"] for tree in trees] == ["nere", "karite"], trees
    nested = client.submissions.get_table(form_id="verger", expand="*", wkt=True)["value"]
    assert nested[0]["arbre"][1]["rameau"][0]["fruits"] == 4 and nested[0]["lieu"] == "POINT (-8 12.5 300)"
    grouped = client.get("projects/1/forms/orpailleur.svc/Submissions", params={
        "$apply": "filter(b_identity/sex ne null)/groupby((b_identity/sex),aggregate($count as n))"})
    assert sum(row["n"] for row in grouped.json()["value"]) == 17

    lists = {line.name for line in client.entity_lists.list()}
    assert {"sites", "orpailleurs", "cooperatives", "enfants"} <= lists, lists
    assert any(p.name == "aliases" for p in client.entity_lists.get("sites").properties)
    sites = client.entities.list(entity_list_name="sites")
    rows = client.entities.get_table(entity_list_name="sites", filter="contains(label,'Site 1')")["value"]
    assert len(sites) == 1 and rows[0]["__id"] == sites[0].uuid and rows[0]["label"] == "Site 1"

    try:
        client.forms.get("nowhere")
        raise AssertionError("a form that is not there")
    except PyODKError as error:
        assert error.is_central_error(404.1), error
    try:
        client.submissions.get_table(form_id="orpailleur", filter="nothing eq 1")
        raise AssertionError("a column that is not there")
    except PyODKError as error:
        assert error.is_central_error(400.1), error
print("all is well")
