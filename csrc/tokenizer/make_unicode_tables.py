"""Writes unicode_tables.cpp beside itself: what the reference believes of every code point, asked of the reference.

Its parts follow different versions of Unicode (the patterns 16, grapheme clusters 17, the normal forms 9 or so), so
that no one version of any library's tables gives its ids.

    python make_unicode_tables.py       # with tokenizers==0.23.3; then clang-format -i unicode_tables.cpp
"""
import pathlib
import struct
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

CATEGORIES = "Cn Cc Cf Co Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp".split()
POINTS = [point for point in range(0x110000) if not 0xD800 <= point < 0xE000]
EVERYTHING = "".join(map(chr, POINTS))


def category_of_points():
    categories = {}
    for number, name in enumerate(CATEGORIES):
        others = set(normalizers.Replace(Regex(r"\p{%s}" % name), "").normalize_str(EVERYTHING))
        categories.update((point, number) for point in POINTS if chr(point) not in others)
    assert len(categories) == len(POINTS)
    assert set(EVERYTHING) - set(normalizers.Replace(Regex(r"\s"), "").normalize_str(EVERYTHING)) == {
        chr(point) for point in POINTS
        if CATEGORIES[categories[point]][0] == "Z" or 9 <= point <= 13 or point == 0x85}
    return categories


def splits(pre_tokenizer):
    """The code points that the pre-tokenizer does not leave in one piece with the letter before."""
    return [point for point in POINTS if pre_tokenizer.pre_tokenize_str("a" + chr(point))[0][0] == "a"]


def removed(normalizer):
    return [point for point in POINTS if normalizer.normalize_str(chr(point)) == ""]


def not_normalised_as_in(known):
    """Code points that the reference's normal forms do not know, but newer versions of Unicode might."""
    forms = {name: getattr(normalizers, name)().normalize_str for name in ("NFC", "NFD", "NFKC", "NFKD")}

    def differs(point):
        one = chr(point)
        reordered = (one + "\u0334", "\u0345" + one)  # combining classes 1 and 240
        return (point not in known or any(forms[name](one) != unicodedata.normalize(name, one) for name in forms)
                or any(forms["NFD"](text) != unicodedata.normalize("NFD", text) for text in reordered))

    found = {point for point in POINTS if differs(point)}
    # What makes up such a one must not be put together either.
    parts = {ord(part) for point in found if point in known and forms["NFD"](chr(point)) == chr(point)
             for part in unicodedata.normalize("NFD", chr(point))}
    return found | parts


def cluster_extensions():
    """What belongs to the grapheme cluster before it. Precompiled replaces a whole cluster by what its start stands for;
    here "a" stands for "b"."""
    trie = [0] * 512
    trie[0] = 0x100 << 10
    trie[0x161] = 0x61 | 1 << 8 | 0x100 << 10
    trie[0x61] = 1 << 31
    charsmap = struct.pack("<I512I", 2048, *trie) + b"b\0"
    normalise = normalizers.Precompiled(charsmap).normalize_str
    return [point for point in POINTS if normalise("a" + chr(point)) == "b"]


def lower_runs():
    """(first, last, step, offset): runs of code points with the same distance to their lower case."""
    lower = normalizers.Lowercase().normalize_str
    pairs = [(point, ord(lower(chr(point)))) for point in POINTS if point != 0x130 and lower(chr(point)) != chr(point)]
    runs = []
    for point, target in pairs:
        if runs and target - point == runs[-1][3]:
            first, last, step, offset = runs[-1]
            if point - last in ((1, 2) if first == last else (step,)):
                runs[-1] = (first, point, point - last, offset)
                continue
        runs.append((point, point, 1, target - point))
    return runs


def boundaries(points):
    """Where membership changes, from "no" at zero."""
    inside, found, members = False, [], set(points)
    for point in range(0x110001):
        if (point in members) != inside:
            inside = not inside
            found.append(point)
    return found


def numbers(values):
    return ", ".join(f"{value:#x}" for value in values)


def main():
    categories = category_of_points()
    starts = [point for point in POINTS if point == 0 or categories.get(point - 1) != categories[point]]
    assigned = {point for point in POINTS if unicodedata.category(chr(point)) != "Cn"}
    bert = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    sets = {
        "Word": set(POINTS) - set(splits(pre_tokenizers.Whitespace())),
        "Numeric": splits(pre_tokenizers.Digits()),
        "Punctuation": splits(pre_tokenizers.Punctuation()),
        "Other": removed(normalizers.BertNormalizer(**{**bert, "clean_text": True})),
        "NonspacingMark": removed(normalizers.BertNormalizer(**{**bert, "strip_accents": True})),
        "CombiningMark": removed(normalizers.StripAccents()),
        "NotNormalised": not_normalised_as_in(assigned),
        "ClusterExtension": cluster_extensions(),
    }
    here = pathlib.Path(__file__).parent
    with open(here / "unicode_tables.cpp", "w") as file:
        file.write('// Written by make_unicode_tables.py.\n#include "tokenizer/unicode_tables.h"\n\n'
                   "namespace echelon::tokenizer::unicode {\n\n")
        file.write("const std::vector<uint32_t>& category_starts() {\n"
                   "  static const std::vector<uint32_t> starts = {"
                   + numbers(point << 5 | categories[point] for point in starts) + "};\n  return starts;\n}\n\n")
        for name, points in sets.items():
            file.write(f"const std::vector<uint32_t>& boundaries_of_{snake(name)}() {{\n"
                       f"  static const std::vector<uint32_t> boundaries = {{{numbers(boundaries(points))}}};\n"
                       "  return boundaries;\n}\n\n")
        runs = ", ".join(f"{{{first:#x}, {last:#x}, {step}, {offset}}}" for first, last, step, offset in lower_runs())
        file.write("const std::vector<LowerRun>& lower_runs() {\n"
                   f"  static const std::vector<LowerRun> runs = {{{runs}}};\n  return runs;\n}}\n\n")
        file.write("}  // namespace echelon::tokenizer::unicode\n")


def snake(name):
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


main()
