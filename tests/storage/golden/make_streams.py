"""Makes the files beside it: the seeds of tests/fuzz/stream.cpp, and what Python's gzip and zstandard 0.25.0 write."""

import gzip
import pathlib

import zstandard

HERE = pathlib.Path(__file__).parent
LINES = b'{"text": "one", "n": 1}\n{"text": "two\\n", "n": 2}\r\n\n{"text": "three", "n": 3}'
SKIPPED = bytes.fromhex("502a4d1803000000616263")  # a frame that carries no data (RFC 8878, section 3.1.2)

zstd = zstandard.ZstdCompressor(write_checksum=True, write_content_size=False).compress
FILES = {
    "lines.jsonl": LINES,
    "lines.jsonl.gz": gzip.compress(LINES[:40], mtime=0) + gzip.compress(LINES[40:], mtime=0) + bytes(16),
    "lines.jsonl.zst": zstd(LINES[:40]) + SKIPPED + zstd(LINES[40:]),
    "records.csv": b'id,name\r\n1,"a ""b""\nc"\r\n\r\n2,5" disk\n3,',
    "locations.txt": b"s3://b/k-{0..3}?.tar?region=x&scheme=http",
}

for name, content in FILES.items():
    (HERE / name).write_bytes(content)
