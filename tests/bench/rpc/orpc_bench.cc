// What the server's side of DCOM costs, against a server of ours in a process of its own: null ORPC calls with packet
// privacy, ReportProgress with 256 events, sessions that are held; and is_server_listening with packet integrity against
// ours and, where named, against a foreign server (against_samba.py). Calls one behind the other come from a client on a
// blocking socket, the same for every server. The floor is what no server goes without: epoll_wait, recv, send of as many
// octets, and the RC4 and HMAC-MD5 of nettle.
//
//   orpc_bench [--seconds=2] [--sessions=5000] [HOST PORT DOMAIN USER PASSWORD PID...]
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <nettle/arcfour.h>
#include <nettle/hmac.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/auth/accounts.h"
#include "dcom_bridge/auth/factory.h"
#include "dcom_bridge/auth/random.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/idl/percent.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/net/dcom_client.h"
#include "dcom_bridge/net/loop.h"
#include "dcom_bridge/net/rpc_client.h"
#include "dcom_bridge/net/rpc_listener.h"
#include "dcom_bridge/orpc/activator.h"
#include "dcom_bridge/orpc/exporter.h"
#include "dcom_bridge/orpc/orpc_header.h"
#include "dcom_bridge/orpc/oxid_resolver.h"
#include "dcom_bridge/rpc/account_auth_provider.h"
#include "dcom_bridge/rpc/client_association.h"
#include "dcom_bridge/rpc/management.h"

namespace ipam {
namespace {

constexpr base::Guid kClsid{1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
constexpr base::Guid kIid{2, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
constexpr char kDomain[] = "DOM", kUser[] = "user", kPassword[] = "secret";

constexpr std::uint16_t kNull = 3, kReport = 4;
constexpr std::size_t kEvents = 256;  // of one ReportProgress

// Takes what comes; a report is decoded first, as the gateway does.
class Target final : public orpc::Object {
 public:
  std::span<const orpc::InterfaceInfo> Interfaces() const override {
    static constexpr orpc::InterfaceInfo kInterfaces[] = {{.iid = kIid, .methods = 5}};
    return kInterfaces;
  }
  void Invoke(orpc::OrpcCall call, orpc::OrpcResponder respond) override {
    if (call.opnum == kReport) {
      const auto report = ndr::Decode<idl::ReportProgress>(call.body, call.endian);
      if (!report.ok() || report->events.size() != kEvents) std::abort();
    }
    respond(orpc::OrpcReply{{}, {}});
  }
};

// A subtask with a name of some 40 letters and no XML.
idl::ReportProgress SomeReport() {
  idl::ReportProgress report;
  for (std::size_t i = 0; i < kEvents; ++i) {
    idl::ProgressEvent& event = report.events.emplace_back();
    event.sequence = i + 1;
    event.kind = idl::EventKind::kSetSubTaskStatus;
    event.percent_complete = idl::FromPercent(42.5);
    event.sub_task_status = idl::SubTaskStatus::kInProgress;
    event.sub_task_instance.emplace();
    event.sub_task_instance->sub_task_name = u"Create CNAME record historian-17.corp.example";
  }
  return report;
}

[[noreturn]] void Serve(int tell) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  base::SystemClock clock;
  auth::SystemRandom random;
  const std::string file =
      absl::StrCat(kDomain, "\\", kUser, ":", auth::NtHash::OfPassword(kPassword).ToHex());
  rpc::AccountAuthProvider acceptors(auth::AcceptorFactory(
      std::make_shared<const auth::AccountFile>(*auth::AccountFile::Parse(file, "bench")),
      auth::ServerNames::FromHostName("server"), {}, clock, random));
  net::Loop loop;
  orpc::Exporter exporter({}, clock);
  orpc::OxidResolver resolver({}, exporter, clock);
  orpc::Activator activator({}, exporter);
  rpc::Management management({});
  rpc::ServiceTable services;
  for (rpc::Service* service :
       std::initializer_list<rpc::Service*>{&resolver, &activator, &exporter, &management}) {
    services.Add(*service);
  }
  activator.Register(kClsid, [](const auto&) -> orpc::Created { return std::make_shared<Target>(); });
  rpc::AssociationGroups groups;
  auto listener = net::RpcListener::Listen(loop, {}, services, acceptors, groups);
  if (!listener.ok()) std::abort();
  const std::uint16_t port = (*listener)->port();
  exporter.Advertise({.hosts = {"127.0.0.1"}, .port = port, .auth_types = {auth::AuthType::kSpnego}});
  if (write(tell, &port, sizeof port) != sizeof port) std::abort();
  loop.Run();
  std::exit(0);
}

constexpr std::size_t kRequestBytes = 96, kAnswerBytes = 64;  // of a null call with packet privacy

// One PDU of packet privacy with a body of `size` octets.
void Protect(arcfour_ctx& seal, std::uint8_t* body, std::size_t size) {
  static constexpr std::uint8_t kKey[16] = {1, 2, 3};
  std::uint8_t digest[MD5_DIGEST_SIZE];
  hmac_md5_ctx hmac;
  hmac_md5_set_key(&hmac, sizeof kKey, kKey);
  hmac_md5_update(&hmac, size, body);
  hmac_md5_digest(&hmac, sizeof digest, digest);
  arcfour_crypt(&seal, size, body, body);
  arcfour_crypt(&seal, 8, digest, digest);
}

// Answers kRequestBytes by kAnswerBytes, on one connection.
[[noreturn]] void ServeFloor(int tell) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (bind(listener, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(listener, 1) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    std::abort();
  }
  const std::uint16_t port = ntohs(at.sin_port);
  if (write(tell, &port, sizeof port) != sizeof port) std::abort();
  const int peer = accept(listener, nullptr, nullptr);
  const int yes = 1;
  setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const int poll = epoll_create1(0);
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {}};
  epoll_ctl(poll, EPOLL_CTL_ADD, peer, &event);
  arcfour_ctx in, out;
  const std::uint8_t key[16] = {4, 5, 6};
  arcfour_set_key(&in, sizeof key, key);
  arcfour_set_key(&out, sizeof key, key);
  std::uint8_t buffer[4096];
  while (epoll_wait(poll, &event, 1, -1) == 1) {
    const ssize_t got = recv(peer, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got == 0) break;
    if (got < 0) continue;
    Protect(in, buffer, kRequestBytes);
    Protect(out, buffer, kAnswerBytes);
    if (send(peer, buffer, kAnswerBytes, MSG_NOSIGNAL) != kAnswerBytes) break;
  }
  std::exit(0);
}

double ProcessorSeconds(const std::vector<pid_t>& processes) {
  double sum = 0;
  for (const pid_t process : processes) {
    clockid_t clock;
    timespec time{};
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) continue;
    sum += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }
  return sum;
}

struct Peer {
  net::Endpoint endpoint;
  auth::Credentials credentials;
  std::vector<pid_t> processes;
};

// One connection that makes calls one behind the other.
class Chain {
 public:
  Chain(net::Loop& loop, const Peer& target, auth::AuthLevel level)
      : endpoint_(target.endpoint),
        rpc_(loop, {.level = level},
             [this, credentials = target.credentials](const net::Endpoint& endpoint, const std::string&) {
               return auth::NewInitiator(auth::AuthType::kNtlm, credentials, "RPCSS/" + endpoint.host, clock_,
                                         random_);
             }),
        dcom_(loop, rpc_, clock_, {}) {}

