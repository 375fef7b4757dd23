#include "dcom_bridge/ipam/server_steps.h"

#include <functional>
#include <type_traits>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/dns_settings.h"
#include "dcom_bridge/ipam/fault.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

using Change = std::function<void(v1::DhcpServer&)>;

void AddProperty(SubtaskKind kind, const char* what, v1::IpamExceptionId failed, const ServerPlace& place,
                 StepList& steps, Change change) {
  auto details = std::make_shared<v1::ServerDataFormatter>();
  details->set_server_name(place.server_name);
  steps.Add({.kind = kind,
             .name = absl::StrFormat("%s of %s", what, place.server_name),
             .details = std::move(details),
             .needs = place.needs,
             .object_type = ServerType(place.family),
             .operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE},
            [failed, place, change = std::move(change)](Store& store) -> absl::StatusOr<std::int64_t> {
              IPAM_ASSIGN_OR_RETURN(auto server, RequireServer(store, place.family, place.server.id()));
              change(server);
              const auto id = store.dhcp.PutServerRow(server);
              IPAM_RETURN_IF_ERROR(AsFault(failed, id.status()));
              return id;
            });
}

template <typename Value>
bool Takes(Take take, const Value& value) {
  return take == Take::kReplace || value != Value{};
}

void SetCredential(const v1::DhcpServer& change, Take take, v1::DhcpServer& server) {
  // The text stores no password; its condition for templates is the wrong way round (discrepancies F.3).
  if (Takes(take, change.dns_registration_credential_domain_name())) {
    server.set_dns_registration_credential_domain_name(change.dns_registration_credential_domain_name());
  }
  if (Takes(take, change.dns_registration_credential_user_name())) {
    server.set_dns_registration_credential_user_name(change.dns_registration_credential_user_name());
  }
}

void SetFilterState(const v1::DhcpServer& change, Take take, v1::DhcpServer& server) {
  if (Takes(take, change.v4().allow_filter_enabled())) {
    server.mutable_v4()->set_allow_filter_enabled(change.v4().allow_filter_enabled());
  }
  if (Takes(take, change.v4().deny_filter_enabled())) {
    server.mutable_v4()->set_deny_filter_enabled(change.v4().deny_filter_enabled());
  }
}

void SetStateless(const v1::DhcpServer& change, Take take, v1::DhcpServer& server) {
  const auto& interval = change.v6().purge_interval();
  if (take == Take::kReplace || interval.seconds() != 0 || interval.nanos() != 0) {
    *server.mutable_v6()->mutable_purge_interval() = interval;
  }
  if (Takes(take, change.v6().stateless_client_inventory_status())) {
    server.mutable_v6()->set_stateless_client_inventory_status(
        change.v6().stateless_client_inventory_status());
  }
}

// What is particular to one of the three lists.
struct ListFaults {
  v1::IpamExceptionId exists;
  v1::IpamExceptionId missing;
  v1::IpamExceptionId not_deleted;
};

constexpr ListFaults kUserClassFaults{
    v1::IPAM_EXCEPTION_ID_IPAM_API_USER_CLASS_ALREADY_EXISTS,
    v1::IPAM_EXCEPTION_ID_IPAM_API_USER_CLASS_DOES_NOT_EXIST,
    v1::IPAM_EXCEPTION_ID_IPAM_API_USER_CLASS_FAILED_TO_DELETE_IN_IPAM_DATABASE};
constexpr ListFaults kVendorClassFaults{
    v1::IPAM_EXCEPTION_ID_IPAM_API_VENDOR_CLASS_ALREADY_EXISTS,
    v1::IPAM_EXCEPTION_ID_IPAM_API_VENDOR_CLASS_DOES_NOT_EXIST,
    v1::IPAM_EXCEPTION_ID_IPAM_API_VENDOR_CLASS_FAILED_TO_DELETE_IN_IPAM_DATABASE};
constexpr ListFaults kDefinitionFaults{
    v1::IPAM_EXCEPTION_ID_IPAM_API_OPTION_DEFINITION_ALREADY_EXISTS,
    v1::IPAM_EXCEPTION_ID_IPAM_API_OPTION_DEFINITION_DOES_NOT_EXIST,
    v1::IPAM_EXCEPTION_ID_IPAM_API_OPTION_DEFINITION_FAILED_TO_DELETE_IN_IPAM_DATABASE};

