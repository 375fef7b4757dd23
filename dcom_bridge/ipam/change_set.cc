#include "dcom_bridge/ipam/change_set.h"

// The session extension is in the library of Debian, its declarations only by this.
#define SQLITE_ENABLE_SESSION 1
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <limits>

namespace ipam::engine {
namespace {

struct Free {
  void operator()(void* buffer) const { sqlite3_free(buffer); }
};

// Rows that were changed again since, or made again under their key, give way.
int OnConflict(void*, int kind, sqlite3_changeset_iter*) {
  return kind == SQLITE_CHANGESET_DATA || kind == SQLITE_CHANGESET_CONFLICT ? SQLITE_CHANGESET_REPLACE
                                                                            : SQLITE_CHANGESET_OMIT;
}

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

void ChangeRecorder::Close::operator()(sqlite3_session* session) const { sqlite3session_delete(session); }

ChangeRecorder::ChangeRecorder(Database& db) : db_(db) {
  sqlite3_session* session = nullptr;
  code_ = sqlite3session_create(db.handle(), "main", &session);
  session_.reset(session);
  if (code_ == SQLITE_OK) code_ = sqlite3session_attach(session, nullptr);
}

absl::StatusOr<base::Bytes> ChangeRecorder::Take() {
  int size = 0;
  void* buffer = nullptr;
  const int code = code_ == SQLITE_OK ? sqlite3session_changeset(session_.get(), &size, &buffer) : code_;
  const std::unique_ptr<void, Free> owned(buffer);
  if (code != SQLITE_OK) return SqliteStatus(nullptr, code, "changes");
  if (size == 0) return base::Bytes();
  const auto* data = static_cast<const std::uint8_t*>(buffer);
  base::Bytes changes(data, data + size);
  const std::uint64_t sum = Sum(changes);
  for (std::size_t i = kSumSize; i-- > 0;) changes.push_back(static_cast<std::uint8_t>(sum >> 8 * i));
  return changes;
}

absl::Status UndoChanges(Database& db, base::ByteView changes) {
  if (!HasItsSum(changes)) return absl::DataLossError("what was changed cannot be read");
  changes = changes.first(changes.size() - kSumSize);
  if (changes.size() > std::numeric_limits<int>::max()) return absl::InternalError("changes: too long");
  int size = 0;
  void* buffer = nullptr;
  int code = sqlite3changeset_invert(static_cast<int>(changes.size()), changes.data(), &size, &buffer);
  const std::unique_ptr<void, Free> inverse(buffer);
  if (code == SQLITE_OK) {
    code = sqlite3changeset_apply(db.handle(), size, buffer, nullptr, OnConflict, nullptr);
  }
  return code == SQLITE_OK ? absl::OkStatus() : SqliteStatus(nullptr, code, "changes");
}

}  // namespace ipam::engine
