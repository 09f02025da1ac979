"""Mixtures, subsets, documents and what is learned of them, through the binary: the same over any ranks."""

import json
import unittest

from program import PipelineTest, run

ADDITIONS = [{"question": f"{a}+{b}", "answer": str(a + b)} for a in range(12) for b in range(12)]
SHAPES = ("1x1", "2x1", "1x2", "2x2")


class DataTest(PipelineTest):
    def json_lines(self, name, records):
        return self.write(name, "".join(json.dumps(record) + "\n" for record in records))

    ENCODER_DECODER = ("{name: encoder_decoder, encoder_layers: 1, decoder_layers: 2, heads: 2, width: 32, context: 32, "
                       "vocabulary: 256}")

    def config(self, data, **changes):
        settings = {"steps": 12, "global_batch": 8, "micro_batch": 1, "document_mask": "true", "causal": "true",
                    "vocabulary": 256, **changes}
        gpt = (f"{{name: gpt, layers: 2, heads: 2, width: 32, context: 32, vocabulary: {settings['vocabulary']}, "
               f"document_mask: {settings['document_mask']}, causal: {settings['causal']}}}")
        return self.write("config.yaml", f"""
model: {settings.get("model", gpt)}
data: {{name: text, sequence_length: 32, {data}}}
global_batch: {settings["global_batch"]}
micro_batch: {settings["micro_batch"]}
steps: {settings["steps"]}
threads: 1
precision: fp64
output: {self.folder}/runs
optimizer: {{name: adamw, lr: 0.003, clip_norm: 1.0}}
log: {{every_steps: 1}}
""")

    def assert_shapes_agree(self, config, prefix=""):
        for shape in SHAPES:
            self.train(config, shape, prefix + shape)
        alone = prefix + "1x1"
        self.assertLess(self.losses(alone)[-1], self.losses(alone)[0], "it learns")
        for shape in SHAPES[1:]:
            self.assert_same_losses(self.losses(alone), self.losses(prefix + shape))
            for key in ("loss", "accuracy"):
                ours, theirs = (self.records(name, "evaluation")[-1][key] for name in (alone, prefix + shape))
                self.assertLess(abs(ours - theirs), 1e-9)

    def test_responses_are_learned_alike_on_any_ranks(self):
        lines = self.json_lines("additions.jsonl", ADDITIONS)
        instruction = "instruction: {prompt: '{question}=', response: '{answer}'}, end_of_document: ';'"
        for packing in ("documents", "none", "stream"):
            with self.subTest(packing):
                data = f"train: {lines}, test: {lines}, {instruction}, packing: {packing}"
                self.assert_shapes_agree(self.config(data), packing)

    def test_only_responses_count(self):
        """Prompts of random letters: what is learned must not be them."""
        lines = self.json_lines("constant.jsonl", [
            {"prompt": f"{(i * 2654435761) % 2**32:08x}", "response": "yes"} for i in range(64)])
        data = f"train: {lines}, test: {lines}, packing: none, instruction: {{prompt: '{{prompt}}', response: '{{response}}'}}"
        self.train(self.config(data, steps=60), "1x1", "gpt", "optimizer.lr=0.01")
        self.assertLess(self.records("gpt", "evaluation")[-1]["loss"], 0.05)

    def test_hidden_tokens_are_learned_alike_on_any_ranks(self):
        lines = self.json_lines("words.jsonl", [{"text": "abcdefghijklmnop"[i % 8:] * 2} for i in range(64)])
        masked = "objective: {masked: {mask_id: 256, probability: 0.3}}"
        for packing in ("documents", "none", "stream"):
            with self.subTest(packing):
                data = f"train: {lines}, test: {lines}, {masked}, packing: {packing}"
                self.assert_shapes_agree(self.config(data, causal="false", vocabulary=257), packing)
        simple = self.json_lines("simple.jsonl", [{"text": "abcd" * 6}] * 32)
        data = f"train: {simple}, test: {simple}, {masked}, packing: none"
        self.train(self.config(data, causal="false", vocabulary=257, steps=100), "1x1", "learned", "optimizer.lr=0.01")
        self.assertGreater(self.records("learned", "evaluation")[-1]["accuracy"], 0.9)

    def test_buckets_train_alike_on_any_ranks(self):
        lines = self.json_lines("lines.jsonl", [{"text": "abcdefgh" * (1 + i % 4)} for i in range(90)])
        data = f"train: {lines}, test: {lines}, packing: buckets, bucket_tokens: 96"
        for mask in ("true", "false"):
            self.assert_shapes_agree(self.config(data, global_batch=4, document_mask=mask), mask)
        # The same documents one by one: the same mean over the same targets.
        one_by_one = self.config(f"train: {lines}, test: {lines}, packing: none", global_batch=4, document_mask="true")
        for name, config in (("single", one_by_one), ("buckets", self.config(data, global_batch=4))):
            self.train(config, "1x1", name, "steps=1", "optimizer.lr=1e-12")
        ours, theirs = (self.records(name, "evaluation")[-1]["loss"] for name in ("single", "buckets"))
        self.assertLess(abs(ours - theirs), 1e-9)

    def test_a_response_to_a_whole_prompt_is_learned_alike_on_any_ranks(self):
        """Words of two letters, to be written backwards: only who reads the prompt can know them."""
        words = [a + b for a in "abcdefgh" for b in "abcdefgh"]
        lines = self.json_lines("words.jsonl", [{"word": word, "backwards": word[::-1]} for word in words])
        data = (f"train: {lines}, test: {lines}, packing: none, objective: {{seq2seq: {{source_length: 4}}}}, "
                "instruction: {prompt: '{word}', response: '{backwards}'}, end_of_document: ';'")
        self.assert_shapes_agree(self.config(data, model=self.ENCODER_DECODER), "short")
        config = self.config(data, model=self.ENCODER_DECODER, steps=400, global_batch=32, micro_batch=32)
        self.train(config, "1x1", "learned", "precision=fp32")
        self.assertGreater(self.records("learned", "evaluation")[-1]["accuracy"], 0.95)

    def test_what_does_not_fit_is_refused(self):
        lines = self.json_lines("lines.jsonl", [{"text": "abc"}])
        for data, changes, problem in (
                ("packing: buckets", {"micro_batch": 2}, "must be 1 for data.packing: buckets"),
                ("packing: buckets, bucket_tokens: 8", {}, "must be at least sequence_length (32)"),
                ("objective: {masked: {mask_id: 256}}", {}, "must be false for data.objective: masked"),
                ("objective: masked", {"causal": "false"}, "needs a tokenizer that has mask_token, or mask_id"),
                ("packing: none", {"causal": "false"}, "must be true for data.objective: causal"),
                ("objective: seq2seq, packing: none", {}, "seq2seq needs model: encoder_decoder"),
                ("objective: seq2seq", {"model": self.ENCODER_DECODER}, "must be none for objective: seq2seq"),
                ("packing: none", {"model": self.ENCODER_DECODER}, "must be seq2seq for model: encoder_decoder"),
                ("objective: seq2seq, packing: none", {"model": self.ENCODER_DECODER},
                 "is longer than the model's context of 32")):
            with self.subTest(data):
                finished = run("check", self.config(f"train: {lines}, {data}", **changes))
                self.assertEqual(finished.returncode, 3, finished.stderr)
                self.assertIn(problem, finished.stderr)

    def test_a_mixture_shows_the_epochs_of_its_sources(self):
        few = self.json_lines("few.jsonl", [{"text": "abcdefgh" * 20}] * 4)
        many = self.json_lines("many.jsonl", [{"text": "stuvwxyz" * 20}] * 60)
        sources = f"sources: {{few: {{files: {few}, weight: 0.25}}, many: {{files: {many}, weight: 0.75}}}}"
        config = self.config(f"{sources}, packing: none", document_mask="false")
        output = self.train(config, "1x1", "1x1").stdout
        self.assertIn("mixed of 25 % few (20), 75 % many (300)", output)
        self.assertRegex(output, r"step 12/12  epoch 0\.30 \(few 1\.20, many 0\.24\)")
        last = self.records("1x1")[-1]
        self.assertAlmostEqual(last["epoch/few"], 24 / 20)
        self.assertAlmostEqual(last["epoch/many"], 72 / 300)
        for shape in SHAPES[1:]:
            self.train(config, shape, shape)
            self.assert_same_losses(self.losses("1x1"), self.losses(shape))

    def test_a_mixture_goes_on_where_it_was_on_other_ranks(self):
        lines = [self.json_lines(f"{name}.jsonl", [{"text": name * 100}] * count) for name, count in (("ab", 5), ("xyz", 9))]
        sources = ", ".join(f"s{i}: {{files: {path}, weight: {i + 1}}}" for i, path in enumerate(lines))
        data = f"sources: {{{sources}}}, packing: none, shuffle: {{shards: 1}}, last_batch: pad"
        config = self.config(data, document_mask="false")
        self.train(config, "1x1", "whole")
        self.train(config, "1x1", "parts", "checkpoint.every_steps=5")
        self.forget_checkpoints_after("parts", 5)
        self.train(config, "2x2", "parts")
        self.assert_same_losses(self.losses("whole"), self.losses("parts"))

    def test_a_subset_is_the_same_on_any_ranks(self):
        lines = self.json_lines("lines.jsonl", [{"text": f"{i:032x}"} for i in range(400)])
        config = self.config(f"train: {lines}, limit: 16, packing: none", steps=40)
        for shape in SHAPES:
            self.assertIn("16 training", self.train(config, shape, shape).stdout)
            self.assert_same_losses(self.losses("1x1"), self.losses(shape))
        self.assertLess(self.losses("1x1")[-1], 1.5)  # 16 lines are soon known by heart


if __name__ == "__main__":
    unittest.main()
