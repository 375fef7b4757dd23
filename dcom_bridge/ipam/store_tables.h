// The tables of the store as import and export see them: a name, a message, what puts a row and what lists
// them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "dcom_bridge/ipam/store.h"
#include "google/protobuf/message.h"

namespace ipam::engine {

struct StoreTable {
  std::string_view name;
  const google::protobuf::Message* prototype = nullptr;
  // The record id of a row; 0: it has none.
  std::function<std::int64_t(const google::protobuf::Message&)> id;
  std::function<absl::Status(const google::protobuf::Message&, Store&)> put;
  std::function<absl::Status(Store&, const std::function<absl::Status(const google::protobuf::Message&)>&)>
      for_each;
};

// In the order in which rows can be put: look-ups of a table find those before it.
std::vector<StoreTable> StoreTables();

}  // namespace ipam::engine
