"""What becomes of a line: the rules in Python, and that DuckDB divides every line in the same way."""

import json
import random
from pathlib import Path

import duckdb
import pytest

from compaction.batches import content
from compaction.duckdb_engine import _division
from compaction.lines import divided

META = '"receivedAt":"2026-11-22T03:31:51.796390Z","node":"c1","source":"reliable","seq":4002,"run":"r1"'
COLUMNS = (
    "channel", "event", "type", "messageId", "userId", "anonymousId", "properties", "context", "traits", "rest", "node", "source",
    "run", "seq", "identity", "alone",
)


def line(event, meta=',"channel":"web","time":"2026-11-22T03:31:50.250000Z"'):
    text = event if isinstance(event, str) else json.dumps(event)
    return '{"_touchpoint":{' + META + meta + "}" + ("," if text != "{}" else "") + text[1:]


def test_named_members_become_columns_and_others_stay():
    row = divided(line('{"event":"Order","type":"track","messageId":"m","userId":"u","timestamp":"2026-11-22T03:31:50.25Z",'
                       '"properties":{"total": 1.10},"channel":"web","extra":[1, 2],"event2":null}'))
    assert row["event"] == "Order" and row["type"] == "track" and row["messageId"] == row["identity"] == "m"
    assert row["properties"] == '{"total": 1.10}'
    assert row["rest"] == '{"extra":[1, 2],"event2":null}'
    assert row["eventTime"] == "2026-11-22T03:31:50.250000Z" and row["seq"] == 4002


def test_what_does_not_fit_stays():
    row = divided(line('{"event":1,"userId":{"id":7},"messageId":"","channel":"other","timestamp":"2026-11-21T22:31:50.25-05:00"}'))
    assert row["event"] is None and row["userId"] is None and row["messageId"] is None and row["identity"] is None
    assert json.loads(row["rest"]) == {
        "event": 1, "userId": {"id": 7}, "messageId": "", "channel": "other", "timestamp": "2026-11-21T22:31:50.25-05:00",
    }


def test_of_a_repeated_key_the_first_counts_and_none_is_lost():
    row = divided(line('{"event":"a","event":"b","messageId":null,"messageId":"late","properties":{"x":1,"x":2},"properties":3}'))
    assert row["event"] == "a" and row["messageId"] is None and row["properties"] == '{"x":1,"x":2}'
    assert row["rest"] == '{"event":"b","messageId":"late","properties":3}'


def test_metadata_without_a_column_stays():
    meta = ',"channel":"web","producer":"crm","http":{"ip":"10.0.0.0"},"identity":"2:17","idAlone":true'
    row = divided(line("{}", meta))
    assert row["rest"] == '{"_touchpoint":{"producer":"crm","http":{"ip":"10.0.0.0"},"identity":"2:17","idAlone":true}}'
    assert row["identity"] == "2:17" and row["alone"] is True
    assert content(row["rest"]) == content(None)


def test_copies_have_the_same_content_whatever_differs_between_them():
    rests = ['{"n":1.0,"m": [ 2 ]}', '{"sentAt":"x","n":1.00,"m":[2]}', '{"n":1.0,"m":[2],"_touchpoint":{"http":{"ip":"a"}}}']
    assert len({content(rest, '{"a":"\\u0041"}', None) for rest in rests}) == 1
    assert content('{"sentAt":"x"}') == content(None)
    assert len({content(rest) for rest in ('{"n":1}', '{"n":2}', '{"n":"1"}', '{"n":1,"n":1}', '{"n":"sentAt"}', None)}) == 6


def test_numbers_keep_every_digit():
    digits = "9" * 6000
    row = divided(line('{"n":%s,"properties":{"d":0.%s1,"e":1e-400}}' % (digits, "0" * 40)))
    assert row["rest"] == '{"n":%s}' % digits
    assert row["properties"] == '{"d":0.%s1,"e":1e-400}' % ("0" * 40)


