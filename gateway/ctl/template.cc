#include "gateway/ctl/template.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/model/yaml_message.h"
#include "ipam/v1/xml.pb.h"

namespace ipam::ctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

constexpr std::size_t kLineWidth = 110;
constexpr std::size_t kCommentColumn = 40;
constexpr int kMaxDepth = 6;       // of objects inside of objects that are set; deeper ones are named only
constexpr int kMaxUnsetDepth = 4;  // of those that are not

// What an object of its type is rarely given without: set, where it is part of what is required.
struct Usual {
  std::string_view type;
  std::vector<std::string_view> fields;
};
const std::vector<Usual>& UsualFields() {
  static const std::vector<Usual> usual = {
      {"DhcpScope",
       {"end_address", "parent_dhcp_server_record_id", "prefix_length", "record_id", "scope_id", "scope_name",
        "start_address", "subnet_mask"}},
      {"DhcpScopeV4", {"lease_duration"}},
      {"DhcpServer", {"record_id"}},
      {"DhcpReservation", {"address", "name", "record_id"}},
      {"DhcpReservationV4", {"mac_address"}},
      {"DhcpSuperscopeV4", {"name", "parent_server_id", "record_id"}},
      {"DhcpFilter", {"is_allow", "mac_address", "record_id", "server_record_id"}},
      {"DhcpFailover",
       {"mclt", "mode", "record_id", "relationship_name", "server1_name", "server1_percentage",
        "server1_record_id", "server2_name", "server2_record_id"}},
      {"DhcpPolicyV4", {"policy_id", "policy_name", "processing_order"}},
      {"DnsResourceRecord", {"name", "record_data", "record_id", "record_type", "ttl"}},
      {"DnsResourceRecordDataA", {"address"}},
      {"BaseDnsServerZone", {"record_id", "zone_type"}},
      {"DnsServerZone", {"zone"}},
      {"BaseDnsZone", {"name"}},
      {"DnsConditionalForwarder", {"dns_server_id", "master_servers", "name", "record_id"}},
      {"DnsServerZoneUpdate", {"record_id", "server_zone"}},
      {"IpamIPAddress", {"address", "device_name", "mac_address", "record_id"}},
  };
  return usual;
}

// Of what an operation creates, the store gives the record id; a server is there before.
bool IsUsual(const FieldDescriptor& field, const OperationKind& kind) {
  const bool creates =
      kind.operation->name.starts_with("Create") && field.containing_type()->name() != "DhcpServer";
  if (creates && field.name() == "record_id") return false;
  const auto& usual = UsualFields();
  const auto type = std::ranges::find(usual, field.containing_type()->name(), &Usual::type);
  return type != usual.end() && std::ranges::find(type->fields, field.name()) != type->fields.end();
}

bool IsObject(const FieldDescriptor& field) {
  return field.message_type() != nullptr && field.message_type()->file()->package() == "ipam.v1";
}

// None of the enumerators that say nothing, where there is another.
const EnumValueDescriptor& SampleOf(const EnumDescriptor& type) {
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string& name = type.value(i)->name();
    if (!absl::EndsWith(name, "_NONE") && !absl::EndsWith(name, "_UNSPECIFIED") &&
        !absl::EndsWith(name, "_INVALID"))
      return *type.value(i);
  }
  return *type.value(0);
}

std::string SampleOf(const FieldDescriptor& field) {
  switch (field.options().GetExtension(v1::xml).format()) {
    case v1::XML_FORMAT_IP_ADDRESS: {
      const bool mask = absl::StrContains(field.name(), "mask");
      const bool end = absl::StrContains(field.name(), "end_");
      const bool net = field.name() == "scope_id";
      return mask ? "255.255.255.0" : end ? "192.0.2.200" : net ? "192.0.2.0" : "192.0.2.10";
    }
    case v1::XML_FORMAT_MAC_ADDRESS:
      return "00:00:5e:00:53:01";
    case v1::XML_FORMAT_DECIMAL:
      return "\"1.0\"";
    default:
      break;
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "false";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "0";
    case FieldDescriptor::CPPTYPE_ENUM:
      return SampleOf(*field.enum_type()).name();
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.type() == FieldDescriptor::TYPE_BYTES) return "\"c2VjcmV0\"";
      return field.name() == "mac_address" ? "00-00-5e-00-53-01" : "example";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (IsObject(field)) return "{}";
      return field.message_type()->name() == "Duration"    ? "3600s"
             : field.message_type()->name() == "Timestamp" ? "2026-01-31T12:00:00Z"
                                                           : "{}";
    default:
      return field.name() == "prefix_length"                 ? "24"
             : absl::StrContains(field.name(), "percentage") ? "50"
                                                             : "1";
  }
}

