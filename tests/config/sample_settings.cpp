#include "config/sample_settings.h"

namespace config = echelon::config;

namespace sample_optim {
namespace {

template <class T>
void describe_common(config::Fields<T>& f) {
  f.add("lr", &T::lr, "Peak learning rate.").above(0).at_most(1e3);
  f.add("clip_norm", &T::clip_norm, "Largest norm of all gradients; not set: no clipping.").above(0);
  f.add("schedule", &T::schedule, "Learning rate over the run.");
}

}  // namespace

void describe(config::Fields<Schedule>& f) {
  f.about("Learning rate as a function of the step.");
  f.add("shape", &Schedule::shape, "How it falls.").one_of({"constant", "linear", "cosine"});
  f.add("warmup", &Schedule::warmup, "Steps of linear rise.").at_least(0).unit("steps");
  f.add("steps", &Schedule::steps, "Length; not set: the whole run.").at_least(1).unit("steps");
  f.check([](const Schedule& s, config::Checks& checks) {
    if (s.shape == "constant" && checks.is_set("steps")) {
      checks.problem("steps", "has no effect when shape is constant");
    }
    if (s.steps && s.warmup > *s.steps) checks.problem("warmup", "is longer than the schedule");
  });
}

void describe(config::Fields<Sgd>& f) {
  describe_common(f);
  f.add("momentum", &Sgd::momentum, "Share of the last update.").at_least(0).below(1);
  f.add("nesterov", &Sgd::nesterov, "Look ahead.");
  f.check([](const Sgd& s, config::Checks& checks) {
    if (s.nesterov && s.momentum == 0) checks.problem("nesterov", "needs momentum above 0");
  });
}

void describe(config::Fields<AdamW>& f) {
  describe_common(f);
  f.add("betas", &AdamW::betas, "Decay of the two moments.").at_least(0).below(1).min_items(2).max_items(2);
}

void describe(config::Fields<Optimizer>& f) {
  f.choice<Sgd>("sgd", "Stochastic gradient descent.");
  f.choice<AdamW>("adamw", "Adam with decoupled weight decay.");
}

}  // namespace sample_optim

namespace sample {

void describe(config::Fields<Conv>& f) {
  f.add("out", &Conv::out, "Output channels.").required().above(0);
  f.add("kernel", &Conv::kernel, "Window.").one_of({1, 3, 5, 7}).unit("pixels");
}

void describe(config::Fields<Residual>& f) {
  f.add("layers", &Residual::layers, "Layers within the skip connection.").direct();
}

void describe(config::Fields<Layer>& f) {
  f.choice<Relu>("relu", "max(0, x).");
  f.choice<Conv>("conv", "Convolution.");
  f.choice<Residual>("residual", "Adds its input to its output.");
}

void describe(config::Fields<Mlp>& f) {
  f.add("widths", &Mlp::widths, "Units of the hidden layers.").above(0).min_items(1).example("[64, 64]");
  f.add("dropout", &Mlp::dropout, "Share of activations that are dropped.").at_least(0).below(1);
}

void describe(config::Fields<Sequential>& f) {
  f.add("layers", &Sequential::layers, "Layers in order.").required();
}

void describe(config::Fields<Data>& f) {
  f.add("train", &Data::train, "Training shards.").required().must_exist().min_items(1);
  f.add("test", &Data::test, "Test shard.").must_exist();
  f.add("note", &Data::note, "Any text.").hidden();
  f.add("on_error", &Data::on_error, "What a bad sample does.")
      .values({{"fail", OnError::kFail}, {"skip", OnError::kSkip}});
  f.add("bits", &Data::bits, "Width of a token.").one_of({8, 16, 32});
}

void describe(config::Fields<After>& f) {
  f.add("steps", &After::steps, "How many.").at_least(1).direct();
  f.add("repeats", &After::repeats, "How often.").at_least(1);
}

void describe(config::Fields<Signal>& f) {
  f.add("files", &Signal::files, "Files that say so.").required().must_exist().min_items(1).direct();
}

void describe(config::Fields<Stop>& f) {
  f.about("When the run ends.");
  f.compact();
  f.choice<Never>("never", "Not by itself.");
  f.choice<After>("after", "After some steps.");
  f.choice<Signal>("signal", "When a file says so.");
}

void describe(config::Fields<Settings>& f) {
  f.about("A training run.");
  f.add("run", &Settings::run, "Name of the run.");
  f.add("global_batch", &Settings::global_batch, "Samples an optimizer step.").at_least(1).unit("samples");
  f.add("micro_batch", &Settings::micro_batch, "Samples a forward pass.").at_least(1).unit("samples");
  f.add("tolerance", &Settings::tolerance, "Where to stop.").at_least(0);
  f.add("model", &Settings::model, "What is trained.").required();
  f.choice<Mlp>("mlp", "Fully connected layers.");
  f.choice<Sequential>("sequential", "Layers spelled out.");
  f.add("optimizer", &Settings::optimizer, "Update rule.");
  f.add("data", &Settings::data, "Where samples come from.");
  f.add("weights", &Settings::weights, "Weight of each class.").at_least(0);
  f.add("phases", &Settings::phases, "Schedules one after another.");
  f.add("finish", &Settings::finish, "An extra schedule at the end.");
  f.add("stop", &Settings::stop, "When to stop.");
  f.add("pause", &Settings::pause, "When to rest.");
  f.add("tags", &Settings::tags, "Words to find the run by.").or_one().min_items(1).max_items(2);
  f.check({"stop", "tags"}, [](const Settings& s, config::Checks& checks) {
    if (s.tags[0] == "short" && checks.is_set("stop"))
      checks.problem("stop.after.steps", "is too long for a short run");
  });
  f.check({"global_batch", "micro_batch"}, [](const Settings& s, config::Checks& checks) {
    if (s.global_batch % s.micro_batch != 0)
      checks.problem("global_batch", "is not a multiple of micro_batch");
  });
}

}  // namespace sample
