// CreateDhcpFiltersDelegate, UpdateDhcpFilterDelegate, UpdateDhcpFiltersDelegate and DeleteDhcpFiltersDelegate,
// [MS-IPAMM2] 3.19.4.4.1.32 to .35: an entity for each filter on its server. A new filter has no FilterId: then its MAC
// address names it on its server (discrepancies D.11).
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_entities.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/step_delegate.h"

namespace ipam::engine {
namespace {

// The row with FilterId and ServerId.
absl::StatusOr<std::optional<v1::DhcpFilter>> FindFilter(const v1::DhcpFilter& filter, Store& store) {
  if (filter.record_id() == 0) return store.filters.Find(filter.server_record_id(), filter.mac_address());
  IPAM_ASSIGN_OR_RETURN(auto row, store.filters.Get(filter.record_id()));
  if (row && row->server_record_id() != filter.server_record_id()) row.reset();
  return row;
}

// Octets in hexadecimal, and stars in the place of some.
bool IsMacPattern(const std::string& text) {
  const auto is_part = [](char c) {
    return absl::ascii_isxdigit(static_cast<unsigned char>(c)) || c == '-' || c == ':' || c == '*';
  };
  const auto is_octet = [](char c) { return c != '-' && c != ':'; };
  return std::all_of(text.begin(), text.end(), is_part) && std::any_of(text.begin(), text.end(), is_octet);
}

// Takes the place of the row, or becomes a new one, to which the store assigns the id.
absl::StatusOr<std::int64_t> Put(v1::DhcpFilter filter, const std::optional<v1::DhcpFilter>& row,
                                 v1::IpamExceptionId failed, Store& store) {
  IPAM_RETURN_IF_ERROR(RequireServer(store, 4, filter.server_record_id()).status());
  filter.clear_record_id();
  if (row) {
    filter.set_record_id(row->record_id());
    if (!filter.has_mac_address()) filter.set_mac_address(row->mac_address());
  }
  if (!IsMacPattern(filter.mac_address())) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_INVALID_MAC_ADDRESS,
                 absl::StrFormat("Not a MAC address: \"%s\".", filter.mac_address()));
  }
  const absl::StatusOr<std::int64_t> id = store.filters.Put(filter);
  if (absl::IsAlreadyExists(id.status())) {
    return Fault(failed, absl::StrFormat("The server %d has another filter of %s.", filter.server_record_id(),
                                         filter.mac_address()));
  }
  return id;
}

absl::StatusOr<std::size_t> AddPut(SubtaskKind kind, v1::EntityOperationType type, v1::IpamExceptionId failed,
                                   const v1::DhcpFilter& filter, Store& store, StepList& steps) {
  IPAM_ASSIGN_OR_RETURN(const std::string server_name, NameOfServer(store, filter.server_record_id()));
  v1::DhcpFilter shown = filter;
  if (!shown.has_mac_address()) {
    IPAM_ASSIGN_OR_RETURN(const auto row, FindFilter(filter, store));
    if (row) shown.set_mac_address(row->mac_address());
  }
  return steps.Add(FilterEntity(kind, type, shown, server_name),
                   [failed, filter](Store& s) -> absl::StatusOr<std::int64_t> {
                     IPAM_ASSIGN_OR_RETURN(const auto row, FindFilter(filter, s));
                     return Put(filter, row, failed, s);
                   });
}

absl::StatusOr<std::size_t> AddUpdate(const v1::DhcpFilter& filter, Store& store, StepList& steps) {
  return AddPut(SubtaskKind::kSetDhcpFilter, v1::ENTITY_OPERATION_TYPE_UPDATE,
                v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FILTER_FAILED_TO_UPDATE_IN_IPAM_DATABASE, filter, store,
                steps);
}

void ReturnFilterOf(std::size_t step, StepList& steps) {
  steps.ReturnRowOf(step, [](Store& s, std::int64_t filter) { return s.filters.Get(filter); });
}

