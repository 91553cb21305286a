"""The work of a unit in DuckDB, on one machine.

Lines are divided by DuckDB's JSON functions, with the rules of `lines.py`. These functions read numbers as doubles, and
find only the first of a repeated key. Lines for which that would lose something are divided by `lines.py` itself.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterable, Optional

import duckdb
import pyarrow as pa

from .batches import COLUMNS, batches
from .checks import MISSING, problem
from .columns import FIXED, JSON, PATTERNS, Declared
from .engine import Job, Outcome, channel_of
from .lines import ID_BYTES_MAX, META, STRINGS, VALUES
from .manifests import SealedFile
from .stores import Folder, folder_at
from .table import TARGET_BYTES, Written

ROW_GROUP = 122_880
_LINE_MAX = 64 << 20
_TYPES = {
    "string": "VARCHAR", "long": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN", "timestamp": "TIMESTAMPTZ", "date": "DATE",
}
_PLAIN_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z"
# Numbers that a double does not hold: 18 digits or more with a point between, or an exponent below its range.
_WIDE = "|".join([r"0\.[0-9]{18,}"] + [f"[1-9][0-9]{{{more},}}\\.[0-9]{{{17 - more},}}" for more in range(17)])
_INEXACT = rf"[:,\[\s]-?(?:{_WIDE}|[0-9]+(?:\.[0-9]+)?[eE]-[0-9]{{3,}}|[0-9]{{18,}}[eE]|[0-9.]{{17,}}[eE])"

_META_NAMES = ("receivedAt", "time", "channel", "node", "source", "run", "seq", "identity", "idAlone")
_NAMED = ("channel", "timestamp", *sorted(STRINGS))


class DuckDBEngine:
    """One connection with a database file of its own, in the folder for temporary files."""

    name = "duckdb"

    def __init__(self) -> None:
        self._work = tempfile.TemporaryDirectory(prefix="touchpoint-compact-")
        self._database = duckdb.connect(str(Path(self._work.name) / "unit.db"))
        self._database.execute("SET TimeZone = 'UTC'")
        self._database.execute(f"SET temp_directory = {_quoted(self._work.name)}")

    def close(self) -> None:
        self._database.close()
        self._work.cleanup()

    def problems(self, files: list[SealedFile]) -> dict[str, str]:
        folders = {file.input: folder_at(file.input) for file in files}
        with ThreadPoolExecutor() as pool:
            found = pool.map(lambda file: self._problem(folders[file.input], file), files)
            return {file.path: text for file, text in zip(files, found) if text is not None}

    def _problem(self, folder: Folder, file: SealedFile) -> Optional[str]:
        try:
            content = folder.read(file.path)
        except FileNotFoundError:
            return MISSING
        text = problem(content, file)
        if text is None and folder.local is None:
            # The engine reads what was checked.
            place = self._place(folder, file)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        return text

    def _place(self, folder: Folder, file: SealedFile) -> Path:
        return (folder.local or Path(self._work.name) / "spool") / file.path

    def compact(self, job: Job) -> Outcome:
        paths = [self._place(folder_at(file.input), file) for file in job.files]
        self._stage(paths, job)
        read = self._number("SELECT count(*) FROM staged")
        duplicates = self._remove_copies(job)
        files = self._write(job)
        for path, file in zip(paths, job.files):
            if folder_at(file.input).local is None:
                path.unlink()
        return Outcome(read, duplicates, files)

    # Reading

    def _stage(self, paths: list[Path], job: Job) -> None:
        """Makes the table `staged`, with a row per line."""
        source = f"""read_ndjson_objects({_list(map(str, paths))}, compression='gzip', hive_partitioning=false,
            filename=true, maximum_object_size={_LINE_MAX})"""
        extra = "".join(f", {_declared(column)} AS {_name(column.name)}" for column in job.extra)
        names = "".join(f", {_name(column.name)}" for column in job.extra)
        self._database.execute(f"CREATE OR REPLACE TABLE staged AS {_division(source, extra, names)}")
        self._database.execute("CREATE OR REPLACE TABLE odd AS SELECT line, file FROM staged WHERE line IS NOT NULL")
        self._database.execute("DELETE FROM staged WHERE line IS NOT NULL")
        self._database.execute("ALTER TABLE staged DROP line")
        self._database.execute("ALTER TABLE staged DROP file")
        reader = self._database.cursor().execute("SELECT line, file FROM odd ORDER BY file")
        while rows := reader.fetchmany(10_000):
            for channel in {channel_of(file) for _, file in rows}:
                lines = [line for line, file in rows if channel_of(file) == channel]
                self._add(pa.Table.from_batches(batches(lines, channel), COLUMNS), lines, extra)
        self._database.execute("DROP TABLE odd")

    def _add(self, rows: pa.Table, lines: list[str], extra: str) -> None:
        self._database.register("divided", rows.append_column("json", pa.array(lines, pa.string())))
        fixed = ", ".join((*FIXED, "identity", "alone"))
        self._database.execute(f"INSERT INTO staged BY NAME SELECT {fixed}{extra} FROM divided")
        self._database.unregister("divided")

    # Copies

    def _remove_copies(self, job: Job) -> int:
        """Removes from `staged` what is a copy of an earlier row, or of a published one. Returns how many."""
        self._database.execute("CREATE OR REPLACE TABLE published AS " + self._published(job))
        self._database.execute(f"""
            CREATE OR REPLACE TABLE copies AS
            WITH shared AS (
                SELECT identity FROM staged WHERE identity IS NOT NULL GROUP BY identity HAVING count(*) > 1
                UNION SELECT identity FROM published),
            compared AS (
                SELECT rowid AS number, {_key("staged", job.variant, False)} FROM staged SEMI JOIN shared USING (identity)
                UNION ALL BY NAME SELECT NULL AS number, * FROM published)
            SELECT number FROM (
                SELECT number,
                    receivedAt - lag(receivedAt) OVER ordered AS since,
                    min(receivedAt) FILTER (number IS NULL) OVER (ordered ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
                        - receivedAt AS until
                FROM compared
                WINDOW ordered AS (PARTITION BY identity, said
                                   ORDER BY receivedAt, number IS NOT NULL, node, source, run, seq))
            WHERE number IS NOT NULL AND (since <= {_seconds(job)} OR until <= {_seconds(job)})""")
        count = self._number("SELECT count(*) FROM copies")
        self._database.execute("DELETE FROM staged WHERE rowid IN (SELECT number FROM copies)")
        return count

    def _published(self, job: Job) -> str:
        """Returns a query for the published rows whose ids are also in this unit."""
        bounds = self._database.execute(
            f"SELECT (min(receivedAt) - {_seconds(job)})::DATE, (max(receivedAt) + {_seconds(job)})::DATE FROM staged"
        ).fetchone()
        if bounds is None or bounds[0] is None:
            return f"SELECT {_key('staged', False, False)} FROM staged"
        files = job.table.files(str(bounds[0]), str(bounds[1]))
        if not files:
            return f"SELECT {_key('staged', False, False)} FROM staged WHERE false"
        has_others = self._number("SELECT count(*) FROM staged WHERE identity IS DISTINCT FROM messageId")
        identity = _rest_member("identity", job.variant) if has_others else "NULL"
        return f"""
            SELECT {_key("rows", job.variant, True)} FROM (
                SELECT *, coalesce({identity}, messageId) AS identity,
                       coalesce({_rest_member("idAlone", job.variant)} = 'true', false) AS alone
                FROM read_parquet({_list(self._fetched(job.folder, files))}, union_by_name=true, hive_partitioning=false)) rows
            WHERE identity IN (SELECT identity FROM staged)"""

    def _fetched(self, folder: Folder, files: list[str]) -> list[str]:
        """Returns local paths of published files: those of a store are copied once per run."""
        if folder.local is not None:
            return files
        places = []
        for url in files:
            path = url.removeprefix(folder.url + "/")
            place = Path(self._work.name) / "published" / path
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(folder.read(path))
            places.append(str(place))
        return places

    # Writing

    def _write(self, job: Job) -> list[Written]:
        days = self._database.execute("SELECT DISTINCT receivedAt::DATE::VARCHAR FROM staged ORDER BY 1").fetchall()
        written: list[Written] = []
        for (day,) in days:
            below = f"date={day}/{job.name}"
            place = (job.folder.local or Path(self._work.name) / "written") / below
            place.mkdir(parents=True, exist_ok=True)
            self._database.execute(f"""
                COPY (SELECT {_stored(job)} FROM staged WHERE receivedAt::DATE = DATE '{day}'
                      ORDER BY channel, receivedAt, node, source, run, seq)
                TO {_quoted(str(place))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3,
                    ROW_GROUP_SIZE {ROW_GROUP}, FILE_SIZE_BYTES {TARGET_BYTES}, FILENAME_PATTERN 'part-{{i}}',
                    OVERWRITE_OR_IGNORE true)""")
            written += self._read_back(job.folder, place, below)
        return written

    def _read_back(self, folder: Folder, place: Path, below: str) -> list[Written]:
        found = self._database.execute(f"""
            SELECT filename, count(*), strftime(min(receivedAt), '%Y-%m-%dT%H:%M:%S.%fZ'),
                   strftime(max(receivedAt), '%Y-%m-%dT%H:%M:%S.%fZ')
            FROM read_parquet({_list([str(file) for file in sorted(place.glob("*.parquet"))])}, filename=true,
                hive_partitioning=false) GROUP BY filename ORDER BY filename""").fetchall()
        written = []
        for name, rows, first, last in found:
            file = Path(name)
            written.append(Written(f"{below}/{file.name}", file.stat().st_size, rows, first, last))
            if folder.local is None:
                folder.upload(f"{below}/{file.name}", file)
                file.unlink()
        return written

    def _number(self, query: str) -> int:
        row = self._database.execute(query).fetchone()
        return int(row[0]) if row else 0


def _division(source: str, extra: str, names: str) -> str:
    """Returns the query that divides each line into columns. `line` is set where `lines.py` has to do it."""
    metas = [f"$._touchpoint.{name}" for name in _META_NAMES]
    plain = f"(eventTime IS NOT NULL AND regexp_full_match(s[2], '{_PLAIN_TIME}'))"
    fits = {name: f"t[{place}] IN ('VARCHAR', 'NULL')" for place, name in enumerate(_NAMED, 1)}
    fits["channel"] = "(t[1] = 'VARCHAR' AND coalesce(s[1] = channel, false))"
    fits["timestamp"] = f"(t[2] = 'VARCHAR' AND {plain})"
    at = _NAMED.index("messageId") + 1
    fits["messageId"] = f"(t[{at}] = 'NULL' OR (t[{at}] = 'VARCHAR' AND s[{at}] <> '' AND strlen(s[{at}]) <= {ID_BYTES_MAX}))"
    metadata = '{"_touchpoint":{' + ",".join(f'"{name}":null' for name in sorted(META)) + "}"
    values = "".join(f',"{name}":null' for name in sorted(VALUES))
    whole = metadata + "".join(f',"{name}":null' for name in _NAMED) + values + "}"
    part = f"'{metadata}'" + "".join(
        f""" || CASE WHEN coalesce({fit}, true) THEN ',"{name}":null' ELSE '' END""" for name, fit in fits.items()
    ) + f" || '{values}}}'"
    all_fit = " AND ".join(f"coalesce({fit}, true)" for fit in fits.values())
    taken = " + ".join(f"(t[{place}] IS NOT NULL AND {fits[name]})::INT" for place, name in enumerate(_NAMED, 1))
    texts = ", ".join(
        f"CASE WHEN t[{place}] = 'VARCHAR' AND {fits[name]} THEN s[{place}] END AS {name}"
        for place, name in enumerate(_NAMED, 1) if name in STRINGS
    )
    jsons = ", ".join(f"nullif(j[{place}], 'null') AS {name}" for place, name in enumerate(sorted(VALUES), 1))
    counts = " + ".join(f"(j[{place}] IS NOT NULL)::INT" for place in range(1, len(VALUES) + 1))
    return f"""
        SELECT receivedAt, eventTime, channel, event, type, messageId, userId, anonymousId, properties, context, traits,
               CASE WHEN merged = '{{"_touchpoint":{{}}}}' THEN NULL
                    WHEN suffix(merged, ',"_touchpoint":{{}}}}') THEN left(merged, -18) || '}}'
                    ELSE merged END AS rest,
               node, source, run, seq, coalesce(other_id, messageId) AS identity, alone{names},
               CASE WHEN inexact OR len(json_keys(json)) - len(json_keys(merged::JSON)) <> taken THEN json END AS line, file
        FROM (SELECT *, json_merge_patch(json, CASE WHEN {all_fit} THEN '{whole}' ELSE {part} END)::VARCHAR AS merged,
                     {taken} + {counts} AS taken, {texts}, {jsons}, regexp_matches(json, {_quoted(_INEXACT)}) AS inexact{extra}
              FROM (SELECT *, m[1]::TIMESTAMPTZ AS receivedAt, TRY_CAST(m[2] AS TIMESTAMPTZ) AS eventTime,
                           coalesce(nullif(m[3], ''), CASE WHEN m[3] IS NULL THEN {_FOLDER_CHANNEL} END) AS channel,
                           m[4] AS node, m[5] AS source, m[6] AS run, m[7]::BIGINT AS seq,
                           nullif(m[8], '') AS other_id, coalesce(m[9] = 'true', false) AS alone
                    FROM (SELECT json::VARCHAR AS json, filename AS file,
                                 json_extract_string(json, {_list(metas)}) AS m,
                                 json_type(json, {_list(f"$.{name}" for name in _NAMED)}) AS t,
                                 json_extract_string(json, {_list(f"$.{name}" for name in _NAMED)}) AS s,
                                 json_extract(json, {_list(f"$.{name}" for name in sorted(VALUES))})::VARCHAR[] AS j
                          FROM {source})))"""


_FOLDER_CHANNEL = """CASE WHEN contains(file, '/channel=') AND NOT contains(file, '/channel=__HIVE_DEFAULT_PARTITION__/')
    THEN url_decode(regexp_extract(file, '/channel=([^/]*)/', 1)) END"""


def _declared(column: Declared) -> str:
    path = "$" + "".join(f'."{step}"' for step in column.path)
    text = f"json_extract_string(json, {_quoted(path)})"
    pattern = _quoted(PATTERNS[column.type])
    return f"CASE WHEN regexp_full_match({text}, {pattern}) THEN TRY_CAST({text} AS {_TYPES[column.type]}) END"


def _key(rows: str, variant: bool, is_published: bool) -> str:
    """Returns the columns that tell copies. `said` is equal if all that the producer sent is, but for `sentAt`."""

    def text(name: str) -> str:
        if not variant:
            # Another engine may have written blanks and numbers in another way.
            return f"json_extract({name}, '$')::VARCHAR"
        value = name if is_published else f"{name}::JSON::VARIANT"
        return f"({value})::JSON::VARCHAR"

    common = f"""json_merge_patch({text("rest")}, '{{"_touchpoint":null,"sentAt":null}}')::VARCHAR"""
    # Of NULL and a patch DuckDB makes an object.
    rest = f"CASE WHEN rest IS NOT NULL THEN nullif({common}, '{{}}') END"
    parts = ["channel", "event", "type", "messageId", "userId", "anonymousId", "eventTime::VARCHAR"]
    parts += [text(name) for name in ("properties", "context", "traits")] + [rest]
    said = f"CASE WHEN alone THEN '' ELSE md5(to_json([{', '.join(parts)}])) END"
    return f"identity, {said} AS said, {rows}.receivedAt, node, source, run, seq"


def _rest_member(name: str, variant: bool) -> str:
    rest = "rest::JSON" if variant else "rest"
    return f"json_extract_string({rest}, '$._touchpoint.{name}')"


def _stored(job: Job) -> str:
    columns = [f"{name}::JSON::VARIANT AS {name}" if job.variant and name in JSON else name for name in FIXED]
    return ", ".join([*columns, *(_name(column.name) for column in job.extra)])


def _seconds(job: Job) -> str:
    return f"to_seconds({job.window})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return f'"{text}"'


def _list(texts: Iterable[str]) -> str:
    return "[" + ", ".join(_quoted(text) for text in texts) + "]"
