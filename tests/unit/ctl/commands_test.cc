#include "gateway/ctl/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "command_fixture.h"
#include "frames.h"
#include "gateway/ctl/start.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace ipam::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

grpc::Status BadParameters() {
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field("parameters_xml");
  violation->set_description("line 3: Scope is missing");
  google::rpc::Status details;
  details.add_details()->PackFrom(bad_request);
  return {grpc::StatusCode::INVALID_ARGUMENT, "the parameters are not valid", details.SerializeAsString()};
}

// --- start -----------------------------------------------------------------------------------------------
TEST_F(CommandsTest, StartPrintsTheNames) {
  StartByText();
  EXPECT_EQ(Run({"start", File("1", "a"), File("2", "b"), "--source", "dc1"}), 0);
  EXPECT_EQ(out_.text(), "operations/a\noperations/b\n");
  EXPECT_EQ(err_.text(), "");
  ASSERT_EQ(starts_.size(), 2u);
  EXPECT_EQ(starts_[0].source(), "dc1");
  EXPECT_THAT(starts_[0].request_id(), MatchesRegex("ipamctl-[0-9a-f]+"));
  EXPECT_NE(starts_[0].request_id(), starts_[1].request_id());
}

TEST_F(CommandsTest, StartNumbersAGivenRequestIdOnlyWhereThereAreSeveralFiles) {
  StartByText();
  EXPECT_EQ(Run({"start", File("1", "a"), "--request-id", "r"}), 0);
  EXPECT_EQ(Run({"start", File("1", "a"), File("2", "b"), "--request-id", "r"}), 0);
  std::vector<std::string> ids;
  for (const auto& request : starts_) ids.push_back(request.request_id());
  EXPECT_THAT(ids, ElementsAre("r", "r-1", "r-2"));
}

TEST_F(CommandsTest, StartSaysWhyAFileIsRefusedAndStartsTheOthers) {
  StartByText();
  auto take = gateway_.start;
  gateway_.start = [take](const v1::StartOperationRequest& request, v1::Operation* operation) {
    return request.parameters_xml() == "bad" ? BadParameters() : take(request, operation);
  };
  const std::string bad = File("bad.xml", "bad");
  EXPECT_EQ(Run({"start", File("1", "a"), bad, File("2", "b")}), 5);
  EXPECT_EQ(out_.text(), "operations/a\noperations/b\n");
  EXPECT_EQ(err_.text(), "ipamctl: " + bad +
                             ": the parameters are not valid\n"
                             "  parameters_xml: line 3: Scope is missing\n");
}

TEST_F(CommandsTest, StartReadsAllFilesBeforeItStartsOne) {
  StartByText();
  EXPECT_EQ(Run({"start", File("1", "a"), "/nonexistent"}), 2);
  EXPECT_EQ(err_.text(), "ipamctl: /nonexistent: No such file or directory\n");
  EXPECT_TRUE(starts_.empty());
}

TEST_F(CommandsTest, StartOnlyValidates) {
  gateway_.start = [](const v1::StartOperationRequest& request, v1::Operation* operation) {
    EXPECT_TRUE(request.validate_only());
    operation->set_kind("CreateDnsZone");
    return grpc::Status::OK;
  };
  const std::string file = File("zone.xml", "z");
  EXPECT_EQ(Run({"start", file, "--validate-only"}), 0);
  EXPECT_EQ(out_.text(), file + ": valid CreateDnsZone\n");
}

TEST_F(CommandsTest, StartPrintsOneObjectOfJson) {
  StartByText();
  EXPECT_EQ(Run({"start", File("1", "a"), "--output", "json"}), 0);
  EXPECT_EQ(out_.text(),
            "{\n \"operations\": [\n  {\n   \"name\": \"operations/a\",\n   \"source\": \"dhcp1\",\n"
            "   \"kind\": \"CreateDhcpScope\",\n   \"state\": \"OPERATION_STATE_PENDING\",\n"
            "   \"lastSequence\": \"1\"\n  }\n ]\n}\n");
}

