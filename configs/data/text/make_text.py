#!/usr/bin/env python3
"""Makes train.txt and test.txt from the data of Debian's package `sword-text-web`: one paragraph a line, UTF-8.

    make_text.py PATH/TO/usr/share/sword/modules/texts/ztext/engWEB2015eb [OUTPUT_FOLDER]

Needs nothing but Python. The module is in SWORD's zText format: NAME.bzs holds (offset, size, unpacked size) of each zlib block
in NAME.bzz, and a block is one book with OSIS markup.
"""
import html
import pathlib
import re
import struct
import sys
import zlib

TRAIN = ["Gen", "Exod", "Josh", "Judg", "Ruth", "1Sam", "2Sam", "1Kgs", "2Kgs", "Ezra", "Neh", "Esth", "Matt", "Mark",
         "Luke", "John", "Rev"]
TEST = ["Acts"]


def read_books(folder):
    """{OSIS name: marked-up text}, the first block of each book."""
    books = {}
    for testament in ("ot", "nt"):
        index = (folder / f"{testament}.bzs").read_bytes()
        packed = (folder / f"{testament}.bzz").read_bytes()
        for offset, size, _ in struct.iter_unpack("<III", index):
            markup = zlib.decompress(packed[offset : offset + size]).decode()
            name = re.search(r'<div [^>]*osisID="(\w+)"[^>]* type="book"/>', markup)
            if name:
                end = markup.rindex('<chapter eID="')  # after it comes a glossary in one of them
                books.setdefault(name[1], markup[name.start() : end])
    return books


def plain(markup):
    """The paragraphs of a book without notes, headings, references and numbers."""
    for element in ("note", "title", "reference", "rdg"):
        markup = re.sub(rf"<{element}\b[^>]*/>", "", markup)
        markup = re.sub(rf"<{element}\b.*?</{element}>", "\0", markup, flags=re.S)
    # Where a note stood between two words, or a marked word follows another, the space may be missing.
    markup = re.sub(r"\0+(?=(<[^>]*>)*\w)", " ", markup).replace("\0", "")
    markup = re.sub(r"(?<=[\w,;.:!?’”])(</?[^>]*>)?(?=<w\b)", r"\1 ", markup)
    markup = re.sub(r'<div [sS]ID="[^"]*" type="x-[a-z]*[0-9]?"/>|<(chapter|lg)\b[^>]*>', "\n", markup)
    markup = re.sub(r"<l\b[^>]*>|<lb\b[^>]*>", " ", markup)
    text = html.unescape(re.sub(r"<[^>]*>", "", markup)).replace("\u00a0", " ").replace("\u00b6", "")
    text = re.sub(r"(?<=[a-z][,;.:!?])(?=[A-Za-z])", " ", text)
    lines = (re.sub(r" +([,;.:!?’”])", r"\1", re.sub(r"[ \t\r]+", " ", line).strip()) for line in text.split("\n"))
    return [line for line in lines if line]


def main(source, folder):
    books = read_books(source)
    for file, names in (("train.txt", TRAIN), ("test.txt", TEST)):
        paragraphs = [line for name in names for line in plain(books[name])]
        (folder / file).write_bytes(("\n".join(paragraphs) + "\n").encode())


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    here = pathlib.Path(__file__).resolve().parent
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else here)
