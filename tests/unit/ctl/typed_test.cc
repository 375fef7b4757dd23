// Operations by type: kinds, samples, start --from.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "command_fixture.h"
#include "dcom_bridge/model/parameters.h"
#include "dcom_bridge/model/yaml_message.h"
#include "gateway/ctl/kinds.h"
#include "gateway/ctl/template.h"
#include "tests/support/matchers.h"

namespace ipam::ctl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Kinds, AreAllOperationsByTheirNumbers) {
  ASSERT_EQ(Kinds().size(), 49u);
  for (const OperationKind& kind : Kinds()) {
    EXPECT_EQ(kind.member->number(), 101 + kind.operation->ordinal);
    EXPECT_EQ(FindKind(kind.CommandName()), &kind);
    EXPECT_EQ(FindKind(kind.member->name()), &kind);
    EXPECT_EQ(FindKind(kind.operation->name), &kind) << "the name in [MS-IPAMM2] is the member's";
  }
  EXPECT_EQ(FindKind("create-dhcp-scope")->member->number(), 103);
  EXPECT_EQ(FindKind("delete-dns-resource-records")->member->number(), 139);
  EXPECT_EQ(FindKind("update-dns-resource-record")->member->number(), 141);
  EXPECT_EQ(FindKind("create-dhcp"), nullptr);
  EXPECT_EQ(FindKind(""), nullptr);
}

// "a: {}" before lines that are deeper becomes "a:".
std::string WithoutEmptyObjects(const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    const std::size_t empty = lines[i].find(": {}");
    if (empty == std::string::npos) continue;
    std::size_t next = i + 1;
    while (next + 1 < lines.size() && absl::StartsWith(absl::StripLeadingAsciiWhitespace(lines[next]), "#"))
      ++next;
    if (lines[next].find_first_not_of(' ') > lines[i].find_first_not_of(' ') && !lines[next].empty()) {
      lines[i].replace(empty + 1, 3, "");
    }
  }
  return absl::StrJoin(lines, "\n");
}

class TemplateTest : public testing::TestWithParam<int> {
 protected:
  const OperationKind& kind_ = Kinds()[static_cast<std::size_t>(GetParam())];
};

// What start --from reads, and what the gateway checks then.
TEST_P(TemplateTest, IsAcceptedAsItIs) {
  const std::string text = Template(kind_);
  v1::StartOperationRequest request;
  google::protobuf::Message& own = *request.GetReflection()->MutableMessage(&request, kind_.member);
  ASSERT_OK(model::FromYaml(text, own)) << text;
  ASSERT_OK(model::CheckTypedParameters(*kind_.operation, own, kind_.member->name())) << text;
  std::string json;  // and as a client of REST would send it
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(request, &json).ok());
  v1::StartOperationRequest again;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &again).ok()) << json;
}

// With every # taken away that stands before a field, and every {} that stands before such fields.
TEST_P(TemplateTest, HasOnlyFieldsThatThereAre) {
  std::string text;
  for (const absl::string_view line : absl::StrSplit(Template(kind_), '\n')) {
    const std::size_t hash = line.find_first_not_of(' ');
    const bool is_field = hash != absl::string_view::npos && line.substr(hash, 2) == "# " &&
                          hash + 2 < line.size() && line.find(":", hash) < line.find("  # ", hash) &&
                          line.find("  # ", hash) != absl::string_view::npos;
    if (is_field) {
      absl::StrAppend(&text, line.substr(0, hash), line.substr(hash + 2), "\n");
    } else {
      absl::StrAppend(&text, line, "\n");
    }
  }
  v1::StartOperationRequest request;
  google::protobuf::Message& own = *request.GetReflection()->MutableMessage(&request, kind_.member);
  EXPECT_OK(model::FromYaml(WithoutEmptyObjects(text), own)) << text;
}

