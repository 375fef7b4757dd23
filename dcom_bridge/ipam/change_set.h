// The changes of some rows as one value, by SQLite's session extension, and what undoes them. The engine's thread.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/ipam/sqlite.h"

struct sqlite3_session;

namespace ipam::engine {

// Records what becomes of the rows of all tables as long as it lives, that of foreign key actions too. Costs
// nothing while there is none.
class ChangeRecorder {
 public:
  explicit ChangeRecorder(Database& db);

  // The changeset so far, with a sum behind it; empty: nothing was changed.
  absl::StatusOr<base::Bytes> Take();

 private:
  struct Close {
    void operator()(sqlite3_session* session) const;
  };
  Database& db_;
  int code_;  // of its beginning
  std::unique_ptr<sqlite3_session, Close> session_;
};

// Puts the rows of a changeset back to what they were, whatever has become of them since; what another row stands
// in the way of is passed over. Within a transaction; references that dangle then let it fail if it is committed.
// kDataLoss: not what a recorder gave.
absl::Status UndoChanges(Database& db, base::ByteView changes);

}  // namespace ipam::engine
