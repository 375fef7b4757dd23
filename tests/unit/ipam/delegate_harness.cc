#include "delegate_harness.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "dcom_bridge/ipam/import_export.h"
#include "dcom_bridge/model/exception.h"
#include "dcom_bridge/model/operations.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

std::string IdOf(const std::optional<std::string>& completion) {
  const auto summary = model::ReadIpamException(completion.value_or(""));
  return summary.ok() ? summary->exception_id : "no exception";
}

struct Teller {
  std::string operator()(const event::Started&) const { return "start"; }
  std::string operator()(const event::SubtaskAdded& e) const {
    return absl::StrFormat("+%d %s", e.subtask.instance_id, e.subtask.name.value_or("-"));
  }
  std::string operator()(const event::SubtaskChanged& e) const {
    const int id = e.subtask.instance_id;
    switch (e.status) {
      case event::SubtaskStatus::kInProgress:
        return absl::StrFormat(">%d", id);
      case event::SubtaskStatus::kCompletedWithSuccess:
        return absl::StrFormat("=%d ok", id);
      case event::SubtaskStatus::kNotRun:
        return absl::StrFormat("=%d not run", id);
      default:
        return absl::StrFormat("=%d %s", id, IdOf(e.completion_status_xml));
    }
  }
  std::string operator()(const event::PercentageChanged& e) const {
    return absl::StrFormat("%g%%", e.percent);
  }
  std::string operator()(const event::OverallStatusSet& e) const {
    if (e.status == event::OverallStatus::kCompletedWithSuccess) return "success";
    return absl::StrCat("failure ", IdOf(e.completion_status_xml));
  }
  template <typename Other>
  std::string operator()(const Other&) const {
    return "not of a server";
  }
};

}  // namespace

v1::OperationParameters ParametersOf(const std::string& operation, const std::string& text) {
  v1::OperationParameters parameters;
  const model::Operation* found = model::FindOperation(operation);
  if (found == nullptr) {
    ADD_FAILURE() << "no operation " << operation;
    return parameters;
  }
  parameters.set_operation_id(static_cast<v1::IpamAdminOperationId>(found->ordinal));
  const google::protobuf::OneofDescriptor& variants = *parameters.GetDescriptor()->FindOneofByName("variant");
  for (int i = 0; i < variants.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *variants.field(i);
    if (!absl::EqualsIgnoreCase(field.message_type()->name(), std::string(found->parameter_type))) continue;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        text, parameters.GetReflection()->MutableMessage(&parameters, &field)));
    return parameters;
  }
  ADD_FAILURE() << "no parameters of " << operation;
  return parameters;
}

std::string Tell(const std::vector<event::ProgressEvent>& events) {
  std::vector<std::string> told;
  for (const event::ProgressEvent& event : events) told.push_back(std::visit(Teller{}, event.change));
  return absl::StrJoin(told, "; ");
}

DelegateTest::DelegateTest() {
  import_network_ = false;
  options_.database = dir_.CopyOf(PlantStore(), "plant.db");
}

std::string DelegateTest::RunText(const std::string& operation, const std::string& parameters) {
  if (engine_ == nullptr) Open();
  return Tell(Run(ParametersOf(operation, parameters)));
}

std::string DelegateTest::Rows(const std::string& sql) { return RowsOf(options_.database, sql); }

DnsCases::DnsCases() {
  EXPECT_OK(ImportYaml(options_.database, IPAM_SOURCE_DIR "/tests/unit/ipam/dns_plant.yaml"));
  Execute(
      "INSERT INTO custom_field_values (custom_field_id, value, details) VALUES"
      " (10, 'dhcp1.ad.example.org', '{}'), (10, 'dhcp2.ad.example.org', '{}')");
}

void DelegateCases::SetUpCase() {
  if (GetParam().setup != nullptr) Execute(GetParam().setup);
  if (GetParam().deny != nullptr) Refuse(options_.database, GetParam().deny);
}

void DelegateCases::RunCase() {
  SetUpCase();
  EXPECT_EQ(RunText(GetParam().operation, GetParam().parameters), GetParam().events);
  EXPECT_EQ(Rows(GetParam().query), GetParam().rows);
}

}  // namespace ipam::engine
