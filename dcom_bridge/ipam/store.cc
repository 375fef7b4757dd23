#include "dcom_bridge/ipam/store.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/schema_sql.h"
#include "dcom_bridge/ipam/sql_driver.h"

namespace ipam::engine {
namespace {

// What brings a store of version n to n + 1, at index n - 1.
struct Migration {
  const char* schema;
  const char* rows = nullptr;  // in the words of SQLite: stores of PostgreSQL begin with version 6
};
constexpr Migration kMigrations[] = {
    {"ALTER TABLE operations ADD COLUMN initiator TEXT; PRAGMA user_version = 2"},
    {kSchema3Sql,
     // The list VendorClasses, which version 2 kept in the details of the server
     "INSERT INTO dhcp_vendor_classes (server_id, record_id, details)"
     " SELECT s.record_id, coalesce(c.value ->> 'recordId', c.key + 1), c.value"
     " FROM dhcp_servers AS s, json_each(s.details, '$.vendorClasses.vendorClassesInCollection') AS c"},
    {kSchema4Sql},
    {kSchema5Sql},
    {kSchema6Sql},
    {kSchema7Sql},
};
constexpr std::int64_t kVersion = 1 + std::size(kMigrations);
constexpr std::int64_t kSchemaSqlVersion = 2;  // of schema.sql

absl::Status Create(Database& db) {
  IPAM_RETURN_IF_ERROR(db.driver().MarkStore());
  IPAM_RETURN_IF_ERROR(db.ExecuteScript(kSchemaSql));
  IPAM_RETURN_IF_ERROR(db.ExecuteScript(kProvisionSql));
  for (std::int64_t version = kSchemaSqlVersion; version < kVersion; ++version) {
    IPAM_RETURN_IF_ERROR(db.ExecuteScript(kMigrations[version - 1].schema));
  }
  return db.driver().FinishSchema();
}

absl::Status Migrate(Database& db, std::int64_t version) {
  if (version == kVersion) return absl::OkStatus();
  for (; version < kVersion; ++version) {
    const Migration& migration = kMigrations[version - 1];
    IPAM_RETURN_IF_ERROR(db.ExecuteScript(migration.schema));
    if (migration.rows != nullptr) IPAM_RETURN_IF_ERROR(db.ExecuteScript(migration.rows));
  }
  return db.driver().FinishSchema();
}

absl::Status CreateOrMigrate(Database& db) {
  IPAM_ASSIGN_OR_RETURN(const StoreMark mark, db.driver().ReadMark());
  if (mark.is_empty && !db.driver().read_only()) return Create(db);
  if (!mark.is_ours) return absl::FailedPreconditionError("is not a store of this server");
  if (mark.version < 1 || mark.version > kVersion) {
    return absl::FailedPreconditionError(
        absl::StrFormat("has version %d of the schema, this server knows %d", mark.version, kVersion));
  }
  if (mark.version < kVersion && db.driver().read_only()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "has version %d of the schema: start the server, which brings it to %d", mark.version, kVersion));
  }
  return Migrate(db, mark.version);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> OpenDatabase(const std::string& store, StoreUse use) {
  IPAM_ASSIGN_OR_RETURN(std::unique_ptr<Database> db, Database::Open(store, use));
  // Two processes may open an empty store at the same time.
  absl::Status status = db->Begin();
  if (status.ok()) status = CreateOrMigrate(*db);
  if (status.ok() && use == StoreUse::kWrite) status = db->driver().Claim();
  if (status.ok()) status = db->Commit();
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrFormat("%s: %s", db->driver().name(), status.message()));
  }
  return db;
}

}  // namespace ipam::engine
