// Activation Properties BLOB [MS-DCOM] 2.2.22, inside the OBJREF_CUSTOM that the methods of
// IRemoteSCMActivator pass.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/orpc/activation_properties.h"
#include "dcom_bridge/orpc/minterface_pointer.h"

namespace ipam::orpc {

// The BLOB itself: properties by their CLSIDs, still marshaled.
struct ActivationBlob {
  struct Property {
    base::Guid clsid;
    base::Bytes octets;
  };
  std::vector<Property> properties;

  static absl::StatusOr<ActivationBlob> Decode(base::ByteView octets);
  base::Bytes Encode() const;
};

// What pActProperties holds, 3.1.2.5.2.3.2. Decode ignores unknown properties and, as it must, `location` and
// `security`, which it leaves as they are; of a property that is there twice the first counts.
struct ActivationRequest {
  InstantiationInfo instantiation;
  ScmRequestInfo scm_request;
  LocationInfo location;
  std::optional<ActivationContextInfo> context;
  std::optional<InstanceInfo> instance;
  std::optional<SpecialSystemProperties> special;
  std::optional<SecurityInfo> security;

  static absl::StatusOr<ActivationRequest> Decode(const MInterfacePointer& properties);
  MInterfacePointer Encode() const;
};

// What ppActProperties holds. PropsOutInfo goes first: clients assume it.
struct ActivationReply {
  PropsOutInfo props_out;
  ScmReplyInfo scm_reply;

  static absl::StatusOr<ActivationReply> Decode(const MInterfacePointer& properties);
  MInterfacePointer Encode() const;
};

}  // namespace ipam::orpc
