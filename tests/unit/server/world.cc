#include "world.h"

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/base/utf16.h"
#include "dcom_bridge/ipam/import_export.h"
#include "ipam/v1/parameters.pb.h"
#include "tests/support/matchers.h"

namespace ipam::server {
namespace {

constexpr orpc::InterfaceInfo kCallback[] = {
    {.iid = idl::kIidOperationWithProgressCallback, .methods = 8},
    {.iid = idl::kIidOperationWithProgressCallback2,
     .base = idl::kIidOperationWithProgressCallback,
     .methods = 9},
};
constexpr orpc::InterfaceInfo kForeign[] = {{.iid = {1, 2, 3, {4}}, .methods = 4}};

constexpr idl::EventKind kKindOfOpnum[] = {
    idl::EventKind::kStartProgressCallback, idl::EventKind::kSetCompletionPercentage,
    idl::EventKind::kSetSubTaskStatus, idl::EventKind::kSetOverallStatus, idl::EventKind::kAddSubTask};

}  // namespace

std::shared_ptr<const auth::AccountFile> Accounts() {
  std::string file;
  for (const char* user : {"gw", "other", "admin"}) {
    absl::StrAppend(&file, "DOM\\", user, ":", auth::NtHash::OfPassword(user).ToHex(), "\n");
  }
  return std::make_shared<const auth::AccountFile>(*auth::AccountFile::Parse(file, "test"));
}

std::span<const orpc::InterfaceInfo> Recorder::Interfaces() const {
  if (form_ == Form::kNeither) return kForeign;
  return std::span(kCallback).first(form_ == Form::kBatched ? 2 : 1);
}

void Recorder::Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) {
  ++calls;
  causalities.push_back(call.causality);
  if (call.opnum == idl::ReportProgress::kOpnum) {
    const auto request = ndr::Decode<idl::ReportProgress>(call.body, call.endian);
    ASSERT_OK(request);
    for (const idl::ProgressEvent& event : request->events) {
      sequences.push_back(event.sequence);
      kinds.push_back(event.kind);
      if (event.kind == idl::EventKind::kSetSubTaskStatus &&
          event.sub_task_status > idl::SubTaskStatus::kInProgress) {
        subtask_ends.push_back(event.sub_task_status);
      }
      if (event.kind == idl::EventKind::kSetOverallStatus) overall = event.overall_status;
    }
  } else {
    kinds.push_back(kKindOfOpnum[call.opnum - 3]);
  }
  if (faults > 0) {
    --faults;
    return respond(rpc::CallFault{pdu::kCallCancelled});
  }
  if (hold) return held.push_back(std::move(respond));
  respond(orpc::OrpcReply{ndr::Encode(idl::ResultResponse{answer}), {}});
}

Peer::Peer(std::shared_ptr<net::Loop> l, const std::string& user, base::Clock* references)
    : loop(std::move(l)),
      acceptors(
          auth::AcceptorFactory(Accounts(), auth::ServerNames::FromHostName("host"), {}, clock, random)),
      steady(references != nullptr ? *references : clock),
      rpc(*loop, {},
          [this, user](const net::Endpoint&, const std::string&) {
            return auth::NewInitiator(auth::AuthType::kSpnego, {"DOM", user, auth::NtHash::OfPassword(user)},
                                      "", clock, random);
          }),
      dcom(*loop, rpc, clock, {}) {
  services.Add(resolver);
  services.Add(activator);
  services.Add(exporter);
  Listen(0);
}

void Peer::Listen(std::uint16_t at) {
  listener = *net::RpcListener::Listen(*loop, {.port = at}, services, acceptors, groups);
  port = listener->port();
  exporter.Advertise({.hosts = {"127.0.0.1"}, .port = port, .auth_types = {auth::AuthType::kSpnego}});
}

orpc::MInterfacePointer Peer::Export(std::shared_ptr<orpc::Object> object, orpc::ExportOptions options,
                                     const base::Guid& iid) {
  return orpc::MInterfacePointer::Of(*exporter.Export(std::move(object), iid, options));
}

void World::Gate::Pass() {
  base::MutexLock lock(mutex_);
  ++waiting_;
  while (!open_) wake_.wait(mutex_);
  --waiting_;
}

void World::Gate::Open() {
  base::MutexLock lock(mutex_);
  open_ = true;
  wake_.notify_all();
}

int World::Gate::waiting() {
  base::MutexLock lock(mutex_);
  return waiting_;
}

World::World() : gate_(std::make_unique<Gate>()) {
  std::string name = (std::filesystem::temp_directory_path() / "ipam-server-XXXXXX").string();
  directory_ = mkdtemp(name.data());
  engine_options_.database = directory_ + "/store.db";
  engine_options_.administrators = {"admin", "gw"};
  EXPECT_OK(engine::ImportYaml(engine_options_.database, IPAM_SOURCE_DIR "/deploy/samples/network.yaml"));
  for (auto* peer : {&gateway_, &other_, &admin_}) {
    *peer = std::make_unique<Peer>(loop_, peer == &gateway_ ? "gw" : peer == &other_ ? "other" : "admin");
  }
}

World::~World() {
  gate_->Open();
  if (server_) Close();
  std::filesystem::remove_all(directory_);
}

