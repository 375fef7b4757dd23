#include "gateway/grpc_api/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "gateway/grpc_api/watch_reactor.h"
#include "google/longrunning/operations.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "grpcpp/support/proto_buffer_writer.h"
#include "ipam/progress/v1/progress.grpc.pb.h"
#include "tests/support/hub/fakes.h"
#include "tests/support/matchers.h"

namespace ipam::grpc_api {
namespace {

using hub::Hub;
using hub::Send;
using hub::TempDir;
using test_support::IsOk;
namespace v1 = hub::v1;

class GrpcServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    GrpcOptions options;
    options.address = "127.0.0.1:0";
    auto server = GrpcServer::Start(options, *hub_.service);
    ASSERT_OK(server);
    server_ = *std::move(server);
    address_ = "127.0.0.1:" + std::to_string(server_->port());
    channel_ = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
    stub_ = v1::ProgressService::NewStub(channel_);
  }
  v1::Operation Start(const std::string& xml = "<Scope/>") {
    grpc::ClientContext context;
    v1::StartOperationRequest request;
    request.set_parameters_xml(xml);
    v1::Operation operation;
    const grpc::Status status = stub_->StartOperation(&context, request, &operation);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return operation;
  }
  // A unary call without generated code, as a client in any language makes it.
  grpc::ByteBuffer Call(const std::string& method, const std::string& request) {
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    grpc::Slice slice(request);
    grpc::ByteBuffer in(&slice, 1);
    grpc::ByteBuffer out;
    hub::Waiter<bool> done;
    grpc::Status result;
    auto callback = done.Callback();
    stub.UnaryCall(&context, method, grpc::StubOptions(), &in, &out, [&](grpc::Status status) {
      result = std::move(status);
      callback(true);
    });
    done.Get();
    EXPECT_TRUE(result.ok()) << result.error_message();
    return out;
  }

  TempDir dir_;
  Hub hub_{dir_.File("j")};
  std::unique_ptr<GrpcServer> server_;
  std::string address_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ProgressService::Stub> stub_;
};

std::string Text(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices)
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return text;
}