TEST_F(CommandsTest, StartLeavesWithTheStateOfAnOperationThatHadEndedBefore) {
  gateway_.start = [](const v1::StartOperationRequest&, v1::Operation* operation) {
    *operation = MakeOperation("a", v1::OPERATION_STATE_FAILED, 9);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"start", File("1", "a"), "--request-id", "again"}), 1);
}

TEST_F(CommandsTest, StartFollowsWhatItStartedAndLeavesWithTheWorst) {
  StartByText();
  WatchGives({EventFrame(Finished("a", 2, v1::OPERATION_STATE_FAILED)),
              EventFrame(Finished("b", 2, v1::OPERATION_STATE_PARTIALLY_FAILED)),
              EventFrame(Finished("c", 2, v1::OPERATION_STATE_SUCCEEDED))});
  EXPECT_EQ(Run({"start", File("1", "a"), File("2", "b"), File("3", "c"), "--watch"}), 3);
  ASSERT_EQ(watches_.size(), 1u);
  EXPECT_THAT(watches_[0].names(), ElementsAre("operations/a", "operations/b", "operations/c"));
  EXPECT_TRUE(watches_[0].until_done());
  EXPECT_EQ(out_.text(),
            "operations/a\noperations/b\noperations/c\n"
            "CreateDhcpScope operations/a: failed\n"
            "CreateDhcpScope operations/b: partially failed\n"
            "CreateDhcpScope operations/c: succeeded\n");
}

TEST_F(CommandsTest, StartDoesNotFollowEverythingWhereNothingWasStarted) {
  gateway_.start = [](const v1::StartOperationRequest&, v1::Operation*) { return BadParameters(); };
  WatchGives({});
  EXPECT_EQ(Run({"start", File("1", "a"), "--watch"}), 5);
  EXPECT_TRUE(watches_.empty());
}

TEST_F(CommandsTest, StartRepeatsACallThatTheGatewaysDeathCutOffUnderTheSameRequestId) {
  std::vector<std::string> ids;
  std::atomic<bool> called{false};
  gateway_.start = [&](const v1::StartOperationRequest& request, v1::Operation* operation) {
    ids.push_back(request.request_id());
    if (ids.size() == 1) {
      called = true;
      // Longer than a tick of the client, so that it saw the connection stand; ended by Stop() below.
      std::this_thread::sleep_for(std::chrono::milliseconds(800));
    }
    *operation = MakeOperation("a", v1::OPERATION_STATE_RUNNING, 1);
    return grpc::Status::OK;
  };
  std::thread restart([&] {
    while (!called) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    gateway_.Stop();
    gateway_.Restart();
  });
  const int code = Run({"start", File("1", "a")});
  restart.join();
  EXPECT_EQ(code, 0) << err_.text();
  EXPECT_EQ(out_.text(), "operations/a\n");
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_EQ(ids[0], ids[1]);
}

TEST_F(CommandsTest, StartTellsHowToFindWhatWasNotAnsweredInTime) {
  gateway_.start = [](const v1::StartOperationRequest&, v1::Operation*) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1300));
    return grpc::Status::OK;
  };
  const std::string file = File("1", "a");
  EXPECT_EQ(Run({"start", file, "--request-id", "r", "--timeout", "1s"}), 5);
  EXPECT_THAT(err_.text(), StartsWith("ipamctl: " + file + ": "));
  EXPECT_THAT(err_.text(),
              HasSubstr("not answered; --request-id r starts it, or finds it where it was started\n"));
}

TEST_F(CommandsTest, StartNamesAGatewayThatCannotBeReachedOnce) {
  gateway_.Stop();
  EXPECT_EQ(Run({"start", File("1", "a"), File("2", "b")}), 5);
  EXPECT_EQ(err_.text(),
            "ipamctl: cannot reach the gateway at " + gateway_.address() + ": Connection refused\n");
}

