// Declaring configuration: one line a field gives parser, default, `echelon schema` and reference page.
//
//   struct OptimizerSettings {              // csrc/optim/settings.h: plain struct, defaults as initialisers
//     std::string name = "adamw";
//     double lr = 3e-4;
//     std::optional<double> clip_norm;
//     ScheduleSettings schedule;            // another described struct
//   };
//   void describe(config::Fields<OptimizerSettings>& f);
//
//   void describe(config::Fields<OptimizerSettings>& f) {  // csrc/optim/settings.cpp: found by name look-up
//     f.about("Optimizer and learning-rate schedule.");
//     f.add("name", &OptimizerSettings::name, "Update rule.").one_of({"sgd", "adam", "adamw"});
//     f.add("lr", &OptimizerSettings::lr, "Peak learning rate.").above(0).at_most(1e3);
//     f.add("clip_norm", &OptimizerSettings::clip_norm, "Largest gradient norm; not set: any.").above(0);
//     f.add("schedule", &OptimizerSettings::schedule, "Learning-rate schedule.");
//     f.check([](const OptimizerSettings& s, config::Checks& checks) {  // contradictions between fields
//       if (s.nesterov && s.momentum == 0) checks.problem("nesterov", "needs momentum above 0");
//     });
//   }
//
// Types of members: bool, int, int64_t, float, double, std::string, config::InputPath, enums (with
// `.values({{"sum", Reduction::kSum}, …})`), std::optional<T>, std::vector<T>, std::map<std::string, T>,
// described structs, and std::variant of described structs: a choice. Its alternatives follow the member,
//
//     f.add("model", &TrainSettings::model, "What is trained.").required();
//     f.choice<GptSettings>("gpt", "GPT-2 architecture.");
//     f.choice<MlpSettings>("mlp", "Fully connected layers.");
//
// or, where several structs share the variant, once in `describe(config::Fields<ModelSettings>& f)` with
// `using ModelSettings = std::variant<GptSettings, MlpSettings>`. An alternative that is an empty struct
// needs no describe. In YAML the key `name` chooses:
//
//     model: {name: gpt, layers: 12}
//
// In a std::vector of a variant each item is compact: its name alone, or one key with the settings below it.
//
//     layers: [relu, conv: {out: 32}]
//
// So is, everywhere, a variant whose describe says `f.compact()`:
//
//     schedule: zb_v
//     schedule: {interleaved: {chunks: 3}}
//
// A section may be written as the value of its field that is `.direct()` (`schedule: {interleaved: 3}`), and
// a list of single values that is `.or_one()`, as every list of InputPath, as its only item.
#pragma once

#include <concepts>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "config/declare.h"
#include "config/type.h"

namespace echelon::config {

/// Takes problems that a check found.
class Checks {
 public:
  virtual ~Checks() = default;
  /// `key` is the field to blame ("nesterov"; "schedule.warmup" for one further down; "" for the section
  /// itself); the problem is shown where it is written, or at the section when it is not. The message follows
  /// the key: "needs momentum above 0".
  virtual void problem(std::string_view key, std::string_view message) = 0;
  /// A problem where the input files have to be there (read.h).
  virtual void missing_file(std::string_view key, std::string_view message) = 0;
  /// Whether the configuration sets the field to something else than its default.
  virtual bool is_set(std::string_view key) const = 0;
};

namespace detail {

template <class T>
struct LeafOf {
  using type = T;
};
template <class T>
struct LeafOf<std::optional<T>> : LeafOf<T> {};
template <class T>
struct LeafOf<std::vector<T>> : LeafOf<T> {};
template <class T>
struct LeafOf<std::map<std::string, T>> : LeafOf<T> {};

template <class T>
inline constexpr bool kIsVariant = false;
template <class... A>
inline constexpr bool kIsVariant<std::variant<A...>> = true;

template <class T>
concept Described = requires(Fields<T>& fields) {
  describe(fields);
};

template <class T>
inline constexpr char kTypeId = 0;  // its address names the type

template <class T>
Type type_of();

}  // namespace detail

/// What may be said about a field after `f.add(…)`. For a list, a map or an optional, limits hold for each
/// element.
class FieldBase {
 public:
  explicit FieldBase(Field& field) : field_(field) {}

 protected:
  Limits& number_limits();
  Limits& limits() { return leaf_type(field_.type).limits; }
  void count_items(size_t least, size_t most);
  void allow(std::span<const double> numbers);
  void allow(std::span<const char* const> texts);
  void allow(const std::vector<std::string>& texts);
  void name_value(const char* name, int64_t value);
  void set_unit(std::string_view text);
  void set_example(std::string_view yaml);
  void expect_path();
  void take_one();
  void stand_alone();
  Field& field_;
};

template <class M>
class FieldRef : FieldBase {
 public:
  using Leaf = typename detail::LeafOf<M>::type;
  using Allowed = std::conditional_t<std::is_arithmetic_v<Leaf>, double, const char*>;
  using FieldBase::FieldBase;

