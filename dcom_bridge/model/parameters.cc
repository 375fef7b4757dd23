#include "dcom_bridge/model/parameters.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/base/strings.h"
#include "dcom_bridge/model/convert.h"
#include "dcom_bridge/model/scalar_reader.h"
#include "dcom_bridge/model/schema.h"
#include "dcom_bridge/model/xml_reader.h"
#include "dcom_bridge/model/xml_writer.h"

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

// The members that the delegate faults without and that are missing in `own`, the message of the parameter type.
absl::StatusOr<std::vector<const XmlMember*>> MissingMembers(const Operation& operation,
                                                             const google::protobuf::Message& own) {
  const XmlType* type = XmlTypes::Get().Find(kIpamNs, operation.parameter_type);
  std::vector<const XmlMember*> missing;
  for (const std::string_view name : operation.mandatory) {
    if (name.empty()) break;
    const XmlMember* member = type == nullptr ? nullptr : type->Find(kIpamNs, name);
    if (member == nullptr) {
      return absl::InternalError(
          absl::StrCat("no member ", std::string(name), " in ", std::string(operation.parameter_type)));
    }
    if (IsMissing(own, *member->field)) missing.push_back(member);
  }
  return missing;
}

constexpr char kMissing[] = "is missing or empty";

absl::Status CheckMandatory(const xmlNode& node, const Operation& operation,
                            const v1::OperationParameters& parameters) {
  const XmlType& type = *XmlTypes::Get().TypeOf(parameters);
  const auto& own = parameters.GetReflection()->GetMessage(parameters, type.path().front());
  IPAM_ASSIGN_OR_RETURN(const auto missing, MissingMembers(operation, own));
  std::vector<Problem> problems;
  for (const XmlMember* member : missing) {
    const xmlNode* element = FindChild(node, member->name);
    Problem problem = ProblemAt(element != nullptr ? *element : node, kMissing);
    problem.field = absl::StrCat(std::string(kChild), ".", member->name);
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
  std::string joined;
  IPAM_ASSIGN_OR_RETURN(const auto type, InstanceType(*parameters, joined));
  if (!type || type->ns != kIpamNs || type->name != operation->parameter_type) {
    return ErrorAt(*parameters,
                   absl::StrCat(name, " takes xsi:type ", std::string(operation->parameter_type), ", not ",
                                type ? absl::StrCat("'", Shorten(type->name), "'") : std::string("none")));
  }
  return operation;
}

// "Scope.Options" and "[2]" of "Scope.Options[2]"; an entry is the only one where it has no number.
struct Step {
  std::string_view name;
  int entry = 0;  // from 0
};
Step TakeStep(std::string_view& path) {
  std::string_view step = path.substr(0, path.find('.'));
  path.remove_prefix(std::min(path.size(), step.size() + 1));
  Step out{.name = step.substr(0, step.find('['))};
  if (out.name.size() < step.size() &&
      absl::SimpleAtoi(base::ToAbsl(step.substr(out.name.size() + 1, step.size() - out.name.size() - 2)),
                       &out.entry)) {
    --out.entry;
  }
  return out;
}

// The path of the field that an element below `message` was written from: as far as it leads.
std::string MessagePath(const google::protobuf::Message& message, std::string_view xml_path) {
  std::string out;
  for (const google::protobuf::Message* at = &message; at != nullptr && !xml_path.empty();) {
    const XmlType* type = XmlTypes::Get().TypeOf(*at);
    if (type == nullptr) break;
    const Step step = TakeStep(xml_path);
    const auto member = std::ranges::find(type->members(), step.name, &XmlMember::name);
    if (member == type->members().end()) break;
    absl::StrAppend(&out, out.empty() ? "" : ".", FieldPathOf(*type, *member));
    for (std::size_t level = 0; level < member->level; ++level) {
      at = &at->GetReflection()->GetMessage(*at, type->path()[level]);
    }
    const google::protobuf::Reflection& reflection = *at->GetReflection();
    const bool is_message = member->field->message_type() != nullptr;
    if (!member->field->is_repeated()) {
      at = is_message ? &reflection.GetMessage(*at, member->field) : nullptr;
      continue;
    }
    if (member->format == v1::XML_FORMAT_LIST || xml_path.empty()) break;
    const int entry = TakeStep(xml_path).entry;
    if (entry < 0 || entry >= reflection.FieldSize(*at, member->field)) break;
    absl::StrAppend(&out, "[", entry, "]");
    at = is_message ? &reflection.GetRepeatedMessage(*at, member->field, entry) : nullptr;
  }
  return out;
}

std::string Below(std::string_view path, std::string_view field) {
  return absl::StrCat(std::string(path), path.empty() || field.empty() ? "" : ".", std::string(field));
}

// The field of OperationParameters for parameters of this type; null: it is none.
const google::protobuf::FieldDescriptor* VariantOf(const google::protobuf::Descriptor& type) {
  const auto& variants = *v1::OperationParameters::descriptor()->FindOneofByName("variant");
  for (int i = 0; i < variants.field_count(); ++i) {
    if (variants.field(i)->message_type() == &type) return variants.field(i);
  }
  return nullptr;
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

absl::StatusOr<TypedParameters> CheckTypedParameters(const Operation& operation,
                                                     const google::protobuf::Message& own,
                                                     std::string_view path, const XmlLimits& limits) {
  const auto* variant = VariantOf(*own.GetDescriptor());
  const XmlType* type = XmlTypes::Get().Find(*own.GetDescriptor());
  if (variant == nullptr || type == nullptr || type->name() != operation.parameter_type) {
    return absl::InternalError(
        absl::StrCat(own.GetTypeName(), " is not what ", std::string(operation.name), " takes"));
  }
  v1::InitializeOperationParameters body;
  v1::OperationParameters& parameters = *body.mutable_parameters();
  parameters.set_operation_id(static_cast<v1::IpamAdminOperationId>(operation.ordinal));
  auto& copy = *parameters.GetReflection()->MutableMessage(&parameters, variant);
  copy.CopyFrom(own);
  const std::size_t bytes = copy.ByteSizeLong();
  copy.DiscardUnknownFields();
  if (copy.ByteSizeLong() != bytes) {
    return InvalidDocument({{.field = std::string(path), .what = "has fields that are not known here"}});
  }

  IPAM_ASSIGN_OR_RETURN(const auto missing, MissingMembers(operation, own));
  std::vector<Problem> problems;
  for (const XmlMember* member : missing) {
    problems.push_back({.field = Below(path, member->field->name()), .what = kMissing});
  }
  if (!problems.empty()) return InvalidDocument(problems);

  TypedParameters out{.kind = std::string(operation.name), .xml = ""};
  XmlWriter writer;
  absl::StatusOr<std::string> xml = writer.Write(body, kParametersRoot);
  if (!xml.ok()) {
    if (writer.failure().empty()) return xml.status();
    std::string_view field = writer.failed_at();
    TakeStep(field);  // "parameters"
    TakeStep(field);  // the variant
    return InvalidDocument({{.field = Below(path, field), .what = writer.failure()}});
  }
  out.xml = *std::move(xml);
  IPAM_ASSIGN_OR_RETURN(const XmlDocument doc, ParseXml(out.xml, limits));
  IPAM_ASSIGN_OR_RETURN(problems, FindSchemaProblems(*doc));
  for (Problem& problem : problems) {
    problem.line = 0;
    std::string_view element = problem.field;
    TakeStep(element);  // the parameters
    const std::string field = MessagePath(parameters, element);
    std::string_view below = field;
    TakeStep(below);  // the variant
    problem.field = Below(path, below);
  }
  if (!problems.empty()) return InvalidDocument(problems);
  return out;
}

}  // namespace ipam::model
