#include "gateway/hub/store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/status_macros.h"
#include "gateway/hub/names.h"

namespace ipam::hub {
namespace {

constexpr std::size_t kMaxRemoved = 1000;  // older ones are joined, at the cost of a lower missed_at_least
constexpr std::uint32_t kMarkMagic = 0x4b52414d;  // "MARK"

std::string_view View(const base::ByteWriter& out) {
  return {reinterpret_cast<const char*>(out.view().data()), out.size()};
}

base::ByteView AsBytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string PackStates(const OperationState& state) {
  base::ByteWriter out;
  for (const std::uint64_t since : state.state_since) out.U64(since);
  return std::string(View(out));
}

// What a row of operations keeps of the request.
std::shared_ptr<const OperationInfo> MakeInfo(std::uint64_t number, const v1::Operation& summary,
                                              std::string hash) {
  auto info = std::make_shared<OperationInfo>();
  info->number = number;
  info->name = summary.name();
  info->id = ParseOperationName(summary.name(), "name").value_or("");
  info->source = summary.source();
  info->kind = summary.kind();
  info->initiator = summary.initiator();
  info->request_id = summary.request_id();
  info->content_hash = std::move(hash);
  info->create_time = FromProto(summary.create_time());
  return info;
}

}  // namespace

struct Store::Statements {
  explicit Statements(Database& db)
      : insert(db,
               "INSERT INTO operations(number, content_hash, server_operation_id, first_offset, last_offset, "
               "summary, parameters)"
               " VALUES(?, ?, ?, ?, ?, ?, ?)"),
        append(db, "INSERT INTO events(offset, operation, sequence, state, body) VALUES(?, ?, ?, ?, ?)"),
        end(db,
            "UPDATE operations SET ended = 1, last_offset = ?, bytes = ?, summary = ?, states = ?, subtasks "
            "= ?,"
            " last_source_sequence = ?, started = ?, completion_status = coalesce(?, completion_status)"
            " WHERE number = ?"),
        reopen(db, "UPDATE operations SET ended = 0 WHERE number = ?"),
        remove_events(db, "DELETE FROM events WHERE operation = ?"),
        remove(db, "DELETE FROM operations WHERE number = ?"),
        removed(db, "INSERT OR REPLACE INTO removed(last_offset, first_offset, events) VALUES(?, ?, ?)"),
        forget_removed(db, "DELETE FROM removed WHERE last_offset = ?"),
        first_offset(db, "SELECT first_offset FROM operations WHERE number = ?"),
        subtasks(db, "SELECT subtasks FROM operations WHERE number = ?"),
        events_of(db, "SELECT offset, body FROM events WHERE operation = ? ORDER BY sequence"),
        set_meta(db, "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)") {}

