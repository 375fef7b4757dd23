// What the heap of the C library keeps for itself. The GNU library holds on to what was freed in small blocks until a
// large one is wanted, and the larger the blocks it has seen, the longer: one large request would stay in the process.
#pragma once

#include <cstddef>

namespace ipam::base {

// For main(), before the first thread: large blocks go back to the system when they are freed, whatever came before them.
void LimitKeptMemory();

// After work on a text of `bytes` that made a block for each of its parts, and freed them all: gives them back where they
// are many. Any thread.
void ReturnFreedMemory(std::size_t bytes);

}  // namespace ipam::base
