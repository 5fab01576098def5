"""What OCSF requires of the events that owhaled writes (ocsf/draw.py drew it from the published schema)."""

import json
import pathlib

from jsonschema import Draft7Validator

SCHEMA = json.loads((pathlib.Path(__file__).parent / "ocsf" / "schema.json").read_text())
VALIDATOR = Draft7Validator(SCHEMA)


def faults(event):
    return ["/".join(map(str, error.absolute_path)) + ": " + error.message for error in VALIDATOR.iter_errors(event)]
