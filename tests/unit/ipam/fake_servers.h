// DHCP and DNS servers that do what a script says, as actuators, and engines that use them.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/mutex.h"
#include "dcom_bridge/ipam/actuators.h"
#include "dcom_bridge/ipam/json.h"

namespace ipam::engine {

// What servers were asked, in order, and what they answer. Any thread.
class Script {
 public:
  void Log(const std::string& line) {
    if (on_call_) on_call_(line);
    base::MutexLock lock(mutex_);
    lines_.push_back(line);
  }
  // Before each call, and with "did " behind it. Set while nobody calls.
  void OnCall(std::function<void(const std::string&)> told) { on_call_ = std::move(told); }
  void Did(const std::string& line) {
    if (on_call_) on_call_("did " + line);
  }
  // What a server has: `what` is all of a DHCP server or one set of records. Twice the same, and nobody read it back: twice.
  void Have(const std::string& what, const std::string& value) {
    base::MutexLock lock(mutex_);
    have_[what] = value;
    applied_.push_back(what);
  }
  bool Has(const std::string& what, const std::string& value) {
    base::MutexLock lock(mutex_);
    const auto found = have_.find(what);
    return found != have_.end() && found->second == value;
  }
  using Memory = std::pair<std::map<std::string, std::string>, std::vector<std::string>>;
  Memory memory() {
    base::MutexLock lock(mutex_);
    return {have_, applied_};
  }
  void SetMemory(Memory memory) {
    base::MutexLock lock(mutex_);
    std::tie(have_, applied_) = std::move(memory);
  }
  std::vector<std::string> Take() {
    base::MutexLock lock(mutex_);
    return std::exchange(lines_, {});
  }
  // The status of the next calls that begin with `line`.
  void Fail(const std::string& line, absl::Status status, int times = 1'000) {
    base::MutexLock lock(mutex_);
    failures_.push_back({line, std::move(status), times});
  }
  void Answer(const std::string& line, Unexpressed unexpressed) {
    base::MutexLock lock(mutex_);
    unexpressed_.push_back({line, std::move(unexpressed)});
  }
  absl::Status StatusOf(const std::string& line) {
    base::MutexLock lock(mutex_);
    for (Failure& failure : failures_) {
      if (line.starts_with(failure.line) && failure.times > 0) {
        --failure.times;
        return failure.status;
      }
    }
    return absl::OkStatus();
  }
  // The next call that begins with `line` waits for Release(), or for `stop`.
  void Hold(const std::string& line) {
    base::MutexLock lock(mutex_);
    held_ = line;
  }
  void Release() {
    {
      base::MutexLock lock(mutex_);
      held_.reset();
      holding_ = false;
    }
    wake_.notify_all();
  }
  void AwaitHeld() {
    base::MutexLock lock(mutex_);
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!holding_ && std::chrono::steady_clock::now() < limit) wake_.wait_until(mutex_, limit);
    ASSERT_TRUE(holding_) << "no call is held";
  }
  void WaitAt(const std::string& line, const std::stop_token& stop) {
    base::MutexLock lock(mutex_);
    if (!held_ || !line.starts_with(*held_)) return;
    holding_ = true;
    wake_.notify_all();
    while (holding_ && !stop.stop_requested()) wake_.wait_for(mutex_, std::chrono::milliseconds(10));
  }
  Unexpressed UnexpressedOf(const std::string& line) {
    base::MutexLock lock(mutex_);
    for (const auto& [start, unexpressed] : unexpressed_) {
      if (line.starts_with(start)) return unexpressed;
    }
    return {};
  }

 private:
  struct Failure {
    std::string line;
    absl::Status status;
    int times;
  };
  std::function<void(const std::string&)> on_call_;
  base::Mutex mutex_;
  base::CondVar wake_;
  std::map<std::string, std::string> have_ IPAM_GUARDED_BY(mutex_);
  std::vector<std::string> applied_ IPAM_GUARDED_BY(mutex_);
  std::optional<std::string> held_ IPAM_GUARDED_BY(mutex_);
  bool holding_ IPAM_GUARDED_BY(mutex_) = false;
  std::vector<std::string> lines_ IPAM_GUARDED_BY(mutex_);
  std::vector<Failure> failures_ IPAM_GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, Unexpressed>> unexpressed_ IPAM_GUARDED_BY(mutex_);
};

// All of a view.
inline std::string ValueOf(const DhcpView& view) {
  std::string out = ToJson(view.server);
  const auto all = [&out](const auto& messages) {
    for (const auto& message : messages) out += ToJson(message);
  };
  all(view.superscopes);
  all(view.scopes);
  all(view.reservations);
  all(view.policies);
  all(view.filters);
  all(view.failovers);
  return out;
}