// The row that an item of a list stands for.
template <typename Item>
absl::StatusOr<std::optional<Item>> FindItem(ListSource source, std::int64_t server, const Item& item,
                                             DhcpServerList<Item>& list) {
  if (source == ListSource::kTracker && item.record_id() != 0) return list.Get(server, item.record_id());
  return list.FindAlike(server, item);
}

// The vendor class of an option definition, of the server.
absl::Status ResolveVendorClass(ListSource source, std::int64_t server, v1::DhcpOptionDefinition& definition,
                                Store& store) {
  const v1::DhcpVendorClass& wanted = definition.vendor_class();
  if (wanted.record_id() == 0 && wanted.name().empty()) {
    definition.clear_vendor_class();  // the default one
    return absl::OkStatus();
  }
  IPAM_ASSIGN_OR_RETURN(const auto found, FindItem(source, server, wanted, store.options.vendor_classes));
  if (!found) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_OPTION_DEFINITION_ASSOCIATED_VENDOR_CLASS_NOT_FOUND,
                 absl::StrFormat("The server %d has no vendor class %d %s.", server, wanted.record_id(),
                                 wanted.name()));
  }
  *definition.mutable_vendor_class() = *found;
  return absl::OkStatus();
}

template <typename Item>
absl::StatusOr<std::int64_t> DeleteItem(ListSource source, std::int64_t server, const std::string& name,
                                        const ListFaults& faults, const std::optional<Item>& row,
                                        DhcpServerList<Item>& list) {
  if (!row) {
    if (source == ListSource::kTemplate) return 0;
    return Fault(faults.missing, absl::StrFormat("%s is not there.", name));
  }
  const absl::Status deleted = list.Delete(server, row->record_id());
  // 3.1.1.1.18.1: on delete no action
  if (absl::IsFailedPrecondition(deleted)) {
    return Fault(faults.not_deleted, absl::StrFormat("%s has option values.", name));
  }
  IPAM_RETURN_IF_ERROR(deleted);
  return row->record_id();
}

template <typename Item>
absl::StatusOr<std::int64_t> PutItem(ListChange change, ListSource source, std::int64_t server,
                                     const std::string& name, const ListFaults& faults, Item item,
                                     const std::optional<Item>& row, DhcpServerList<Item>& list) {
  IPAM_ASSIGN_OR_RETURN(const auto alike, list.FindAlike(server, item));
  if (change == ListChange::kAdd && (row || alike)) {
    return Fault(faults.exists, absl::StrFormat("%s is there already.", name));
  }
  if (change == ListChange::kSet && !row) {
    return Fault(faults.missing, absl::StrFormat("%s is not there.", name));
  }
  if (row && alike && alike->record_id() != row->record_id()) {
    return Fault(faults.exists, absl::StrFormat("%s is another one already.", name));
  }
  if (row) {
    item.set_record_id(row->record_id());
  } else if (source == ListSource::kTemplate) {
    item.clear_record_id();
  }
  item.clear_modified_properties();
  item.clear_set_properties();
  return list.Put(server, item);
}

template <typename Item, typename Details>
void AddStep(ListChange change, ListSource source, Item item, SubtaskKind kind, std::string name,
             const ListFaults& faults, DhcpServerList<Item> DhcpOptionTables::*list, Details details,
             const ServerPlace& place, StepList& steps) {
  details->set_server_name(place.server_name);
  steps.Add({.kind = kind,
             .name = name,
             .details = std::move(details),
             .needs = place.needs,
             .object_type = ServerType(place.family),
             .operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE},
            [change, source, item = std::move(item), name, faults, list,
             place](Store& store) -> absl::StatusOr<std::int64_t> {
              const std::int64_t server = place.server.id();
              DhcpServerList<Item>& rows = store.options.*list;
              Item resolved = item;
              if constexpr (std::is_same_v<Item, v1::DhcpOptionDefinition>) {
                const absl::Status known = ResolveVendorClass(source, server, resolved, store);
                if (!known.ok() && change != ListChange::kDelete) return known;
              }
              IPAM_ASSIGN_OR_RETURN(const auto row, FindItem(source, server, resolved, rows));
              if (change == ListChange::kDelete) {
                return DeleteItem(source, server, name, faults, row, rows);
              }
              return PutItem(change, source, server, name, faults, std::move(resolved), row, rows);
            });
}

}  // namespace

void SetServerDnsSettings(const v1::DhcpServer& change, Take take, v1::DhcpServer& server) {
  const DnsSettings settings = DnsSettingsOf(change);
  SetDnsSettings(take == Take::kReplace ? settings : Overwrite(DnsSettingsOf(server), settings), server);
}

