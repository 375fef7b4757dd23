// An object that an Exporter serves, and the calls that reach it. All of it on the thread of the DCOM loop.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "dcom_bridge/auth/security_context.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/orpc/ids.h"
#include "dcom_bridge/orpc/well_known.h"
#include "dcom_bridge/rpc/call.h"

namespace ipam::orpc {

// One COM interface as the dispatcher has to know it.
struct InterfaceInfo {
  base::Guid iid;
  base::Guid base = kIidIUnknown;  // the interface it inherits from; listed too unless it is IUnknown
  std::uint16_t methods =
      3;  // one above the highest opnum; the three of IUnknown and the inherited ones count
};

// An ORPC call whose ORPCTHIS is checked and taken off, whose object, interface and opnum exist.
struct OrpcCall {
  base::Guid iid;  // of the presentation context: the interface asked for, or one that it inherits from
  std::uint16_t opnum = 0;
  base::Bytes body;  // the explicit arguments; an NDR reader starts at alignment 0
  base::Endian endian = base::Endian::kLittle;
  std::uint64_t association = 0;  // of rpc::IncomingCall: the connection by which it came
  std::optional<auth::Principal> caller;
  auth::AuthLevel level = auth::AuthLevel::kNone;
  CausalityId causality;
};

struct OrpcReply {
  base::Bytes body;  // little-endian NDR, the HRESULT last
  // Not empty: goes as the description of the error information extension, [MS-DCOM] 2.2.21.2.
  std::string error_description_xml;
};

using OrpcOutcome = std::variant<OrpcReply, rpc::CallFault>;
// To be called once, now or later. Destroyed without a call it answers with the fault E_UNEXPECTED. It keeps
// the object alive: one that holds it must let it go by itself, for OnReleased waits for it.
using OrpcResponder = absl::AnyInvocable<void(OrpcOutcome)>;

enum class ReleaseReason : std::uint8_t {
  kReferencesGone,  // the last reference was released
  kPingsExpired,    // nobody pinged it, [MS-DCOM] 3.1.1.6.2
  kRevoked,         // Exporter::Revoke or the end of the exporter
};

class Object {
 public:
  virtual ~Object() = default;

  // Everything but IUnknown, which the exporter answers. The same for the whole life of the object; the span
  // stays valid.
  virtual std::span<const InterfaceInfo> Interfaces() const = 0;

  virtual void Invoke(OrpcCall call, OrpcResponder respond) = 0;

  // Once for each time that Export() gave the object a new OID: no call comes after it, every call is
  // answered. The exporter has forgotten the object when it calls this, so the object may be exported again
  // from inside.
  virtual void OnReleased(ReleaseReason) {}
};

// The object's entry for `iid`, null where it does not have it. IUnknown has an entry always.
const InterfaceInfo* FindInterface(const Object& object, const base::Guid& iid);
// Whether `iid` is `ancestor` or inherits from it.
bool IsOrInherits(const Object& object, const base::Guid& iid, const base::Guid& ancestor);

}  // namespace ipam::orpc
