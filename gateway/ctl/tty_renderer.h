// Bars that move, drawn over the last drawing. An operation that has ended is drawn once more, above those
// that move, and scrolls away with the rest of the terminal's text.
#pragma once

#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>

#include "gateway/ctl/renderer.h"

namespace ipam::ctl {

struct TerminalSize {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

// `size` is asked before each drawing. Draws in OnTick, where something changed, and in OnEnd.
std::unique_ptr<Renderer> NewTtyRenderer(std::FILE* out, std::function<TerminalSize()> size);

// Of the terminal that `out` is; 24 by 80 where it is none.
TerminalSize SizeOf(std::FILE* out);

}  // namespace ipam::ctl
