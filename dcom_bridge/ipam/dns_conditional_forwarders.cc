// CreateDnsConditionalForwardersDelegate, UpdateDnsConditionalForwardersDelegate and
// DeleteDnsConditionalForwardersDelegate, [MS-IPAMM2] 3.19.4.4.1.47 to .49: one entity for each forwarder.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dns_lookup.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/modified_properties.h"
#include "dcom_bridge/ipam/step_delegate.h"
#include "dcom_bridge/ipam/validate.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

using Forwarder = v1::DnsConditionalForwarder;

// The row that a request means. Its name and its server are what a DNS server knows it by; they stay.
absl::StatusOr<Forwarder> RequireForwarder(Store& store, const Forwarder& wanted) {
  IPAM_ASSIGN_OR_RETURN(const auto row, store.forwarders.Get(wanted.record_id()));
  if (!row) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_CONDITIONAL_FORWARDERS_FAILED_TO_FETCH,
                 absl::StrFormat("There is no conditional forwarder %d.", wanted.record_id()));
  }
  if (row->dns_server_id() != wanted.dns_server_id()) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_DNS_SERVER_ID,
                 absl::StrFormat("The conditional forwarder %d is of the DNS server %d, not %d.",
                                 wanted.record_id(), row->dns_server_id(), wanted.dns_server_id()));
  }
  if (!absl::EqualsIgnoreCase(row->name(), wanted.name())) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_CONDITIONAL_FORWARDER_NAME,
                 absl::StrFormat("The conditional forwarder %d is named %s, not %s.", wanted.record_id(),
                                 row->name(), wanted.name()));
  }
  return *row;
}

absl::StatusOr<std::int64_t> Create(Store& store, const Forwarder& forwarder) {
  IPAM_RETURN_IF_ERROR(RequireDnsServer(store, forwarder.dns_server_id()).status());
  Forwarder row = forwarder;
  row.clear_record_id();  // the store assigns it (3.1.1.1.52.1)
  const auto id = store.forwarders.Put(row);
  constexpr auto kFailed = v1::IPAM_EXCEPTION_ID_IPAM_API_CONDITIONAL_FORWARDER_FAILED_TO_ADD;
  if (absl::IsAlreadyExists(id.status())) {
    return Fault(kFailed, absl::StrFormat("The DNS server %d has the conditional forwarder %s already.",
                                          forwarder.dns_server_id(), forwarder.name()));
  }
  IPAM_RETURN_IF_ERROR(AsFault(kFailed, id.status()));
  return id;
}

absl::StatusOr<std::int64_t> Update(Store& store, const Forwarder& forwarder) {
  IPAM_ASSIGN_OR_RETURN(Forwarder row, RequireForwarder(store, forwarder));
  CopyProperties(forwarder, forwarder.modified_properties(), row);
  row.set_record_id(forwarder.record_id());
  const auto id = store.forwarders.Put(row);
  IPAM_RETURN_IF_ERROR(
      AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_CONDITIONAL_FORWARDER_FAILED_TO_UPDATE, id.status()));
  return id;
}

absl::StatusOr<std::int64_t> Delete(Store& store, const Forwarder& forwarder) {
  IPAM_RETURN_IF_ERROR(RequireForwarder(store, forwarder).status());
  IPAM_RETURN_IF_ERROR(AsFault(v1::IPAM_EXCEPTION_ID_IPAM_API_CONDITIONAL_FORWARDER_FAILED_TO_DELETE,
                               store.forwarders.Delete(forwarder.record_id())));
  return forwarder.record_id();
}

// What one of the three operations does with a forwarder.
struct Change {
  SubtaskKind kind;
  v1::EntityOperationType type;
  absl::StatusOr<std::int64_t> (*apply)(Store&, const Forwarder&);
};

class ChangeForwarders final : public StepDelegate {
 public:
  ChangeForwarders(const v1::DnsConditionalForwardersParameters& parameters, const Change& change)
      : parameters_(parameters), change_(change) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override;

  const v1::DnsConditionalForwardersParameters& parameters_;
  const Change change_;
};

absl::Status ChangeForwarders::ListSteps(Store& store, StepList& steps) {
  if (parameters_.conditional_forwarders().empty()) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_PARAMETER, "ConditionalForwarders is mandatory.");
  }
  for (const Forwarder& forwarder : parameters_.conditional_forwarders()) {
    IPAM_RETURN_IF_ERROR(ValidateDnsConditionalForwarder(forwarder));
  }
  for (const Forwarder& forwarder : parameters_.conditional_forwarders()) {
    IPAM_ASSIGN_OR_RETURN(const std::string server, store.servers.NameOfDnsServer(forwarder.dns_server_id()));
    auto details = std::make_shared<v1::DnsConditionalForwarderFormatter>();
    details->set_conditional_forwarder_name(forwarder.name());
    if (!server.empty()) details->set_server_name(server);
    steps.Add({.kind = change_.kind,
               .name = absl::StrFormat(
                   "Conditional forwarder %s on %s", forwarder.name(),
                   server.empty() ? absl::StrFormat("server %d", forwarder.dns_server_id()) : server),
               .details = std::move(details),
               .object_type = v1::IPAM_OBJECT_TYPE_DNS_CONDITIONAL_FORWARDER,
               .operation_type = change_.type},
              [this, &forwarder](Store& s) { return change_.apply(s, forwarder); });
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<Delegate> MakeCreateDnsConditionalForwarders(
    const v1::DnsConditionalForwardersParameters& parameters) {
  return std::make_unique<ChangeForwarders>(
      parameters, Change{SubtaskKind::kAddDnsConditionalForwarder, v1::ENTITY_OPERATION_TYPE_ADD, Create});
}

std::unique_ptr<Delegate> MakeUpdateDnsConditionalForwarders(
    const v1::DnsConditionalForwardersParameters& parameters) {
  return std::make_unique<ChangeForwarders>(
      parameters, Change{SubtaskKind::kSetDnsConditionalForwarder, v1::ENTITY_OPERATION_TYPE_UPDATE, Update});
}

std::unique_ptr<Delegate> MakeDeleteDnsConditionalForwarders(
    const v1::DnsConditionalForwardersParameters& parameters) {
  return std::make_unique<ChangeForwarders>(parameters, Change{SubtaskKind::kRemoveDnsConditionalForwarder,
                                                               v1::ENTITY_OPERATION_TYPE_DELETE, Delete});
}

}  // namespace ipam::engine
