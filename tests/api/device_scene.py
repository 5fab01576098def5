"""What tests about devices begin with: an owhaled over TLS, its admin, and a device of theirs. A file takes those that it names."""

import pytest

import accounts
import devices


@pytest.fixture
def daemon(own):
    return devices.serve(own)


@pytest.fixture
def admin(daemon):
    return accounts.set_up(daemon)


@pytest.fixture
def device(admin):
    return devices.paired(admin)
