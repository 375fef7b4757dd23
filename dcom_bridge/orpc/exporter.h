// The object exporter, [MS-DCOM] 3.1.1: one OXID, its objects, and the ORPC calls that reach them. Sans-IO:
// the RPC layer calls Handle(), the owner of the loop drives the timer through OxidResolver. DCOM loop only.
//
//   Exporter exporter({}, clock);
//   exporter.Advertise({.hosts = {"10.0.0.1"}, .port = 4135, .auth_types = {auth::AuthType::kSpnego}});
//   services.Add(exporter);
//   IPAM_ASSIGN_OR_RETURN(ObjRef ref, exporter.Export(object, iid));
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/orpc/advertisement.h"
#include "dcom_bridge/orpc/obj_ref.h"
#include "dcom_bridge/orpc/object.h"
#include "dcom_bridge/orpc/object_table.h"
#include "dcom_bridge/rpc/service.h"

namespace ipam::orpc {

// Longest request of one method, ORPCTHIS included, where it differs from rpc::kDefaultStubLimit.
struct MethodStubLimit {
  base::Guid iid;
  std::uint16_t opnum = 0;
  std::size_t bytes = rpc::kDefaultStubLimit;
};

struct ExporterOptions {
  // Of every ORPC call, IRemUnknown included.
  auth::AuthLevel minimum_level = auth::AuthLevel::kIntegrity;
  ObjectTableOptions objects;
  std::vector<MethodStubLimit> stub_limits;
  // Served before the first Export() too, so that a call to an object of an earlier process is told that it
  // is gone.
  std::vector<base::Guid> interfaces = {};
};

class Exporter final : public rpc::Service {
 public:
  // `clock` outlives the exporter and every call it delivered; a steady one keeps objects alive over steps of
  // the wall clock.
  Exporter(ExporterOptions options, base::Clock& clock);
  // Revokes every object.
  ~Exporter() override;
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  // Before the first Export(); again when the address changes.
  void Advertise(const Advertisement& at);

  // [MS-DCOM] 3.1.1.5.1. The same object again gets the same OID, and `public_refs` more. kInvalidArgument:
  // the object does not have `iid`; kResourceExhausted: too many objects or references.
  absl::StatusOr<ObjRef> Export(std::shared_ptr<Object> object, const base::Guid& iid,
                                const ExportOptions& options = {});
  // Takes back a reference to an object of this exporter, [MS-DCOM] 3.1.1.5.3: its references are spent.
  // kNotFound where it is not one, or not any more.
  absl::StatusOr<std::shared_ptr<Object>> Unmarshal(const StdObjRef& ref);
  // Does nothing for an unknown OID.
  void Revoke(Oid oid);
  void RevokeAll();

  Oxid oxid() const { return oxid_; }
  Ipid rem_unknown() const { return rem_unknown_; }
  auth::AuthLevel minimum_level() const { return options_.minimum_level; }
  const DualStringArray& bindings() const { return bindings_; }
  const DualStringArray& resolver_bindings() const { return resolver_bindings_; }
  ObjectTable& objects() { return objects_; }
  const ObjectTable& objects() const { return objects_; }

  bool Serves(const pdu::SyntaxId& abstract) const override;
  auth::AuthLevel MinimumLevel(const pdu::SyntaxId& abstract, std::uint16_t opnum) const override;
  std::size_t StubLimit(const pdu::SyntaxId& abstract, std::uint16_t opnum) const override;
  void Handle(rpc::IncomingCall call, rpc::Responder respond) override;

 private:
  ExporterOptions options_;
  Oxid oxid_;
  DualStringArray bindings_;
  DualStringArray resolver_bindings_;
  ObjectTable objects_;
  Ipid rem_unknown_;
  // Those of the options, and every interface that was ever exported: a client that binds after its object
  // went gets RPC_E_DISCONNECTED from the call, not a refused bind. Bounded by the interfaces that the program
  // has.
  absl::flat_hash_set<base::Guid> interfaces_;
};

}  // namespace ipam::orpc
