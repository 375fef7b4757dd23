// What a delivery to a WebSocket costs: the web server against a bare epoll loop that writes the same frames,
// to as many watchers, in one run. CPU is that of the writing process; the readers are another one.
//   ws_fanout [WATCHERS [EVENTS [BURST]]]
// `burst` events are published, then nothing until all have left. Burst 1: each event is written alone.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fake_hub.h"
#include "gateway/web/web_server.h"
#include "gateway/web/ws_frame.h"
#include "gateway/web/ws_protocol.h"

namespace {

using ipam::web::FakeHub;

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long ResidentKilobytes() {
  long pages = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%*d %ld", &pages) != 1) std::exit(1);
  std::fclose(file);
  return pages * (::sysconf(_SC_PAGESIZE) / 1024);
}

// 250 bytes of JSON, as an event of a subtask is.
ipam::hub::FramePtr Event(int n) {
  ipam::progress::v1::WatchOperationsResponse response;
  response.set_resume_token("EAG92ikLZA5VAQAAAAAAAAAAAAAAF2pjtg");
  auto* event = response.mutable_events()->add_events();
  event->set_operation("operations/20261122-112804-db7bc275f105");
  event->set_sequence(static_cast<std::uint64_t>(n) + 1'000'000);
  event->mutable_receive_time()->set_seconds(1'790'000'000);
  event->mutable_percentage()->set_percent(n % 100 + 0.5);
  event->set_source_sequence(static_cast<std::uint64_t>(n) + 1'000'000);
  return std::make_shared<const ipam::hub::Frame>(response);
}

// The readers: connects, subscribes where asked, and reads all until the writer ends.
void RunReaders(std::uint16_t port, int watchers, bool websocket, int ready_fd) {
  const int epoll = ::epoll_create1(0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int open = 0;
  for (int i = 0; i < watchers; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::exit(3);
    if (websocket) {
      const std::string hello =
          "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
      const std::string text = R"({"type":"subscribe","id":"1"})";
      std::string frame = "\x81";
      frame.push_back(static_cast<char>(0x80 | text.size()));
      frame += std::string(4, '\0') + text;
      const std::string all = hello + frame;
      if (::send(fd, all.data(), all.size(), 0) < 0) std::exit(3);
    }
    epoll_event event{EPOLLIN, {.fd = fd}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    ++open;
  }
  if (::write(ready_fd, "r", 1) != 1) std::exit(3);
  std::vector<char> buffer(1 << 20);
  std::vector<epoll_event> events(1024);
  while (open > 0) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      if (::recv(events[i].data.fd, buffer.data(), buffer.size(), 0) <= 0) {
        ::close(events[i].data.fd);
        --open;
      }
    }
  }
  std::exit(0);
}

int StartReaders(std::uint16_t port, int watchers, bool websocket) {
  int ready[2];
  if (::pipe(ready) != 0) std::exit(1);
  if (::fork() == 0) RunReaders(port, watchers, websocket, ready[1]);
  return ready[0];
}

void Await(int ready) {
  char byte;
  if (::read(ready, &byte, 1) != 1) std::exit(1);
}

double Bare(const std::vector<ipam::hub::FramePtr>& events, int watchers, int burst) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 1024) != 0)
    std::exit(1);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const int ready = StartReaders(ntohs(address.sin_port), watchers, false);
  std::vector<int> sockets;
  const int epoll = ::epoll_create1(0);
  for (int i = 0; i < watchers; ++i) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{EPOLLOUT | EPOLLET, {.fd = fd}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    sockets.push_back(fd);
  }
  Await(ready);
  std::vector<std::string> writes;  // prebuilt
  const std::string prefix = ipam::web::WsProtocol::NextPrefix("1");
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i % static_cast<std::size_t>(burst) == 0) writes.emplace_back();
    ipam::web::AppendWsText(prefix, events[i]->json(), "}", &writes.back());
  }
  const double before = CpuSeconds();
  for (const std::string& bytes : writes) {
    for (const int fd : sockets) {
      std::size_t sent = 0;
      while (sent < bytes.size()) {
        const ssize_t n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (n > 0) sent += static_cast<std::size_t>(n);
        if (n < 0) {
          epoll_event event;
          ::epoll_wait(epoll, &event, 1, 10);
        }
      }
    }
  }
  const double used = CpuSeconds() - before;
  for (const int fd : sockets) ::close(fd);
  ::close(listener);
  ::close(epoll);
  ::wait(nullptr);
  return used;
}

double Server(const std::vector<ipam::hub::FramePtr>& events, int watchers, int burst, long* idle_kilobytes) {
  FakeHub hub;
  hub.outbox_bytes_ = 4 << 20;
  ipam::web::WebOptions options;
  options.port = 0;
  auto server = ipam::web::WebServer::Start(options, hub);
  if (!server.ok()) std::exit(1);
  const long kilobytes = ResidentKilobytes();
  Await(StartReaders((*server)->port(), watchers, true));
  while (hub.watches().size() < static_cast<std::size_t>(watchers)) ::usleep(1000);
  *idle_kilobytes = ResidentKilobytes() - kilobytes;
  const std::vector<FakeHub::Watched> watches = hub.watches();
  const double before = CpuSeconds();
  for (std::size_t i = 0; i < events.size();) {
    // As the hub's fan-out does: a watch gets all events of a group, then the next watch.
    const std::size_t end = std::min(events.size(), i + static_cast<std::size_t>(burst));
    for (const auto& watch : watches) {
      const ipam::hub::Outbox::Hold one_write(*watch.outbox);
      for (std::size_t k = i; k < end; ++k) watch.outbox->Push(events[k]);
    }
    i = end;
    for (const auto& watch : watches) {
      while (!watch.outbox->idle()) ::usleep(200);
    }
  }
  const double used = CpuSeconds() - before;
  (*server)->Stop(absl::ZeroDuration());
  ::wait(nullptr);
  return used;
}

}  // namespace

int main(int argc, char** argv) {
  const int watchers = argc > 1 ? std::atoi(argv[1]) : 1000;
  const int count = argc > 2 ? std::atoi(argv[2]) : 500;
  const int burst = argc > 3 ? std::atoi(argv[3]) : 50;
  std::vector<ipam::hub::FramePtr> events;
  for (int i = 0; i < count; ++i) events.push_back(Event(i));
  std::size_t bytes = 0;
  for (const auto& event : events) bytes += event->json().size();
  const double deliveries = static_cast<double>(watchers) * count;
  const double bare = Bare(events, watchers, burst);
  long idle = 0;
  const double server = Server(events, watchers, burst, &idle);
  std::printf("%d watchers, %d events of %zu bytes in bursts of %d\n", watchers, count, bytes / events.size(),
              burst);
  std::printf("bare epoll %.3f us a delivery, server %.3f us, ratio %.2f\n", bare / deliveries * 1e6,
              server / deliveries * 1e6, server / bare);
  std::printf("an idle WebSocket %.1f KB\n", static_cast<double>(idle) / watchers);
  return 0;
}
