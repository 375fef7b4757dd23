// What both fuzz targets of this folder need: a world that is the same for every input.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "dcom_bridge/auth/factory.h"

namespace ipam::auth {

class StillClock final : public base::Clock {
 public:
  absl::Time Now() override { return absl::FromUnixSeconds(1'700'000'000); }
};

class ZeroRandom final : public RandomSource {
 public:
  void Fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), std::uint8_t{0}); }
};

struct Sides {
  StillClock clock;
  ZeroRandom random;
  AcceptorFactory factory{std::make_shared<const AccountFile>(
                              *AccountFile::Parse("D\\u:00112233445566778899aabbccddeeff", "fuzz")),
                          ServerNames::FromHostName("server.example"),
                          {},
                          clock,
                          random};

  std::unique_ptr<SecurityContext> Acceptor(AuthType type) { return *factory.NewAcceptor(type, "10.0.0.7"); }
  std::unique_ptr<SecurityContext> Initiator(AuthType type) {
    Credentials credentials;
    credentials.user = "u";
    return *NewInitiator(type, credentials, "RPCSS/server", clock, random);
  }
};

// No input can know the key, so a context that lets one in, or that lives on after an error, is broken.
inline void FeedAcceptor(SecurityContext& acceptor, base::ByteView token) {
  const absl::StatusOr<Token> step = acceptor.Step(token);
  if (step.ok() && step->complete) std::abort();
  if (!step.ok() && acceptor.Step(token).ok()) std::abort();
  if (acceptor.peer()) std::abort();
}

}  // namespace ipam::auth
