"""Folders by values that events have at any path."""

import json
import subprocess

import duckdb
import zmq

from readback import lines_by_zcat, sealed_files

PATH = "channel={channel}/country={properties.country}/campaign={context.campaign.name}"


def send(producer, collector, *payloads):
    client = producer(zmq.DEALER, collector.endpoint("reliable"))
    for payload in payloads:
        client.send(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
        answer = json.loads(client.recv())
        assert answer["status"] == "committed" and not answer["quarantined"], answer


def folders(collector):
    events = collector.data / "events"
    return {str(path.parent.relative_to(events)) for path in sealed_files(collector.data)}


def event(number, **properties):
    return {"messageId": f"m{number}", "event": "order", "channel": "web", "properties": properties}


def test_events_are_filed_by_their_values(daemon, producer):
    collector = daemon(partition={"path": PATH})
    campaign = {"campaign": {"name": "spring/50 %"}}
    send(
        producer, collector, event(1, country="at") | {"context": campaign},
        {"context": campaign, "batch": [event(2, country="de"), event(3, country=7)]},
        event(4, country=["at"]), b'{"messageId":"m5","channel":"web","pr\\u006fperties":{"country":"\\u0061t"}}',
    )
    collector.kill()
    collector.start()
    # The repetition is recognised in whatever folder it is.
    send(producer, collector, event(1, country="at") | {"context": campaign}, event(6, country="true"))
    none = "__HIVE_DEFAULT_PARTITION__"
    open_folders = {one["path"].removeprefix("events/") for one in collector.ask("partitions")}
    assert any(f"country=true/campaign={none}" in folder for folder in open_folders), open_folders
    collector.control("seal", "events/channel=web/country=true")
    assert any("country=true" in folder for folder in folders(collector))
    collector.drain()
    spring = "spring%2F50 %25"
    assert folders(collector) == {
        f"channel=web/country=at/campaign={spring}", f"channel=web/country=de/campaign={spring}",
        f"channel=web/country=7/campaign={spring}", f"channel=web/country={none}/campaign={none}",
        f"channel=web/country=at/campaign={none}", f"channel=web/country=true/campaign={none}",
    }
    assert collector.verify()["events"] == 6
    pattern = str(collector.data / "events" / "**" / "*.ndjson.gz")
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT country, campaign, count(*) FROM read_ndjson_objects(?, hive_partitioning = true,"
            " hive_types = {country: VARCHAR, campaign: VARCHAR}) GROUP BY ALL ORDER BY ALL", [pattern],
        ).fetchall()
    campaign = "spring/50 %"
    assert rows == [("7", campaign, 1), ("at", campaign, 1), ("at", None, 1), ("de", campaign, 1), ("true", None, 1),
                    (None, None, 1)], rows


def test_further_values_share_a_folder(daemon, producer):
    collector = daemon(partition={"path": "p={properties.n}", "maxValues": 5})
    send(producer, collector, *[event(number, n=number) for number in range(20)])
    collector.drain()
    assert folders(collector) == {f"p={number}" for number in range(5)} | {"p=__other__"}
    assert len(lines_by_zcat(collector.data)) == 20


def test_a_path_that_means_nothing_is_refused(touchpoint, tmp_path):
    for path, advice in (
        ("p={properties..n}", "no path such as {properties.country}"),
        ("p={chanel}", "did you mean '{channel}'? A member of events that is named so is '{\\chanel}'"),
        ("p={a.b", "unmatched '{'"),
    ):
        file = tmp_path / "one.yaml"
        file.write_text(f"node: c1\npartition:\n  path: '{path}'\n")
        done = subprocess.run([touchpoint / "touchpointd", "--config", file, "--check"], capture_output=True, text=True)
        assert done.returncode == 78 and f"{file}:3: partition.path: " in done.stderr and advice in done.stderr, done
    file.write_text("partition: { path: 'p={\\hour}/{country}' }\n")
    done = subprocess.run([touchpoint / "touchpointd", "--config", file, "--check"], capture_output=True, text=True)
    assert done.returncode == 0 and 'path: "p={\\\\hour}/{country}"' in done.stdout, done
