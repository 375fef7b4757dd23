#include "dcom_bridge/bridge/decode_callback.h"

#include <gtest/gtest.h>

#include "dcom_bridge/idl/file_time.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/idl/percent.h"
#include "dcom_bridge/ndr/codec.h"

namespace ipam::bridge {
namespace {

// Takes XML that begins with "<", and keeps what kinds it was asked for.
struct FakeTexts {
  std::vector<TextKind> asked;
  Texts texts{.check =
                  [this](TextKind kind, const std::string& xml) {
                    asked.push_back(kind);
                    return xml.starts_with("<") ? absl::OkStatus() : absl::InvalidArgumentError("no XML");
                  },
              .error = [](const std::string&) { return std::string(); }};
};

template <typename Request>
Decoded Decode(const Request& request, const Texts& texts) {
  return DecodeCallback(Request::kOpnum, ndr::Encode(request), base::Endian::kLittle, texts);
}

idl::SubTaskInstance Instance() {
  return {.failed_completion_status = u"<failed/>",
          .is_non_deterministic_progress = 1,
          .progress_status_descriptions = u"words",
          .sub_task_instance_details = u"<details/>",
          .sub_task_instance_id = 7,
          .sub_task_name = u"Z\u00fcrich",
          .sub_task_status = idl::SubTaskStatus::kInProgress,
          .sub_task_unique_id = 3};
}

TEST(DecodeCallback, TakesEveryFieldOfASubtask) {
  FakeTexts fake;
  const Decoded decoded = Decode(idl::SetSubTaskStatus{Instance(), idl::SubTaskStatus::kCompletedWithError,
                                                       idl::FromPercent(12.5), u"<exception/>"},
                                 fake.texts);
  const auto* events = std::get_if<std::vector<event::ProgressEvent>>(&decoded);
  ASSERT_NE(events, nullptr);
  ASSERT_EQ(events->size(), 1u);
  const auto& changed = std::get<event::SubtaskChanged>(events->front().change);
  EXPECT_EQ(changed.subtask.instance_id, 7);
  EXPECT_EQ(changed.subtask.unique_id, 3);
  EXPECT_EQ(changed.subtask.name, "Z\xC3\xBCrich");
  EXPECT_TRUE(changed.subtask.is_non_deterministic);
  EXPECT_EQ(changed.subtask.description, "words");
  EXPECT_EQ(changed.subtask.details_xml, "<details/>");
  EXPECT_EQ(changed.subtask.failed_status_xml, "<failed/>");
  EXPECT_EQ(changed.subtask.status, event::SubtaskStatus::kInProgress);
  EXPECT_EQ(changed.status, event::SubtaskStatus::kCompletedWithError);
  EXPECT_EQ(changed.percent, 12.5);
  EXPECT_EQ(changed.completion_status_xml, "<exception/>");
  EXPECT_EQ(fake.asked, (std::vector{TextKind::kSubtaskDetails, TextKind::kException, TextKind::kException}));
}

TEST(DecodeCallback, ChecksTheCompletionStatusOfTheEndAsSuch) {
  FakeTexts fake;
  const Decoded decoded =
      Decode(idl::SetOverallStatus{idl::OverallStatus::kCompletedWithFailure, u"<status/>"}, fake.texts);
  ASSERT_TRUE(std::holds_alternative<std::vector<event::ProgressEvent>>(decoded));
  EXPECT_EQ(fake.asked, std::vector{TextKind::kCompletionStatus});
}

// What ipam_progress.idl calls E_INVALIDARG.
TEST(DecodeCallback, RefusesBadArguments) {
  FakeTexts fake;
  const ndr::Decimal above{.scale = 0, .lo64 = 101};
  const ndr::Decimal malformed{.scale = 29, .lo64 = 1};
  const ndr::Decimal negative{.sign = ndr::Decimal::kNegative, .lo64 = 1};
  idl::SubTaskInstance bad_status = Instance();
  bad_status.sub_task_status = static_cast<idl::SubTaskStatus>(7);
  idl::SubTaskInstance bad_xml = Instance();
  bad_xml.sub_task_instance_details = u"text";
  idl::SubTaskInstance bad_utf16 = Instance();
  bad_utf16.sub_task_instance_details = std::u16string{u'<', 0xD800};
  const std::pair<const char*, Decoded> cases[] = {
      {"percent above 100", Decode(idl::SetCompletionPercentage{above}, fake.texts)},
      {"DECIMAL scale 29", Decode(idl::SetCompletionPercentage{malformed}, fake.texts)},
      {"negative percent", Decode(idl::SetCompletionPercentage{negative}, fake.texts)},
      {"NULL subTaskInstance in AddSubTask", Decode(idl::AddSubTask{}, fake.texts)},
      {"NULL subTaskInstance in SetSubTaskStatus", Decode(idl::SetSubTaskStatus{}, fake.texts)},
      {"subtask status 7", Decode(idl::AddSubTask{bad_status}, fake.texts)},
      {"details that are no XML", Decode(idl::AddSubTask{bad_xml}, fake.texts)},
      {"unpaired surrogate in XML", Decode(idl::AddSubTask{bad_utf16}, fake.texts)},
      {"overall status 4", Decode(idl::SetOverallStatus{static_cast<idl::OverallStatus>(4), {}}, fake.texts)},
      {"completion status that is no XML",
       Decode(idl::SetOverallStatus{idl::OverallStatus::kInProgress, u"no"}, fake.texts)},
      {"event kind 5",
       Decode(idl::ReportProgress{{{.sequence = 1, .kind = static_cast<idl::EventKind>(5)}}}, fake.texts)},
      {"sequence 0",
       Decode(idl::ReportProgress{{{.kind = idl::EventKind::kStartProgressCallback}}}, fake.texts)},
  };
  for (const auto& [name, decoded] : cases) {
    const auto* result = std::get_if<base::HResult>(&decoded);
    ASSERT_NE(result, nullptr) << name;
    EXPECT_EQ(*result, base::kInvalidArgument) << name;
  }
}

TEST(DecodeCallback, AReportKeepsSequenceAndTimeOfEachEvent) {
  FakeTexts fake;
  const absl::Time time = absl::FromUnixSeconds(1'700'000'000);
  const Decoded decoded =
      Decode(idl::ReportProgress{{{.sequence = 1, .time = idl::ToFileTime(time), .is_non_deterministic = 1},
                                  {.sequence = 2,
                                   .time = idl::ToFileTime(time),
                                   .kind = idl::EventKind::kAddSubTask,
                                   .sub_task_instance = Instance()}}},
             fake.texts);
  const auto& events = std::get<std::vector<event::ProgressEvent>>(decoded);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(std::get<event::Started>(events[0].change).is_non_deterministic);
  EXPECT_EQ(events[1].source_sequence, 2u);
  EXPECT_EQ(events[1].event_time, time);
  EXPECT_TRUE(std::holds_alternative<event::SubtaskAdded>(events[1].change));
}

TEST(DecodeCallback, AStubThatNdrRefusesIsAFault) {
  FakeTexts fake;
  base::Bytes none_of_many = ndr::Encode(idl::ReportProgress{{{.sequence = 1}}});
  none_of_many[0] = 0;
  for (const auto& [opnum, body] :
       {std::pair<std::uint16_t, base::Bytes>{3, {1}}, {8, none_of_many}, {9, {}}}) {
    const Decoded decoded = DecodeCallback(opnum, body, base::Endian::kLittle, fake.texts);
    EXPECT_TRUE(std::holds_alternative<pdu::NcaStatus>(decoded)) << opnum;
  }
}

}  // namespace
}  // namespace ipam::bridge