  void Activate(std::function<void()> ready) {
    dcom_.CreateInstance(endpoint_, kClsid, {kIid},
                         [this, ready](absl::StatusOr<std::vector<net::Activated>> made) {
                           if (!made.ok()) std::abort();
                           object_ = made->front().interface;
                           ready();
                         });
  }
  void CallNull() {
    CallObject(kNull, {}, [this] { CallNull(); });
  }
  void CallReport() {
    CallObject(kReport, ndr::Encode(SomeReport()), [this] { CallReport(); });
  }
  const net::RemoteInterface& object() const { return object_; }
  std::uint64_t calls() const { return calls_; }

 private:
  void CallObject(std::uint16_t opnum, base::Bytes body, std::function<void()> then) {
    dcom_.Invoke(object_, opnum, std::move(body), absl::Seconds(30),
                 [this, then = std::move(then)](const net::InvokeOutcome& outcome) {
                   if (!std::holds_alternative<net::InvokeReply>(outcome)) std::abort();
                   ++calls_;
                   then();
                 });
  }

  const net::Endpoint endpoint_;
  base::SystemClock clock_;
  auth::SystemRandom random_;
  net::RpcClient rpc_;
  net::DcomClient dcom_;
  net::RemoteInterface object_;
  std::uint64_t calls_ = 0;
};

int ConnectTo(const net::Endpoint& endpoint) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(endpoint.port);
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (inet_pton(AF_INET, endpoint.host.c_str(), &at.sin_addr) != 1 ||
      connect(connection, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) {
    std::abort();
  }
  return connection;
}

// A client that adds as little as it can: a blocking socket, and one call behind the other.
class BlockingClient {
 public:
  BlockingClient(const Peer& target, auth::AuthLevel level, const pdu::SyntaxId& interface)
      : socket_(ConnectTo(target.endpoint)), association_(Options(target, level)) {
    Perform(association_.Open({interface}));
    while (!opened_) Receive();
  }
  ~BlockingClient() { close(socket_); }
  BlockingClient(const BlockingClient&) = delete;
  BlockingClient& operator=(const BlockingClient&) = delete;

