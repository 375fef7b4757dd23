// The files *.sql, embedded at build time.
#pragma once

namespace ipam::engine {

extern const char kSchemaSql[];
extern const char kSchema3Sql[];
extern const char kSchema4Sql[];
extern const char kSchema5Sql[];
extern const char kSchema6Sql[];
extern const char kSchema7Sql[];
extern const char kProvisionSql[];
extern const char kChangeLogSql[];
extern const char kPostgresSql[];

}  // namespace ipam::engine
