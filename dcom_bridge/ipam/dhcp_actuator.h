// A DHCP server that does what the store says: what an actuator sees of the store, and what it owes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ipam/v1/dhcp.pb.h"
#include "ipam/v1/dhcp_failover.pb.h"
#include "ipam/v1/dhcp_reservation.pb.h"

namespace ipam::engine {

// All that IPAM wants of one DHCP server. A value.
struct DhcpView {
  v1::DhcpServer server;  // its family, option definitions, classes and options
  std::vector<v1::DhcpSuperscopeV4> superscopes;
  std::vector<v1::DhcpScope> scopes;              // exclusions and options in their collections
  std::vector<v1::DhcpReservation> reservations;  // of parent_scope.record_id
  std::vector<v1::DhcpPolicyV4> policies;
  std::vector<v1::DhcpFilter> filters;
  std::vector<v1::DhcpFailover> failovers;  // in which it is one of the two servers
};

// One change of one server between its test and its end. Any thread, one at a time; calls block on the network for a
// bounded time. Destroyed without Commit: the server is as it was.
class DhcpChange {
 public:
  virtual ~DhcpChange() = default;
  // Puts the change in force and makes it last. An error: the server has its old configuration again, as far as it
  // answers.
  virtual absl::Status Commit() = 0;
  // After Commit: the configuration from before it, in force and lasting.
  virtual absl::Status Undo() = 0;
  // What of the view this change is the first to leave unexpressed, in words for an operator.
  virtual const std::vector<std::string>& unexpressed() const = 0;
};

class DhcpActuator {
 public:
  virtual ~DhcpActuator() = default;
  // Tells what the server would do with the view, and changes nothing. kInvalidArgument: the server refuses it, in its
  // own words; kPermissionDenied: it refuses our credentials; kUnavailable: it does not answer. `read_back`: it may have been
  // given the view before; where it has it, the change makes it last and tells what it leaves unexpressed as the first time,
  // and its Undo does nothing.
  virtual absl::StatusOr<std::unique_ptr<DhcpChange>> Test(const DhcpView& view, bool read_back) = 0;
};

}  // namespace ipam::engine
