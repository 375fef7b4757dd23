// results and retry.
#include <gmock/gmock.h>

#include "command_fixture.h"
#include "dcom_bridge/model/exception.h"
#include "ipam/v1/status.pb.h"

namespace ipam::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ipam::v1::EntityStatus Entity(bool successful, std::int64_t record_id) {
  ipam::v1::EntityStatus entity;
  entity.set_is_successful(successful);
  entity.set_object_type(ipam::v1::IPAM_OBJECT_TYPE_DHCP_SCOPEV4);
  entity.set_record_id(record_id);
  return entity;
}

class ResultsTest : public CommandsTest {
 protected:
  // Three subtasks in two pages, of which the second failed.
  ResultsTest() {
    subtasks_ = {MakeSubtask(1, "scope 10.0.0.0", v1::SUBTASK_STATUS_COMPLETED_WITH_SUCCESS),
                 MakeSubtask(2, "scope 10.0.1.0", v1::SUBTASK_STATUS_COMPLETED_WITH_ERROR),
                 MakeSubtask(3, "scope 10.0.2.0", v1::SUBTASK_STATUS_COMPLETED_WITH_WARNING)};
    subtasks_[1].mutable_error()->set_message("it exists");
    gateway_.get = [this](const v1::GetOperationRequest& request, v1::Operation* operation) {
      *operation = MakeOperation("a", v1::OPERATION_STATE_PARTIALLY_FAILED, 9);
      EXPECT_EQ(request.name(), operation->name());
      ipam::v1::EntityStatusCollection collection;
      for (const auto& entity : entities_) *collection.add_entity_status_list() = entity;
      ipam::v1::DhcpMsmOverallCompletionStatus status;
      status.mutable_entity_status_collection_object()->PackFrom(collection);
      operation->set_completion_status_xml(*model::CompletionStatusXml(status));
      return grpc::Status::OK;
    };
    gateway_.subtasks = [this](const v1::ListSubtasksRequest& request, v1::ListSubtasksResponse* response) {
      EXPECT_EQ(request.parent(), "operations/a");
      if (request.page_token().empty()) {
        *response->add_subtasks() = subtasks_[0];
        response->set_next_page_token("more");
      } else {
        for (std::size_t i = 1; i < subtasks_.size(); ++i) *response->add_subtasks() = subtasks_[i];
      }
      return grpc::Status::OK;
    };
  }

  std::vector<v1::Subtask> subtasks_;
  // As the server lists them: what failed first.
  std::vector<ipam::v1::EntityStatus> entities_ = {Entity(false, 0), Entity(true, 7), Entity(true, 9)};
};

TEST_F(ResultsTest, ListsEveryEntityWithItsOutcomeAndRecord) {
  EXPECT_EQ(Run({"results", "a"}), 0);
  EXPECT_EQ(out_.text(),
            "CreateDhcpScope operations/a: partially failed\n"
            "ENTITY          OUTCOME                 TYPE         RECORD ID  REASON\n"
            "scope 10.0.0.0  completed with success  DHCPScopev4  7\n"
            "scope 10.0.1.0  completed with error    DHCPScopev4             it exists\n"
            "scope 10.0.2.0  completed with warning  DHCPScopev4  9\n");
}

TEST_F(ResultsTest, ListsWhatFailedOnly) {
  subtasks_[2].set_status(v1::SUBTASK_STATUS_NOT_RUN);
  EXPECT_EQ(Run({"results", "operations/a", "--failed"}), 0);
  EXPECT_EQ(out_.text(),
            "CreateDhcpScope operations/a: partially failed\n"
            "ENTITY          OUTCOME               TYPE  RECORD ID  REASON\n"
            "scope 10.0.1.0  completed with error                   it exists\n"
            "scope 10.0.2.0  not run\n")
      << "one entity that failed in the status, two subtasks: it is not known which is which";
}

TEST_F(ResultsTest, IsOneObjectOfJson) {
  EXPECT_EQ(Run({"results", "a", "--failed", "--output=json"}), 0);
  const std::string text = out_.text();
  for (const char* part :
       {R"("operation": "operations/a")", R"("kind": "CreateDhcpScope")",
        R"("state": "OPERATION_STATE_PARTIALLY_FAILED")", R"("name": "scope 10.0.1.0")",
        R"("outcome": "SUBTASK_STATUS_COMPLETED_WITH_ERROR")", R"("reason": "it exists")"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_EQ(text.find("10.0.0.0"), std::string::npos);
}

TEST_F(ResultsTest, SaysWhyThereAreNone) {
  gateway_.get = [](const v1::GetOperationRequest&, v1::Operation*) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no operation operations/a");
  };
  EXPECT_EQ(Run({"results", "a"}), 5);
  EXPECT_EQ(err_.text(), "ipamctl: no operation operations/a\n");
}

TEST_F(ResultsTest, RetryStartsWhatFailedAndFollowsIt) {
  gateway_.start = [this](const v1::StartOperationRequest& request, v1::Operation* operation) {
    starts_.push_back(request);
    *operation = MakeOperation("b", v1::OPERATION_STATE_PENDING, 1);
    return grpc::Status::OK;
  };
  WatchGives({EventFrame(Finished("b", 2, v1::OPERATION_STATE_SUCCEEDED))});
  EXPECT_EQ(Run({"retry", "a", "--failed", "--watch"}), 0);
  ASSERT_EQ(starts_.size(), 1u);
  EXPECT_EQ(starts_[0].retry_failed_of(), "operations/a");
  EXPECT_EQ(starts_[0].source(), "") << "that of the operation";
  EXPECT_THAT(watches_[0].names(), ElementsAre("operations/b"));
  EXPECT_EQ(out_.text(), "operations/b\nCreateDhcpScope operations/b: succeeded\n");
}

TEST_F(ResultsTest, RetrySaysWhatCannotBeSubmittedAgain) {
  gateway_.start = [](const v1::StartOperationRequest&, v1::Operation*) {
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "none of its subtasks failed");
  };
  EXPECT_EQ(Run({"retry", "a", "--failed"}), 5);
  EXPECT_EQ(err_.text(), "ipamctl: operations/a: none of its subtasks failed\n");
  EXPECT_THAT(ParseOptions({"retry", "a"}).text, HasSubstr("--failed is required"));
}

}  // namespace
}  // namespace ipam::ctl
