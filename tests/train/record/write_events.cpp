// Writes two TensorBoard event files, of a run and of its continuation: write_events FOLDER
#include "train/record/event_file.h"

int main(int, char** arguments) {
  using echelon::train::EventFile;
  const std::string folder = arguments[1];
  {
    EventFile first(folder + "/first", 0);
    first.text(0, "config", "```yaml\nseed: 0\n```");
    for (int step = 10; step <= 50; step += 10)
      first.scalars(step, "train", {{"loss", 1.0 / step}, {"lr", 0.5}});
    first.scalars(50, "evaluation", {{"accuracy", 0.75}});
  }
  // As a start an hour ago would have left it.
  std::filesystem::create_directory(folder + "/run");
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/first")) {
    std::filesystem::copy(entry, folder + "/run/events.out.tfevents.1700000000.host.1");
  }
  EventFile second(folder + "/run", 30);
  second.scalars(40, "train", {{"loss", 7.0}, {"lr", 0.25}});
  return 0;
}
