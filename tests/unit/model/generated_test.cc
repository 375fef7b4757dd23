// The converter over generated documents of all 49 operations: what it writes is valid and means the same when it is
// read again, however another serializer would have spelled it; what the schema refuses is refused with its place.
#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "dcom_bridge/model/convert.h"
#include "dcom_bridge/model/operations.h"
#include "dcom_bridge/model/parameters.h"
#include "dcom_bridge/model/scalar_reader.h"
#include "dcom_bridge/model/values.h"
#include "dcom_bridge/model/xml_types.h"
#include "google/rpc/error_details.pb.h"
#include "ipam/v1/formatters.pb.h"
#include "ipam/v1/value.pb.h"
#include "model_testing.h"
#include "tests/support/matchers.h"

namespace ipam::model {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using test_support::StatusIs;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr int kDocuments = 6;  // of each kind

// --- messages ----------------------------------------------------------------------------------------------

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  int Below(int n) { return static_cast<int>(Bits() % static_cast<std::uint32_t>(n)); }
  std::uint32_t Bits() { return static_cast<std::uint32_t>(random_()); }

  v1::InitializeOperationParameters Body(const Operation& operation) {
    v1::InitializeOperationParameters body;
    v1::OperationParameters& parameters = *body.mutable_parameters();
    parameters.set_operation_id(static_cast<v1::IpamAdminOperationId>(operation.ordinal));
    const XmlType& type = *XmlTypes::Get().Find(NamespaceUri(v1::IPAM), operation.parameter_type);
    Message& own = *parameters.GetReflection()->MutableMessage(&parameters, type.path().front());
    Fill(own, 4);
    for (const std::string_view name : operation.mandatory) {
      if (!name.empty()) Require(own, *type.Find(NamespaceUri(v1::IPAM), name));
    }
    return body;
  }

 private:
  void Require(Message& own, const XmlMember& member) {
    const Reflection& reflection = *own.GetReflection();
    const FieldDescriptor& field = *member.field;
    const auto missing = [&] {
      return field.is_repeated() ? reflection.FieldSize(own, &field) == 0 : !reflection.HasField(own, &field);
    };
    while (missing()) Set(own, field, field.options().GetExtension(v1::xml), 4);
  }

