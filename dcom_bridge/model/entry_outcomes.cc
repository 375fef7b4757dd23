#include "dcom_bridge/model/entry_outcomes.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dcom_bridge/base/strings.h"
#include "dcom_bridge/model/xml_document.h"

namespace ipam::model {
namespace {

constexpr std::size_t kMaxPossibilities = 4'000'000;  // groups times entries

// The subtasks of one entry.
struct Group {
  bool succeeded = true;
  bool settled = false;            // the anchor succeeded
  std::set<std::string> words;     // names in it, lower case
  std::optional<std::int64_t> id;  // of an object that was not there, which has no name but its record id
};

// What the details of a subtask say.
struct Details {
  std::set<std::string> texts;  // all of them, lower case
  std::string object;           // the server, scope, reservation or zone, whole
  std::string server;
};

void AddTexts(const xmlNode& node, std::set<std::string>& texts, std::string* joined) {
  const auto children = ChildElements(node);
  for (const xmlNode* child : children) AddTexts(*child, texts, joined);
  const std::string whole = Text(node);
  const std::string_view text = Trim(whole);
  if (!children.empty() || text.empty()) return;
  texts.insert(absl::AsciiStrToLower(base::ToAbsl(text)));
  if (joined != nullptr) absl::StrAppend(joined, base::ToAbsl(text), "\n");
}

Details Read(const SubtaskOutcome& subtask) {
  constexpr std::array<std::string_view, 4> kObjects = {"ServerName", "ScopeId", "ReservationAddress",
                                                        "ZoneName"};
  Details details;
  const auto document = ParseXml(subtask.details_xml);
  if (!document.ok()) return details;
  for (const xmlNode* member : ChildElements(*xmlDocGetRootElement(document->get()))) {
    const std::string_view name = LocalName(*member);
    const bool of_object = std::ranges::find(kObjects, name) != kObjects.end();
    AddTexts(*member, details.texts, of_object ? &details.object : nullptr);
    if (name == "ServerName") details.server = Text(*member);
  }
  return details;
}

void AddWords(std::string_view text, std::set<std::string>& words) {
  for (const absl::string_view word : absl::StrSplit(base::ToAbsl(text), ' ')) {
    if (!word.empty()) words.insert(absl::AsciiStrToLower(word));
  }
  words.insert(absl::AsciiStrToLower(base::ToAbsl(text)));
}

// "Scope 99", without details.
std::optional<std::int64_t> MissingId(const SubtaskOutcome& subtask) {
  std::int64_t id = 0;
  const std::size_t space = subtask.name.rfind(' ');
  if (!subtask.details_xml.empty() || space == std::string::npos) return std::nullopt;
  if (!absl::SimpleAtoi(subtask.name.substr(space + 1), &id)) return std::nullopt;
  return id;
}

// What is another for each entry.
std::string KeyOf(const SubtaskOutcome& subtask, const Details& details, Grouping grouping) {
  if (grouping != Grouping::kOwner) return details.object.empty() ? subtask.name : details.object;
  const std::size_t of = subtask.name.rfind(" of ");
  return of == std::string::npos ? subtask.name : subtask.name.substr(of);
}

class Grouper {
 public:
  Grouper(const EntryPlan& plan, const std::vector<SubtaskOutcome>& subtasks)
      : plan_(plan), subtasks_(subtasks) {
    const bool anchored = plan.grouping == Grouping::kBegin || plan.grouping == Grouping::kEnd ||
                          plan.grouping == Grouping::kPartners;
    // Of another server, which numbers its kinds in its own way: one for each entry, if it has as many.
    if (anchored && std::ranges::find(subtasks, plan.anchor, &SubtaskOutcome::kind) == subtasks.end()) {
      plan_.grouping = Grouping::kBegin;
      plan_.anchor = 0;
    }
  }

  std::vector<Group> Make() {
    for (const SubtaskOutcome& subtask : subtasks_) Add(subtask);
    return std::move(groups_);
  }

 private:
  bool IsAnchor(const SubtaskOutcome& subtask) const {
    return plan_.anchor == 0 || subtask.kind == plan_.anchor;
  }

  bool Begins(const SubtaskOutcome& subtask, const Details& details) {
    switch (plan_.grouping) {
      case Grouping::kBegin:
        return IsAnchor(subtask);
      case Grouping::kEnd:
        return std::exchange(ended_, IsAnchor(subtask));
      case Grouping::kPartners:
        return IsAnchor(subtask) && (groups_.empty() || details.server.empty() ||
                                     !absl::EndsWith(subtask.name, absl::StrCat(" on ", details.server)));
      default:
        break;
    }
    std::string key = KeyOf(subtask, details, plan_.grouping);
    const bool begins = groups_.empty() || key != key_;
    key_ = std::move(key);
    return begins;
  }

