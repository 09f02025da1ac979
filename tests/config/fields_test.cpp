// Declarations that are wrong are found when the struct is first used, not when a user meets them.
#include "config/fields.h"

#include <gtest/gtest.h>

#include "common/error.h"
#include "config/config.h"

namespace misdeclared {

namespace config = echelon::config;

template <int kCase>
struct Broken {
  std::string text;
  int64_t number = 0;
  std::map<std::string, int64_t> inner;
};

void describe(config::Fields<Broken<0>>& f) {
  f.add("text", &Broken<0>::text, "").above(1);
}
void describe(config::Fields<Broken<1>>& f) {
  f.add("number", &Broken<1>::number, "").min_items(1);
}
void describe(config::Fields<Broken<2>>& f) {
  f.add("number", &Broken<2>::number, "").must_exist();
}
void describe(config::Fields<Broken<3>>& f) {
  f.add("text", &Broken<3>::text, "");
  f.add("text", &Broken<3>::text, "");
}
void describe(config::Fields<Broken<4>>& f) {
  f.choice<Broken<0>>("zero", "");
}

void describe(config::Fields<Broken<5>>& f) {
  f.add("text", &Broken<5>::text, "").example("[a");
}

void describe(config::Fields<Broken<6>>& f) {
  f.add("text", &Broken<6>::text, "").or_one();
}
void describe(config::Fields<Broken<7>>& f) {
  f.add("inner", &Broken<7>::inner, "").direct();
}

}  // namespace misdeclared

namespace echelon::config {
namespace {

template <int kCase>
std::string failure() {
  try {
    section_of<misdeclared::Broken<kCase>>();
    return "";
  } catch (const InternalError& error) {
    return error.what();
  }
}

TEST(Fields, RefusesWrongDeclarations) {
  EXPECT_EQ(failure<0>(), "setting 'text' is declared wrongly: only numbers have bounds");
  EXPECT_EQ(failure<1>(), "setting 'number' is declared wrongly: only lists and maps have items");
  EXPECT_EQ(failure<2>(), "setting 'number' is declared wrongly: only an InputPath can exist");
  EXPECT_EQ(failure<3>(), "setting 'text' is declared wrongly: its name is used twice");
  EXPECT_EQ(failure<4>(), "choice 'zero' is declared before any setting that offers it");
  EXPECT_EQ(failure<6>(),
            "setting 'text' is declared wrongly: only a list of single values may be written as one");
  EXPECT_EQ(failure<7>(),
            "setting 'inner' is declared wrongly: only a single value or a list may stand for its section");
}

TEST(Fields, RefusesExamplesThatAreNoYaml) {
  EXPECT_THROW(json_schema<misdeclared::Broken<5>>(""), InternalError);
}

}  // namespace
}  // namespace echelon::config
