// Writes tar archives in memory, correct ones and wrong ones: ustar headers after IEEE Std 1003.1.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/format.h"

namespace echelon::data {

struct TarHeader {
  std::string name;
  char type = '0';
  std::string size_field{};  ///< instead of the size in octal
  std::string prefix{};
  std::string magic = std::string("ustar\0", 6) + "00";
};

inline std::string padded(std::string text) {
  text.resize((text.size() + 511) / 512 * 512, '\0');
  return text;
}

inline std::string tar_header(const TarHeader& header, size_t size) {
  std::string block(512, '\0');
  const auto put = [&](size_t at, const std::string& text) { block.replace(at, text.size(), text); };
  put(0, header.name.substr(0, 100));
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, header.size_field.empty() ? str_format("{:011o}", size) : header.size_field);
  put(136, "00000000000");
  put(156, std::string(1, header.type));
  put(257, header.magic);
  put(345, header.prefix);
  put(148, "        ");
  int sum = 0;
  for (const char c : block) sum += static_cast<uint8_t>(c);
  put(148, str_format("{:06o}", sum) + std::string("\0 ", 2));
  return block;
}

inline std::string raw_entry(const TarHeader& header, const std::string& content) {
  return tar_header(header, content.size()) + padded(content);
}
inline std::string tar_entry(const std::string& name, const std::string& content) {
  return raw_entry({.name = name}, content);
}
inline std::string tar_end() {
  return std::string(1024, '\0');
}

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::remove(path);  // some file systems sync a file that is truncated and written again
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace echelon::data
