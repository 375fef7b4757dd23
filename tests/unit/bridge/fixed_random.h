#pragma once

#include <algorithm>

#include "dcom_bridge/auth/random.h"

namespace ipam::bridge {

class FixedRandom final : public auth::RandomSource {
 public:
  void Fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), octet); }

  std::uint8_t octet = 0;
};

}  // namespace ipam::bridge
