#include "dcom_bridge/pdu/sec_trailer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::pdu {
namespace {

using test_support::GoldenBytes;
using test_support::StatusIs;
using ::testing::HasSubstr;

constexpr std::size_t kPadLengthFromEnd = 16 + 6;  // of request.auth: value, trailer's tail

TEST(Split, RefusesPaddingThatReachesIntoTheCallHeader) {
  base::Bytes pdu = GoldenBytes("pdu/request.auth.hex");
  std::uint8_t& pad_length = pdu[pdu.size() - kPadLengthFromEnd];
  ASSERT_EQ(pad_length, 12);
  pad_length = 16;
  EXPECT_OK(Split(pdu));
  pad_length = 17;
  EXPECT_THAT(Split(pdu), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("padding")));
}

TEST(Split, RefusesAuthLengthLongerThanThePdu) {
  base::Bytes pdu = GoldenBytes("pdu/request.hex");
  pdu[10] = 9;  // 16 octets of body hold a trailer and 8 octets of value
  EXPECT_THAT(Split(pdu), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("auth_length")));
}

TEST(Split, RefusesFragLengthThatIsNotTheLength) {
  base::Bytes pdu = GoldenBytes("pdu/request.hex");
  pdu.push_back(0);
  EXPECT_FALSE(Split(pdu).ok());
}

TEST(Assemble, PadsFromTheFirstByteOfTheBody) {
  Header header;
  header.type = PduType::kBind;
  const base::Bytes body(13, 0xBB);
  const base::Bytes value(5, 0xAA);
  AuthPart auth{{10, 6, 0, 0, 1}, value};
  const base::Bytes pdu = Assemble(header, body, &auth, 16);
  const auto segments = Split(pdu);
  ASSERT_OK(segments);
  EXPECT_EQ(segments->header.frag_length, pdu.size());
  EXPECT_EQ(segments->header.auth_length, 5);
  EXPECT_EQ(segments->body.size(), 16u);
  EXPECT_EQ(segments->trailer->pad_length, 3);
  EXPECT_TRUE(
      std::equal(value.begin(), value.end(), segments->auth_value.begin(), segments->auth_value.end()));
}

}  // namespace
}  // namespace ipam::pdu
