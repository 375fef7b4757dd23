#include "dcom_bridge/auth/spnego_token.h"

#include <gtest/gtest.h>

#include "dcom_bridge/auth/der.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::auth {
namespace {

using test_support::FromHex;
using test_support::GoldenBytes;
using test_support::StatusIs;
using test_support::ToHex;
using ::testing::HasSubstr;

TEST(NegTokenInit, ReadsWhatWindowsOffers) {
  const absl::StatusOr<NegTokenInit> init =
      NegTokenInit::Decode(GoldenBytes("auth/neg_token_init.windows.hex"));
  ASSERT_OK(init);
  ASSERT_EQ(init->mech_types.size(), 3u);
  EXPECT_EQ(init->mech_types[2], kNtlmOid);
  EXPECT_EQ(ToHex(init->mech_types_der).substr(0, 8), "30220609");
  EXPECT_EQ(EncodeMechTypes(init->mech_types), init->mech_types_der);
  EXPECT_EQ(init->mech_token, FromHex("6082"));
}

TEST(NegTokenInit, ReadsTheExampleOfTheSpecification) {
  const base::Bytes golden = GoldenBytes("auth/neg_token_init2.spec.hex");
  const absl::StatusOr<NegTokenInit> init = NegTokenInit::Decode(golden);
  ASSERT_OK(init);
  ASSERT_EQ(init->mech_types.size(), 2u);  // NEGOEX before NTLM
  EXPECT_EQ(init->mech_types[1], kNtlmOid);
  EXPECT_EQ(ToHex(init->mech_types_der), "3018060a2b06010401823702021e060a2b06010401823702020a");
  ASSERT_TRUE(init->mech_token.has_value());
  EXPECT_EQ(init->mech_token->size(), 254u);
  EXPECT_EQ(ToHex(*init->mech_token).substr(0, 16), "4e45474f45585453");  // "NEGOEXTS"
  for (std::size_t size = 0; size < golden.size(); ++size) {
    EXPECT_FALSE(NegTokenInit::Decode(base::ByteView(golden).first(size)).ok()) << size;
  }
}

TEST(NegTokenInit, ComesBackFromItsOctets) {
  NegTokenInit init;
  init.mech_types = {kNtlmOid};
  init.mech_token = base::Bytes(300, 7);
  const absl::StatusOr<NegTokenInit> decoded = NegTokenInit::Decode(init.Encode());
  ASSERT_OK(decoded);
  EXPECT_EQ(decoded->mech_types, init.mech_types);
  EXPECT_EQ(decoded->mech_token, init.mech_token);
  EXPECT_EQ(decoded->mech_types_der, FromHex("300c060a2b06010401823702020a"));
}

TEST(NegTokenResp, ComesBackFromItsOctets) {
  NegTokenResp full;
  full.state = NegState::kRequestMic;
  full.supported_mech = kNtlmOid;
  full.response_token = base::Bytes(130, 1);
  full.mech_list_mic = base::Bytes(16, 2);
  for (int mask = 0; mask < 16; ++mask) {
    NegTokenResp some = full;
    if (mask & 1) some.state.reset();
    if (mask & 2) some.supported_mech.reset();
    if (mask & 4) some.response_token.reset();
    if (mask & 8) some.mech_list_mic.reset();
    const absl::StatusOr<NegTokenResp> decoded = NegTokenResp::Decode(some.Encode());
    ASSERT_OK(decoded);
    EXPECT_EQ(decoded->state, some.state);
    EXPECT_EQ(decoded->supported_mech, some.supported_mech);
    EXPECT_EQ(decoded->response_token, some.response_token);
    EXPECT_EQ(decoded->mech_list_mic, some.mech_list_mic);
  }
}

TEST(NegTokenResp, HasTheOctetsOfTheSpecification) {
  NegTokenResp answer;
  answer.state = NegState::kAcceptCompleted;
  answer.mech_list_mic = FromHex("0100");
  EXPECT_EQ(ToHex(answer.Encode()), "a10d300ba0030a0100a30404020100");
}

TEST(SpnegoTokens, RefuseEveryStrictPrefixAndTrailingOctets) {
  const base::Bytes init = GoldenBytes("auth/neg_token_init.windows.hex");
  for (std::size_t size = 0; size < init.size(); ++size) {
    const base::Bytes prefix(init.begin(), init.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THAT(NegTokenInit::Decode(prefix), StatusIs(absl::StatusCode::kInvalidArgument)) << size;
  }
  const base::Bytes resp = GoldenBytes("auth/neg_token_resp.challenge.hex");
  for (std::size_t size = 0; size < resp.size(); ++size) {
    const base::Bytes prefix(resp.begin(), resp.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THAT(NegTokenResp::Decode(prefix), StatusIs(absl::StatusCode::kInvalidArgument)) << size;
  }
  for (base::Bytes longer : {init, resp}) {
    longer.push_back(0);
    EXPECT_FALSE(NegTokenInit::Decode(longer).ok());
    EXPECT_FALSE(NegTokenResp::Decode(longer).ok());
  }
}

TEST(SpnegoTokens, RefuseWhatIsMalformed) {
  const std::pair<const char*, const char*> resps[] = {
      {"a1 80 3000 0000", "negTokenResp"},        // indefinite length
      {"a1 85 0000000002 3000", "negTokenResp"},  // five length octets
      {"a1 84 ffffffff 3000", "negTokenResp"},    // longer than all there is
      {"a1 07 3005 a003 0a0104", "unknown negState"},
      {"a1 08 3006 a004 0a020000", "unknown negState"},
      {"a1 07 3005 a003 020100", "negState"},
      {"a1 09 3007 a005 0a0100 0500", "octets after negState"},
      {"a1 06 3004 a202 0500", "responseToken"},
      {"a1 08 3006 a204 0400 0500", "responseToken"},
      {"a0 02 3000", "not a negTokenResp"},
  };
  for (const auto& [hex, what] : resps) {
    EXPECT_THAT(NegTokenResp::Decode(FromHex(hex)),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what)))
        << hex;
  }
  const std::pair<const char*, const char*> inits[] = {
      {"600e 06062b0601050502 a104 3002 3000", "not a negTokenInit"},
      {"600e 06062b0601050503 a004 3002 3000", "not of SPNEGO"},
      {"6010 06062b0601050502 a006 3004 a002 0500", "mechTypes is no sequence"},
      {"6012 06062b0601050502 a008 3006 a004 3002 0500", "mechType is no object identifier"},
  };
  for (const auto& [hex, what] : inits) {
    EXPECT_THAT(NegTokenInit::Decode(FromHex(hex)),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what)))
        << hex;
  }
}

TEST(SpnegoTokens, BearLengthsThatAreLongerThanNeedBe) {
  const absl::StatusOr<NegTokenResp> resp = NegTokenResp::Decode(FromHex("a1 820009 30 8105 a003 0a0101"));
  EXPECT_THAT(resp,
              StatusIs(absl::StatusCode::kInvalidArgument));  // the inner length does not fill the outer
  EXPECT_OK(NegTokenResp::Decode(FromHex("a1 820008 30 8105 a003 0a0101")));
}

TEST(NegTokenInit, BoundsItsMechanisms) {
  NegTokenInit init;
  init.mech_types.assign(32, kNtlmOid);
  EXPECT_OK(NegTokenInit::Decode(init.Encode()));
  init.mech_types.push_back(kNtlmOid);
  EXPECT_THAT(NegTokenInit::Decode(init.Encode()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more than 32")));
}

}  // namespace
}  // namespace ipam::auth
