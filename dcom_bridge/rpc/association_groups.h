#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"

namespace ipam::rpc {

// The associations of a server: connections of one client to one endpoint, named by assoc_group_id,
// [MS-RPCE] 3.3.1.1.1 and 3.3.1.5.7. One for all connections of a server; one thread; outlives them.
class AssociationGroups {
 public:
  // A new group with one member, from `peer` (an IP address). Ids are not guessable and never 0.
  std::uint32_t Create(const std::string& peer);
  // Joins an existing group, if it was created from the same `peer`.
  bool Join(std::uint32_t id, const std::string& peer);
  // One member less; the last one removes the group.
  void Leave(std::uint32_t id);

  std::size_t size() const { return groups_.size(); }

  // Names a connection for IncomingCall::association: never 0, never twice.
  std::uint64_t NextConnection() { return ++connections_; }

 private:
  struct Group {
    std::string peer;
    std::size_t members = 0;
  };
  absl::flat_hash_map<std::uint32_t, Group> groups_;
  std::uint64_t connections_ = 0;
};

}  // namespace ipam::rpc