TEST_F(GrpcServerTest, StreamsTheStepsOfADiagnosis) {
  grpc::ClientContext context;
  auto stream = stub_->DiagnoseSource(&context, v1::DiagnoseSourceRequest());
  v1::DiagnoseSourceResponse step;
  ASSERT_TRUE(stream->Read(&step));
  EXPECT_EQ(step.step(), v1::DIAGNOSIS_STEP_NAME);
  EXPECT_EQ(step.outcome(), v1::DIAGNOSIS_OUTCOME_OK);
  EXPECT_EQ(step.detail(), "an address");
  EXPECT_EQ(step.duration().seconds(), 1);
  EXPECT_EQ(step.duration().nanos(), 500'000'000);
  ASSERT_TRUE(stream->Read(&step));
  EXPECT_EQ(step.step(), v1::DIAGNOSIS_STEP_PORT);
  EXPECT_EQ(step.outcome(), v1::DIAGNOSIS_OUTCOME_FAILED);
  EXPECT_EQ(step.advice(), "start it");
  EXPECT_FALSE(stream->Read(&step));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(GrpcServerTest, DiagnosesNoSourceThatItDoesNotHave) {
  grpc::ClientContext context;
  v1::DiagnoseSourceRequest request;
  request.set_source("nobody");
  auto stream = stub_->DiagnoseSource(&context, request);
  v1::DiagnoseSourceResponse step;
  EXPECT_FALSE(stream->Read(&step));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(GrpcServerTest, FollowsAnOperationToItsEnd) {
  const std::string id = Start().name().substr(11);
  grpc::ClientContext context;
  v1::WatchOperationsRequest request;
  request.set_until_done(true);
  auto stream = stub_->WatchOperations(&context, request);
  v1::WatchOperationsResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.snapshot().name(), "operations/" + id);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_TRUE(response.has_snapshot_end());
  ASSERT_OK(Send(*hub_.service, id, event::Started{false}));
  for (int i = 1; i <= 300; ++i) {
    hub_.service->Publish(id, event::ProgressEvent{0, std::nullopt, event::PercentageChanged{i / 3.0}},
                          [](absl::Status) {});
  }
  hub_.Succeed(id);
  std::uint64_t next = 2;
  int messages = 0;
  while (stream->Read(&response)) {
    ++messages;
    EXPECT_LE(response.ByteSizeLong(), std::size_t{64} << 10);
    for (const v1::Event& event : response.events().events()) EXPECT_EQ(event.sequence(), next++);
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(next, 304u);
  EXPECT_LT(messages, 302) << "events that wait together leave in one message";
}

TEST_F(GrpcServerTest, ResumesWhereTheTokenSays) {
  const std::string id = Start().name().substr(11);
  ASSERT_OK(Send(*hub_.service, id, event::Started{false}));
  std::string token;
  {
    grpc::ClientContext context;
    v1::WatchOperationsRequest request;
    request.set_start(v1::START_MODE_EARLIEST);
    auto stream = stub_->WatchOperations(&context, request);
    v1::WatchOperationsResponse response;
    while (!response.has_events() && stream->Read(&response)) {
    }
    token = response.resume_token();
    ASSERT_EQ(response.events().events(response.events().events_size() - 1).sequence() > 0, true);
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  hub_.Succeed(id);
  grpc::ClientContext context;
  v1::WatchOperationsRequest request;
  request.set_resume_token(token);
  request.set_until_done(true);
  request.set_strict_resume(true);
  auto stream = stub_->WatchOperations(&context, request);
  v1::WatchOperationsResponse response;
  std::uint64_t last = 0;
  while (stream->Read(&response)) {
    for (const v1::Event& event : response.events().events()) last = event.sequence();
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(last, 3u);
}

TEST_F(GrpcServerTest, RefusesABadTokenWhenStrictWithDetails) {
  grpc::ClientContext context;
  v1::WatchOperationsRequest request;
  request.set_resume_token("nonsense");
  request.set_strict_resume(true);
  auto stream = stub_->WatchOperations(&context, request);
  v1::WatchOperationsResponse response;
  EXPECT_FALSE(stream->Read(&response));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "TOKEN_OUT_OF_RANGE");
}

TEST_F(GrpcServerTest, AnswersEveryUnaryMethod) {
  const std::string id = hub_.Run();
  ASSERT_OK(Send(*hub_.service, id, event::SubtaskAdded{hub::MakeSubtask(1, "one")}));
  const std::string name = "operations/" + id;
  {
    grpc::ClientContext context;
    v1::GetOperationRequest request;
    request.set_name(name);
    v1::Operation operation;
    ASSERT_TRUE(stub_->GetOperation(&context, request, &operation).ok());
    EXPECT_EQ(operation.subtasks(0).name(), "one");
  }
  {
    grpc::ClientContext context;
    v1::ListOperationsResponse response;
    ASSERT_TRUE(stub_->ListOperations(&context, v1::ListOperationsRequest(), &response).ok());
    EXPECT_EQ(response.operations_size(), 1);
  }
  {
    grpc::ClientContext context;
    v1::ListSubtasksRequest request;
    request.set_parent(name);
    v1::ListSubtasksResponse response;
    ASSERT_TRUE(stub_->ListSubtasks(&context, request, &response).ok());
    EXPECT_EQ(response.subtasks_size(), 1);
  }
  {
    grpc::ClientContext context;
    v1::ListEventsRequest request;
    request.set_parent(name);
    v1::ListEventsResponse response;
    ASSERT_TRUE(stub_->ListEvents(&context, request, &response).ok());
    EXPECT_EQ(response.events_size(), 3);
  }
  {
    grpc::ClientContext context;
    v1::ListSourcesResponse response;
    ASSERT_TRUE(stub_->ListSources(&context, v1::ListSourcesRequest(), &response).ok());
    EXPECT_EQ(response.sources(0).running_operations(), 1);
  }
  {
    grpc::ClientContext context;
    v1::CancelOperationRequest request;
    request.set_name(name);
    v1::Operation operation;
    ASSERT_TRUE(stub_->CancelOperation(&context, request, &operation).ok());
    EXPECT_TRUE(operation.has_cancel_time());
  }
  {
    grpc::ClientContext context;
    v1::GetOperationRequest request;
    request.set_name("operations/none");
    v1::Operation operation;
    EXPECT_EQ(stub_->GetOperation(&context, request, &operation).error_code(), grpc::StatusCode::NOT_FOUND);
  }
}

TEST_F(GrpcServerTest, ServesLongRunningOperations) {
  const std::string id = hub_.Run();
  auto stub = google::longrunning::Operations::NewStub(channel_);
  google::longrunning::WaitOperationRequest wait;
  wait.set_name("operations/" + id);
  wait.mutable_timeout()->set_nanos(50'000'000);
  google::longrunning::Operation operation;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub->WaitOperation(&context, wait, &operation).ok());
    EXPECT_FALSE(operation.done());
  }
  wait.clear_timeout();
  std::thread ender([&] { hub_.Succeed(id); });
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub->WaitOperation(&context, wait, &operation).ok());
    EXPECT_TRUE(operation.done());
  }
  ender.join();
  v1::Operation ours;
  ASSERT_TRUE(operation.response().UnpackTo(&ours));
  EXPECT_EQ(ours.state(), v1::OPERATION_STATE_SUCCEEDED);
  grpc::ClientContext context;
  google::longrunning::ListOperationsResponse list;
  ASSERT_TRUE(stub->ListOperations(&context, google::longrunning::ListOperationsRequest(), &list).ok());
  EXPECT_TRUE(list.operations(0).metadata().Is<v1::Operation>());
}