TEST_P(TemplateTest, NamesTheMandatoryMembersAsRequired) {
  std::size_t wanted = 0;
  for (const std::string_view name : kind_.operation->mandatory) wanted += name.empty() ? 0 : 1;
  std::size_t required = 0;
  for (const absl::string_view line : absl::StrSplit(Template(kind_), '\n')) {
    if (absl::EndsWith(line, ", required")) ++required;
  }
  EXPECT_EQ(required, wanted);
}

INSTANTIATE_TEST_SUITE_P(Kinds, TemplateTest, testing::Range(0, 49), [](const auto& param) {
  return std::string(Kinds()[static_cast<std::size_t>(param.param)].operation->name);
});

TEST(Template, SaysTypesUnitsAndEnumerators) {
  const std::string text = Template(*FindKind("create-dhcp-scope"));
  EXPECT_THAT(text, HasSubstr("\nscope: "));
  EXPECT_THAT(text, HasSubstr("# DhcpScope, required"));
  EXPECT_THAT(text, testing::ContainsRegex("\n  start_address: 192.0.2.10 +# IP address\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\n  # description: example +# text\n"));
  EXPECT_THAT(text, testing::ContainsRegex("lease_duration: 3600s +# duration, seconds with an s\n"));
  EXPECT_THAT(text, HasSubstr("DhcpScopeStatus is one of:"));
}

// --- start --from ------------------------------------------------------------------------------------------
class TypedStart : public CommandsTest {
 protected:
  TypedStart() { StartByText(); }
};

TEST_F(TypedStart, TakesYamlAndJson) {
  EXPECT_EQ(
      Run({"start", "create-dhcp-scope", "--from",
           File("scope.yaml", "# a comment\nscope:\n  scope_name: lab\n  v4:\n    leaseDuration: 3600s\n")}),
      0);
  EXPECT_EQ(
      Run({"start", "CreateDhcpScope", "--from", File("scope.json", R"( {"scope": {"scopeName": "lab"}} )"),
           "--source", "dc1", "--request-id", "r"}),
      0);
  ASSERT_EQ(starts_.size(), 2u);
  EXPECT_EQ(starts_[0].create_dhcp_scope().scope().scope_name(), "lab");
  EXPECT_EQ(starts_[0].create_dhcp_scope().scope().v4().lease_duration().seconds(), 3600);
  EXPECT_EQ(starts_[1].create_dhcp_scope().scope().scope_name(), "lab");
  EXPECT_EQ(starts_[1].source(), "dc1");
  EXPECT_EQ(starts_[1].request_id(), "r");
}

TEST_F(TypedStart, StartsOneForEachFile) {
  EXPECT_EQ(Run({"start", "delete-dns-zones", "--from", File("1", "server_zone_ids: [1]\n"), "--from",
                 File("2", "server_zone_ids: [2, 3]\n"), "--validate-only"}),
            0);
  ASSERT_EQ(starts_.size(), 2u);
  EXPECT_EQ(starts_[1].delete_dns_zones().server_zone_ids_size(), 2);
  EXPECT_TRUE(starts_[1].validate_only());
}

