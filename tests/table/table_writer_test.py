"""Parquet files that Echelon writes, read by pyarrow."""

import datetime
import pathlib
import subprocess
import sys
import tempfile
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

PROGRAM = sys.argv.pop(1)
START = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
SCHEMA = pa.schema([
    ("flag", pa.bool_()), ("count", pa.int64()), ("ratio", pa.float32()), ("value", pa.float64()), ("name", pa.string()),
    ("image.bytes", pa.binary()), ("when", pa.timestamp("us", tz="UTC")), ("vector", pa.list_(pa.float32())),
    ("words", pa.list_(pa.string()))])


def row(i):
    """As tests/table/every_type.h makes it."""
    items = range(i % 4)
    return {
        "flag": None if i % 11 == 10 else i % 3 == 0,
        "count": None if i % 5 == 3 else i * 10**12,
        "ratio": None if i % 7 == 0 else i / 8,
        "value": i / 3,
        "name": None if i % 6 == 5 else "näme" * (i % 4),
        "image.bytes": None if i % 9 == 8 else bytes([i % 256, 0, 255]),
        "when": None if i % 13 == 12 else START + datetime.timedelta(microseconds=(i - 60) * 1_000_001),
        "vector": None if i % 6 == 4 else [None if k == 2 else (i + k) / 2 for k in items],
        "words": None if i % 6 == 4 else [None if k == 1 else f"{i}-{k}" for k in items],
    }


class TableWriterTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "x.parquet"

    def write(self, rows=1000, batch=100, group=300, compression="zstd"):
        subprocess.run([PROGRAM, self.path, str(rows), str(batch), str(group), compression], check=True)
        return self.path

    def test_pyarrow_reads_the_same(self):
        for compression, name in (("zstd", "ZSTD"), ("snappy", "SNAPPY"), ("none", "UNCOMPRESSED")):
            table = pq.read_table(self.write(compression=compression), page_checksum_verification=True)
            self.assertEqual(table.schema.remove_metadata(), SCHEMA)
            self.assertEqual(table.to_pylist(), [row(i) for i in range(1000)])
            metadata = pq.read_metadata(self.path)
            self.assertEqual([metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)], [300, 300, 300, 100])
            columns = [metadata.row_group(0).column(i) for i in range(metadata.num_columns)]
            self.assertEqual({column.compression for column in columns}, {name})

    def test_the_file_tells_of_itself(self):
        metadata = pq.read_metadata(self.write())
        self.assertEqual(metadata.metadata, {b"model": b"a", b"task": b"b"})
        self.assertEqual(metadata.created_by, "echelon version 1.0 (build 1)")
        statistics = metadata.row_group(0).column(3).statistics
        self.assertEqual((statistics.min, statistics.max, statistics.null_count), (0, 299 / 3, 0))

    def test_no_rows(self):
        table = pq.read_table(self.write(rows=0))
        self.assertEqual((table.schema.remove_metadata(), table.num_rows), (SCHEMA, 0))

    def test_checksums_find_a_flipped_bit_in_any_value(self):
        """In every page: pyarrow looks at the checksums, and they are right."""
        whole = self.write(rows=40, group=20, compression="none").read_bytes()
        metadata = pq.read_metadata(self.path)
        found = 0
        for group in range(metadata.num_row_groups):
            for i in range(metadata.num_columns):
                column = metadata.row_group(group).column(i)
                last = column.data_page_offset + column.total_compressed_size - 1
                if column.has_dictionary_page:
                    last = column.dictionary_page_offset + column.total_compressed_size - 1
                damaged = bytearray(whole)
                damaged[last] ^= 4
                self.path.write_bytes(damaged)
                with self.assertRaisesRegex(OSError, "CRC|crc"):
                    pq.read_table(self.path, page_checksum_verification=True)
                found += 1
        self.assertEqual(found, 2 * len(SCHEMA))


if __name__ == "__main__":
    unittest.main()