class FakeChange final : public DhcpChange {
 public:
  FakeChange(Script& script, std::string name, std::string value, bool there, Unexpressed unexpressed,
             std::stop_token stop)
      : script_(script),
        name_(std::move(name)),
        value_(std::move(value)),
        there_(there),
        unexpressed_(std::move(unexpressed)),
        stop_(std::move(stop)) {}
  absl::Status Commit() override { return Do("commit"); }
  absl::Status Undo() override { return Do("undo"); }
  const std::vector<std::string>& unexpressed() const override { return unexpressed_; }

 private:
  absl::Status Do(const std::string& what) {
    const std::string line = absl::StrCat(what, " ", name_);
    script_.Log(line);
    script_.WaitAt(line, stop_);
    if (absl::Status status = script_.StatusOf(line); !status.ok()) return status;
    if (what == "commit" && !there_) script_.Have(name_, value_);
    script_.Did(line);
    return absl::OkStatus();
  }
  Script& script_;
  const std::string name_;
  const std::string value_;
  const bool there_;
  const Unexpressed unexpressed_;
  const std::stop_token stop_;
};

class FakeDhcp final : public DhcpActuator {
 public:
  FakeDhcp(Script& script, std::string name, std::stop_token stop)
      : script_(script), name_(std::move(name)), stop_(std::move(stop)) {}
  absl::StatusOr<std::unique_ptr<DhcpChange>> Test(const DhcpView& view, bool read_back) override {
    const std::string line = absl::StrCat("test ", name_, ": ", view.scopes.size(), " scopes, ",
                                          view.reservations.size(), " reservations");
    script_.Log(line);
    if (absl::Status status = script_.StatusOf(line); !status.ok()) return status;
    std::string value = ValueOf(view);
    const bool there = read_back && script_.Has(name_, value);
    return std::make_unique<FakeChange>(script_, name_, std::move(value), there, script_.UnexpressedOf(line),
                                        stop_);
  }

 private:
  Script& script_;
  const std::string name_;
  const std::stop_token stop_;
};

class FakeDns final : public ReadableDnsActuator {
 public:
  FakeDns(Script& script, std::string name, std::stop_token stop)
      : script_(script), name_(std::move(name)), stop_(std::move(stop)) {}
  absl::StatusOr<Unexpressed> PutZone(const v1::BaseDnsServerZone& zone) override {
    return Do(absl::StrCat("zone ", zone.has_dns_server_zone()
                                        ? zone.dns_server_zone().zone().name()
                                        : zone.dns_server_reverse_zone().zone().name()));
  }
  absl::Status DeleteZone(const std::string& zone) override { return Do("no zone " + zone).status(); }
  absl::StatusOr<Unexpressed> PutRecords(const RecordSet& set) override {
    const std::string what = absl::StrCat("records ", set.name, " ", static_cast<int>(set.type));
    return Do(absl::StrCat(what, " x", set.records.size()), name_ + " " + what, ValueOf(set));
  }
  absl::StatusOr<bool> HasRecords(const RecordSet& set) override {
    return script_.Has(absl::StrCat(name_, " records ", set.name, " ", static_cast<int>(set.type)),
                       ValueOf(set));
  }
  absl::Status TransferZone(const std::string& zone) override { return Do("transfer " + zone).status(); }
  absl::Status ReloadZone(const std::string& zone) override { return Do("reload " + zone).status(); }
  absl::StatusOr<Unexpressed> PutForwarder(const v1::DnsConditionalForwarder& forwarder) override {
    return Do("forwarder " + forwarder.name());
  }
  absl::Status DeleteForwarder(const std::string& zone) override {
    return Do("no forwarder " + zone).status();
  }

 private:
  static std::string ValueOf(const RecordSet& set) {
    std::string out;
    for (const v1::DnsResourceRecord& record : set.records) out += ToJson(record);
    return out;
  }
  absl::StatusOr<Unexpressed> Do(const std::string& what, const std::string& has = "",
                                 const std::string& value = "") {
    const std::string line = absl::StrCat(name_, " ", what);
    script_.Log(line);
    script_.WaitAt(line, stop_);
    if (absl::Status status = script_.StatusOf(line); !status.ok()) return status;
    if (!has.empty()) script_.Have(has, value);
    script_.Did(line);
    return script_.UnexpressedOf(line);
  }
  Script& script_;
  const std::string name_;
  const std::stop_token stop_;
};

// dhcp1, dhcp2, dns1 and dns2 of the sample network.
inline std::unique_ptr<Actuators> MakeActuators(Script& script) {
  auto actuators = std::make_unique<Actuators>();
  const std::stop_token stop = actuators->stop_token();
  actuators->Add(17, std::make_unique<FakeDhcp>(script, "dhcp1", stop));
  actuators->Add(18, std::make_unique<FakeDhcp>(script, "dhcp2", stop));
  actuators->Add(31, std::make_unique<FakeDns>(script, "dns1", stop));
  actuators->Add(32, std::make_unique<FakeDns>(script, "dns2", stop));
  return actuators;
}

}  // namespace ipam::engine
