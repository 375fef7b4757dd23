// The layouts that the reader bounds counts with, against what the writer makes of a value without pointees.
#include <gtest/gtest.h>

#include "dcom_bridge/idl/types.h"
#include "dcom_bridge/ndr/writer.h"

namespace ipam::idl {
namespace {

template <typename T>
std::size_t WrittenSize() {
  ndr::Writer out;
  out(T{});
  return out.size();
}

TEST(Layout, IsWhatIsWritten) {
  EXPECT_EQ(WrittenSize<SubTaskInstance>(), SubTaskInstance::kNdrLayout.min_bytes);
  EXPECT_EQ(WrittenSize<ProgressEvent>(), ProgressEvent::kNdrLayout.min_bytes);
  EXPECT_EQ(WrittenSize<ndr::Decimal>(), ndr::Decimal::kNdrLayout.min_bytes);
}

TEST(Enumerators, EndWhereTheIdlSays) {
  EXPECT_TRUE(IsValid(OverallStatus{3}));
  EXPECT_FALSE(IsValid(OverallStatus{4}));
  EXPECT_TRUE(IsValid(SubTaskStatus{6}));
  EXPECT_FALSE(IsValid(SubTaskStatus{7}));
  EXPECT_TRUE(IsValid(EventKind{4}));
  EXPECT_FALSE(IsValid(EventKind{0xffffffff}));
}

}  // namespace
}  // namespace ipam::idl
