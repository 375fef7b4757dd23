// Whole messages: the parameters of a request or response, listed by T::Ndr.
#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include "dcom_bridge/ndr/reader.h"
#include "dcom_bridge/ndr/writer.h"

namespace ipam::ndr {

// Receivers ignore octets behind the last parameter; `trailing`, where given, counts them.
template <typename T>
absl::StatusOr<T> Decode(base::ByteView stub, base::Endian endian, std::size_t* trailing = nullptr) {
  Reader in(stub, endian);
  T message;
  T::Ndr(in, message);
  if (trailing != nullptr) *trailing = in.remaining();
  if (!in.ok()) return in.status();
  return message;
}

template <typename T>
base::Bytes Encode(const T& message) {
  Writer out;
  T::Ndr(out, message);
  return out.Take();
}

}  // namespace ipam::ndr
