// The server dies while DHCP and DNS servers are at work on an entity, at every point of it, and goes on with what is in its
// store and at the servers then: no entity is given to them twice, and in the end they have what they have without a death.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/ipam/dhcp_view.h"
#include "dcom_bridge/ipam/import_export.h"
#include "dcom_bridge/ipam/saved_actuation.h"
#include "dcom_bridge/ipam/store.h"
#include "delegate_harness.h"
#include "fake_servers.h"
#include "harness.h"
#include "test_store.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::IsEmpty;

class ActuationRestartTest : public EngineTest {
 protected:
  ActuationRestartTest() { actuators_ = MakeActuators(script_); }
  void SetUp() override {
    if (OnPostgres()) GTEST_SKIP() << "a database there is not copied while it is at work";
  }

  struct End {
    std::string events;
    std::string rows;
    Script::Memory servers;
  };

  base::Guid Begin(const v1::OperationParameters& parameters) {
    const base::Guid id = base::Guid::Random();
    EXPECT_OK(Start(id, Prepare(parameters)));
    engine_->Proceed(id);
    return id;
  }
  // Before the next call that `when` is true of: what a process that dies there leaves.
  void DieAt(std::function<bool(const std::string&)> when) {
    script_.OnCall([this, when = std::move(when)](const std::string& line) {
      if (left_ || !when(line)) return;
      Execute("VACUUM INTO '" + dir_.File("left.db") + "'");
      left_ = script_.memory();
    });
  }
  // The engine on what was left.
  void Revive(const std::function<void()>& before = [] {}) {
    Close();
    ASSERT_TRUE(left_);
    script_.OnCall(nullptr);
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(options_.database + suffix);
    std::filesystem::rename(dir_.File("left.db"), options_.database);
    script_.SetMemory(*std::exchange(left_, std::nullopt));
    script_.Take();
    actuators_ = MakeActuators(script_);
    before();
    Open();
  }
  // What the store wants of a DHCP server.
  std::string StoreOf(std::int64_t server) {
    const auto db = OpenDatabase(options_.database);
    EXPECT_OK(db);
    Store store(**db);
    const auto view = ReadDhcpView(store, server);
    EXPECT_OK(view);
    return view.ok() ? ValueOf(*view) : "";
  }
  std::vector<event::ProgressEvent> ToTheEnd(const base::Guid& id) {
    const absl::Time limit = absl::Now() + absl::Minutes(1);
    auto events = Read(id);
    while ((events.empty() || !std::holds_alternative<event::OverallStatusSet>(events.back().change)) &&
           absl::Now() < limit) {
      absl::SleepFor(absl::Milliseconds(1));
      events = Read(id);
    }
    return events;
  }
  End EndOf(const base::Guid& id) {
    End end;
    end.events = Tell(ToTheEnd(id));
    std::stringstream rows;
    EXPECT_OK(ExportYaml(options_.database, rows));
    end.rows = rows.str();
    end.servers = script_.memory();
    EXPECT_EQ(Query("SELECT count(*) FROM operation_actuations"), "0");
    return end;
  }
  // A store and servers as they were in the beginning.
  void Restore() {
    Close();
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(options_.database + suffix);
    const std::string first = dir_.File("first.db");
    if (!std::filesystem::exists(first)) {
      ASSERT_OK(ImportYaml(options_.database, IPAM_SOURCE_DIR "/deploy/samples/network.yaml"));
      Execute("VACUUM INTO '" + first + "'");
      import_network_ = false;
    } else {
      std::filesystem::copy_file(first, options_.database);
    }
    script_.SetMemory({});
    script_.Take();
    actuators_ = MakeActuators(script_);
    Open();
  }

  Script script_;
  std::optional<Script::Memory> left_;
};

TEST_F(ActuationRestartTest, WhereverItDiesTheEffectOfAnEntityIsThereOnce) {
  for (const char* kind : {"CreateDhcpScope", "CreateDnsZone", "CreateDnsResourceRecords"}) {
    Restore();
    int calls = 0;
    script_.OnCall([&calls](const std::string&) { ++calls; });
    const End whole = EndOf(Begin(Sample(kind)));
    ASSERT_THAT(whole.events, EndsWith("success"));
    ASSERT_GT(calls, 0);
    for (int point = 0; point < calls; ++point) {
      Restore();
      int call = 0;
      DieAt([&](const std::string&) { return call++ == point; });
      const base::Guid id = Begin(Sample(kind));
      ToTheEnd(id);
      SCOPED_TRACE(absl::StrCat(kind, ", point ", point));
      Revive();
      const End revived = EndOf(id);
      EXPECT_EQ(revived.events, whole.events);
      EXPECT_EQ(revived.rows, whole.rows);
      EXPECT_EQ(revived.servers.first, whole.servers.first) << "what they have";
      // Less often where an entity changes nothing of a server, which then has it.
      for (const auto& [what, value] : whole.servers.first) {
        EXPECT_LE(std::ranges::count(revived.servers.second, what),
                  std::ranges::count(whole.servers.second, what))
            << what << " was given twice";
      }
    }
  }
}

