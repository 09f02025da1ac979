"""Makes small tokenizers of every kind with the reference libraries (tokenizers 0.23, sentencepiece 0.2, tiktoken 0.14),
and records what they make of texts.

    python make_tokenizer.py        # writes beside itself
"""
import base64
import io
import json
import os
import pathlib
import random
import unicodedata

import sentencepiece
import tiktoken
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)

here = pathlib.Path(__file__).parent
training_text = [
    "The sea was calm, and the ship's crew didn't know that they'd won. It's 1893; we'll see, I'm sure you've read it.",
    "for (int i = 0; i < 128; ++i) {\n    total += values[i];\n}\n\nreturn total;\n",
    "Größe, façade, naïve, œuvre; Привет, мир! Γειά σου Κόσμε. 你好，世界。こんにちは世界 안녕하세요 😀👩‍👩‍👧‍👦",
    "the the the then there these those that thing things nothing something anything everything " * 4,
] * 3
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
TEKKEN = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
    r"\p{N}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
CL100K = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
DEEPSEEK = ("[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+"
            "[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+")


def random_text(rng, length):
    assigned = []
    while len(assigned) < length:
        point = rng.choice([rng.randrange(0x20, 0x7f), rng.randrange(0x3000), rng.randrange(0x110000)])
        if unicodedata.category(chr(point)) not in ("Cs", "Co"):
            assigned.append(chr(point))
    return "".join(assigned)


rng = random.Random(7)
texts = training_text[:4] + [
    "", " ", "  ", "   x", "x   ", "\n\n  \n x", "x\n\n  ", "\t\ttabs\tand\r\nlines\r\n", "\r\n/\n //\n",
    "I'm you're he's they've we'll she'd can't 'tis 'S 'RE ’s 'ſ it'ſ X'LL",
    "3.14159, 2nd, 10⁶, ½, Ⅷ, ٣٤٥, 1_000, 12345678", "HTTPServer XMLHttpRequest iPhone ǅungla ªº ʰʱ aʰB",
    "a\u00a0b \u2003c\u3000d\u180ee\u0085f\u200bg\ufeffh \u2028i\u2029 j",
    "e\u0301 \u0301\u0302 ñ n\u0303 \u0915\u094d\u0937\u093f q\u0323\u0307 q\u0307\u0323 ﬁ ﬀ Å Ⅳ ㍿ 각 각",
    "<|endoftext|>", "one<|endoftext|>two", "<|endoftext|><|endoftext|> three", "<|endoftext", "<|endoftext|",
    "[[x]] and [[xy]] and [[x", "a" * 85, "İstanbul ẞ Σίσυφος ǄǅǆΩ K",
    "thethethethethething " * 5, " ".join(["-=" * 40, "!?" * 30]), "\u0000\u0001\u007f\u0080\ufffd",
    "the-final--countdown", "_left_ bound  both <pad>", "MASK mask masked unmask [MASK] [mask]  [MASK]  x",
    "▁ already▁there ▁▁x", "unaffable 北京 x北y naïvely, e-mail!", "x" * 101 + " " + "é" * 101,
] + [random_text(rng, 60) for _ in range(40)]

byte_alphabet = pre_tokenizers.ByteLevel.alphabet()


def bpe(name, pre_tokenizer, normalizer=None, model=None, decoder=None, post=None, added=(), special=("<|endoftext|>",),
        vocabulary=520, alphabet=byte_alphabet, **trainer):
    tokenizer = Tokenizer(model or models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.train_from_iterator(training_text, trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=list(special), show_progress=False, initial_alphabet=alphabet, **trainer))
    finish(name, tokenizer, decoder or decoders.ByteLevel(), post or processors.ByteLevel(trim_offsets=False), added)


