#include "dcom_bridge/rpc/client_association.h"

#include <utility>

#include "dcom_bridge/rpc/client_machine.h"

namespace ipam::rpc {

ClientAssociation::ClientAssociation(ClientOptions options)
    : machine_(std::make_unique<Machine>(std::move(options))) {}

ClientAssociation::~ClientAssociation() = default;

ClientActions ClientAssociation::Open(std::vector<pdu::SyntaxId> interfaces) {
  machine_->Open(std::move(interfaces));
  return machine_->TakeActions();
}

std::pair<CallId, ClientActions> ClientAssociation::Call(CallRequest request) {
  const CallId id = machine_->Call(std::move(request));
  return {id, machine_->TakeActions()};
}

ClientActions ClientAssociation::OnBytes(base::ByteView bytes) {
  machine_->OnBytes(bytes);
  return machine_->TakeActions();
}

ClientActions ClientAssociation::Cancel(CallId call) {
  machine_->Cancel(call);
  return machine_->TakeActions();
}

ClientActions ClientAssociation::GiveUp(CallId call) {
  machine_->GiveUp(call);
  return machine_->TakeActions();
}

ClientActions ClientAssociation::OnClosed(absl::Status status) {
  machine_->OnClosed(std::move(status));
  return machine_->TakeActions();
}

ClientAssociation::State ClientAssociation::state() const { return machine_->state(); }

bool ClientAssociation::takes_calls() const { return machine_->takes_calls(); }

std::size_t ClientAssociation::outstanding_calls() const { return machine_->outstanding_calls(); }

std::uint32_t ClientAssociation::association_group() const { return machine_->association_group(); }

}  // namespace ipam::rpc
