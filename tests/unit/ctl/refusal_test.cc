#include "gateway/ctl/refusal.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace ipam::ctl {
namespace {

TEST(Explain, IsTheMessage) {
  EXPECT_EQ(Explain(grpc::Status(grpc::StatusCode::NOT_FOUND, "no\x1boperation")), "no?operation");
}

TEST(Explain, NamesTheCodeWhereThereIsNoMessage) {
  EXPECT_EQ(Explain(grpc::Status(grpc::StatusCode::NOT_FOUND, "")), "not found");
  EXPECT_EQ(Explain(grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "")), "unauthenticated");
  EXPECT_EQ(Explain(grpc::Status(static_cast<grpc::StatusCode>(27), "")), "status 27");
}

TEST(Explain, ListsTheFieldsThatAreWrong) {
  google::rpc::BadRequest bad_request;
  for (const char* field : {"parameters_xml:3", "source\n"}) {
    auto* violation = bad_request.add_field_violations();
    violation->set_field(field);
    violation->set_description("is wrong");
  }
  google::rpc::Status details;
  details.add_details()->PackFrom(google::rpc::ErrorInfo());
  details.add_details()->PackFrom(bad_request);
  EXPECT_EQ(Explain(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "bad", details.SerializeAsString())),
            "bad\n  parameters_xml:3: is wrong\n  source : is wrong");
}

TEST(Explain, DoesNotSayTheSameTwice) {
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field("filter");
  violation->set_description("unknown field");
  google::rpc::Status details;
  details.add_details()->PackFrom(bad_request);
  EXPECT_EQ(Explain(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "filter: unknown field",
                                 details.SerializeAsString())),
            "filter: unknown field");
}

TEST(Explain, PassesOverDetailsThatAreNone) {
  EXPECT_EQ(Explain(grpc::Status(grpc::StatusCode::INTERNAL, "bad", "\xff\xff\xff")), "bad");
}

}  // namespace
}  // namespace ipam::ctl
