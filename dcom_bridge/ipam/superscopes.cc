// The operations on superscopes, [MS-IPAMM2] 3.19.4.4.1.7 to .11. What happens to a scope in a failover
// relationship happens to its partner, one level deep (discrepancies F.7). ValidateDhcpSuperscope is called by none
// (F.10).
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/dhcp_entities.h"
#include "dcom_bridge/ipam/dhcp_lookup.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/step_delegate.h"
#include "dcom_bridge/ipam/validate.h"

namespace ipam::engine {
namespace {

Entity MissingSuperscope(SubtaskKind kind, v1::EntityOperationType type,
                         const v1::DhcpSuperscopeV4& request) {
  Entity entity = SuperscopeEntity(kind, type, request, "");
  if (request.name().empty()) entity.name = absl::StrFormat("Superscope %d", request.record_id());
  return entity;
}

// A scope and where it is.
struct ScopeOnServer {
  v1::DhcpScope scope;
  std::string server_name;

  static absl::StatusOr<ScopeOnServer> Read(Store& store, std::int64_t id) {
    ScopeOnServer found;
    IPAM_ASSIGN_OR_RETURN(found.scope, RequireScope(store, 4, id));
    IPAM_ASSIGN_OR_RETURN(found.server_name, NameOfServer(store, found.scope.parent_dhcp_server_record_id()));
    return found;
  }
  Entity Describe(SubtaskKind kind) const {
    return ScopeEntity(kind, v1::ENTITY_OPERATION_TYPE_UPDATE, scope, server_name);
  }
  // Of a partner, whose ScopeId is that of the scope before it.
  Entity DescribePartner(SubtaskKind kind, std::optional<std::size_t> needs = std::nullopt) const {
    Entity entity = Describe(kind);
    entity.name += " on " + server_name;
    entity.needs = needs;
    return entity;
  }
};

absl::StatusOr<std::int64_t> SetSuperscope(std::int64_t scope, std::optional<std::int64_t> superscope,
                                           v1::IpamExceptionId failed, Store& store) {
  IPAM_RETURN_IF_ERROR(RequireScope(store, 4, scope).status());
  IPAM_RETURN_IF_ERROR(AsFault(failed, store.dhcp.SetSuperscope(scope, superscope)));
  return scope;
}

// The superscopes that the partners of a superscope's scopes are in, each once.
absl::StatusOr<std::vector<v1::DhcpSuperscopeV4>> PartnerSuperscopes(Store& store, std::int64_t superscope) {
  std::vector<v1::DhcpSuperscopeV4> partners;
  IPAM_ASSIGN_OR_RETURN(const auto scopes, store.dhcp.ScopesOfSuperscope(superscope));
  for (const std::int64_t scope : scopes) {
    IPAM_ASSIGN_OR_RETURN(const auto partner, store.failover.PartnerOf(scope));
    if (!partner) continue;
    IPAM_ASSIGN_OR_RETURN(const auto row, RequireScope(store, 4, *partner));
    const std::int64_t id = row.v4().superscope_record_id();
    const bool known = std::any_of(partners.begin(), partners.end(),
                                   [id](const auto& other) { return other.record_id() == id; });
    if (id == 0 || id == superscope || known) continue;
    IPAM_ASSIGN_OR_RETURN(partners.emplace_back(), RequireSuperscope(store, id));
  }
  return partners;
}

// 3.19.4.4.1.7
class AddScopesToSuperscope final : public StepDelegate {
 public:
  explicit AddScopesToSuperscope(const v1::AddScopesToSuperscopeParameters& parameters)
      : parameters_(parameters) {}

 private:
  static constexpr auto kFailed =
      v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILED_TO_ADD_SCOPES_TO_SUPERSCOPE_IN_DATABASE;

  absl::Status ListSteps(Store& store, StepList& steps) override;
  absl::Status AddScope(std::int64_t id, RowRef superscope, std::optional<std::size_t> needs, Store& store,
                        StepList& steps) const;
  static absl::StatusOr<std::int64_t> PutSuperscope(const v1::DhcpSuperscopeV4& superscope,
                                                    std::int64_t server, Store& store);

