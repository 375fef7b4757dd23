// The changes of some rows as one value, and what undoes them. The engine's thread.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/ipam/database.h"

namespace ipam::engine {

class ChangesDriver;

// Records what becomes of the rows of all tables as long as it lives, that of foreign key actions too; on PostgreSQL
// within one transaction, of all but those of operations. One at a time; costs nothing while there is none.
class ChangeRecorder {
 public:
  explicit ChangeRecorder(Database& db);
  ~ChangeRecorder();

  // The changes so far as the database has them (a changeset of SQLite's session extension, or JSON), with a sum behind
  // them; empty: nothing was changed.
  absl::StatusOr<base::Bytes> Take();

 private:
  const std::unique_ptr<ChangesDriver> driver_;
};

// Puts the rows back to what they were, whatever has become of them since; what another row stands in the way of is
// passed over. Within a transaction; references that dangle then let it fail if it is committed. kDataLoss: not what a
// recorder gave.
absl::Status UndoChanges(Database& db, base::ByteView changes);

}  // namespace ipam::engine
