// Feeds every file of the given files and folders to the fuzz entry point: what libFuzzer does with seeds, for builds
// without clang. A .hex file is fed as written and, comments dropped, as the bytes it spells; so is each prefix of these.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::uint8_t> Read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::uint8_t> SpelledBytes(const std::vector<std::uint8_t>& text) {
  std::vector<std::uint8_t> out;
  int high = -1;
  bool comment = false;
  for (const std::uint8_t c : text) {
    if (c == '\n') comment = false;
    if (c == '/' || c == '#') comment = true;
    if (comment) continue;
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return out;
}

// The input lies in a heap block of its exact size, so that the address sanitizer sees an overrun of one byte.
void Feed(const std::vector<std::uint8_t>& input, std::size_t size) {
  const std::vector<std::uint8_t> exact(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void Replay(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> raw = Read(path);
  Feed(raw, raw.size());
  if (path.extension() != ".hex") return;
  const std::vector<std::uint8_t> bytes = SpelledBytes(raw);
  for (std::size_t size = 0; size <= std::min<std::size_t>(bytes.size(), 4096); ++size) Feed(bytes, size);
  Feed(bytes, bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::filesystem::is_directory(argv[i])) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
        if (entry.is_regular_file()) Replay(entry.path()), ++files;
      }
    } else {
      Replay(argv[i]);
      ++files;
    }
  }
  if (files == 0) {
    std::fprintf(stderr, "no seeds: give files or folders\n");
    return 2;
  }
  std::printf("replayed %zu seeds\n", files);
  return 0;
}