// --- watch -----------------------------------------------------------------------------------------------
TEST_F(CommandsTest, WatchAsksForWhatTheOptionsSay) {
  WatchGives({EventFrame(Finished("a", 2, v1::OPERATION_STATE_CANCELLED))});
  EXPECT_EQ(Run({"watch", "a", "--until-done", "--latest", "--filter", "kind=X", "--resume-token", "tok"}),
            6);
  ASSERT_EQ(watches_.size(), 1u);
  EXPECT_THAT(watches_[0].names(), ElementsAre("operations/a"));
  EXPECT_EQ(watches_[0].filter(), "kind=X");
  EXPECT_EQ(watches_[0].resume_token(), "tok");
  EXPECT_EQ(watches_[0].delivery(), v1::DELIVERY_LATEST);
  EXPECT_TRUE(watches_[0].until_done());
}

TEST_F(CommandsTest, WatchAsksForTheEndThatStandsBeforeTheToken) {
  WatchGives({SnapshotEndFrame("t9")});
  gateway_.get = [](const v1::GetOperationRequest& request, v1::Operation* operation) {
    EXPECT_EQ(request.name(), "operations/a");
    *operation = MakeOperation("a", v1::OPERATION_STATE_OUTCOME_UNKNOWN, 9);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"watch", "a", "--until-done", "--resume-token", "t9"}), 4);
}

TEST_F(CommandsTest, WatchThatIsRefusedSaysWhy) {
  gateway_.watch = [](const v1::WatchOperationsRequest&, grpc::ServerContext*, FakeGateway::Writer*) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "operations/a is not known");
  };
  EXPECT_EQ(Run({"watch", "a"}), 5);
  EXPECT_EQ(err_.text(), "ipamctl: operations/a is not known\n");
}

TEST_F(CommandsTest, WatchThatIsInterruptedSaysHowToGoOn) {
  gateway_.watch = [&](const v1::WatchOperationsRequest&, grpc::ServerContext* context,
                       FakeGateway::Writer* writer) {
    writer->Write(EventFrame(Accepted("a", 1)));
    interrupted_ = true;
    return HoldOpen(context);
  };
  EXPECT_EQ(Run({"watch", "a", "--until-done"}), 130);
  EXPECT_EQ(err_.text(), "ipamctl: interrupted; the operations go on. To watch again:\n  ipamctl --gateway " +
                             gateway_.address() + " watch operations/a --until-done\n");
}

TEST_F(CommandsTest, WatchThatIsInterruptedSaysNothingOfWhatHasEnded) {
  gateway_.watch = [&](const v1::WatchOperationsRequest&, grpc::ServerContext* context,
                       FakeGateway::Writer* writer) {
    writer->Write(EventFrame(Finished("a", 1, v1::OPERATION_STATE_SUCCEEDED)));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));  // for the client to read it
    interrupted_ = true;
    return HoldOpen(context);
  };
  EXPECT_EQ(Run({"watch", "a"}), 130);
  EXPECT_THAT(err_.text(), StartsWith("ipamctl: interrupted. To watch again:\n"));
}

// --- queries ---------------------------------------------------------------------------------------------
TEST_F(CommandsTest, ListPagesThroughToTheEnd) {
  gateway_.list = [](const v1::ListOperationsRequest& request, v1::ListOperationsResponse* response) {
    EXPECT_EQ(request.filter(), "state=RUNNING");
    const bool first = request.page_token().empty();
    v1::Operation* operation = response->add_operations();
    *operation = MakeOperation(first ? "b" : "a", v1::OPERATION_STATE_RUNNING, 1);
    operation->set_percent(41.9);
    operation->mutable_create_time()->set_seconds(1'700'000'000);
    if (first) response->set_next_page_token("2");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"list", "--filter", "state=RUNNING"}), 0);
  EXPECT_EQ(out_.text(),
            "NAME          KIND             STATE    DONE  SOURCE  CREATED\n"
            "operations/b  CreateDhcpScope  running  41%   dhcp1   2023-11-14 22:13:20Z\n"
            "operations/a  CreateDhcpScope  running  41%   dhcp1   2023-11-14 22:13:20Z\n");
}

