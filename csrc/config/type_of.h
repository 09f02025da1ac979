// How C++ types become config::Type. Part of fields.h, which alone includes it.
#pragma once

#include "config/fields.h"

namespace echelon::config {
namespace detail {

template <class T>
struct ContainerOf;

template <class T>
struct ContainerOf<std::optional<T>> {
  using Element = T;
  static constexpr Kind kKind = Kind::kOptional;
  static void* add(std::optional<T>& c, const std::string&) { return &c.emplace(); }
  template <class F>
  static void visit(const std::optional<T>& c, const F& each) {
    if (c) each("", &*c);
  }
};

template <class T>
struct ContainerOf<std::vector<T>> {
  static_assert(!std::same_as<T, bool>, "a list of bool has no addressable elements; use another type");
  using Element = T;
  static constexpr Kind kKind = Kind::kList;
  static void* add(std::vector<T>& c, const std::string&) { return &c.emplace_back(); }
  template <class F>
  static void visit(const std::vector<T>& c, const F& each) {
    for (const T& element : c) each("", &element);
  }
};

template <class T>
struct ContainerOf<std::map<std::string, T>> {
  using Element = T;
  static constexpr Kind kKind = Kind::kMap;
  static void* add(std::map<std::string, T>& c, const std::string& key) { return &c[key]; }
  template <class F>
  static void visit(const std::map<std::string, T>& c, const F& each) {
    for (const auto& [key, element] : c) each(key, &element);
  }
};

template <class C>
inline const Container kContainer = {
    [](void* c) {
      if constexpr (ContainerOf<C>::kKind == Kind::kOptional) {
        static_cast<C*>(c)->reset();
      } else {
        static_cast<C*>(c)->clear();
      }
    },
    [](void* c, const std::string& key) { return ContainerOf<C>::add(*static_cast<C*>(c), key); },
    [](const void* c, const std::function<void(const std::string&, const void*)>& each) {
      ContainerOf<C>::visit(*static_cast<const C*>(c), each);
    }};

template <class T>
Type section_type() {
  Type type;
  type.kind = Kind::kSection;
  type.section = &section_of<T>;
  return type;
}

template <class... A>
std::shared_ptr<Choice> choice_of(std::type_identity<std::variant<A...>>) {
  using V = std::variant<A...>;
  auto choice = std::make_shared<Choice>();
  choice->alternatives = {{&kTypeId<A>, section_type<A>(),
                           [](void* v) -> void* { return &static_cast<V*>(v)->template emplace<A>(); }, "",
                           ""}...};
  choice->index = [](const void* v) { return static_cast<const V*>(v)->index(); };
  choice->active = [](void* v) {
    return std::visit([](auto& value) -> void* { return &value; }, *static_cast<V*>(v));
  };
  if constexpr (Described<V>) {
    Fields<V> fields(*choice);
    describe(fields);
  }
  return choice;
}

template <class T>
[[gnu::noinline]] Type type_of() {
  Type type;
  type.bytes = sizeof(T) <= 8 ? static_cast<int>(sizeof(T)) : 0;
  if constexpr (std::same_as<T, bool>) {
    type.kind = Kind::kBool;
  } else if constexpr (std::is_enum_v<T>) {
    type.kind = Kind::kEnum;
  } else if constexpr (std::same_as<T, int> || std::same_as<T, int64_t>) {
    type.kind = Kind::kInteger;
  } else if constexpr (std::same_as<T, float> || std::same_as<T, double>) {
    type.kind = Kind::kNumber;
  } else if constexpr (std::same_as<T, std::string>) {
    type.kind = Kind::kText;
  } else if constexpr (std::same_as<T, InputPath>) {
    type.kind = Kind::kPath;
  } else if constexpr (requires { ContainerOf<T>::kKind; }) {
    type.kind = ContainerOf<T>::kKind;
    type.container = &kContainer<T>;
    type.element = std::make_shared<Type>(type_of<typename ContainerOf<T>::Element>());
    const bool is_list = type.kind == Kind::kList;
    type.or_one = is_list && type.element->kind == Kind::kPath;
    if (is_list && type.element->choice) type.element->choice->compact = true;
  } else if constexpr (kIsVariant<T>) {
    type.kind = Kind::kChoice;
    type.choice = choice_of(std::type_identity<T>());
  } else {
    static_assert(std::is_class_v<T>,
                  "this type cannot be a setting; see the list at the top of config/fields.h");
    type = section_type<T>();
  }
  return type;
}

}  // namespace detail
}  // namespace echelon::config
