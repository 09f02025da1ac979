"""Folders of partitions that Echelon writes, read by pyarrow, pandas and DuckDB; and Arrow files that pyarrow writes, read by
Echelon."""

import datetime
import pathlib
import subprocess
import sys
import tempfile
import unittest

import duckdb
import pandas
import pyarrow as pa
import pyarrow.dataset
import pyarrow.feather
import pyarrow.json
import pyarrow.parquet as pq

PROGRAM = sys.argv.pop(1)
pa.set_cpu_count(2)  # with one thread ($OMP_NUM_THREADS) pyarrow's datasets of JSON wait for themselves
ROWS = 400
NAMES = ["north", "a/b", "k=v", "100%", "%2F", "two words", "grün", "\"'#?*:[]{}\\^", "tab\there", None]
START = datetime.datetime(2024, 1, 30, tzinfo=datetime.timezone.utc)


def table():
    days = [None if i % 9 == 8 else START + datetime.timedelta(days=i % 4) for i in range(ROWS)]
    return pa.table({
        "region": pa.array([NAMES[i % len(NAMES)] for i in range(ROWS)]),
        "year": pa.array([None if i % 7 == 6 else 2020 + i % 3 for i in range(ROWS)], pa.int64()),
        "flag": pa.array([None if i % 5 == 4 else i % 2 == 0 for i in range(ROWS)]),
        "day": pa.array(days, pa.timestamp("us", tz="UTC")),
        "id": pa.array(range(ROWS), pa.int64()),
        "score": pa.array([None if i % 3 == 0 else i / 7 for i in range(ROWS)], pa.float64()),
        "text": pa.array(["ü" * (i % 4) for i in range(ROWS)]),
        "items": pa.array([list(range(i % 3)) for i in range(ROWS)], pa.list_(pa.int64())),
    })


class PartitionedWriterTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.table = table()

    def write(self, *columns, format="parquet", rows=10**9, write=pq.write_table):
        path = self.folder / ("in.parquet" if write is pq.write_table else "in.arrow")
        write(self.table, path)
        subprocess.run([PROGRAM, path, self.folder / "out", format, str(rows), *columns], check=True)
        return self.folder / "out"

    def read(self, out, fields, **options):
        partitioning = pa.dataset.partitioning(pa.schema(fields), flavor="hive")
        return pa.dataset.dataset(out, partitioning=partitioning, **options).to_table().sort_by("id")

    def assert_same_rows(self, read):
        self.assertEqual(read.select(self.table.column_names).to_pylist(), self.table.to_pylist())

    def test_pyarrow_reads_texts_of_any_characters(self):
        self.assert_same_rows(self.read(self.write("region", rows=15), [("region", pa.string())]))

    def test_pyarrow_reads_several_columns(self):
        fields = [("year", pa.int64()), ("flag", pa.bool_()), ("day", pa.timestamp("us", tz="UTC"))]
        read = self.read(self.write("year", "flag", "day"), [*fields[:2], ("day", pa.date32())])
        days = [None if day is None else day.date() for day in self.table["day"].to_pylist()]
        self.assertEqual(read["day"].to_pylist(), days)
        self.assert_same_rows(read.set_column(read.column_names.index("day"), "day", self.table["day"]))

    def test_pyarrow_infers_whole_numbers(self):
        read = pa.dataset.dataset(self.write("year"), partitioning="hive").to_table().sort_by("id")
        self.assertEqual(read["year"].to_pylist(), self.table["year"].to_pylist())

    def test_files_have_no_more_rows_than_asked_for_and_keep_their_order(self):
        files = sorted(self.write("flag", rows=50).rglob("*.parquet"))
        ids = {}
        for file in files:
            self.assertLessEqual(pq.read_metadata(file).num_rows, 50)
            ids.setdefault(file.parent.name, []).extend(pq.ParquetFile(file).read()["id"].to_pylist())
        self.assertEqual(set(ids), {"flag=true", "flag=false", "flag=__HIVE_DEFAULT_PARTITION__"})
        for column in ids.values():
            self.assertEqual(column, sorted(column))
        self.assertEqual(files[0].name, "part-0000.parquet")

    def test_folders_are_those_of_pyarrow_up_to_what_is_escaped(self):
        """pyarrow escapes all but letters, digits and -_.~; both read both."""
        out = self.write("region", "year")
        pq.write_to_dataset(self.table, self.folder / "theirs", partition_cols=["region", "year"])
        theirs = self.read(self.folder / "theirs", [("region", pa.string()), ("year", pa.int64())])
        ours = self.read(out, [("region", pa.string()), ("year", pa.int64())])
        self.assertEqual(ours.select(self.table.column_names).to_pylist(), theirs.select(self.table.column_names).to_pylist())

    def test_pandas(self):
        read = pandas.read_parquet(self.write("region"), partitioning=pa.dataset.partitioning(
            pa.schema([("region", pa.string())]), flavor="hive")).sort_values("id")
        expected = self.table.to_pandas()
        self.assertEqual(read["region"].isna().tolist(), expected["region"].isna().tolist())
        self.assertEqual(read["region"].dropna().tolist(), expected["region"].dropna().tolist())
        self.assertEqual(read["text"].tolist(), expected["text"].tolist())

    def test_duckdb(self):
        """Which leaves it to the query what stands for a missing value."""
        out = self.write("region", "year", "day")
        rows = duckdb.sql(
            "SELECT region, year::BIGINT, day::DATE, id, score, text FROM (SELECT * REPLACE ("
            + ", ".join(f"nullif({name}, '__HIVE_DEFAULT_PARTITION__') AS {name}" for name in ("region", "year", "day")) +
            f") FROM read_parquet('{out}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)) "
            "ORDER BY id").fetchall()
        expected = [(row["region"], row["year"], None if row["day"] is None else row["day"].date(), row["id"], row["score"],
                     row["text"]) for row in self.table.to_pylist()]
        self.assertEqual(rows, expected)

    def test_json_lines(self):
        out = self.write("region", format="jsonl")
        fields = [(name, self.table.schema.field(name).type) for name in self.table.column_names if name != "day"]
        schema = pa.schema([*fields, ("day", pa.string())])
        partitioning = pa.dataset.partitioning(pa.schema([("region", pa.string())]), flavor="hive")
        read = pa.dataset.dataset(out, format="json", schema=schema, partitioning=partitioning).to_table().sort_by("id")
        days = [None if day is None else day.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for day in self.table["day"].to_pylist()]
        self.assertEqual(read["day"].to_pylist(), days)
        self.assert_same_rows(read.set_column(read.column_names.index("day"), "day", self.table["day"]))

    def test_echelon_reads_arrow_files(self):
        """Without partitions a table is copied: what is read is what pyarrow wrote."""
        kinds = self.table["region"].dictionary_encode()
        self.table = self.table.append_column("kind", kinds).append_column("half", self.table["id"].cast(pa.float32()))
        self.table = self.table.append_column("bytes", self.table["text"].cast(pa.binary()))
        self.table = self.table.append_column("items_of_text", pa.array([["a", None][: i % 3] for i in range(ROWS)]))
        for new in (pa.ipc.new_file, pa.ipc.new_stream):
            for compression in (None, "lz4", "zstd"):
                def write(table, path):
                    with new(path, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
                        writer.write_table(table, max_chunksize=64)
                out = self.write(rows=10**9, write=write)
                self.assertEqual(pq.read_table(out / "part-0000.parquet").to_pylist(), self.table.to_pylist())

    def test_echelon_reads_feather_as_pandas_writes_it(self):
        out = self.write(write=lambda table, path: table.to_pandas().to_feather(path))
        read = pq.read_table(out / "part-0000.parquet")
        self.assertEqual(read["id"].to_pylist(), self.table["id"].to_pylist())
        self.assertEqual(read["text"].to_pylist(), self.table["text"].to_pylist())
        self.assertEqual(read["day"].to_pylist(), self.table["day"].to_pylist())


if __name__ == "__main__":
    unittest.main()
