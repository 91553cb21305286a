"""CURVE: certificates as `touchpointctl keygen` makes them."""

import shutil
import subprocess

import pytest

from checks import assert_each_once
from touchpoint import SettingsError, Touchpoint
from waiting import wait_until


@pytest.fixture
def keys(touchpoint, tmp_path):
    folder = tmp_path / "keys"
    (folder / "producers").mkdir(parents=True)
    for name in ("c1", "shop-7", "stranger"):
        subprocess.run([touchpoint / "touchpointctl", "keygen", name, "--folder", folder], check=True, capture_output=True)
    shutil.copy(folder / "shop-7.key", folder / "producers")
    return folder


@pytest.fixture
def curve(router, keys):
    return router(engine="native", curve={"keys": str(keys / "producers"), "secret": str(keys / "c1.key_secret")})


def test_known_key_is_admitted(curve, client, keys):
    sender = client(key_file=keys / "shop-7.key_secret", collector_key_file=keys / "c1.key")
    ids = [sender.track("u", "x") for _ in range(300)]
    assert sender.flush()
    assert_each_once(curve, ids)


@pytest.mark.parametrize("files", [
    {"key_file": "stranger.key_secret", "collector_key_file": "c1.key"},
    {"key_file": "shop-7.key_secret", "collector_key_file": "stranger.key"},
    {}])
def test_unknown_key_waits_and_says_so(curve, client, keys, files):
    sender = client(**{name: keys / place for name, place in files.items()})
    sender.track("u", "x")
    wait_until("a word about keys", lambda: "key_file" in sender.stats().last_problem)
    assert not sender.flush(0.2)
    assert curve.ledger()["received"] == 0


def test_key_that_is_added_later_is_enough(curve, client, keys):
    sender = client(key_file=keys / "stranger.key_secret", collector_key_file=keys / "c1.key")
    id = sender.track("u", "x")
    wait_until("a word about keys", lambda: "key_file" in sender.stats().last_problem)
    shutil.copy(keys / "stranger.key", keys / "producers")
    curve.control("reload")
    assert sender.flush()
    assert_each_once(curve, [id])


def test_public_certificate_in_place_of_the_secret_one(keys):
    with pytest.raises(SettingsError) as caught:
        Touchpoint("tcp://127.0.0.1:1", key_file=keys / "shop-7.key", collector_key_file=keys / "c1.key")
    assert "NAME.key_secret" in str(caught.value)


def test_secret_key_that_others_can_read_is_reported(keys, client, caplog):
    (keys / "shop-7.key_secret").chmod(0o644)
    client(key_file=keys / "shop-7.key_secret", collector_key_file=keys / "c1.key")
    assert "chmod 600" in caplog.text
