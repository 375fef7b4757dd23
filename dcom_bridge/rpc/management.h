// The management interface that every RPC server has, [C706] appendix Q with [MS-RPCE] 2.2.1.3.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dcom_bridge/rpc/service.h"
#include "dcom_bridge/rpc/statistics.h"

namespace ipam::rpc {

inline constexpr pdu::SyntaxId kManagementInterface{
    {0xafa8bd80, 0x7d8a, 0x11c9, {0xbe, 0xf4, 0x08, 0x00, 0x2b, 0x10, 0x29, 0x89}}, 1, 0};

struct ManagementOptions {
  // What inq_if_ids tells; the management interface itself is not in it.
  std::vector<pdu::SyntaxId> interfaces;
  // What inq_princ_name tells for an authentication type; the first one where the caller has no preference.
  std::vector<std::pair<auth::AuthType, std::string>> principals;
};

// stop_server_listening is refused to everyone. Unauthenticated callers may ask the rest.
class Management final : public Service {
 public:
  explicit Management(ManagementOptions options) : options_(std::move(options)) {}

  bool Serves(const pdu::SyntaxId& abstract) const override;
  auth::AuthLevel MinimumLevel(const pdu::SyntaxId& abstract, std::uint16_t opnum) const override;
  void Handle(IncomingCall call, Responder respond) override;

  void set_principals(std::vector<std::pair<auth::AuthType, std::string>> principals) {
    options_.principals = std::move(principals);
  }

  // For ServerOptions and ClientOptions of all connections of this server.
  Statistics& statistics() { return statistics_; }

 private:
  CallOutcome InqIfIds() const;
  CallOutcome InqStats(const IncomingCall& call) const;
  CallOutcome InqPrincName(const IncomingCall& call) const;

  ManagementOptions options_;
  Statistics statistics_;
};

}  // namespace ipam::rpc