TEST_F(TypedStart, SaysWhereAFileIsWrong) {
  const std::string yaml = File("s.yaml", "scope:\n  prefix_length: wide\n");
  EXPECT_EQ(Run({"start", "create-dhcp-scope", "--from", yaml}), 2);
  EXPECT_EQ(err_.text(),
            "ipamctl: " + yaml + ": line 2: scope.prefix_length: not an integer of its size: \"wide\"\n");
  const std::string json = File("s.json", R"({"scope":{"colour":1}})");
  EXPECT_EQ(Run({"start", "create-dhcp-scope", "--from", json}), 2);
  EXPECT_THAT(err_.text(),
              HasSubstr("ipamctl: " + json + ": line 1: scope.colour: DhcpScope has no such field\n"));
  const std::string type = File("type.json", "{\"serverZoneIds\": [7],\n\"zoneType\": \"FORWARD\"}");
  EXPECT_EQ(Run({"start", "delete-dns-zones", "--from", type}), 2);
  EXPECT_THAT(err_.text(),
              HasSubstr("line 2: zoneType: not one of None, DNSForwardLookupZone, DNSReverseLookupZone: "
                        "\"FORWARD\"\n"));
  EXPECT_EQ(Run({"start", "delete-dns-zones", "--from", File("torn.json", "{\"serverZoneIds\":\n[7,")}), 2);
  EXPECT_THAT(err_.text(), HasSubstr("torn.json: line "));
  EXPECT_EQ(
      Run({"start", "delete-dns-zones", "--from", File("two", "server_zone_ids: [7]\n---\nzone_type: 1\n")}),
      2);
  EXPECT_THAT(err_.text(), HasSubstr("two: line 3: a second document, where one is read\n"));
  EXPECT_EQ(Run({"start", "create-dhcp-scope", "--from", File("scope.xml", "\n<?xml version='1.0'?><a/>")}),
            2);
  EXPECT_THAT(err_.text(),
              HasSubstr("scope.xml: XML is started without a kind and --from: ipamctl start FILE\n"));
  EXPECT_EQ(Run({"start", "create-dhcp-scope", "--from", File("empty", "")}), 2);
  EXPECT_THAT(err_.text(), HasSubstr("the document is empty"));
  EXPECT_EQ(Run({"start", "create-dhcp-scope", "--from", File("torn", "scope: [\n")}), 2);
  EXPECT_TRUE(starts_.empty());
}

TEST_F(TypedStart, SaysHowAKindIsStartedWhereNoFileIsNamedSo) {
  EXPECT_EQ(Run({"start", "create-dhcp-scope"}), 2);
  EXPECT_EQ(err_.text(),
            "ipamctl: create-dhcp-scope: No such file or directory (parameters of this kind: --from FILE; a "
            "sample: "
            "ipamctl template create-dhcp-scope)\n");
}

TEST_F(TypedStart, TemplateIsPrinted) {
  EXPECT_EQ(Run({"template", "CreateDnsZone"}), 0);
  EXPECT_EQ(out_.text(), Template(*FindKind("create-dns-zone")));
  EXPECT_THAT(out_.text(), StartsWith("# Parameters of CreateDnsZone, [MS-IPAMM2] 3.19.4.4.1.42"));
}

TEST_F(TypedStart, TemplateIsJsonTooWhereThatIsAskedFor) {
  EXPECT_EQ(Run({"template", "rename-superscope", "--output", "json"}), 0);
  EXPECT_EQ(Run({"start", "rename-superscope", "--from", File("t.json", out_.text())}), 0);
  EXPECT_TRUE(starts_[0].rename_superscope().has_superscope());
}

TEST(TypedOptions, RefusesWhatIsNoKind) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"template", "make-scope"}, {"start", "make-scope", "--from", "x"}}) {
    const ParsedOptions parsed = ParseOptions(arguments);
    EXPECT_FALSE(parsed.options.has_value());
    EXPECT_EQ(parsed.exit_code, kUsage);
    EXPECT_EQ(parsed.text, "ipamctl: 'make-scope' is no kind of operation (see ipamctl template --help)\n");
  }
  EXPECT_THAT(ParseOptions({"start", "create-dns-zone", "b.xml", "--from", "x"}).text,
              HasSubstr("with --from one kind of operation must stand behind start"));
  EXPECT_THAT(ParseOptions({"start", "--from", "x"}).text,
              HasSubstr("with --from one kind of operation must stand behind start"));
  EXPECT_THAT(ParseOptions({"start"}).text, HasSubstr("FILE is required"));
  EXPECT_THAT(ParseOptions({"template", "--help"}).text, HasSubstr("\n  update-ipam-ip-address\n"));
}

}  // namespace
}  // namespace ipam::ctl
