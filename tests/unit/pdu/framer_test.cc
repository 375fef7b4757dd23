#include "dcom_bridge/pdu/framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::pdu {
namespace {

using test_support::GoldenBytes;
using test_support::StatusIs;
using ::testing::HasSubstr;

TEST(Framer, GivesWholePdusWhateverTheSplit) {
  const base::Bytes one = GoldenBytes("pdu/request.hex");
  const base::Bytes two = GoldenBytes("pdu/bind_ack.hex");
  const base::Bytes big = GoldenBytes("pdu/request.big_endian.hex");
  base::Bytes stream;
  for (const base::Bytes& pdu : {one, two, big, one}) stream.insert(stream.end(), pdu.begin(), pdu.end());
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    Framer framer(5840);
    std::vector<base::Bytes> pdus;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      framer.Append(base::ByteView(stream).subspan(at, std::min(piece, stream.size() - at)));
      for (auto next = framer.Next(); next.ok() && *next; next = framer.Next()) pdus.push_back(**next);
    }
    EXPECT_EQ(pdus, (std::vector{one, two, big, one})) << piece;
    EXPECT_EQ(framer.buffered(), 0u);
  }
}

TEST(Framer, RefusesFragLengthShorterThanAHeader) {
  base::Bytes pdu = GoldenBytes("pdu/shutdown.hex");
  pdu[8] = 15;
  Framer framer(5840);
  framer.Append(pdu);
  EXPECT_THAT(framer.Next(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("byte 16")));
  EXPECT_FALSE(framer.refused().has_value());
}

TEST(Framer, RefusesFragLengthBeyondTheLimitByItsHeaderAlone) {
  base::Bytes header = GoldenBytes("pdu/request.hex");
  header.resize(kHeaderSize);
  header[8] = 0xD1;  // 5841
  header[9] = 0x16;
  Framer framer(5840);
  framer.Append(header);
  EXPECT_THAT(framer.Next(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("5841")));
  ASSERT_TRUE(framer.refused().has_value());
  EXPECT_EQ(framer.refused()->call_id, 5u);
  EXPECT_EQ(framer.refused()->type, PduType::kRequest);
}

TEST(Framer, TakesAPduOfTheLimit) {
  base::Bytes pdu = GoldenBytes("pdu/request.hex");
  Framer framer(static_cast<std::uint16_t>(pdu.size()));
  framer.Append(pdu);
  const auto next = framer.Next();
  ASSERT_OK(next);
  EXPECT_EQ(*next, pdu);
}

}  // namespace
}  // namespace ipam::pdu
