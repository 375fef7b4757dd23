#include "dcom_bridge/ipam/custom_fields.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/rows.h"

namespace ipam::engine {

CustomFieldTables::CustomFieldTables(Database& db)
    : put_field_(
          db,
          "INSERT INTO custom_fields (record_id, number, name, multivalued, details)"
          " VALUES (nullif(?, 0), ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET number = excluded.number,"
          " name = excluded.name, multivalued = excluded.multivalued, details = excluded.details"
          " RETURNING record_id"),
      put_value_(
          db,
          "INSERT INTO custom_field_values (record_id, custom_field_id, value, details)"
          " VALUES (nullif(?, 0), ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
          " custom_field_id = excluded.custom_field_id, value = excluded.value, details = excluded.details"
          " RETURNING record_id"),
      list_fields_(db, "SELECT details, record_id FROM custom_fields ORDER BY record_id"),
      list_values_(db,
                   "SELECT details, record_id, custom_field_id, value FROM custom_field_values"
                   " WHERE custom_field_id = ? ORDER BY record_id"),
      is_multivalued_(db, "SELECT multivalued FROM custom_fields WHERE record_id = ?"),
      find_value_(db, "SELECT record_id FROM custom_field_values WHERE custom_field_id = ? AND value = ?"),
      clear_(db, "DELETE FROM custom_field_value_associations WHERE object_type = ? AND used_by = ?"),
      set_(db,
           "INSERT INTO custom_field_value_associations (object_type, used_by, custom_field_id,"
           " custom_field_value_id, value) VALUES (?, ?, ?, ?, ?)"),
      get_(db,
           "SELECT coalesce(v.details, '{}'), coalesce(v.record_id, 0), a.custom_field_id, a.value, "
           "f.number, f.name"
           " FROM custom_field_value_associations AS a JOIN custom_fields AS f ON f.record_id = "
           "a.custom_field_id"
           " LEFT JOIN custom_field_values AS v ON v.record_id = a.custom_field_value_id"
           " WHERE a.object_type = ? AND a.used_by = ? ORDER BY a.record_id"),
      find_built_in_(db, "SELECT record_id FROM custom_fields WHERE number = ?"),
      adopt_(db,
             "UPDATE custom_field_value_associations SET custom_field_value_id = ?"
             " WHERE custom_field_id = ? AND value = ? AND custom_field_value_id IS NULL") {}

absl::StatusOr<std::int64_t> CustomFieldTables::Put(const v1::CustomField& field) {
  v1::CustomField row = field;
  row.clear_values();
  IPAM_ASSIGN_OR_RETURN(
      const std::int64_t id,
      ReturnedId(put_field_.Lookup(
          field.record_id(), static_cast<std::int64_t>(field.built_in_custom_field_number()), field.name(),
          field.type() == v1::CUSTOM_FIELD_TYPE_MULTIVALUED, ToJson(row))));
  for (const v1::CustomFieldValue& value : field.values()) {
    IPAM_RETURN_IF_ERROR(put_value_.Lookup(value.record_id(), id, value.value(), ToJson(value)).status());
  }
  return id;
}

absl::StatusOr<std::vector<v1::CustomField>> CustomFieldTables::List() {
  IPAM_ASSIGN_OR_RETURN(
      std::vector<v1::CustomField> fields,
      ReadRows<v1::CustomField>(list_fields_.Query(), [](const Cursor& row, v1::CustomField& field) {
        field.set_record_id(row.Int64(1));
      }));
  for (v1::CustomField& field : fields) {
    IPAM_ASSIGN_OR_RETURN(
        std::vector<v1::CustomFieldValue> values,
        ReadRows<v1::CustomFieldValue>(list_values_.Query(field.record_id()),
                                       [](const Cursor& row, v1::CustomFieldValue& value) {
                                         value.set_record_id(row.Int64(1));
                                         value.set_parent_custom_field_record_id(row.Int64(2));
                                         value.set_value(row.Text(3));
                                       }));
    for (v1::CustomFieldValue& value : values) *field.add_values() = std::move(value);
  }
  return fields;
}

absl::Status CustomFieldTables::Validate(const CustomFieldValues& values) {
  for (const v1::CustomFieldValue& value : values) {
    const std::int64_t field = value.parent_custom_field_record_id();
    if (field == 0) {
      return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_FIELD_ID_NOT_SPECIFIED,
                   absl::StrFormat("The custom field value %s names no custom field.", value.value()));
    }
    IPAM_ASSIGN_OR_RETURN(const auto multivalued, is_multivalued_.Lookup(field));
    if (!multivalued) {
      return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_OBJECT_NOT_FOUND_IN_DATABASE,
                   absl::StrFormat("There is no custom field %d.", field));
    }
    if (*multivalued == 0) continue;
    IPAM_ASSIGN_OR_RETURN(const auto known, find_value_.Lookup(field, value.value()));
    if (!known) {
      return Fault(
          v1::IPAM_EXCEPTION_ID_IPAM_API_CUSTOM_FIELD_VALUE_FOR_MULTI_VALUE_CUSTOM_FIELD_DOESNT_EXIST,
          absl::StrFormat("The custom field %d has no value %s.", field, value.value()));
    }
  }
  return absl::OkStatus();
}

