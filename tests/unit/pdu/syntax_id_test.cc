#include "dcom_bridge/pdu/syntax_id.h"

#include <gtest/gtest.h>

#include "dcom_bridge/base/fields.h"
#include "tests/support/hex.h"

namespace ipam::pdu {
namespace {

TEST(SyntaxId, WritesTheMinorVersionInTheUpperHalf) {
  SyntaxId syntax = kNdr;
  syntax.minor = 0x0102;
  for (const base::Endian endian : {base::Endian::kLittle, base::Endian::kBig}) {
    base::ByteWriter out(endian);
    base::WriteFields(out, syntax);
    const base::Bytes bytes = out.Take();
    EXPECT_EQ(test_support::ToHex(base::ByteView(bytes).subspan(16)),
              endian == base::Endian::kBig ? "01020002" : "02000201");
    base::ByteReader in(bytes, endian);
    SyntaxId read;
    base::ReadFields(in, read);
    EXPECT_EQ(read, syntax);
  }
}

TEST(FeatureSyntax, CarriesTheBits) {
  EXPECT_EQ(FeaturesOf(FeatureSyntax(kKeepConnectionOnOrphan)), kKeepConnectionOnOrphan);
  EXPECT_EQ(FeaturesOf(FeatureSyntax(0)), 0);
  EXPECT_EQ(FeaturesOf(kNdr), std::nullopt);
  SyntaxId other_version = FeatureSyntax(3);
  other_version.major = 2;
  EXPECT_EQ(FeaturesOf(other_version), std::nullopt);
}

}  // namespace
}  // namespace ipam::pdu