def finish(name, tokenizer, decoder, post, added=(), change=None):
    tokenizer.add_tokens(list(added))
    if decoder:
        tokenizer.decoder = decoder
    if post:
        tokenizer.post_processor = post
    path = here / f"{name}.json"
    tokenizer.save(str(path), pretty=False)
    if change:
        file = json.loads(path.read_text())
        change(file)
        path.write_text(json.dumps(file, ensure_ascii=False))
        tokenizer = Tokenizer.from_file(str(path))
    record(name, lambda text: tokenizer.encode(text, add_special_tokens=False).ids, lambda text: tokenizer.encode(text).ids,
           lambda ids: tokenizer.decode(ids), lambda ids: tokenizer.decode(ids, skip_special_tokens=False))


def record(name, encode, encode_special, decode, decode_special):
    cases = []
    for text in texts:
        ids, special = encode(text), encode_special(text)
        cases.append({"text": text, "ids": ids, "special_ids": special if len(cases) < 9 else None,
                      "decoded": decode(ids), "decoded_special": decode_special(special)})
        if special == ids or cases[-1]["special_ids"] is None:
            del cases[-1]["special_ids"], cases[-1]["decoded_special"]
        if cases[-1]["decoded"] == text:
            del cases[-1]["decoded"]
    (here / f"{name}.ids.json").write_text(json.dumps(cases, ensure_ascii=False, separators=(",", ":")))


def split(regex, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(regex), behavior, invert)


def byte_level(*steps):
    return pre_tokenizers.Sequence([*steps, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def piece_fields(data):
    """The fields of a protobuf message: (number, value)."""
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = number()
        if tag & 7 == 0:
            yield tag >> 3, number()
        else:
            length = {1: 8, 5: 4}.get(tag & 7) or number()
            yield tag >> 3, data[at:at + length]
            at += length


byte = dict(add_prefix_space=False)
added = [AddedToken("[[x]]", normalized=True), AddedToken("[[xy", normalized=False)]
bpe("plain", pre_tokenizers.ByteLevel(**byte), added=added)
bpe("prefix_space", pre_tokenizers.ByteLevel(add_prefix_space=True))
bpe("one_word", pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False))
bpe("cl100k", byte_level(split(CL100K)), normalizer=normalizers.NFC())
bpe("qwen", byte_level(split(CL100K.replace("{1,3}", ""))), normalizer=normalizers.NFKC())
bpe("o200k", byte_level(split(O200K)), post=processors.TemplateProcessing(
    single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)]))
bpe("deepseek", byte_level(split(r"\p{N}{1,3}"), split("[一-龥぀-ゟ゠-ヿ]+"), split(DEEPSEEK)),
    normalizer=normalizers.Sequence([]))
bpe("clip", byte_level(split(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", "removed", True)),
    normalizer=normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]),
    model=models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"), end_of_word_suffix="</w>", vocabulary=800,
    post=processors.RobertaProcessing(("<|endoftext|>", 0), ("<|endoftext|>", 0)))
# Llama 2: everything is one word; what is no token becomes bytes.
byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
llama_decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                   decoders.Strip(" ", 1, 0)])
bpe("llama", None, normalizer=normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
    model=models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), special=["<unk>", "<s>", "</s>", *byte_tokens],
    alphabet=[], limit_alphabet=60, vocabulary=600, max_token_length=8, decoder=llama_decoder,
    post=processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]))
bpe("metaspace", pre_tokenizers.Metaspace(prepend_scheme="first"), model=models.BPE(unk_token="<unk>", fuse_unk=False),
    special=["<unk>", "<s>"], alphabet=[], limit_alphabet=50, decoder=decoders.Metaspace(prepend_scheme="first"),
    added=[AddedToken("<pad>", special=True), AddedToken(" both ", lstrip=True, rstrip=True, normalized=False)])
