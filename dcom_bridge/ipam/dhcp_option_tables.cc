#include "dcom_bridge/ipam/dhcp_option_tables.h"

#include <utility>

#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/rows.h"

namespace ipam::engine {

template <typename Item>
absl::StatusOr<std::int64_t> DhcpServerList<Item>::Put(std::int64_t server, const Item& item) {
  return ReturnedId(put_.Lookup(server, item.record_id(), ToJson(item)));
}

template <typename Item>
absl::StatusOr<std::vector<Item>> DhcpServerList<Item>::List(std::int64_t server) {
  return ReadRows<Item>(list_.Query(server),
                        [](const Cursor& row, Item& item) { item.set_record_id(row.Int64(1)); });
}

template <typename Item>
absl::StatusOr<std::optional<Item>> DhcpServerList<Item>::Get(std::int64_t server, std::int64_t id) {
  IPAM_ASSIGN_OR_RETURN(std::vector<Item> items, List(server));
  for (Item& item : items) {
    if (item.record_id() == id) return std::move(item);
  }
  return std::nullopt;
}

template <typename Item>
absl::StatusOr<std::optional<Item>> DhcpServerList<Item>::FindAlike(std::int64_t server, const Item& item) {
  IPAM_ASSIGN_OR_RETURN(std::vector<Item> items, List(server));
  for (Item& other : items) {
    if (IsAlike(other, item)) return std::move(other);
  }
  return std::nullopt;
}

template <typename Item>
absl::Status DhcpServerList<Item>::Delete(std::int64_t server, std::int64_t id) {
  return erase_.Run(server, id);
}

template class DhcpServerList<v1::DhcpOptionDefinition>;
template class DhcpServerList<v1::DhcpUserClass>;
template class DhcpServerList<v1::DhcpVendorClass>;

bool IsAlike(const v1::DhcpOptionDefinition& a, const v1::DhcpOptionDefinition& b) {
  return a.option_id() == b.option_id() && IsAlike(a.vendor_class(), b.vendor_class());
}

bool IsAlike(const v1::DhcpUserClass& a, const v1::DhcpUserClass& b) { return a.name() == b.name(); }

bool IsAlike(const v1::DhcpVendorClass& a, const v1::DhcpVendorClass& b) { return a.name() == b.name(); }

DhcpOptionTables::DhcpOptionTables(Database& db)
    : definitions(
          db,
          "INSERT INTO dhcp_option_definitions (server_id, record_id, details) VALUES (?1, "
          "coalesce(nullif(?2, 0),"
          " (SELECT coalesce(max(record_id), 0) + 1 FROM dhcp_option_definitions WHERE server_id = ?1)), ?3)"
          " ON CONFLICT (server_id, record_id) DO UPDATE SET details = excluded.details RETURNING record_id",
          "SELECT details, record_id FROM dhcp_option_definitions WHERE server_id = ? ORDER BY record_id",
          "DELETE FROM dhcp_option_definitions WHERE server_id = ? AND record_id = ?"),
      user_classes(
          db,
          "INSERT INTO dhcp_user_classes (server_id, record_id, details) VALUES (?1, coalesce(nullif(?2, 0),"
          " (SELECT coalesce(max(record_id), 0) + 1 FROM dhcp_user_classes WHERE server_id = ?1)), ?3)"
          " ON CONFLICT (server_id, record_id) DO UPDATE SET details = excluded.details RETURNING record_id",
          "SELECT details, record_id FROM dhcp_user_classes WHERE server_id = ? ORDER BY record_id",
          "DELETE FROM dhcp_user_classes WHERE server_id = ? AND record_id = ?"),
      vendor_classes(
          db,
          "INSERT INTO dhcp_vendor_classes (server_id, record_id, details) VALUES (?1, coalesce(nullif(?2, "
          "0),"
          " (SELECT coalesce(max(record_id), 0) + 1 FROM dhcp_vendor_classes WHERE server_id = ?1)), ?3)"
          " ON CONFLICT (server_id, record_id) DO UPDATE SET details = excluded.details RETURNING record_id",
          "SELECT details, record_id FROM dhcp_vendor_classes WHERE server_id = ? ORDER BY record_id",
          "DELETE FROM dhcp_vendor_classes WHERE server_id = ? AND record_id = ?"),
      put_(db,
           "INSERT INTO dhcp_options (record_id, server_id, scope_id, reservation_id, policy_id,"
           " option_definition_id, user_class_id, details) VALUES (nullif(?, 0), ?, ?, ?, ?, ?, nullif(?, "
           "0), ?)"
           " RETURNING record_id"),
      find_(db,
            "SELECT details, record_id FROM dhcp_options WHERE server_id = ? AND scope_id IS NOT DISTINCT "
            "FROM ?"
            " AND reservation_id IS NOT DISTINCT FROM ? AND policy_id IS NOT DISTINCT FROM ? AND "
            "option_definition_id = ?"
            " AND user_class_id IS NOT DISTINCT FROM nullif(?, 0)"),
      delete_(db,
              "DELETE FROM dhcp_options WHERE server_id = ? AND scope_id IS NOT DISTINCT FROM ? AND "
              "reservation_id IS NOT DISTINCT FROM ?"
              " AND policy_id IS NOT DISTINCT FROM ? AND option_definition_id = ? AND user_class_id IS NOT "
              "DISTINCT FROM nullif(?, 0)"),
      delete_all_(db,
                  "DELETE FROM dhcp_options WHERE server_id = ? AND scope_id IS NOT DISTINCT FROM ? AND "
                  "reservation_id IS NOT DISTINCT FROM ?"
                  " AND policy_id IS NOT DISTINCT FROM ?"),
      list_(db,
            "SELECT details, record_id FROM dhcp_options WHERE server_id = ? AND scope_id IS NOT DISTINCT "
            "FROM ?"
            " AND reservation_id IS NOT DISTINCT FROM ? AND policy_id IS NOT DISTINCT FROM ? ORDER BY "
            "record_id") {}

absl::StatusOr<std::int64_t> DhcpOptionTables::Put(const OptionOwner& owner, const v1::DhcpOption& option) {
  IPAM_RETURN_IF_ERROR(Delete(owner, option));
  return ReturnedId(put_.Lookup(option.record_id(), owner.server_id, owner.scope_id, owner.reservation_id,
                                owner.policy_id, option.option_definition().record_id(),
                                option.user_class().record_id(), ToJson(option)));
}

absl::StatusOr<std::optional<v1::DhcpOption>> DhcpOptionTables::Find(const OptionOwner& owner,
                                                                     const v1::DhcpOption& option) {
  return ReadRow<v1::DhcpOption>(
      find_.Query(owner.server_id, owner.scope_id, owner.reservation_id, owner.policy_id,
                  option.option_definition().record_id(), option.user_class().record_id()),
      [](const Cursor& row, v1::DhcpOption& found) { found.set_record_id(row.Int64(1)); });
}

absl::Status DhcpOptionTables::Delete(const OptionOwner& owner, const v1::DhcpOption& option) {
  return delete_.Run(owner.server_id, owner.scope_id, owner.reservation_id, owner.policy_id,
                     option.option_definition().record_id(), option.user_class().record_id());
}

absl::Status DhcpOptionTables::DeleteAll(const OptionOwner& owner) {
  return delete_all_.Run(owner.server_id, owner.scope_id, owner.reservation_id, owner.policy_id);
}

absl::StatusOr<std::vector<v1::DhcpOption>> DhcpOptionTables::List(const OptionOwner& owner) {
  return ReadRows<v1::DhcpOption>(
      list_.Query(owner.server_id, owner.scope_id, owner.reservation_id, owner.policy_id),
      [](const Cursor& row, v1::DhcpOption& option) { option.set_record_id(row.Int64(1)); });
}

}  // namespace ipam::engine
