// Remote activation, [MS-DCOM] 3.1.2.5.2: IActivation and IRemoteSCMActivator over one table of classes.
// Sans-IO; DCOM loop only.
//
//   activator.Register(clsid, [&](const auto& caller) -> Created { return std::make_shared<Session>(caller);
//   });
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/orpc/class_object.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/minterface_pointer.h"
#include "dcom_bridge/orpc/object.h"
#include "dcom_bridge/orpc/orpc_header.h"
#include "dcom_bridge/rpc/service.h"

namespace ipam::orpc {

struct ActivatorOptions {
  // CVE-2021-26414: nothing below packet integrity activates.
  auth::AuthLevel minimum_level = auth::AuthLevel::kIntegrity;
};

class Activator final : public rpc::Service {
 public:
  // `exporter` outlives it.
  Activator(ActivatorOptions options, Exporter& exporter);

  // A second factory of the same class takes the place of the first.
  void Register(const base::Guid& clsid, ClassFactory factory);

  bool Serves(const pdu::SyntaxId& abstract) const override;
  auth::AuthLevel MinimumLevel(const pdu::SyntaxId& abstract, std::uint16_t opnum) const override;
  void Handle(rpc::IncomingCall call, rpc::Responder respond) override;

 private:
  struct Activation {
    base::HResult result;  // of the whole; where it is a failure the arrays mean nothing
    std::vector<base::HResult> results;
    std::vector<std::optional<MInterfacePointer>> interfaces;
  };

  rpc::CallOutcome RemoteActivation(const rpc::IncomingCall& call);
  rpc::CallOutcome RemoteGetClassObject(const rpc::IncomingCall& call);
  rpc::CallOutcome RemoteCreateInstance(const rpc::IncomingCall& call);
  rpc::CallOutcome Scm(const OrpcThis& header, const std::optional<MInterfacePointer>& properties,
                       bool class_object, const std::optional<auth::Principal>& caller);
  Activation Activate(const base::Guid& clsid, bool class_object, const std::vector<base::Guid>& iids,
                      const std::optional<auth::Principal>& caller);

  ActivatorOptions options_;
  Exporter& exporter_;
  absl::flat_hash_map<base::Guid, std::shared_ptr<ClassObject>> classes_;
};

}  // namespace ipam::orpc
