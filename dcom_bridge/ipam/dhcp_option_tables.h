// Options and what they refer to: option definitions and classes of a DHCP server, [MS-IPAMM2] 3.1.1.1.17 and
// 18. The engine's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/database.h"
#include "ipam/v1/dhcp.pb.h"

namespace ipam::engine {

// Whose options: a server's; a scope's; a reservation's; a policy's, with its scope where it has one.
struct OptionOwner {
  std::int64_t server_id = 0;
  std::optional<std::int64_t> scope_id = std::nullopt;
  std::optional<std::int64_t> reservation_id = std::nullopt;
  std::optional<std::int64_t> policy_id = std::nullopt;
};

// One of the lists OptionDefinitions, UserClasses and VendorClasses, whose record ids are unique in a server.
// Item is DhcpOptionDefinition, DhcpUserClass or DhcpVendorClass.
template <typename Item>
class DhcpServerList {
 public:
  template <std::size_t N1, std::size_t N2, std::size_t N3>
  DhcpServerList(Database& db, const char (&put)[N1], const char (&list)[N2], const char (&erase)[N3])
      : put_(db, put), list_(db, list), erase_(db, erase) {}

  // A record id of 0 is a new item; otherwise it takes the place of the one that is there.
  absl::StatusOr<std::int64_t> Put(std::int64_t server, const Item& item);
  absl::StatusOr<std::vector<Item>> List(std::int64_t server);
  absl::StatusOr<std::optional<Item>> Get(std::int64_t server, std::int64_t id);
  // By what names it on any server: the name of a class, number and vendor class of a definition.
  absl::StatusOr<std::optional<Item>> FindAlike(std::int64_t server, const Item& item);
  absl::Status Delete(std::int64_t server, std::int64_t id);

 private:
  Statement put_;
  Statement list_;
  Statement erase_;
};

bool IsAlike(const v1::DhcpOptionDefinition& a, const v1::DhcpOptionDefinition& b);
bool IsAlike(const v1::DhcpUserClass& a, const v1::DhcpUserClass& b);
bool IsAlike(const v1::DhcpVendorClass& a, const v1::DhcpVendorClass& b);

class DhcpOptionTables {
 public:
  explicit DhcpOptionTables(Database& db);

  DhcpServerList<v1::DhcpOptionDefinition> definitions;
  DhcpServerList<v1::DhcpUserClass> user_classes;
  DhcpServerList<v1::DhcpVendorClass> vendor_classes;

  // Takes the place of the option with the same definition and user class.
  absl::StatusOr<std::int64_t> Put(const OptionOwner& owner, const v1::DhcpOption& option);
  absl::StatusOr<std::optional<v1::DhcpOption>> Find(const OptionOwner& owner, const v1::DhcpOption& option);
  absl::Status Delete(const OptionOwner& owner, const v1::DhcpOption& option);
  absl::Status DeleteAll(const OptionOwner& owner);
  absl::StatusOr<std::vector<v1::DhcpOption>> List(const OptionOwner& owner);

 private:
  Statement put_;
  Statement find_;
  Statement delete_;
  Statement delete_all_;
  Statement list_;
};

}  // namespace ipam::engine
