// Feeds every seed to the fuzz entry point: what libFuzzer does with them, for builds without clang. A .hex
// file is fed as written and as the bytes it spells; so is each prefix of these.
#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "seeds.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using ipam::fuzz::Input;

// The input lies in a heap block of its exact size, so that the address sanitizer sees an overrun of one
// byte.
void Feed(const Input& input, std::size_t size) {
  const Input exact(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void Replay(const std::filesystem::path& path) {
  constexpr std::size_t kPrefixes = 4096;
  const Input raw = ipam::fuzz::ReadFile(path);
  Feed(raw, raw.size());
  if (path.extension() != ".hex") return;
  const Input bytes = ipam::fuzz::SpelledBytes(raw);
  for (std::size_t size = 0; size < std::min(bytes.size(), kPrefixes); ++size) Feed(bytes, size);
  Feed(bytes, bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  const auto files = ipam::fuzz::SeedFiles({argv + 1, argv + argc});
  for (const auto& file : files) Replay(file);
  std::printf("replayed %zu seeds\n", files.size());
  return files.empty() ? 2 : 0;
}
