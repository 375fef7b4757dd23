// UpdateDhcpServerDelegate, [MS-IPAMM2] 3.19.4.4.1.1: each group of settings that is modified, each class, each
// option definition, each option.
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/dns_settings.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/option_step.h"
#include "dcom_bridge/ipam/server_steps.h"
#include "dcom_bridge/ipam/validate.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

// The partner values are used by no step (discrepancies F.9).
std::optional<ListChange> ChangeOf(v1::CollectionOperations operation) {
  switch (operation) {
    case v1::COLLECTION_OPERATIONS_ADD:
      return ListChange::kAdd;
    case v1::COLLECTION_OPERATIONS_SET:
      return ListChange::kSet;
    case v1::COLLECTION_OPERATIONS_DELETE:
      return ListChange::kDelete;
    default:
      return std::nullopt;
  }
}

template <typename Collection>
void AddTracked(const Collection& collection, const ServerPlace& place, StepList& steps) {
  for (const auto& operation : collection.operation_tracker()) {
    if (const auto change = ChangeOf(operation.operation())) {
      AddListStep(*change, ListSource::kTracker, operation.value(), place, steps);
    }
  }
}

class EditDhcpServer final : public StepDelegate {
 public:
  explicit EditDhcpServer(const v1::UpdateDhcpServerParameters& parameters)
      : has_server_(parameters.has_server()),
        server_(std::make_shared<const v1::DhcpServer>(parameters.server())),
        family_(parameters.server().has_v6() ? 6 : 4) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;
  std::size_t AddNewServer(const std::string& name, StepList& steps) const;

  const bool has_server_;
  const std::shared_ptr<const v1::DhcpServer> server_;
  const int family_;
};

absl::Status EditDhcpServer::ListSteps(Store& store, StepList& steps) {
  if (!has_server_) {
    return InvalidParameter("Server is mandatory.");
  }
  IPAM_RETURN_IF_ERROR(ValidateDhcpServer(*server_));
  if (server_->modified_properties().empty()) return absl::OkStatus();  // success (discrepancies A.17)

  ServerPlace place{.server = server_->record_id(), .family = family_};
  IPAM_ASSIGN_OR_RETURN(place.server_name, NameOfServer(store, server_->record_id()));
  const absl::Status found = RequireServer(store, family_, server_->record_id()).status();
  if (!found.ok()) {
    // Only the step of the DNS settings inserts a row.
    if (!IsFault(found) || !NamesDnsSetting(server_->modified_properties())) return found;
    if (!server_->server_role_info().parent_server().name().empty()) {
      place.server_name = server_->server_role_info().parent_server().name();
    }
    place.needs = AddNewServer(place.server_name, steps);
    place.server = RowRef(steps, *place.needs);
    steps.ReturnRowOf(*place.needs,
                      [family = family_](Store& s, std::int64_t id) { return s.dhcp.GetServer(family, id); });
  }
  AddServerPropertySteps(server_, Take::kReplace, place, steps);
  AddTracked(server_->user_classes(), place, steps);
  AddTracked(server_->vendor_classes(), place, steps);
  AddTracked(server_->option_definitions(), place, steps);
  AddOptionSteps(server_->options(),
                 {.server = place.server,
                  .server_name = place.server_name,
                  .object_type = ServerType(family_),
                  .needs = place.needs},
                 steps);
  return absl::OkStatus();
}

std::size_t EditDhcpServer::AddNewServer(const std::string& name, StepList& steps) const {
  auto details = std::make_shared<v1::ServerDataFormatter>();
  details->set_server_name(name);
  return steps.Add({.kind = SubtaskKind::kSetDhcpDnsSetting,
                    .name = absl::StrFormat("DHCP server %s", name),
                    .details = std::move(details),
                    .object_type = ServerType(family_),
                    .operation_type = v1::ENTITY_OPERATION_TYPE_ADD},
                   [server = server_, family = family_](Store& store) -> absl::StatusOr<std::int64_t> {
                     if (server->server_role_info().record_id() == 0) {
                       return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DHCP_SERVER_ROLE_INFO,
                                    "A new DHCP server is that of a server role.");
                     }
                     v1::DhcpServer row;
                     if (family == 4) {
                       row.mutable_v4();
                     } else {
                       row.mutable_v6();
                     }
                     row.mutable_server_role_info()->set_record_id(server->server_role_info().record_id());
                     const auto id = store.dhcp.PutServerRow(row);
                     IPAM_RETURN_IF_ERROR(
                         AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DHCP_SERVER_ROLE_INFO, id.status()));
                     return id;
                   });
}

}  // namespace

std::unique_ptr<Delegate> MakeEditDhcpServer(const v1::UpdateDhcpServerParameters& parameters) {
  return std::make_unique<EditDhcpServer>(parameters);
}

}  // namespace ipam::engine
