#include "predict/tensor_model/compiled_package.h"

#include <caffe2/serialize/inline_container.h>
#include <sys/utsname.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/error.h"
#include "common/format.h"
#include "predict/scorer/require_name.h"
#include "predict/tensor_model/tensor_model.h"
#include "predict/tensor_model/zip_checksums.h"

namespace echelon::predict {
namespace {

using caffe2::serialize::PyTorchStreamReader;

constexpr std::string_view kModels = "data/aotinductor/";
constexpr std::string_view kCompileHere =
    "compile it (torch._inductor.aoti_compile_and_package) on a machine as this one";

/// What `read` gives; throws CheckpointError where the archive of `path` is damaged.
template <class F>
auto guarded(const std::string& path, F read) {
  try {
    return read();
  } catch (const c10::Error& error) {
    throw CheckpointError(
        str_format("{} is damaged or incomplete ({}); copy it anew", path, reason_of(error)));
  } catch (const DataError& error) {
    throw CheckpointError(str_format("{} is damaged or incomplete ({}); copy it anew", path, error.what()));
  }
}

/// Throws CheckpointError where one of `records` is not what was written.
void compare_checksums(const std::string& path, PyTorchStreamReader& archive,
                       const std::vector<std::string>& records) {
  const MappedFile file(path);
  const auto checksums = zip_checksums(file.bytes());
  for (const std::string& record : records) {
    const auto [data, size] = archive.getRecord(record);
    // In the file the records lie in a folder, whose name LibTorch leaves out.
    const auto same = std::ranges::find_if(checksums, [&](const auto& entry) {
      const size_t folder = entry.first.find('/');
      return folder != std::string::npos && entry.first.compare(folder + 1, std::string::npos, record) == 0;
    });
    if (same == checksums.end() ||
        same->second != crc32_of({static_cast<const std::byte*>(data.get()), size}))
      throw CheckpointError(
          str_format("{} is damaged or incomplete ({} is not what was written); copy it anew", path, record));
  }
}

std::string content(PyTorchStreamReader& archive, const std::string& record) {
  const auto [data, size] = archive.getRecord(record);
  return {static_cast<const char*>(data.get()), size};
}

/// "data/aotinductor/model/x.so" → "model".
std::string model_of(std::string_view record) {
  if (!record.starts_with(kModels)) return "";
  record.remove_prefix(kModels.size());
  const size_t end = record.find('/');
  return end == std::string_view::npos ? "" : std::string(record.substr(0, end));
}

std::string choose_model(const std::string& path, const std::vector<std::string>& records,
                         const std::string& wanted) {
  std::set<std::string> known;
  for (const std::string& record : records)
    if (std::string model = model_of(record); !model.empty()) known.insert(std::move(model));
  const std::vector<std::string> names(known.begin(), known.end());
  if (wanted.empty() && names.size() > 1)
    throw ConfigError(
        str_format("model.method: {} holds several models; choose one of {}", path, join(names)));
  if (!wanted.empty()) require_name("model.method", wanted, names);
  return wanted.empty() && !names.empty() ? names[0] : wanted;
}

std::string file_name(const std::string& record) {
  return record.substr(record.rfind('/') + 1);
}

std::map<std::string, std::string> parse_metadata(const std::string& path, const std::string& text) {
  try {
    return nlohmann::json::parse(text).get<std::map<std::string, std::string>>();
  } catch (const nlohmann::json::exception& error) {
    throw CheckpointError(
        str_format("{}: its metadata are not what PyTorch writes ({})", path, error.what()));
  }
}

std::set<std::string> flags_of_processor() {
  std::ifstream information("/proc/cpuinfo");
  std::set<std::string> flags;
  for (std::string line; std::getline(information, line) && flags.empty();) {
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    std::istringstream words(line.substr(line.find(':') + 1));
    for (std::string word; words >> word;) flags.insert(word);
  }
  return flags;
}

}  // namespace

CompiledPackage::CompiledPackage(const std::string& path, const std::string& model) : path_(path) {
  guarded(path, [&] {
    PyTorchStreamReader archive(path);
    const std::vector<std::string> all = archive.getAllRecords();
    const std::string folder = str_format("{}{}/", kModels, choose_model(path, all, model));
    std::ranges::copy_if(all, std::back_inserter(records_),
                         [&](const std::string& record) { return record.starts_with(folder); });
    for (const std::string& record : records_) {
      if (record.find('/', folder.size()) != std::string::npos)
        throw CheckpointError(str_format("{}: {} is not where PyTorch puts it", path, record));
      if (!record.ends_with(".so")) continue;
      if (!library_.empty()) throw CheckpointError(str_format("{}: its model has two libraries", path));
      library_ = record;
    }
    const std::string stem = library_.substr(0, library_.rfind('.'));
    if (library_.empty() || !archive.hasRecord(stem + "_metadata.json") || !archive.hasRecord(stem + ".cpp"))
      throw CheckpointError(
          str_format("{} lacks the library of its model, or what PyTorch 2.7 and newer note of it and the "
                     "source; {}",
                     path, kCompileHere));
    compare_checksums(path, archive, records_);
    metadata_ = parse_metadata(path, content(archive, stem + "_metadata.json"));
    source_ = content(archive, stem + ".cpp");
  });
}

fs::path CompiledPackage::unpack(const fs::path& folder) const {
  guarded(path_, [&] {
    PyTorchStreamReader archive(path_);
    for (const std::string& record : records_) {
      const auto [data, size] = archive.getRecord(record);
      const fs::path to = folder / file_name(record);
      std::ofstream file(to, std::ios::binary);
      file.write(static_cast<const char*>(data.get()), static_cast<std::streamsize>(size));
      file.close();
      if (!file)
        throw CheckpointError(
            str_format("{} cannot be unpacked: {} was not written; TMPDIR names another "
                       "folder for it",
                       path_, to.string()));
    }
  });
  return folder / file_name(library_);
}

void require_this_machine(const std::string& path, const std::map<std::string, std::string>& metadata) {
  const auto noted = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? "" : found->second;
  };
  const std::string device = noted("AOTI_DEVICE_KEY");
  if (device != "cpu")
    throw CheckpointError(
        str_format("{} was compiled for the device \"{}\"; compiled packages compute on the CPU here: "
                   "export and compile the model on the CPU",
                   path, device));
  utsname system{};
  uname(&system);
  const std::string machine = noted("AOTI_MACHINE");
  if (noted("AOTI_PLATFORM") != "linux" || machine != system.machine)
    throw CheckpointError(str_format("{} was compiled for {} on {}, and this is linux on {}; {}", path,
                                     noted("AOTI_PLATFORM"), machine, system.machine, kCompileHere));
  if (machine != "x86_64") return;  // elsewhere PyTorch does not note what the machine may lack
  const std::vector<std::string> missing = missing_instructions(noted("AOTI_CPU_ISA"), flags_of_processor());
  if (!missing.empty())
    throw CheckpointError(str_format("{} was compiled for a processor with {}, which this one has not; {}",
                                     path, join(missing), kCompileHere));
}

std::vector<std::string> missing_instructions(const std::string& wanted, const std::set<std::string>& flags) {
  static const std::map<std::string, std::vector<std::string>> needs{
      {"AVX2", {"avx2", "fma", "f16c"}},
      {"AVX512", {"avx512f", "avx512dq", "avx512vl", "avx512bw", "fma"}},
      {"INVALID_VEC_ISA", {}}};
  std::vector<std::string> missing;
  std::istringstream words(wanted);
  for (std::string word; words >> word;) {
    std::string flag = word;
    std::ranges::transform(flag, flag.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto known = needs.find(word);
    const std::vector<std::string> needed = known == needs.end() ? std::vector{flag} : known->second;
    const bool has_all =
        std::ranges::all_of(needed, [&](const std::string& each) { return flags.contains(each); });
    if (!has_all) missing.push_back(word);
  }
  return missing;
}

}  // namespace echelon::predict
