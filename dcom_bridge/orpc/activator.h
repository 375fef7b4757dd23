// Remote activation, [MS-DCOM] 3.1.2.5.2: IActivation and IRemoteSCMActivator over one table of classes.
// Sans-IO; DCOM loop only.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/object.h"
#include "dcom_bridge/rpc/service.h"

namespace ipam::orpc {

// The new object, or why there is none.
using Created = std::variant<std::shared_ptr<Object>, base::HResult>;
using ClassFactory = absl::AnyInvocable<Created(const std::optional<auth::Principal>& caller)>;

struct ActivatorOptions {
  // CVE-2021-26414: nothing below packet integrity activates.
  auth::AuthLevel minimum_level = auth::AuthLevel::kIntegrity;
};

class Activator final : public rpc::Service {
 public:
  // `exporter` outlives it.
  Activator(ActivatorOptions options, Exporter& exporter);
  ~Activator() override;

  void Register(const base::Guid& clsid, ClassFactory factory);

  bool Serves(const pdu::SyntaxId& abstract) const override;
  auth::AuthLevel MinimumLevel(const pdu::SyntaxId& abstract, std::uint16_t opnum) const override;
  void Handle(rpc::IncomingCall call, rpc::Responder respond) override;

 private:
  class ClassObject;
  struct InterfaceResult {
    base::Guid iid;
    base::HResult result;
    std::optional<ObjRef> ref;  // where result is S_OK
  };

  rpc::CallOutcome RemoteActivation(const rpc::IncomingCall& call);
  rpc::CallOutcome ScmActivation(const rpc::IncomingCall& call, bool class_object);
  // One result for each interface, or the failure of the whole.
  std::variant<std::vector<InterfaceResult>, base::HResult> Activate(
      const base::Guid& clsid, bool class_object, std::span<const base::Guid> iids,
      const std::optional<auth::Principal>& caller);

  ActivatorOptions options_;
  Exporter& exporter_;
  absl::flat_hash_map<base::Guid, std::shared_ptr<ClassObject>> classes_;
};

}  // namespace ipam::orpc
