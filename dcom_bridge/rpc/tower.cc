#include "dcom_bridge/rpc/tower.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/byte_writer.h"

namespace ipam::rpc {
namespace {

// Protocol identifiers, [C706] appendix I.
constexpr std::uint8_t kUuidFloor = 0x0D;
constexpr std::uint8_t kConnectionOriented = 0x0B;
constexpr std::uint8_t kTcp = 0x07;
constexpr std::uint8_t kIp = 0x09;
constexpr std::size_t kMaxTower = 2000;

struct Floor {
  base::ByteView left;
  base::ByteView right;
  std::uint8_t protocol() const { return left.empty() ? 0 : left[0]; }
};

// Floors are little-endian, their addresses big-endian, whatever the PDU is.
Floor ReadFloor(base::ByteReader& in) {
  Floor floor;
  floor.left = in.Take(in.U16());
  floor.right = in.Take(in.U16());
  return floor;
}

pdu::SyntaxId ReadSyntax(base::ByteReader& in) {
  const Floor floor = ReadFloor(in);
  base::ByteReader left(floor.left);
  if (left.U8() != kUuidFloor) left.Fail("not a UUID");
  pdu::SyntaxId syntax;
  syntax.uuid = left.Guid();
  syntax.major = left.U16();
  base::ByteReader right(floor.right);
  syntax.minor = right.U16();
  if (in.ok() && (!left.Finish().ok() || !right.ok())) in.Fail("floor that names no interface");
  return syntax;
}

void WriteSyntax(base::ByteWriter& out, const pdu::SyntaxId& syntax) {
  out.U16(19);
  out.U8(kUuidFloor);
  out.Guid(syntax.uuid);
  out.U16(syntax.major);
  out.U16(2);
  out.U16(syntax.minor);
}

}  // namespace

absl::StatusOr<Tower> DecodeTower(base::ByteView octets) {
  base::ByteReader in(octets);
  if (octets.size() > kMaxTower) in.Fail("tower longer than 2000 octets");
  const std::uint16_t floors = in.U16();
  if (in.ok() && floors < 3) in.Fail("tower of less than three floors");
  Tower tower;
  tower.interface = ReadSyntax(in);
  tower.transfer = ReadSyntax(in);
  const Floor rpc = ReadFloor(in);
  if (!in.ok()) return in.status();
  if (floors != 5 || rpc.protocol() != kConnectionOriented) {
    return absl::UnimplementedError(absl::StrFormat("tower of protocol 0x%02X", rpc.protocol()));
  }
  const Floor tcp = ReadFloor(in);
  const Floor ip = ReadFloor(in);
  if (!in.ok()) return in.status();
  if (tcp.protocol() != kTcp || ip.protocol() != kIp) {
    return absl::UnimplementedError(absl::StrFormat("tower over protocol 0x%02X", tcp.protocol()));
  }
  base::ByteReader port(tcp.right, base::Endian::kBig);
  tower.port = port.U16();
  const auto host = ip.right;
  if (!port.Finish().ok() || host.size() != tower.ipv4.size()) in.Fail("endpoint of a wrong size");
  if (!in.ok()) return in.status();
  std::copy(host.begin(), host.end(), tower.ipv4.begin());
  return tower;
}

base::Bytes EncodeTower(const Tower& tower) {
  base::ByteWriter out;
  out.U16(5);
  WriteSyntax(out, tower.interface);
  WriteSyntax(out, tower.transfer);
  out.U16(1);
  out.U8(kConnectionOriented);
  out.U16(2);
  out.U16(0);
  out.U16(1);
  out.U8(kTcp);
  out.U16(2);
  out.U8(static_cast<std::uint8_t>(tower.port >> 8));
  out.U8(static_cast<std::uint8_t>(tower.port & 0xFF));
  out.U16(1);
  out.U8(kIp);
  out.U16(4);
  out.Append(tower.ipv4);
  return out.Take();
}

}  // namespace ipam::rpc
