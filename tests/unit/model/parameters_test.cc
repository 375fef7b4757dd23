#include "dcom_bridge/model/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "dcom_bridge/base/strings.h"
#include "dcom_bridge/model/xml_text.h"
#include "google/rpc/error_details.pb.h"
#include "model_testing.h"
#include "tests/support/matchers.h"

namespace ipam::model {
namespace {

using test_support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

std::string Replace(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

google::rpc::BadRequest Violations(const absl::Status& status) {
  google::rpc::BadRequest out;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  EXPECT_TRUE(payload.has_value()) << status;
  EXPECT_TRUE(payload && out.ParseFromString(std::string(*payload)));
  return out;
}

class CheckedSampleTest : public ::testing::TestWithParam<std::string> {};

TEST_P(CheckedSampleTest, IsAccepted) {
  const auto checked = CheckParameters(Sample(GetParam()));
  ASSERT_OK(checked);
  EXPECT_EQ(checked->kind, GetParam());
  EXPECT_EQ(checked->operation->name, GetParam());
  EXPECT_TRUE(checked->parameters.has_operation_id());
}

INSTANTIATE_TEST_SUITE_P(Samples, CheckedSampleTest, ::testing::ValuesIn(SampleNames()),
                         [](const auto& param) { return param.param; });

TEST(CheckParameters, RefusesMalformedXmlWithLineAndColumn) {
  EXPECT_THAT(CheckParameters("<a>\n<b></c>\n</a>"),
              StatusIs(kInvalid, AllOf(HasSubstr("line 2, column "), HasSubstr("not well-formed XML"))));
  EXPECT_THAT(CheckParameters(""), StatusIs(kInvalid, HasSubstr("line 1, column 1: the document is empty")));
  EXPECT_THAT(CheckParameters(" \n "), StatusIs(kInvalid, HasSubstr("the document is empty")));
  EXPECT_THAT(CheckParameters("CreateDhcpScope"), StatusIs(kInvalid, HasSubstr("line 1")));
  EXPECT_THAT(CheckParameters("<p:a/>"), StatusIs(kInvalid, HasSubstr("line 1")));
  EXPECT_THAT(CheckParameters("<a/>\n<b/>"), StatusIs(kInvalid, HasSubstr("line 2")));
  EXPECT_THAT(CheckParameters(std::string("<a>\n\0</a>", 9)),
              StatusIs(kInvalid, HasSubstr("line 2: a character of code 0")));
  EXPECT_THAT(CheckParameters("<a>\n\xC3\x28</a>"), StatusIs(kInvalid, HasSubstr("line 2")));
}

TEST(CheckParameters, SaysWhatIsWrongInUtf8) {
  for (const char* xml : {"<a>\xFF</a>", "<\xFF\xFE/>", "<a \xC3='1'/>", "<a></a\xC3>"}) {
    const auto checked = CheckParameters(xml);
    EXPECT_THAT(checked, StatusIs(kInvalid, HasSubstr("line 1"))) << xml;
    EXPECT_TRUE(IsXmlText(base::ToStd(checked.status().message())));
    EXPECT_TRUE(IsXmlText(Violations(checked.status()).field_violations(0).description()));
  }
}

TEST(CheckParameters, EveryTruncationOfASampleIsRefused) {
  const std::string xml = Sample("CreateIpamIPAddress");
  const std::size_t whole = xml.rfind('>') + 1;
  for (std::size_t size = 0; size < whole; size += 7) {
    EXPECT_THAT(CheckParameters(std::string_view(xml).substr(0, size)), StatusIs(kInvalid)) << size;
  }
}

TEST(CheckParameters, RefusesDocumentTypesAndEntities) {
  constexpr const char* kDoctype = "a document type declaration is not allowed";
  EXPECT_THAT(CheckParameters("<!DOCTYPE a>\n<a/>"), StatusIs(kInvalid, HasSubstr(kDoctype)));
  EXPECT_THAT(CheckParameters("\n<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>\n<a>&x;</a>"),
              StatusIs(kInvalid, AllOf(HasSubstr("line 2"), HasSubstr(kDoctype), Not(HasSubstr("root")))));
  EXPECT_THAT(CheckParameters("<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/x.dtd'><a/>"),
              StatusIs(kInvalid, HasSubstr(kDoctype)));
  std::string laughs = "<!DOCTYPE l [<!ENTITY l0 'ha'>";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "&l" + std::to_string(i - 1) + ";";
    laughs += "<!ENTITY l" + std::to_string(i) + " '" + before + before + before + before + "'>";
  }
  EXPECT_THAT(CheckParameters(laughs + "]><l>&l19;</l>"), StatusIs(kInvalid, HasSubstr(kDoctype)));
  EXPECT_THAT(CheckParameters("<a>&undeclared;</a>"), StatusIs(kInvalid, HasSubstr("undeclared")));
}

TEST(CheckParameters, IgnoresSchemaLocationsAndDoesNotInclude) {
  const std::string hint =
      Replace(Sample("CreateDnsZone"), "<InitializeOperationParameters ",
              "<InitializeOperationParameters i:schemaLocation='http://Microsoft.Windows.Ipam "
              "http://127.0.0.1:9/x.xsd' ");
  EXPECT_OK(CheckParameters(hint));
  const std::string include =
      Parameters("CreateDhcpScopeParameters", "CreateDhcpScope",
                 "<x:include xmlns:x='http://www.w3.org/2001/XInclude' href='/etc/passwd' parse='text'/>");
  EXPECT_THAT(CheckParameters(include), StatusIs(kInvalid, AllOf(HasSubstr("line 4"), HasSubstr("include"))));
}

TEST(CheckParameters, RefusesAnotherRoot) {
  EXPECT_THAT(
      CheckParameters("<InitializeOperationParameters/>"),
      StatusIs(kInvalid, HasSubstr("line 1: InitializeOperationParameters: the root element must be")));
  EXPECT_THAT(CheckParameters("<StartOperationWithCallback xmlns='http://Microsoft.Windows.Ipam'/>"),
              StatusIs(kInvalid, HasSubstr("the root element must be InitializeOperationParameters")));
}

TEST(CheckParameters, RefusesMissingParameters) {
  constexpr const char* kMessage = "line 1: paramters: the parameters are missing";
  EXPECT_THAT(CheckParameters("<InitializeOperationParameters xmlns='http://Microsoft.Windows.Ipam'/>"),
              StatusIs(kInvalid, HasSubstr(kMessage)));
  EXPECT_THAT(
      CheckParameters("<InitializeOperationParameters xmlns='http://Microsoft.Windows.Ipam'><paramters "
                      "xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'/>"
                      "</InitializeOperationParameters>"),
      StatusIs(kInvalid, HasSubstr(kMessage)));
}

TEST(CheckParameters, RefusesAMissingOrUnknownOperationId) {
  const std::string sample = Sample("CreateDhcpScope");
  const std::string id = "<OperationId>CreateDhcpScope</OperationId>";
  EXPECT_THAT(CheckParameters(Replace(sample, id, "")),
              StatusIs(kInvalid, HasSubstr("line 3: paramters.OperationId: the OperationId is missing")));
  EXPECT_THAT(CheckParameters(Replace(sample, id, "<OperationId></OperationId>")),
              StatusIs(kInvalid, HasSubstr("line 4: paramters.OperationId: the OperationId is missing")));
  EXPECT_THAT(
      CheckParameters(Replace(sample, id, "<OperationId>RebootServer</OperationId>")),
      StatusIs(kInvalid,
               HasSubstr("line 4: paramters.OperationId: 'RebootServer' is not a known OperationId")));
}

TEST(CheckParameters, RefusesParametersOfAnotherOperation) {
  const std::string sample = Sample("CreateDhcpScope");
  EXPECT_THAT(
      CheckParameters(Replace(sample, ">CreateDhcpScope<", ">CreateDnsZone<")),
      StatusIs(kInvalid,
               HasSubstr("line 3: paramters: CreateDnsZone takes xsi:type CreateDnsZoneParameters, not "
                         "'CreateDhcpScopeParameters'")));
  EXPECT_THAT(CheckParameters(Replace(sample, " i:type=\"CreateDhcpScopeParameters\"", "")),
              StatusIs(kInvalid, HasSubstr("takes xsi:type CreateDhcpScopeParameters, not none")));
}

TEST(CheckParameters, RefusesWrongTypesWithTheField) {
  const std::string sample = Sample("CreateDhcpScope");
  EXPECT_THAT(CheckParameters(Replace(sample, "<PrefixLength>22<", "<PrefixLength>wide<")),
              StatusIs(kInvalid, AllOf(HasSubstr("paramters.Scope.PrefixLength: 'wide' is not a valid value"),
                                       HasSubstr("line "))));
  EXPECT_THAT(CheckParameters(Replace(sample, "<LeaseDuration>PT12H<", "<LeaseDuration>12 hours<")),
              StatusIs(kInvalid, HasSubstr("paramters.Scope.LeaseDuration: '12 hours' is not")));
  EXPECT_THAT(CheckParameters(Replace(sample, "<Status>Activated<", "<Status>Asleep<")),
              StatusIs(kInvalid, HasSubstr("paramters.Scope.Status: ")));
  EXPECT_THAT(CheckParameters(Replace(sample, "i:type=\"DhcpScopeV4\"", "i:type=\"DnsZone\"")),
              StatusIs(kInvalid, AllOf(HasSubstr("line 5: paramters.Scope: "), HasSubstr("DnsZone"))));
  EXPECT_THAT(CheckParameters(Replace(sample, "<ScopeName>", "<Colour>red</Colour><ScopeName>")),
              StatusIs(kInvalid, HasSubstr("paramters.Scope.Colour: This element is not expected")));
  // A member out of the order of the schema.
  EXPECT_THAT(CheckParameters(Replace(sample, "<Description>Hall 3, handheld scanners</Description>",
                                      "<SubnetDelay>0</SubnetDelay>")),
              StatusIs(kInvalid, HasSubstr("paramters.Scope.")));
}

TEST(CheckParameters, SaysEveryWrongFieldInItsDetails) {
  std::string xml = Replace(Sample("CreateDhcpScope"), "<PrefixLength>22<", "<PrefixLength>wide<");
  xml = Replace(xml, "<SubnetDelay>0<", "<SubnetDelay>late<");
  const auto checked = CheckParameters(xml);
  EXPECT_THAT(checked, StatusIs(kInvalid, HasSubstr("(and 1 more)")));
  const google::rpc::BadRequest details = Violations(checked.status());
  ASSERT_EQ(details.field_violations_size(), 2);
  EXPECT_EQ(details.field_violations(0).field(), "paramters.Scope.PrefixLength");
  EXPECT_EQ(details.field_violations(1).field(), "paramters.Scope.SubnetDelay");
  EXPECT_THAT(details.field_violations(1).description(), AllOf(HasSubstr("line "), HasSubstr("'late'")));
}

TEST(CheckParameters, DoesNotRepeatALongValue) {
  const std::string xml = Replace(Sample("CreateDhcpScope"), "<PrefixLength>22<",
                                  "<PrefixLength>" + std::string(100'000, 'x') + "<");
  const auto checked = CheckParameters(xml);
  EXPECT_THAT(checked, StatusIs(kInvalid, HasSubstr("PrefixLength")));
  EXPECT_LT(checked.status().message().size(), 1000U);
}

TEST(CheckParameters, AcceptsWhiteSpaceAroundIntegers) {
  const auto checked = CheckParameters(Replace(Sample("CreateDhcpScope"), "<ParentDhcpServerRecordId>17<",
                                               "<ParentDhcpServerRecordId>\n 17\t<"));
  ASSERT_OK(checked);
  EXPECT_EQ(checked->parameters.create_dhcp_scope().scope().parent_dhcp_server_record_id(), 17);
  // But a text keeps it, even where it looks like a number.
  const auto text =
      CheckParameters(Replace(Sample("CreateDhcpScope"), "<ScopeName>Warehouse<", "<ScopeName> 17 <"));
  ASSERT_OK(text);
  EXPECT_EQ(text->parameters.create_dhcp_scope().scope().scope_name(), " 17 ");
}

TEST(CheckParameters, RefusesWhatTheDelegateFaultsWithout) {
  EXPECT_THAT(CheckParameters(Parameters("CreateDhcpScopeParameters", "CreateDhcpScope", "")),
              StatusIs(kInvalid, HasSubstr("line 2: paramters.Scope: is missing or empty")));
  EXPECT_THAT(
      CheckParameters(Parameters("CreateDhcpScopeParameters", "CreateDhcpScope", "<Scope i:nil='true'/>")),
      StatusIs(kInvalid, HasSubstr("line 4: paramters.Scope: is missing or empty")));
  const auto checked = CheckParameters(
      Parameters("CreateDnsResourceRecordsParameters", "CreateDnsResourceRecords",
                 "<ResourceRecords/>\n<ServerZoneId>0</ServerZoneId>\n<ZoneType>None</ZoneType>"));
  EXPECT_THAT(
      checked,
      StatusIs(kInvalid, HasSubstr("line 4: paramters.ResourceRecords: is missing or empty (and 2 more)")));
  EXPECT_EQ(Violations(checked.status()).field_violations(2).field(), "paramters.ZoneType");
}

TEST(CheckParameters, EveryOperationHasMandatoryMembersOfItsType) {
  for (const Operation& operation : Operations()) {
    const auto checked = CheckParameters(Parameters(operation.parameter_type, operation.name, ""));
    EXPECT_THAT(checked, StatusIs(kInvalid, HasSubstr("is missing or empty"))) << operation.name;
  }
}

// References. The schema sees only whether an id is given twice.
std::string TwoScopes(const std::string& first, const std::string& second) {
  return Parameters("ReplicateScopeParameters", "ReplicateScope",
                    "<Scopes>\n" + first + "\n" + second + "\n</Scopes>");
}

TEST(CheckParameters, ResolvesReferences) {
  const auto checked = CheckParameters(
      TwoScopes("<DhcpScope z:Id='s1' i:type='DhcpScopeV4'><RecordId>5</RecordId></DhcpScope>",
                "<DhcpScope z:Ref='s1'/>"));
  ASSERT_OK(checked);
  const auto& scopes = checked->parameters.replicate_scope().scopes();
  ASSERT_EQ(scopes.size(), 2);
  EXPECT_THAT(scopes.at(1), EqualsMessage(scopes.at(0)));
  EXPECT_TRUE(scopes.at(1).has_v4());
}

TEST(CheckParameters, RefusesDanglingReferences) {
  EXPECT_THAT(
      CheckParameters(TwoScopes("<DhcpScope z:Ref='nowhere'/>", "")),
      StatusIs(kInvalid,
               HasSubstr("line 5: paramters.Scopes.DhcpScope: z:Ref 'nowhere' names no element before it")));
  EXPECT_THAT(
      CheckParameters(TwoScopes("<DhcpScope z:Ref='s1'/>", "<DhcpScope z:Id='s1'/>")),
      StatusIs(kInvalid,
               HasSubstr("line 5: paramters.Scopes.DhcpScope[1]: z:Ref 's1' names no element before it")));
}

TEST(CheckParameters, RefusesCyclicReferences) {
  const std::string zone =
      "<ServerId>1</ServerId>\n<ServerZone i:type='DnsServerZone'><Zone z:Id='z1'>\n<ParentZone "
      "z:Ref='z1'/></Zone></ServerZone>";
  EXPECT_THAT(
      CheckParameters(Parameters("CreateDnsZoneParameters", "CreateDnsZone", zone)),
      StatusIs(kInvalid,
               HasSubstr("line 6: paramters.ServerZone.Zone.ParentZone: z:Ref 'z1' names an element that it "
                         "is inside of")));
}

TEST(CheckParameters, RefusesReferencesToAnotherType) {
  const std::string members =
      "<ServerId>1</ServerId><ServerZone z:Id='z1' i:type='DnsServerZone'>"
      "<Zone z:Id='z2'><Name>a</Name><ParentZone z:Id='z3'><SoaRecord z:Id='z4'/></ParentZone>"
      "</Zone></ServerZone>";
  ASSERT_OK(CheckParameters(Parameters("CreateDnsZoneParameters", "CreateDnsZone", members)));
  const std::string wrong =
      Replace(members, "<Name>a</Name><ParentZone z:Id='z3'><SoaRecord z:Id='z4'/></ParentZone>",
              "<SoaRecord z:Id='z4'/><ParentZone z:Ref='z4'/>");
  EXPECT_THAT(
      CheckParameters(Parameters("CreateDnsZoneParameters", "CreateDnsZone", wrong)),
      StatusIs(kInvalid,
               HasSubstr("z:Ref 'z4' names a DnsResourceRecord, which does not derive from DnsZone")));
}

TEST(CheckParameters, BoundsWhatReferencesExpandTo) {
  std::string many = "<DhcpScope z:Id='big'><ModifiedProperties>";
  for (int i = 0; i < 900; ++i) many += "<a:string>x</a:string>";
  many += "</ModifiedProperties></DhcpScope>";
  std::string references;
  for (int i = 0; i < 200; ++i) references += "<DhcpScope z:Ref='big'/>";
  EXPECT_OK(CheckParameters(TwoScopes(many, references)));
  XmlLimits limits;
  limits.nodes = 50'000;
  EXPECT_THAT(CheckParameters(TwoScopes(many, references), limits),
              StatusIs(kInvalid,
                       HasSubstr("with its references expanded the document has more than 50000 elements")));
}

TEST(CheckParameters, BoundsTheBytesThatReferencesCopy) {
  std::string references;
  for (int i = 0; i < 64; ++i) references += "<DhcpScope z:Ref='big'/>";
  const std::string big =
      "<DhcpScope z:Id='big'><ScopeName>" + std::string(1'000'000, 'n') + "</ScopeName></DhcpScope>";
  EXPECT_THAT(CheckParameters(TwoScopes(big, references)),
              StatusIs(kInvalid, HasSubstr("the references expand to more than 33554432 bytes")));
}

// A pair whose zone is the lowest of a chain of 100 zones, with the chain of the pair before it at the top.
std::string ChainOfZones(int n) {
  const std::string id = std::to_string(n);
  std::string open = "<s:m_Item1 i:type='DnsServerZone'><Zone z:Id='z" + id + "'>";
  std::string close = "</Zone></s:m_Item1>";
  for (int i = 1; i < 100; ++i) {
    open += "<ParentZone>";
    close = "</ParentZone>" + close;
  }
  if (n > 0) open += "<ParentZone z:Ref='z" + std::to_string(n - 1) + "'/>";
  const std::string pair = "s:TupleOfBaseDnsServerZonelong2zwQHvQz";
  return "<" + pair + ">" + open + close + "<s:m_Item2>1</s:m_Item2></" + pair + ">\n";
}

TEST(CheckParameters, BoundsTheDepthThatReferencesAddUpTo) {
  const auto zones = [](int chains) {
    std::string list;
    for (int n = 0; n < chains; ++n) list += ChainOfZones(n);
    return Parameters("UpdateDnsZonesParameters", "UpdateDnsZones",
                      "<ServerZonesTuple xmlns:s='http://schemas.datacontract.org/2004/07/System'>\n" + list +
                          "</ServerZonesTuple>");
  };
  EXPECT_OK(CheckParameters(zones(2)));
  EXPECT_THAT(
      CheckParameters(zones(3)),
      StatusIs(kInvalid, HasSubstr("with its references expanded the document is nested deeper than 256")));
}

TEST(CheckParameters, BoundsSizeDepthNodesAndValues) {
  const std::string sample = Sample("CreateDhcpScope");
  XmlLimits limits;
  limits.bytes = sample.size() - 1;
  EXPECT_THAT(CheckParameters(sample, limits), StatusIs(kInvalid, HasSubstr("the document has more than ")));
  limits = {};
  limits.nodes = 100;
  EXPECT_THAT(CheckParameters(sample, limits),
              StatusIs(kInvalid, HasSubstr("more than 100 elements and attributes")));

  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "<a>\n";
  EXPECT_THAT(CheckParameters(deep),
              StatusIs(kInvalid, HasSubstr("line 257, column 3: elements are nested deeper than 256")));

  const auto with_name = [](std::size_t size) {
    return Parameters("CreateDhcpScopeParameters", "CreateDhcpScope",
                      "<Scope><ScopeName>" + std::string(size, 'n') + "</ScopeName></Scope>");
  };
  EXPECT_OK(CheckParameters(with_name(std::size_t{1} << 20)));
  EXPECT_THAT(
      CheckParameters(with_name((std::size_t{1} << 20) + 1)),
      StatusIs(kInvalid, AllOf(HasSubstr("line 4"), HasSubstr("a value of more than 1048576 bytes"))));
  EXPECT_THAT(CheckParameters("<a b='" + std::string((std::size_t{1} << 20) + 1, 'n') + "'/>"),
              StatusIs(kInvalid, HasSubstr("an attribute of more than 1048576 bytes")));
  // CDATA and references to characters count like plain text.
  EXPECT_THAT(CheckParameters("<a><![CDATA[" + std::string((std::size_t{1} << 20) + 1, 'n') + "]]></a>"),
              StatusIs(kInvalid, HasSubstr("a value of more than")));
}

TEST(CheckParameters, AcceptsADocumentLargerThan100Kilobytes) {
  std::string records;
  for (int i = 0; i < 2000; ++i) {
    records += "<DnsResourceRecord z:Id='r" + std::to_string(i) + "'><Name>host-" + std::to_string(i) +
               "</Name><RecordData "
               "i:type='DnsResourceRecordDataCname'><HostnameAlias>a.example.</HostnameAlias></RecordData>"
               "<RecordType>CNAME</RecordType></DnsResourceRecord>\n";
  }
  const auto checked = CheckParameters(Parameters(
      "CreateDnsResourceRecordsParameters", "CreateDnsResourceRecords",
      "<ResourceRecords>" + records +
          "</ResourceRecords><ServerZoneId>3</ServerZoneId><ZoneType>DNSForwardLookupZone</ZoneType>"));
  ASSERT_OK(checked);
  EXPECT_EQ(checked->parameters.create_dns_resource_records().resource_records_size(), 2000);
}

TEST(CheckParameters, TakesTheEncodingAsUtf8WhateverTheDeclarationSays) {
  const std::string body = Parameters("RenameSuperscopeParameters", "RenameSuperscope",
                                      "<NewName>Gr\xC3\xBC\xC3\x9F</NewName><Superscope/>");
  for (const char* declaration : {"<?xml version='1.0' encoding='utf-16'?>",
                                  "<?xml version='1.0' encoding='iso-8859-1'?>", "\xEF\xBB\xBF"}) {
    const auto checked = CheckParameters(declaration + body);
    ASSERT_OK(checked) << declaration;
    EXPECT_EQ(checked->parameters.rename_superscope().new_name(), "Gr\xC3\xBC\xC3\x9F");
  }
}

TEST(CheckParameters, RunsOnManyThreadsAtOnce) {
  const std::string good = Sample("CreateDhcpScope");
  const std::string bad = Replace(good, "<PrefixLength>22<", "<PrefixLength>wide<");
  std::latch start(4);  // the first document of the process is read by all at once: libxml2 is set up by one
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int round = 0; round < 20; ++round) {
        EXPECT_OK(CheckParameters(good));
        EXPECT_THAT(CheckParameters(bad), StatusIs(kInvalid, HasSubstr("PrefixLength")));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ipam::model