def by_duckdb(texts, folder):
    """Returns the rows of the engine's query; the text itself for lines that it leaves to `divided`."""
    path = folder / "lines.ndjson"
    path.write_text("".join(text + "\n" for text in texts))
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        source = f"read_ndjson_objects('{path}', filename=true, hive_partitioning=false)"
        rows = database.execute(f"SELECT {', '.join(COLUMNS)}, line FROM ({_division(source, '', '')})").fetchall()
    return rows


def as_values(row):
    """Texts of JSON are compared by value: DuckDB writes numbers and blanks in its own way."""
    made = dict(row)
    for name in ("properties", "context", "traits"):
        made[name] = None if made[name] is None else json.loads(made[name])
    rest = json.loads(made["rest"], object_pairs_hook=lambda pairs: sorted(pairs, key=repr)) if made["rest"] else None
    return made | {"rest": rest}


KEYS = (
    "channel", "event", "type", "messageId", "userId", "anonymousId", "timestamp", "properties", "context", "traits", "sentAt",
    "other", "ünï", "a.b", "", "$", '"', "_touchpoin",
)
VALUES = (
    '"web"', '"x"', '""', "null", "true", "12", "-0.5", "[]", "{}", '{"a":{"b":[1,null,"é"]}}', '{"a":1,"a":2}',
    '"2026-11-22T03:31:50.25Z"', '"2026-11-22T03:31:50+01:00"', '"a\\u0041\\n\\"\\\\"', '"%s"' % ("k" * 1025), "12345678901234567890123",
    "0.12345678901234567890", "1e-400", "1E5", '{"_touchpoint":{}}', '[{"x":[{}]}]', '"\\u0000"', '"😀"',
)


@pytest.mark.parametrize("seed", range(4))
def test_duckdb_divides_alike(seed, tmp_path):
    dice = random.Random(seed)
    texts = []
    for _ in range(1500):
        pairs = [f"{json.dumps(dice.choice(KEYS), ensure_ascii=dice.random() < 0.5)}:{dice.choice(VALUES)}" for _ in range(dice.randrange(7))]
        metas = ['"channel":"web"', '"time":"2026-11-22T03:31:50.250000Z"', '"identity":"2:17"', '"idAlone":true', '"late":true',
                 '"http":{"key":"k","path":"/"}']
        meta = "".join("," + text for text in metas if dice.random() < 0.5)
        texts.append(line("{" + ",".join(pairs) + "}", meta))
    left = 0
    for text, found in zip(texts, by_duckdb(texts, tmp_path)):
        if found[-1] is not None:
            assert found[-1] == text
            left += 1
            continue
        expected = divided(text)
        expected = {name: expected[name] for name in COLUMNS}
        assert as_values(dict(zip(COLUMNS, found))) == as_values(expected), text
    assert 0 < left < len(texts) / 2, "the query must do most lines itself, and leave some"


def test_duckdb_leaves_lines_whose_numbers_it_would_change(tmp_path):
    kept = ["0.1234567890123456789", "12345678901234567.5", "1e-400", "100000000000000000000.5", "1.2345678901234567891e2"]
    exact = ["0.30000000000000004", "39.90", "1E5", "18446744073709551615", "123456789012345678901234567890"]
    rows = by_duckdb([line('{"properties":{"n":%s}}' % number) for number in kept + exact], tmp_path)
    assert [row[-1] is not None for row in rows] == [True] * len(kept) + [False] * len(exact)
    for number, row in zip(exact, rows[len(kept):]):
        assert json.loads(row[COLUMNS.index("properties")])["n"] == json.loads(number)


def test_old_lines_have_the_channel_of_their_folder(tmp_path):
    folder = Path(tmp_path) / "channel=a%2Fb" / "date=2026-11-22"
    folder.mkdir(parents=True)
    [row] = by_duckdb([line('{"x":1}', "")], folder)
    assert row[0] == "a/b"
