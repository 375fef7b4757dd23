// Any bytes: framed, decoded and encoded. What was understood must come back the same from its own encoding.
#include <cstdint>
#include <cstdlib>

#include "dcom_bridge/pdu/framer.h"
#include "dcom_bridge/pdu/verification_trailer.h"
#include "tests/unit/pdu/support/reencode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ipam;
  pdu::Framer framer(0xFFFF);
  framer.Append({data, size});
  for (auto pdu = framer.Next(); pdu.ok() && *pdu; pdu = framer.Next()) {
    const auto once = pdu_test::Reencode(**pdu);
    if (!once.ok()) continue;
    const auto twice = pdu_test::Reencode(*once);
    if (!twice.ok() || *twice != *once) std::abort();
  }
  pdu::FindVerificationTrailer({data, size}).IgnoreError();
  return 0;
}
