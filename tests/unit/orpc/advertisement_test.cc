#include "dcom_bridge/orpc/advertisement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ipam::orpc {
namespace {

using ::testing::ElementsAre;

const Advertisement kAt{
    {"host.example", "10.0.0.1"}, 4135, {auth::AuthType::kSpnego, auth::AuthType::kNtlm}, "ipam/x"};

TEST(Advertisement, ExporterBindingsCarryThePort) {
  const DualStringArray bindings = ExporterBindings(kAt);
  EXPECT_THAT(bindings.strings, ElementsAre(StringBinding{kProtseqTcp, "host.example[4135]"},
                                            StringBinding{kProtseqTcp, "10.0.0.1[4135]"}));
  EXPECT_THAT(bindings.securities, ElementsAre(SecurityBinding{9, "ipam/x"}, SecurityBinding{10, "ipam/x"}));
}

TEST(Advertisement, ResolverBindingsCarryThePortOnlyWhereItIsNotTheWellKnownOne) {
  EXPECT_EQ(ResolverBindings(kAt).strings.front().network_address, "host.example[4135]");
  Advertisement well_known = kAt;
  well_known.port = 135;
  EXPECT_EQ(ResolverBindings(well_known).strings.front().network_address, "host.example");
  EXPECT_EQ(ExporterBindings(well_known).strings.front().network_address, "host.example[135]");
  EXPECT_EQ(ResolverBindings(well_known).securities, ExporterBindings(well_known).securities);
}

}  // namespace
}  // namespace ipam::orpc
