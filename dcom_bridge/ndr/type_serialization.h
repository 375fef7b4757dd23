// Type serialization version 1, [MS-RPCE] 2.2.6: one constructed type behind a common and a private header,
// padded to a multiple of 8.
#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/ndr/reader.h"
#include "dcom_bridge/ndr/writer.h"

namespace ipam::ndr {

struct SerializedBody {
  base::ByteView octets;
  base::Endian endian = base::Endian::kLittle;
};

// Takes both headers and the body that they announce; `in` is behind it then, or has failed.
SerializedBody TakeSerialized(base::ByteReader& in);
// Puts the headers before `body`, which it pads.
base::Bytes WrapSerialized(base::Bytes body);

template <typename T>
absl::StatusOr<T> DecodeSerialized(base::ByteReader& in) {
  const SerializedBody body = TakeSerialized(in);
  if (!in.ok()) return in.status();
  Reader reader(body.octets, body.endian);
  T value;
  reader(value);
  if (!reader.ok()) return reader.status();
  return value;
}

template <typename T>
base::Bytes EncodeSerialized(const T& value) {
  Writer out;
  out(value);
  return WrapSerialized(out.Take());
}

}  // namespace ipam::ndr
