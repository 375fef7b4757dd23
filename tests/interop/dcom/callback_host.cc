// The gateway's half of the callback protocol for strangers: a real bridge::Bridge, which starts operations
// at a management server that hands the OBJREF of the callback out instead of calling it. Whoever reads the
// OBJREF calls.
//
//   callback_host DOMAIN USER PASSWORD OTHER_USER
//
// USER starts the operations and may call back; OTHER_USER belongs to a second source and may only log on.
// Commands on standard input, answers and events as lines on standard output:
//
//   start NAME            starts an operation: `objref NAME HEX`, once the server has it
//   answer NAME HRESULT   the server's answer to StartOperationWithCallback: `done NAME CODE`
//   fail NAME             the next event of it cannot be journaled
//   refuse NAME           the next event of it is over a limit
//
// The log goes to standard error. `event NAME TEXT` is an event that was stored, `session NAME released` the
// end of the session at the server.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/base/utf16.h"
#include "dcom_bridge/bridge/bridge.h"
#include "dcom_bridge/idl/operation_with_progress.h"
#include "dcom_bridge/model/callback_xml.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/net/rpc_listener.h"
#include "dcom_bridge/orpc/activator.h"
#include "dcom_bridge/orpc/oxid_resolver.h"

namespace ipam {
namespace {

std::mutex print_mutex;

void Print(const std::string& line) {
  const std::lock_guard lock(print_mutex);
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

// The management server. On its loop's thread, but for Answer().
class HandingServer {
 public:
  HandingServer(std::shared_ptr<const auth::AccountFile> accounts, base::Clock& clock)
      : acceptors_(auth::AcceptorFactory(std::move(accounts), auth::ServerNames::FromHostName("server1"), {},
                                         clock, random_)),
        exporter_({}, clock),
        resolver_({}, exporter_, clock),
        activator_({}, exporter_) {
    activator_.Register(idl::kClsidIpamOperationWithProgress,
                        [this](const auto&) -> orpc::Created { return std::make_shared<Session>(*this); });
    services_.Add(resolver_);
    services_.Add(exporter_);
    services_.Add(activator_);
    auto listener = net::RpcListener::Listen(loop_, {}, services_, acceptors_, groups_);
    if (!listener.ok()) std::abort();
    listener_ = *std::move(listener);
    exporter_.Advertise({.hosts = {"127.0.0.1"}, .port = port(), .auth_types = {auth::AuthType::kSpnego}});
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~HandingServer() {
    loop_.Stop();
    thread_.join();
    listener_.reset();
  }

  std::uint16_t port() const { return listener_->port(); }

  // Any thread.
  void Answer(std::string name, base::HResult result) {
    loop_.Post([this, name = std::move(name), result] {
      const auto found = waiting_.find(name);
      if (found == waiting_.end()) return Print(absl::StrCat("error nothing waits for ", name));
      orpc::OrpcResponder respond = std::move(found->second);
      waiting_.erase(found);
      respond(orpc::OrpcReply{ndr::Encode(idl::ResultResponse{result}), {}});
    });
  }

 private:
  class Session final : public orpc::Object {
   public:
    explicit Session(HandingServer& server) : server_(server) {}
    std::span<const orpc::InterfaceInfo> Interfaces() const override {
      static constexpr orpc::InterfaceInfo kInterfaces[] = {
          {.iid = idl::kIidOperationWithProgress, .methods = 5}};
      return kInterfaces;
    }
    void Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) override {
      if (call.opnum == idl::InitializeOperationParameters::kOpnum) {
        const auto request = ndr::Decode<idl::InitializeOperationParameters>(call.body, call.endian);
        name_ = base::ToUtf8(request->parameters.value());
        return respond(orpc::OrpcReply{ndr::Encode(idl::ResultResponse{base::kOk}), {}});
      }
      // The gateway's test of the callbacks, before any operation.
      if (name_.empty())
        return respond(orpc::OrpcReply{ndr::Encode(idl::ResultResponse{base::kIllegalMethodCall}), {}});
      const auto request = ndr::Decode<idl::StartOperationWithCallback>(call.body, call.endian);
      const base::Bytes& bytes = request->progress_callback->objref;
      server_.waiting_.insert_or_assign(name_, std::move(respond));
      Print(
          absl::StrCat("objref ", name_, " ",
                       absl::BytesToHexString({reinterpret_cast<const char*>(bytes.data()), bytes.size()})));
    }
    void OnReleased(orpc::ReleaseReason) override {
      if (!name_.empty()) Print(absl::StrCat("session ", name_, " released"));
    }

   private:
    HandingServer& server_;
    std::string name_;
  };

  class Acceptors final : public rpc::AuthProvider {
   public:
    explicit Acceptors(auth::AcceptorFactory factory) : factory_(std::move(factory)) {}
    absl::StatusOr<std::unique_ptr<auth::SecurityContext>> NewAcceptor(
        auth::AuthType type, const std::string& peer_address) override {
      return factory_.NewAcceptor(type, peer_address);
    }

   private:
    auth::AcceptorFactory factory_;
  };

  auth::SystemRandom random_;
  Acceptors acceptors_;
  net::Loop loop_;
  orpc::Exporter exporter_;
  orpc::OxidResolver resolver_;
  orpc::Activator activator_;
  rpc::ServiceTable services_;
  rpc::AssociationGroups groups_;
  std::map<std::string, orpc::OrpcResponder> waiting_;
  std::unique_ptr<net::RpcListener> listener_;
  std::thread thread_;
};

std::string Describe(const event::SubtaskInstance& subtask) {
  return absl::StrCat(subtask.instance_id, " name=", subtask.name.value_or("-"),
                      " description=", subtask.description.value_or("-"));
}

struct Describer {
  std::string operator()(const event::Started& e) const {
    return absl::StrCat("started ", e.is_non_deterministic ? "non-deterministic" : "deterministic");
  }
  std::string operator()(const event::SubtaskAdded& e) const {
    return absl::StrCat("added ", Describe(e.subtask), " status=", static_cast<int>(e.subtask.status));
  }
  std::string operator()(const event::SubtaskChanged& e) const {
    return absl::StrCat("changed ", Describe(e.subtask), " status=", static_cast<int>(e.status),
                        " percent=", e.percent);
  }
  std::string operator()(const event::PercentageChanged& e) const {
    return absl::StrCat("percent ", e.percent);
  }
  std::string operator()(const event::OverallStatusSet& e) const {
    return absl::StrCat("overall ", static_cast<int>(e.status));
  }
  std::string operator()(const event::Accepted&) const { return "accepted"; }
  std::string operator()(const event::StartRefused& e) const { return absl::StrCat("refused ", e.message); }
  std::string operator()(const event::SessionLost& e) const { return absl::StrCat("lost ", e.reason); }
  std::string operator()(const event::SessionResumed&) const { return "resumed"; }
  std::string operator()(const event::OutcomeUnknown& e) const { return absl::StrCat("unknown ", e.reason); }
};

// The journal. Any thread.
class PrintingSink final : public event::EventSink {
 public:
  void Publish(const std::string& operation, event::ProgressEvent event, event::Stored stored) override {
    {
      const std::lock_guard lock(mutex_);
      const auto next = next_.extract(operation);
      if (!next.empty()) return stored(next.mapped());
    }
    Print(absl::StrCat("event ", operation, " ", std::visit(Describer{}, event.change)));
    stored(absl::OkStatus());
  }
  void AnswerNext(const std::string& operation, absl::Status status) {
    const std::lock_guard lock(mutex_);
    next_.insert_or_assign(operation, std::move(status));
  }

 private:
  std::mutex mutex_;
  std::map<std::string, absl::Status> next_;
};

absl::Status CheckText(bridge::TextKind kind, const std::string& xml) {
  switch (kind) {
    case bridge::TextKind::kException:
      return model::CheckIpamExceptionXml(xml);
    case bridge::TextKind::kCompletionStatus:
      return model::CheckCompletionStatusXml(xml);
    case bridge::TextKind::kSubtaskDetails:
      return model::CheckSubtaskDetailsXml(xml);
  }
  return absl::InternalError("no such kind");
}

int Run(const std::string& domain, const std::string& user, const std::string& password,
        const std::string& other) {
  std::string lines;
  for (const std::string& name : {user, other}) {
    absl::StrAppend(&lines, domain, "\\", name, ":", auth::NtHash::OfPassword(password).ToHex(), "\n");
  }
  auto accounts = auth::AccountFile::Parse(lines, "arguments");
  if (!accounts.ok()) return 2;
  base::SystemClock clock;
  HandingServer server(std::make_shared<const auth::AccountFile>(*std::move(accounts)), clock);

  PrintingSink sink;
  bridge::BridgeOptions options;
  options.protection = bridge::Protection::kIntegrity;  // the least that it takes: its callers may use more
  for (const std::string& name : {user, other}) {
    options.servers.push_back({name, "127.0.0.1", server.port(), domain, name, password});
  }
  auto bridge = bridge::Bridge::Start(std::move(options), sink,
                                      {CheckText, [](const auto& xml) { return xml; }}, clock);
  if (!bridge.ok()) return 2;
  event::OperationSource& source = *(*bridge)->sources().front().source;
  while (source.State().state != event::SourceState::kConnected) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  Print(absl::StrCat("port ", (*bridge)->callback_port()));

  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, name, result;
    words >> command >> name >> result;
    if (command == "start") {
      source.Start({.operation = name, .parameters_xml = name, .initiator = {}}, [name](absl::Status status) {
        Print(absl::StrCat("done ", name, " ", absl::StatusCodeToString(status.code())));
      });
    } else if (command == "answer") {
      server.Answer(name, {static_cast<std::uint32_t>(std::stoul(result, nullptr, 0))});
    } else if (command == "fail") {
      sink.AnswerNext(name, absl::InternalError("the journal is full"));
    } else if (command == "refuse") {
      sink.AnswerNext(name, absl::InvalidArgumentError("the texts of the event are too large"));
    } else {
      Print("error no such command: " + line);
    }
  }
  (*bridge)->Stop(absl::Seconds(1));
  return 0;
}

}  // namespace
}  // namespace ipam

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: callback_host DOMAIN USER PASSWORD OTHER_USER\n");
    return 2;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("callback_host"));
  return ipam::Run(argv[1], argv[2], argv[3], argv[4]);
}