std::string TypeOf(const FieldDescriptor& field) {
  switch (field.options().GetExtension(v1::xml).format()) {
    case v1::XML_FORMAT_IP_ADDRESS:
      return "IP address";
    case v1::XML_FORMAT_MAC_ADDRESS:
      return "MAC address";
    case v1::XML_FORMAT_UNSIGNED_BYTE:
      return "0 to 255";
    case v1::XML_FORMAT_UNSIGNED_SHORT:
      return "0 to 65535";
    case v1::XML_FORMAT_DECIMAL:
      return "decimal number, as text";
    default:
      break;
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "number";
    case FieldDescriptor::CPPTYPE_ENUM:
      return field.enum_type()->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? "bytes, base64" : "text";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (field.message_type()->name() == "Duration") return "duration, seconds with an s";
      if (field.message_type()->name() == "Timestamp") return "time, UTC";
      return field.message_type()->name() == "Any" ? "any object: type_url, value"
                                                   : field.message_type()->name();
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return "integer from 0";
    default:
      return absl::EndsWith(field.name(), "_id") || absl::EndsWith(field.name(), "_ids")
                 ? "integer, a record id"
                 : "integer";
  }
}

struct Line {
  std::size_t indent = 0;
  std::string text;     // of YAML; empty: a comment alone
  std::string comment;  // behind it
  bool live = true;
};

std::string Render(const std::vector<Line>& lines) {
  std::string out;
  std::size_t hash = 0;  // where the # of the commented block stands
  bool before_live = true;
  for (const Line& line : lines) {
    std::string text;
    if (line.text.empty()) {
      text = absl::StrCat(std::string(before_live ? line.indent : hash, ' '), "# ", line.comment);
    } else {
      if (!line.live && (before_live || line.indent < hash)) hash = line.indent;
      text = line.live ? std::string(line.indent, ' ') + line.text
                       : absl::StrCat(std::string(hash, ' '), "# ", std::string(line.indent - hash, ' '),
                                      line.text);
      if (text.size() < kCommentColumn) text.append(kCommentColumn - text.size(), ' ');
      absl::StrAppend(&text, "  # ", line.comment);
      before_live = line.live;
    }
    absl::StrAppend(&out, text, "\n");
  }
  return out;
}

class Writer {
 public:
  explicit Writer(const OperationKind& kind) : kind_(kind) {}

  std::string Write() {
    const Descriptor& type = *kind_.member->message_type();
    for (const bool required : {true, false}) {
      for (int i = 0; i < type.field_count(); ++i) {
        if (IsMandatory(*type.field(i)) == required) WriteField(*type.field(i), 0, required, 1);
      }
    }
    return Render(lines_);
  }

 private:
  bool IsMandatory(const FieldDescriptor& field) const {
    if (field.containing_type() != kind_.member->message_type()) return false;
    const std::string& name = field.options().GetExtension(v1::xml).name();
    return std::ranges::find(kind_.operation->mandatory, std::string_view(name)) !=
           kind_.operation->mandatory.end();
  }

  void WriteField(const FieldDescriptor& field, std::size_t indent, bool live, int depth) {
    const std::string comment = absl::StrCat(field.is_repeated() ? "list of " : "", TypeOf(field),
                                             IsMandatory(field) ? ", required" : "");
    const bool open = std::ranges::find(inside_, field.message_type()) != inside_.end();
    if (IsObject(field) && !open && depth < (live ? kMaxDepth : kMaxUnsetDepth)) {
      WriteObject(field, indent, live, depth, comment);
      return;
    }
    std::string value = SampleOf(field);
    if (field.is_repeated()) value = IsObject(field) ? "[]" : absl::StrCat("[", value, "]");
    lines_.push_back({indent, absl::StrCat(field.name(), ": ", value), comment, live});
    if (field.enum_type() != nullptr) WriteEnumerators(*field.enum_type(), indent);
  }

