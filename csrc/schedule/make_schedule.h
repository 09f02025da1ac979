// The schedules that Echelon knows, as pure functions of p ranks, m micro-batches and v chunks a rank.
//
// Let F, I and W be the seconds of forward and of the halves of backward of one micro-batch on all stages of
// a rank, the same on every rank. For m ≥ p:
//
//   name         stages of rank r     idle seconds         in flight at most, on rank r
//   gpipe        r                    (p-1) (F+I+W)        m
//   1f1b         r                    (p-1) (F+I+W)        min(m, p-r)
//   interleaved  r, p+r, 2p+r, …      (p-1) (F+I+W) / v    v > 1: min(v m, (v-1) g + 2 (p-r) - 1) chunks
//   zb_h1        r                    (p-1) (F+I-W)        p-r until input half, p until weight half
//   zb_v         r, 2p-1-r            0 where F = I = W    2p chunks, as much as 1f1b's p on rank 0
//
// Idle is the slowest rank between its first and its last compute action. For all but zb_v it is also what
// each rank idles over the step of all; zb_v's ranks start one after the other and end so, and wait in
// between only for m < 2p-1: (2p-1-m) F/2.
//
// gpipe: Huang et al., 1811.06965. 1f1b (PipeDream-Flush) and interleaved: Narayanan et al., 2104.04473,
// where m must be a multiple of p. Here the micro-batches pass in ⌊m/p⌋ groups of g or g-1, the larger first
// (g = p where m is a multiple of p), and idle seconds are the same for every m ≥ p. zb_h1 and zb_v: Qi et
// al., 2401.10241; zb_v also in "Pipeline Parallelism with Controllable Memory", 2405.15362.
//
// Each works for every p, m ≥ 1; with m < p the last three idle more.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schedule/action.h"

namespace echelon::schedule {

/// "gpipe", "1f1b", "interleaved", "zb_h1", "zb_v".
std::vector<std::string> names();

/// Whether the schedule splits backward into halves.
bool splits_backward(std::string_view name);

/// How many stages a rank holds: `chunks` for interleaved, 2 for zb_v, else 1.
int chunks_of(std::string_view name, int chunks);

/// Compute actions only; with_communication() adds the rest. `chunks` counts for interleaved alone. Throws
/// ConfigError for an unknown name and for numbers below 1.
Schedule make_schedule(std::string_view name, int ranks, int micro_batches, int chunks = 1);

}  // namespace echelon::schedule