  Statement insert, append, end, reopen, remove_events, remove, removed, forget_removed, first_offset,
      subtasks, events_of, set_meta;
};

std::string PackSubtasks(const SubtaskList& subtasks) {
  // One behind the other is the same octets as all at once, which would be a copy of very many.
  std::string bytes;
  v1::ListSubtasksResponse one;
  v1::Subtask& subtask = *one.add_subtasks();
  for (std::size_t i = 0; i < subtasks.size(); ++i) {
    subtask = subtasks.at(i);
    one.AppendToString(&bytes);
  }
  return bytes;
}

std::optional<SubtaskList> UnpackSubtasks(const std::string& bytes) {
  v1::ListSubtasksResponse list;
  if (!list.ParseFromString(bytes)) return std::nullopt;
  SubtaskList result;
  for (v1::Subtask& subtask : *list.mutable_subtasks()) {
    result.Append(std::make_shared<const v1::Subtask>(std::move(subtask)));
  }
  return result;
}

Store::Store(Database db, std::string path) : db_(std::move(db)), path_(std::move(path)) {}

Store::~Store() {
  statements_.reset();
  if (mark_ >= 0) close(mark_);
}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& path, const std::string& boot_id) {
  IPAM_ASSIGN_OR_RETURN(Database db, Database::Open(path, /*read_only=*/false));
  std::unique_ptr<Store> store(new Store(std::move(db), path));
  IPAM_RETURN_IF_ERROR(store->CreateTables());
  store->mark_ = open((path + ".mark").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (store->mark_ < 0) {
    return absl::UnavailableError(absl::StrCat("cannot open ", path, ".mark: ", std::strerror(errno)));
  }
  store->statements_ = std::make_unique<Statements>(store->db_);
  IPAM_RETURN_IF_ERROR(store->ReadIdentity(boot_id));
  return store;
}

absl::Status Store::CreateTables() {
  // EXCLUSIVE would keep readers out; a second gateway on the same journal is kept out by the lock that app
  // takes.
  IPAM_RETURN_IF_ERROR(
      db_.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                  "PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -8192"));
  Statement version(db_, "PRAGMA user_version");
  const std::int64_t found = version.Step() ? version.Int(0) : -1;
  version.Reset();
  if (found == 2) return absl::OkStatus();
  if (found == 1) {
    return db_.Execute(
        "BEGIN; ALTER TABLE operations ADD COLUMN parameters BLOB; PRAGMA user_version = 2; COMMIT");
  }
  if (found != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("the journal ", path_, " has version ", found, ", not 1 or 2"));
  }
  return db_.Execute(
      "BEGIN;"
      "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
      "CREATE TABLE epochs(epoch INTEGER PRIMARY KEY, first_offset INTEGER NOT NULL);"
      "CREATE TABLE removed(last_offset INTEGER PRIMARY KEY, first_offset INTEGER NOT NULL, events INTEGER "
      "NOT NULL);"
      "CREATE TABLE operations("
      "  number INTEGER PRIMARY KEY, content_hash TEXT NOT NULL, server_operation_id TEXT NOT NULL,"
      "  first_offset INTEGER NOT NULL, last_offset INTEGER NOT NULL, bytes INTEGER NOT NULL DEFAULT 0,"
      "  ended INTEGER NOT NULL DEFAULT 0, started INTEGER NOT NULL DEFAULT 0,"
      "  last_source_sequence INTEGER NOT NULL DEFAULT 0, summary BLOB NOT NULL, states BLOB, subtasks BLOB,"
      "  completion_status BLOB, parameters BLOB);"
      "CREATE TABLE events("
      "  offset INTEGER PRIMARY KEY, operation INTEGER NOT NULL, sequence INTEGER NOT NULL, state INTEGER "
      "NOT NULL,"
      "  body BLOB NOT NULL);"
      "CREATE UNIQUE INDEX events_of ON events(operation, sequence);"
      "PRAGMA user_version = 2;"
      "COMMIT");
}

absl::Status Store::ReadIdentity(const std::string& boot_id) {
  std::string last_boot;
  bool clean = false;
  {
    Statement meta(db_, "SELECT key, value FROM meta");
    while (meta.Step()) {
      const std::string key = meta.Bytes(0);
      if (key == "journal") identity_.journal = meta.Uint(1);
      if (key == "clean") clean = meta.Int(1) != 0;
      if (key == "boot") last_boot = meta.Bytes(1);
      if (key == "last_offset") last_offset_ = meta.Uint(1);
    }
    IPAM_RETURN_IF_ERROR(meta.status());
    Statement last(db_, "SELECT coalesce(max(offset), 0) FROM events");
    if (last.Step()) last_offset_ = std::max(last_offset_, last.Uint(0));
    IPAM_RETURN_IF_ERROR(last.status());
    Statement epochs(db_, "SELECT epoch, first_offset FROM epochs ORDER BY epoch");
    while (epochs.Step()) {
      identity_.epochs.push_back(Epoch{static_cast<std::uint32_t>(epochs.Uint(0)), epochs.Uint(1)});
    }
    IPAM_RETURN_IF_ERROR(epochs.status());
    Statement removed(db_, "SELECT last_offset, first_offset, events FROM removed ORDER BY last_offset");
    while (removed.Step())
      identity_.removed.push_back(Removed{removed.Uint(1), removed.Uint(0), removed.Uint(2), 0});
    IPAM_RETURN_IF_ERROR(removed.status());
  }
  IPAM_RETURN_IF_ERROR(Begin());
  if (identity_.journal == 0) {
    const base::Guid random = base::Guid::Random();
    identity_.journal = (std::uint64_t{random.data1} << 32) | (std::uint64_t{random.data2} << 16) | 1;
    for (std::size_t i = 0; i < 4; ++i)
      identity_.journal ^= std::uint64_t{random.data4[4 + i]} << (8 * i + 8);
    IPAM_RETURN_IF_ERROR(statements_->set_meta.BindText("journal").Bind(identity_.journal).Execute());
  }
  IPAM_ASSIGN_OR_RETURN(const std::uint64_t marked, ReadMark());
  const bool power_failed = !clean && !last_boot.empty() && last_boot != boot_id;
  if (identity_.epochs.empty() || power_failed || marked > last_offset_) {
    const std::uint32_t next = identity_.epochs.empty() ? 1 : identity_.epochs.back().epoch + 1;
    identity_.epochs.push_back(Epoch{next, last_offset_});
    Statement insert(db_, "INSERT INTO epochs(epoch, first_offset) VALUES(?, ?)");
    IPAM_RETURN_IF_ERROR(insert.Bind(std::uint64_t{next}).Bind(last_offset_).Execute());
  }
  IPAM_RETURN_IF_ERROR(statements_->set_meta.BindText("boot").BindText(boot_id).Execute());
  IPAM_RETURN_IF_ERROR(statements_->set_meta.BindText("clean").Bind(std::int64_t{0}).Execute());
  IPAM_RETURN_IF_ERROR(Commit());
  IPAM_RETURN_IF_ERROR(Flush());
  return Mark(last_offset_);
}

