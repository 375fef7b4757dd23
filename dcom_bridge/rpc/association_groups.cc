#include "dcom_bridge/rpc/association_groups.h"

#include "dcom_bridge/base/guid.h"

namespace ipam::rpc {

std::uint32_t AssociationGroups::Create(const std::string& peer) {
  for (;;) {
    const std::uint32_t id = base::Guid::Random().data1;
    if (id != 0 && groups_.try_emplace(id, Group{peer, 1}).second) return id;
  }
}

bool AssociationGroups::Join(std::uint32_t id, const std::string& peer) {
  const auto found = groups_.find(id);
  if (found == groups_.end() || found->second.peer != peer) return false;
  ++found->second.members;
  return true;
}

void AssociationGroups::Leave(std::uint32_t id) {
  const auto found = groups_.find(id);
  if (found != groups_.end() && --found->second.members == 0) groups_.erase(found);
}

}  // namespace ipam::rpc
