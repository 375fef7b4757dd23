// The class object of one class: IClassFactory as RemoteGetClassObject gives it. DCOM loop only.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/object.h"

namespace ipam::orpc {

// The new object, or why there is none.
using Created = std::variant<std::shared_ptr<Object>, base::HResult>;
using ClassFactory = absl::AnyInvocable<Created(const std::optional<auth::Principal>& caller)>;

class ClassObject final : public Object {
 public:
  // `exporter` outlives it.
  ClassObject(Exporter& exporter, ClassFactory factory) : exporter_(exporter), factory_(std::move(factory)) {}

  // Never a null object.
  Created Create(const std::optional<auth::Principal>& caller);

  std::span<const InterfaceInfo> Interfaces() const override;
  void Invoke(OrpcCall call, OrpcResponder respond) override;

 private:
  OrpcOutcome CreateInstance(const OrpcCall& call);
  OrpcOutcome LockServer(const OrpcCall& call);

  Exporter& exporter_;
  ClassFactory factory_;
};

}  // namespace ipam::orpc
