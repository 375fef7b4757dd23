#include "dcom_bridge/ipam/access_tables.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/rows.h"

namespace ipam::engine {

AccessTables::AccessTables(Database& db)
    : put_scope_(db,
                 "INSERT INTO access_scopes (record_id, parent_id, label, details)"
                 " VALUES (nullif(?, 0), nullif(?, 0), ?, ?) ON CONFLICT (record_id) DO UPDATE SET"
                 " parent_id = excluded.parent_id, label = excluded.label, details = excluded.details"
                 " RETURNING record_id"),
      list_scopes_(db, "SELECT details, record_id FROM access_scopes ORDER BY record_id"),
      put_association_(
          db,
          "INSERT INTO access_scope_associations (record_id, object_type, object_id, access_scope_id,"
          " inheritance_id, is_inheriting) VALUES (nullif(?, 0), ?, ?, ?, ?, ?)"
          " ON CONFLICT (record_id) DO UPDATE SET object_type = excluded.object_type,"
          " object_id = excluded.object_id, access_scope_id = excluded.access_scope_id,"
          " inheritance_id = excluded.inheritance_id, is_inheriting = excluded.is_inheriting"
          " RETURNING record_id"),
      add_association_(db,
                       "INSERT INTO access_scope_associations (object_type, object_id, access_scope_id,"
                       " is_inheriting) VALUES (?, ?, ?, 1) ON CONFLICT DO NOTHING RETURNING record_id"),
      inherit_from_itself_(db,
                           "UPDATE access_scope_associations SET inheritance_id = ?1 WHERE record_id = ?1"),
      delete_association_(db,
                          "DELETE FROM access_scope_associations WHERE object_id = ? AND object_type = ?"),
      list_associations_(
          db,
          "SELECT record_id, object_type, object_id, access_scope_id, inheritance_id, is_inheriting"
          " FROM access_scope_associations ORDER BY record_id"),
      scope_of_(
          db,
          "SELECT access_scope_id FROM access_scope_associations WHERE object_id = ? AND object_type = ?"),
      put_policy_(
          db,
          "INSERT INTO user_access_policies (record_id, user_name, details) VALUES (nullif(?, 0), ?, ?)"
          " ON CONFLICT (record_id) DO UPDATE SET user_name = excluded.user_name, details = excluded.details"
          " RETURNING record_id"),
      clear_map_(db, "DELETE FROM policy_maps WHERE policy_id = ?"),
      put_map_(db, "INSERT INTO policy_maps (policy_id, role_id, access_scope_id) VALUES (?, ?, ?)"),
      find_role_(db, "SELECT record_id FROM role_definitions WHERE record_id = ? OR name = ?"),
      list_policies_(db, "SELECT details, record_id FROM user_access_policies ORDER BY record_id"),
      list_map_(db,
                "SELECT m.role_id, r.name, m.access_scope_id FROM policy_maps AS m"
                " JOIN role_definitions AS r ON r.record_id = m.role_id WHERE m.policy_id = ? ORDER BY 1, 3"),
      allows_(db,
              "SELECT 1 FROM user_access_policies AS p JOIN policy_maps AS m ON m.policy_id = p.record_id"
              " JOIN role_operations AS o ON o.role_id = m.role_id"
              " WHERE p.user_name IN (?, ?) AND o.operation_id = ? AND m.access_scope_id = ? LIMIT 1") {}

absl::StatusOr<std::int64_t> AccessTables::PutScope(const v1::AccessScope& scope) {
  return ReturnedId(put_scope_.Lookup(scope.access_scope_id(), scope.parent_access_scope_id(), scope.label(),
                                      ToJson(scope)));
}

absl::StatusOr<std::vector<v1::AccessScope>> AccessTables::ListScopes() {
  return ReadRows<v1::AccessScope>(list_scopes_.Query(), [](const Cursor& row, v1::AccessScope& scope) {
    scope.set_access_scope_id(row.Int64(1));
  });
}

absl::StatusOr<std::int64_t> AccessTables::PutAssociation(const v1::AccessScopeAssociation& association) {
  std::optional<std::int64_t> inheritance;
  if (association.has_inheritance_id()) inheritance = association.inheritance_id();
  return ReturnedId(put_association_.Lookup(
      association.association_id(), static_cast<std::int64_t>(association.object_type()),
      association.object_id(), association.access_scope_id(), inheritance, association.is_inheriting()));
}

absl::StatusOr<std::vector<v1::AccessScopeAssociation>> AccessTables::ListAssociations() {
  std::vector<v1::AccessScopeAssociation> associations;
  Cursor rows = list_associations_.Query();
  while (rows.Next()) {
    v1::AccessScopeAssociation& association = associations.emplace_back();
    association.set_association_id(rows.Int64(0));
    association.set_object_type(static_cast<v1::IpamObjectType>(rows.Int64(1)));
    association.set_object_id(rows.Int64(2));
    association.set_access_scope_id(rows.Int64(3));
    if (const auto inheritance = rows.OptionalInt64(4)) association.set_inheritance_id(*inheritance);
    association.set_is_inheriting(rows.Int64(5) != 0);
  }
  IPAM_RETURN_IF_ERROR(rows.status());
  return associations;
}

absl::Status AccessTables::CreateAssociation(v1::IpamObjectType type, std::int64_t object) {
  IPAM_ASSIGN_OR_RETURN(const auto added,
                        add_association_.Lookup(static_cast<std::int64_t>(type), object, kGlobalAccessScope));
  return added ? inherit_from_itself_.Run(*added) : absl::OkStatus();
}

absl::Status AccessTables::DeleteAssociation(v1::IpamObjectType type, std::int64_t object) {
  return delete_association_.Run(object, static_cast<std::int64_t>(type));
}

absl::StatusOr<std::int64_t> AccessTables::ScopeOf(v1::IpamObjectType type, std::int64_t object) {
  IPAM_ASSIGN_OR_RETURN(const auto scope, scope_of_.Lookup(object, static_cast<std::int64_t>(type)));
  return scope.value_or(kGlobalAccessScope);
}

absl::StatusOr<std::int64_t> AccessTables::PutPolicy(const v1::UserAccessPolicy& policy) {
  v1::UserAccessPolicy row = policy;
  row.clear_policy_definition();
  IPAM_ASSIGN_OR_RETURN(const std::int64_t id,
                        ReturnedId(put_policy_.Lookup(policy.policy_id(), policy.user_name(), ToJson(row))));
  IPAM_RETURN_IF_ERROR(clear_map_.Run(id));
  for (const v1::AccessScopeToUserRoleMapping& mapping : policy.policy_definition()) {
    IPAM_ASSIGN_OR_RETURN(const auto role,
                          find_role_.Lookup(mapping.user_role_id(), mapping.user_role_name()));
    if (!role) {
      return Fault(
          v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_ROLE_NAME,
          absl::StrFormat("There is no role %d \"%s\".", mapping.user_role_id(), mapping.user_role_name()));
    }
    const std::int64_t scope =
        mapping.access_scope_id() == 0 ? kGlobalAccessScope : mapping.access_scope_id();
    IPAM_RETURN_IF_ERROR(put_map_.Run(id, *role, scope));
  }
  return id;
}

absl::StatusOr<std::vector<v1::UserAccessPolicy>> AccessTables::ListPolicies() {
  IPAM_ASSIGN_OR_RETURN(std::vector<v1::UserAccessPolicy> policies,
                        ReadRows<v1::UserAccessPolicy>(list_policies_.Query(),
                                                       [](const Cursor& row, v1::UserAccessPolicy& policy) {
                                                         policy.set_policy_id(row.Int64(1));
                                                       }));
  for (v1::UserAccessPolicy& policy : policies) {
    Cursor rows = list_map_.Query(policy.policy_id());
    while (rows.Next()) {
      v1::AccessScopeToUserRoleMapping& mapping = *policy.add_policy_definition();
      mapping.set_user_role_id(rows.Int64(0));
      mapping.set_user_role_name(rows.Text(1));
      mapping.set_access_scope_id(rows.Int64(2));
    }
    IPAM_RETURN_IF_ERROR(rows.status());
  }
  return policies;
}

absl::StatusOr<bool> AccessTables::Allows(const std::string& user, const std::string& qualified_user,
                                          const std::string& operation, std::int64_t access_scope) {
  IPAM_ASSIGN_OR_RETURN(const auto found, allows_.Lookup(user, qualified_user, operation, access_scope));
  return found.has_value();
}

}  // namespace ipam::engine