absl::Status Store::Load(absl::FunctionRef<void(OperationState)> take) {
  Statement rows(db_,
                 "SELECT number, content_hash, server_operation_id, last_offset, bytes, ended, started,"
                 " last_source_sequence, summary, states, completion_status IS NOT NULL,"
                 " coalesce(length(parameters), 0) FROM operations"
                 " ORDER BY number");
  while (rows.Step()) {
    OperationState state;
    if (!state.summary.ParseFromString(rows.Bytes(8)))
      return absl::DataLossError("a row of operations is damaged");
    state.info = MakeInfo(rows.Uint(0), state.summary, rows.Bytes(1));
    state.server_operation_id = rows.Bytes(2);
    state.has_completion_status = rows.Int(10) != 0;
    if (rows.Int(5) != 0) {
      state.last_offset = rows.Uint(3);
      state.bytes = rows.Uint(4);
      state.started = rows.Int(6) != 0;
      state.last_source_sequence = rows.Uint(7);
      state.subtasks_stored = true;
      const std::string states = rows.Bytes(9);
      base::ByteReader in(AsBytes(states));
      for (std::uint64_t& since : state.state_since) since = in.U64();
    } else {
      state.bytes = rows.Uint(11);
      SubtaskIndex index;
      Statement& events = statements_->events_of;
      events.Bind(state.info->number);
      while (events.Step()) {
        v1::Event event;
        const std::string body = events.Bytes(1);
        if (!event.ParseFromString(body)) return absl::DataLossError("a row of events is damaged");
        Apply(event, events.Uint(0), state, index);
        state.bytes += body.size();
      }
      const absl::Status read = events.status();
      events.Reset();
      IPAM_RETURN_IF_ERROR(read);
    }
    take(std::move(state));
  }
  return rows.status();
}

absl::Status Store::Begin() { return db_.Execute("BEGIN IMMEDIATE"); }
absl::Status Store::Commit() { return db_.Execute("COMMIT"); }
void Store::Rollback() {
  // Where a failed COMMIT has rolled back already, this says so and changes nothing.
  db_.Execute("ROLLBACK").IgnoreError();
}

absl::Status Store::Insert(const OperationState& accepted, const std::string& parameters_xml) {
  const std::string summary = accepted.summary.SerializeAsString();
  Statement& insert = statements_->insert.Bind(accepted.info->number)
                          .BindText(accepted.info->content_hash)
                          .BindText(accepted.server_operation_id)
                          .Bind(accepted.last_offset)
                          .Bind(accepted.last_offset)
                          .BindBlob(summary);
  if (parameters_xml.empty()) {
    insert.BindNull();
  } else {
    insert.BindBlob(parameters_xml);
  }
  return insert.Execute();
}

absl::Status Store::Append(const OperationInfo& operation, std::uint64_t offset, const v1::Event& event,
                           const std::string& serialized, v1::OperationState state_after) {
  return statements_->append.Bind(offset)
      .Bind(operation.number)
      .Bind(std::uint64_t{event.sequence()})
      .Bind(static_cast<std::int64_t>(state_after))
      .BindBlob(serialized)
      .Execute();
}

