#include "dcom_bridge/base/byte_reader.h"

#include <gtest/gtest.h>

#include "dcom_bridge/base/byte_writer.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::base {
namespace {

using test_support::FromHex;
using test_support::StatusIs;
using ::testing::HasSubstr;

TEST(ByteReader, ReadsIntegersOfEitherEndian) {
  const Bytes bytes = FromHex("01 0203 04050607 08090a0b0c0d0e0f");
  ByteReader little(bytes);
  EXPECT_EQ(little.U8(), 0x01);
  EXPECT_EQ(little.U16(), 0x0302);
  EXPECT_EQ(little.U32(), 0x07060504u);
  EXPECT_EQ(little.U64(), 0x0f0e0d0c0b0a0908u);
  EXPECT_OK(little.Finish());
  ByteReader big(bytes, Endian::kBig);
  EXPECT_EQ(big.U8(), 0x01);
  EXPECT_EQ(big.U16(), 0x0203);
  EXPECT_EQ(big.U32(), 0x04050607u);
  EXPECT_EQ(big.U64(), 0x08090a0b0c0d0e0fu);
  EXPECT_OK(big.Finish());
}

TEST(ByteReader, StaysFailedAtTheFirstBrokenByte) {
  const Bytes bytes = FromHex("0102030405");
  ByteReader in(bytes);
  in.U32();
  EXPECT_EQ(in.U32(), 0u);
  EXPECT_EQ(in.U8(), 0);  // there is a byte left, but nothing is read after a failure
  EXPECT_EQ(in.offset(), 4u);
  EXPECT_THAT(in.Finish(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("byte 4: needs 4 bytes, has 1")));
}

TEST(ByteReader, RefusesTrailingBytes) {
  const Bytes bytes = FromHex("010203");
  ByteReader in(bytes);
  in.U8();
  EXPECT_THAT(in.Finish(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2 trailing bytes")));
}

TEST(ByteReader, RefusesACountThatCannotFit) {
  const Bytes bytes = FromHex("0000000000000000");
  ByteReader in(bytes);
  EXPECT_EQ(in.Count(2, 4), 2u);
  EXPECT_EQ(in.Count(0xFFFFFFFFFFFFFFFF, 4), 0u);
  EXPECT_FALSE(in.ok());
}

TEST(ByteReader, AlignsFromTheFirstByte) {
  const Bytes bytes = FromHex("01000000 02");
  ByteReader in(bytes);
  in.U8();
  in.AlignTo(4);
  EXPECT_EQ(in.U8(), 2);
  in.AlignTo(8);
  EXPECT_FALSE(in.ok());
}

TEST(ByteReader, AnEmptyInputIsNoFailureUntilRead) {
  ByteReader in(ByteView{});
  EXPECT_OK(in.Finish());
  EXPECT_TRUE(in.Take(0).empty());
  EXPECT_EQ(in.U64(), 0u);
  EXPECT_FALSE(in.ok());
}

TEST(ByteWriter, WritesWhatTheReaderReads) {
  for (const Endian endian : {Endian::kLittle, Endian::kBig}) {
    ByteWriter out(endian);
    out.U8(1);
    out.AlignTo(8);
    out.U16(0x1234);
    out.U32(0);
    out.PatchU32(10, 0xA1B2C3D4);
    out.U64(0x1122334455667788);
    ByteReader in(out.view(), endian);
    EXPECT_EQ(in.U8(), 1);
    in.AlignTo(8);
    EXPECT_EQ(in.U16(), 0x1234);
    EXPECT_EQ(in.U32(), 0xA1B2C3D4u);
    EXPECT_EQ(in.U64(), 0x1122334455667788u);
    EXPECT_OK(in.Finish());
  }
}

}  // namespace
}  // namespace ipam::base
