// PostgreSQL under the store, by libpq.
//
// One server writes a store: it holds an advisory lock of the session, and its name stands in the row of ipam_store. A
// connection that broke is made anew when the next transaction begins, or the next statement outside of one; what the
// transaction had done is undone, and its statements are kUnavailable until Rollback(). A Commit() whose answer was lost
// asks the database what became of it, however long that takes: see StopWaiting().
//
// A write within a transaction has a savepoint of its own, in the same round trip, so that the transaction goes on where it
// fails; not behind DeferReferences(). A failed read ends the transaction.
//
// The triggers that postgres.sql and Watch() make do nothing but in a session that set ipam.recording or ipam.watching.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/sql_driver.h"

namespace ipam::engine {

// postgresql://... or postgres://...
bool IsPostgresUri(std::string_view store);
absl::StatusOr<std::unique_ptr<SqlDriver>> OpenPostgres(const std::string& uri, StoreUse use);

}  // namespace ipam::engine