absl::Status Store::End(const OperationState& state,
                        const std::optional<std::string>& completion_status_xml) {
  const std::string summary = state.summary.SerializeAsString();
  const std::string states = PackStates(state);
  const std::string subtasks = PackSubtasks(state.subtasks);
  Statement& end = statements_->end;
  end.Bind(state.last_offset).Bind(state.bytes).BindBlob(summary).BindBlob(states).BindBlob(subtasks);
  end.Bind(state.last_source_sequence).Bind(std::int64_t{state.started});
  if (completion_status_xml.has_value()) {
    end.BindBlob(*completion_status_xml);
  } else {
    end.BindNull();
  }
  return end.Bind(state.info->number).Execute();
}

absl::Status Store::Reopen(const OperationInfo& operation) {
  return statements_->reopen.Bind(operation.number).Execute();
}

absl::Status Store::Remove(const OperationState& state) {
  const std::uint64_t number = state.info->number;
  Statement& first = statements_->first_offset;
  first.Bind(number);
  Removed gone{first.Step() ? first.Uint(0) : state.last_offset, state.last_offset,
               state.summary.last_sequence(), ++identity_.removals};
  first.Reset();
  IPAM_RETURN_IF_ERROR(statements_->remove_events.Bind(number).Execute());
  IPAM_RETURN_IF_ERROR(statements_->remove.Bind(number).Execute());

  std::vector<Removed>& removed = identity_.removed;
  removed.insert(
      std::upper_bound(removed.begin(), removed.end(), gone,
                       [](const Removed& a, const Removed& b) { return a.last_offset < b.last_offset; }),
      gone);
  IPAM_RETURN_IF_ERROR(
      statements_->removed.Bind(gone.last_offset).Bind(gone.first_offset).Bind(gone.events).Execute());
  if (removed.size() > kMaxRemoved) {
    IPAM_RETURN_IF_ERROR(statements_->forget_removed.Bind(removed[0].last_offset).Execute());
    removed[1].first_offset = std::min(removed[0].first_offset, removed[1].first_offset);
    removed[1].events += removed[0].events;
    removed[1].removal = std::max(removed[0].removal, removed[1].removal);
    removed.erase(removed.begin());
    IPAM_RETURN_IF_ERROR(statements_->removed.Bind(removed[0].last_offset)
                             .Bind(removed[0].first_offset)
                             .Bind(removed[0].events)
                             .Execute());
  }
  // The highest offset may go with its operation: it must not be given again.
  return statements_->set_meta.BindText("last_offset").Bind(last_offset_).Execute();
}

absl::Status Store::Mark(std::uint64_t last_offset) {
  last_offset_ = last_offset;
  base::ByteWriter out;
  out.U32(kMarkMagic);
  out.U64(identity_.journal);
  out.U64(last_offset);
  if (pwrite(mark_, out.view().data(), out.size(), 0) != static_cast<ssize_t>(out.size())) {
    return absl::InternalError(absl::StrCat("cannot write ", path_, ".mark: ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> Store::ReadMark() {
  std::array<std::uint8_t, 20> bytes{};
  const ssize_t size = pread(mark_, bytes.data(), bytes.size(), 0);
  if (size < 0)
    return absl::InternalError(absl::StrCat("cannot read ", path_, ".mark: ", std::strerror(errno)));
  base::ByteReader in(base::ByteView(bytes.data(), static_cast<std::size_t>(size)));
  const bool ours = in.U32() == kMarkMagic && in.U64() == identity_.journal;
  const std::uint64_t offset = in.U64();
  return in.ok() && ours ? offset : 0;
}

absl::StatusOr<SubtaskList> Store::ReadSubtasks(std::uint64_t number) {
  Statement& read = statements_->subtasks;
  read.Bind(number);
  const std::string bytes = read.Step() ? read.Bytes(0) : std::string();
  const absl::Status status = read.status();
  read.Reset();
  IPAM_RETURN_IF_ERROR(status);
  auto subtasks = UnpackSubtasks(bytes);
  if (!subtasks.has_value()) return absl::DataLossError("the subtasks of an operation are damaged");
  return *std::move(subtasks);
}

absl::Status Store::Close() {
  IPAM_RETURN_IF_ERROR(statements_->set_meta.BindText("clean").Bind(std::int64_t{1}).Execute());
  return Flush();
}

}  // namespace ipam::hub
