// Seeds of the fuzz targets: files, and folders of files. A .hex file spells bytes, with comments after // or
// #.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace ipam::fuzz {

using Input = std::vector<std::uint8_t>;

// Every file of the given files and folders.
std::vector<std::filesystem::path> SeedFiles(const std::vector<std::filesystem::path>& roots);

Input ReadFile(const std::filesystem::path& path);

// The bytes that a .hex file spells.
Input SpelledBytes(const Input& text);

}  // namespace ipam::fuzz
