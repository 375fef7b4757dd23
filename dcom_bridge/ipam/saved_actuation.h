// What an entity at work may have brought to its servers, as a text that outlives the process.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dcom_bridge/ipam/actuators.h"
#include "dcom_bridge/ipam/change_log.h"

namespace ipam::engine {

struct SavedActuation {
  std::set<ServerKey> servers;   // that are reserved for the entity
  std::vector<Touched> touched;  // by each job of it
};

std::string ToText(const SavedActuation& saved);
// Absent: not a text that ToText made.
std::optional<SavedActuation> ParseSavedActuation(const std::string& text);

}  // namespace ipam::engine
