// The kinds of operations as StartOperation takes them by type.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

#include "dcom_bridge/model/operations.h"

namespace ipam::ctl {

struct OperationKind {
  const google::protobuf::FieldDescriptor* member = nullptr;  // of StartOperationRequest
  const model::Operation* operation = nullptr;

  std::string CommandName() const;  // "create-dhcp-scope"
};

// All 49, in the order of their numbers.
const std::vector<OperationKind>& Kinds();

// "create-dhcp-scope", "create_dhcp_scope", "createDhcpScope" or "CreateDhcpScope"; null: there is none.
const OperationKind* FindKind(std::string_view name);

}  // namespace ipam::ctl
