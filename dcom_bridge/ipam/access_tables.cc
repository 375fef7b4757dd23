#include "dcom_bridge/ipam/access_tables.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/rows.h"

// The names, and the groups that they are in, directly or by other groups.
#define IPAM_NAMES_AND_GROUPS                                                                              \
  "WITH RECURSIVE mine (name, is_group) AS (SELECT ?1 COLLATE NOCASE, 0 UNION SELECT ?2 COLLATE NOCASE, 0" \
  " UNION SELECT g.name, 1 FROM mine"                                                                      \
  " JOIN security_group_members AS m ON m.member = mine.name JOIN security_groups AS g"                    \
  " ON g.record_id = m.group_id)"

namespace ipam::engine {
namespace {

constexpr int kMaxParents = 64;  // blocks within blocks; rows that are each other's parent end too

}  // namespace

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
      pass_on_inheritance_(
          db,
          "UPDATE access_scope_associations AS child SET inheritance_id ="
          " CASE gone.inheritance_id WHEN gone.record_id THEN child.record_id ELSE gone.inheritance_id END"
          " FROM access_scope_associations AS gone WHERE gone.object_id = ? AND gone.object_type = ?"
          " AND child.inheritance_id = gone.record_id AND child.record_id != gone.record_id"),
      delete_association_(db,
                          "DELETE FROM access_scope_associations WHERE object_id = ? AND object_type = ?"),
      list_associations_(
          db,
          "SELECT record_id, object_type, object_id, access_scope_id, inheritance_id, is_inheriting"
          " FROM access_scope_associations ORDER BY record_id"),
      scope_of_(
          db,
          "SELECT access_scope_id FROM access_scope_associations WHERE object_id = ? AND object_type = ?"),
      parent_of_(
          db,
          "SELECT parent_type, parent_id FROM ("
          "SELECT 13 AS type, record_id AS id, CASE WHEN superscope_id IS NULL THEN 11 ELSE 18 END AS "
          "parent_type,"
          " coalesce(superscope_id, server_id) AS parent_id FROM dhcp_scopes WHERE af = 4"
          " UNION ALL SELECT 14, record_id, 12, server_id FROM dhcp_scopes WHERE af = 6"
          " UNION ALL SELECT 18, record_id, 11, server_id FROM dhcp_superscopes"
          " UNION ALL SELECT CASE r.af WHEN 4 THEN 7 ELSE 8 END, r.record_id,"
          " CASE b.is_subnet WHEN 0 THEN 3 ELSE 5 END + CASE r.af WHEN 4 THEN 0 ELSE 1 END, b.record_id"
          " FROM ip_ranges AS r JOIN ip_blocks AS b ON b.record_id = r.parent_block_id"
          " UNION ALL SELECT CASE is_subnet WHEN 0 THEN 3 ELSE 5 END + CASE af WHEN 4 THEN 0 ELSE 1 END, "
          "record_id,"
          " CASE WHEN parent_id IS NULL THEN 1 ELSE 3 END + CASE af WHEN 4 THEN 0 ELSE 1 END,"
          " coalesce(parent_id, address_space_id)"
          " FROM ip_blocks WHERE parent_id IS NOT NULL OR is_subnet = 1) AS parents WHERE id = ? AND type = "
          "?"),
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
      allows_(
          db, IPAM_NAMES_AND_GROUPS
          " SELECT 1 FROM user_access_policies AS p JOIN policy_maps AS m ON m.policy_id = p.record_id"
          " JOIN role_operations AS o ON o.role_id = m.role_id WHERE p.user_name IN (SELECT name FROM mine)"
          " AND o.operation_id = ?3 AND (?4 = 0 OR m.access_scope_id = ?4) LIMIT 1"),
      put_group_(db,
                 "INSERT INTO security_groups (record_id, name) VALUES (nullif(?, 0), ?)"
                 " ON CONFLICT (record_id) DO UPDATE SET name = excluded.name RETURNING record_id"),
      clear_members_(db, "DELETE FROM security_group_members WHERE group_id = ?"),
      put_member_(db, "INSERT INTO security_group_members (group_id, member) VALUES (?, ?)"),
      list_groups_(db, "SELECT record_id, name FROM security_groups ORDER BY record_id"),
      list_members_(db, "SELECT member FROM security_group_members WHERE group_id = ? ORDER BY member"),
      is_member_(db, IPAM_NAMES_AND_GROUPS
                 " SELECT 1 FROM mine JOIN common_properties AS p ON p.value = mine.name COLLATE NOCASE"
                 " WHERE mine.is_group = 1 AND p.name = ?3 LIMIT 1") {}

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
  IPAM_RETURN_IF_ERROR(pass_on_inheritance_.Run(object, static_cast<std::int64_t>(type)));
  return delete_association_.Run(object, static_cast<std::int64_t>(type));
}

absl::StatusOr<std::int64_t> AccessTables::ScopeOf(v1::IpamObjectType type, std::int64_t object) {
  auto of_type = static_cast<std::int64_t>(type);
  for (int depth = 0; depth < kMaxParents; ++depth) {
    IPAM_ASSIGN_OR_RETURN(const auto scope, scope_of_.Lookup(object, of_type));
    if (scope) return *scope;
    if (of_type == v1::IPAM_OBJECT_TYPE_DNS_RESOURCE_RECORD) break;  // very many, without parents
    Cursor parent = parent_of_.Query(object, of_type);
    if (!parent.Next()) {
      IPAM_RETURN_IF_ERROR(parent.status());
      break;
    }
    of_type = parent.Int64(0);
    object = parent.Int64(1);
  }
  return kGlobalAccessScope;
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

absl::StatusOr<std::int64_t> AccessTables::PutGroup(const v1::SecurityGroup& group) {
  IPAM_ASSIGN_OR_RETURN(const std::int64_t id,
                        ReturnedId(put_group_.Lookup(group.record_id(), group.name())));
  IPAM_RETURN_IF_ERROR(clear_members_.Run(id));
  for (const std::string& member : group.members()) IPAM_RETURN_IF_ERROR(put_member_.Run(id, member));
  return id;
}

absl::StatusOr<std::vector<v1::SecurityGroup>> AccessTables::ListGroups() {
  std::vector<v1::SecurityGroup> groups;
  Cursor rows = list_groups_.Query();
  while (rows.Next()) {
    v1::SecurityGroup& group = groups.emplace_back();
    group.set_record_id(rows.Int64(0));
    group.set_name(rows.Text(1));
  }
  IPAM_RETURN_IF_ERROR(rows.status());
  for (v1::SecurityGroup& group : groups) {
    Cursor members = list_members_.Query(group.record_id());
    while (members.Next()) group.add_members(members.Text(0));
    IPAM_RETURN_IF_ERROR(members.status());
  }
  return groups;
}

absl::StatusOr<bool> AccessTables::IsMember(const std::string& user, const std::string& qualified_user,
                                            const std::string& property) {
  IPAM_ASSIGN_OR_RETURN(const auto found, is_member_.Lookup(user, qualified_user, property));
  return found.has_value();
}

}  // namespace ipam::engine
