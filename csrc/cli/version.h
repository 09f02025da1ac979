#pragma once

namespace echelon::cli {

inline constexpr const char* kVersion = ECHELON_VERSION;

}  // namespace echelon::cli
