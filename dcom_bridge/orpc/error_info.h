// Error information ORPC extension [MS-DCOM] 2.2.21.1 to 2.2.21.3: what an object has to say beside its
// HRESULT. Here the description carries an IpamException as XML.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/guid.h"
#include "dcom_bridge/orpc/orpc_header.h"

namespace ipam::orpc {

struct ErrorInfo {
  std::uint32_t help_context = 0;
  base::Guid iid;  // the interface that returned the error
  std::optional<std::string> source;
  std::optional<std::string> description;
  std::optional<std::string> help_file;

  static absl::StatusOr<ErrorInfo> FromExtent(const OrpcExtent& extent);
  OrpcExtent ToExtent() const;
  friend bool operator==(const ErrorInfo&, const ErrorInfo&) = default;
};

// The description that a response's header carries; empty where there is none or it cannot be read.
std::string ErrorDescription(const OrpcThat& header);

}  // namespace ipam::orpc
