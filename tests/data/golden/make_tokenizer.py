"""Trains small byte-level BPE tokenizers with the `tokenizers` library (0.23) and records the ids it gives.

    python make_tokenizer.py        # writes beside itself
"""
import json
import pathlib
import random
import unicodedata

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

here = pathlib.Path(__file__).parent
training_text = [
    "The sea was calm, and the ship's crew didn't know that they'd won. It's 1893; we'll see, I'm sure you've read it.",
    "for (int i = 0; i < 128; ++i) {\n    total += values[i];\n}\n\nreturn total;\n",
    "Größe, façade, naïve, œuvre; Привет, мир! Γειά σου Κόσμε. 你好，世界。こんにちは世界 안녕하세요 😀👩‍👩‍👧‍👦",
    "the the the then there these those that thing things nothing something anything everything " * 4,
] * 3


def train(added, **byte_level):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(**byte_level)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(vocab_size=520, special_tokens=["<|endoftext|>"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(training_text, trainer)
    tokenizer.add_tokens(added)
    return tokenizer


def random_text(rng, length):
    assigned = []
    while len(assigned) < length:
        point = rng.choice([rng.randrange(0x20, 0x7f), rng.randrange(0x3000), rng.randrange(0x110000)])
        if unicodedata.category(chr(point)) not in ("Cn", "Cs", "Co"):
            assigned.append(chr(point))
    return "".join(assigned)


rng = random.Random(7)
texts = training_text[:4] + [
    "", " ", "  ", "   x", "x   ", "\n\n  \n x", "\t\ttabs\tand\r\nlines\r\n",
    "I'm you're he's they've we'll she'd can't 'tis 'S 'RE ’s",
    "3.14159, 2nd, 10⁶, ½, Ⅷ, ٣٤٥, 1_000",
    "a\u00a0b \u2003c\u3000d\u180ee\u0085f\u200bg\ufeffh \u2028i\u2029 j",
    "e\u0301 \u0301\u0302 ñ n\u0303 \u0915\u094d\u0937\u093f",
    "<|endoftext|>", "one<|endoftext|>two", "<|endoftext|><|endoftext|> three", "<|endoftext", "<|endoftext|",
    "[[x]] and [[xy]] and [[x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "thethethethethething " * 5, " ".join(["-=" * 40, "!?" * 30]), "\u0000\u0001\u007f",
] + [random_text(rng, 60) for _ in range(40)]

added = [AddedToken("[[x]]", normalized=True), AddedToken("[[xy", normalized=False)]
for name, tokenizer in (("plain", train(added, add_prefix_space=False)),
                        ("prefix_space", train([], add_prefix_space=True)),
                        ("one_word", train([], add_prefix_space=False, use_regex=False))):
    tokenizer.save(str(here / f"tokenizer_{name}.json"))
    cases = [{"text": text, "ids": tokenizer.encode(text).ids} for text in texts]
    (here / f"tokenizer_{name}.ids.json").write_text(json.dumps(cases))
