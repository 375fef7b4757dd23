#include "gateway/hub/token.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "tests/support/hex.h"

namespace ipam::hub {
namespace {

TEST(ResumeToken, RoundTrips) {
  for (const bool in_snapshot : {false, true}) {
    for (const std::uint64_t offset :
         {std::uint64_t{0}, std::uint64_t{1}, std::numeric_limits<std::uint64_t>::max()}) {
      const Position position{0x0123456789abcdef, 7, offset, in_snapshot};
      EXPECT_EQ(DecodeToken(EncodeToken(position)), position);
    }
  }
}

// Tokens outlive the process that gave them, and its version.
TEST(ResumeToken, KeepsItsForm) {
  for (const auto& [file, position] : {std::pair("position", Position{0x0123456789abcdef, 7, 1000, false}),
                                       std::pair("in_snapshot", Position{42, 1, 0, true})}) {
    EXPECT_EQ(EncodeToken(position), test_support::GoldenText(std::string("hub/resume_token/") + file));
  }
}

TEST(ResumeToken, IsShortAndUrlSafe) {
  const std::string token =
      EncodeToken(Position{~std::uint64_t{0}, ~std::uint32_t{0}, ~std::uint64_t{0}, false});
  EXPECT_LE(token.size(), 64u);
  EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
}

TEST(ResumeToken, EveryChangedCharacterIsRefused) {
  const std::string token = EncodeToken(Position{42, 1, 1000, false});
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (const char c : {'A', 'z', '_', '=', ' ', '\0'}) {
      std::string changed = token;
      if (changed[i] == c) continue;
      changed[i] = c;
      EXPECT_FALSE(DecodeToken(changed).has_value()) << i;
    }
    EXPECT_FALSE(DecodeToken(token.substr(0, i)).has_value()) << i;
  }
  EXPECT_FALSE(DecodeToken(token + "A").has_value());
  EXPECT_FALSE(DecodeToken(std::string(100'000, 'A')).has_value());
}

}  // namespace
}  // namespace ipam::hub