absl::Status CustomFieldTables::Set(v1::IpamObjectType type, std::int64_t object,
                                    const CustomFieldValues& values) {
  const auto object_type = static_cast<std::int64_t>(type);
  IPAM_RETURN_IF_ERROR(clear_.Run(object_type, object));
  for (const v1::CustomFieldValue& value : values) {
    const std::int64_t field = value.parent_custom_field_record_id();
    std::optional<std::int64_t> value_id;
    if (value.record_id() != 0) {
      value_id = value.record_id();
    } else {
      IPAM_ASSIGN_OR_RETURN(value_id, find_value_.Lookup(field, value.value()));
    }
    IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_SET_CUSTOM_FIELDS_VALUES_FAILED,
                                 set_.Run(object_type, object, field, value_id, value.value())));
  }
  return absl::OkStatus();
}

absl::StatusOr<CustomFieldValues> CustomFieldTables::Get(v1::IpamObjectType type, std::int64_t object) {
  IPAM_ASSIGN_OR_RETURN(std::vector<v1::CustomFieldValue> values,
                        ReadRows<v1::CustomFieldValue>(
                            get_.Query(static_cast<std::int64_t>(type), object),
                            [](const Cursor& row, v1::CustomFieldValue& value) {
                              if (row.Int64(1) != 0) value.set_record_id(row.Int64(1));
                              value.set_parent_custom_field_record_id(row.Int64(2));
                              value.set_value(row.Text(3));
                              value.set_parent_custom_field_number(static_cast<std::int32_t>(row.Int64(4)));
                              value.set_parent_custom_field_name(row.Text(5));
                            }));
  return CustomFieldValues(values.begin(), values.end());
}

absl::StatusOr<Management> CustomFieldTables::GetManagement(v1::IpamObjectType type, std::int64_t object) {
  IPAM_ASSIGN_OR_RETURN(const CustomFieldValues values, Get(type, object));
  return ManagementOf(values);
}

absl::StatusOr<v1::CustomFieldValue> CustomFieldTables::BuiltIn(v1::BuiltInCustomField field,
                                                                const std::string& value) {
  IPAM_ASSIGN_OR_RETURN(const auto field_id, find_built_in_.Lookup(static_cast<std::int64_t>(field)));
  if (!field_id) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_OBJECT_NOT_FOUND_IN_DATABASE,
                 absl::StrFormat("The built-in custom field %d is missing.", static_cast<int>(field)));
  }
  v1::CustomFieldValue made;
  made.set_parent_custom_field_record_id(*field_id);
  made.set_parent_custom_field_number(static_cast<std::int32_t>(field));
  made.set_value(value);
  IPAM_ASSIGN_OR_RETURN(const auto value_id, find_value_.Lookup(*field_id, value));
  if (value_id) {
    made.set_record_id(*value_id);
    return made;
  }
  IPAM_ASSIGN_OR_RETURN(const std::int64_t added,
                        ReturnedId(put_value_.Lookup(0, *field_id, value, ToJson(made))));
  IPAM_RETURN_IF_ERROR(adopt_.Run(added, *field_id, value));  // of objects that had the text alone
  made.set_record_id(added);
  return made;
}

Management ManagementOf(const CustomFieldValues& values) {
  Management management;
  for (const v1::CustomFieldValue& value : values) {
    if (value.parent_custom_field_number() == v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY)
      management.by = value.value();
    if (value.parent_custom_field_number() == v1::BUILT_IN_CUSTOM_FIELD_MANAGED_BY_ENTITY) {
      management.entity = value.value();
    }
  }
  return management;
}

}  // namespace ipam::engine
