#include "dcom_bridge/ipam/option_step.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/fault.h"
#include "ipam/v1/formatters.pb.h"

namespace ipam::engine {
namespace {

// Both formatters have these members.
template <typename Formatter>
void Describe(const v1::DhcpOptionOperation& operation, const std::string& scope_id,
              const std::string& server_name, SubtaskKind kind, std::shared_ptr<Formatter> details,
              Entity& entity) {
  const v1::DhcpOption& option = operation.value();
  details->set_option_id(option.option_definition().option_id());
  details->set_scope_id(scope_id);
  details->set_server_name(server_name);
  if (option.has_user_class()) details->set_user_class_name(option.user_class().name());
  if (option.option_definition().has_vendor_class()) {
    details->set_vendor_class_name(option.option_definition().vendor_class().name());
  }
  entity.kind = kind;
  entity.name = absl::StrFormat("Option %d %s", option.option_definition().option_id(),
                                option.option_definition().name());
  entity.details = std::move(details);
  entity.operation_type = v1::ENTITY_OPERATION_TYPE_UPDATE;
}

}  // namespace

bool IsOptionStep(const v1::DhcpOptionOperation& operation) {
  return operation.operation() == v1::COLLECTION_OPERATIONS_ADD ||
         operation.operation() == v1::COLLECTION_OPERATIONS_SET ||
         operation.operation() == v1::COLLECTION_OPERATIONS_DELETE;
}

void DescribeScopeOption(const v1::DhcpOptionOperation& operation, const std::string& scope_id,
                         const std::string& server_name, Entity& entity) {
  Describe(operation, scope_id, server_name, SubtaskKind::kSetDhcpOption,
           std::make_shared<v1::ScopeOptionDataFormatter>(), entity);
}

void DescribeReservationOption(const v1::DhcpOptionOperation& operation, const std::string& scope_id,
                               const std::string& address, const std::string& server_name, Entity& entity) {
  auto details = std::make_shared<v1::ReservationOptionDataFormatter>();
  details->set_reservation_address(address);
  Describe(operation, scope_id, server_name, SubtaskKind::kSetDhcpReservationOption, std::move(details),
           entity);
}

absl::StatusOr<std::int64_t> ApplyOption(const v1::DhcpOptionOperation& operation, const OptionOwner& owner,
                                         Store& store) {
  v1::DhcpOption option = operation.value();
  option.clear_record_id();
  if (operation.operation() == v1::COLLECTION_OPERATIONS_DELETE) {
    IPAM_RETURN_IF_ERROR(store.dhcp.DeleteOption(owner, option));
    return 0;
  }
  const std::int64_t definition = option.option_definition().record_id();
  IPAM_ASSIGN_OR_RETURN(const bool defined, store.dhcp.HasOptionDefinition(owner.server_id, definition));
  if (!defined) {
    return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_OPTION_ASSOCIATED_OPTION_DEFINITION_NOT_FOUND,
                 absl::StrFormat("The server %d has no option definition %d.", owner.server_id, definition));
  }
  if (const std::int64_t user_class = option.user_class().record_id(); user_class != 0) {
    IPAM_ASSIGN_OR_RETURN(const bool known, store.dhcp.HasUserClass(owner.server_id, user_class));
    if (!known) {
      return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_OPTION_ASSOCIATED_USER_CLASS_NOT_FOUND,
                   absl::StrFormat("The server %d has no user class %d.", owner.server_id, user_class));
    }
  }
  return store.dhcp.PutOption(owner, option);
}

}  // namespace ipam::engine
