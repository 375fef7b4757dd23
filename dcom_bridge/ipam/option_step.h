// One entry of an option collection's operation tracker as an entity: of scopes and reservations alike.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/delegate.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/dhcp.pb.h"

namespace ipam::engine {

// Add, Set (which the text calls Update, discrepancies D.1) and Delete.
bool IsOptionStep(const v1::DhcpOptionOperation& operation);

void DescribeScopeOption(const v1::DhcpOptionOperation& operation, const std::string& scope_id,
                         const std::string& server_name, Entity& entity);
void DescribeReservationOption(const v1::DhcpOptionOperation& operation, const std::string& scope_id,
                               const std::string& address, const std::string& server_name, Entity& entity);

// The record id of the option; of a deleted one 0.
absl::StatusOr<std::int64_t> ApplyOption(const v1::DhcpOptionOperation& operation, const OptionOwner& owner,
                                         Store& store);

}  // namespace ipam::engine
