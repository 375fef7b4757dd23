#include "dcom_bridge/rpc/statistics.h"

#include <gtest/gtest.h>

#include "dcom_bridge/ndr/writer.h"
#include "dcom_bridge/rpc/management.h"
#include "tests/unit/rpc/support/pdus.h"

namespace ipam::rpc_test {
namespace {

TEST(Statistics, CountCallsAndPdusOfBothSides) {
  rpc::Management management({});
  rpc::ServerOptions server_options;
  server_options.statistics = &management.statistics();
  Server server(server_options);
  rpc::Statistics of_client;
  rpc::ClientOptions client_options;
  client_options.statistics = &of_client;
  Client client(std::move(client_options));
  client.Do(client.association.Open({kEcho}));
  client.Call({kEcho, 0, {}, Pattern(10)});
  client.Call({kEcho, 0, {}, Pattern(10'000)});  // two fragments each way
  Exchange(client, server);
  EXPECT_EQ(of_client.calls_out, 2u);
  EXPECT_EQ(of_client.calls_in, 0u);
  EXPECT_EQ(of_client.packets_out, 4u);  // bind, 1 and 2 of a request
  EXPECT_EQ(of_client.packets_in, 4u);
  const rpc::Statistics& counted = management.statistics();
  EXPECT_EQ(counted.calls_in, 2u);
  EXPECT_EQ(counted.calls_out, 0u);
  EXPECT_EQ(counted.packets_in, 4u);
  EXPECT_EQ(counted.packets_out, 4u);

  // inq_stats tells them in the order of [C706] appendix Q.
  ndr::Writer request;
  request(std::uint32_t{4});
  rpc::IncomingCall call;
  call.interface = rpc::kManagementInterface;
  call.opnum = 1;
  call.stub = request.Take();
  base::Bytes reply;
  management.Handle(std::move(call), [&](rpc::CallOutcome outcome) {
    reply = std::get<rpc::CallReply>(std::move(outcome)).stub;
  });
  ndr::Writer expected;
  expected(std::uint32_t{4}, std::uint32_t{4}, std::uint32_t{2}, std::uint32_t{0}, std::uint32_t{4},
           std::uint32_t{4}, std::uint32_t{0});
  EXPECT_EQ(reply, expected.Take());

  client.Call({kEcho, 8, {}, Pattern(2'000)});  // more than it takes
  Exchange(client, server);
  EXPECT_EQ(of_client.faults_in, 1u);
  EXPECT_EQ(counted.faults_out, 1u);
}

}  // namespace
}  // namespace ipam::rpc_test