void World::Open() {
  sessions_ = std::make_unique<Sessions>(session_options_, loop_);
  auto engine = engine::Engine::Open(engine_options_, clock_, *sessions_);
  ASSERT_OK(engine);
  engine_ = *std::move(engine);
  std::ifstream file(IPAM_SOURCE_DIR "/deploy/samples/CreateDnsResourceRecords.xml");
  std::stringstream xml;
  xml << file.rdbuf();
  auto prepared = engine_->Prepare(xml.str());
  ASSERT_OK(prepared);
  sample_ = *std::move(prepared);
  check_ = std::make_unique<ParameterCheck>(
      ParameterCheckOptions{.large_chars = 100}, loop_,
      [this](std::string_view text) -> absl::StatusOr<engine::Prepared> {
        if (absl::StartsWith(std::string(text), "gate")) {
          gate_->Pass();
          return Records(1);
        }
        int count = 0;
        const std::string words(text);
        absl::string_view digits = words;
        if (absl::ConsumePrefix(&digits, "records ") && absl::SimpleAtoi(digits, &count))
          return Records(count);
        return absl::InvalidArgumentError("neither records nor a gate");
      });
  pool_ = std::make_unique<CallbackPool>(*loop_, callback_options_, Accounts(), clock_);
  sessions_->Attach(*engine_, *pool_, *check_);
  server_ = std::make_unique<Peer>(loop_, "gw", server_references_);
  server_->activator.Register(idl::kClsidIpamOperationWithProgress, [this](const auto&) -> orpc::Created {
    return std::make_shared<OperationObject>(*sessions_);
  });
}

// As Server does: the threads end before what they post to.
void World::Close() {
  sessions_->Stop();
  server_->listener.reset();
  check_.reset();
  engine_.reset();
  Settle();
  server_.reset();
  pool_.reset();
  Settle();
  sessions_.reset();
}

engine::Prepared World::Records(int count) const {
  auto parameters = std::make_shared<v1::OperationParameters>(
      static_cast<const v1::OperationParameters&>(*sample_.parameters));
  auto& create = *parameters->mutable_create_dns_resource_records();
  const v1::DnsResourceRecord record = create.resource_records(0);
  create.clear_resource_records();
  for (int i = 0; i < count; ++i) {
    v1::DnsResourceRecord& copy = *create.add_resource_records();
    copy = record;
    copy.set_name(absl::StrCat("host-", base::Guid::Random().ToString().substr(1, 8), "-", i));
  }
  return {.kind = sample_.kind, .parameters = std::move(parameters)};
}

idl::InitializeOperationParameters World::Parameters(const std::string& what) {
  return {base::ToUtf16(what)};
}

Session World::Activate(Peer& client) {
  Session session{&client, {}, {}};
  bool done = false;
  client.dcom.CreateInstance({"127.0.0.1", server_->port}, idl::kClsidIpamOperationWithProgress,
                             {idl::kIidOperationWithProgress, idl::kIidOperationWithProgress2},
                             [&](absl::StatusOr<std::vector<net::Activated>> activated) {
                               done = true;
                               ASSERT_OK(activated);
                               ASSERT_EQ(activated->at(0).result, base::kOk);
                               session.progress = activated->at(0).interface;
                               if (activated->at(1).result.ok())
                                 session.progress2 = activated->at(1).interface;
                             });
  RunUntil([&] { return done; });
  return session;
}

Session World::Initialized(Peer& client, const std::string& what) {
  const Session session = Activate(client);
  EXPECT_EQ(Call(session, Parameters(what)).result, base::kOk);
  return session;
}

std::shared_ptr<Outcome> World::Send(const Session& session, const net::RemoteInterface& target,
                                     std::uint16_t opnum, base::Bytes body) {
  auto outcome = std::make_shared<Outcome>();
  session.client->dcom.Invoke(
      target, opnum, std::move(body), absl::Minutes(1), [outcome, opnum](net::InvokeOutcome answer) {
        outcome->done = true;
        if (const auto* failure = std::get_if<net::InvokeFailure>(&answer)) {
          outcome->fault = failure->status;
          return;
        }
        const auto& reply = std::get<net::InvokeReply>(answer);
        outcome->exception_xml = reply.error_description;
        if (opnum == idl::GetOperationId::kOpnum) {
          const auto response = ndr::Decode<idl::GetOperationIdResponse>(reply.body, reply.endian);
          ASSERT_OK(response);
          outcome->result = response->result;
          outcome->operation = response->operation_id;
          return;
        }
        const auto response = ndr::Decode<idl::ResultResponse>(reply.body, reply.endian);
        ASSERT_OK(response);
        outcome->result = response->result;
      });
  return outcome;
}

void World::RunUntil(const std::function<bool()>& condition) {
  loop_->Restart();
  const absl::Time end = absl::Now() + absl::Minutes(1);
  std::function<void()> check = [&] {
    if (condition()) return loop_->Stop();
    if (absl::Now() > end) {
      ADD_FAILURE() << "it did not come";
      return loop_->Stop();
    }
    poll_ = loop_->After(absl::Milliseconds(1), [&] { check(); });
  };
  check();
  loop_->Run();
}

void World::Settle() {
  int rounds = 0;
  RunUntil([&] { return ++rounds > 20; });
}

std::vector<event::ProgressEvent> World::Events(const base::Guid& operation) {
  std::promise<absl::StatusOr<std::vector<event::ProgressEvent>>> read;
  engine_->ReadEvents(operation, 0, 100'000, [&read](auto events) { read.set_value(std::move(events)); });
  auto events = read.get_future().get();
  EXPECT_OK(events);
  return events.ok() ? *std::move(events) : std::vector<event::ProgressEvent>();
}

std::string World::Query(const std::string& sql) {
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open(engine_options_.database.c_str(), &db), SQLITE_OK);
  std::string value;
  EXPECT_EQ(sqlite3_exec(
                db, sql.c_str(),
                [](void* out, int, char** values, char**) {
                  *static_cast<std::string*>(out) = values[0] == nullptr ? "NULL" : values[0];
                  return 0;
                },
                &value, nullptr),
            SQLITE_OK)
      << sqlite3_errmsg(db);
  sqlite3_close(db);
  return value;
}

}  // namespace ipam::server
