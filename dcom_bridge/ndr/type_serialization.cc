#include "dcom_bridge/ndr/type_serialization.h"

#include "dcom_bridge/base/byte_writer.h"

namespace ipam::ndr {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kLittleEndian = 0x10;
constexpr std::uint8_t kBigEndian = 0x00;
constexpr std::uint16_t kCommonHeaderLength = 8;
constexpr std::uint32_t kCommonFiller = 0xCCCCCCCC;

}  // namespace

SerializedBody TakeSerialized(base::ByteReader& in) {
  SerializedBody body;
  const base::Endian outer = in.endian();
  in.set_endian(base::Endian::kLittle);  // the common header always is
  if (in.U8() != kVersion) in.Fail("not type serialization version 1");
  const std::uint8_t endianness = in.U8();
  if (in.ok() && endianness != kLittleEndian && endianness != kBigEndian) in.Fail("unknown endianness");
  if (in.U16() != kCommonHeaderLength) in.Fail("common header is not 8 bytes long");
  in.Skip(4);
  body.endian = endianness == kBigEndian ? base::Endian::kBig : base::Endian::kLittle;
  in.set_endian(body.endian);
  const std::uint32_t length = in.U32();
  in.Skip(4);
  body.octets = in.Take(length);
  in.set_endian(outer);
  return body;
}

base::Bytes WrapSerialized(base::Bytes body) {
  body.resize((body.size() + 7) / 8 * 8);
  base::ByteWriter out;
  out.U8(kVersion);
  out.U8(kLittleEndian);
  out.U16(kCommonHeaderLength);
  out.U32(kCommonFiller);
  out.U32(static_cast<std::uint32_t>(body.size()));
  out.U32(0);
  out.Append(body);
  return out.Take();
}

}  // namespace ipam::ndr
