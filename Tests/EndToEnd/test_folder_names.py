"""Folder names of real channels, as DuckDB and pyarrow read them."""

import json
import subprocess
import unicodedata
import urllib.parse

import duckdb
import pyarrow.dataset
import pytest
import zmq

from readback import sealed_files
from waiting import BOUND_SECONDS

# One name in each of twenty scripts, some so long that they are cut.
SCRIPTS = [
    "storefront", "Интернет-магазин", "オンラインショップ東京本店", "网上商店旗舰店上海", "온라인쇼핑몰서울본점", "متجر-إلكتروني",
    "חנות-מקוונת", "ηλεκτρονικό-κατάστημα", "ऑनलाइन-दुकान-मुंबई", "অনলাইন-দোকান", "ஆன்லைன்-கடை", "ఆన్‌లైన్-దుకాణం",
    "ಆನ್‌ಲೈನ್-ಅಂಗಡಿ", "ഓൺലൈൻ-കട", "ร้านค้าออนไลน์", "ຮ້ານຄ້າອອນລາຍ", "အွန်လိုင်းဆိုင်", "ហាងអនឡាញ", "ონლაინ-მაღაზია",
    "առցանց-խանութ", "የመስመር-ላይ-ሱቅ", "སྒྲོག་ཚོང་ཁང",
]
ODD = [
    "café", "cafe\u0301", "a b/c", "50% off", "a=b", "a:b", "{x}", "[y]", "it's", 'say "x"', "q?", "star*", "#1", "^",
    "back\\slash", "line\nbreak", "+&;,~!$()<>|@`", "😀" * 9, "👩🏽‍🚀👨‍👩‍👧", "x" * 64,
]


def is_cut(channel, folder):
    return folder[-17:-16] == "-" and not channel.endswith(folder[-17:])


@pytest.fixture
def filed(daemon, producer):
    """Returns the folder's value of each channel that one event was sent for, and the collector's files."""
    collector = daemon()
    channels = SCRIPTS + ODD
    client = producer(zmq.DEALER, collector.endpoint("reliable"))
    for number, channel in enumerate(channels):
        event = {"event": channel, "channel": channel, "messageId": f"m{number}"}
        client.send(json.dumps(event, ensure_ascii=False).encode())
        assert json.loads(client.recv())["status"] == "committed"
    collector.seal()
    folders = {}
    for path in sealed_files(collector.data):
        (value,) = [part.removeprefix("channel=") for part in path.parts if part.startswith("channel=")]
        named = [channel for channel in channels if stands_for(value, channel)]
        assert len(named) == 1, f"{value} is the folder of {named}"
        folders[named[0]] = value
    assert set(folders) == set(channels), set(channels) - set(folders)
    return collector, folders


def stands_for(value, channel):
    plain = urllib.parse.unquote(value, errors="strict")
    return plain == channel or (is_cut(channel, value) and channel.startswith(plain[:-17]) and len(plain) > 18)


def test_names_are_text_and_cut_between_characters(filed):
    _, folders = filed
    for channel, value in folders.items():
        assert len(value.encode()) <= 81 and not value.startswith("."), value
        kept = urllib.parse.unquote(value, errors="strict")
        if is_cut(channel, value):
            assert channel.startswith(kept[:-17]) and len(channel.encode()) > 61, value
        else:
            assert kept == channel
        # Characters that Hive does not escape are unchanged.
        assert "%" not in value or any(c in channel for c in '"#%\'*/:=?\\{[]^\n'), value
    assert unicodedata.normalize("NFC", "cafe\u0301") in folders and "cafe\u0301" in folders


def test_readers_of_hive_trees_see_each_channel(filed):
    collector, folders = filed
    expected = {
        channel: urllib.parse.unquote(value, errors="strict") for channel, value in folders.items()
    }
    pattern = str(collector.data / "events" / "**" / "*.ndjson.gz")
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT event, channel FROM read_json(?, hive_partitioning = true, columns = {event: 'VARCHAR'},"
            " hive_types = {channel: 'VARCHAR', date: 'DATE', hour: 'VARCHAR'})",
            [pattern],
        ).fetchall()
        assert dict(rows) == expected and len(rows) == len(expected)
        for channel in ("storefront", "café", "Интернет-магазин", "a b/c"):
            count = connection.execute(
                "SELECT count(*) FROM read_json_auto(?, hive_partitioning = true) WHERE channel = ?",
                [pattern, channel],
            ).fetchone()[0]
            assert count == 1, channel
    table = pyarrow.dataset.dataset(
        str(collector.data / "events"), format="json", partitioning="hive"
    ).to_table(columns=["event", "channel"])
    assert dict(zip(table["event"].to_pylist(), table["channel"].to_pylist(), strict=True)) == expected


def test_cat_and_verify_take_the_names(filed, touchpoint):
    collector, folders = filed
    assert collector.verify()["events"] == len(folders)
    for channel in ("café", "cafe\u0301", "オンラインショップ東京本店", "😀" * 9, "50% off"):
        done = subprocess.run(
            [touchpoint / "touchpointctl", "cat", "--channel", channel, collector.data],
            capture_output=True, timeout=BOUND_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == [channel]