  void Call(const rpc::CallRequest& request) {
    answered_ = false;
    Perform(association_.Call(request).second);
    while (!answered_) Receive();
  }

 private:
  rpc::ClientOptions Options(const Peer& target, auth::AuthLevel level) {
    rpc::ClientOptions options;
    options.level = level;
    auto initiator = auth::NewInitiator(auth::AuthType::kNtlm, target.credentials,
                                        "RPCSS/" + target.endpoint.host, clock_, random_);
    if (!initiator.ok()) std::abort();
    options.security = *std::move(initiator);
    return options;
  }
  void Receive() {
    const ssize_t got = recv(socket_, buffer_, sizeof buffer_, 0);
    if (got <= 0) std::abort();
    Perform(association_.OnBytes({buffer_, static_cast<std::size_t>(got)}));
  }
  void Perform(const rpc::ClientActions& actions) {
    for (const rpc::ClientAction& action : actions) {
      if (const auto* out = std::get_if<rpc::ClientSend>(&action)) {
        const auto size = static_cast<ssize_t>(out->bytes.size());
        if (send(socket_, out->bytes.data(), out->bytes.size(), MSG_NOSIGNAL) != size) std::abort();
      } else if (const auto* done = std::get_if<rpc::CallDone>(&action)) {
        if (!std::holds_alternative<rpc::CallReply>(done->result)) std::abort();
        answered_ = true;
      } else if (std::holds_alternative<rpc::Opened>(action)) {
        opened_ = true;
      } else {
        std::abort();
      }
    }
  }

  base::SystemClock clock_;
  auth::SystemRandom random_;
  const int socket_;
  rpc::ClientAssociation association_;
  std::uint8_t buffer_[4096];
  bool opened_ = false;
  bool answered_ = false;
};

// `call` again and again on one connection; what each costs the processes of the target.
void MeasureBlocking(const char* name, const std::vector<pid_t>& processes, double seconds,
                     const std::function<void()>& call) {
  const auto run = [&call](absl::Duration duration) {
    const absl::Time begun = absl::Now();
    std::size_t calls = 0;
    for (; calls % 64 != 0 || absl::Now() - begun < duration; ++calls) call();
    return static_cast<double>(calls) / absl::ToDoubleSeconds(absl::Now() - begun);
  };
  run(absl::Seconds(seconds / 4));
  const double processor = ProcessorSeconds(processes);
  const absl::Time begun = absl::Now();
  const double rate = run(absl::Seconds(seconds));
  const double calls = rate * absl::ToDoubleSeconds(absl::Now() - begun);
  std::printf("%-44s  1 connection  %9.0f calls/s %7.2f us of server each\n", name, rate,
              (ProcessorSeconds(processes) - processor) / calls * 1e6);
  std::fflush(stdout);
}

void MeasureListening(const char* name, const Peer& target, double seconds) {
  BlockingClient client(target, auth::AuthLevel::kIntegrity, rpc::kManagementInterface);
  const rpc::CallRequest request{rpc::kManagementInterface, 2, {}, {}};
  MeasureBlocking(name, target.processes, seconds, [&] { client.Call(request); });
}

void MeasureNull(const Peer& target, double seconds) {
  net::Loop loop;
  Chain holder(loop, target, auth::AuthLevel::kPrivacy);  // of the object
  holder.Activate([&loop] { loop.Stop(); });
  loop.Run();
  const pdu::SyntaxId interface { kIid, 0, 0 };
  BlockingClient client(target, auth::AuthLevel::kPrivacy, interface);
  orpc::OrpcThis header;
  header.causality = orpc::CausalityId{base::Guid::Random()};
  const rpc::CallRequest request{interface, kNull, holder.object().ipid.value, orpc::JoinRequest(header, {})};
  MeasureBlocking("null ORPC, privacy", target.processes, seconds, [&] { client.Call(request); });
}

void MeasureFloor(double seconds) {
  int told[2];
  if (pipe(told) != 0) std::abort();
  const pid_t server = fork();
  if (server == 0) ServeFloor(told[1]);
  std::uint16_t port = 0;
  if (read(told[0], &port, sizeof port) != sizeof port) std::abort();
  const int connection = ConnectTo({"127.0.0.1", port});
  std::uint8_t buffer[kRequestBytes] = {};
  MeasureBlocking("floor: epoll, RC4 and HMAC-MD5", {server}, seconds, [&] {
    if (send(connection, buffer, kRequestBytes, MSG_NOSIGNAL) != kRequestBytes) std::abort();
    for (ssize_t got = 0; got < static_cast<ssize_t>(kAnswerBytes);) {
      const ssize_t more = recv(connection, buffer, kAnswerBytes, 0);
      if (more <= 0) std::abort();
      got += more;
    }
  });
  close(connection);
  waitpid(server, nullptr, 0);
}

using Call = void (Chain::*)();

void Measure(const char* name, const Peer& target, std::size_t connections, Call call, double seconds) {
  net::Loop loop;
  std::vector<std::unique_ptr<Chain>> chains;
  const auto calls = [&] {
    std::uint64_t sum = 0;
    for (const auto& chain : chains) sum += chain->calls();
    return sum;
  };
  for (std::size_t i = 0; i < connections; ++i) {
    chains.push_back(std::make_unique<Chain>(loop, target, auth::AuthLevel::kPrivacy));
    Chain* chain = chains.back().get();
    chain->Activate([chain, call] { (chain->*call)(); });
  }
  std::uint64_t calls_before = 0;
  double processor_before = 0;
  absl::Time start;
  const net::Timer begin = loop.After(absl::Seconds(seconds / 4), [&] {
    calls_before = calls();
    processor_before = ProcessorSeconds(target.processes);
    start = absl::Now();
  });
  const net::Timer end = loop.After(absl::Seconds(seconds * 5 / 4), [&] { loop.Stop(); });
  loop.Run();
  const double processor = ProcessorSeconds(target.processes) - processor_before;
  const auto done = static_cast<double>(calls() - calls_before);
  std::printf("%-44s %2zu connections %9.0f calls/s %7.2f us of server each\n", name, connections,
              done / absl::ToDoubleSeconds(absl::Now() - start), processor / done * 1e6);
  std::fflush(stdout);
}

std::size_t ResidentKilobytes(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("RssAnon:", 0) == 0) return std::strtoull(line.c_str() + 8, nullptr, 10);
  }
  std::abort();
}

