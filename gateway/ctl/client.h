// Calls to one gateway. One thread: each call pumps a completion queue, so that an interrupt is seen while it
// waits.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>

#include "absl/time/time.h"
#include "ipam/progress/v1/progress.grpc.pb.h"

namespace ipam::ctl {

namespace v1 = progress::v1;

struct Timing {
  absl::Duration connect = absl::Seconds(5);
  absl::Duration call = absl::Seconds(30);       // of one call, connecting included; a watch has no end
  absl::Duration silence = absl::Seconds(45);    // of a watch: three heartbeats missed
  absl::Duration tick = absl::Milliseconds(50);  // how often an interrupt is looked for and bars are drawn
};

struct CallResult {
  enum class How {
    kAnswered,     // by the gateway, with this status
    kUnreachable,  // no connection, or it broke; the status says why and names the address
    kInterrupted,
  };
  How how = How::kAnswered;
  grpc::Status status;
  bool was_sent = true;  // false: there was no connection, so the gateway cannot have seen the call

  bool ok() const { return how == How::kAnswered && status.ok(); }
};

class Client {
 public:
  // `address` is host:port. `interrupted` may become true at any time, also from a signal handler, and ends
  // every call.
  Client(std::string address, Timing timing, const std::atomic<bool>& interrupted);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  template <typename Request, typename Response>
  using Method = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (v1::ProgressService::Stub::*)(
      grpc::ClientContext*, const Request&, grpc::CompletionQueue*);

  // One call, such as Call(&v1::ProgressService::Stub::AsyncGetOperation, request, response). A connection
  // that breaks meanwhile is made again for as long as connecting may take, so the request is to be one that
  // may be repeated.
  template <typename Request, typename Response>
  CallResult Call(Method<Request, Response> method, const Request& request, Response& response) {
    return Repeat([&](grpc::ClientContext& context, grpc::Status& status) {
      auto reader = (stub_.get()->*method)(&context, request, &queue_);
      reader->Finish(&response, &status, reader.get());
      return std::shared_ptr<void>(std::move(reader));
    });
  }

  template <typename Request, typename Response>
  using StreamMethod = std::unique_ptr<grpc::ClientAsyncReader<Response>> (v1::ProgressService::Stub::*)(
      grpc::ClientContext*, const Request&, grpc::CompletionQueue*);

  // One stream, to its end, such as Stream(&v1::ProgressService::Stub::PrepareAsyncWatchOperations, ...).
  // `on_tick` comes between messages, at least every tick.
  template <typename Request, typename Response>
  CallResult Stream(StreamMethod<Request, Response> method, const Request& request,
                    const std::function<void(const std::type_identity_t<Response>&)>& on_message,
                    const std::function<void()>& on_tick) {
    grpc::ClientContext context;
    Response message;
    auto reader = (stub_.get()->*method)(&context, request, &queue_);
    return Pump(
        context, [&](void* tag) { reader->StartCall(tag); }, [&](void* tag) { reader->Read(&message, tag); },
        [&](grpc::Status* status, void* tag) { reader->Finish(status, tag); }, [&] { on_message(message); },
        on_tick);
  }

  // False where it was interrupted.
  bool Sleep(absl::Duration duration, const std::function<void()>& on_tick);

  bool interrupted() const { return interrupted_; }
  const std::string& address() const { return address_; }

 private:
  void Connect();
  // Begins a call and gives what must live until it ended.
  using Begin = std::function<std::shared_ptr<void>(grpc::ClientContext&, grpc::Status&)>;
  CallResult Repeat(const Begin& begin);
  // Reads a stream to its end through these four.
  CallResult Pump(grpc::ClientContext& context, const std::function<void(void*)>& start,
                  const std::function<void(void*)>& read,
                  const std::function<void(grpc::Status*, void*)>& finish,
                  const std::function<void()>& on_message, const std::function<void()>& on_tick);
  bool Ready();
  // What a call that ended with `status` came to; `reason` where this side cancelled it.
  CallResult Judge(const grpc::Status& status, const std::string& reason);

  const std::string address_;
  const Timing timing_;
  const std::atomic<bool>& interrupted_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ProgressService::Stub> stub_;
  grpc::CompletionQueue queue_;
};

}  // namespace ipam::ctl
