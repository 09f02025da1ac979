"""Writes the seeds of the fuzz targets that no other test has files for: small, so that many of their changes can be tried.

    python make_corpus.py      # Pillow and numpy; writes beside itself
"""

import base64
import io
import json
import pathlib
import struct
import tarfile

import numpy
from PIL import Image

FOLDER = pathlib.Path(__file__).parent


def write(name, content):
    path = FOLDER / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def tar(form, files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if name.endswith("link"):
                info.type, info.linkname, info.size = tarfile.SYMTYPE, "a.png", 0
            archive.addfile(info, io.BytesIO(content))
    content = buffer.getvalue().rstrip(b"\0")
    return content + bytes(-len(content) % 512 + 1024)  # without the padding to twenty blocks


def tars():
    two = [("a/1.png", b"one"), ("a/1.cls", b"7"), ("a/1.txt", b"x"), ("a/2.cls", b" 0\n"), ("a/2.JPEG", b"two")]
    with_json = [("1.jpg", b"one"), ("1.json", b'{"label": 4, "x": [1, 2.5, "\\u00e9"]}'), ("1.txt", b"a text")]
    long = [("n" * 120 + ".png", b"1234"), ("n" * 120 + ".cls", b"1")]
    write("tar/ustar.tar", tar(tarfile.USTAR_FORMAT, two))
    write("tar/json.tar", tar(tarfile.USTAR_FORMAT, with_json))
    write("tar/links.tar", tar(tarfile.GNU_FORMAT, [("d/link", b""), *two[:2]]))
    write("tar/gnu.tar", tar(tarfile.GNU_FORMAT, long))
    write("tar/pax.tar", tar(tarfile.PAX_FORMAT, long))
    write("tar/empty.tar", bytes(1024))
    # A size in base 256, and one in a pax record that replaces that of the header.
    large = bytearray(tar(tarfile.USTAR_FORMAT, two[:2]))
    large[124:136] = b"\x80" + bytes(10) + b"\3"
    write("tar/base_256.tar", bytes(large))
    pax = bytearray(tar(tarfile.USTAR_FORMAT, [("x", b"10 size=3\n"), *two[:2]]))
    pax[156:157] = b"x"
    write("tar/pax_size.tar", bytes(pax))


def token_shard(tokens, vocabulary, width=2, ends=(), targets=None, checksum=0):
    body = numpy.array(tokens, f"<u{width}").tobytes()
    if ends or targets is not None:
        body += bytes(-len(body) % 8) + struct.pack(f"<{len(ends)}Q", *ends)
    if targets is not None:
        body += numpy.packbits(targets, bitorder="little").tobytes()
    head = struct.pack("<8sIIQQQQQQ", b"ECHTOKEN", 1, width, len(tokens), vocabulary, checksum, len(ends),
                       targets is not None, 0)
    return head + body


def token_shards():
    write("token_shard/one.tokens", token_shard([1, 2, 3, 65535], 65536))
    # The checksum is that of tests/data/text/token_shard_test.cpp.
    write("token_shard/checksum.tokens", token_shard([1, 65535], 65536, checksum=0x82C16CD749DC9E93))
    write("token_shard/wide.tokens", token_shard([7, 100_000, 9], 100_001, width=4))
    write("token_shard/documents.tokens", token_shard(range(40), 50, ends=(3, 4, 20, 33, 40)))
    write("token_shard/targets.tokens", token_shard([1, 2, 3, 4, 5], 10, ends=(2, 5), targets=[0, 1, 0, 1, 1]))
    write("token_shard/one_with_targets.tokens", token_shard(range(9), 9, width=4, targets=[1, 0] * 4 + [1]))


def small_tokenizer(name, letters="abcdehinorst .'▁"):
    """One of tests/tokenizer/golden with a vocabulary of some tens."""
    file = json.loads((FOLDER / f"../../tokenizer/golden/{name}.json").read_text())
    model, added = file["model"], [token["content"] for token in file["added_tokens"]]
    if model["type"] == "Unigram":
        model["vocab"] = model["vocab"][:24]
        file["added_tokens"] = [token for token in file["added_tokens"] if token["id"] < 24]
        return file
    pieces = [piece for piece in model["vocab"] if piece in added or piece in letters or piece.removeprefix("##") in letters]
    merges = [pair for pair in model.get("merges", []) if pair[0] in pieces and pair[1] in pieces][:8]
    pieces += ["".join([left, right.removeprefix("##")]) for left, right in merges]
    pieces = [piece for piece in dict.fromkeys(pieces) if piece in model["vocab"]]
    model["vocab"] = {piece: i for i, piece in enumerate(pieces)}
    if merges:
        model["merges"] = merges
    file["added_tokens"] = [token for token in file["added_tokens"] if token["content"] in pieces]
    for token in file["added_tokens"]:
        token["id"] = model["vocab"][token["content"]]
    for token in (file["post_processor"] or {}).get("special_tokens", {}).values():
        token["ids"] = [model["vocab"][text] for text in token["tokens"]]
    return file


def tokenizers():
    for name in ("word_piece", "metaspace", "behaviors", "unigram"):
        text = json.dumps(small_tokenizer(name), ensure_ascii=False, separators=(",", ":"))
        write(f"tokenizer/{name}.json", text.encode())
    ranks = [bytes([i]) for i in range(256)] + [b"th", b"the", b" the", b"in"]
    write("tokenizer/ranks.tiktoken", b"".join(base64.b64encode(piece) + b" %d\n" % i for i, piece in enumerate(ranks)))


def tar_indexes():
    """docs/formats/tar-index.md; without the checksum, which the target mends."""
    def index(extensions, samples):
        names = b"".join(bytes([len(name)]) + name for name in extensions)
        body, offset = b"", 0
        for key, fields in samples:
            body += struct.pack("<HH", len(key), len(fields)) + key
            for extension, size, content in fields:
                stored = 0xffff if content is None else len(content)
                body += struct.pack("<QQIHH", offset, size, 512, extension, stored) + (content or b"")
                offset += 512 + (size + 511) // 512 * 512
        count = sum(len(fields) for _, fields in samples)
        header = struct.pack("<8sIIQQQQQQ", b"ECHTARIX", 1, len(extensions), len(samples), count, offset + 1024, 0, 0, 0)
        return header + names + body

    write("tar_index/two.tar.index", index([b"jpg", b"cls"], [
        (b"0001", [(0, 700, None), (1, 1, b"3")]), (b"a/0002", [(0, 80, None), (1, 2, b"17")])]))
    write("tar_index/one.tar.index", index([b"seg.png"], [(b"k", [(0, 5, None)])]))
    write("tar_index/empty.tar.index", index([], []))


def images():
    y, x = numpy.mgrid[0:6, 0:9]
    pixels = numpy.stack([28 * x, 40 * y, 12 * (x + y) + 20], axis=2).astype(numpy.uint8)
    colour = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    clear = numpy.full((6, 9, 1), 128, numpy.uint8)

    def save(name, image, **options):
        buffer = io.BytesIO()
        image.save(buffer, **options)
        write(f"image/{name}", buffer.getvalue())

    save("colour.jpg", colour, format="jpeg", quality=80)
    save("progressive.jpg", colour, format="jpeg", progressive=True, subsampling=0)
    save("turned.jpg", colour, format="jpeg", exif=exif)
    save("grey.jpg", colour.convert("L"), format="jpeg")
    save("cmyk.jpg", colour.convert("CMYK"), format="jpeg")
    save("colour.png", colour, format="png")
    save("turned.png", colour, format="png", exif=exif)
    save("grey.png", colour.convert("L"), format="png")
    save("bits.png", colour.convert("1"), format="png")
    save("palette.png", colour.quantize(8), format="png")
    save("transparent.png", Image.fromarray(numpy.concatenate([pixels, clear], axis=2)), format="png")
    save("deep.png", Image.fromarray(pixels[:, :, 0].astype(numpy.uint16) * 257), format="png")
    save("lossy.webp", colour, format="webp", quality=70)
    save("lossless.webp", colour, format="webp", lossless=True)
    save("alpha.webp", Image.fromarray(numpy.concatenate([pixels, clear], axis=2)), format="webp", exif=exif)
    save("animated.webp", colour, format="webp", save_all=True, append_images=[colour.rotate(180)])


if __name__ == "__main__":
    tars()
    tar_indexes()
    token_shards()
    tokenizers()
    images()
