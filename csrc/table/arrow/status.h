// Arrow's errors as ours.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/format.h"
#include "storage/unavailable_error.h"

namespace echelon::table {

/// One line of bounded length, without Arrow's context and code.
std::string reason_of(const arrow::Status& status);

/// What is said where memory runs out, or what LimitedPool gives.
inline constexpr const char* kTooLarge =
    "unpacking it takes too much memory; it is damaged, or much too large";

/// The error on its way through Arrow: require() and catching() throw it again.
arrow::Status unavailable(const storage::UnavailableError& error);

/// Throws DataError "WHAT: REASON", or the UnavailableError of the status, unless that is good.
void require(const arrow::Status& status, std::string_view what);

template <class T>
T require(arrow::Result<T> result, std::string_view what) {
  require(result.status(), what);
  return std::move(result).ValueUnsafe();
}

/// Throws the UnavailableError of the status for which Parquet threw `error`, if that is such a one.
void rethrow_unavailable(const std::exception& error);

/// Runs `action`, which reads a file or a part of it that messages call `where`: what Arrow, Parquet or the
/// standard library throws comes out as DataError, or the UnavailableError that it comes of.
template <class Action>
auto catching(const std::string& where, Action action) {
  try {
    return action();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw DataError(str_format("{}: {}", where, kTooLarge));
  } catch (const std::exception& error) {  // sizes in a damaged file are any
    rethrow_unavailable(error);
    throw DataError(str_format("{}: {}", where, error.what()));
  }
}

/// Of an object store: as require(), but TransientError unless another attempt is in vain: access denied, no
/// such bucket, a malformed request. That gives the reason alone: who tries again says of what.
void require_from_store(const arrow::Status& status, std::string_view what);

template <class T>
T require_from_store(arrow::Result<T> result, std::string_view what) {
  require_from_store(result.status(), what);
  return std::move(result).ValueUnsafe();
}

}  // namespace echelon::table
