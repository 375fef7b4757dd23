#include "dcom_bridge/ipam/authorization.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/base/strings.h"
#include "dcom_bridge/ipam/access_objects.h"
#include "dcom_bridge/model/operations.h"

namespace ipam::engine {
namespace {

// Two names parted by '/' are one for scopes and one for servers.
std::string OperationOn(const AccessObject& object, std::string_view rbac_operation) {
  if (!object.operation.empty()) return std::string(object.operation);
  const std::size_t slash = rbac_operation.find('/');
  if (slash == std::string_view::npos) return std::string(rbac_operation);
  return std::string(object.type == v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV4 ? rbac_operation.substr(0, slash)
                                                                      : rbac_operation.substr(slash + 1));
}

// The security groups of NonRBACAdminAccessRequirement, [MS-IPAMM2] 3.1.1.1.36, by the names that common properties have
// for them. Where that table has no row (discrepancies G.1) it is that of the nearest: of filters MsmDhcpFilterOperation, of
// records MsmDnsCreateResourceRecord, of zones MsmDnsSetPreferredServerForZone; nothing is near to forwarders. None of the
// 49 operations is AdminRoleOnly or NonRBAC.
constexpr char kIpamAdministrators[] = "IpamSecurityGroupIpamAdministrators";
constexpr char kAsmAdministrators[] = "IpamSecurityGroupIpamAsmAdministrators";
constexpr char kMsmAdministrators[] = "IpamSecurityGroupIpamMsmAdministrators";

constexpr std::string_view kOfAsm[] = {"CreateIPAddress", "UpdateIPAddress"};
constexpr std::string_view kOfBoth[] = {"MsmDhcpScopeCreateOrEditAddressReservation",
                                        "MsmDhcpScopeDeleteAddressReservation",
                                        "CreateDnsResourceRecords",
                                        "UpdateDnsResourceRecord",
                                        "UpdateDnsResourceRecords",
                                        "DeleteDnsResourceRecords"};
constexpr std::string_view kOfIpamOnly[] = {
    "CreateDnsConditionalForwarders", "UpdateDnsConditionalForwarders", "DeleteDnsConditionalForwarders"};

template <std::size_t N>
bool IsOneOf(std::string_view operation, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), operation) != std::end(names);
}

// Beside the IPAM Administrators, who have the roles of the others too, 3.1.4.3.
std::vector<const char*> GroupsAllowed(std::string_view operation) {
  std::vector<const char*> groups;
  if (IsOneOf(operation, kOfIpamOnly)) return groups;
  const bool both = IsOneOf(operation, kOfBoth);
  const bool only_asm = IsOneOf(operation, kOfAsm);
  if (both || only_asm) groups.push_back(kAsmAdministrators);
  if (both || !only_asm) groups.push_back(kMsmAdministrators);
  return groups;
}

}  // namespace

Authorization::Authorization(std::vector<std::string> administrators)
    : administrators_(std::move(administrators)) {}

absl::StatusOr<bool> Authorization::IsAdministrator(const Caller& caller, Store& store) const {
  if (IsListed(caller, administrators_)) return true;
  return store.access.IsMember(caller.user, caller.Name(), kIpamAdministrators);
}

absl::Status Authorization::CheckOwner(const Caller& caller, std::string_view owner, Store& store) const {
  if (absl::EqualsIgnoreCase(base::ToAbsl(owner), caller.Name())) return absl::OkStatus();
  IPAM_ASSIGN_OR_RETURN(const bool administrator, IsAdministrator(caller, store));
  if (administrator) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrFormat("%s is neither an administrator nor who started the operation", caller.Name()));
}

absl::Status Authorization::Check(const Caller& caller, const v1::OperationParameters& parameters,
                                  Store& store) const {
  IPAM_ASSIGN_OR_RETURN(const bool administrator, IsAdministrator(caller, store));
  if (administrator) return absl::OkStatus();
  const std::string qualified = caller.Name();
  const model::Operation* operation = model::FindOperation(static_cast<int>(parameters.operation_id()));
  const std::string_view rbac = operation == nullptr ? std::string_view() : operation->rbac_operation;
  for (const char* group : GroupsAllowed(rbac)) {
    IPAM_ASSIGN_OR_RETURN(const bool member, store.access.IsMember(caller.user, qualified, group));
    if (member) return absl::OkStatus();
  }
  if (operation != nullptr && operation->access_scope_object == "AccessScopeAgnostic") {
    IPAM_ASSIGN_OR_RETURN(const bool allowed,
                          store.access.Allows(caller.user, qualified, std::string(rbac), kAnyAccessScope));
    if (allowed) return absl::OkStatus();
    return absl::PermissionDeniedError(
        absl::StrFormat("%s is not allowed to perform %s in any access scope", qualified, rbac));
  }
  IPAM_ASSIGN_OR_RETURN(std::vector<AccessObject> objects, AccessObjectsOf(parameters, store));
  // The operation itself asks for something: without an object of its own for the global access scope.
  if (std::none_of(objects.begin(), objects.end(),
                   [](const AccessObject& o) { return o.operation.empty(); })) {
    objects.push_back({});
  }
  // Every object has to pass; the ids of access scopes have to be equal (discrepancies G.4), and what no
  // policy allows is denied (G.5).
  std::set<std::pair<std::string, std::int64_t>> passed;  // very many records share a scope
  for (const AccessObject& object : objects) {
    const std::string name = OperationOn(object, rbac);
    IPAM_ASSIGN_OR_RETURN(const std::int64_t scope, store.access.ScopeOf(object.type, object.id));
    if (!passed.emplace(name, scope).second) continue;
    IPAM_ASSIGN_OR_RETURN(const bool allowed, store.access.Allows(caller.user, qualified, name, scope));
    if (!allowed) {
      return absl::PermissionDeniedError(
          absl::StrFormat("%s is not allowed to perform %s in the access scope %d", qualified, name, scope));
    }
  }
  return absl::OkStatus();
}

}  // namespace ipam::engine
