// Writes a shard of awkward names, and its index, for python_reads_shards.py: PROGRAM FOLDER.
#include <fstream>
#include <string>

#include "data/image/shard_writer.h"

int main(int, char** arguments) {
  using echelon::data::Sample;
  const std::string folder = arguments[1];
  const std::string digits = "0123456789";
  std::string hundred, deep;
  for (int i = 0; i < 10; ++i) hundred += digits;
  for (int i = 0; i < 30; ++i) deep += digits + "/";
  const Sample samples[] = {
      {"short", {{"jpg", std::string(1000, 'x')}, {"cls", "7"}}},
      {"exactly/" + hundred.substr(0, 96), {{"png", ""}, {"cls", "0"}}},  // a name of a hundred bytes
      {"prefix/" + hundred.substr(0, 50) + "/" + hundred.substr(0, 90), {{"cls", std::string(512, '1')}}},
      {hundred + hundred, {{"webp", "long"}, {"json", std::string(64, '{')}}},
      {deep + "end", {{"txt", std::string(65, 't')}, {"seg.png", std::string(512, 's')}}},
      {"Größe/鳥", {{"cls", "3\n"}}},
      {"line\nbreak", {{"cls", "4"}}},
  };
  std::ofstream shard(folder + "/shard.tar", std::ios::binary);
  echelon::data::ShardWriter writer(
      [&](std::string_view bytes) { shard.write(bytes.data(), static_cast<std::streamsize>(bytes.size())); });
  for (const Sample& sample : samples) writer.add(sample);
  const std::string index = writer.finish();
  std::ofstream(folder + "/shard.tar.index", std::ios::binary)
      .write(index.data(), static_cast<std::streamsize>(index.size()));
}
