// Custom fields and the values that objects have of them, [MS-IPAMM2] 3.1.1.1.2, 14 and 15. The engine's
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/database.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "ipam/v1/custom_field.pb.h"
#include "ipam/v1/enums.pb.h"

namespace ipam::engine {

using CustomFieldValues = google::protobuf::RepeatedPtrField<v1::CustomFieldValue>;

// The two values that say which service an address or range belongs to.
struct Management {
  std::string by;      // ManagedByValue
  std::string entity;  // ManagedByEntityValue
  friend bool operator==(const Management&, const Management&) = default;
};

inline constexpr char kManagedByMsDhcp[] = "MS DHCP";

class CustomFieldTables {
 public:
  explicit CustomFieldTables(Database& db);

  // The field with its values.
  absl::StatusOr<std::int64_t> Put(const v1::CustomField& field);
  absl::StatusOr<std::vector<v1::CustomField>> List();

  // ValidateCustomFieldValues, 3.1.4.6 (discrepancies D.15, F.6).
  absl::Status Validate(const CustomFieldValues& values);
  // SetCustomFieldValues and GetCustomFieldValues, 3.1.1.1.2.2. Record ids are unique over both families
  // here, so the object type alone says the family.
  absl::Status Set(v1::IpamObjectType type, std::int64_t object, const CustomFieldValues& values);
  absl::StatusOr<CustomFieldValues> Get(v1::IpamObjectType type, std::int64_t object);
  absl::StatusOr<Management> GetManagement(v1::IpamObjectType type, std::int64_t object);

  // The value of a built-in field as an object has it; made in the value set of the field if it is not there.
  absl::StatusOr<v1::CustomFieldValue> BuiltIn(v1::BuiltInCustomField field, const std::string& value);

 private:
  Statement put_field_;
  Statement put_value_;
  Statement list_fields_;
  Statement list_values_;
  Statement is_multivalued_;
  Statement find_value_;
  Statement clear_;
  Statement set_;
  Statement get_;
  Statement find_built_in_;
  Statement adopt_;
};

// What the values say of the owner of an address, before they are stored.
Management ManagementOf(const CustomFieldValues& values);

}  // namespace ipam::engine