  const v1::AddScopesToSuperscopeParameters& parameters_;
  v1::DhcpSuperscopeV4 superscope_;  // the row, or what is to become it
};

absl::Status AddScopesToSuperscope::ListSteps(Store& store, StepList& steps) {
  if (parameters_.scope_ids().empty() || !parameters_.has_superscope()) {
    return InvalidParameter("ScopeIds and Superscope are mandatory.");
  }
  superscope_ = parameters_.superscope();
  IPAM_ASSIGN_OR_RETURN(const auto row, store.dhcp.GetSuperscope(superscope_.record_id()));
  std::optional<std::size_t> made;
  RowRef id(superscope_.record_id());
  if (row) {
    superscope_ = *row;
  } else {
    if (superscope_.parent_server_id() == 0) {
      superscope_.set_parent_server_id(superscope_.server().record_id());
    }
    if (IsBlank(superscope_.name()) || superscope_.parent_server_id() == 0) {
      return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_MANDATORY_FIELD_NOT_SPECIFIED,
                   "Name and Server of a new superscope are mandatory.");
    }
    IPAM_ASSIGN_OR_RETURN(const std::string server_name, NameOfServer(store, superscope_.parent_server_id()));
    made =
        steps.Add(SuperscopeEntity(SubtaskKind::kAddDhcpSuperscope, v1::ENTITY_OPERATION_TYPE_ADD,
                                   superscope_, server_name),
                  [this](Store& s) { return PutSuperscope(superscope_, superscope_.parent_server_id(), s); });
    id = RowRef(steps, *made);
    steps.ReturnRowOf(*made,
                      [](Store& s, std::int64_t superscope) { return s.dhcp.GetSuperscope(superscope); });
  }
  for (const std::int64_t scope : parameters_.scope_ids()) {
    IPAM_RETURN_IF_ERROR(AddScope(scope, id, made, store, steps));
  }
  return absl::OkStatus();
}

absl::Status AddScopesToSuperscope::AddScope(std::int64_t id, RowRef superscope,
                                             std::optional<std::size_t> needs, Store& store,
                                             StepList& steps) const {
  constexpr auto kKind = SubtaskKind::kAddScopeToSuperscope;
  auto scope = ScopeOnServer::Read(store, id);
  if (scope.ok() && scope->scope.parent_dhcp_server_record_id() != superscope_.parent_server_id()) {
    scope = Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_SCOPES_NOT_PART_OF_SAME_SERVER,
                  absl::StrFormat("The scope %s is on %s, the superscope %s is not.", scope->scope.scope_id(),
                                  scope->server_name, superscope_.name()));
  }
  if (!scope.ok()) {
    if (!IsFault(scope.status())) return scope.status();
    steps.AddFailure(MissingScope(kKind, 4, id), scope.status());
    return absl::OkStatus();
  }
  Entity entity = scope->Describe(kKind);
  entity.needs = needs;
  const std::size_t step = steps.Add(std::move(entity), [id, superscope](Store& s) {
    return SetSuperscope(id, superscope.id(), kFailed, s);
  });

  IPAM_ASSIGN_OR_RETURN(const auto partner_id, store.failover.PartnerOf(id));
  if (!partner_id) return absl::OkStatus();
  IPAM_ASSIGN_OR_RETURN(const auto partner, ScopeOnServer::Read(store, *partner_id));
  const std::int64_t server = partner.scope.parent_dhcp_server_record_id();
  steps.Add(partner.DescribePartner(kKind, step),
            [this, server, scope = *partner_id](Store& s) -> absl::StatusOr<std::int64_t> {
              // "A superscope with the same configuration on the partner server": that of the name.
              IPAM_ASSIGN_OR_RETURN(auto there, s.dhcp.FindSuperscope(server, superscope_.name()));
              if (!there) {
                IPAM_ASSIGN_OR_RETURN(there, PutSuperscope(superscope_, server, s));
              }
              return SetSuperscope(scope, there, kFailed, s);
            });
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> AddScopesToSuperscope::PutSuperscope(const v1::DhcpSuperscopeV4& superscope,
                                                                  std::int64_t server, Store& store) {
  IPAM_RETURN_IF_ERROR(RequireServer(store, 4, server).status());
  v1::DhcpSuperscopeV4 row;
  row.set_name(superscope.name());
  row.set_percentage_used(superscope.percentage_used());
  row.set_status(superscope.status());
  row.set_parent_server_id(server);
  const absl::StatusOr<std::int64_t> id = store.dhcp.PutSuperscope(row);
  if (absl::IsAlreadyExists(id.status())) {
    return Fault(kFailed, absl::StrFormat("The server %d has a superscope %s.", server, superscope.name()));
  }
  return id;
}

// 3.19.4.4.1.8
class RemoveScopesFromSuperscope final : public StepDelegate {
 public:
  explicit RemoveScopesFromSuperscope(const v1::RemoveScopesFromSuperscopeParameters& parameters)
      : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    constexpr auto kKind = SubtaskKind::kRemoveScopeFromSuperscope;
    if (parameters_.scope_ids().empty()) return InvalidParameter("ScopeIds is mandatory.");
    for (const std::int64_t id : parameters_.scope_ids()) {
      const auto scope = ScopeOnServer::Read(store, id);
      if (!scope.ok()) {
        if (!IsFault(scope.status())) return scope.status();
        steps.AddFailure(MissingScope(kKind, 4, id), scope.status());
        continue;
      }
      const std::size_t step = steps.Add(scope->Describe(kKind), [id](Store& s) { return Remove(id, s); });
      IPAM_ASSIGN_OR_RETURN(const auto partner_id, store.failover.PartnerOf(id));
      if (!partner_id) continue;
      IPAM_ASSIGN_OR_RETURN(const auto partner, ScopeOnServer::Read(store, *partner_id));
      steps.Add(partner.DescribePartner(kKind, step),
                [partner_id](Store& s) { return Remove(*partner_id, s); });
    }
    return absl::OkStatus();
  }
  static absl::StatusOr<std::int64_t> Remove(std::int64_t scope, Store& store) {
    return SetSuperscope(
        scope, std::nullopt,
        v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILED_TO_REMOVE_SCOPES_FROM_SUPERSCOPE_IN_DATABASE, store);
  }