void AddServerPropertySteps(std::shared_ptr<const v1::DhcpServer> change, Take take, const ServerPlace& place,
                            StepList& steps) {
  const auto& names = change->modified_properties();
  if (NamesDnsSetting(names)) {
    AddProperty(SubtaskKind::kSetDhcpDnsSetting, "DNS settings",
                v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_SETTINGS_FAILED_TO_UPDATE_IN_IPAM_DATABASE, place, steps,
                [change, take](v1::DhcpServer& server) { SetServerDnsSettings(*change, take, server); });
  }
  if (Names(names, "AuditLoggingStatus")) {
    AddProperty(SubtaskKind::kSetDhcpAuditLog, "Audit log",
                v1::IPAM_EXCEPTION_ID_IPAM_API_AUDIT_LOG_FAILED_TO_UPDATE_IN_IPAM_DATABASE, place, steps,
                [change](v1::DhcpServer& server) {
                  server.set_audit_logging_status(change->audit_logging_status());
                });
  }
  if (Names(names, "DnsRegistrationCredentialDomainName") ||
      Names(names, "DnsRegistrationCredentialUserName") ||
      Names(names, "DnsRegistrationCredentialPassword")) {
    AddProperty(SubtaskKind::kSetDhcpDnsCredential, "DNS credential",
                v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_REG_CREDENTIALS_FAILED_TO_UPDATE_IN_IPAM_DATABASE, place,
                steps, [change, take](v1::DhcpServer& server) { SetCredential(*change, take, server); });
  }
  constexpr auto kFailed = v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_SERVER_FAILED_TO_UPDATE_IN_IPAM_DATABASE;
  if (place.family == 4 && Names(names, "PolicyActivationState")) {
    AddProperty(SubtaskKind::kSetDhcpPolicyState, "Policy activation", kFailed, place, steps,
                [change](v1::DhcpServer& server) {
                  server.mutable_v4()->set_policy_activation_state(change->v4().policy_activation_state());
                });
  }
  if (place.family == 4 && (Names(names, "AllowFilterEnabled") || Names(names, "DenyFilterEnabled"))) {
    AddProperty(SubtaskKind::kSetDhcpFilterState, "Filter state", kFailed, place, steps,
                [change, take](v1::DhcpServer& server) { SetFilterState(*change, take, server); });
  }
  // Columns of 3.1.1.1.17.1 that the steps of 3.19.4.4.1.1 leave out.
  if (place.family == 6 &&
      (Names(names, "PurgeInterval") || Names(names, "StatelessClientInventoryStatus"))) {
    AddProperty(SubtaskKind::kSetDhcpStateless, "Stateless settings",
                v1::IPAM_EXCEPTION_ID_IPAM_API_STATELESS_SETTINGS_FAILED_TO_UPDATE_IN_IPAM_DATABASE, place,
                steps, [change, take](v1::DhcpServer& server) { SetStateless(*change, take, server); });
  }
}

void AddListStep(ListChange change, ListSource source, const v1::DhcpUserClass& item,
                 const ServerPlace& place, StepList& steps) {
  auto details = std::make_shared<v1::UserClassDataFormatter>();
  details->set_user_class_name(item.name());
  AddStep(change, source, item, SubtaskKind::kSetDhcpUserClass, "User class " + item.name(), kUserClassFaults,
          &DhcpOptionTables::user_classes, std::move(details), place, steps);
}

void AddListStep(ListChange change, ListSource source, const v1::DhcpVendorClass& item,
                 const ServerPlace& place, StepList& steps) {
  auto details = std::make_shared<v1::VendorClassDataFormatter>();
  details->set_vendor_class_name(item.name());
  AddStep(change, source, item, SubtaskKind::kSetDhcpVendorClass, "Vendor class " + item.name(),
          kVendorClassFaults, &DhcpOptionTables::vendor_classes, std::move(details), place, steps);
}

void AddListStep(ListChange change, ListSource source, const v1::DhcpOptionDefinition& item,
                 const ServerPlace& place, StepList& steps) {
  auto details = std::make_shared<v1::OptionDefinitionDataFormatter>();
  details->set_option_id(item.option_id());
  if (item.has_vendor_class()) details->set_vendor_class_name(item.vendor_class().name());
  AddStep(change, source, item, SubtaskKind::kSetDhcpOptionDefinition,
          absl::StrFormat("Option definition %d %s", item.option_id(), item.name()), kDefinitionFaults,
          &DhcpOptionTables::definitions, std::move(details), place, steps);
}

}  // namespace ipam::engine
