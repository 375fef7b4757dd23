// What the way of parameters through the model costs: 1,000 entities as XML to messages and back. Copying the same
// octets and libxml2's own parser, which every check begins with, are the references.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/model/convert.h"
#include "dcom_bridge/model/parameters.h"
#include "dcom_bridge/model/schema.h"

namespace ipam::model {
namespace {

constexpr int kEntities = 1'000;

// As a client sends them: an A record each, of some 700 octets of XML.
v1::InitializeOperationParameters Records() {
  v1::InitializeOperationParameters body;
  v1::OperationParameters& parameters = *body.mutable_parameters();
  parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_CREATE_DNS_RESOURCE_RECORDS);
  auto& own = *parameters.mutable_create_dns_resource_records();
  own.set_server_zone_id(61);
  own.set_zone_type(v1::ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE);
  for (int i = 0; i < kEntities; ++i) {
    v1::DnsResourceRecord& record = *own.add_resource_records();
    record.set_name(absl::StrCat("host-", i));
    record.set_record_class("IN");
    record.set_record_type(v1::DNS_RESOURCE_RECORD_TYPE_A);
    record.mutable_record_data()->mutable_a()->set_address(absl::StrCat("10.", i / 250, ".7.", i % 250));
    record.mutable_ttl()->set_seconds(3600);
    record.set_zone_name("corp.example.org");
    record.set_zone_record_id(17);
    record.set_zone_type(v1::ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE);
  }
  return body;
}

std::string Xml() {
  static const std::string xml = [] {
    auto written = ToXml(Records(), kParametersRoot);
    if (!written.ok()) std::abort();
    return *std::move(written);
  }();
  return xml;
}

// The octets are those of the XML, whichever way it goes.
void Report(benchmark::State& state, bool ok) {
  if (!ok) state.SkipWithError("refused");
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(Xml().size()));
  state.SetItemsProcessed(state.iterations() * kEntities);
}

void Copy(benchmark::State& state) {
  const std::string xml = Xml();
  for (auto _ : state) {
    std::string copy(xml);
    benchmark::DoNotOptimize(copy.data());
  }
  Report(state, true);
}

void Parse(benchmark::State& state) {
  const std::string xml = Xml();
  bool ok = true;
  for (auto _ : state) ok = ParseXml(xml).ok() && ok;
  Report(state, ok);
}

void XmlToMessages(benchmark::State& state) {
  const std::string xml = Xml();
  bool ok = true;
  for (auto _ : state) ok = FromXml<v1::InitializeOperationParameters>(xml).ok() && ok;
  Report(state, ok);
}

void MessagesToXml(benchmark::State& state) {
  const v1::InitializeOperationParameters body = Records();
  bool ok = true;
  for (auto _ : state) ok = ToXml(body, kParametersRoot).ok() && ok;
  Report(state, ok);
}

void Validate(benchmark::State& state) {
  const auto doc = ParseXml(Xml());
  bool ok = doc.ok();
  for (auto _ : state) ok = ok && ValidateAgainstSchema(**doc).ok();
  Report(state, ok);
}

// What a caller of StartOperation waits for: parse, schema, messages, mandatory members.
void CheckXml(benchmark::State& state) {
  const std::string xml = Xml();
  bool ok = true;
  for (auto _ : state) ok = CheckParameters(xml).ok() && ok;
  Report(state, ok);
}

void CheckTyped(benchmark::State& state) {
  const v1::InitializeOperationParameters body = Records();
  const Operation& operation = *FindOperation("CreateDnsResourceRecords");
  bool ok = true;
  for (auto _ : state) {
    ok = CheckTypedParameters(operation, body.parameters().create_dns_resource_records(), "records").ok() &&
         ok;
  }
  Report(state, ok);
}

BENCHMARK(Copy);
BENCHMARK(Parse);
BENCHMARK(XmlToMessages);
BENCHMARK(MessagesToXml);
BENCHMARK(Validate);
BENCHMARK(CheckXml);
BENCHMARK(CheckTyped);

}  // namespace
}  // namespace ipam::model
