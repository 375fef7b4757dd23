// make_corpus FOLDER SEED...: writes the seeds as libFuzzer wants them, .hex files as the bytes they spell.
#include <cstdio>
#include <fstream>
#include <string>

#include "seeds.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: make_corpus FOLDER SEED...\n");
    return 2;
  }
  const std::filesystem::path folder(argv[1]);
  std::filesystem::create_directories(folder);
  std::size_t number = 0;
  for (const auto& file : ipam::fuzz::SeedFiles({argv + 2, argv + argc})) {
    ipam::fuzz::Input input = ipam::fuzz::ReadFile(file);
    if (file.extension() == ".hex") input = ipam::fuzz::SpelledBytes(input);
    std::ofstream out(folder / (std::to_string(number++) + "-" + file.filename().string()), std::ios::binary);
    out.write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size()));
  }
  return number == 0 ? 1 : 0;
}
