// The Remote Unknown of an exporter: IRemUnknown [MS-DCOM] 3.1.1.5.6 and IRemUnknown2 3.1.1.5.7. DCOM loop
// only.
#pragma once

#include <span>

#include "dcom_bridge/orpc/dual_string_array.h"
#include "dcom_bridge/orpc/object.h"
#include "dcom_bridge/orpc/object_table.h"

namespace ipam::orpc {

class RemUnknown final : public Object {
 public:
  // Both outlive it. `resolver` may change: it goes into the references that RemQueryInterface2 gives.
  RemUnknown(ObjectTable& objects, const DualStringArray& resolver)
      : objects_(objects), resolver_(resolver) {}

  std::span<const InterfaceInfo> Interfaces() const override;
  void Invoke(OrpcCall call, OrpcResponder respond) override;

 private:
  OrpcOutcome QueryInterface(const OrpcCall& call);
  OrpcOutcome QueryInterface2(const OrpcCall& call);
  OrpcOutcome AddRef(const OrpcCall& call);
  OrpcOutcome Release(const OrpcCall& call);

  ObjectTable& objects_;
  const DualStringArray& resolver_;
};

}  // namespace ipam::orpc
