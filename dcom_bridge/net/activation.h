// A client's activation request and its answer, [MS-DCOM] 3.2.4.1.1.2: by IRemoteSCMActivator, or by
// IActivation where the server is older than 5.6.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/base/hresult.h"
#include "dcom_bridge/net/remote_exporter.h"
#include "dcom_bridge/orpc/obj_ref.h"
#include "dcom_bridge/orpc/well_known.h"
#include "dcom_bridge/rpc/call.h"

namespace ipam::net {

struct ActivationCall {
  base::Guid clsid;
  bool class_object = false;  // the class object rather than an instance
  std::vector<base::Guid> iids;
  orpc::ComVersion version;  // negotiated

  rpc::CallRequest ToRequest() const;
};

struct ActivationAnswer {
  struct Result {
    base::HResult result;
    orpc::ObjRef ref;  // a standard one, where `result` is a success
  };
  ExporterInfo exporter;
  std::vector<Result> results;  // one for each IID asked for
};

// `scm` is who answered; `what` begins the message of a failure.
absl::StatusOr<ActivationAnswer> ReadActivation(const ActivationCall& call, const rpc::CallReply& reply,
                                                const Endpoint& scm, const std::string& what);

}  // namespace ipam::net
