// Which of several addresses of one peer to use. They are tried in their order: the next one when one fails
// or has not answered for `stagger`, so that an address that swallows packets costs that, not a time-out. The
// first that answers is chosen. Sans-IO.
//
//   state    event                              what is to be done                              next
//   -------  ---------------------------------  ----------------------------------------------  -------
//   Ready    Start(), there is an address       try the first                                   Racing
//            Start(), there is none             exhausted                                       Over
//   Racing   OnAnswered(i), i is under way      chosen i                                        Over
//            OnFailed(i), an untried one left   try the next                                    Racing
//            OnFailed(i), another under way     none                                            Racing
//            OnFailed(i), the last              exhausted                                       Over
//            OnTimer(), due, an untried left    try the next                                    Racing
//   any      everything else                    none                                            same
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"

namespace ipam::net {

class AddressRace {
 public:
  enum class State : std::uint8_t { kReady, kRacing, kOver };

  struct Step {
    std::optional<std::size_t> attempt;  // try this address
    std::optional<std::size_t> chosen;
    bool exhausted = false;  // no address answered
  };

  AddressRace(std::size_t addresses, absl::Duration stagger) : tries_(addresses), stagger_(stagger) {}

  Step Start(absl::Time now);
  Step OnAnswered(std::size_t address);
  Step OnFailed(std::size_t address, absl::Time now);
  Step OnTimer(absl::Time now);
  // InfiniteFuture: there is nothing to wait for.
  absl::Time NextDeadline() const { return due_; }
  State state() const { return state_; }

 private:
  enum class Try : std::uint8_t { kNot, kUnderWay, kFailed };

  Step Next(absl::Time now);

  std::vector<Try> tries_;
  const absl::Duration stagger_;
  State state_ = State::kReady;
  std::size_t next_ = 0;  // the first that was not tried
  absl::Time due_ = absl::InfiniteFuture();
};

}  // namespace ipam::net
