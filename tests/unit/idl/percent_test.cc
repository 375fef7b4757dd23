#include "dcom_bridge/idl/percent.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ipam::idl {
namespace {

using ndr::Decimal;

struct PercentCase {
  const char* name;
  Decimal decimal;
  std::optional<double> percent;
};
class Percent : public ::testing::TestWithParam<PercentCase> {};

TEST_P(Percent, FollowsTheIdl) { EXPECT_EQ(ToPercent(GetParam().decimal), GetParam().percent); }

// reserved, scale, sign, hi32, lo64
INSTANTIATE_TEST_SUITE_P(
    All, Percent,
    ::testing::Values(
        PercentCase{"zero", {0, 0, 0, 0, 0}, 0.0}, PercentCase{"minus_zero", {0, 3, 0x80, 0, 0}, 0.0},
        PercentCase{"half", {0, 1, 0, 0, 5}, 0.5}, PercentCase{"hundred", {0, 0, 0, 0, 100}, 100.0},
        PercentCase{"hundred_with_places", {0, 2, 0, 0, 10000}, 100.0},
        PercentCase{"third_scale_27", {0, 27, 0, 1807003620, 14926626734644483413u}, 100.0 / 3},
        PercentCase{"reserved_is_ignored", {0xffff, 1, 0, 0, 125}, 12.5},
        PercentCase{"hundred_and_one", {0, 0, 0, 0, 101}, std::nullopt},
        PercentCase{"hundred_and_a_bit",
                    {0, 18, 0, 5, 7766279631452241921u},
                    std::nullopt},  // 100.000000000000000001
        PercentCase{"hundred_scale_18", {0, 18, 0, 5, 7766279631452241920u}, 100.0},
        PercentCase{"negative", {0, 0, 0x80, 0, 1}, std::nullopt},
        PercentCase{"scale_28", {0, 28, 0, 0xffffffff, 0xffffffffffffffff}, 7.9228162514264337593543950335},
        PercentCase{"scale_29", {0, 29, 0, 0, 1}, std::nullopt},
        PercentCase{"scale_29_of_zero", {0, 29, 0, 0, 0}, std::nullopt},
        PercentCase{"sign_1", {0, 0, 1, 0, 1}, std::nullopt},
        PercentCase{"largest", {0, 0, 0, 0xffffffff, 0xffffffffffffffff}, std::nullopt}),
    [](const auto& test) { return test.param.name; });

TEST(FromPercent, ReadsBackTheSame) {
  for (const double percent : {0.0, 0.1, 1.0, 12.5, 100.0 / 3, 99.99999999999999, 100.0, 1e-9}) {
    EXPECT_EQ(ToPercent(FromPercent(percent)), percent);
  }
}

TEST(FromPercent, IsShortest) {
  EXPECT_EQ(FromPercent(0.1), (Decimal{0, 1, 0, 0, 1}));
  EXPECT_EQ(FromPercent(100), (Decimal{0, 0, 0, 0, 100}));
}

TEST(FromPercent, KeepsToTheRange) {
  EXPECT_EQ(FromPercent(-1), Decimal{});
  EXPECT_EQ(FromPercent(std::nan("")), Decimal{});
  EXPECT_EQ(FromPercent(std::numeric_limits<double>::infinity()), (Decimal{0, 0, 0, 0, 100}));
  EXPECT_EQ(ToPercent(FromPercent(std::numeric_limits<double>::denorm_min())), 0.0);
}

}  // namespace
}  // namespace ipam::idl
