#include "dcom_bridge/idl/percent.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace ipam::idl {
namespace {

__extension__ using Uint128 = unsigned __int128;

constexpr Uint128 PowerOfTen(int exponent) {
  Uint128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

}  // namespace

std::optional<double> ToPercent(const ndr::Decimal& decimal) {
  if (decimal.scale > ndr::Decimal::kMaxScale) return std::nullopt;
  if (decimal.sign != 0 && decimal.sign != ndr::Decimal::kNegative) return std::nullopt;
  const Uint128 digits = Uint128{decimal.hi32} << 64 | decimal.lo64;
  if (digits == 0) return 0.0;
  const Uint128 power = PowerOfTen(decimal.scale);
  if (decimal.sign != 0 || digits > 100 * power) return std::nullopt;
  // Through text, for the double nearest to the exact value.
  std::array<char, 48> text{};
  char* end = text.data() + text.size();
  const auto exponent = std::to_chars(text.data() + 40, end, -static_cast<int>(decimal.scale));
  char* begin = text.data() + 40;
  *--begin = 'e';
  for (Uint128 rest = digits; rest != 0; rest /= 10)
    *--begin = static_cast<char>('0' + static_cast<int>(rest % 10));
  double percent = 0;
  std::from_chars(begin, exponent.ptr, percent);
  return percent;
}

ndr::Decimal FromPercent(double percent) {
  ndr::Decimal decimal;
  if (!(percent > 0)) return decimal;
  percent = std::fmin(percent, 100);
  std::array<char, 400> text{};  // the smallest double has 324 zeros before its digits
  auto written = std::to_chars(text.data(), text.data() + text.size(), percent, std::chars_format::fixed);
  std::string_view digits(text.data(), static_cast<std::size_t>(written.ptr - text.data()));
  std::size_t point = digits.find('.');
  if (point != std::string_view::npos && digits.size() - point - 1 > ndr::Decimal::kMaxScale) {
    written = std::to_chars(text.data(), text.data() + text.size(), percent, std::chars_format::fixed,
                            ndr::Decimal::kMaxScale);
    digits = {text.data(), static_cast<std::size_t>(written.ptr - text.data())};
    point = digits.find('.');
  }
  Uint128 value = 0;
  for (const char c : digits) {
    if (c != '.') value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (point != std::string_view::npos) decimal.scale = static_cast<std::uint8_t>(digits.size() - point - 1);
  decimal.hi32 = static_cast<std::uint32_t>(value >> 64);
  decimal.lo64 = static_cast<std::uint64_t>(value);
  return decimal;
}

}  // namespace ipam::idl
