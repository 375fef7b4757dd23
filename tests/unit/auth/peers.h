// Two sides of a logon for the tests of this folder: one account, a clock that stands, random octets that
// count up.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "dcom_bridge/auth/factory.h"
#include "tests/support/fake_clock.h"
#include "tests/support/matchers.h"

namespace ipam::auth {

class CountingRandom final : public RandomSource {
 public:
  void Fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& octet : out) octet = next_++;
  }

 private:
  std::uint8_t next_ = 1;
};

inline Credentials Alice(std::string_view password = "Pa55word") {
  Credentials out;
  out.domain = "CONTOSO";
  out.user = "Alice";
  out.nt_hash = NtHash::OfPassword(password);
  out.workstation = "CLIENT1";
  return out;
}

inline std::shared_ptr<const AccountFile> Accounts() {
  const std::string text = "Contoso\\alice:" + NtHash::OfPassword("Pa55word").ToHex() +
                           "\nbob:" + NtHash::OfPassword("b").ToHex() + "\n";
  absl::StatusOr<AccountFile> file = AccountFile::Parse(text, "test");
  EXPECT_OK(file);
  return std::make_shared<const AccountFile>(*std::move(file));
}

struct World {
  test_support::FakeClock clock;
  CountingRandom random;
  AcceptorFactory factory{Accounts(),
                          ServerNames::FromHostName("server1.contoso.example"),
                          {.guard = {.account_failures = 0}},  // tests fail on purpose, and often
                          clock,
                          random};

  std::unique_ptr<SecurityContext> Initiator(AuthType type, const Credentials& credentials = Alice()) {
    absl::StatusOr<std::unique_ptr<SecurityContext>> out =
        NewInitiator(type, credentials, "RPCSS/server1", clock, random);
    EXPECT_OK(out);
    return *std::move(out);
  }
  std::unique_ptr<SecurityContext> Acceptor(AuthType type) {
    absl::StatusOr<std::unique_ptr<SecurityContext>> out = factory.NewAcceptor(type, "10.0.0.7");
    EXPECT_OK(out);
    return *std::move(out);
  }
};

// Carries tokens until neither side has more to say; gives the first error.
inline absl::Status Handshake(SecurityContext& initiator, SecurityContext& acceptor) {
  Token to_acceptor, to_initiator;
  while (!to_acceptor.complete || !to_initiator.complete) {
    if (!to_acceptor.complete) {
      absl::StatusOr<Token> token = initiator.Step(to_initiator.bytes);
      if (!token.ok()) return token.status();
      to_acceptor = *std::move(token);
    }
    if (!to_initiator.complete) {
      absl::StatusOr<Token> token = acceptor.Step(to_acceptor.bytes);
      if (!token.ok()) return token.status();
      to_initiator = *std::move(token);
    }
  }
  return absl::OkStatus();
}

// A PDU of the shape that RPC protects: header, body, sec_trailer.
struct Pdu {
  static constexpr std::size_t kHeader = 24, kTrailer = 8;

  base::Bytes bytes;
  base::Bytes auth_value;

  explicit Pdu(std::string_view body) : bytes(kHeader, 0xA0) {
    bytes.insert(bytes.end(), body.begin(), body.end());
    bytes.insert(bytes.end(), kTrailer, 0xB0);
  }
  std::size_t body_size() const { return bytes.size() - kHeader - kTrailer; }
  std::string body() const { return std::string(bytes.begin() + kHeader, bytes.end() - kTrailer); }

  absl::Status Protect(SecurityContext& from, AuthLevel level) {
    absl::StatusOr<base::Bytes> value = from.Protect(level, bytes, kHeader, body_size(), true);
    if (value.ok()) auth_value = *value;
    return value.status();
  }
  absl::Status Unprotect(SecurityContext& to, AuthLevel level) {
    return to.Unprotect(level, bytes, kHeader, body_size(), auth_value, true);
  }
};

}  // namespace ipam::auth
