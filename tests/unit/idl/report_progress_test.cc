#include <gtest/gtest.h>

#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/ndr/fault.h"
#include "tests/support/hex.h"
#include "tests/support/matchers.h"

namespace ipam::idl {
namespace {

ReportProgress WithEvents(std::size_t count) {
  ReportProgress report;
  for (std::size_t i = 0; i < count; ++i) {
    ProgressEvent event;
    event.sequence = i + 1;
    event.sub_task_instance.emplace();
    event.sub_task_instance->sub_task_name = u"Lookup";
    event.completion_status = std::u16string(i % 3, u'x');
    report.events.push_back(event);
  }
  return report;
}

TEST(ReportProgress, Takes1024EventsAndNotOneMore) {
  const ReportProgress most = WithEvents(1024);
  const auto back = ndr::Decode<ReportProgress>(ndr::Encode(most), base::Endian::kLittle);
  ASSERT_OK(back);
  EXPECT_EQ(*back, most);
  const auto refused = ndr::Decode<ReportProgress>(ndr::Encode(WithEvents(1025)), base::Endian::kLittle);
  EXPECT_EQ(ndr::FaultStatus(refused.status()), ndr::kFaultInvalidBound);
}

TEST(ReportProgress, RefusesAConformanceOtherThanItsCount) {
  base::Bytes stub = ndr::Encode(WithEvents(2));
  stub[4] = 1;  // max_count
  const auto refused = ndr::Decode<ReportProgress>(stub, base::Endian::kLittle);
  EXPECT_EQ(ndr::FaultStatus(refused.status()), ndr::kFaultInvalidBound);
}

TEST(ReportProgress, EveryStrictPrefixFails) {
  const base::Bytes stub = ndr::Encode(WithEvents(3));
  for (std::size_t size = 0; size < stub.size(); ++size) {
    const base::Bytes prefix(stub.begin(), stub.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(ndr::Decode<ReportProgress>(prefix, base::Endian::kLittle).ok()) << size;
  }
}

}  // namespace
}  // namespace ipam::idl
