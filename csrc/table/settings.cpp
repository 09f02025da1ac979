#include "table/settings.h"

#include <string_view>

#include "config/fields.h"

namespace echelon::table {
namespace {

void check_feature(const FeatureSettings& s, config::Checks& checks) {
  const bool categorical = s.kind == FeatureKind::kCategorical;
  const auto refuse = [&](std::string_view key, bool fits, std::string_view problem) {
    if (!fits && checks.is_set(key)) checks.problem(key, problem);
  };
  refuse("missing", !categorical, "has no effect on categories: a missing value is the unknown category");
  refuse("standardise", !categorical, "has no effect on categories");
  refuse("fill", s.missing == Missing::kFill, "has no effect unless missing is fill");
  refuse("min_count", categorical, "has no effect unless type is categorical");
  refuse("max_categories", categorical, "has no effect unless type is categorical");
}

}  // namespace

void describe(config::Fields<FeatureSettings>& f) {
  f.about("A column that the model sees. `age: float` stands for `age: {type: float}`.");
  f.add("type", &FeatureSettings::kind,
        "float: a number, bools as 0 and 1, timestamps as days since 1970; integer: the same, and it must be "
        "whole; categorical: text, whole numbers or bools, of which training learns which there are.")
      .values({{"float", FeatureKind::kFloat},
               {"integer", FeatureKind::kInteger},
               {"categorical", FeatureKind::kCategorical}})
      .direct();
  f.add("missing", &FeatureSettings::missing,
        "What stands in for a missing number or NaN. fail: nothing, it is an error; mean: that of training; "
        "fill: the number `fill`.")
      .values({{"fail", Missing::kFail}, {"mean", Missing::kMean}, {"fill", Missing::kFill}});
  f.add("fill", &FeatureSettings::fill, "The number of `missing: fill`, before standardisation.");
  f.add("standardise", &FeatureSettings::standardise,
        "Subtract from numbers the mean of the training data and divide by their standard deviation.");
  f.add("min_count", &FeatureSettings::min_count,
        "Categories that training has less often are the unknown one.")
      .at_least(1);
  f.add("max_categories", &FeatureSettings::max_categories,
        "Keep only so many categories, the most frequent; 0: all.")
      .at_least(0);
  f.check(check_feature);
}

void describe(config::Fields<TargetSettings>& f) {
  f.about("The column that is learned.");
  f.add("column", &TargetSettings::column, "Its name.").required().example("price");
  f.add("type", &TargetSettings::kind,
        "class: one of the values that the training data have; number: a number, by regression.")
      .values({{"class", TargetKind::kClass}, {"number", TargetKind::kNumber}})
      .required();
  f.add("standardise", &TargetSettings::standardise,
        "Learn the number less its mean, in standard deviations of the training data. Test metrics but the "
        "loss are those of the number itself.");
  f.check([](const TargetSettings& s, config::Checks& checks) {
    if (s.standardise && s.kind == TargetKind::kClass)
      checks.problem("standardise", "has no effect unless type is number");
  });
}

}  // namespace echelon::table