// Each with a connection, a security context and an object of its own.
void Hold(const Peer& target, std::size_t sessions) {
  constexpr std::size_t kAtOnce = 50;  // connections without an authenticated call are few
  net::Loop loop;
  std::vector<std::unique_ptr<Chain>> chains;
  std::size_t ready = 0;
  const std::size_t before = ResidentKilobytes(target.processes.front());
  std::function<void()> next = [&] {
    if (chains.size() == sessions) return;
    chains.push_back(std::make_unique<Chain>(loop, target, auth::AuthLevel::kPrivacy));
    chains.back()->Activate([&] {
      if (++ready == sessions) loop.Stop();
      next();
    });
  };
  for (std::size_t i = 0; i < kAtOnce; ++i) next();
  loop.Run();
  std::printf("%zu sessions held: %.1f KB of server each\n", sessions,
              static_cast<double>(ResidentKilobytes(target.processes.front()) - before) /
                  static_cast<double>(sessions));
}

int Run(int argc, char** argv) {
  double seconds = 2;
  std::size_t sessions = 5000;
  for (; argc > 1 && std::strncmp(argv[1], "--", 2) == 0; --argc, ++argv) {
    if (std::strncmp(argv[1], "--seconds=", 10) == 0) seconds = std::atof(argv[1] + 10);
    if (std::strncmp(argv[1], "--sessions=", 11) == 0) sessions = std::strtoul(argv[1] + 11, nullptr, 10);
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  int told[2];
  if (pipe(told) != 0) return 1;
  const pid_t server = fork();
  if (server == 0) Serve(told[1]);
  std::uint16_t port = 0;
  if (read(told[0], &port, sizeof port) != sizeof port) return 1;
  const Peer ours{{"127.0.0.1", port}, {kDomain, kUser, auth::NtHash::OfPassword(kPassword)}, {server}};
  // First: a worker of theirs ends when it has nothing to do for some seconds.
  if (argc >= 7) {
    Peer theirs{{argv[1], static_cast<std::uint16_t>(std::atoi(argv[2]))},
                {argv[3], argv[4], auth::NtHash::OfPassword(argv[5])},
                {}};
    for (int i = 6; i < argc; ++i) theirs.processes.push_back(std::atoi(argv[i]));
    MeasureListening("is_server_listening, integrity, theirs", theirs, seconds);
  }
  MeasureNull(ours, seconds);
  MeasureFloor(seconds);
  MeasureListening("is_server_listening, integrity", ours, seconds);
  Hold(ours, sessions);
  Measure("null ORPC, privacy", ours, 8, &Chain::CallNull, seconds);
  Measure("ReportProgress of 256 events, privacy", ours, 1, &Chain::CallReport, seconds);
  kill(server, SIGTERM);
  waitpid(server, nullptr, 0);
  return 0;
}

}  // namespace
}  // namespace ipam

int main(int argc, char** argv) { return ipam::Run(argc, argv); }
