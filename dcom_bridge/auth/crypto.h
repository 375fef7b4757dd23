// The primitives of [MS-NLMP] section 6, from nettle: MD4, MD5, HMAC-MD5, RC4. Weak by today's measure; the
// protocol knows no others.
#pragma once

#include <nettle/arcfour.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "dcom_bridge/base/byte_reader.h"

namespace ipam::auth {

// Not optimized away.
void Wipe(std::span<std::uint8_t> secret);

// In a time that depends on the sizes only.
bool ConstantTimeEqual(base::ByteView a, base::ByteView b);

// A key or a digest that may become one. Wiped when it goes.
struct Key {
  std::array<std::uint8_t, 16> value{};

  Key() = default;
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  ~Key() { Wipe(value); }

  base::ByteView view() const { return value; }
};

// Each over the concatenation of its parts.
Key Md4(std::initializer_list<base::ByteView> parts);
Key Md5(std::initializer_list<base::ByteView> parts);
Key HmacMd5(base::ByteView key, std::initializer_list<base::ByteView> parts);

// A stream: encrypting and decrypting are the same, in place, and each octet moves the state.
class Rc4 {
 public:
  explicit Rc4(base::ByteView key);
  Rc4(const Rc4&) = default;
  Rc4& operator=(const Rc4&) = default;
  ~Rc4();

  void Apply(std::span<std::uint8_t> data);

 private:
  arcfour_ctx context_;
};

}  // namespace ipam::auth
