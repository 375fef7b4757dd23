#include "dcom_bridge/ipam/change_set.h"

#include <cstddef>
#include <cstdint>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/sql_driver.h"

namespace ipam::engine {
namespace {

constexpr std::size_t kSumSize = 8;

// FNV-1a. SQLite takes changesets for its own: on one that is cut short it does not return.
std::uint64_t Sum(base::ByteView bytes) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const std::uint8_t byte : bytes) sum = (sum ^ byte) * 0x100000001b3;
  return sum;
}

bool HasItsSum(base::ByteView bytes) {
  if (bytes.size() <= kSumSize) return false;
  std::uint64_t sum = 0;
  for (const std::uint8_t byte : bytes.last(kSumSize)) sum = sum << 8 | byte;
  return sum == Sum(bytes.first(bytes.size() - kSumSize));
}

}  // namespace

ChangeRecorder::ChangeRecorder(Database& db) : driver_(db.driver().Record()) {}
ChangeRecorder::~ChangeRecorder() = default;

absl::StatusOr<base::Bytes> ChangeRecorder::Take() {
  IPAM_ASSIGN_OR_RETURN(base::Bytes changes, driver_->Take());
  if (changes.empty()) return changes;
  const std::uint64_t sum = Sum(changes);
  for (std::size_t i = kSumSize; i-- > 0;) changes.push_back(static_cast<std::uint8_t>(sum >> 8 * i));
  return changes;
}

absl::Status UndoChanges(Database& db, base::ByteView changes) {
  if (!HasItsSum(changes)) return absl::DataLossError("what was changed cannot be read");
  return db.driver().Undo(changes.first(changes.size() - kSumSize));
}

}  // namespace ipam::engine
