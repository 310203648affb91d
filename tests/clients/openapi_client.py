"""The description of the interface is valid OpenAPI 3.0: run by tests/ogc/clients.rs."""

import base64
import json
import os
import urllib.request

from openapi_spec_validator import OpenAPIV30SpecValidator

login = f"{os.environ['SANU_LOGIN']}:{os.environ['SANU_PASSWORD']}"
request = urllib.request.Request(
    os.environ["SANU_URL"] + "/api",
    headers={"Authorization": "Basic " + base64.b64encode(login.encode()).decode()},
)
with urllib.request.urlopen(request) as answer:
    errors = list(OpenAPIV30SpecValidator(json.load(answer)).iter_errors())
assert not errors, errors[:3]
print("all is well")
