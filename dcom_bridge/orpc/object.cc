#include "dcom_bridge/orpc/object.h"

#include <algorithm>

namespace ipam::orpc {
namespace {

constexpr InterfaceInfo kUnknownInfo{kIidIUnknown, kIidIUnknown, 3};

}  // namespace

const InterfaceInfo* FindInterface(const Object& object, const base::Guid& iid) {
  if (iid == kIidIUnknown) return &kUnknownInfo;
  const auto all = object.Interfaces();
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const InterfaceInfo& info) { return info.iid == iid; });
  return it == all.end() ? nullptr : &*it;
}

bool IsOrInherits(const Object& object, const base::Guid& iid, const base::Guid& ancestor) {
  base::Guid at = iid;
  // Every step goes up one interface, so more steps than interfaces means a circle.
  for (std::size_t steps = object.Interfaces().size() + 1; steps > 0; --steps) {
    if (at == ancestor) return true;
    if (at == kIidIUnknown) return false;
    const InterfaceInfo* info = FindInterface(object, at);
    if (info == nullptr) return false;
    at = info->base;
  }
  return at == ancestor;
}

}  // namespace ipam::orpc
