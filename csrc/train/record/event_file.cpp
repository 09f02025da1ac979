#include "train/record/event_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "train/record/tfrecord.h"

namespace echelon::train {
namespace {

/// A protocol buffer message in the making (https://protobuf.dev/programming-guides/encoding).
class Message {
 public:
  Message& integer(int field, uint64_t value) {
    varint(key(field, 0));
    varint(value);
    return *this;
  }
  Message& number(int field, double value) { return fixed(key(field, 1), value); }
  Message& number(int field, float value) { return fixed(key(field, 5), value); }
  Message& bytes(int field, std::string_view value) {
    varint(key(field, 2));
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  const std::string& str() const { return bytes_; }

 private:
  static uint64_t key(int field, int wire_type) { return static_cast<uint64_t>(field) << 3 | wire_type; }
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  template <class T>
  Message& fixed(uint64_t key, T value) {
    varint(key);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }

  std::string bytes_;
};

// Field numbers of Event, Summary, Summary.Value, SummaryMetadata, SessionLog and TensorProto.
enum EventField { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7 };
enum ValueField { kTag = 1, kSimpleValue = 2, kTensor = 8, kMetadata = 9 };
constexpr int kValue = 1;              // Summary.value
constexpr int kPluginData = 1;         // SummaryMetadata.plugin_data
constexpr int kPluginName = 1;         // SummaryMetadata.PluginData.plugin_name
constexpr int kStatus = 1;             // SessionLog.status
constexpr int kStart = 1;              // SessionLog.START
constexpr int kTensorType = 1;         // TensorProto.dtype
constexpr int kStringType = 7;         // DT_STRING
constexpr int kTensorShape = 2;        // TensorProto.tensor_shape
constexpr int kTensorStringValue = 8;  // TensorProto.string_val

Message event_at(int64_t step) {
  Message event;
  event.number(kWallTime, unix_time());
  if (step > 0) event.integer(kStep, static_cast<uint64_t>(step));
  return event;
}

fs::path file_path(const fs::path& folder) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return folder / str_format("events.out.tfevents.{:.0f}.{}.{}", unix_time(), host.data(), ::getpid());
}

}  // namespace

EventFile::EventFile(const fs::path& folder, int64_t resumed_step)
    : path_(file_path(folder)),
      descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) {
    throw Error(ExitCode::kData, str_format("cannot create {}: {}", path_.string(), std::strerror(errno)));
  }
  append(event_at(0).bytes(kFileVersion, "brain.Event:2").str());
  if (resumed_step > 0) {
    append(event_at(resumed_step + 1).bytes(kSessionLog, Message().integer(kStatus, kStart).str()).str());
  }
}

EventFile::~EventFile() {
  ::close(descriptor_);
}

void EventFile::scalars(int64_t step, std::string_view prefix, const Scalars& values) {
  Message summary;
  for (const auto& [name, value] : values) {
    Message entry;
    entry.bytes(kTag, str_format("{}/{}", prefix, name)).number(kSimpleValue, static_cast<float>(value));
    summary.bytes(kValue, entry.str());
  }
  append(event_at(step).bytes(kSummary, summary.str()).str());
}

void EventFile::text(int64_t step, std::string_view tag, std::string_view markdown) {
  const Message plugin = Message().bytes(kPluginData, Message().bytes(kPluginName, "text").str());
  Message tensor;  // of no dimensions
  tensor.integer(kTensorType, kStringType).bytes(kTensorShape, "").bytes(kTensorStringValue, markdown);
  Message value;
  value.bytes(kTag, tag).bytes(kTensor, tensor.str()).bytes(kMetadata, plugin.str());
  append(event_at(step).bytes(kSummary, Message().bytes(kValue, value.str()).str()).str());
}

void EventFile::append(const std::string& event) {
  const std::string record = frame_tfrecord(event);
  if (::write(descriptor_, record.data(), record.size()) == static_cast<ssize_t>(record.size()) || failed_)
    return;
  failed_ = true;
  log::warning("cannot write {}: {}; records are being lost", path_.string(), std::strerror(errno));
}

}  // namespace echelon::train
