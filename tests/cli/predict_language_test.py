"""`echelon predict` with language models: texts continue as the weights say, by a computation in NumPy; and what they learned by
heart comes out again."""

import json
import pathlib
import tempfile
import unittest

import numpy
import pyarrow
import pyarrow.parquet
import safetensors.numpy
import tokenizers

from program import SOURCE, run
from scoring import ScoringTest

PLAIN = SOURCE / "tests/tokenizer/golden/plain.json"
TEXTS = ["In the beginning", "and the word was with him,", "he said: “Who are you?”", "x", "the son of", "And it came to pass that",
         "in the beginning", "them", "They went away", "the", "And he"]


class Gpt:
    """The model of a checkpoint, in float64."""

    def __init__(self, run_folder, heads):
        checkpoint = sorted((run_folder / "checkpoints").glob("step-*"))[-1]
        self.weights = {name: value.astype(numpy.float64)
                        for name, value in safetensors.numpy.load_file(checkpoint / "model.safetensors").items()}
        self.heads = heads
        self.layers = sum(name.endswith("attention.qkv.weight") for name in self.weights)

    def norm(self, x, name):
        centred = x - x.mean(1, keepdims=True)
        return (centred / numpy.sqrt((centred**2).mean(1, keepdims=True) + 1e-5) * self.weights[f"{name}.weight"]
                + self.weights[f"{name}.bias"])

    def linear(self, x, name):
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def log_probabilities(self, tokens):
        """Of what follows each token."""
        time = len(tokens)
        x = self.weights["embedding.token.weight"][tokens] + self.weights["embedding.position.weight"][:time]
        width = x.shape[1]
        for block in (f"block.{layer}" for layer in range(self.layers)):
            qkv = self.linear(self.norm(x, f"{block}.attention_norm"), f"{block}.attention.qkv")
            q, k, v = qkv.reshape(time, 3, self.heads, width // self.heads).transpose(1, 2, 0, 3)
            scores = q @ k.transpose(0, 2, 1) / numpy.sqrt(width // self.heads)
            scores[:, numpy.triu(numpy.ones((time, time), bool), 1)] = -numpy.inf
            weights = numpy.exp(scores - scores.max(2, keepdims=True))
            mixed = (weights / weights.sum(2, keepdims=True)) @ v
            x = x + self.linear(mixed.transpose(1, 0, 2).reshape(time, width), f"{block}.attention.projection")
            h = self.linear(self.norm(x, f"{block}.mlp_norm"), f"{block}.mlp.expand")
            h = 0.5 * h * (1 + numpy.tanh(numpy.sqrt(2 / numpy.pi) * (h + 0.044715 * h**3)))
            x = x + self.linear(h, f"{block}.mlp.contract")
        logits = self.norm(x, "norm") @ self.weights["embedding.token.weight"].T
        shifted = logits - logits.max(1, keepdims=True)
        return shifted - numpy.log(numpy.exp(shifted).sum(1, keepdims=True))

    def log_probability(self, tokens):
        found = self.log_probabilities(tokens)
        return sum(found[i, token] for i, token in enumerate(tokens[1:]))

    def greedy(self, tokens, count, vocabulary):
        written = list(tokens)
        for _ in range(count):
            written.append(int(self.log_probabilities(written)[-1, :vocabulary].argmax()))
        return written[len(tokens):]


def train(folder, name, model, data, *settings):
    config = folder / f"{name}.yaml"
    config.write_text(f"""
model: {model}
data: {data}
global_batch: 4
threads: 1
optimizer: {{name: adamw, lr: 0.005}}
output: {folder}/runs
""")
    finished = run("train", config, *settings)
    if finished.returncode != 0:
        raise AssertionError(finished.stdout + finished.stderr)
    return folder / "runs" / name


class LanguageTest(ScoringTest):
    def texts(self, texts=None, name="texts"):
        texts = TEXTS if texts is None else texts
        path = self.folder / f"{name}.parquet"
        pyarrow.parquet.write_table(pyarrow.table({"id": range(len(texts)), "text": texts}), path, row_group_size=4)
        return path

    def predict(self, model, files, *settings, folder="out", ranks=1):
        config = self.write("score.yaml", f"""
model: {model}
source: {{files: [{files}]}}
output: {{folder: {self.folder}/{folder}, keep: [id]}}
unit_mb: 0.0001
""")
        return run("predict", config, *settings, ranks=ranks)

    def predicted(self, *arguments, **options):
        return super().predicted(*arguments, **options).to_pylist()


class GptTest(LanguageTest):
    """With a tokenizer that is gone after training: the checkpoint holds it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="echelon-")
        cls.addClassCleanup(folder.cleanup)
        cls.tokenizer = tokenizers.Tokenizer.from_file(str(PLAIN))
        cls.vocabulary = cls.tokenizer.get_vocab_size()
        own = pathlib.Path(folder.name) / "tokenizer.json"
        own.write_bytes(PLAIN.read_bytes())
        cls.model = train(
            own.parent, "gpt", f"{{name: gpt, layers: 2, heads: 2, width: 32, context: 40, vocabulary: {cls.vocabulary + 3}}}",
            f"{{name: text, train: {SOURCE}/configs/data/text/test.txt, tokenizer: {own}, sequence_length: 40}}", "steps=80")
        own.unlink()
        cls.reference = Gpt(cls.model, heads=2)

    def ids(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def test_writes_what_the_weights_say(self):
        made = self.predicted(self.model, self.texts(), "generation={max_new_tokens: 12}", ranks=2)
        self.assertEqual([row["id"] for row in made], list(range(len(TEXTS))))
        for text, row in zip(TEXTS, made):
            expected = self.reference.greedy(self.ids(text), 12, self.vocabulary)
            self.assertEqual(row, {"id": row["id"], "generated": self.tokenizer.decode(expected), "finish_reason": "length",
                                   "tokens": 12})

    def test_says_how_probable_texts_are(self):
        texts = [text for text in TEXTS if len(self.ids(text)) > 1]
        made = self.predicted(self.model, self.texts(texts), "postprocess.as=perplexity", "output.prefix=lm_")
        for text, row in zip(texts, made):
            ids = self.ids(text)
            expected = self.reference.log_probability(ids)
            self.assertEqual(row["lm_tokens"], len(ids) - 1)
            numpy.testing.assert_allclose(row["lm_log_probability"], expected, rtol=1e-5)
            mean = -expected / (len(ids) - 1)
            numpy.testing.assert_allclose(row["lm_perplexity"], numpy.exp(mean), rtol=1e-5 * max(mean, 1))  # d exp(m) = exp(m) dm

    def test_draws_the_same_on_any_ranks(self):
        settings = ("generation={max_new_tokens: 9, temperature: 1.2, top_k: 50, top_p: 0.95, seed: 5}",)
        files = self.texts([*TEXTS, *TEXTS])
        one = self.predicted(self.model, files, *settings)
        self.assertEqual(self.predicted(self.model, files, *settings, "threads=2", folder="three", ranks=3), one)
        for first, second in zip(one, one[len(TEXTS):]):  # equal prompts get equal texts
            self.assertEqual(first["generated"], second["generated"])
        other = self.predicted(self.model, files, settings[0].replace("seed: 5", "seed: 6"), folder="other")
        self.assertNotEqual([row["generated"] for row in other], [row["generated"] for row in one])

    def test_stages_say_what_the_whole_model_says(self):
        files = self.texts([*TEXTS, *TEXTS])
        written = ("generation={max_new_tokens: 9, temperature: 1.2, seed: 5}",)
        probable = ("postprocess.as=perplexity",)
        for name, settings, texts in (("written", written, files), ("probable", probable, self.texts(TEXTS[:3], "few"))):
            whole = self.predicted(self.model, texts, *settings, folder=name)
            for ranks, stages in ((2, 2), (4, 2), (3, 3)):
                self.assertEqual(self.predicted(self.model, texts, *settings, f"pipeline={stages}", folder=f"{name}-{ranks}-{stages}",
                                                ranks=ranks), whole)

    def test_rows_that_cannot_be_are_errors(self):
        long = "and the word " * 40
        tokens = len(self.ids(long))
        files = self.texts(["In the beginning", None, "", long])
        self.assertEqual(len(self.predicted(self.model, files)), 1)
        self.assertEqual(self.errors(), {
            1: 'column "text": the value is missing',
            2: 'column "text": there is no text to begin with',
            3: f'column "text": {tokens} tokens leave no room for more in the model\'s context of 40'})
        self.assertEqual(len(self.predicted(self.model, files, "postprocess.as=perplexity", folder="p")), 1)
        self.assertEqual(self.errors("p")[3], f'column "text": {tokens} tokens are more than the model\'s context of 40')

    def test_refusals_say_what_to_do(self):
        files = self.texts()
        self.assertIn("set text, for what it writes, or perplexity", self.refused(self.model, files, "postprocess.as=class"))
        self.assertIn('inputs.target: the model has no such input here, only text',
                      self.refused(self.model, files, "inputs={target: [id]}"))
        self.assertIn("generation: has no effect without postprocess.as: text",
                      self.refused(self.model, files, "postprocess.as=perplexity", "generation={max_new_tokens: 2}"))

    def test_a_model_of_token_shards_is_told_its_tokenizer(self):
        text = SOURCE / "configs/data/text/test.txt"
        self.assert_succeeds(run("prepare", "text", f"input={text}", f"output={self.folder}/tokens", f"tokenizer={PLAIN}"))
        model = train(self.folder, "shards",
                      f"{{name: gpt, layers: 1, heads: 2, width: 16, context: 40, vocabulary: {self.vocabulary}}}",
                      f"{{name: text, train: '{self.folder}/tokens/*.tokens', sequence_length: 40}}", "steps=20")
        files = self.texts()
        self.assertIn("holds no tokenizer; set model.tokenizer", self.refused(model, files))
        made = self.predicted(model, files, f"model.tokenizer={PLAIN}", "generation={max_new_tokens: 3}")
        expected = Gpt(model, heads=2).greedy(self.ids(TEXTS[0]), 3, self.vocabulary)
        self.assertEqual(made[0]["generated"], self.tokenizer.decode(expected))


class LearnedByHeartTest(LanguageTest):
    PAIRS = {"one": "eins", "two": "zwei", "three": "drei", "four": "vier"}

    def pairs(self):
        return self.write("pairs.jsonl", "".join(json.dumps({"en": en, "de": de}) + "\n" for en, de in self.PAIRS.items()))

    def test_bytes_and_stops(self):
        text = self.write("text.txt", "the quick brown fox jumps over the lazy dog.\n" * 200)
        model = train(self.folder, "bytes", "{name: gpt, layers: 1, heads: 2, width: 32, context: 64, vocabulary: 256}",
                           f"{{name: text, train: {text}, sequence_length: 64}}", "steps=400")
        files = self.texts(["the quick", "fox jumps over", "lazy dog.\nthe q"])
        made = self.predicted(model, files, "generation={stop: [\"\\n\"]}")
        self.assertEqual([row["generated"] for row in made],
                         [" brown fox jumps over the lazy dog.", " the lazy dog.", "uick brown fox jumps over the lazy dog."])
        self.assertEqual([row["finish_reason"] for row in made], ["stop"] * 3)
        self.assertEqual([row["tokens"] for row in made], [len(row["generated"]) for row in made])
        made = self.predicted(model, files, "generation={max_new_tokens: 6, stop: []}", folder="short")
        self.assertEqual([row["generated"] for row in made], [" brown", " the l", "uick b"])
        self.assertEqual([row["finish_reason"] for row in made], ["length"] * 3)

    def test_sources_and_targets(self):
        model = train(
            self.folder, "pairs", "{name: encoder_decoder, encoder_layers: 1, decoder_layers: 1, heads: 2, width: 32, context: 16, "
            "vocabulary: 256}",
            f"{{name: text, train: {self.pairs()}, instruction: {{prompt: '{{en}}', response: '{{de}}'}}, end_of_document: '.', "
            "packing: none, sequence_length: 8, objective: {seq2seq: {source_length: 8}}}", "steps=300")
        files = self.texts(list(self.PAIRS))
        made = self.predicted(model, files, ranks=2)
        self.assertEqual([(row["generated"], row["finish_reason"]) for row in made],
                         [(de, "stop") for de in self.PAIRS.values()])
        path = self.folder / "pairs.parquet"
        right, wrong = list(self.PAIRS.values()), list(self.PAIRS.values())[1:] + ["eins"]
        pyarrow.parquet.write_table(pyarrow.table({"id": range(8), "en": [*self.PAIRS] * 2, "de": right + wrong}), path)
        scored = self.predicted(model, path, "postprocess.as=perplexity", "inputs={text: [en], target: [de]}", folder="scored")
        self.assertEqual([row["tokens"] for row in scored], [4] * 8)
        self.assertTrue(all(row["perplexity"] < 1.2 for row in scored[:4]), scored)
        self.assertTrue(all(row["perplexity"] > 5 for row in scored[4:]), scored)


if __name__ == "__main__":
    unittest.main()