  // The fields that are set first.
  void WriteObject(const FieldDescriptor& field, std::size_t indent, bool live, int depth,
                   const std::string& comment) {
    const Descriptor& type = *field.message_type();
    const std::size_t begin = lines_.size();
    lines_.push_back({indent, field.name() + ":", comment, live});
    inside_.push_back(&type);
    const std::size_t inner = indent + (field.is_repeated() ? 4 : 2);
    for (const bool usual : {true, false}) {
      for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& member = *type.field(i);
        if (member.real_containing_oneof() == nullptr && IsUsual(member, kind_) == usual)
          WriteField(member, inner, live && usual, depth + 1);
      }
      if (usual) WriteVariants(type, inner, live, depth);
    }
    inside_.pop_back();
    const std::size_t first = begin + 1;
    const bool has_value = first < lines_.size() && !lines_[first].text.empty() && lines_[first].live == live;
    if (!has_value) {
      lines_[begin].text += field.is_repeated() ? " [{}]" : " {}";
    } else if (field.is_repeated()) {
      lines_[first].indent -= 2;
      lines_[first].text = "- " + lines_[first].text;
    }
  }

  // One of them is to be set: the first is, or, where there are many and it does not matter, they are named.
  void WriteVariants(const Descriptor& type, std::size_t indent, bool live, int depth) {
    if (type.real_oneof_decl_count() == 0) return;
    const auto* variants = type.oneof_decl(0);
    std::string others;
    for (int i = 1; i < variants->field_count(); ++i) {
      absl::StrAppend(&others, others.empty() ? "" : ", ", variants->field(i)->name());
    }
    WriteField(*variants->field(0), indent, live, depth + 1);
    if (!others.empty())
      WriteComment("instead of " + variants->field(0)->name() + " one of: ", others, indent);
  }

  void WriteEnumerators(const EnumDescriptor& type, std::size_t indent) {
    if (!named_.insert(&type).second) return;
    std::string names;
    for (int i = 0; i < type.value_count(); ++i) {
      absl::StrAppend(&names, names.empty() ? "" : ", ", type.value(i)->name());
    }
    WriteComment(type.name() + " is one of: ", names, indent);
  }

  // A comment of as many lines as it takes, broken behind a comma.
  void WriteComment(const std::string& head, std::string_view list, std::size_t indent) {
    const auto add = [&](const std::string& text) {
      lines_.push_back({indent, "", std::string(absl::StripTrailingAsciiWhitespace(text)), true});
    };
    std::string line = "  " + head;
    while (!list.empty()) {
      const std::size_t end = list.find(", ");
      const std::string_view item = list.substr(0, end == std::string_view::npos ? end : end + 2);
      if (line.size() + item.size() + indent > kLineWidth && line.size() > 4) {
        add(line);
        line = "    ";
      }
      line += item;
      list.remove_prefix(item.size());
    }
    add(line);
  }

  const OperationKind& kind_;
  std::vector<Line> lines_;
  std::vector<const Descriptor*> inside_;  // of the objects that are being written
  std::set<const EnumDescriptor*> named_;  // whose enumerators were listed
};

}  // namespace

std::string Template(const OperationKind& kind) {
  return absl::StrCat("# Parameters of ", std::string(kind.operation->name), ", [MS-IPAMM2] ",
                      std::string(kind.operation->section), ", for\n#   ipamctl start ", kind.CommandName(),
                      " --from FILE\n# What stands behind a # is not set: take it away to set it, and the {} "
                      "before it. Set what is not"
                      " meant to its real value, or delete it.\n\n",
                      Writer(kind).Write());
}

std::unique_ptr<google::protobuf::Message> TemplateMessage(const OperationKind& kind) {
  std::unique_ptr<google::protobuf::Message> message(google::protobuf::MessageFactory::generated_factory()
                                                         ->GetPrototype(kind.member->message_type())
                                                         ->New());
  // It is the program's own text: a test reads all 49.
  model::FromYaml(Template(kind), *message).IgnoreError();
  return message;
}

}  // namespace ipam::ctl
