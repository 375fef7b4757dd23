// Which entries of the list in an operation's parameters its subtasks leave to be done again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dcom_bridge/model/failed_part.h"

namespace ipam::model {

// How the subtasks, in their order, are those of the entries in theirs.
enum class Grouping {
  kBegin,     // those of an entry begin with one of the kind `anchor`
  kEnd,       // they end with it
  kPartners,  // one, and those of failover partners behind it: their names end in " on SERVER"
  kObject,    // they are about one server, scope, reservation or zone, and the next about another
  kOwner,     // their names end in " of OWNER"
};

struct EntryPlan {
  Grouping grouping = Grouping::kBegin;
  int anchor = 0;         // SubTaskUniqueId
  bool may_skip = false;  // entries of which nothing was to be done have no subtask
  bool named =
      false;  // subtasks say the names of entries: in their details, or where those are of `in_name` in their own
  bool in_name = false;
  // Where the anchor succeeded and another step did not, the entry cannot be done again.
  bool settles = false;
};

// What is known of an entry: its name in lower case, its record id. Empty and 0: not known.
struct Entry {
  std::string name;
  std::int64_t id = 0;
};

// For each entry, whether it is to be done again. Where the subtasks leave several possibilities (entries of which nothing
// was to be done) each that may have failed is, which is harmless: such operations change nothing that is done. Nothing:
// the subtasks do not tell.
std::optional<std::vector<bool>> EntriesLeft(const std::vector<Entry>& entries, const EntryPlan& plan,
                                             const std::vector<SubtaskOutcome>& subtasks);

}  // namespace ipam::model
