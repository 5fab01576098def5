"""Our tokens and a library of others: jose verifies ours, and nothing that it forges is believed (tests/interop)."""

import json
import os
import pathlib
import shutil
import subprocess

import daemon
import pytest
from accounts import QUICK, set_up

INTEROP = daemon.TOP / "tests" / "interop"

MALFORMED, ALGORITHM, KEY, SIGNATURE = "token_malformed", "token_algorithm", "token_unknown_key", "token_signature"
EXPECTED = {
    "alg none": ALGORITHM, "alg none, our kid": ALGORITHM, "alg None in capitals": ALGORITHM,
    "HS256 with the raw public key": ALGORITHM, "HS256 with the public key as base64url": ALGORITHM,
    "HS256 with the public key as PEM": ALGORITHM, "HS256 with the JWK as text": ALGORITHM, "ES256": ALGORITHM,
    "kid traversal": KEY, "kid traversal to our own key file": KEY, "kid with SQL": KEY, "kid with NUL": KEY,
    "another key with our kid": SIGNATURE, "embedded jwk": MALFORMED, "embedded jwk of ours": MALFORMED, "jku": MALFORMED,
    "x5u": MALFORMED, "crit": MALFORMED, "b64 false": MALFORMED, "another issuer": "token_issuer",
    "no issuer": "token_issuer", "another audience": "token_audience", "several audiences": "token_audience",
    "no audience": "token_audience", "expired": "token_expired", "no end": MALFORMED,
    "not yet valid": "token_not_yet_valid", "issued in the future": "token_not_yet_valid", "end as text": MALFORMED,
    "no jti": MALFORMED, "a jti that was never issued": "token_revoked", "another's name": MALFORMED,
    "duplicated claims": MALFORMED, "duplicated header": MALFORMED, "huge header": MALFORMED, "huge token": MALFORMED,
    "deep claims": MALFORMED, "claims that are no object": MALFORMED, "changed claims": SIGNATURE,
    "no signature": SIGNATURE, "a cut signature": SIGNATURE, "padding": SIGNATURE, "the other base64": SIGNATURE,
    "five parts": MALFORMED, "not a token": MALFORMED,
}


@pytest.fixture(scope="module")
def jose(tmp_path_factory):
    """A folder with the script and the library, of the version that the lock names."""
    folder = tmp_path_factory.mktemp("jose")
    for name in ("package.json", "package-lock.json", "tokens.mjs"):
        shutil.copy(INTEROP / name, folder / name)
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, capture_output=True,
                          text=True, timeout=180)
    assert done.returncode == 0, f"npm could not install jose:\n{done.stdout}{done.stderr}"
    return folder


def test_jose_verifies_ours_and_forges_none(own, jose):
    owhaled = own(*QUICK).start()
    token = set_up(owhaled).token
    key = next(pathlib.Path(owhaled.state / "jwt").glob("*.key"))
    node = shutil.which("nodejs") or shutil.which("node")
    done = subprocess.run([node, "tokens.mjs", str(owhaled.socket)], cwd=jose, capture_output=True, text=True, timeout=60,
                          input=json.dumps({"token": token, "seed": key.read_bytes().hex()}))
    assert done.returncode == 0, done
    said = json.loads(done.stdout)
    assert said["verified"]["payload"]["sub"] == "user:admin"
    assert said["verified"]["protectedHeader"] == {"alg": "EdDSA", "kid": key.stem, "typ": "JWT"}
    assert said["good"] == said["remade"] == [200, "user:admin"]
    assert {name: [401, code] for name, code in EXPECTED.items()} == said["attacks"]
