#include "dcom_bridge/ipam/postgres_connection.h"

#include <unistd.h>

#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "dcom_bridge/base/status_macros.h"

namespace ipam::engine {
namespace {

// Of the catalogue pg_type.
constexpr Oid kUnknown = 0;
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kText = 25;
constexpr Oid kFloat8 = 701;

// What the string says goes before these. A host that is gone is noticed.
constexpr std::pair<const char*, const char*> kDefaults[] = {
    {"connect_timeout", "10"}, {"keepalives_idle", "30"},     {"keepalives_interval", "10"},
    {"keepalives_count", "3"}, {"tcp_user_timeout", "60000"}, {"client_encoding", "UTF8"},
};

std::string BigEndian(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (std::size_t i = bytes.size(); i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
  return bytes;
}

std::string OneLine(const char* message) {
  std::string line(absl::StripTrailingAsciiWhitespace(message == nullptr ? "" : message));
  return absl::StrReplaceAll(line, {{"\n\t", " "}, {"\n", "; "}});
}

bool Begins(std::string_view state, std::string_view with) { return state.starts_with(with); }

}  // namespace

absl::Status PostgresStatus(std::string_view sqlstate, const std::string& message) {
  if (sqlstate == "23505") return absl::AlreadyExistsError(message);
  if (Begins(sqlstate, "23")) return absl::FailedPreconditionError(message);
  if (sqlstate == "08P01") return absl::InternalError(message);  // of the protocol, by us
  if (Begins(sqlstate, "08") || sqlstate == "25006" || Begins(sqlstate, "40") || Begins(sqlstate, "53") ||
      sqlstate == "55P03" || Begins(sqlstate, "57") || Begins(sqlstate, "58")) {
    return absl::UnavailableError(message);
  }
  return absl::InternalError(message);
}

PostgresValues::PostgresValues(const Value* values, std::size_t count) {
  copies_.reserve(count);  // data_ points into them
  for (std::size_t i = 0; i < count; ++i) {
    const Value& value = values[i];
    std::string_view bytes;
    Oid type = kUnknown;
    switch (value.kind()) {
      case Value::Kind::kNull:
        break;
      case Value::Kind::kInteger:
        type = kInt8;
        bytes = copies_.emplace_back(BigEndian(static_cast<std::uint64_t>(value.integer())));
        break;
      case Value::Kind::kReal:
        type = kFloat8;
        bytes = copies_.emplace_back(BigEndian(std::bit_cast<std::uint64_t>(value.real())));
        break;
      case Value::Kind::kText:
        type = kText;
        bytes = value.text();  // in binary too, for a NUL is refused then and not the end
        if (bytes.data() == nullptr) bytes = "";
        break;
      case Value::Kind::kBlob:
        type = kBytea;
        bytes = {reinterpret_cast<const char*>(value.blob().data()), value.blob().size()};
        if (bytes.data() == nullptr) bytes = "";
        break;
    }
    types_.push_back(type);
    data_.push_back(bytes.data());
    lengths_.push_back(static_cast<int>(bytes.size()));
    formats_.push_back(1);
  }
}

absl::StatusOr<std::unique_ptr<PostgresConnection>> PostgresConnection::Create(const std::string& uri) {
  std::unique_ptr<PostgresConnection> made(new PostgresConnection());
  char* message = nullptr;
  made->options_.reset(PQconninfoParse(uri.c_str(), &message));
  PQfreemem(message);
  if (made->options_ == nullptr) {
    return absl::InvalidArgumentError(
        "the store is not postgresql://USER@HOST:PORT/DATABASE?OPTION=VALUE&... as libpq reads it");
  }
  return made;
}

absl::Status PostgresConnection::Connect() {
  std::vector<const char*> keys;
  std::vector<const char*> values;
  for (const auto& [key, value] : kDefaults) {
    keys.push_back(key);
    values.push_back(value);
  }
  char host[256] = "";
  (void)gethostname(host, sizeof(host) - 1);
  const std::string program = absl::StrCat("ipam-dcom-server, process ", getpid(), " on ", host);
  keys.push_back("application_name");
  values.push_back(program.c_str());
  for (const PQconninfoOption* option = options_.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    keys.push_back(option->keyword);
    values.push_back(option->val);
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  connection_.reset(PQconnectdbParams(keys.data(), values.data(), 0));
  if (name_.empty()) SetName();
  ++generation_;
  if (!connected()) return Lost();
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
  return absl::OkStatus();
}

void PostgresConnection::SetName() {
  const auto text = [](const char* value) { return std::string(value == nullptr ? "" : value); };
  const PGconn* connection = connection_.get();
  const std::string host = text(PQhost(connection));
  const bool is_socket = host.starts_with('/');
  name_ = absl::StrCat("postgresql://", text(PQuser(connection)), "@",
                       is_socket ? "" : absl::StrCat(host, ":", text(PQport(connection))), "/",
                       text(PQdb(connection)), is_socket ? absl::StrCat("?host=", host) : "");
}

absl::Status PostgresConnection::Lost() const {
  return absl::UnavailableError(absl::StrCat("store: ", OneLine(PQerrorMessage(connection_.get()))));
}

absl::Status PostgresConnection::GiveUp() {
  absl::Status lost = Lost();
  connection_.reset();
  return lost;
}

absl::StatusOr<PostgresResult> PostgresConnection::Check(PostgresResult result) const {
  if (result == nullptr || !connected()) return Lost();
  switch (PQresultStatus(result.get())) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
      return result;
    default:
      break;
  }
  const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  const char* message = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
  return PostgresStatus(
      state == nullptr ? "" : state,
      absl::StrCat("store: ", OneLine(message == nullptr ? PQresultErrorMessage(result.get()) : message)));
}

absl::StatusOr<PostgresResult> PostgresConnection::Execute(const std::string& sql) {
  return Check(PostgresResult(PQexec(connection_.get(), sql.c_str())));
}

absl::StatusOr<PostgresResult> PostgresConnection::Execute(const std::string& sql,
                                                           const PostgresValues& values) {
  return Check(PostgresResult(PQexecParams(connection_.get(), sql.c_str(), values.size(), values.types(),
                                           values.data(), values.lengths(), values.formats(), 0)));
}

absl::Status PostgresConnection::Prepare(const std::string& name, const std::string& sql,
                                         const PostgresValues& types) {
  return Check(PostgresResult(
                   PQprepare(connection_.get(), name.c_str(), sql.c_str(), types.size(), types.types())))
      .status();
}

absl::StatusOr<PostgresResult> PostgresConnection::Run(const std::string& name,
                                                       const PostgresValues& values) {
  return Check(PostgresResult(PQexecPrepared(connection_.get(), name.c_str(), values.size(), values.data(),
                                             values.lengths(), values.formats(), 0)));
}

absl::StatusOr<PostgresResult> PostgresConnection::RunInSavepoint(const std::string& name,
                                                                  const PostgresValues& values) {
  PGconn* connection = connection_.get();
  const auto send = [connection](const char* sql) {
    return PQsendQueryParams(connection, sql, 0, nullptr, nullptr, nullptr, nullptr, 0) == 1;
  };
  if (PQenterPipelineMode(connection) != 1) return GiveUp();
  if (!send("SAVEPOINT statement") ||
      PQsendQueryPrepared(connection, name.c_str(), values.size(), values.data(), values.lengths(),
                          values.formats(), 0) != 1 ||
      !send("RELEASE statement") || PQpipelineSync(connection) != 1) {
    return GiveUp();
  }
  PostgresResult results[3];
  for (PostgresResult& result : results) {
    result.reset(PQgetResult(connection));
    while (PostgresResult(PQgetResult(connection)) != nullptr) {  // the end of its results
    }
  }
  PostgresResult(PQgetResult(connection));  // of the sync
  if (!connected() || PQexitPipelineMode(connection) != 1) return GiveUp();
  IPAM_RETURN_IF_ERROR(Check(std::move(results[0])).status());
  absl::StatusOr<PostgresResult> result = Check(std::move(results[1]));
  if (!result.ok()) {
    IPAM_RETURN_IF_ERROR(Execute("ROLLBACK TO statement; RELEASE statement").status());
  }
  return result;
}

}  // namespace ipam::engine
