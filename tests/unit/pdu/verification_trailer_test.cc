#include "dcom_bridge/pdu/verification_trailer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::pdu {
namespace {

using test_support::FromHex;
using test_support::StatusIs;

// Together the octets that python3-samba 4.17.12 makes of a sec_verification_trailer.
constexpr char kSignature[] = "8ae3137102f43671";
constexpr char kBitmask[] = "01000400 01000000";
constexpr char kPContext[] =
    "02002800 80bda8af8a7dc911bef408002b102989 01000000 045d888aeb1cc9119fe808002b104860 02000000";
constexpr char kHeader2Last[] = "03401000 00 00 0000 10000000 07000000 0100 0300";

base::Bytes Stub(const std::string& hex) { return FromHex("11223344" + hex); }

TEST(VerificationTrailer, IsReadWithAllItsCommands) {
  const auto found =
      FindVerificationTrailer(Stub(std::string(kSignature) + kBitmask + kPContext + kHeader2Last));
  ASSERT_OK(found);
  ASSERT_TRUE(found->has_value());
  const VerificationTrailer& trailer = **found;
  EXPECT_EQ(trailer.offset, 4u);
  EXPECT_EQ(trailer.bitmask, 1u);
  ASSERT_TRUE(trailer.pcontext.has_value());
  EXPECT_EQ(trailer.pcontext->interface.ToString(), "afa8bd80-7d8a-11c9-bef4-08002b102989 v1.0");
  EXPECT_EQ(trailer.pcontext->transfer, kNdr);
  ASSERT_TRUE(trailer.header2.has_value());
  EXPECT_EQ(trailer.header2->call_id, 7u);
  EXPECT_EQ(trailer.header2->context_id, 1);
  EXPECT_EQ(trailer.header2->opnum, 3);
}

TEST(VerificationTrailer, IsWrittenAsItIsRead) {
  VerificationTrailer trailer;
  trailer.header2 = {0, {0x10, 0, 0, 0}, 7, 1, 3};
  base::Bytes stub = FromHex("112233");
  AppendVerificationTrailer(stub, trailer);
  EXPECT_EQ(stub, FromHex("112233 00" + std::string(kSignature) + kHeader2Last));
  trailer.bitmask = 1;
  trailer.pcontext = {{{0xafa8bd80, 0x7d8a, 0x11c9, {0xbe, 0xf4, 8, 0, 0x2b, 0x10, 0x29, 0x89}}, 1, 0}, kNdr};
  stub = FromHex("11223344");
  AppendVerificationTrailer(stub, trailer);
  EXPECT_EQ(stub, Stub(std::string(kSignature) + kBitmask + kPContext + kHeader2Last));
}

TEST(VerificationTrailer, IsNotThereWithoutWellFormedCommands) {
  for (const std::string& rest : {std::string(""), std::string("0100"), std::string("01400400 0100"),
                                  std::string("01400200 0100"), std::string(kBitmask)}) {
    const auto found = FindVerificationTrailer(Stub(kSignature + rest));
    ASSERT_OK(found);
    EXPECT_FALSE(found->has_value()) << rest;
  }
}

TEST(VerificationTrailer, IsLookedForOnFourByteBoundariesOnly) {
  const auto found = FindVerificationTrailer(FromHex("1122" + std::string(kSignature) + "01400400 01000000"));
  ASSERT_OK(found);
  EXPECT_FALSE(found->has_value());
}

TEST(VerificationTrailer, UnknownCommandIsSkippedUnlessItMustBeProcessed) {
  EXPECT_OK(FindVerificationTrailer(Stub(std::string(kSignature) + "09400400 01000000")));
  EXPECT_THAT(FindVerificationTrailer(Stub(std::string(kSignature) + "09c00400 01000000")),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST(VerificationTrailer, IsFoundAtTheEndOfALongStub) {
  base::Bytes stub(100'002);
  while (stub.size() % 4 != 0) stub.push_back(0);
  const base::Bytes trailer = FromHex(std::string(kSignature) + "01400400 01000000");
  stub.insert(stub.end(), trailer.begin(), trailer.end());
  const auto found = FindVerificationTrailer(stub);
  ASSERT_OK(found);
  EXPECT_TRUE(found->has_value());
}

}  // namespace
}  // namespace ipam::pdu
