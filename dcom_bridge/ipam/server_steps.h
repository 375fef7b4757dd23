// The settings, classes and option definitions of a DHCP server as entities: what EditDhcpServer and
// ApplyServerConfigurationTemplate share.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dcom_bridge/ipam/step_delegate.h"
#include "ipam/v1/dhcp.pb.h"

namespace ipam::engine {

struct ServerPlace {
  RowRef server;
  int family = 4;
  std::string server_name;
  std::optional<std::size_t> needs = std::nullopt;
};

// kReplace: the members of the change stand for what they name, None and absent too. kOverwrite: those that
// have a value, as a template has them.
enum class Take { kReplace, kOverwrite };

// The server with the DNS settings of the change.
void SetServerDnsSettings(const v1::DhcpServer& change, Take take, v1::DhcpServer& server);

// An entity for each group of settings that ModifiedProperties of the change names.
void AddServerPropertySteps(std::shared_ptr<const v1::DhcpServer> change, Take take, const ServerPlace& place,
                            StepList& steps);

// What becomes of an item of a list. kAdd: it is not there; kSet: it is; kPut: whichever; kDelete: it is, and
// goes. Items of a template have the record ids of no server (option_step.h), and one that is not there is no
// fault when it is to be deleted.
enum class ListChange { kAdd, kSet, kPut, kDelete };
enum class ListSource { kTracker, kTemplate };

void AddListStep(ListChange change, ListSource source, const v1::DhcpUserClass& item,
                 const ServerPlace& place, StepList& steps);
void AddListStep(ListChange change, ListSource source, const v1::DhcpVendorClass& item,
                 const ServerPlace& place, StepList& steps);
void AddListStep(ListChange change, ListSource source, const v1::DhcpOptionDefinition& item,
                 const ServerPlace& place, StepList& steps);

}  // namespace ipam::engine
