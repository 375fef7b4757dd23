// The border between a connection (Asio, bytes) and what is spoken on it (HTTP, a watch, WebSocket).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "gateway/web/session_context.h"

namespace ipam::web {

// What is spoken on a connection. Loop thread only. A handler lives until the connection has closed or become
// another, and is never destroyed inside one of these calls.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void OnStart() {}
  virtual void OnBytes(std::string_view bytes) = 0;
  virtual void OnPeerEnd() = 0;  // the peer sends nothing more
  virtual void OnFlushed() {}    // all is written, after a Write that said false
  virtual void OnDeadline() = 0;
  // The server stops: end at the next good moment, or (`now`) at once.
  virtual void OnStop(bool now) = 0;
};

// Brings calls of other threads to the loop of a connection. Any thread; outlives the connection.
class Remote {
 public:
  virtual ~Remote() = default;
  // `call` runs on the loop, in order, and not at all once the connection has closed: it may capture the
  // handler.
  virtual void Post(absl::AnyInvocable<void()> call) = 0;
};

// A connection as its handler sees it. Loop thread only. After CloseGracefully or Reset the handler hears
// nothing more.
class Transport {
 public:
  virtual ~Transport() = default;

  // True: all is on its way. False: what is left is kept, and OnFlushed follows.
  virtual bool Write(std::string_view bytes) = 0;
  virtual bool has_unsent() const = 0;
  // Empty; to build what is given to Write at once. The loop's: idle connections keep no buffer.
  virtual std::string* Scratch() = 0;

  virtual void SetDeadline(absl::Duration from_now) = 0;
  virtual void ClearDeadline() = 0;
  virtual void PauseReading() = 0;
  virtual void ResumeReading() = 0;

  // Hands the connection over, with bytes that were read beyond the last message of the old handler.
  virtual void Become(std::unique_ptr<Handler> next, std::string rest) = 0;
  // After what is unsent: no more bytes from us, the peer's last ones are dropped, then closed.
  virtual void CloseGracefully() = 0;
  // Drops what is unsent; the peer sees a reset.
  virtual void Reset() = 0;

  virtual const std::string& local_address() const = 0;
  virtual std::shared_ptr<Remote> remote() = 0;
  virtual SessionContext& context() = 0;
};

}  // namespace ipam::web
