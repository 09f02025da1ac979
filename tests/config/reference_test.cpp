#include "config/reference.h"

#include <gtest/gtest.h>

#include "config/config.h"
#include "config/sample_settings.h"

namespace echelon::config {
namespace {

TEST(Reference, ShowsEveryFieldWithTypeDefaultAndLimits) {
  EXPECT_EQ(reference<sample::Settings>("Settings"), R"(# Settings

A training run.

| key | type | default | allowed | meaning |
|---|---|---|---|---|
| `run` | text | `first` |  | Name of the run. |
| `global_batch` | integer [samples] | `32` | at least 1 | Samples an optimizer step. |
| `micro_batch` | integer [samples] | `8` | at least 1 | Samples a forward pass. |
| `tolerance` | number | `0.001` | at least 0 | Where to stop. |
| `model` | choice, see [model](#model) | required | mlp or sequential | What is trained. |
| `optimizer` | choice, see [optimizer](#optimizer) | `sgd` | sgd or adamw | Update rule. |
| `data` | section, see [data](#data) |  |  | Where samples come from. |
| `weights` | map of numbers | `{}` | each at least 0 | Weight of each class. |
| `phases` | list of sections, see [phases](#phases) | `[]` |  | Schedules one after another. |
| `finish` | section, see [finish](#finish) | not set |  | An extra schedule at the end. |
| `stop` | choice, see [stop](#stop) | `after` | never, after or signal | When to stop. |
| `pause` | integer or section, see [pause](#pause) | not set |  | When to rest. |
| `tags` | text or list of text | `[none]` | 1 to 2 items | Words to find the run by. |

## model

`name` is [model mlp](#model-mlp) or [model sequential](#model-sequential).

## model mlp

Fully connected layers.

| key | type | default | allowed | meaning |
|---|---|---|---|---|
| `widths` | list of integers | `[128]` | each above 0, 1 or more items | Units of the hidden layers. Example: `[64, 64]` |
| `dropout` | number | `0.1` | at least 0, below 1 | Share of activations that are dropped. |

## model sequential

Layers spelled out.

| key | type | default | allowed | meaning |
|---|---|---|---|---|
| `layers` | list of choices, see [model.layers](#modellayers) | required | each relu, conv or residual | Layers in order. |

## model.layers

Each item is [model.layers relu](#modellayers-relu), [model.layers conv](#modellayers-conv) or [model.layers residual](#modellayers-residual).

## model.layers relu

max(0, x).

No settings.

## model.layers conv

Convolution.

| key | type | default | allowed | meaning |
|---|---|---|---|---|
| `out` | integer | required | above 0 | Output channels. |
| `kernel` | integer [pixels] | `3` | 1, 3, 5 or 7 | Window. |

## model.layers residual

Adds its input to its output.

May be written as the value of `layers` alone.

| key | type | default | allowed | meaning |
|---|---|---|---|---|
| `layers` | list of choices, see [model.layers.residual.layers](#modellayersresiduallayers) | `[]` | each relu, conv or residual | Layers within the skip connection. |

## model.layers.residual.layers

The same items as [model.layers](#modellayers).

## optimizer

`name` is [optimizer sgd](#optimizer-sgd) or [optimizer adamw](#optimizer-adamw).

## optimizer sgd

Stochastic gradient descent.

| key | type | default | allowed | meaning |
|---|---|---|---|---|
| `lr` | number | `0.1` | above 0, at most 1000 | Peak learning rate. |
| `clip_norm` | number | not set | above 0 | Largest norm of all gradients; not set: no clipping. |
| `schedule` | section, see [optimizer.schedule](#optimizerschedule) |  |  | Learning rate over the run. |
| `momentum` | number | `0` | at least 0, below 1 | Share of the last update. |
| `nesterov` | true or false | `false` |  | Look ahead. |

## optimizer.schedule

Learning rate as a function of the step.

| key | type | default | allowed | meaning |
|---|---|---|---|---|
| `shape` | text | `cosine` | constant, linear or cosine | How it falls. |
| `warmup` | integer [steps] | `100` | at least 0 | Steps of linear rise. |
| `steps` | integer [steps] | not set | at least 1 | Length; not set: the whole run. |

## optimizer adamw

Adam with decoupled weight decay.

| key | type | default | allowed | meaning |
|---|---|---|---|---|
| `lr` | number | `0.1` | above 0, at most 1000 | Peak learning rate. |
| `clip_norm` | number | not set | above 0 | Largest norm of all gradients; not set: no clipping. |
| `schedule` | section, see [optimizer.schedule](#optimizerschedule) |  |  | Learning rate over the run. |
| `betas` | list of numbers | `[0.9, 0.999]` | each at least 0, below 1, 2 items | Decay of the two moments. |

## data

| key | type | default | allowed | meaning |
|---|---|---|---|---|
| `train` | path or list of paths | required | 1 or more items | Training shards. |
| `test` | path | not set |  | Test shard. |
| `on_error` | text | `fail` | fail or skip | What a bad sample does. |
| `bits` | integer | `16` | 8, 16 or 32 | Width of a token. |

## phases

Learning rate as a function of the step.

The same keys as [optimizer.schedule](#optimizerschedule).

## finish

Learning rate as a function of the step.

The same keys as [optimizer.schedule](#optimizerschedule).

## stop

When the run ends.

A name alone, or one name with its settings below it: [stop never](#stop-never), [stop after](#stop-after) or [stop signal](#stop-signal).

## stop never

Not by itself.

No settings.

## stop after

After some steps.

May be written as the value of `steps` alone.

| key | type | default | allowed | meaning |
|---|---|---|---|---|
| `steps` | integer | `50` | at least 1 | How many. |
| `repeats` | integer | `1` | at least 1 | How often. |

## stop signal

When a file says so.

May be written as the value of `files` alone.

| key | type | default | allowed | meaning |
|---|---|---|---|---|
| `files` | path or list of paths | required | 1 or more items | Files that say so. |

## pause

May be written as the value of `steps` alone.

| key | type | default | allowed | meaning |
|---|---|---|---|---|
| `steps` | integer | `10` | at least 1 | How many. |
| `repeats` | integer | `1` | at least 1 | How often. |
)");
}

}  // namespace
}  // namespace echelon::config
