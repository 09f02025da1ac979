// Pictures of an evaluation as SVG elements, for a page that holds them. Names may be any text.
#pragma once

#include <string>
#include <vector>

#include "metrics/classes.h"
#include "metrics/curve.h"
#include "metrics/histogram.h"

namespace echelon::train {

struct Series {
  std::string name;
  metrics::Curve points;
};

struct AxisNames {
  std::string x, y;
};

/// Colours of series; further ones begin anew.
constexpr size_t kSeriesColours = 10;

/// Lines in the unit square, with a legend where there are several. `diagonal`: from the origin, what chance
/// gives.
std::string line_chart(const std::vector<Series>& series, const AxisNames& axes, bool diagonal);

/// Rows: true classes, columns: predicted ones; darker for a larger part of the row.
std::string heat_map(const metrics::ConfusionCounts& counts, const std::vector<std::string>& names);

/// The points, on axes of the same range, with the line on which both coordinates are equal.
std::string scatter_chart(const metrics::Curve& points, const AxisNames& axes);

std::string histogram_chart(const metrics::Histogram& histogram, const AxisNames& axes);

}  // namespace echelon::train