TEST_F(CommandsTest, ListStopsAtTheLimit) {
  int calls = 0;
  gateway_.list = [&](const v1::ListOperationsRequest&, v1::ListOperationsResponse* response) {
    ++calls;
    for (const char* id : {"a", "b"})
      *response->add_operations() = MakeOperation(id, v1::OPERATION_STATE_RUNNING, 1);
    response->set_next_page_token("more");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"list", "--limit", "3", "--output", "json"}), 0);
  EXPECT_EQ(calls, 2);
  const std::string text = out_.text();
  std::size_t found = 0;
  for (std::size_t at = text.find("\"name\""); at != std::string::npos; at = text.find("\"name\"", at + 1))
    ++found;
  EXPECT_EQ(found, 3u);
}

TEST_F(CommandsTest, GetShowsAllSubtasks) {
  gateway_.get = [](const v1::GetOperationRequest& request, v1::Operation* operation) {
    EXPECT_EQ(request.name(), "operations/a");
    *operation = MakeOperation("a", v1::OPERATION_STATE_FAILED, 12);
    operation->mutable_error()->set_message("bad\x1b luck");
    *operation->add_subtasks() = MakeSubtask(1, "one", v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS);
    operation->set_more_subtasks(true);
    return grpc::Status::OK;
  };
  gateway_.subtasks = [](const v1::ListSubtasksRequest& request, v1::ListSubtasksResponse* response) {
    EXPECT_EQ(request.parent(), "operations/a");
    const bool first = request.page_token().empty();
    *response->add_subtasks() = first ? MakeSubtask(1, "one", v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS)
                                      : MakeSubtask(2, "two", v1::SUBTASK_STATUS_NOT_RUN);
    if (first) response->set_next_page_token("2");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"get", "a"}), 0);
  EXPECT_EQ(out_.text(),
            "name        operations/a\n"
            "kind        CreateDhcpScope\n"
            "source      dhcp1\n"
            "state       failed\n"
            "reason      bad? luck\n"
            "events      12\n"
            "\n"
            "SUBTASK  STATE                   DONE  STARTED  ENDED  REASON\n"
            "one      completed with success\n"
            "two      not run\n");
}

TEST_F(CommandsTest, GetNamesTheOperationThatIsNotKnown) {
  gateway_.get = [](const v1::GetOperationRequest&, v1::Operation*) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such operation");
  };
  EXPECT_EQ(Run({"get", "a"}), 5);
  EXPECT_EQ(err_.text(), "ipamctl: operations/a: no such operation\n");
}

TEST_F(CommandsTest, GetDoesNotNameTheOperationTwice) {
  gateway_.get = [](const v1::GetOperationRequest&, v1::Operation*) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no operation operations/a");
  };
  EXPECT_EQ(Run({"get", "a"}), 5);
  EXPECT_EQ(err_.text(), "ipamctl: no operation operations/a\n");
}

TEST_F(CommandsTest, EventsPrintTheJournal) {
  gateway_.events = [](const v1::ListEventsRequest& request, v1::ListEventsResponse* response) {
    EXPECT_EQ(request.after_sequence(), 7u);
    v1::Event* event = response->add_events();
    *event = AtPercent("a", request.page_token().empty() ? 8 : 9, 50);
    event->mutable_receive_time()->set_seconds(1'700'000'000);
    if (request.page_token().empty()) response->set_next_page_token("2");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"events", "operations/a", "--after", "7"}), 0);
  EXPECT_EQ(out_.text(),
            "SEQUENCE  RECEIVED              EVENT\n"
            "8         2023-11-14 22:13:20Z  50%\n"
            "9         2023-11-14 22:13:20Z  50%\n");
}

TEST_F(CommandsTest, SourcesSayWhyOneIsDown) {
  gateway_.sources = [](const v1::ListSourcesRequest&, v1::ListSourcesResponse* response) {
    v1::SourceStatus* source = response->add_sources();
    source->set_source("dc1");
    source->set_state(v1::SOURCE_STATE_DISCONNECTED);
    source->set_reason("wrong password");
    source->set_running_operations(2);
    source->set_address("dc1.example:135");
    source->set_account("CORP\\gw");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"sources"}), 0);
  EXPECT_EQ(out_.text(),
            "SOURCE  STATE         SINCE  RUNNING  ADDRESS          ACCOUNT  REASON\n"
            "dc1     disconnected         2        dc1.example:135  CORP\\gw  wrong password\n");
}

