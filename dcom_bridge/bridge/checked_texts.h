// Remembers which texts of callbacks were found valid. A server repeats the details of a subtask in each
// callback about it, and validation is most of what a callback costs the bridge's thread. That thread only.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "absl/container/node_hash_set.h"
#include "absl/status/status.h"
#include "dcom_bridge/bridge/bridge.h"

namespace ipam::bridge {

class CheckedTexts {
 public:
  using CheckFunction = std::function<absl::Status(TextKind kind, const std::string& xml)>;

  explicit CheckedTexts(CheckFunction check, std::size_t max_bytes = std::size_t{1} << 20)
      : check_(std::move(check)), max_bytes_(max_bytes) {}

  // What `check` says; a text that it found valid before is not checked again, as long as it is remembered.
  absl::Status Check(TextKind kind, const std::string& xml);

 private:
  using Texts = absl::node_hash_set<std::string>;

  const CheckFunction check_;
  const std::size_t max_bytes_;
  std::array<Texts, 3> valid_;  // by TextKind
  std::deque<std::pair<Texts*, const std::string*>> oldest_first_;
  std::size_t bytes_ = 0;
};

}  // namespace ipam::bridge