# Every behavior, one after the other.
bpe("behaviors", pre_tokenizers.Sequence([
    split(r"-", "merged_with_previous"), split("[aeiou]", "merged_with_next"), split("t", "contiguous"),
    pre_tokenizers.Punctuation("merged_with_next"), pre_tokenizers.Digits(individual_digits=False), split(r"\w+", "isolated"),
    pre_tokenizers.CharDelimiterSplit("x"), pre_tokenizers.FixedLength(5)]),
    normalizer=normalizers.Sequence([normalizers.Strip(), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Nmt()]),
    model=models.BPE(unk_token="<unk>", fuse_unk=True, continuing_subword_prefix="##"), special=["<unk>"], alphabet=[],
    continuing_subword_prefix="##", vocabulary=400, decoder=decoders.BPEDecoder("e"), post=processors.Sequence([
        processors.BertProcessing(("<unk>", 0), ("<unk>", 0)), processors.ByteLevel()]))

word_piece = Tokenizer(models.WordPiece(unk_token="[UNK]"))
word_piece.normalizer = normalizers.BertNormalizer()
word_piece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
word_piece.train_from_iterator(training_text, trainers.WordPieceTrainer(
    vocab_size=400, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
finish("word_piece", word_piece, decoders.WordPiece(), processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]),
    [AddedToken("masked", single_word=True), AddedToken("[MASK]", lstrip=True, special=True),
     AddedToken("BOUND", rstrip=True, normalized=True)])

# SentencePiece, with rules of normalisation of its own, and the same as the reference converts it.
os.chdir(here)  # the model keeps the name of the file as it is given
pathlib.Path("rules.tsv").write_text("FB01\t66 69\nFB00\t66 66\n65 301\te9\n212B\tC5\n2163\t49 56\nFF0C\t2C\n")
model = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(training_text * 20), model_writer=model, vocab_size=700, model_type="unigram", byte_fallback=True,
    normalization_rule_tsv="rules.tsv", character_coverage=0.98, hard_vocab_limit=False, minloglevel=2)
pathlib.Path("rules.tsv").unlink()
(here / "sentence_piece.model").write_bytes(model.getvalue())
processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
record("sentence_piece", processor.encode, lambda text: processor.encode(text, add_bos=True), processor.decode, processor.decode)
spec = next(value for number, value in piece_fields(model.getvalue()) if number == 3)
charsmap = next(value for number, value in piece_fields(spec) if number == 2)
unigram = Tokenizer(models.Unigram(
    [(processor.id_to_piece(i), processor.get_score(i)) for i in range(processor.get_piece_size())], 0, True))
unigram.normalizer = normalizers.Sequence([normalizers.Precompiled(charsmap), normalizers.Replace(Regex(" {2,}"), " ")])
unigram.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
finish("unigram", unigram, decoders.Metaspace(), processors.TemplateProcessing(
    single="$A </s>", special_tokens=[("</s>", 2)]), [AddedToken("</s>", special=True)])

# Ranks: the tokens of a byte-level BPE in the order of their merges.
plain = json.loads((here / "plain.json").read_text())["model"]
points = {}
free = 256
for number in range(256):
    visible = 0x21 <= number <= 0x7e or 0xa1 <= number <= 0xac or number >= 0xae
    points[chr(number if visible else free)] = number
    free += not visible
tokens = [bytes([number]) for number in range(256)] + [
    bytes(points[character] for character in left + right) for left, right in plain["merges"]]
ranks = {token: rank for rank, token in enumerate(dict.fromkeys(tokens))}
(here / "tekken.json").write_text(json.dumps({
    "config": {"pattern": TEKKEN, "num_vocab_tokens": len(ranks), "default_vocab_size": len(ranks) - 20 + 30,
               "default_num_special_tokens": 30, "version": "v3"},
    "vocab": [{"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
              for token, rank in ranks.items()]}))
used = {token: rank for token, rank in ranks.items() if rank < len(ranks) - 20}
encoding = tiktoken.Encoding("tekken", pat_str=TEKKEN, mergeable_ranks=used, special_tokens={})
record("tekken", lambda text: [30 + id for id in encoding.encode_ordinary(text)],
       lambda text: [1] + [30 + id for id in encoding.encode_ordinary(text)],
       lambda ids: encoding.decode([id - 30 for id in ids]), lambda ids: "<s>" + encoding.decode([id - 30 for id in ids[1:]]))

(here / "training_text.json").write_text(json.dumps(training_text))
