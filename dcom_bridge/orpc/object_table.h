// The OID and IPID tables of an exporter, [MS-DCOM] 3.1.1.1: reference counts and lifetimes, no wire. DCOM
// loop only.
//
// An object leaves the tables when all its references are released, when no ping set holds it and nobody used
// it for long enough, or when it is revoked. OnReleased comes after it has left, and after the last call that
// was running ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/orpc/ids.h"
#include "dcom_bridge/orpc/obj_ref.h"
#include "dcom_bridge/orpc/object.h"

namespace ipam::orpc {

struct ObjectTableOptions {
  // An object whose ping set expired is kept while the last call on it is younger than this,
  // [MS-DCOM] 3.1.1.6.2.
  absl::Duration ping_period = absl::Minutes(2);
  // An object in no ping set is kept this long after it was last exported, called or taken out of one.
  // Windows: 14 minutes, [MS-DCOM] 7 <58>.
  absl::Duration unpinged_grace = absl::Minutes(14);
  std::size_t max_objects = 65536;
  // Public, and private of one client, on one interface.
  std::uint32_t max_refs = 1u << 30;
};

// Where an object is exported again, only `public_refs` counts: the rest is as the first time.
struct ExportOptions {
  std::uint32_t public_refs = 5;  // [MS-DCOM] 3.1.1.5.1
  // Others get E_ACCESSDENIED from every call on the object and on its references.
  std::optional<auth::Principal> only_caller = std::nullopt;
  bool pinged = true;  // false: SORF_NOPING; only references and Revoke end it
};

using Caller = std::optional<auth::Principal>;

class ObjectTable {
  struct Entry;

 public:
  // A call that is running: keeps the object alive and unreleased. May outlive the table.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : entry_(std::exchange(other.entry_, nullptr)), clock_(other.clock_), iid_(other.iid_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    const std::shared_ptr<Object>& object() const;
    // Of the IPID that was called.
    const base::Guid& iid() const { return iid_; }

   private:
    friend class ObjectTable;
    Lease(std::shared_ptr<Entry> entry, base::Clock& clock, const base::Guid& iid);

    std::shared_ptr<Entry> entry_;
    base::Clock& clock_;
    base::Guid iid_;
  };

  ObjectTable(ObjectTableOptions options, Oxid oxid, base::Clock& clock);
  ~ObjectTable();
  ObjectTable(const ObjectTable&) = delete;
  ObjectTable& operator=(const ObjectTable&) = delete;

  // kInvalidArgument: the object does not have `iid`; kResourceExhausted: a bound.
  absl::StatusOr<StdObjRef> Add(std::shared_ptr<Object> object, const base::Guid& iid,
                                const ExportOptions& options);
  // For the Remote Unknown: in no ping set, its references count nothing.
  Ipid AddPermanent(std::shared_ptr<Object> object, const base::Guid& iid);
  absl::StatusOr<std::shared_ptr<Object>> TakeBack(const StdObjRef& ref);
  void Revoke(Oid oid);
  // All but the permanent ones.
  void RevokeAll();

  // RPC_E_DISCONNECTED: no such IPID; E_ACCESSDENIED.
  std::variant<Lease, base::HResult> BeginCall(Ipid ipid, const Caller& caller);

  // [MS-DCOM] 3.1.1.5.6.1. RPC_E_INVALID_OBJECT of BeginQuery: no such IPID. Query afterwards, for each IID:
  // E_NOINTERFACE, E_OUTOFMEMORY over the bound of references.
  std::variant<Oid, base::HResult> BeginQuery(Ipid ipid, const Caller& caller);
  std::variant<StdObjRef, base::HResult> Query(Oid oid, const base::Guid& iid, std::uint32_t refs);
  // CO_E_OBJNOTREG, E_ACCESSDENIED, E_OUTOFMEMORY; private references need a caller who proved an identity.
  base::HResult AddRefs(Ipid ipid, std::uint32_t public_refs, std::uint32_t private_refs,
                        const Caller& caller);
  base::HResult ReleaseRefs(Ipid ipid, std::uint32_t public_refs, std::uint32_t private_refs,
                            const Caller& caller);

  // A ping set begins and stops to hold the object. False: no such object, or not the caller's.
  bool Pin(Oid oid, const Caller& caller);
  void Unpin(Oid oid, bool expired);

  // May be earlier than there is something to do.
  absl::Time NextDeadline() const;
  void OnTimer(absl::Time now);

  bool Contains(Oid oid) const { return objects_.contains(oid); }
  // The permanent ones count.
  std::size_t size() const { return objects_.size(); }
  std::size_t permanent() const { return permanent_; }
  std::size_t interfaces() const { return interfaces_.size(); }
  // Public and private, on all interfaces.
  std::uint64_t references() const;
  std::size_t running_calls() const;

 private:
  struct Interface {
    std::shared_ptr<Entry> entry;
    base::Guid iid;
    std::uint32_t public_refs = 0;
    absl::flat_hash_map<std::string, std::uint32_t> private_refs;  // Principal::Name() -> count
  };

  std::shared_ptr<Entry> NewEntry(std::shared_ptr<Object> object, const ExportOptions& options,
                                  bool permanent);
  // The IPID of `iid` on the entry, with `refs` more public references.
  std::variant<StdObjRef, base::HResult> Reference(const std::shared_ptr<Entry>& entry, const base::Guid& iid,
                                                   std::uint32_t refs);
  void RemoveIfUnreferenced(Ipid ipid);
  void Release(const std::shared_ptr<Entry>& entry, ReleaseReason reason);
  absl::Time Deadline(const Entry& entry) const;
  void Schedule(Entry& entry);

  ObjectTableOptions options_;
  Oxid oxid_;
  base::Clock& clock_;
  absl::flat_hash_map<Oid, std::shared_ptr<Entry>> objects_;
  std::size_t permanent_ = 0;
  absl::flat_hash_map<const Object*, Oid> by_object_;
  absl::flat_hash_map<Ipid, Interface> interfaces_;
  absl::btree_set<std::pair<absl::Time, Oid>> deadlines_;
};

}  // namespace ipam::orpc
