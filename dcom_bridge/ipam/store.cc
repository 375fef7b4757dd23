#include "dcom_bridge/ipam/store.h"

#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/schema_sql.h"

namespace ipam::engine {
namespace {

constexpr std::int64_t kApplicationId = 0x4950414d;  // "IPAM"
// What brings a store of version n to n + 1, at index n - 1.
constexpr const char* kMigrations[] = {
    "ALTER TABLE operations ADD COLUMN initiator TEXT; PRAGMA user_version = 2",
    kSchema3Sql,
    kSchema4Sql,
    kSchema5Sql,
    kSchema6Sql,
};
constexpr std::int64_t kVersion = 1 + std::size(kMigrations);
constexpr std::int64_t kSchemaSqlVersion = 2;  // of schema.sql

absl::Status Migrate(Database& db, std::int64_t version) {
  for (; version < kVersion; ++version) IPAM_RETURN_IF_ERROR(db.ExecuteScript(kMigrations[version - 1]));
  return absl::OkStatus();
}

absl::Status Create(Database& db) {
  IPAM_RETURN_IF_ERROR(db.ExecuteScript(kSchemaSql));
  IPAM_RETURN_IF_ERROR(db.ExecuteScript(kProvisionSql));
  IPAM_RETURN_IF_ERROR(db.Execute("PRAGMA application_id = 0x4950414d"));
  return Migrate(db, kSchemaSqlVersion);
}

absl::Status CreateOrMigrate(Database& db) {
  Statement application_id(db, "PRAGMA application_id");
  Statement user_version(db, "PRAGMA user_version");
  Statement count_tables(db, "SELECT count(*) FROM sqlite_schema");
  IPAM_ASSIGN_OR_RETURN(const std::optional<std::int64_t> tables, count_tables.Lookup());
  if (tables == 0) return Create(db);
  IPAM_ASSIGN_OR_RETURN(const std::optional<std::int64_t> application, application_id.Lookup());
  IPAM_ASSIGN_OR_RETURN(const std::optional<std::int64_t> version, user_version.Lookup());
  if (application != kApplicationId) return absl::FailedPreconditionError("is not a store of this server");
  if (!version || *version < 1 || *version > kVersion) {
    return absl::FailedPreconditionError(
        absl::StrFormat("has version %d of the schema, this server knows %d", version.value_or(0), kVersion));
  }
  return Migrate(db, *version);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> OpenDatabase(const std::string& path) {
  IPAM_ASSIGN_OR_RETURN(std::unique_ptr<Database> db, Database::Open(path));
  // Two processes may open an empty file at the same time.
  absl::Status status = db->Execute("BEGIN IMMEDIATE");
  if (status.ok()) status = CreateOrMigrate(*db);
  if (status.ok()) status = db->Execute("COMMIT");
  if (!status.ok()) return absl::Status(status.code(), absl::StrFormat("%s: %s", path, status.message()));
  return db;
}

}  // namespace ipam::engine
