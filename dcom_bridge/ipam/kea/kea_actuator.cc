#include "dcom_bridge/ipam/kea/kea_actuator.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::kea {
namespace {

class Change final : public engine::DhcpChange {
 public:
  Change(std::shared_ptr<const ControlChannel> channel, Json before, Wanted wanted)
      : channel_(std::move(channel)), before_(std::move(before)), wanted_(std::move(wanted)) {}

  absl::Status Commit() override {
    if (wanted_.configuration == before_) return absl::OkStatus();
    // Kea 2.2 compares nothing itself: what is not as it was tested would be lost.
    IPAM_ASSIGN_OR_RETURN(const Json now, channel_->Send("config-get"));
    if (now != before_) return absl::AbortedError("the configuration was changed by somebody else meanwhile");
    absl::StatusOr<Json> changed = channel_->Send("config-set", wanted_.configuration);
    if (changed.ok()) changed = channel_->Send("config-write");
    if (changed.ok()) return absl::OkStatus();
    // A server that could not take a configuration serves nobody until it is given one that it can.
    return WithUndo(changed.status(), Restore());
  }

  absl::Status Undo() override {
    if (wanted_.configuration == before_) return absl::OkStatus();
    return Restore();
  }

  const std::vector<std::string>& unexpressed() const override { return wanted_.unexpressed; }

 private:
  absl::Status Restore() {
    IPAM_RETURN_IF_ERROR(channel_->Send("config-set", before_).status());
    return channel_->Send("config-write").status();
  }

  static absl::Status WithUndo(const absl::Status& failure, const absl::Status& undone) {
    if (undone.ok()) return failure;
    return absl::Status(failure.code(), absl::StrCat(std::string(failure.message()),
                                                     "; and its old configuration could not be set again: ",
                                                     std::string(undone.message())));
  }

  const std::shared_ptr<const ControlChannel> channel_;
  const Json before_;
  const Wanted wanted_;
};

// Of a server that has what is wanted; that its file has it too is not known.
class MadeBefore final : public engine::DhcpChange {
 public:
  MadeBefore(std::shared_ptr<const ControlChannel> channel, std::vector<std::string> unexpressed)
      : channel_(std::move(channel)), unexpressed_(std::move(unexpressed)) {}

  absl::Status Commit() override { return channel_->Send("config-write").status(); }
  absl::Status Undo() override { return absl::OkStatus(); }
  const std::vector<std::string>& unexpressed() const override { return unexpressed_; }

 private:
  const std::shared_ptr<const ControlChannel> channel_;
  const std::vector<std::string> unexpressed_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<engine::DhcpChange>> KeaActuator::Test(const engine::DhcpView& view,
                                                                      bool read_back) {
  // Each family is a server of its own, which the control agent knows by name.
  const auto channel = std::make_shared<const ControlChannel>(options_.channel, view.server.has_v6() ? 6 : 4);
  IPAM_ASSIGN_OR_RETURN(Json before, channel->Send("config-get"));
  IPAM_ASSIGN_OR_RETURN(Wanted wanted, Configure(view, options_.peers, before));
  if (read_back && wanted.there) return std::make_unique<MadeBefore>(channel, std::move(wanted.told));
  if (wanted.configuration != before) {
    IPAM_RETURN_IF_ERROR(channel->Send("config-test", wanted.configuration).status());
  }
  return std::make_unique<Change>(channel, std::move(before), std::move(wanted));
}

}  // namespace ipam::kea