  FieldRef& above(double bound) { return number_limits().above = bound, *this; }
  FieldRef& at_least(double bound) { return number_limits().at_least = bound, *this; }
  FieldRef& below(double bound) { return number_limits().below = bound, *this; }
  FieldRef& at_most(double bound) { return number_limits().at_most = bound, *this; }
  FieldRef& range(double low, double high) {
    return at_least(low).at_most(high);
  }                                                                             ///< both ends belong to it
  FieldRef& allow_infinite() { return number_limits().finite = false, *this; }  ///< and not-a-number
  FieldRef& one_of(std::initializer_list<Allowed> allowed) {
    return allow({allowed.begin(), allowed.size()}), *this;
  }
  FieldRef& one_of(const std::vector<std::string>& allowed) { return allow(allowed), *this; }
  /// The names of an enum's members.
  FieldRef& values(std::initializer_list<std::pair<const char*, Leaf>> names) requires std::is_enum_v<Leaf> {
    for (const auto& [name, value] : names) name_value(name, static_cast<int64_t>(value));
    return *this;
  }
  FieldRef& min_items(size_t count) { return count_items(count, SIZE_MAX), *this; }
  FieldRef& max_items(size_t count) { return count_items(0, count), *this; }
  /// The file, folder, or for a pattern with `*`, `?` or `[` at least one match, must be there when the file
  /// is read.
  FieldRef& must_exist() { return expect_path(), *this; }
  FieldRef& required() { return field_.required = true, *this; }           ///< must be in the file
  FieldRef& unit(std::string_view text) { return set_unit(text), *this; }  ///< "s", "MB", "samples"
  FieldRef& example(std::string_view yaml) { return set_example(yaml), *this; }
  FieldRef& or_one() { return take_one(), *this; }  ///< a list of single values: may be written as one
  /// The section may be written as this value alone, which is a single value or a list. No other field of the
  /// section may be required.
  FieldRef& direct() { return stand_alone(), *this; }
  FieldRef& hidden() { return field_.hidden = true, *this; }  ///< accepted, but not on the reference page
};

/// What does not depend on the type of the struct.
class FieldsBase {
 public:
  void about(std::string_view text) { section_.about = text; }
  /// The key that chooses among the alternatives of the variant that was added last, if not `name`.
  void choice_key(std::string_view key);

 protected:
  Field& add_field(std::string_view name, Type type, size_t offset, std::string_view help);
  void declare_choice(const void* id, std::string_view name, std::string_view help);
  Section section_;
};

/// What `describe` fills for a struct T.
template <class T>
class Fields : public FieldsBase {
 public:
  Fields() : defaults_(std::make_shared<T>()) { section_.defaults = defaults_; }

  template <class C, class M>
  requires std::derived_from<T, C>
  [[gnu::noinline]] FieldRef<M> add(std::string_view name, M C::*member, std::string_view help) {
    const auto* start = reinterpret_cast<const char*>(defaults_.get());
    const auto* place = reinterpret_cast<const char*>(&(defaults_.get()->*member));
    return FieldRef<M>(add_field(name, detail::type_of<M>(), static_cast<size_t>(place - start), help));
  }

  /// Names an alternative of the variant that was added last.
  template <class A>
  void choice(std::string_view name, std::string_view help) {
    declare_choice(&detail::kTypeId<A>, name, help);
  }

  void check(std::function<void(const T&, Checks&)> look) { check({}, std::move(look)); }
  /// Runs even when other fields than those named have problems.
  void check(std::vector<std::string> reads, std::function<void(const T&, Checks&)> look) {
    section_.checks.push_back({std::move(reads), [look = std::move(look)](const void* value, Checks& checks) {
                                 look(*static_cast<const T*>(value), checks);
                               }});
  }

  Section finish() && { return std::move(section_); }

 private:
  std::shared_ptr<T> defaults_;
};

/// What `describe` fills for a variant that several structs share.
template <class... A>
class Fields<std::variant<A...>> {
 public:
  explicit Fields(Choice& choice) : choice_(choice) {}
  void about(std::string_view text) { choice_.about = text; }
  void key(std::string_view key) { choice_.key = key; }
  /// The name, or one key with the settings below it, chooses; there is no key `name`.
  void compact() { choice_.compact = true; }
  template <class Alternative>
  void choice(std::string_view name, std::string_view help) {
    static_assert((std::same_as<Alternative, A> || ...), "not an alternative of the variant");
    for (auto& alternative : choice_.alternatives) {
      if (alternative.id == &detail::kTypeId<Alternative>) alternative.name = name, alternative.help = help;
    }
  }

 private:
  Choice& choice_;
};

/// The description of a struct, made on first use.
template <class T>
const Section& section_of() {
  static_assert(detail::Described<T> || std::is_empty_v<T>,
                "declare `void describe(config::Fields<T>&)` beside the struct, in its namespace");
  static const Section section = [] {
    Fields<T> fields;
    if constexpr (detail::Described<T>) describe(fields);
    return std::move(fields).finish();
  }();
  return section;
}

}  // namespace echelon::config

#include "config/type_of.h"
