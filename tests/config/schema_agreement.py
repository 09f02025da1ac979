"""The JSON Schema accepts and refuses what the parser accepts and refuses.

    schema_agreement.py CONFIG_SAMPLE

CONFIG_SAMPLE is the program of sample_tool.cpp. The schema is applied by the `jsonschema` package to what PyYAML reads.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml


class Yaml12(yaml.SafeLoader):
    """PyYAML with the scalars of YAML 1.2 (core schema): `yes` is text, `1e-3` a number."""


Yaml12.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("merge", r"<<", "<"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
     list("-+.0123456789")),
]:
    Yaml12.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)

BASE = {"model": "{name: mlp}", "data": "{train: [shard]}"}

# Settings on top of (or in place of) those of BASE.
SOUND = """
run: a b
run: 'yes'
run: yes
run: "12"
global_batch: 64
tolerance: 1e-3
tolerance: 3
tolerance: .5
tolerance: ${NOT_SET:-0.5}
micro_batch: ${NOT_SET:-4}
model: {name: mlp, widths: [1, 2], dropout: 0.5}
model: {name: sequential, layers: []}
model: {name: sequential, layers: [relu, conv: {out: 3}, relu: {}, relu: ]}
model: {name: sequential, layers: [residual: {layers: [residual, relu, residual: {layers: [conv: {out: 3, kernel: 1}]}]}]}
model: {name: sequential, layers: [residual: [relu, residual: [], residual: {layers: [residual: [conv: {out: 3}]]}]]}
model: {name: sequential, layers: ["${NOT_SET:-relu}"]}
stop: never
stop: {never: {}}
stop: {never: }
stop: after
stop: ${NOT_SET:-after}
stop: {after: }
stop: {after: 3}
stop: {after: "${NOT_SET:-3}"}
stop: {after: {steps: 3, repeats: 2}}
stop: {after: {}}
stop: {signal: shard}
stop: {signal: [shard, shard]}
stop: {signal: {files: shard}}
pause: 3
pause: {}
pause: null
pause: {repeats: 2}
tags: a
tags: '1'
tags: [a]
tags: [a, b]
optimizer: {}
optimizer: {lr: 1, momentum: 0.5, nesterov: true}
optimizer: {name: sgd, clip_norm: null, schedule: {shape: linear, steps: 200, warmup: 0}}
optimizer: {name: adamw, betas: [0, 0.5], clip_norm: 2}
optimizer: {nesterov: "${NOT_SET:-false}"}
data: {train: [shard, shard], test: ~, on_error: skip, bits: 8}
data: {train: [shard], test: shard, note: x, on_error: "${NOT_SET:-fail}"}
data: {train: shard}
weights: {}
weights: {a: 1, b: 0}
phases: [{}, {warmup: 1}]
finish: {}
finish: null
finish: {<<: {warmup: 3}, steps: 4}
include: more.yaml
include: [more.yaml, more.yaml]
"""

WRONG = """
runn: a
run: 12
run: true
run:
run: [a]
global_batch: 0
global_batch: 1.5
global_batch: '4'
global_batch: many
tolerance: -1
tolerance: true
tolerance: '1'
model: mlp
model: {}
model: {name: mpl}
model: {name: mlp, layers: []}
model: {name: mlp, widths: []}
model: {name: mlp, widths: [0]}
model: {name: mlp, dropout: 1}
model: {name: sequential}
model: {name: sequential, layers: [con]}
model: {name: sequential, layers: [conv]}
model: {name: sequential, layers: [conv: {}]}
model: {name: sequential, layers: [conv: {out: 0}]}
model: {name: sequential, layers: [conv: {out: 1, kernel: 2}]}
model: {name: sequential, layers: [{conv: {out: 1}, relu: {}}]}
model: {name: sequential, layers: [relu: {x: 1}]}
model: {name: sequential, layers: [residual: {layers: [conv]}]}
model: {name: sequential, layers: [residual: relu]}
model: {name: sequential, layers: [residual: [conv]]}
model: {name: sequential, layers: [residual: [residual: {layers: [residual: [con]]}]]}
model: {name: sequential, layers: relu}
stop:
stop: neverr
stop: 3
stop: {}
stop: {name: never}
stop: {never: 3}
stop: {never: {steps: 3}}
stop: {never: {}, after: 3}
stop: [after]
stop: {after: 0}
stop: {after: [3]}
stop: {after: '3'}
stop: {after: {step: 3}}
stop: {steps: 3}
stop: signal
stop: {signal: }
stop: {signal: {}}
stop: {signal: []}
stop: {signal: [[shard]]}
pause: 0
pause: x
pause: {after: 3}
tags:
tags: 1
tags: []
tags: [a, b, c]
tags: {a: b}
tags: [[a]]
optimizer:
optimizer: sgd
optimizer: {betas: [0, 0.5]}
optimizer: {name: adamw, momentum: 0.5}
optimizer: {name: adamw, betas: [0.5]}
optimizer: {name: adamw, betas: [0.5, 0.5, 0.5]}
optimizer: {name: adamw, betas: [0.5, 1]}
optimizer: {lr: 0}
optimizer: {lr: 1001}
optimizer: {nesterov: yes}
optimizer: {schedule: {shape: square}}
optimizer: {schedule: {warmup: -1}}
optimizer: {schedule: null}
data: {}
data: {train: []}
data: {train: {}}
data: {train: 5}
data: {train: [shard], test: ''}
data: {train: [shard], on_error: ignore}
data: {train: [shard], bits: 12}
weights: {a: x}
weights: {a: -1}
weights: [1]
phases: {}
phases: [x: 1]
finish: {stepps: 3}
finish: 3
include: [{}]
"""


def documents(settings):
    for line in settings.strip().splitlines():
        key = line.split(":")[0]
        yield line, "".join(f"{name}: {value}\n" for name, value in BASE.items() if name != key) + line + "\n"


def main(tool):
    schema = json.loads(subprocess.run([tool, "schema"], check=True, capture_output=True).stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    cases = [(True, *case) for case in documents(SOUND)] + [(False, *case) for case in documents(WRONG)]
    cases += [(False, "an empty file", ""), (False, "model missing", "data: {train: [shard]}\n")]

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "shard").write_text("x")
        (folder / "more.yaml").write_text("run: more\n")
        paths = []
        for number, (_, _, text) in enumerate(cases):
            paths.append(folder / f"{number}.yaml")
            paths[-1].write_text(text)
        output = subprocess.run([tool, "check", *paths], check=True, capture_output=True, text=True).stdout
        verdicts = output.splitlines()

    failures = 0
    for (sound, line, text), verdict in zip(cases, verdicts, strict=True):
        errors = [error.message for error in validator.iter_errors(yaml.load(text, Yaml12) or {})]
        if (verdict == "sound") != sound or (not errors) != sound:
            failures += 1
            print(f"{line}\n  expected: {'sound' if sound else 'a problem'}\n  parser: {verdict}\n  schema: {errors}")
    print(f"{len(cases)} texts, {failures} on which parser and schema do not agree as expected")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