v1::DiagnoseSourceResponse Step(v1::DiagnosisStep step, v1::DiagnosisOutcome outcome,
                                const std::string& detail, const std::string& advice = "") {
  v1::DiagnoseSourceResponse response;
  response.set_step(step);
  response.set_outcome(outcome);
  response.set_detail(detail);
  response.set_advice(advice);
  response.mutable_duration()->set_nanos(2'345'678);
  return response;
}

TEST_F(CommandsTest, TheDoctorShowsEachStepAndFailsWithTheLast) {
  std::string asked;
  gateway_.diagnose = [&](const v1::DiagnoseSourceRequest& request, auto* writer) {
    asked = request.source();
    writer->Write(Step(v1::DIAGNOSIS_STEP_NAME, v1::DIAGNOSIS_OUTCOME_OK, "dc1 is 10.0.0.1"));
    writer->Write(Step(v1::DIAGNOSIS_STEP_PORT, v1::DIAGNOSIS_OUTCOME_FAILED, "refused\x1b[2J", "start it"));
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"doctor", "dc1"}), kFailed);
  EXPECT_EQ(asked, "dc1");
  EXPECT_EQ(out_.text().find('\x1b'), std::string::npos);
  EXPECT_THAT(out_.text(), StartsWith("ok       name            dc1 is 10.0.0.1 (2.3ms)\n"
                                      "FAILED   port            refused"));
  EXPECT_THAT(out_.text(), HasSubstr("\n                         -> start it\n"));
}

TEST_F(CommandsTest, TheDoctorIsContentWhereTheLastStepWorks) {
  gateway_.diagnose = [](const v1::DiagnoseSourceRequest&, auto* writer) {
    writer->Write(
        Step(v1::DIAGNOSIS_STEP_AUTHENTICATION, v1::DIAGNOSIS_OUTCOME_WARNING, "clocks", "set them"));
    writer->Write(Step(v1::DIAGNOSIS_STEP_CALLBACK, v1::DIAGNOSIS_OUTCOME_OK, "it called back"));
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"doctor"}), kSucceeded);
  EXPECT_THAT(out_.text(), HasSubstr("warning  authentication"));
  EXPECT_THAT(out_.text(), testing::EndsWith("Everything works.\n"));
}

TEST_F(CommandsTest, TheDoctorGivesOneObjectOfJson) {
  gateway_.diagnose = [](const v1::DiagnoseSourceRequest&, auto* writer) {
    writer->Write(Step(v1::DIAGNOSIS_STEP_NAME, v1::DIAGNOSIS_OUTCOME_OK, "a"));
    writer->Write(Step(v1::DIAGNOSIS_STEP_CALLBACK, v1::DIAGNOSIS_OUTCOME_FAILED, "b", "c"));
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"doctor", "--output", "json"}), kFailed);
  EXPECT_EQ(out_.text(),
            "{\"steps\": [\n"
            "{\"step\":\"DIAGNOSIS_STEP_NAME\",\"outcome\":\"DIAGNOSIS_OUTCOME_OK\",\"detail\":\"a\","
            "\"duration\":\"0.002345678s\"},\n"
            "{\"step\":\"DIAGNOSIS_STEP_CALLBACK\",\"outcome\":\"DIAGNOSIS_OUTCOME_FAILED\",\"detail\":\"b\","
            "\"advice\":\"c\",\"duration\":\"0.002345678s\"}\n"
            "]}\n");
}

TEST_F(CommandsTest, AGatewayThatRefusesTheDoctorIsNoDiagnosis) {
  gateway_.diagnose = [](const v1::DiagnoseSourceRequest&, auto*) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no source dc9");
  };
  EXPECT_EQ(Run({"doctor", "dc9"}), kUnreachable);
  EXPECT_EQ(err_.text(), "ipamctl: no source dc9\n");
}

