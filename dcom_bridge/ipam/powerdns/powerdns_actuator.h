// PowerDNS as an actuator, by its HTTP API: the authoritative server for zones and records, the recursor for conditional
// forwarders.
#pragma once

#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>

#include "absl/time/time.h"
#include "dcom_bridge/ipam/readable_dns_actuator.h"

namespace ipam::powerdns {

struct PowerDnsOptions {
  std::string url;           // of the authoritative server: "http://127.0.0.1:8081"; empty: none
  std::string api_key;       // of both
  std::string recursor_url;  // empty: none
  absl::Duration timeout = absl::Seconds(10);         // of one request
  int attempts = 3;                                   // of a request that gets no answer
  absl::Duration back_off = absl::Milliseconds(200);  // before the second attempt; it doubles
  std::stop_token stop;                               // requested: requests soon end without an answer
};

// kInternal: a server that answers, and fails.
class PowerDnsActuator final : public engine::ReadableDnsActuator {
 public:
  explicit PowerDnsActuator(PowerDnsOptions options) : options_(std::move(options)) {}

  absl::StatusOr<engine::Unexpressed> PutZone(const v1::BaseDnsServerZone& zone) override;
  absl::Status DeleteZone(const std::string& zone) override;
  absl::StatusOr<engine::Unexpressed> PutRecords(const engine::RecordSet& records) override;
  absl::StatusOr<bool> HasRecords(const engine::RecordSet& records) override;
  absl::Status TransferZone(const std::string& zone) override;
  absl::Status ReloadZone(const std::string& zone) override;
  absl::StatusOr<engine::Unexpressed> PutForwarder(const v1::DnsConditionalForwarder& forwarder) override;
  absl::Status DeleteForwarder(const std::string& zone) override;

 private:
  // `path` below /api/v1/servers/localhost. The body of the answer; null: it has none.
  absl::StatusOr<nlohmann::json> Call(const std::string& base, const std::string& method,
                                      const std::string& path, const nlohmann::json& body) const;
  absl::StatusOr<nlohmann::json> Zones(const std::string& method, const std::string& path,
                                       const nlohmann::json& body = {}) const {
    return Call(options_.url, method, path, body);
  }
  absl::StatusOr<bool> HasForwarder(const std::string& path) const;
  absl::Status PutMetadata(const std::string& zone, const std::string& kind,
                           const nlohmann::json& values) const;

  const PowerDnsOptions options_;
};

}  // namespace ipam::powerdns
