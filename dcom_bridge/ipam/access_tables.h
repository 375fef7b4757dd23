// Access scopes, roles and access policies, [MS-IPAMM2] 3.1.1.1.38 to 43. The engine's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/database.h"
#include "ipam/v1/access.pb.h"
#include "ipam/v1/enums.pb.h"
#include "ipam/v1/tables.pb.h"

namespace ipam::engine {

inline constexpr std::int64_t kGlobalAccessScope = 1;
inline constexpr std::int64_t kAnyAccessScope = 0;

class AccessTables {
 public:
  explicit AccessTables(Database& db);

  absl::StatusOr<std::int64_t> PutScope(const v1::AccessScope& scope);
  absl::StatusOr<std::vector<v1::AccessScope>> ListScopes();

  absl::StatusOr<std::int64_t> PutAssociation(const v1::AccessScopeAssociation& association);
  absl::StatusOr<std::vector<v1::AccessScopeAssociation>> ListAssociations();
  // CreateAssociationEntry, 3.1.1.1.43.2.3, of an object that has neither parent nor children there, such as
  // a resource record: the global access scope. An entry that is there stays.
  absl::Status CreateAssociation(v1::IpamObjectType type, std::int64_t object);
  // DeleteAssociationEntry, 3.1.1.1.43.2.6. What inherited from it keeps its access scope, and inherits from where it did.
  absl::Status DeleteAssociation(v1::IpamObjectType type, std::int64_t object);
  // GetAccessScopeForObjectIdAndType, 3.1.1.1.43.2.7. What has no entry, as most that operations make (discrepancies
  // E.10), has the access scope that CreateAssociationEntry would give it: that of its parent (3.1.1.1.43.2.1), or
  // without one the global one.
  absl::StatusOr<std::int64_t> ScopeOf(v1::IpamObjectType type, std::int64_t object);

  // With its policy_definition, whose roles are named by id or name.
  absl::StatusOr<std::int64_t> PutPolicy(const v1::UserAccessPolicy& policy);
  absl::StatusOr<std::vector<v1::UserAccessPolicy>> ListPolicies();
  // Whether a policy of one of the names, or of a group that one of them is in, maps a role with the operation to the
  // access scope; kAnyAccessScope: to any.
  absl::StatusOr<bool> Allows(const std::string& user, const std::string& qualified_user,
                              const std::string& operation, std::int64_t access_scope);

  // With its members: accounts ("user" or "DOMAIN\user") and groups.
  absl::StatusOr<std::int64_t> PutGroup(const v1::SecurityGroup& group);
  absl::StatusOr<std::vector<v1::SecurityGroup>> ListGroups();
  // Whether one of the names is in the security group that the common property names, 3.1.4.3.
  absl::StatusOr<bool> IsMember(const std::string& user, const std::string& qualified_user,
                                const std::string& property);

 private:
  Statement put_scope_;
  Statement list_scopes_;
  Statement put_association_;
  Statement add_association_;
  Statement inherit_from_itself_;
  Statement pass_on_inheritance_;
  Statement delete_association_;
  Statement list_associations_;
  Statement scope_of_;
  Statement parent_of_;
  Statement put_policy_;
  Statement clear_map_;
  Statement put_map_;
  Statement find_role_;
  Statement list_policies_;
  Statement list_map_;
  Statement allows_;
  Statement put_group_;
  Statement clear_members_;
  Statement put_member_;
  Statement list_groups_;
  Statement list_members_;
  Statement is_member_;
};

}  // namespace ipam::engine
