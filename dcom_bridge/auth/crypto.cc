#include "dcom_bridge/auth/crypto.h"

#include <nettle/hmac.h>
#include <nettle/md4.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <string.h>

namespace ipam::auth {

void Wipe(std::span<std::uint8_t> secret) {
  if (!secret.empty()) explicit_bzero(secret.data(), secret.size());
}

bool ConstantTimeEqual(base::ByteView a, base::ByteView b) {
  return a.size() == b.size() && (a.empty() || memeql_sec(a.data(), b.data(), a.size()) != 0);
}

Key Md4(std::initializer_list<base::ByteView> parts) {
  md4_ctx context;
  md4_init(&context);
  for (const base::ByteView part : parts) {
    if (!part.empty()) md4_update(&context, part.size(), part.data());
  }
  Key out;
  md4_digest(&context, out.value.size(), out.value.data());
  explicit_bzero(&context, sizeof context);
  return out;
}

Key Md5(std::initializer_list<base::ByteView> parts) {
  md5_ctx context;
  md5_init(&context);
  for (const base::ByteView part : parts) {
    if (!part.empty()) md5_update(&context, part.size(), part.data());
  }
  Key out;
  md5_digest(&context, out.value.size(), out.value.data());
  explicit_bzero(&context, sizeof context);
  return out;
}

Key HmacMd5(base::ByteView key, std::initializer_list<base::ByteView> parts) {
  hmac_md5_ctx context;
  hmac_md5_set_key(&context, key.size(), key.data());
  for (const base::ByteView part : parts) {
    if (!part.empty()) hmac_md5_update(&context, part.size(), part.data());
  }
  Key out;
  hmac_md5_digest(&context, out.value.size(), out.value.data());
  explicit_bzero(&context, sizeof context);
  return out;
}

Rc4::Rc4(base::ByteView key) { arcfour_set_key(&context_, key.size(), key.data()); }

Rc4::~Rc4() { explicit_bzero(&context_, sizeof context_); }

void Rc4::Apply(std::span<std::uint8_t> data) {
  if (!data.empty()) arcfour_crypt(&context_, data.size(), data.data(), data.data());
}

}  // namespace ipam::auth
