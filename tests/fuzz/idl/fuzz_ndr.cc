// Feeds the input to the decoder of every method of ipam_progress.idl, in both byte orders. What decodes must
// come back the same after encoding.
#include <cstdlib>

#include "dcom_bridge/idl/operation_with_progress2.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/idl/percent.h"
#include "dcom_bridge/ndr/codec.h"

namespace ipam::idl {
namespace {

template <typename... Messages>
void RoundTrip(base::ByteView stub, base::Endian endian) {
  const auto one = [&]<typename T>(const T*) {
    const auto message = ndr::Decode<T>(stub, endian);
    if (!message.ok()) return;
    const auto again = ndr::Decode<T>(ndr::Encode(*message), base::Endian::kLittle);
    if (!again.ok() || !(*again == *message)) std::abort();
  };
  (one(static_cast<const Messages*>(nullptr)), ...);
}

void PercentRoundTrip(base::ByteView stub) {
  const auto message = ndr::Decode<SetCompletionPercentage>(stub, base::Endian::kLittle);
  if (!message.ok()) return;
  const auto percent = ToPercent(message->completion_percentage);
  if (percent && !(*percent >= 0 && *percent <= 100 && ToPercent(FromPercent(*percent)))) std::abort();
}

}  // namespace
}  // namespace ipam::idl

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ipam;
  using namespace ipam::idl;
  const base::ByteView stub(data, size);
  for (const base::Endian endian : {base::Endian::kLittle, base::Endian::kBig}) {
    RoundTrip<InitializeOperationParameters, StartOperationWithCallback, GetOperationIdResponse,
              ResumeCallback, CancelOperation, SetInitiator, StartProgressCallback, SetCompletionPercentage,
              SetSubTaskStatus, SetOverallStatus, AddSubTask, ReportProgress, ResultResponse>(stub, endian);
  }
  PercentRoundTrip(stub);
  return 0;
}
