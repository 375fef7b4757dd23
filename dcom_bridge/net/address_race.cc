#include "dcom_bridge/net/address_race.h"

#include <algorithm>

namespace ipam::net {

AddressRace::Step AddressRace::Start(absl::Time now) {
  if (state_ != State::kReady) return {};
  state_ = State::kRacing;
  return Next(now);
}

AddressRace::Step AddressRace::OnAnswered(std::size_t address) {
  if (state_ != State::kRacing || tries_.at(address) != Try::kUnderWay) return {};
  state_ = State::kOver;
  due_ = absl::InfiniteFuture();
  return {.attempt = {}, .chosen = address};
}

AddressRace::Step AddressRace::OnFailed(std::size_t address, absl::Time now) {
  if (state_ != State::kRacing || tries_.at(address) != Try::kUnderWay) return {};
  tries_[address] = Try::kFailed;
  return Next(now);
}

AddressRace::Step AddressRace::OnTimer(absl::Time now) {
  if (state_ != State::kRacing || now < due_) return {};
  return Next(now);
}

AddressRace::Step AddressRace::Next(absl::Time now) {
  if (next_ < tries_.size()) {
    tries_[next_] = Try::kUnderWay;
    due_ = next_ + 1 < tries_.size() ? now + stagger_ : absl::InfiniteFuture();
    return {.attempt = next_++, .chosen = {}};
  }
  due_ = absl::InfiniteFuture();
  if (std::find(tries_.begin(), tries_.end(), Try::kUnderWay) != tries_.end()) return {};
  state_ = State::kOver;
  return {.attempt = {}, .chosen = {}, .exhausted = true};
}

}  // namespace ipam::net
