// Every PDU in tests/golden/pdu: what is read from it, and that encoding it gives the same octets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/hex.h"
#include "tests/support/matchers.h"
#include "tests/unit/pdu/support/reencode.h"

namespace ipam::pdu {
namespace {

using test_support::GoldenBytes;
using test_support::ToHex;

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(IPAM_SOURCE_DIR "/tests/golden/pdu")) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string TestName(const ::testing::TestParamInfo<std::string>& param) {
  std::string name = param.param.substr(0, param.param.rfind('.'));
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

class GoldenPdu : public ::testing::TestWithParam<std::string> {
 protected:
  const base::Bytes bytes_ = GoldenBytes("pdu/" + GetParam());
};
INSTANTIATE_TEST_SUITE_P(All, GoldenPdu, ::testing::ValuesIn(Names()), TestName);

TEST_P(GoldenPdu, EncodesToTheSameOctets) {
  const auto again = pdu_test::Reencode(bytes_);
  ASSERT_OK(again);
  if (bytes_[4] == 0x10) {
    EXPECT_EQ(ToHex(*again), ToHex(bytes_));
  } else {
    const auto third = pdu_test::Reencode(*again);
    ASSERT_OK(third);
    EXPECT_EQ(ToHex(*again), ToHex(*third));
  }
}

TEST_P(GoldenPdu, EveryStrictPrefixFails) {
  for (std::size_t size = 0; size < bytes_.size(); ++size) {
    const base::Bytes prefix(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(Split(prefix).ok()) << size;
  }
}

TEST_P(GoldenPdu, EveryShortenedBodyFailsOrIsReadWithinIt) {
  for (std::size_t size = kHeaderSize; size < bytes_.size(); ++size) {
    base::Bytes shortened(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
    const std::size_t at = bytes_[4] == 0x10 ? 8 : 9;
    shortened[at] = static_cast<std::uint8_t>(size);
    pdu_test::Reencode(shortened).IgnoreError();
  }
}

TEST_P(GoldenPdu, EveryFlippedBitIsBorne) {
  for (std::size_t i = 0; i < bytes_.size() * 8; ++i) {
    base::Bytes flipped = bytes_;
    flipped[i / 8] ^= static_cast<std::uint8_t>(1 << i % 8);
    const auto once = pdu_test::Reencode(flipped);
    if (!once.ok()) continue;
    const auto twice = pdu_test::Reencode(*once);
    ASSERT_OK(twice);
    EXPECT_EQ(*once, *twice);
  }
}

Segments SplitGolden(const base::Bytes& bytes) {
  const auto segments = Split(bytes);
  EXPECT_OK(segments);
  return *segments;
}

TEST(BindDecode, ReadsContextsAndFeatures) {
  const base::Bytes bytes = GoldenBytes("pdu/bind.three_contexts.hex");
  const Segments segments = SplitGolden(bytes);
  EXPECT_EQ(segments.header.type, PduType::kBind);
  EXPECT_EQ(segments.header.call_id, 1u);
  const auto bind = DecodeBind(segments.body, segments.header.endian());
  ASSERT_OK(bind);
  EXPECT_EQ(bind->max_xmit_frag, 5840);
  EXPECT_EQ(bind->max_recv_frag, 5840);
  ASSERT_EQ(bind->contexts.size(), 3u);
  EXPECT_EQ(bind->contexts[0].abstract_syntax.ToString(), "afa8bd80-7d8a-11c9-bef4-08002b102989 v1.0");
  EXPECT_EQ(bind->contexts[0].transfer_syntaxes, std::vector{kNdr});
  EXPECT_EQ(bind->contexts[1].transfer_syntaxes, std::vector{kNdr64});
  EXPECT_EQ(bind->contexts[2].id, 2);
  EXPECT_EQ(bind->contexts[2].transfer_syntaxes, std::vector{FeatureSyntax(kKnownFeatures)});
}

TEST(BindDecode, ReadsTokenAndHeaderSigning) {
  const base::Bytes bytes = GoldenBytes("pdu/bind.auth.hex");
  const Segments segments = SplitGolden(bytes);
  EXPECT_TRUE(segments.header.has(kSupportHeaderSign));
  EXPECT_TRUE(segments.header.has(kConcurrentMultiplexing));
  ASSERT_TRUE(segments.trailer.has_value());
  EXPECT_EQ(segments.trailer->auth_type, 10);
  EXPECT_EQ(segments.trailer->auth_level, 6);
  EXPECT_EQ(segments.trailer->context_id, 7u);
  EXPECT_EQ(segments.auth_value.size(), 13u);
}

TEST(BindDecode, RefusesCountsBeyondTheBody) {
  base::Bytes body = GoldenBytes("pdu/bind.three_contexts.hex");
  body.erase(body.begin(), body.begin() + kHeaderSize);
  body[8] = 255;
  EXPECT_THAT(DecodeBind(body, base::Endian::kLittle),
              test_support::StatusIs(absl::StatusCode::kInvalidArgument, ::testing::HasSubstr("byte 12")));
}

TEST(BindAckDecode, ReadsAddressAndResults) {
  const base::Bytes bytes = GoldenBytes("pdu/bind_ack.hex");
  const auto ack = DecodeBindAck(SplitGolden(bytes).body, base::Endian::kLittle);
  ASSERT_OK(ack);
  EXPECT_EQ(ack->secondary_address, "135");
  EXPECT_EQ(ack->assoc_group_id, 0x53f0u);
  ASSERT_EQ(ack->results.size(), 2u);
  EXPECT_EQ(ack->results[0].result, ContextResult::kAcceptance);
  EXPECT_EQ(ack->results[0].transfer_syntax, kNdr);
  EXPECT_EQ(ack->results[1].result, ContextResult::kProviderRejection);
  EXPECT_EQ(ack->results[1].reason, kReasonTransferSyntaxesNotSupported);
}

TEST(BindNakDecode, ReadsReason) {
  const base::Bytes bytes = GoldenBytes("pdu/bind_nak.hex");
  const auto nak = DecodeBindNak(SplitGolden(bytes).body, base::Endian::kLittle);
  ASSERT_OK(nak);
  EXPECT_EQ(nak->reason, RejectReason::kAuthTypeNotRecognized);
}

TEST(RequestDecode, ReadsObject) {
  const base::Bytes bytes = GoldenBytes("pdu/request.object.hex");
  const auto request = DecodeRequest(SplitGolden(bytes).body, base::Endian::kLittle, true);
  ASSERT_OK(request);
  EXPECT_EQ(request->object, base::Guid::Parse("00112233-4455-6677-8899-aabbccddeeff"));
  EXPECT_EQ(ToHex(request->stub), "31323334");
}

TEST(RequestDecode, ReadsBigEndian) {
  const base::Bytes bytes = GoldenBytes("pdu/request.big_endian.hex");
  const Segments segments = SplitGolden(bytes);
  EXPECT_EQ(segments.header.call_id, 7u);
  const auto request = DecodeRequest(segments.body, segments.header.endian(), false);
  ASSERT_OK(request);
  EXPECT_EQ(request->context_id, 1);
  EXPECT_EQ(request->opnum, 2);
  EXPECT_EQ(request->alloc_hint, 4u);
}

TEST(RequestDecode, CutsPaddingOff) {
  const base::Bytes bytes = GoldenBytes("pdu/request.auth.hex");
  const Segments segments = SplitGolden(bytes);
  ASSERT_TRUE(segments.trailer.has_value());
  const auto request =
      DecodeRequest(segments.body, base::Endian::kLittle, false, segments.trailer->pad_length);
  ASSERT_OK(request);
  EXPECT_EQ(ToHex(request->stub), "31323334");
}

TEST(FaultDecode, ReadsStatusAndFlag) {
  const base::Bytes bytes = GoldenBytes("pdu/fault.hex");
  const Segments segments = SplitGolden(bytes);
  EXPECT_TRUE(segments.header.has(kDidNotExecute));
  const auto fault = DecodeFault(segments.body, base::Endian::kLittle);
  ASSERT_OK(fault);
  EXPECT_EQ(fault->status, kOperationRange);
  EXPECT_EQ(fault->context_id, 1);
}

}  // namespace
}  // namespace ipam::pdu
