// What a walk along the way to a management server finds, step by step.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"

namespace ipam::event {

// In the order in which they are taken; numbered as in progress.proto.
enum class DiagnosisStep : std::uint8_t {
  kName = 1,        // the server's name has an address
  kPort,            // something takes connections there
  kBind,            // it speaks RPC, and has an object resolver
  kAuthentication,  // it takes the account
  kLevel,           // it takes the level of protection, for activation too
  kActivation,      // it makes a session
  kExporter,        // the address that it gives for the session leads to it (OXID resolution)
  kCallback,        // it calls back
};

enum class DiagnosisOutcome : std::uint8_t {
  kOk = 1,
  kWarning,  // works, and should be looked at
  kFailed,   // the last step
};

struct DiagnosisReport {
  DiagnosisStep step = DiagnosisStep::kName;
  DiagnosisOutcome outcome = DiagnosisOutcome::kOk;
  std::string detail;  // what was seen; of a failure which side refused, and with what
  std::string advice;  // what to change; empty where nothing is
  absl::Duration duration;
};

// From any thread; must not block. False: nobody listens any more, the walk may end.
using OnReport = std::function<bool(const DiagnosisReport&)>;

}  // namespace ipam::event
