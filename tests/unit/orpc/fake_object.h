// An object with two interfaces, one inheriting from the other, that keeps what reaches it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "dcom_bridge/orpc/object.h"

namespace ipam::orpc {

inline constexpr base::Guid kBaseIid{0xb0, 1, 2, {3}};
inline constexpr base::Guid kDerivedIid{0xd0, 1, 2, {3}};
inline constexpr base::Guid kOtherIid{0xee, 1, 2, {3}};

class FakeObject : public Object {
 public:
  std::span<const InterfaceInfo> Interfaces() const override {
    static constexpr InterfaceInfo kInterfaces[] = {{kBaseIid, kIidIUnknown, 5}, {kDerivedIid, kBaseIid, 6}};
    return kInterfaces;
  }
  // Answers with what it got, or keeps the call.
  void Invoke(OrpcCall call, OrpcResponder respond) override {
    calls.push_back(call);
    if (keep) {
      kept.push_back(std::move(respond));
    } else {
      respond(OrpcReply{std::move(call.body), error_description});
    }
  }
  void OnReleased(ReleaseReason reason) override {
    released.push_back(reason);
    if (on_released) on_released();
  }

  bool keep = false;
  std::string error_description;
  std::vector<OrpcCall> calls;
  std::vector<OrpcResponder> kept;
  std::vector<ReleaseReason> released;
  absl::AnyInvocable<void()> on_released;
};

inline auth::Principal Alice() { return {.domain = "CORP", .user = "alice"}; }
inline auth::Principal Bob() { return {.domain = "CORP", .user = "bob"}; }

}  // namespace ipam::orpc
