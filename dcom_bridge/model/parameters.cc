#include "dcom_bridge/model/parameters.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/model/scalar_reader.h"
#include "dcom_bridge/model/schema.h"
#include "dcom_bridge/model/xml_reader.h"

namespace ipam::model {
namespace {

constexpr std::string_view kIpamNs = "http://Microsoft.Windows.Ipam";
constexpr std::string_view kRoot = "InitializeOperationParameters";
constexpr std::string_view kChild = "paramters";  // so spelled, discrepancies A.3

const xmlNode* FindChild(const xmlNode& node, std::string_view name) {
  for (const xmlNode* child : ChildElements(node)) {
    if (LocalName(*child) == name && Namespace(*child) == kIpamNs) return child;
  }
  return nullptr;
}

// Absent, null, an empty collection, the number 0, the enumerator None: what a delegate faults at.
bool IsMissing(const google::protobuf::Message& owner, const google::protobuf::FieldDescriptor& field) {
  const auto& reflection = *owner.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(owner, &field) == 0;
  return !reflection.HasField(owner, &field);
}

absl::Status CheckMandatory(const xmlNode& node, const Operation& operation,
                            const v1::OperationParameters& parameters) {
  const XmlType& type = *XmlTypes::Get().TypeOf(parameters);
  const auto& own = parameters.GetReflection()->GetMessage(parameters, type.path().front());
  std::vector<Problem> problems;
  for (const std::string_view name : operation.mandatory) {
    if (name.empty()) break;
    const XmlMember* member = type.Find(kIpamNs, name);
    if (member == nullptr)
      return absl::InternalError(absl::StrCat("no member ", std::string(name), " in ", type.name()));
    if (!IsMissing(own, *member->field)) continue;
    const xmlNode* element = FindChild(node, name);
    Problem problem = ProblemAt(element != nullptr ? *element : node, "is missing or empty");
    problem.field = absl::StrCat(std::string(kChild), ".", std::string(name));
    problems.push_back(std::move(problem));
  }
  return problems.empty() ? absl::OkStatus() : InvalidDocument(problems);
}

// Before the schema, whose words for these say less.
absl::StatusOr<const Operation*> CheckOperation(const xmlNode& root) {
  if (LocalName(root) != kRoot || Namespace(root) != kIpamNs) {
    return ErrorAt(
        root, absl::StrCat("the root element must be ", std::string(kRoot), " of ", std::string(kIpamNs)));
  }
  const xmlNode* parameters = FindChild(root, kChild);
  if (parameters == nullptr || IsNil(*parameters)) {
    Problem problem = ProblemAt(parameters != nullptr ? *parameters : root, "the parameters are missing");
    problem.field = std::string(kChild);
    return InvalidDocument({problem});
  }
  const xmlNode* id = FindChild(*parameters, "OperationId");
  if (id == nullptr || IsNil(*id) || Trim(Text(*id)).empty()) {
    Problem problem = ProblemAt(id != nullptr ? *id : *parameters, "the OperationId is missing");
    problem.field = absl::StrCat(std::string(kChild), ".OperationId");
    return InvalidDocument({problem});
  }
  const std::string name = Text(*id);
  const Operation* operation = FindOperation(std::string_view(name));
  if (operation == nullptr)
    return ErrorAt(*id, absl::StrCat("'", Shorten(name), "' is not a known OperationId"));
  IPAM_ASSIGN_OR_RETURN(const auto type, InstanceType(*parameters));
  if (!type || type->ns != kIpamNs || type->name != operation->parameter_type) {
    return ErrorAt(*parameters,
                   absl::StrCat(name, " takes xsi:type ", std::string(operation->parameter_type), ", not ",
                                type ? absl::StrCat("'", Shorten(type->name), "'") : std::string("none")));
  }
  return operation;
}

}  // namespace

absl::StatusOr<CheckedParameters> CheckParameters(std::string_view xml, const XmlLimits& limits) {
  IPAM_ASSIGN_OR_RETURN(const XmlDocument doc, ParseXml(xml, limits));
  const xmlNode& root = *xmlDocGetRootElement(doc.get());
  CheckedParameters out;
  IPAM_ASSIGN_OR_RETURN(out.operation, CheckOperation(root));
  out.kind = std::string(out.operation->name);
  IPAM_RETURN_IF_ERROR(ValidateAgainstSchema(*doc));
  v1::InitializeOperationParameters body;
  IPAM_RETURN_IF_ERROR(XmlReader(root, limits).Read(body));
  out.parameters = std::move(*body.mutable_parameters());
  IPAM_RETURN_IF_ERROR(CheckMandatory(*FindChild(root, kChild), *out.operation, out.parameters));
  return out;
}

}  // namespace ipam::model
