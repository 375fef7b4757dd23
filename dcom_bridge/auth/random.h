// Random octets as a parameter: tests give fixed ones.
#pragma once

#include <cstdint>
#include <span>

namespace ipam::auth {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void Fill(std::span<std::uint8_t> out) = 0;
};

// The kernel's generator. Any thread. Aborts where the kernel has none: there is no safe way on.
class SystemRandom final : public RandomSource {
 public:
  void Fill(std::span<std::uint8_t> out) override;
};

}  // namespace ipam::auth
