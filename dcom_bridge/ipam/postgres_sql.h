// The store's SQL in the words of PostgreSQL. Only what the store says is known here:
//
//   ? ?2            -> $1 $2          parameters
//   x'0a'           -> '\x0a'::bytea
// and in CREATE TABLE and ALTER TABLE
//   INTEGER BLOB    -> BIGINT BYTEA
//   REAL            -> DOUBLE PRECISION
//   TEXT            -> TEXT COLLATE "C", in the order of its bytes, where no other collation is said
//   AUTOINCREMENT   -> triggers that give a row without id the one behind the last that there ever was
//   WITHOUT ROWID   -> nothing
// and of scripts
//   PRAGMA user_version = 7 -> the row of ipam_store
//
// COLLATE NOCASE is a collation that a store on PostgreSQL has: it compares without case, of all letters; that of SQLite
// knows those of ASCII alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ipam::engine {

struct PostgresText {
  std::string sql;
  std::size_t parameters = 0;
};

PostgresText ToPostgres(std::string_view statement);
// The statements of a script, one by one.
std::vector<std::string> ScriptToPostgres(std::string_view script);

}  // namespace ipam::engine
