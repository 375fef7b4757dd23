// Filters of lists and watches: the subset of AIP-160 that their fields need.
//
//   filter     = disjunction { "AND" disjunction }        AIP-160: OR binds closer than AND
//   disjunction = term { "OR" term }
//   term       = [ "NOT" | "-" ] ( "(" filter ")" | field op value )
//   op         = "=" | "!=" | "<" | "<=" | ">" | ">="
//   value      = word | "quoted" | 'quoted'               \ escapes in quotes
//
// Text and times have all six operators (text by octets), enumerations = and != with or without their prefix.
// Times are RFC 3339. Immutable once parsed; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"

namespace ipam::hub {

struct FilterField {
  enum class Type { kText, kTime, kEnum };
  std::string name;
  Type type = Type::kText;
  const google::protobuf::EnumDescriptor* values = nullptr;  // of an enumeration
  std::string value_prefix;                                  // "OPERATION_STATE_"
};

// In the order of the fields: text, time, or number of the enumerator.
using FilterValue = std::variant<absl::string_view, absl::Time, int>;

class Filter {
 public:
  static constexpr std::size_t kMaxLength = 4096;
  static constexpr int kMaxDepth = 64;

  Filter() = default;  // matches everything
  // kInvalidArgument naming `filter` and the position (from 1) of what is wrong.
  static absl::StatusOr<Filter> Parse(absl::string_view text, std::vector<FilterField> fields);

  bool empty() const { return root_ == nullptr; }
  // `value` gives the value of the field with this index.
  bool Matches(absl::FunctionRef<FilterValue(std::size_t field)> value) const;

  struct Node;

 private:
  std::shared_ptr<const Node> root_;
};

}  // namespace ipam::hub
