#include "dcom_bridge/base/memory.h"

#include <malloc.h>

namespace ipam::base {
namespace {

constexpr int kLargeBlock = 1 << 20;
constexpr int kKeptAtTop = 4 << 20;
constexpr std::size_t kLargeText = std::size_t{2} << 20;  // some 20 MB of blocks

}  // namespace

void LimitKeptMemory() {
#ifdef __GLIBC__
  // Set, they do not grow by themselves.
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  mallopt(M_TRIM_THRESHOLD, kKeptAtTop);
#endif
}

void ReturnFreedMemory(std::size_t bytes) {
#ifdef __GLIBC__
  if (bytes >= kLargeText) malloc_trim(0);
#else
  (void)bytes;
#endif
}

}  // namespace ipam::base
