// schema.sql, schema_3.sql, schema_4.sql, provision.sql and change_log.sql, embedded at build time.
#pragma once

namespace ipam::engine {

extern const char kSchemaSql[];
extern const char kSchema3Sql[];
extern const char kSchema4Sql[];
extern const char kProvisionSql[];
extern const char kChangeLogSql[];

}  // namespace ipam::engine
