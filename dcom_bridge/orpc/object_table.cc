#include "dcom_bridge/orpc/object_table.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"

namespace ipam::orpc {
namespace {

std::uint64_t RandomId() {
  const base::Guid random = base::Guid::Random();
  // data4[0] and data3 carry the GUID's variant and version; these 64 bits do not.
  std::uint64_t id = static_cast<std::uint64_t>(random.data1) << 32 | static_cast<std::uint64_t>(random.data2)
                                                                          << 16;
  id |= static_cast<std::uint64_t>(random.data4[6]) << 8 | random.data4[7];
  return id == 0 ? 1 : id;
}

// Account names compare without regard to case, as Windows does.
bool SameAccount(const auth::Principal& a, const auth::Principal& b) {
  return absl::EqualsIgnoreCase(a.user, b.user) && absl::EqualsIgnoreCase(a.domain, b.domain);
}

}  // namespace

struct ObjectTable::Entry {
  Oid oid;
  std::shared_ptr<Object> object;
  std::optional<auth::Principal> only_caller;
  bool pinged = true;
  bool permanent = false;
  absl::InlinedVector<Ipid, 4> ipids;
  std::size_t pins = 0;                        // ping sets that hold it
  bool abandoned = false;                      // its last ping set expired
  absl::Time last_used;                        // exported, called or taken out of a ping set
  absl::Time queued = absl::InfiniteFuture();  // its place in deadlines_
  std::size_t calls = 0;                       // running
  std::optional<ReleaseReason> released;       // out of the tables, waits for its calls