  const v1::RemoveScopesFromSuperscopeParameters& parameters_;
};

// 3.19.4.4.1.9
class RenameSuperscope final : public StepDelegate {
 public:
  explicit RenameSuperscope(const v1::RenameSuperscopeParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (!parameters_.has_superscope() || IsBlank(parameters_.new_name())) {
      return InvalidParameter("Superscope and NewName are mandatory.");
    }
    IPAM_ASSIGN_OR_RETURN(const auto row, RequireSuperscope(store, parameters_.superscope().record_id()));
    IPAM_ASSIGN_OR_RETURN(const std::size_t first, AddRename(row, store, steps));
    steps.ReturnRowOf(first,
                      [](Store& s, std::int64_t superscope) { return s.dhcp.GetSuperscope(superscope); });
    IPAM_ASSIGN_OR_RETURN(const auto partners, PartnerSuperscopes(store, row.record_id()));
    for (const v1::DhcpSuperscopeV4& partner : partners) {
      IPAM_RETURN_IF_ERROR(AddRename(partner, store, steps, first).status());
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::size_t> AddRename(const v1::DhcpSuperscopeV4& superscope, Store& store, StepList& steps,
                                        std::optional<std::size_t> needs = std::nullopt) const {
    IPAM_ASSIGN_OR_RETURN(const std::string server_name, NameOfServer(store, superscope.parent_server_id()));
    Entity entity = SuperscopeEntity(SubtaskKind::kRenameDhcpSuperscope, v1::ENTITY_OPERATION_TYPE_UPDATE,
                                     superscope, server_name);
    if (needs) entity.name += " on " + server_name;
    entity.needs = needs;
    return steps.Add(std::move(entity),
                     [this, id = superscope.record_id()](Store& s) { return Rename(id, s); });
  }
  absl::StatusOr<std::int64_t> Rename(std::int64_t id, Store& store) const {
    IPAM_ASSIGN_OR_RETURN(auto row, RequireSuperscope(store, id));
    row.set_name(parameters_.new_name());
    const absl::StatusOr<std::int64_t> put = store.dhcp.PutSuperscope(row);
    if (absl::IsAlreadyExists(put.status())) {
      return Fault(v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILED_TO_RENAME_SUPERSCOPE_IN_DATABASE,
                   absl::StrFormat("The server %d has a superscope %s.", row.parent_server_id(), row.name()));
    }
    return put;
  }

  const v1::RenameSuperscopeParameters& parameters_;
};

// 3.19.4.4.1.10: the partners of its scopes leave theirs first. On delete, the scopes are in no superscope.
class DeleteSuperscopes final : public StepDelegate {
 public:
  explicit DeleteSuperscopes(const v1::DeleteSuperscopesParameters& parameters) : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    if (parameters_.superscopes().empty()) return InvalidParameter("Superscopes is mandatory.");
    for (const v1::DhcpSuperscopeV4& request : parameters_.superscopes()) {
      IPAM_RETURN_IF_ERROR(AddDelete(request, store, steps));
    }
    return absl::OkStatus();
  }
  static absl::Status AddDelete(const v1::DhcpSuperscopeV4& request, Store& store, StepList& steps) {
    constexpr auto kKind = SubtaskKind::kRemoveDhcpSuperscope;
    const auto row = RequireSuperscope(store, request.record_id());
    if (!row.ok()) {
      if (!IsFault(row.status())) return row.status();
      steps.AddFailure(MissingSuperscope(kKind, v1::ENTITY_OPERATION_TYPE_DELETE, request), row.status());
      return absl::OkStatus();
    }
    const std::int64_t id = row->record_id();
    IPAM_ASSIGN_OR_RETURN(const std::string server_name, NameOfServer(store, row->parent_server_id()));
    IPAM_ASSIGN_OR_RETURN(const auto scopes, store.dhcp.ScopesOfSuperscope(id));
    for (const std::int64_t scope : scopes) {
      IPAM_ASSIGN_OR_RETURN(const auto partner_id, store.failover.PartnerOf(scope));
      if (!partner_id) continue;
      IPAM_ASSIGN_OR_RETURN(const auto partner, ScopeOnServer::Read(store, *partner_id));
      steps.Add(partner.DescribePartner(SubtaskKind::kRemoveScopeFromSuperscope), [partner_id](Store& s) {
        return SetSuperscope(*partner_id, std::nullopt,
                             v1::IPAM_EXCEPTION_ID_IPAM_API_DHCP_FAILED_TO_DELETE_SUPERSCOPES_IN_DATABASE, s);
      });
    }
    steps.Add(SuperscopeEntity(kKind, v1::ENTITY_OPERATION_TYPE_DELETE, *row, server_name),
              [id](Store& s) -> absl::StatusOr<std::int64_t> {
                IPAM_RETURN_IF_ERROR(RequireSuperscope(s, id).status());
                IPAM_RETURN_IF_ERROR(s.dhcp.DeleteSuperscope(id));
                IPAM_RETURN_IF_ERROR(s.access.DeleteAssociation(v1::IPAM_OBJECT_TYPE_DHCP_SUPERSCOPE_V4, id));
                return id;
              });
    return absl::OkStatus();
  }

  const v1::DeleteSuperscopesParameters& parameters_;
};

// 3.19.4.4.1.11: of the scopes that GetScopesForSuperscope tells (discrepancies D.5).
class SetSuperscopeActivationStatus final : public StepDelegate {
 public:
  explicit SetSuperscopeActivationStatus(const v1::SetSuperscopeActivationStatusParameters& parameters)
      : parameters_(parameters) {}

