// What the table types share.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/database.h"
#include "dcom_bridge/ipam/json.h"

namespace ipam::engine {

// Of a statement that ends with RETURNING record_id.
inline absl::StatusOr<std::int64_t> ReturnedId(absl::StatusOr<std::optional<std::int64_t>> returned) {
  if (!returned.ok()) return std::move(returned).status();
  return returned->value_or(0);
}

// Messages of the rows, whose first column is `details`; `columns` takes over those beside it.
template <typename Message, typename Columns>
absl::StatusOr<std::vector<Message>> ReadRows(Cursor rows, Columns columns) {
  std::vector<Message> messages;
  while (rows.Next()) {
    Message& message = messages.emplace_back();
    IPAM_RETURN_IF_ERROR(FromJson(rows.Text(0), message));
    columns(rows, message);
  }
  IPAM_RETURN_IF_ERROR(rows.status());
  return messages;
}

template <typename Message, typename Columns>
absl::StatusOr<std::optional<Message>> ReadRow(Cursor rows, Columns columns) {
  IPAM_ASSIGN_OR_RETURN(std::vector<Message> messages, ReadRows<Message>(std::move(rows), columns));
  if (messages.empty()) return std::nullopt;
  return std::move(messages.front());
}

inline absl::StatusOr<std::vector<std::int64_t>> ReadIds(Cursor rows) {
  std::vector<std::int64_t> ids;
  while (rows.Next()) ids.push_back(rows.Int64(0));
  IPAM_RETURN_IF_ERROR(rows.status());
  return ids;
}

}  // namespace ipam::engine
