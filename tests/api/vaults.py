"""What the tests of secrets and of the vault begin with."""

import sqlite3

import pytest

import accounts

VALUE = "sk-proj-Zt7Qm2VwXc9LkR4nB8sYd1Hf6Gj3Pa5E"
HOST = {"host": "api.example.com", "port": 443}


@pytest.fixture
def alice_account(admin):
    return accounts.add(admin, "alice")


@pytest.fixture
def bob_account(admin):
    return accounts.add(admin, "bob")


def put(person, name="OPENAI_API_KEY", value=VALUE, status=200, **more):
    return person.do("PUT", f"/v1/secrets/{name}", {"value": value, "hosts": [HOST], **more}, status)


def refused(person, method, path, body=None, step_up=True):
    return person.ask(method, path, body, step_up=step_up)


def database(owhaled):
    return sqlite3.connect(owhaled.state / "state.db")


def restarted(owhaled):
    owhaled.stop()
    return owhaled.start()


def vault_row(owhaled):
    return next(row for row in owhaled.get("/v1/doctor").json()["checks"] if row["name"] == "vault")
