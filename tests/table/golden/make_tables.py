"""Makes the Parquet and Arrow files beside it with pyarrow 23.0.1, the reference. Row i of every file follows from i alone, by the
formulas below, which tests/table/parquet_test.cpp repeats; the Arrow files have the same rows."""

import datetime
import decimal
import pathlib

import numpy
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
ROWS = 12


def column(type_, value, missing=lambda i: False):
    return pa.array([None if missing(i) else value(i) for i in range(ROWS)], type=type_)


def every_type():
    start = datetime.datetime(2024, 2, 28, 12, tzinfo=datetime.timezone.utc)
    return pa.table({
        "flag": column(pa.bool_(), lambda i: i % 3 == 0),
        "small": column(pa.int8(), lambda i: i - 5),
        "count": column(pa.int64(), lambda i: i * 10**12, lambda i: i % 5 == 3),
        "large": column(pa.uint32(), lambda i: 4294967295 - i),
        "half": pa.array(numpy.arange(ROWS) / 4, type=pa.float16()),
        "ratio": column(pa.float32(), lambda i: i / 8, lambda i: i == 7),
        "value": column(pa.float64(), lambda i: float("nan") if i == 2 else i / 3),
        "name": column(pa.string(), lambda i: "näme" * (i % 4), lambda i: i % 6 == 5),
        "kind": column(pa.string(), lambda i: f"kind {i % 3}", lambda i: i == 4).dictionary_encode(),
        "day": column(pa.date32(), lambda i: datetime.date(2024, 2, 28) + datetime.timedelta(days=i)),
        "when": column(pa.timestamp("ns", tz="Europe/Berlin"), lambda i: start + datetime.timedelta(microseconds=i)),
        "local": column(pa.timestamp("s"), lambda i: datetime.datetime(1969, 12, 31, 23, 59, i)),
        "price": column(pa.decimal128(10, 2), lambda i: decimal.Decimal(i * 25) / 100),
        "clock": column(pa.time32("s"), lambda i: datetime.time(0, 1, i)),
        "tokens": column(pa.list_(pa.int32()), lambda i: list(range(i % 4)), lambda i: i == 6),
        "image": column(pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
                        lambda i: {"bytes": bytes([i, 0, 255]), "path": None if i % 2 else f"{i}.png"}, lambda i: i == 9),
        "label": column(pa.int64(), lambda i: i % 10),
        "empty": pa.nulls(ROWS),
        "pairs": column(pa.map_(pa.string(), pa.int32()), lambda i: [("a", i)]),
    })


def write_ipc(new, name, table, rows, compression=None, **options):
    with new(HERE / name, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression, **options)) as writer:
        writer.write_table(table, max_chunksize=rows)


def write_changing_dictionaries():
    """Batch i has the words of i words, the last of which is new: a delta in the third, another dictionary in each else."""
    words = [pa.array(["a"]), pa.array(["b", "c"]), pa.array(["b", "c", "d"]), pa.array(["e"])]
    schema = pa.schema([("other", pa.dictionary(pa.int8(), pa.string())), ("word", pa.dictionary(pa.int8(), pa.string()))])
    other = pa.DictionaryArray.from_arrays(pa.array([0], pa.int8()), pa.array(["x"]))
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    with pa.ipc.new_stream(HERE / "dictionaries.arrows", schema, options=options) as writer:
        for known in words:
            last = pa.DictionaryArray.from_arrays(pa.array([len(known) - 1], pa.int8()), known)
            writer.write_batch(pa.record_batch([other, last], schema=schema))


def write_arrow(table, bad):
    write_ipc(pa.ipc.new_file, "types.arrow", table, 5, "lz4")
    write_ipc(pa.ipc.new_stream, "types.arrows", table, 5, "zstd")
    plain = table.select(["count", "kind", "image", "tokens"])
    write_ipc(pa.ipc.new_file, "plain.arrow", plain, 6)
    write_ipc(pa.ipc.new_stream, "plain.arrows", plain, 6)
    write_ipc(pa.ipc.new_stream, "legacy.arrows", plain, 6, use_legacy_format=True)
    write_ipc(pa.ipc.new_file, "no_rows.arrow", table.slice(0, 0), 6)
    write_ipc(pa.ipc.new_stream, "no_rows.arrows", table.slice(0, 0), 6)
    write_ipc(pa.ipc.new_file, "bad_utf8.arrow", bad, 6)
    write_ipc(pa.ipc.new_file, "bomb.arrow", pa.table({"zeros": pa.array(numpy.zeros(1 << 23))}), 1 << 23, "zstd")
    pyarrow.feather.write_feather(table.select(["count", "name"]), HERE / "version_1.feather", version=1)
    write_changing_dictionaries()


def main():
    table = every_type()
    pq.write_table(table, HERE / "types.parquet", row_group_size=5, compression={
        "flag": "none", "small": "snappy", "count": "gzip", "name": "zstd", "kind": "lz4", "value": "brotli"})
    pq.write_table(table.select(["count", "name", "image", "tokens"]), HERE / "plain.parquet", row_group_size=6,
                   use_dictionary=False, write_page_checksum=True, compression="none", store_schema=False)
    pq.write_table(table.slice(0, 0), HERE / "no_rows.parquet")
    twice = pa.table([pa.array([1]), pa.array([2])], names=["x", "x"])
    pq.write_table(twice, HERE / "twice.parquet")
    bad = pa.table({"text": pa.array([b"good", b"b\xffd"]).cast(pa.string(), safe=False)})
    pq.write_table(bad, HERE / "bad_utf8.parquet")
    write_arrow(table, bad)
    # 64 MiB of zeros in a few kilobytes.
    pq.write_table(pa.table({"zeros": pa.array(numpy.zeros(1 << 23))}), HERE / "bomb.parquet", compression="zstd",
                   use_dictionary=False, row_group_size=1 << 23)


if __name__ == "__main__":
    main()
