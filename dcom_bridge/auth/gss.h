// GSS-API handles that release themselves, and what went wrong in words an administrator can act on.
#pragma once

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <krb5/krb5.h>

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "dcom_bridge/base/byte_reader.h"

namespace ipam::auth {

template <typename Handle, OM_uint32 (*Release)(OM_uint32*, Handle*)>
class GssHandle {
 public:
  GssHandle() = default;
  GssHandle(GssHandle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  GssHandle& operator=(GssHandle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~GssHandle() { Reset(); }

  Handle get() const { return handle_; }
  // For functions that make or continue the object.
  Handle* address() { return &handle_; }
  void Reset() {
    OM_uint32 minor = 0;
    if (handle_ != nullptr) Release(&minor, &handle_);
    handle_ = nullptr;
  }

 private:
  Handle handle_ = nullptr;
};

inline OM_uint32 DeleteGssContext(OM_uint32* minor, gss_ctx_id_t* context) {
  return gss_delete_sec_context(minor, context, GSS_C_NO_BUFFER);
}

using GssContext = GssHandle<gss_ctx_id_t, DeleteGssContext>;
using GssCredential = GssHandle<gss_cred_id_t, gss_release_cred>;
using GssName = GssHandle<gss_name_t, gss_release_name>;

// What a GSS function allocated.
class GssBuffer {
 public:
  GssBuffer() = default;
  GssBuffer(const GssBuffer&) = delete;
  GssBuffer& operator=(const GssBuffer&) = delete;
  ~GssBuffer() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &buffer_);
  }

  gss_buffer_t address() { return &buffer_; }
  base::ByteView view() const { return {static_cast<const std::uint8_t*>(buffer_.value), buffer_.length}; }
  std::string_view text() const { return {static_cast<const char*>(buffer_.value), buffer_.length}; }
  base::Bytes Copy() const { return base::Bytes(view().begin(), view().end()); }

 private:
  gss_buffer_desc buffer_ = GSS_C_EMPTY_BUFFER;
};

// The view as an input; GSS does not write to inputs.
inline gss_buffer_desc GssInput(base::ByteView bytes) {
  return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())};
}

// "Kerberos: `what`: <the library's text>; <what to change>". kUnavailable where no KDC answers,
// kInvalidArgument where a token is malformed, else kUnauthenticated.
absl::Status GssError(std::string_view what, OM_uint32 major, OM_uint32 minor);
// The same of a function of libkrb5; `context` may be null.
absl::Status KrbError(std::string_view what, krb5_context context, krb5_error_code code);

}  // namespace ipam::auth