  // Some of its members, and perhaps a derived type.
  void Fill(Message& message, int depth) {
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *message.GetDescriptor()->field(i);
      if (field.real_containing_oneof() != nullptr || Below(3) == 0) continue;
      for (int times = field.is_repeated() ? Below(3) : 1; times > 0; --times) {
        Set(message, field, field.options().GetExtension(v1::xml), depth);
      }
    }
    const auto* variants = message.GetDescriptor()->FindOneofByName("variant");
    if (variants == nullptr || Below(4) == 0) return;
    Fill(*message.GetReflection()->MutableMessage(&message, variants->field(Below(variants->field_count()))),
         depth);
  }

  std::string Text(const v1::XmlField& option, bool bytes) {
    static const std::array<const char*, 7> kAddresses = {
        "192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "2001:db8::7:1", "fe80::1%3", "fe80::1%4294967295"};
    static const std::array<const char*, 6> kTexts = {
        "plain", "a<b>&\"c' \xC3\xA9", " \t\r\n ", "]]>", "\xF0\x9F\x98\x80 \xE2\x82\xAC", "0"};
    switch (option.format()) {
      case v1::XML_FORMAT_IP_ADDRESS:
        return kAddresses[static_cast<std::size_t>(Below(7))];
      case v1::XML_FORMAT_MAC_ADDRESS:
        return FormatMacAddress(Octets(6));
      case v1::XML_FORMAT_DECIMAL:
        return absl::StrCat(Below(1000), ".", Below(100));
      default:
        return bytes ? Octets(1 + Below(9)) : kTexts[static_cast<std::size_t>(Below(6))];
    }
  }
  std::string Octets(int count) {
    std::string out;
    while (count-- > 0) out.push_back(static_cast<char>(Below(256)));
    return out;
  }

  // Of all the bits, or one end of what there is.
  template <typename Number>
  Number Any() {
    if (Below(6) == 0) return std::numeric_limits<Number>::min();
    if (Below(6) == 0) return std::numeric_limits<Number>::max();
    return static_cast<Number>(std::uint64_t{Bits()} << 32 | Bits());
  }
  double AnyDouble() {
    using Limits = std::numeric_limits<double>;
    const std::array<double, 6> ends = {Limits::infinity(), -Limits::infinity(), Limits::max(),
                                        -Limits::max(),     Limits::min(),       Limits::denorm_min()};
    return Below(3) == 0 ? ends[static_cast<std::size_t>(Below(6))] : Below(100'000) / 7.0;
  }

  void Set(Message& m, const FieldDescriptor& field, const v1::XmlField& option, int depth) {
    const Reflection& r = *m.GetReflection();
    const bool many = field.is_repeated();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32: {
        const auto value = Any<std::int32_t>();
        many ? r.AddInt32(&m, &field, value) : r.SetInt32(&m, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_INT64: {
        const auto value = Any<std::int64_t>();
        many ? r.AddInt64(&m, &field, value) : r.SetInt64(&m, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_UINT32: {
        const std::uint32_t limit = option.format() == v1::XML_FORMAT_UNSIGNED_BYTE    ? 0xFF
                                    : option.format() == v1::XML_FORMAT_UNSIGNED_SHORT ? 0xFFFF
                                                                                       : 0xFFFFFFFF;
        const std::uint32_t value = Any<std::uint32_t>() & limit;
        many ? r.AddUInt32(&m, &field, value) : r.SetUInt32(&m, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_UINT64:
        r.SetUInt64(&m, &field, Any<std::uint64_t>());
        return;
      case FieldDescriptor::CPPTYPE_BOOL:
        r.SetBool(&m, &field, Below(2) == 1);
        return;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        r.SetDouble(&m, &field, AnyDouble());
        return;
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto* value = field.enum_type()->value(Below(field.enum_type()->value_count()));
        many ? r.AddEnum(&m, &field, value) : r.SetEnum(&m, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string value = Text(option, field.type() == FieldDescriptor::TYPE_BYTES);
        many ? r.AddString(&m, &field, value) : r.SetString(&m, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        SetMessage(m, field, option, depth);
        return;
      default:
        FAIL() << field.full_name();
    }
  }

  void SetMessage(Message& m, const FieldDescriptor& field, const v1::XmlField& option, int depth) {
    const std::string& type = field.message_type()->full_name();
    if (depth == 0 && type.starts_with("ipam.v1.")) return;
    const Reflection& r = *m.GetReflection();
    Message& inside = field.is_repeated() ? *r.AddMessage(&m, &field) : *r.MutableMessage(&m, &field);
    if (type == "google.protobuf.Duration") {
      google::protobuf::Duration duration;
      const int sign = Below(4) == 0 ? -1 : 1;
      duration.set_seconds(sign * Below(2'000'000'000));
      duration.set_nanos(sign * Below(10'000'000) * 100);  // a TimeSpan counts 100 ns
      inside.CopyFrom(duration);
    } else if (type == "google.protobuf.Timestamp") {
      google::protobuf::Timestamp timestamp;
      timestamp.set_seconds(-62'135'596'800 + static_cast<std::int64_t>(Bits()) * 73);  // the years 1 to 9936
      timestamp.set_nanos(Below(1000) * 1'000'000);
      inside.CopyFrom(timestamp);
    } else if (type == "google.protobuf.Any") {
      v1::FilterDataFormatter formatter;
      formatter.set_server_name(Text(option, false));
      google::protobuf::Any any;
      any.PackFrom(formatter);
      inside.CopyFrom(any);
    } else if (type == "ipam.v1.AnyValue") {
      const auto& kinds = *inside.GetDescriptor()->oneof_decl(0);
      const FieldDescriptor& kind = *kinds.field(Below(kinds.field_count()));
      Set(inside, kind, kind.options().GetExtension(v1::xml), 1);
    } else if (!option.declared().empty()) {  // the schema declares a derived type
      Message* at = &inside;
      for (const FieldDescriptor* variant :
           XmlTypes::Get().Find(NamespaceUri(v1::IPAM), option.declared())->path()) {
        at = at->GetReflection()->MutableMessage(at, variant);
      }
      Fill(*at, depth - 1);
    } else {
      Fill(inside, depth - 1);
    }
  }

  std::mt19937 random_;
};

// --- documents as others write them ------------------------------------------------------------------------

std::string Serialize(xmlDoc& doc) {
  xmlChar* text = nullptr;
  int size = 0;
  xmlDocDumpMemory(&doc, &text, &size);
  std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  xmlFree(text);
  return out;
}

template <typename Visit>
void ForEachElement(xmlNode* node, const Visit& visit) {
  for (; node != nullptr; node = node->next) {
    if (node->type != XML_ELEMENT_NODE) continue;
    visit(*node);
    ForEachElement(node->children, visit);
  }
}

const xmlChar* Text(const std::string& text) { return reinterpret_cast<const xmlChar*>(text.c_str()); }

// Every prefix another one, the default namespace too, and the values of xsi:type with them.
void ChangePrefixes(xmlDoc& doc) {
  int count = 0;
  std::map<std::string, std::string> prefixes;  // by namespace
  ForEachElement(xmlDocGetRootElement(&doc), [&](xmlNode& node) {
    std::string joined;
    if (const auto type = InstanceType(node, joined); type.ok() && *type) {
      const std::string ns((*type)->ns);
      std::string& prefix = prefixes[ns];
      if (prefix.empty()) prefix = absl::StrCat("p", ++count);
      xmlNs* instance = xmlSearchNsByHref(&doc, &node, Text(std::string(kInstanceNs)));
      xmlNewNs(&node, Text(ns), Text(prefix));
      xmlSetNsProp(&node, instance, Text("type"),
                   Text(absl::StrCat(prefix, ":", std::string((*type)->name))));
    }
  });
  ForEachElement(xmlDocGetRootElement(&doc), [&](xmlNode& node) {
    if (node.ns == nullptr) return;
    const std::string ns = reinterpret_cast<const char*>(node.ns->href);
    std::string& prefix = prefixes[ns];
    if (prefix.empty()) prefix = absl::StrCat("p", ++count);
    xmlNs* own = nullptr;
    for (xmlNs* at = node.nsDef; at != nullptr && own == nullptr; at = at->next) {
      if (at->prefix != nullptr && prefix == reinterpret_cast<const char*>(at->prefix)) own = at;
    }
    xmlSetNs(&node, own != nullptr ? own : xmlNewNs(&node, Text(ns), Text(prefix)));
  });
}

// An object that is there already, element for element, becomes a z:Ref to it.
int ShareObjects(xmlDoc& doc) {
  std::map<std::string, std::string> ids;  // by text
  std::vector<std::pair<xmlNode*, std::string>> repeated;
  xmlNode* root = xmlDocGetRootElement(&doc);
  xmlNs* z = xmlNewNs(root, Text(std::string(kSerializationNs)), Text("z"));
  xmlNs* instance = xmlSearchNsByHref(&doc, root, Text(std::string(kInstanceNs)));
  const std::function<void(xmlNode*)> walk = [&](xmlNode* node) {
    for (; node != nullptr; node = node->next) {
      // An element named for its type, as an entry of a list is. Plain types have no z:Id.
      const XmlType* type =
          node->type == XML_ELEMENT_NODE ? XmlTypes::Get().Find(Namespace(*node), LocalName(*node)) : nullptr;
      const bool object = type != nullptr && !type->plain() && !ChildElements(*node).empty();
      if (object) {
        xmlBuffer* buffer = xmlBufferCreate();
        xmlNodeDump(buffer, &doc, node, 0, 0);
        const std::string text(reinterpret_cast<const char*>(xmlBufferContent(buffer)));
        xmlBufferFree(buffer);
        const auto [known, added] = ids.emplace(text, absl::StrCat("i", ids.size() + 1));
        if (!added) {
          repeated.emplace_back(node, known->second);
          continue;
        }
        walk(node->children);
        xmlSetNsProp(node, z, Text("Id"), Text(known->second));
        continue;
      }
      if (node->type == XML_ELEMENT_NODE) walk(node->children);
    }
  };
  walk(root->children);
  for (auto& [node, id] : repeated) {
    xmlNodeSetContent(node, nullptr);
    xmlSetNsProp(node, z, Text("Ref"), Text(id));
    xmlSetNsProp(node, instance, Text("nil"), Text("true"));
  }
  return static_cast<int>(repeated.size());
}

// The first entry of each list of objects once more, at its end.
void RepeatEntries(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr || field->message_type()->file()->package() != "ipam.v1") continue;
    if (!field->is_repeated()) {
      RepeatEntries(*reflection.MutableMessage(&message, field));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      RepeatEntries(*reflection.MutableRepeatedMessage(&message, field, i));
    }
    const std::unique_ptr<Message> first(reflection.GetRepeatedMessage(message, field, 0).New());
    first->CopyFrom(reflection.GetRepeatedMessage(message, field, 0));
    reflection.AddMessage(&message, field)->CopyFrom(*first);
  }
}

class GeneratedTest : public ::testing::TestWithParam<int> {
 protected:
  const Operation& operation_ = Operations()[static_cast<std::size_t>(GetParam())];
  unsigned Seed(int document) const { return static_cast<unsigned>(GetParam() * 1000 + document + 1); }
};

TEST_P(GeneratedTest, IsValidAndMeansTheSameReadAgain) {
  for (int i = 0; i < kDocuments; ++i) {
    SCOPED_TRACE(Seed(i));
    const auto body = Generator(Seed(i)).Body(operation_);
    const auto xml = ToXml(body, kParametersRoot);
    ASSERT_OK(xml) << body.ShortDebugString();
    const auto checked = CheckParameters(*xml);
    ASSERT_OK(checked) << *xml;
    EXPECT_EQ(checked->kind, operation_.name);
    EXPECT_THAT(checked->parameters, EqualsMessage(body.parameters()));
  }
}

TEST_P(GeneratedTest, MeansTheSameWithOtherPrefixes) {
  for (int i = 0; i < kDocuments; ++i) {
    SCOPED_TRACE(Seed(i));
    const std::string xml = *ToXml(Generator(Seed(i)).Body(operation_), kParametersRoot);
    const auto doc = ParseXml(xml);
    ASSERT_OK(doc);
    ChangePrefixes(**doc);
    const std::string other = Serialize(**doc);
    EXPECT_EQ(other.find("<ipam"), std::string::npos);
    const auto checked = CheckParameters(other);
    ASSERT_OK(checked) << other;
    EXPECT_THAT(checked->parameters, EqualsMessage(CheckParameters(xml)->parameters));
  }
}

TEST_P(GeneratedTest, MeansTheSameWithSharedObjects) {
  for (int i = 0; i < kDocuments; ++i) {
    SCOPED_TRACE(Seed(i));
    auto body = Generator(Seed(i)).Body(operation_);
    RepeatEntries(body);
    const std::string xml = *ToXml(body, kParametersRoot);
    const auto doc = ParseXml(xml);
    ASSERT_OK(doc);
    ShareObjects(**doc);
    const std::string other = Serialize(**doc);
    const auto checked = CheckParameters(other);
    ASSERT_OK(checked) << other;
    EXPECT_THAT(checked->parameters, EqualsMessage(CheckParameters(xml)->parameters));
  }
}

TEST(Generated, DocumentsShareObjects) {
  int shared = 0;
  for (const Operation& operation : Operations()) {
    auto body = Generator(1).Body(operation);
    RepeatEntries(body);
    shared += ShareObjects(**ParseXml(*ToXml(body, kParametersRoot)));
  }
  EXPECT_GT(shared, 10) << "else the test above shows nothing";
}

TEST(Generated, DocumentsHaveEveryForm) {
  std::string all;
  for (const Operation& operation : Operations()) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
      all += *ToXml(Generator(seed).Body(operation), kParametersRoot);
    }
  }
  const google::protobuf::Descriptor& any = *v1::AnyValue::descriptor();
  for (int i = 0; i < any.field_count(); ++i) {
    const std::string& name = any.field(i)->options().GetExtension(v1::xml).name();
    EXPECT_TRUE(absl::StrContains(all, absl::StrCat(":", name, "\""))) << name << " as an xs:anyType";
  }
  for (const char* form : {"KeyValuePairOf", "m_ScopeId>4294967295<", "m_ScopeId>3<", "-2147483648<",
                           "2147483647<", "-9223372036854775808<", ">9223372036854775807<", ">INF<", ">-INF<",
                           ">-P", "&lt;", "&amp;", "&#xD;", "\xF0\x9F\x98\x80"}) {
    EXPECT_TRUE(absl::StrContains(all, form)) << form;
  }
}

// The leaves that have a dateTime, five and a half hours east of where they were.
TEST_P(GeneratedTest, MeansTheSameInAnotherTimeZone) {
  for (int i = 0; i < kDocuments; ++i) {
    SCOPED_TRACE(Seed(i));
    const std::string xml = *ToXml(Generator(Seed(i)).Body(operation_), kParametersRoot);
    const auto doc = ParseXml(xml);
    ASSERT_OK(doc);
    ForEachElement(xmlDocGetRootElement(doc->get()), [](xmlNode& node) {
      absl::Time time;
      if (!ChildElements(node).empty() ||
          !absl::ParseTime(absl::RFC3339_full, model::Text(node), &time, nullptr))
        return;
      xmlNodeSetContent(&node, Text(absl::FormatTime("%E4Y-%m-%dT%H:%M:%E*S+05:30", time,
                                                     absl::FixedTimeZone(5 * 3600 + 1800))));
    });
    const auto checked = CheckParameters(Serialize(**doc));
    ASSERT_OK(checked) << xml;
    EXPECT_THAT(checked->parameters, EqualsMessage(CheckParameters(xml)->parameters));
  }
}

// A document of its own with one of its elements changed; `pick` of those below the parameters but the OperationId.
std::string Changed(const std::string& xml, int pick, const std::function<void(xmlNode&)>& change) {
  const auto doc = ParseXml(xml);
  std::vector<xmlNode*> inside;
  ForEachElement(xmlDocGetRootElement(doc->get())->children->children, [&](xmlNode& node) {
    if (LocalName(node) != "OperationId") inside.push_back(&node);
  });
  change(*inside[static_cast<std::size_t>(pick) % inside.size()]);
  return Serialize(**doc);
}

void Remove(xmlNode& node) {
  xmlUnlinkNode(&node);
  xmlFreeNode(&node);
}

xmlNs* InstanceNs(xmlNode& node) {
  return xmlSearchNsByHref(node.doc, &node, Text(std::string(kInstanceNs)));
}

void SetNull(xmlNode& node) {
  xmlNodeSetContent(&node, nullptr);
  xmlSetNsProp(&node, InstanceNs(node), Text("nil"), Text("true"));
}

TEST(Generated, DocumentsMeanTheSameNullAndAbsent) {
  int compared = 0;
  for (const Operation& operation : Operations()) {
    for (unsigned seed = 1; seed <= 12; ++seed) {
      Generator generator(seed);
      const std::string xml = *ToXml(generator.Body(operation), kParametersRoot);
      const int pick = generator.Below(1 << 30);
      const std::string null = Changed(xml, pick, SetNull);
      const std::string absent = Changed(xml, pick, Remove);
      if (!Validate(null).ok() || !Validate(absent).ok()) continue;
      const auto checked = CheckParameters(null);
      // Of a list that is an entry, absent it is none.
      if (absl::StrContains(checked.status().message(), "a null entry in")) continue;
      ++compared;
      EXPECT_EQ(checked.status().code(), CheckParameters(absent).status().code()) << checked.status() << null;
      if (checked.ok()) {
        EXPECT_THAT(checked->parameters, EqualsMessage(CheckParameters(absent)->parameters));
      }
    }
  }
  EXPECT_GT(compared, 100);
}

struct Mutation {
  const char* name;
  bool always;  // the schema refuses it of every element
  void (*change)(xmlNode&);
};

const Mutation kMutations[] = {
    {"removed", false, Remove},
    {"given twice", false, [](xmlNode& node) { xmlAddNextSibling(&node, xmlCopyNode(&node, 1)); }},
    {"at the end", false,
     [](xmlNode& node) {
       xmlNode* parent = node.parent;
       xmlUnlinkNode(&node);
       xmlAddChild(parent, &node);
     }},
    {"a text instead", false, [](xmlNode& node) { xmlNodeSetContent(&node, Text("xyzzy")); }},
    {"an unknown element inside", true,
     [](xmlNode& node) { xmlAddChild(&node, xmlNewDocNode(node.doc, node.ns, Text("Xyzzy"), nullptr)); }},
    {"an unknown attribute", true, [](xmlNode& node) { xmlSetProp(&node, Text("xyzzy"), Text("1")); }},
    {"of an unknown type", true,
     [](xmlNode& node) { xmlSetNsProp(&node, InstanceNs(node), Text("type"), Text("Xyzzy")); }},
    {"of another namespace", true,
     [](xmlNode& node) { xmlSetNs(&node, xmlNewNs(&node, Text("urn:xyzzy"), Text("xyzzy"))); }},
};

// What the schema refuses is refused, with line and path; and what is refused beyond it has them too.
TEST_P(GeneratedTest, IsRefusedWhereverTheSchemaRefusesIt) {
  for (const Mutation& mutation : kMutations) {
    SCOPED_TRACE(mutation.name);
    int refused = 0;
    for (int i = 0; i < kDocuments; ++i) {
      Generator generator(Seed(i));
      const std::string xml = *ToXml(generator.Body(operation_), kParametersRoot);
      const std::string changed = Changed(xml, generator.Below(1 << 30), mutation.change);
      SCOPED_TRACE(changed);
      const bool valid = Validate(changed).ok();
      const auto checked = CheckParameters(changed);
      EXPECT_FALSE(valid && mutation.always);
      if (valid && checked.ok()) continue;
      ++refused;
      EXPECT_THAT(checked, StatusIs(kInvalid, MatchesRegex("line [0-9]+: paramters.*")));
    }
    EXPECT_TRUE(refused == kDocuments || !mutation.always);
  }
}

// Two neighbours of different names in an object change places.
TEST_P(GeneratedTest, IsRefusedWithItsPlaceInAnotherOrder) {
  int swapped = 0;
  for (int i = 0; i < kDocuments; ++i) {
    SCOPED_TRACE(Seed(i));
    Generator generator(Seed(i));
    const auto doc = ParseXml(*ToXml(generator.Body(operation_), kParametersRoot));
    ASSERT_OK(doc);
    std::vector<xmlNode*> candidates;
    ForEachElement(xmlDocGetRootElement(doc->get()), [&](xmlNode& node) {
      if (node.next != nullptr && node.next->type == XML_ELEMENT_NODE &&
          LocalName(node) != LocalName(*node.next)) {
        candidates.push_back(&node);
      }
    });
    if (candidates.empty()) continue;
    ++swapped;
    xmlNode* first =
        candidates[static_cast<std::size_t>(generator.Below(static_cast<int>(candidates.size())))];
    xmlAddPrevSibling(first, first->next);
    const auto checked = CheckParameters(Serialize(**doc));
    EXPECT_THAT(checked, StatusIs(kInvalid, MatchesRegex("line [0-9]+: paramters.*")));
  }
  EXPECT_GT(swapped, 0);
}

// One element of the document has another name, or a text of no type.
TEST_P(GeneratedTest, IsRefusedWithItsPlaceWhereAnElementIsWrong) {
  for (int i = 0; i < kDocuments; ++i) {
    SCOPED_TRACE(Seed(i));
    Generator generator(Seed(i));
    const auto doc = ParseXml(*ToXml(generator.Body(operation_), kParametersRoot));
    ASSERT_OK(doc);
    std::vector<xmlNode*> inside;
    ForEachElement(xmlDocGetRootElement(doc->get())->children->children, [&](xmlNode& node) {
      if (LocalName(node) != "OperationId") inside.push_back(&node);
    });
    ASSERT_FALSE(inside.empty());
    xmlNode* wrong = inside[static_cast<std::size_t>(generator.Below(static_cast<int>(inside.size())))];
    const std::string name(LocalName(*wrong));
    xmlNodeSetName(wrong, Text("Xyzzy"));
    const auto checked = CheckParameters(Serialize(**doc));
    EXPECT_THAT(checked,
                StatusIs(kInvalid, AllOf(MatchesRegex("line [0-9]+: paramters.*"), HasSubstr("Xyzzy"))))
        << name;
    google::rpc::BadRequest details;
    const auto payload = checked.status().GetPayload("type.googleapis.com/google.rpc.BadRequest");
    ASSERT_TRUE(payload && details.ParseFromString(std::string(*payload)));
    EXPECT_GT(details.field_violations_size(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Operations, GeneratedTest, ::testing::Range(0, 49), [](const auto& param) {
  return std::string(Operations()[static_cast<std::size_t>(param.param)].name);
});

}  // namespace
}  // namespace ipam::model
