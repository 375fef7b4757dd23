#include "dcom_bridge/orpc/object.h"

#include <gtest/gtest.h>

#include "fake_object.h"

namespace ipam::orpc {
namespace {

class Circle final : public FakeObject {
 public:
  std::span<const InterfaceInfo> Interfaces() const override {
    static constexpr InterfaceInfo kInterfaces[] = {{kBaseIid, kDerivedIid, 5}, {kDerivedIid, kBaseIid, 5}};
    return kInterfaces;
  }
};

TEST(Object, HasIUnknownAlways) {
  const FakeObject object;
  ASSERT_NE(FindInterface(object, kIidIUnknown), nullptr);
  EXPECT_EQ(FindInterface(object, kIidIUnknown)->methods, 3);
  EXPECT_EQ(FindInterface(object, kDerivedIid)->methods, 6);
  EXPECT_EQ(FindInterface(object, kOtherIid), nullptr);
}

TEST(Object, InheritsUpwardsOnly) {
  const FakeObject object;
  EXPECT_TRUE(IsOrInherits(object, kDerivedIid, kDerivedIid));
  EXPECT_TRUE(IsOrInherits(object, kDerivedIid, kBaseIid));
  EXPECT_TRUE(IsOrInherits(object, kDerivedIid, kIidIUnknown));
  EXPECT_FALSE(IsOrInherits(object, kBaseIid, kDerivedIid));
  EXPECT_FALSE(IsOrInherits(object, kOtherIid, kBaseIid));
  EXPECT_FALSE(IsOrInherits(object, kDerivedIid, kOtherIid));
}

TEST(Object, InheritanceInACircleEnds) {
  EXPECT_FALSE(IsOrInherits(Circle(), kBaseIid, kOtherIid));
  EXPECT_FALSE(IsOrInherits(Circle(), kBaseIid, kIidIUnknown));
}

}  // namespace
}  // namespace ipam::orpc