  bool Allows(const Caller& caller) const {
    return !only_caller || (caller && SameAccount(*only_caller, *caller));
  }
};

ObjectTable::Lease::Lease(std::shared_ptr<Entry> entry, base::Clock& clock, const base::Guid& iid)
    : entry_(std::move(entry)), clock_(clock), iid_(iid) {
  ++entry_->calls;
  entry_->last_used = clock_.Now();
}

ObjectTable::Lease::~Lease() {
  if (entry_ == nullptr) return;
  entry_->last_used = clock_.Now();
  if (--entry_->calls == 0 && entry_->released) entry_->object->OnReleased(*entry_->released);
}

const std::shared_ptr<Object>& ObjectTable::Lease::object() const { return entry_->object; }

ObjectTable::ObjectTable(ObjectTableOptions options, Oxid oxid, base::Clock& clock)
    : options_(options), oxid_(oxid), clock_(clock) {}

ObjectTable::~ObjectTable() { RevokeAll(); }

std::shared_ptr<ObjectTable::Entry> ObjectTable::NewEntry(std::shared_ptr<Object> object,
                                                          const ExportOptions& options, bool permanent) {
  auto entry = std::make_shared<Entry>();
  do {
    entry->oid = Oid{RandomId()};
  } while (objects_.contains(entry->oid));
  entry->only_caller = options.only_caller;
  entry->pinged = options.pinged && !permanent;
  entry->permanent = permanent;
  entry->last_used = clock_.Now();
  by_object_[object.get()] = entry->oid;
  entry->object = std::move(object);
  objects_[entry->oid] = entry;
  return entry;
}

std::variant<StdObjRef, base::HResult> ObjectTable::Reference(const std::shared_ptr<Entry>& entry,
                                                              const base::Guid& iid, std::uint32_t refs) {
  Ipid ipid;
  for (const Ipid& known : entry->ipids) {
    if (interfaces_.at(known).iid == iid) ipid = known;
  }
  if (refs > options_.max_refs) return base::kOutOfMemory;
  if (ipid == Ipid{}) {
    if (FindInterface(*entry->object, iid) == nullptr) return base::kNoInterface;
    ipid = Ipid{base::Guid::Random()};
    interfaces_.emplace(ipid, Interface{.entry = entry, .iid = iid, .public_refs = 0, .private_refs = {}});
    entry->ipids.push_back(ipid);
  }
  Interface& interface = interfaces_.at(ipid);
  if (interface.public_refs > options_.max_refs - refs) return base::kOutOfMemory;
  if (!entry->permanent) interface.public_refs += refs;
  StdObjRef ref;
  ref.flags = entry->pinged ? 0 : StdObjRef::kNoPing;
  ref.public_refs = refs;
  ref.oxid = oxid_;
  ref.oid = entry->oid;
  ref.ipid = ipid;
  return ref;
}

absl::StatusOr<StdObjRef> ObjectTable::Add(std::shared_ptr<Object> object, const base::Guid& iid,
                                           const ExportOptions& options) {
  if (FindInterface(*object, iid) == nullptr) {
    return absl::InvalidArgumentError("export: the object does not have the interface " + iid.ToString());
  }
  if (options.public_refs > options_.max_refs)
    return absl::ResourceExhaustedError("export: too many references");
  std::shared_ptr<Entry> entry;
  if (const auto known = by_object_.find(object.get()); known != by_object_.end()) {
    entry = objects_.at(known->second);
  } else {
    if (objects_.size() >= options_.max_objects)
      return absl::ResourceExhaustedError("export: too many objects");
    entry = NewEntry(std::move(object), options, false);
  }
  entry->last_used = clock_.Now();
  entry->abandoned = false;
  auto ref = Reference(entry, iid, options.public_refs);
  if (std::holds_alternative<base::HResult>(ref))
    return absl::ResourceExhaustedError("export: too many references");
  Schedule(*entry);
  return std::get<StdObjRef>(ref);
}

Ipid ObjectTable::AddPermanent(std::shared_ptr<Object> object, const base::Guid& iid) {
  ++permanent_;
  return std::get<StdObjRef>(Reference(NewEntry(std::move(object), {}, true), iid, 0)).ipid;
}

absl::StatusOr<std::shared_ptr<Object>> ObjectTable::TakeBack(const StdObjRef& ref) {
  const auto it = interfaces_.find(ref.ipid);
  if (ref.oxid != oxid_ || it == interfaces_.end() || it->second.entry->oid != ref.oid) {
    return absl::NotFoundError("unmarshal: not a reference to an object of this exporter");
  }
  std::shared_ptr<Object> object = it->second.entry->object;
  it->second.public_refs -= std::min(it->second.public_refs, ref.public_refs);
  RemoveIfUnreferenced(ref.ipid);
  return object;
}

void ObjectTable::Revoke(Oid oid) {
  const auto it = objects_.find(oid);
  if (it != objects_.end() && !it->second->permanent)
    Release(std::shared_ptr<Entry>(it->second), ReleaseReason::kRevoked);
}

void ObjectTable::RevokeAll() {
  std::vector<std::shared_ptr<Entry>> all;
  for (const auto& [oid, entry] : objects_) {
    if (!entry->permanent) all.push_back(entry);
  }
  // Each is looked up again: OnReleased of one may have revoked another.
  for (const auto& entry : all) Revoke(entry->oid);
}

std::variant<ObjectTable::Lease, base::HResult> ObjectTable::BeginCall(Ipid ipid, const Caller& caller) {
  const auto it = interfaces_.find(ipid);
  if (it == interfaces_.end()) return base::kRpcDisconnected;
  if (!it->second.entry->Allows(caller)) return base::kAccessDenied;
  return Lease(it->second.entry, clock_, it->second.iid);
}

std::variant<Oid, base::HResult> ObjectTable::BeginQuery(Ipid ipid, const Caller& caller) {
  const auto it = interfaces_.find(ipid);
  if (it == interfaces_.end()) return base::kRpcInvalidObject;
  if (!it->second.entry->Allows(caller)) return base::kAccessDenied;
  it->second.entry->last_used = clock_.Now();
  return it->second.entry->oid;
}

std::variant<StdObjRef, base::HResult> ObjectTable::Query(Oid oid, const base::Guid& iid,
                                                          std::uint32_t refs) {
  const auto it = objects_.find(oid);
  if (it == objects_.end()) return base::kRpcDisconnected;
  return Reference(it->second, iid, refs);
}

base::HResult ObjectTable::AddRefs(Ipid ipid, std::uint32_t public_refs, std::uint32_t private_refs,
                                   const Caller& caller) {
  const auto it = interfaces_.find(ipid);
  if (it == interfaces_.end()) return base::kObjectNotRegistered;
  Interface& interface = it->second;
  // [MS-DCOM] 7 <48>: private references belong to an identity.
  if (!interface.entry->Allows(caller) || (private_refs != 0 && !caller)) return base::kAccessDenied;
  if (interface.entry->permanent) return base::kOk;
  interface.entry->last_used = clock_.Now();
  const auto mine =
      private_refs == 0 ? interface.private_refs.end() : interface.private_refs.find(caller->Name());
  const std::uint32_t held = mine == interface.private_refs.end() ? 0 : mine->second;
  if (public_refs > options_.max_refs || interface.public_refs > options_.max_refs - public_refs ||
      private_refs > options_.max_refs || held > options_.max_refs - private_refs) {
    return base::kOutOfMemory;
  }
  interface.public_refs += public_refs;
  if (private_refs != 0) interface.private_refs[caller->Name()] = held + private_refs;
  return base::kOk;
}

base::HResult ObjectTable::ReleaseRefs(Ipid ipid, std::uint32_t public_refs, std::uint32_t private_refs,
                                       const Caller& caller) {
  const auto it = interfaces_.find(ipid);
  if (it == interfaces_.end()) return base::kObjectNotRegistered;
  Interface& interface = it->second;
  if (!interface.entry->Allows(caller) || (private_refs != 0 && !caller)) return base::kAccessDenied;
  // More than there are: none are left, [MS-DCOM] 3.1.1.5.6.1.3.
  interface.public_refs -= std::min(interface.public_refs, public_refs);
  if (private_refs != 0) {
    const auto mine = interface.private_refs.find(caller->Name());
    if (mine != interface.private_refs.end()) {
      mine->second -= std::min(mine->second, private_refs);
      if (mine->second == 0) interface.private_refs.erase(mine);
    }
  }
  RemoveIfUnreferenced(ipid);
  return base::kOk;
}

void ObjectTable::RemoveIfUnreferenced(Ipid ipid) {
  const auto it = interfaces_.find(ipid);
  if (it->second.public_refs != 0 || !it->second.private_refs.empty() || it->second.entry->permanent) return;
  const std::shared_ptr<Entry> entry = it->second.entry;
  interfaces_.erase(it);
  entry->ipids.erase(std::find(entry->ipids.begin(), entry->ipids.end(), ipid));
  if (entry->ipids.empty()) Release(entry, ReleaseReason::kReferencesGone);
}

// Out of every table first: OnReleased may come back and export, release or revoke.
void ObjectTable::Release(const std::shared_ptr<Entry>& entry, ReleaseReason reason) {
  for (const Ipid& ipid : entry->ipids) interfaces_.erase(ipid);
  entry->ipids.clear();
  by_object_.erase(entry->object.get());
  deadlines_.erase({entry->queued, entry->oid});
  entry->queued = absl::InfiniteFuture();
  objects_.erase(entry->oid);
  if (entry->calls == 0) {
    entry->object->OnReleased(reason);
  } else {
    entry->released = reason;
  }
}

bool ObjectTable::Pin(Oid oid, const Caller& caller) {
  const auto it = objects_.find(oid);
  if (it == objects_.end() || !it->second->Allows(caller)) return false;
  ++it->second->pins;
  it->second->abandoned = false;
  return true;
}

void ObjectTable::Unpin(Oid oid, bool expired) {
  const auto it = objects_.find(oid);
  if (it == objects_.end()) return;
  Entry& entry = *it->second;
  if (entry.pins > 0) --entry.pins;
  if (entry.pins > 0) return;
  entry.abandoned = expired;
  if (!expired) entry.last_used = clock_.Now();
  Schedule(entry);
}

absl::Time ObjectTable::Deadline(const Entry& entry) const {
  if (!entry.pinged || entry.pins > 0) return absl::InfiniteFuture();
  const absl::Time last = entry.calls > 0 ? clock_.Now() : entry.last_used;
  return last + (entry.abandoned ? options_.ping_period : options_.unpinged_grace);
}

// A later deadline is found when the queued one comes: calls only write last_used.
void ObjectTable::Schedule(Entry& entry) {
  const absl::Time deadline = Deadline(entry);
  if (deadline >= entry.queued) return;
  deadlines_.erase({entry.queued, entry.oid});
  entry.queued = deadline;
  deadlines_.insert({deadline, entry.oid});
}

std::uint64_t ObjectTable::references() const {
  std::uint64_t count = 0;
  for (const auto& [ipid, interface] : interfaces_) {
    count += interface.public_refs;
    for (const auto& [owner, refs] : interface.private_refs) count += refs;
  }
  return count;
}

std::size_t ObjectTable::running_calls() const {
  std::size_t count = 0;
  for (const auto& [oid, entry] : objects_) count += entry->calls;
  return count;
}

absl::Time ObjectTable::NextDeadline() const {
  return deadlines_.empty() ? absl::InfiniteFuture() : deadlines_.begin()->first;
}

void ObjectTable::OnTimer(absl::Time now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const std::shared_ptr<Entry> entry = objects_.at(deadlines_.begin()->second);
    deadlines_.erase(deadlines_.begin());
    entry->queued = absl::InfiniteFuture();
    if (Deadline(*entry) <= now && entry->calls == 0) {
      Release(entry, ReleaseReason::kPingsExpired);
    } else {
      Schedule(*entry);
    }
  }
}

}  // namespace ipam::orpc