  void Add(const SubtaskOutcome& subtask) {
    const bool parses = plan_.named || plan_.grouping > Grouping::kEnd;
    Details details;
    if (parses && !subtask.details_xml.empty()) details = Read(subtask);
    const bool begins = Begins(subtask, details);
    if (begins) {
      groups_.emplace_back();
      groups_.back().id = MissingId(subtask);
    }
    if (groups_.empty()) return;  // a step before all entries
    Group& group = groups_.back();
    group.succeeded = group.succeeded && subtask.succeeded;
    if (IsAnchor(subtask)) group.settled = group.settled || subtask.succeeded;
    if (!plan_.named || (!begins && plan_.grouping != Grouping::kEnd)) return;
    // A formatter names the entity alone; the subtask's name says more, such as the type of a record.
    if (details.texts.empty() || plan_.in_name) {
      AddWords(subtask.name, group.words);
    } else {
      group.words.merge(details.texts);
    }
  }

  EntryPlan plan_;
  const std::vector<SubtaskOutcome>& subtasks_;
  std::vector<Group> groups_;
  std::string key_;
  bool ended_ = true;
};

bool IsLeft(const Group& group, const EntryPlan& plan) {
  return !group.succeeded && !(plan.settles && group.settled);
}

bool InOrder(const std::vector<Entry>& entries, const EntryPlan& plan, const std::vector<Group>& groups) {
  if (groups.size() != entries.size()) return false;
  for (std::size_t i = 0; plan.named && i < entries.size(); ++i) {
    if (!entries[i].name.empty() && !groups[i].words.contains(entries[i].name)) return false;
  }
  return true;
}

// By the names in the groups: what any says of an entry that failed is left, and entries of one name are together.
std::optional<std::vector<bool>> LeftByName(const std::vector<Entry>& entries, const EntryPlan& plan,
                                            const std::vector<Group>& groups) {
  std::map<std::string, bool> left;
  for (const Entry& entry : entries) {
    if (!plan.named || entry.name.empty()) return std::nullopt;
    left.emplace(entry.name, false);
  }
  std::set<std::string> told;
  for (const Group& group : groups) {
    bool names_one = false;
    for (const std::string& word : group.words) {
      const auto named = left.find(word);
      if (named == left.end()) continue;
      names_one = true;
      told.insert(word);
      named->second = named->second || IsLeft(group, plan);
    }
    if (!names_one) return std::nullopt;
  }
  std::vector<bool> result;
  for (const Entry& entry : entries) {
    result.push_back(left[entry.name] || (!plan.may_skip && !told.contains(entry.name)));
  }
  return result;
}

// Of fewer groups than entries: those entries that a failed group is of in any of the ways in which each group is of an
// entry, in the order of both.
std::optional<std::vector<bool>> LeftByOrder(const std::vector<Entry>& entries, const EntryPlan& plan,
                                             const std::vector<Group>& groups) {
  const std::size_t k = groups.size();
  const std::size_t n = entries.size();
  if (!plan.may_skip || k > n || (k + 1) * (n + 1) > kMaxPossibilities) return std::nullopt;
  const auto may_be = [&](std::size_t group, std::size_t entry) {
    const Group& of = groups[group];
    if (of.id) return *of.id == entries[entry].id;
    return !plan.named || entries[entry].name.empty() || of.words.contains(entries[entry].name);
  };
  // before[j][i]: the groups before j fit among the entries before i; behind: those from j on among those from i on.
  std::vector<std::vector<bool>> before(k + 1, std::vector<bool>(n + 1));
  std::vector<std::vector<bool>> behind = before;
  before[0].assign(n + 1, true);
  behind[k].assign(n + 1, true);
  for (std::size_t j = 1; j <= k; ++j) {
    for (std::size_t i = 1; i <= n; ++i) {
      before[j][i] = before[j][i - 1] || (before[j - 1][i - 1] && may_be(j - 1, i - 1));
      behind[k - j][n - i] =
          behind[k - j][n - i + 1] || (behind[k - j + 1][n - i + 1] && may_be(k - j, n - i));
    }
  }
  if (!before[k][n]) return std::nullopt;
  std::vector<bool> left(n);
  for (std::size_t j = 0; j < k; ++j) {
    if (!IsLeft(groups[j], plan)) continue;
    for (std::size_t i = 0; i < n; ++i) {
      if (before[j][i] && behind[j + 1][i + 1] && may_be(j, i)) left[i] = true;
    }
  }
  return left;
}

}  // namespace

std::optional<std::vector<bool>> EntriesLeft(const std::vector<Entry>& entries, const EntryPlan& plan,
                                             const std::vector<SubtaskOutcome>& subtasks) {
  const std::vector<Group> groups = Grouper(plan, subtasks).Make();
  if (InOrder(entries, plan, groups)) {
    std::vector<bool> left;
    for (const Group& group : groups) left.push_back(IsLeft(group, plan));
    return left;
  }
  if (auto left = LeftByName(entries, plan, groups)) return left;
  return LeftByOrder(entries, plan, groups);
}

}  // namespace ipam::model