TEST_F(ActuationRestartTest, WhatWasLeftUnexpressedIsToldAlsoWhereItIsReadBack) {
  Open();
  script_.Answer("test dhcp1: 4", {"Kea delays no offers"});
  DieAt([](const std::string& line) { return line == "did commit dhcp1"; });
  const base::Guid id = Begin(Sample("CreateDhcpScope"));
  ToTheEnd(id);
  Revive();
  EXPECT_THAT(Describe(ToTheEnd(id)), Contains("SetSubTaskStatus 1 CompletedWithWarning 100"));
}

TEST_F(ActuationRestartTest, WhereAServerRefusesNowAllArePutBack) {
  Open();
  DieAt([](const std::string& line) { return line == "did commit dhcp2"; });
  const base::Guid id = Begin(Sample("CreateDhcpFailover"));
  ToTheEnd(id);
  Revive([this] { script_.Fail("test dhcp2", absl::InvalidArgumentError("no such hook any more"), 1); });
  EXPECT_EQ(FailureOf(ToTheEnd(id)), "IpamApiDhcpServerFailedToUpdateInRemoteServer");
  EXPECT_EQ(Query("SELECT count(*) FROM dhcp_failover_relations"), "0");
  EXPECT_TRUE(script_.Has("dhcp1", StoreOf(17)));
  EXPECT_TRUE(script_.Has("dhcp2", StoreOf(18)));
}

TEST_F(ActuationRestartTest, WhereTheStoreRefusesNowTheServerIsPutBack) {
  Open();
  DieAt([](const std::string& line) { return line == "did commit dhcp1"; });
  const base::Guid id = Begin(Sample("CreateDhcpScope"));
  ToTheEnd(id);
  Revive([this] { Refuse(options_.database, "INSERT ON dhcp_scopes", "too late"); });
  EXPECT_NE(FailureOf(ToTheEnd(id)), "");
  EXPECT_EQ(Query("SELECT count(*) FROM dhcp_scopes"), "3");
  EXPECT_TRUE(script_.Has("dhcp1", StoreOf(17)));
}

TEST_F(ActuationRestartTest, AServerWithoutItsActuatorIsNotWaitedFor) {
  Open();
  DieAt([](const std::string& line) { return line == "commit dhcp1"; });
  const base::Guid id = Begin(Sample("CreateDhcpScope"));
  ToTheEnd(id);
  Revive([this] { actuators_.reset(); });
  EXPECT_THAT(Tell(ToTheEnd(id)), EndsWith("success"));
  EXPECT_THAT(script_.Take(), IsEmpty());
}

TEST_F(ActuationRestartTest, OthersWaitForTheServersOfWhatWasAtWork) {
  Open();
  script_.Hold("commit dhcp1");
  v1::OperationParameters reservation = Sample("CreateDhcpReservation");
  const base::Guid first = Begin(Sample("CreateDhcpScope"));
  script_.AwaitHeld();
  DieAt([](const std::string& line) { return line == "did commit dhcp1"; });
  const base::Guid second = Begin(reservation);
  // It waits for the server.
  const absl::Time limit = absl::Now() + absl::Minutes(1);
  while (Describe(Read(second)).back().find("InProgress") == std::string::npos && absl::Now() < limit) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  script_.Release();
  ToTheEnd(first);
  ToTheEnd(second);
  options_.max_running = 1;
  Revive();
  EXPECT_THAT(Tell(ToTheEnd(first)), EndsWith("success"));
  EXPECT_THAT(Tell(ToTheEnd(second)), EndsWith("success"));
  const auto asked = script_.Take();
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked[0], "test dhcp1: 4 scopes, 0 reservations") << "with the scope that it has";
}

TEST(SavedActuation, IsReadAsItWasWritten) {
  Touched touched;
  touched.dhcp_servers = {17, 18};
  touched.zones = {
      {.server_id = 31, .lookup = Lookup::kReverse, .name = "a.b", .was_there = true, .is_there = false}};
  touched.records = {
      {.lookup = Lookup::kForward, .zone_id = 7, .name = "w\xffw", .type = v1::DNS_RESOURCE_RECORD_TYPE_A}};
  touched.forwarders = {{.server_id = 32, .name = "c.d"}};
  const SavedActuation saved{.servers = {{ServerKey::Role::kDhcp, 17}, {ServerKey::Role::kDns, 31}},
                             .touched = {touched}};
  const auto read = ParseSavedActuation(ToText(saved));
  ASSERT_TRUE(read);
  EXPECT_EQ(ToText(*read), ToText(saved));
  EXPECT_EQ(read->servers, saved.servers);
  EXPECT_TRUE(read->touched.at(0).zones.at(0).was_there);
  EXPECT_EQ(read->touched.at(0).zones.at(0).lookup, Lookup::kReverse);
  for (const char* other :
       {"", "[]", "{}", R"({"servers":[[1,2]],"touched":[]})", R"({"servers":[],"touched":[{}]})"}) {
    EXPECT_FALSE(ParseSavedActuation(other)) << other;
  }
}

}  // namespace
}  // namespace ipam::engine
