// The declaration of CommonSettings within the settings of each kind, which explains `input` itself.
#pragma once

#include "config/fields.h"
#include "prepare/settings.h"

namespace echelon::prepare {

template <class T>
void describe_common(config::Fields<T>& f) {
  f.add("output", &T::output,
        "Folder for what is made, and for manifest.json. It must be empty, or hold an unfinished preparation "
        "of the same input and settings, which then goes on.")
      .required()
      .example("shards");
  f.add("on_error", &T::on_error, "What damaged samples do: end the job, or be left out and counted.")
      .values({{"fail", data::OnError::kFail}, {"skip", data::OnError::kSkip}});
  f.add("threads", &T::threads, "Threads of each rank, each of which makes a file of its own.")
      .range(1, 1024);
  f.add("overwrite", &T::overwrite,
        "Remove what another preparation, finished or not, has made in the output folder.");
  f.add("storage", &T::storage, "How data are brought here.");
}

/// The settings that decide what is made, as text: those that do not are at their defaults.
template <class T>
T deciding(T settings) {
  const T defaults;
  settings.output = defaults.output;
  settings.threads = defaults.threads;
  settings.overwrite = defaults.overwrite;
  settings.storage = defaults.storage;
  return settings;
}

}  // namespace echelon::prepare
