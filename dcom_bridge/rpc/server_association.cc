#include "dcom_bridge/rpc/server_association.h"

#include <utility>

#include "dcom_bridge/rpc/server_machine.h"

namespace ipam::rpc {

ServerAssociation::ServerAssociation(const ServerOptions& options, const ServiceTable& services,
                                     AuthProvider& auth, AssociationGroups& groups, std::string peer)
    : machine_(std::make_unique<Machine>(options, services, auth, groups, std::move(peer))) {}

ServerAssociation::~ServerAssociation() = default;

ServerActions ServerAssociation::OnBytes(base::ByteView bytes) {
  machine_->OnBytes(bytes);
  return machine_->TakeActions();
}

ServerActions ServerAssociation::Complete(CallId call, CallOutcome outcome) {
  machine_->Complete(call, std::move(outcome));
  return machine_->TakeActions();
}

ServerActions ServerAssociation::Shutdown() {
  machine_->Shutdown();
  return machine_->TakeActions();
}

ServerAssociation::State ServerAssociation::state() const { return machine_->state(); }

std::size_t ServerAssociation::outstanding_calls() const { return machine_->outstanding_calls(); }

std::uint64_t ServerAssociation::pdus_in() const { return machine_->pdus_in(); }

bool ServerAssociation::expects_more() const { return machine_->expects_more(); }

}  // namespace ipam::rpc