 private:
  absl::Status ListSteps(Store& store, StepList& steps) override {
    constexpr auto kKind = SubtaskKind::kSetDhcpScopeStatus;
    if (parameters_.superscopes().empty()) return InvalidParameter("Superscopes is mandatory.");
    for (const v1::DhcpSuperscopeV4& request : parameters_.superscopes()) {
      const auto row = RequireSuperscope(store, request.record_id());
      if (!row.ok()) {
        if (!IsFault(row.status())) return row.status();
        steps.AddFailure(MissingSuperscope(kKind, v1::ENTITY_OPERATION_TYPE_UPDATE, request), row.status());
        continue;
      }
      IPAM_ASSIGN_OR_RETURN(const auto scopes, store.dhcp.ScopesOfSuperscope(row->record_id()));
      for (const std::int64_t id : scopes) {
        IPAM_ASSIGN_OR_RETURN(const auto scope, ScopeOnServer::Read(store, id));
        Entity entity = scope.Describe(kKind);
        entity.name += " of " + row->name();
        steps.Add(std::move(entity), [this, id](Store& s) -> absl::StatusOr<std::int64_t> {
          IPAM_ASSIGN_OR_RETURN(auto changed, RequireScope(s, 4, id));
          changed.set_status(parameters_.activation_status() ? v1::DHCP_SCOPE_STATUS_ACTIVATED
                                                             : v1::DHCP_SCOPE_STATUS_DEACTIVATED);
          return s.dhcp.PutScope(changed);
        });
      }
    }
    return absl::OkStatus();
  }

  const v1::SetSuperscopeActivationStatusParameters& parameters_;
};

}  // namespace

std::unique_ptr<Delegate> MakeAddScopesToSuperscope(const v1::AddScopesToSuperscopeParameters& parameters) {
  return std::make_unique<AddScopesToSuperscope>(parameters);
}

std::unique_ptr<Delegate> MakeRemoveScopesFromSuperscope(
    const v1::RemoveScopesFromSuperscopeParameters& parameters) {
  return std::make_unique<RemoveScopesFromSuperscope>(parameters);
}

std::unique_ptr<Delegate> MakeRenameSuperscope(const v1::RenameSuperscopeParameters& parameters) {
  return std::make_unique<RenameSuperscope>(parameters);
}

std::unique_ptr<Delegate> MakeDeleteSuperscopes(const v1::DeleteSuperscopesParameters& parameters) {
  return std::make_unique<DeleteSuperscopes>(parameters);
}

std::unique_ptr<Delegate> MakeSetSuperscopeActivationStatus(
    const v1::SetSuperscopeActivationStatusParameters& parameters) {
  return std::make_unique<SetSuperscopeActivationStatus>(parameters);
}

}  // namespace ipam::engine