TEST_F(GrpcServerTest, ACancelledWaitEnds) {
  const std::string id = hub_.Run();
  auto stub = google::longrunning::Operations::NewStub(channel_);
  google::longrunning::WaitOperationRequest wait;
  wait.set_name("operations/" + id);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
  google::longrunning::Operation operation;
  EXPECT_EQ(stub->WaitOperation(&context, wait, &operation).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(GrpcServerTest, HealthAnswersServing) {
  // HealthCheckRequest{service: "ipam.progress.v1.ProgressService"} -> HealthCheckResponse{status: SERVING}
  const std::string service = "ipam.progress.v1.ProgressService";
  const std::string request = std::string("\x0a") + static_cast<char>(service.size()) + service;
  EXPECT_EQ(Text(Call("/grpc.health.v1.Health/Check", request)), std::string("\x08\x01"));
  server_->StopServing();
  EXPECT_EQ(Text(Call("/grpc.health.v1.Health/Check", request)), std::string("\x08\x02"));
}

TEST_F(GrpcServerTest, ReflectionListsTheServices) {
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto call =
      stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  const auto await = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    return ok;
  };
  call->StartCall(nullptr);
  ASSERT_TRUE(await());
  grpc::Slice slice(std::string("\x3a\x01*", 3));  // ServerReflectionRequest{list_services: "*"}
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  ASSERT_TRUE(await());
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  ASSERT_TRUE(await());
  const std::string text = Text(answer);
  for (const char* name :
       {"ipam.progress.v1.ProgressService", "google.longrunning.Operations", "grpc.health.v1.Health"}) {
    EXPECT_NE(text.find(name), std::string::npos) << name;
  }
  context.TryCancel();
  queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
  }
}

TEST_F(GrpcServerTest, APortInUseIsAClearError) {
  GrpcOptions options;
  options.address = address_;
  const auto second = GrpcServer::Start(options, *hub_.service);
  EXPECT_THAT(second, test_support::StatusIs(absl::StatusCode::kUnavailable, ::testing::HasSubstr(address_)));
}

TEST_F(GrpcServerTest, ADrainEndsTheStreamsWithUnavailable) {
  grpc::ClientContext context;
  auto stream = stub_->WatchOperations(&context, v1::WatchOperationsRequest());
  v1::WatchOperationsResponse response;
  ASSERT_TRUE(stream->Read(&response));
  std::thread drain([this] {
    hub_.service->Drain(absl::Seconds(2), "restart");
    server_->Shutdown(absl::Seconds(10));
  });
  bool drained = false;
  while (stream->Read(&response)) drained = drained || response.drain().retry_after().seconds() == 2;
  EXPECT_TRUE(drained);
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  drain.join();
}

TEST_F(GrpcServerTest, CancelsMidStreamLeaveNothingBehind) {
  const std::string id = hub_.Run();
  std::atomic<bool> stop{false};
  std::thread publisher([&] {
    for (int i = 0; !stop; ++i) {
      if (!Send(*hub_.service, id, event::PercentageChanged{i % 100 * 1.0}).ok()) break;
    }
  });
  std::vector<std::thread> clients;
  for (int c = 0; c < 4; ++c) {
    clients.emplace_back([this, c] {
      for (int i = 0; i < 20; ++i) {
        grpc::ClientContext context;
        auto stream = stub_->WatchOperations(&context, v1::WatchOperationsRequest());
        v1::WatchOperationsResponse response;
        for (int read = 0; read < (i + c) % 7; ++read) {
          if (!stream->Read(&response)) break;
        }
        context.TryCancel();
        while (stream->Read(&response)) {
        }
        EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  stop = true;
  publisher.join();
  server_->Shutdown(absl::Seconds(5));
}

TEST(Messages, JoinEventsThatFollowEachOther) {
  const auto event_frame = [](std::uint64_t sequence) {
    v1::Event event;
    event.set_sequence(sequence);
    return std::make_shared<const hub::Frame>("t" + std::to_string(sequence), google::protobuf::Timestamp(),
                                              event.SerializeAsString());
  };
  v1::WatchOperationsResponse end;
  end.mutable_snapshot_end()->set_operations(1);
  auto messages =
      ToMessages({std::make_shared<const hub::Frame>(end), event_frame(1), event_frame(2), event_frame(3)});
  ASSERT_EQ(messages.size(), 2u);
  v1::WatchOperationsResponse batch;
  ASSERT_TRUE(batch.ParseFromString(Text(messages[1])));
  ASSERT_EQ(batch.events().events_size(), 3);
  EXPECT_EQ(batch.events().events(2).sequence(), 3u);
  EXPECT_EQ(batch.resume_token(), "t3");
}

}  // namespace
}  // namespace ipam::grpc_api