TEST_F(CommandsTest, SourcesAreOneObjectOfJson) {
  gateway_.sources = [](const v1::ListSourcesRequest&, v1::ListSourcesResponse* response) {
    response->add_sources()->set_state(v1::SOURCE_STATE_CONNECTED);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"sources", "--output", "json"}), 0);
  EXPECT_EQ(out_.text(), "{\n \"sources\": [\n  {\n   \"state\": \"SOURCE_STATE_CONNECTED\"\n  }\n ]\n}\n");
}

// --- cancel ----------------------------------------------------------------------------------------------
class CancelTest : public CommandsTest {
 protected:
  CancelTest() {
    gateway_.cancel = [](const v1::CancelOperationRequest& request, v1::Operation* operation) {
      if (request.name() == "operations/no") {
        return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                            "the management server cannot cancel operations");
      }
      const bool ended = request.name() == "operations/ended";
      *operation = MakeOperation(request.name().substr(11),
                                 ended ? v1::OPERATION_STATE_SUCCEEDED : v1::OPERATION_STATE_RUNNING, 4);
      if (request.name() == "operations/a") operation->mutable_cancel_time()->set_seconds(1);
      return grpc::Status::OK;
    };
  }
};

TEST_F(CancelTest, SaysWhatBecameOfEachRequest) {
  EXPECT_EQ(Run({"cancel", "a", "ended", "ending"}), 0);
  EXPECT_EQ(out_.text(),
            "CreateDhcpScope operations/a: cancel requested\n"
            "CreateDhcpScope operations/ended: succeeded\n"
            "CreateDhcpScope operations/ending: ending already\n");
}

TEST_F(CancelTest, ARefusalKeepsNoOtherFromBeingAsked) {
  EXPECT_EQ(Run({"cancel", "no", "a"}), 5);
  EXPECT_EQ(err_.text(), "ipamctl: operations/no: the management server cannot cancel operations\n");
  EXPECT_THAT(out_.text(), HasSubstr("operations/a: cancel requested"));
}

TEST_F(CancelTest, WithWatchLeavesAsTheOperationsEnd) {
  v1::Event end = MakeEvent("a", 5);
  *end.mutable_finished() = MakeOperation("a", v1::OPERATION_STATE_CANCELLED, 5);
  WatchGives({SnapshotFrame(MakeOperation("a", v1::OPERATION_STATE_RUNNING, 4)), SnapshotEndFrame("t4"),
              EventFrame(end)});
  EXPECT_EQ(Run({"cancel", "a", "--watch", "--progress", "plain"}), 6);
  EXPECT_THAT(out_.text(), HasSubstr("cancel requested\n"));
  EXPECT_THAT(out_.text(), HasSubstr("operations/a: cancelled\n"));
  ASSERT_EQ(watches_.size(), 1u);
  EXPECT_TRUE(watches_[0].until_done());
  EXPECT_THAT(watches_[0].names(), ElementsAre("operations/a"));
}

TEST_F(CancelTest, IsOneObjectOfJson) {
  EXPECT_EQ(Run({"cancel", "ended", "--output", "json"}), 0);
  EXPECT_THAT(out_.text(), StartsWith("{\n \"operations\": ["));
}

// --- the connection --------------------------------------------------------------------------------------
TEST_F(CommandsTest, AnUnavailableSourceIsAnAnswerAndNoLostGateway) {
  int calls = 0;
  gateway_.start = [&](const v1::StartOperationRequest&, v1::Operation*) {
    ++calls;
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "dc1 is not connected");
  };
  const std::string file = File("1", "a");
  EXPECT_EQ(Run({"start", file}), 5);
  EXPECT_EQ(err_.text(), "ipamctl: " + file + ": dc1 is not connected\n");
  EXPECT_EQ(calls, 1);
}

TEST_F(CommandsTest, AListThatIsInterruptedEnds) {
  gateway_.list = [&](const v1::ListOperationsRequest&, v1::ListOperationsResponse*) {
    interrupted_ = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"list"}), 130);
  EXPECT_EQ(out_.text(), "");
}

}  // namespace
}  // namespace ipam::ctl