// 3.19.4.4.1.32
class CreateDhcpFilters final : public StepDelegate {
 public:
  explicit CreateDhcpFilters(const v1::CreateDhcpFiltersParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (parameters_.filters().empty() || parameters_.dhcp_server_ids().empty()) {
      return InvalidParameter("Filters and DhcpServerIds are mandatory.");
    }
    for (const v1::DhcpFilter& request : parameters_.filters()) {
      for (const std::int64_t server : parameters_.dhcp_server_ids()) {
        v1::DhcpFilter filter = request;
        filter.clear_record_id();
        filter.set_server_record_id(server);
        IPAM_RETURN_IF_ERROR(AddPut(SubtaskKind::kAddDhcpFilter, v1::ENTITY_OPERATION_TYPE_ADD,
                                    v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FILTER_FAILED_TO_ADD_IN_IPAM_DATABASE,
                                    filter, store, steps)
                                 .status());
      }
    }
    if (steps.size() == 1) ReturnFilterOf(0, steps);
    return absl::OkStatus();
  }

  const v1::CreateDhcpFiltersParameters& parameters_;
};

// 3.19.4.4.1.33
class UpdateDhcpFilter final : public StepDelegate {
 public:
  explicit UpdateDhcpFilter(const v1::UpdateDhcpFilterParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (!parameters_.has_filter()) return InvalidParameter("Filter is mandatory.");
    IPAM_ASSIGN_OR_RETURN(const std::size_t step, AddUpdate(parameters_.filter(), store, steps));
    ReturnFilterOf(step, steps);
    return absl::OkStatus();
  }

  const v1::UpdateDhcpFilterParameters& parameters_;
};

// 3.19.4.4.1.34. Its steps use none of the other members of the parameters (discrepancies F.9): beyond them, what EditFields
// names becomes that of the parameters, as 2.2.4.445 says.
class UpdateDhcpFilters final : public StepDelegate {
 public:
  explicit UpdateDhcpFilters(const v1::UpdateDhcpFiltersParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (parameters_.filters().empty()) return InvalidParameter("Filters is mandatory.");
    const v1::DhcpFilterMultiEditFields edit = parameters_.edit_fields();
    for (v1::DhcpFilter filter : parameters_.filters()) {
      if (edit != v1::DHCP_FILTER_MULTI_EDIT_FIELDS_DESCRIPTION) {
        filter.set_is_allow(parameters_.is_allow());
      }
      if (edit != v1::DHCP_FILTER_MULTI_EDIT_FIELDS_ALLOW_OR_DENY) {
        filter.set_description(parameters_.description());
      }
      IPAM_RETURN_IF_ERROR(AddUpdate(filter, store, steps).status());
    }
    return absl::OkStatus();
  }

  const v1::UpdateDhcpFiltersParameters& parameters_;
};

// 3.19.4.4.1.35: what is not there is passed over.
class DeleteDhcpFilters final : public StepDelegate {
 public:
  explicit DeleteDhcpFilters(const v1::DeleteDhcpFiltersParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (parameters_.filters().empty()) return InvalidParameter("Filters is mandatory.");
    for (const v1::DhcpFilter& filter : parameters_.filters()) {
      IPAM_ASSIGN_OR_RETURN(const auto row, FindFilter(filter, store));
      if (!row) continue;
      IPAM_ASSIGN_OR_RETURN(const std::string server_name, NameOfServer(store, row->server_record_id()));
      steps.Add(
          FilterEntity(SubtaskKind::kRemoveDhcpFilter, v1::ENTITY_OPERATION_TYPE_DELETE, *row, server_name),
          [id = row->record_id()](Store& s) -> absl::StatusOr<std::int64_t> {
            IPAM_RETURN_IF_ERROR(s.filters.Delete(id));
            return id;
          });
    }
    return absl::OkStatus();
  }

  const v1::DeleteDhcpFiltersParameters& parameters_;
};

}  // namespace

std::unique_ptr<Delegate> MakeCreateDhcpFilters(const v1::CreateDhcpFiltersParameters& parameters) {
  return std::make_unique<CreateDhcpFilters>(parameters);
}

std::unique_ptr<Delegate> MakeUpdateDhcpFilter(const v1::UpdateDhcpFilterParameters& parameters) {
  return std::make_unique<UpdateDhcpFilter>(parameters);
}

std::unique_ptr<Delegate> MakeUpdateDhcpFilters(const v1::UpdateDhcpFiltersParameters& parameters) {
  return std::make_unique<UpdateDhcpFilters>(parameters);
}

std::unique_ptr<Delegate> MakeDeleteDhcpFilters(const v1::DeleteDhcpFiltersParameters& parameters) {
  return std::make_unique<DeleteDhcpFilters>(parameters);
}

}  // namespace ipam::engine
