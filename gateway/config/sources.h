// The management servers of the gateway: one by --dcom-server and its account, more by --source, or `sources`
// in the file.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/bridge/bridge.h"

namespace ipam::config {

// Reads "name=east,server=10.0.0.1:135,user=gw,password_file=/run/east": one server. A backslash takes the
// comma or backslash behind it as it is. The keys are those of the section `dcom` for one server. Where neither
// user nor an account of Kerberos is given, the account of `defaults` is taken whole. kInvalidArgument names the option and never a password.
absl::StatusOr<bridge::ServerOptions> ParseSource(const std::string& text,
                                                  const bridge::ServerOptions& defaults);

// No name twice.
absl::Status CheckNames(const std::vector<bridge::ServerOptions>& servers);

}  // namespace ipam::config
