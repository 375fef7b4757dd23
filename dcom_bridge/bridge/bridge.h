// The DCOM side of the gateway: one loop and one thread, the listener for callbacks, and an
// event::OperationSource for each management server. No DCOM type passes this header.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/event/event_sink.h"
#include "dcom_bridge/event/operation_source.h"

namespace ipam::bridge {

enum class Protection { kIntegrity, kPrivacy };
// kSpnego: Kerberos where the account has it and there is a ticket for the server, else NTLM.
enum class Mechanism { kSpnego, kNtlm, kKerberos };

// A management server and the account that calls it.
struct ServerOptions {
  std::string name;  // the source's name in the API
  std::string host;
  std::uint16_t port = 135;
  std::string domain;
  std::string user;
  std::string password;  // wiped from the options once the hash is made
  // Kerberos where one of these is given; by the password where there is neither keytab nor cache.
  std::string kerberos_principal;  // "user@REALM"
  std::string keytab;
  std::string ccache;
  std::string spn;               // the server's name at the KDC; empty: RPCSS/<host>
  std::string callback_account;  // "DOMAIN\user" that may call back; empty: the account that calls
};

struct BridgeOptions {
  std::vector<ServerOptions> servers;
  Protection protection = Protection::kPrivacy;
  Mechanism mechanism = Mechanism::kSpnego;

  std::vector<std::string> callback_addresses = {"127.0.0.1"};  // IP addresses to listen on
  std::uint16_t callback_port = 0;                              // of all of them; 0: any free one
  // Names or addresses under which servers reach the listener, the preferred one first. Empty:
  // callback_addresses, or, where one of them is a wildcard, this host's name.
  std::vector<std::string> callback_hosts;

  // Keys of our own names at the KDC, for callbacks by Kerberos; empty: by NTLM only.
  std::string callback_keytab;

  absl::Duration call_timeout = absl::Seconds(30);      // of a call to a server
  absl::Duration probe_interval = absl::Seconds(1);     // between ServerAlive2 calls on the kept connection
  absl::Duration unreachable_after = absl::Seconds(4);  // a probe without an answer: disconnected
  // A session that is lost for so long ends its operation as OUTCOME_UNKNOWN; it is tried on.
  absl::Duration resume_timeout = absl::Minutes(10);
  absl::Duration min_backoff = absl::Milliseconds(200);  // between attempts to connect, doubling ...
  absl::Duration max_backoff = absl::Seconds(5);         // ... up to this
  absl::Duration min_retest = absl::Seconds(1);   // between tests of callbacks that do not come, doubling ...
  absl::Duration max_retest = absl::Seconds(30);  // ... up to this
};

// The XML texts of callbacks, by the root element that ipam_progress.idl gives them.
enum class TextKind { kException, kCompletionStatus, kSubtaskDetails };

// What the bridge has to know of XML, which it does not read itself. Called on the bridge's thread.
struct Texts {
  // Whether a text of a callback is well formed and valid; kInvalidArgument if not.
  std::function<absl::Status(TextKind kind, const std::string& xml)> check;
  // The message of an IpamException; empty where there is none.
  std::function<std::string(const std::string& xml)> error;
};

class Bridge {
 public:
  // Listens for callbacks, then connects to the servers in the background. kAlreadyExists: the callback port
  // is in use. `sink` and `clock` live until Stop() returned.
  static absl::StatusOr<std::unique_ptr<Bridge>> Start(BridgeOptions options, event::EventSink& sink,
                                                       Texts texts, base::Clock& clock);
  ~Bridge();

  std::uint16_t callback_port() const;
  struct Source {
    std::string name;
    event::OperationSource* source;  // as long as the bridge
  };
  std::vector<Source> sources() const;

  // Releases the server's objects, waits for that at most `grace`, and ends the thread. Operations that run
  // go on at their server. The sources answer kUnavailable from then on. The destructor calls it without
  // grace.
  void Stop(absl::Duration grace);

 private:
  class Impl;
  explicit Bridge(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipam::bridge
