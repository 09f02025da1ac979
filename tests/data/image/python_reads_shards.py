"""Shards and indexes as others read them: Python's tarfile, GNU tar, and docs/formats/tar-index.md followed to the letter."""

import pathlib
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
HUNDRED = "0123456789" * 10
DEEP = "0123456789/" * 30 + "end"
EXPECTED = [
    ("short.jpg", b"x" * 1000), ("short.cls", b"7"),
    (f"exactly/{HUNDRED[:96]}.png", b""), (f"exactly/{HUNDRED[:96]}.cls", b"0"),
    (f"prefix/{HUNDRED[:50]}/{HUNDRED[:90]}.cls", b"1" * 512),
    (f"{HUNDRED * 2}.webp", b"long"), (f"{HUNDRED * 2}.json", b"{" * 64),
    (f"{DEEP}.txt", b"t" * 65), (f"{DEEP}.seg.png", b"s" * 512),
    ("Größe/鳥.cls", b"3\n"), ("line\nbreak.cls", b"4"),
]


class Reader:
    def __init__(self, content):
        self.content, self.at = content, 0

    def take(self, size):
        self.at += size
        return self.content[self.at - size:self.at]

    def numbers(self, kinds):
        return struct.unpack("<" + kinds, self.take(struct.calcsize("<" + kinds)))


def read_index(content):
    """(header, [(name, offset, header bytes, size, stored content or None)])"""
    reader = Reader(content)
    magic, *header = reader.numbers("8sIIQQQQQQ")
    assert magic == b"ECHTARIX"
    extensions = [reader.take(reader.numbers("B")[0]).decode() for _ in range(header[1])]
    fields = []
    for _ in range(header[2]):
        key_size, count = reader.numbers("HH")
        key = reader.take(key_size).decode()
        for _ in range(count):
            offset, size, header_bytes, extension, stored = reader.numbers("QQIHH")
            stored = None if stored == 0xFFFF else reader.take(stored)
            fields.append((f"{key}.{extensions[extension]}", offset, header_bytes, size, stored))
    assert reader.at == len(content)
    return header, fields


class ShardsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        subprocess.run([PROGRAM, cls.folder], check=True)
        cls.shard = cls.folder / "shard.tar"

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_tarfile_reads_them(self):
        with tarfile.open(self.shard) as archive:
            members = archive.getmembers()
            self.assertEqual([(m.name, archive.extractfile(m).read()) for m in members], EXPECTED)
        for member in members:
            self.assertEqual((member.mtime, member.mode, member.uid, member.gid, member.uname, member.gname),
                             (0, 0o644, 0, 0, "", ""))

    @unittest.skipUnless(shutil.which("tar"), "there is no tar")
    def test_tar_unpacks_them(self):
        target = self.folder / "unpacked"
        target.mkdir()
        finished = subprocess.run(["tar", "-xf", self.shard, "-C", target], capture_output=True, text=True)
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertEqual({str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()},
                         dict(EXPECTED))

    def test_index_is_as_specified(self):
        shard = self.shard.read_bytes()
        header, fields = read_index((self.folder / "shard.tar.index").read_bytes())
        version, _, samples, field_count, size = header[:5]
        self.assertEqual((version, samples, field_count, size), (1, 7, len(EXPECTED), len(shard)))
        with tarfile.open(self.shard) as archive:
            self.assertEqual([(name, offset, offset + header_bytes, size) for name, offset, header_bytes, size, _ in fields],
                             [(m.name, m.offset, m.offset_data, m.size) for m in archive.getmembers()])
        for (name, _, _, _, stored), (_, content) in zip(fields, EXPECTED, strict=True):
            is_image = name.split("/")[-1].partition(".")[2] in ("jpg", "jpeg", "png", "webp")
            self.assertEqual(stored, None if is_image or len(content) > 64 else content, name)


if __name__ == "__main__":
    unittest.main()
