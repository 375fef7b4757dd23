#include "dcom_bridge/orpc/error_info.h"

#include <gtest/gtest.h>

#include "dcom_bridge/orpc/obj_ref.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"
#include "wire_samples.h"

namespace ipam::orpc {
namespace {

using namespace samples;
using test_support::FromHex;
using test_support::StatusIs;
using test_support::ToHex;
using ::testing::HasSubstr;

// By hand from [MS-DCOM] 2.2.18.6, 2.2.21.2 and 2.2.21.3.
constexpr const char* kGolden =
    "4d454f57 04000000 20b1f21c7d541b108e6508002b2bd119"  // OBJREF_CUSTOM of IErrorInfo
    "1b03000000000000c000000000000046 00000000 38000000"  // CLSID_ErrorObject, cbExtension, reserved
    "00000000 07000000 8ce56025d370dc4a872bd8a4d8604f84"  // dwVersion, dwHelpContext, iid
    "00000000"                                            // no source
    "ffffffff 03000000 00000000 03000000 3c00 3e00 0000"  // description "<>"
    "00000000"                                            // no help file
    "";

ErrorInfo Sample() {
  ErrorInfo info;
  info.help_context = 7;
  info.iid = kIid;
  info.description = "<>";
  return info;
}

TEST(ErrorInfo, IsAnObjectReferenceInAnExtent) {
  OrpcExtent extent = Sample().ToExtent();
  EXPECT_EQ(extent.id, kClsidErrorExtension);
  base::Bytes golden = FromHex(kGolden);
  golden[44] = static_cast<std::uint8_t>(golden.size() - 48);
  EXPECT_EQ(ToHex(extent.data), ToHex(golden));
  const auto back = ErrorInfo::FromExtent({kClsidErrorExtension, golden});
  ASSERT_OK(back);
  EXPECT_EQ(*back, Sample());
}

TEST(ErrorInfo, KeepsAllItsStrings) {
  ErrorInfo info = Sample();
  info.source = "";
  info.description = std::string(3000, 'x') + "\xF0\x9F\x94\x92";
  info.help_file = "help";
  const auto back = ErrorInfo::FromExtent(info.ToExtent());
  ASSERT_OK(back);
  EXPECT_EQ(*back, info);
}

TEST(ErrorInfo, TravelsInTheResponseHeader) {
  OrpcThat header;
  header.extensions = OrpcExtentArray::Of({{kClsid, {1}}, Sample().ToExtent()});
  const auto parts = SplitResponse(JoinResponse(header, FromHex("57000780")), base::Endian::kLittle);
  ASSERT_OK(parts);
  EXPECT_EQ(ErrorDescription(parts->header), "<>");
  EXPECT_EQ(ToHex(parts->body), "57000780");
}

TEST(ErrorInfo, AHeaderWithoutItHasNoDescription) {
  EXPECT_EQ(ErrorDescription({}), "");
  OrpcThat broken;
  broken.extensions = OrpcExtentArray::Of({{kClsidErrorExtension, {1, 2, 3}}});
  EXPECT_EQ(ErrorDescription(broken), "");
}

struct BadCase {
  const char* name;
  std::size_t offset;
  const char* hex;
  const char* error;
};
class ErrorInfoDecode : public ::testing::TestWithParam<BadCase> {};

TEST_P(ErrorInfoDecode, Refuses) {
  base::Bytes octets = FromHex(kGolden);
  const base::Bytes change = FromHex(GetParam().hex);
  std::copy(change.begin(), change.end(), octets.begin() + static_cast<std::ptrdiff_t>(GetParam().offset));
  EXPECT_THAT(ErrorInfo::FromExtent({kClsidErrorExtension, octets}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(GetParam().error)));
}

INSTANTIATE_TEST_SUITE_P(
    All, ErrorInfoDecode,
    ::testing::Values(BadCase{"another_class", 24, "00", "unknown class"},
                      BadCase{"version", 48, "01", "version"}, BadCase{"signature", 76, "01", "signature"},
                      BadCase{"counts_differ", 80, "04", "counts"}, BadCase{"offset", 84, "01", "counts"},
                      BadCase{"beyond_end", 80, "ffffffff00000000ffffffff", "count 4294967295"}),
    [](const auto& test) { return test.param.name; });

TEST(ErrorInfo, RefusesAnExtentOfAnotherFormat) {
  EXPECT_THAT(ErrorInfo::FromExtent({kClsid, {}}), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace ipam::orpc
