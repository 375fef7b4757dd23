#include "dcom_bridge/orpc/orpc_header.h"

#include <algorithm>
#include <utility>

#include "dcom_bridge/ndr/reader.h"
#include "dcom_bridge/ndr/writer.h"

namespace ipam::orpc {
namespace {

template <typename Header>
absl::StatusOr<OrpcStub<Header>> Split(base::ByteView stub, base::Endian endian) {
  ndr::Reader in(stub, endian);
  OrpcStub<Header> parts;
  in(parts.header);
  if (!in.ok()) return in.status();
  parts.body = stub.subspan(in.offset());
  return parts;
}

template <typename Header>
base::Bytes Join(const Header& header, base::ByteView body) {
  ndr::Writer out;
  out(header);
  out.Align(8);
  base::Bytes stub = out.Take();
  stub.insert(stub.end(), body.begin(), body.end());
  return stub;
}

}  // namespace

OrpcExtentArray OrpcExtentArray::Of(std::vector<OrpcExtent> extents) {
  OrpcExtentArray array;
  for (OrpcExtent& extent : extents) array.slots.emplace_back(std::move(extent));
  if (array.slots.size() % 2 != 0) array.slots.emplace_back();
  return array;
}

const OrpcExtent* OrpcExtentArray::Find(const base::Guid& id) const {
  for (const auto& slot : slots) {
    if (slot && slot->id == id) return &*slot;
  }
  return nullptr;
}

std::uint32_t OrpcExtentArray::present() const {
  return static_cast<std::uint32_t>(
      std::count_if(slots.begin(), slots.end(), [](const auto& slot) { return slot.has_value(); }));
}

absl::StatusOr<OrpcStub<OrpcThis>> SplitRequest(base::ByteView stub, base::Endian endian) {
  return Split<OrpcThis>(stub, endian);
}
absl::StatusOr<OrpcStub<OrpcThat>> SplitResponse(base::ByteView stub, base::Endian endian) {
  return Split<OrpcThat>(stub, endian);
}
base::Bytes JoinRequest(const OrpcThis& header, base::ByteView body) { return Join(header, body); }
base::Bytes JoinResponse(const OrpcThat& header, base::ByteView body) { return Join(header, body); }

}  // namespace ipam::orpc
