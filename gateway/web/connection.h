// A socket on its loop: waits, reads, writes, deadlines. What is spoken on it is the handler's. Loop thread
// only, but for what remote() gives. No buffer is held while nothing is under way.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/web/loop.h"
#include "gateway/web/transport.h"

namespace ipam::web {

class Connection final : public Transport, public std::enable_shared_from_this<Connection> {
 public:
  // `loop` outlives the connection.
  Connection(Loop& loop, boost::asio::ip::tcp::socket socket);
  ~Connection() override;

  void Start();
  void OnStop(bool now);
  void Tick(Loop::TimePoint now);
  bool open() const { return open_; }
  void DropHandler() { handler_.reset(); }

  bool Write(std::string_view bytes) override;
  bool has_unsent() const override { return !out_.empty(); }
  std::string* Scratch() override { return loop_.Scratch(); }
  void SetDeadline(absl::Duration from_now) override;
  void ClearDeadline() override { deadline_ = Loop::TimePoint::max(); }
  void PauseReading() override { reading_ = false; }
  void ResumeReading() override;
  void Become(std::unique_ptr<Handler> next, std::string rest) override;
  void CloseGracefully() override;
  void Reset() override;
  const std::string& local_address() const override { return local_address_; }
  std::shared_ptr<Remote> remote() override;
  SessionContext& context() override { return loop_.context(); }

 private:
  enum class Closing { kNo, kFlushing, kLingering };

  void WaitRead();
  void OnReadable();
  void WaitWrite();
  void OnWritable();
  void Linger();
  void Drop();
  // What the socket takes of `bytes` now; drops the connection where it is broken.
  std::size_t SendSome(std::string_view bytes);

  Loop& loop_;
  boost::asio::ip::tcp::socket socket_;
  std::string local_address_;
  std::unique_ptr<Handler> handler_;
  std::shared_ptr<Remote> remote_;
  std::string out_;  // unsent from out_sent_ on
  std::size_t out_sent_ = 0;
  Loop::TimePoint deadline_ = Loop::TimePoint::max();
  Loop::TimePoint last_progress_;  // of unsent bytes
  bool open_ = true;
  bool reading_ = true;
  bool read_waiting_ = false;
  bool write_waiting_ = false;
  Closing closing_ = Closing::kNo;
};

}  // namespace ipam::web
