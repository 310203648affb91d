"""The interface does what its description says, whatever is sent: run by tests/openapi.rs, once per role.

Schemathesis makes requests from the description, valid ones and broken ones, and holds every answer against it.
Always the same ones in the same order; SANU_SECONDS bounds how many.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

# What is not checked, or otherwise, and why.
CONFIG = """
[checks]
# A description cannot say which dimensions go together, which day is known, which id is free: such a request is
# valid by its shape and answered 400 (or 413 by its size) all the same.
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 400, 401, 403, 404, 409, 413, 422, 503]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 503]
# A parameter that is missing is told by 400 where it is read; who may not ask at all is told that first.
missing_required_header.enabled = false
# It tries wrong passwords, and after ten of them is told to wait (503), as it should be. That every address asks who
# is there: tests/access.rs.
ignored_auth.enabled = false

# Whoever guesses passwords is told to wait: that is no defect of the server.
[[operations]]
include-path = "/v1/sessions"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]

# One bad record never fails a batch: it is answered 200 with a verdict of its own.
[[operations]]
include-path = ["/v1/sync/push", "/v1/reviews/submissions/decisions"]
checks.negative_data_rejection.enabled = false
"""

with tempfile.TemporaryDirectory() as folder:
    config = pathlib.Path(folder) / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"), "--no-color", "--config-file", str(config),
        "run", os.environ["SANU_URL"] + "/v1/openapi.json",
        "--header", "Authorization: Bearer " + os.environ["SANU_TOKEN"],
        "--phases", "examples,coverage,fuzzing", "--seed", "1", "--generation-deterministic",
        "--max-time", os.environ["SANU_SECONDS"], "--max-examples", "15", "--continue-on-failure",
        # It would end the session it asks with.
        "--exclude-path", "/v1/sessions/current",
        "--suppress-health-check", "all",
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)

report = run.stdout + run.stderr
if run.returncode:
    sys.exit(report[-20_000:])
assert "Test cases:" in report, report
print("all is well")
