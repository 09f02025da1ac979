// What a header with settings needs: enough to declare `describe`, without the machinery behind
// config/fields.h.
#pragma once

#include <string>

namespace echelon::config {

/// The declaration of T's fields (config/fields.h).
template <class T>
class Fields;

/// A file, folder or pattern that is read. After loading, `path` is absolute: a relative one in YAML starts
/// at the folder of the file that names it, one on the command line at the working directory. Text with "://"
/// stays as it is.
struct InputPath {
  std::string path;
  bool empty() const { return path.empty(); }
  bool operator==(const InputPath&) const = default;
};

}  // namespace echelon::config
