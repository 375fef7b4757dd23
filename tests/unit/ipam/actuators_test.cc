// Operations on servers with an actuator: the server first, then the store.
#include "dcom_bridge/ipam/actuators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/ipam/change_log.h"
#include "dcom_bridge/ipam/delegates.h"
#include "dcom_bridge/ipam/fault.h"
#include "dcom_bridge/ipam/import_export.h"
#include "dcom_bridge/ipam/operation.h"
#include "dcom_bridge/ipam/operation_log.h"
#include "dcom_bridge/ipam/store.h"
#include "fake_servers.h"
#include "harness.h"
#include "tests/support/matchers.h"

namespace ipam::engine {
namespace {

using ::ipam::test_support::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

RecordSet Records(const std::string& name) {
  return {.zone = "example.org", .name = name, .type = v1::DNS_RESOURCE_RECORD_TYPE_A, .records = {}};
}

class ActuatorsTest : public EngineTest {
 protected:
  ActuatorsTest() { Install(); }

  void Install() { actuators_ = MakeActuators(script_); }
  ActuationResult Do(ActuationJob job) {
    std::promise<ActuationResult> done;
    actuators_->Run(std::move(job), [&done](ActuationResult result) { done.set_value(std::move(result)); });
    return done.get_future().get();
  }
  base::Guid Begin(const v1::OperationParameters& parameters) {
    const base::Guid id = base::Guid::Random();
    EXPECT_OK(Start(id, Prepare(parameters)));
    engine_->Proceed(id);
    return id;
  }
  CancelResult Cancel(const base::Guid& id) {
    std::promise<absl::StatusOr<CancelResult>> answered;
    engine_->Cancel(id, {"admin", "PLANT"}, [&](auto result) { answered.set_value(std::move(result)); });
    const auto result = answered.get_future().get();
    EXPECT_OK(result);
    return result.value_or(CancelResult::kAlreadyEnded);
  }
  static long Count(const std::vector<std::string>& lines, const std::string& what) {
    return std::ranges::count_if(lines, [&](const auto& line) { return line.find(what) != line.npos; });
  }
  static std::size_t CountScopes(Store& store) { return store.dhcp.ListScopes().value().size(); }
  std::string Scopes() { return Query("SELECT count(*) FROM dhcp_scopes"); }

  Script script_;
};

TEST_F(ActuatorsTest, ChangesTheServerBeforeTheStore) {
  Open();
  script_.Hold("commit dhcp1");
  const base::Guid id = Begin(Sample("CreateDhcpScope"));
  script_.AwaitHeld();
  EXPECT_EQ(Scopes(), "3");
  script_.Release();
  EXPECT_EQ(FailureOf(AwaitEnd(id)), "");
  EXPECT_EQ(Scopes(), "4");
  const std::vector<std::string> asked = script_.Take();
  ASSERT_GE(asked.size(), 4U);
  EXPECT_EQ(asked[0], "test dhcp1: 4 scopes, 0 reservations")
      << "with the scope that the store does not have yet";
  EXPECT_EQ(asked[1], "commit dhcp1");
  EXPECT_EQ(asked[2], "test dhcp1: 4 scopes, 0 reservations") << "of the next entity";
}

TEST_F(ActuatorsTest, AsksNobodyForServersWithoutOne) {
  actuators_ = std::make_unique<Actuators>();
  actuators_->Add(18, std::make_unique<FakeDhcp>(script_, "dhcp2", actuators_->stop_token()));
  Open();
  EXPECT_EQ(FailureOf(Run(Sample("CreateDhcpScope"))), "");
  EXPECT_THAT(script_.Take(), IsEmpty());
}

TEST_F(ActuatorsTest, IsRefusedForAServerThatTheStoreDoesNotHave) {
  ASSERT_OK(ImportYaml(options_.database, IPAM_SOURCE_DIR "/deploy/samples/network.yaml"));
  actuators_->Add(18, std::make_unique<FakeDns>(script_, "dns", actuators_->stop_token()));
  EXPECT_THAT(Engine::Open(options_, clock_, listener_, std::move(actuators_)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("DNS server 18")));
}

TEST_F(ActuatorsTest, LeavesTheStoreAsItWasWhereTheServerRefuses) {
  Open();
  script_.Fail("test dhcp1", absl::InvalidArgumentError("config-test: subnet is taken"));
  const auto events = Run(Sample("CreateDhcpScope"));
  EXPECT_EQ(FailureOf(events), "IpamApiDhcpServerFailedToUpdateInRemoteServer");
  EXPECT_TRUE(CompletionOf(events).has_ipam_update_error());
  EXPECT_THAT(CompletionOf(events).error_info().message(), HasSubstr("subnet is taken"));
  EXPECT_THAT(Describe(events), Contains("SetSubTaskStatus 1 CompletedWithError 100"));
  EXPECT_EQ(Scopes(), "3");
}

TEST_F(ActuatorsTest, WarnsOfWhatTheServerCannotExpress) {
  Open();
  script_.Answer("test dhcp1: 4", {"Kea delays no offers"});
  const auto events = Run(Sample("CreateDhcpScope"));
  EXPECT_EQ(FailureOf(events), "");
  EXPECT_THAT(Describe(events), Contains("SetSubTaskStatus 1 CompletedWithWarning 100"));
  EXPECT_THAT(Describe(events).back(), "SetOverallStatus CompletedWithSuccess");
  const auto warned = std::ranges::find_if(events, [](const event::ProgressEvent& event) {
    const auto* changed = std::get_if<event::SubtaskChanged>(&event.change);
    return changed != nullptr && changed->status == event::SubtaskStatus::kCompletedWithWarning;
  });
  ASSERT_NE(warned, events.end());
  EXPECT_THAT(std::get<event::SubtaskChanged>(warned->change).completion_status_xml.value_or(""),
              HasSubstr("Kea delays no offers"));
  v1::EntityStatusCollection all;
  ASSERT_TRUE(CompletionOf(events).entity_status_collection_object().UnpackTo(&all));
  for (const v1::EntityStatus& entity : all.entity_status_list()) EXPECT_TRUE(entity.is_successful());
  EXPECT_FALSE(CompletionOf(events).has_ipam_update_error()) << "a warning is no error";
}

TEST_F(ActuatorsTest, TriesAgainWhereSomebodyElseChangedTheConfiguration) {
  Open();
  script_.Fail("commit dhcp1", absl::AbortedError("changed meanwhile"), 1);
  EXPECT_EQ(FailureOf(Run(Sample("CreateDhcpScope"))), "");
  EXPECT_THAT(script_.Take()[2], HasSubstr("test dhcp1"));
}

TEST_F(ActuatorsTest, GivesUpWhereSomebodyElseKeepsChangingIt) {
  Open();
  script_.Fail("commit dhcp1", absl::AbortedError("changed meanwhile"));
  EXPECT_EQ(FailureOf(Run(Sample("CreateDhcpScope"))), "IpamApiDhcpServerFailedToUpdateInRemoteServer");
  EXPECT_EQ(Scopes(), "3");
}

TEST_F(ActuatorsTest, ChangesBothPartnersOrNone) {
  Open();
  script_.Fail("commit dhcp2", absl::UnavailableError("no answer"));
  const auto events = Run(Sample("CreateDhcpFailover"));
  EXPECT_EQ(FailureOf(events), "IpamApiDhcpServerFailedToUpdateInRemoteServer");
  const std::vector<std::string> asked = script_.Take();
  ASSERT_GE(asked.size(), 5U);
  EXPECT_THAT(std::vector(asked.begin() + 2, asked.begin() + 5),
              ElementsAre("commit dhcp1", "commit dhcp2", "undo dhcp1"));
  EXPECT_EQ(Query("SELECT count(*) FROM dhcp_failover_relations"), "0");
}

TEST_F(ActuatorsTest, SaysWhichChangeCouldNotBeUndone) {
  Open();
  script_.Fail("commit dhcp2", absl::InvalidArgumentError("no such hook"));
  script_.Fail("undo dhcp1", absl::UnavailableError("gone too"));
  const auto message = CompletionOf(Run(Sample("CreateDhcpFailover"))).error_info().message();
  EXPECT_THAT(message, HasSubstr("no such hook"));
  EXPECT_THAT(message, HasSubstr("gone too"));
}

TEST_F(ActuatorsTest, MakesZonesAndRecordsAtTheirPrimary) {
  Open();
  EXPECT_EQ(FailureOf(Run(Sample("CreateDnsZone"))), "");
  EXPECT_THAT(script_.Take(), Contains(HasSubstr(" zone ")));
  EXPECT_EQ(FailureOf(Run(Sample("CreateDnsResourceRecords"))), "");
  EXPECT_THAT(script_.Take(), Contains(HasSubstr(" records ")));
}

TEST_F(ActuatorsTest, FailsTheSubtasksThatAServerRefusesOnly) {
  Open();
  const auto healthy = Describe(Run(Sample("CreateDnsResourceRecords")));
  const auto asked = script_.Take();
  ASSERT_GE(asked.size(), 2U);
  Close();
  Execute("DELETE FROM dns_resource_records");
  Install();
  Open();
  script_.Fail(asked[0], absl::InvalidArgumentError("bad content"));
  const auto events = Run(Sample("CreateDnsResourceRecords"));
  EXPECT_TRUE(CompletionOf(events).has_ipam_update_error());
  const auto described = Describe(events);
  EXPECT_EQ(Count(described, "CompletedWithError"), 1);
  EXPECT_EQ(Count(described, "CompletedWithSuccess"), Count(healthy, "CompletedWithSuccess") - 2)
      << "all other subtasks; the operation failed in part";
}

TEST_F(ActuatorsTest, LeavesASilentServerAloneForAWhile) {
  Open();
  script_.Fail("test dhcp1", absl::UnavailableError("no answer in time"));
  // Half of 40 filters are of the server that is silent; time passes at the other one, 2 seconds with each.
  script_.OnCall([this](const std::string& line) {
    if (line == "did commit dhcp2") clock_.Advance(absl::Seconds(2));
  });
  v1::OperationParameters parameters;
  parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_CREATE_DHCP_FILTERS);
  auto& create = *parameters.mutable_create_dhcp_filters();
  create.add_dhcp_server_ids(17);
  create.add_dhcp_server_ids(18);
  for (int i = 0; i < 20; ++i) {
    v1::DhcpFilter& filter = *create.add_filters();
    filter.set_mac_address(absl::StrFormat("02-00-00-00-00-%02X", i));
    filter.set_is_allow(true);
  }
  const auto events = Run(parameters);
  const auto described = Describe(events);
  EXPECT_EQ(Count(described, "CompletedWithError"), 20);
  EXPECT_EQ(Count(described, "CompletedWithSuccess"), 20);
  EXPECT_EQ(Count(script_.Take(), "test dhcp1"), 2) << "at once and 30 seconds later, of 40";
  for (const event::ProgressEvent& event : events) {
    const auto* changed = std::get_if<event::SubtaskChanged>(&event.change);
    if (changed == nullptr || changed->status != event::SubtaskStatus::kCompletedWithError) continue;
    EXPECT_THAT(changed->completion_status_xml.value_or(""), HasSubstr("no answer in time"));
  }
}

TEST_F(ActuatorsTest, AsksASilentServerAgainForTheNextOperation) {
  Open();
  script_.Fail("test dhcp1", absl::UnavailableError("no answer in time"), 1);
  EXPECT_EQ(FailureOf(Run(Sample("CreateDhcpScope"))), "IpamApiDhcpServerFailedToUpdateInRemoteServer");
  EXPECT_EQ(FailureOf(Run(Sample("CreateDhcpScope"))), "");
}

TEST_F(ActuatorsTest, DoesNotWaitBehindServersThatDoNotAnswer) {
  Open();
  script_.Hold("commit dhcp1");
  const base::Guid held = Begin(Sample("CreateDhcpScope"));
  script_.AwaitHeld();
  EXPECT_EQ(FailureOf(Run(Sample("CreateDnsZone"))), "");
  EXPECT_EQ(Scopes(), "3");
  script_.Release();
  EXPECT_EQ(FailureOf(AwaitEnd(held)), "");
}

TEST_F(ActuatorsTest, AsksASilentServerOnceToTakeAChangeBack) {
  script_.Fail("dns1 records b.", absl::UnavailableError("no answer"));
  ActuationJob job;
  job.dns = {{31, Records("a.example.org")}, {31, Records("b.example.org")}};
  job.dns_before = {{31, Records("was.example.org")}, {31, Records("too.example.org")}};
  const ActuationResult result = Do(std::move(job));
  EXPECT_THAT(script_.Take(),
              ElementsAre("dns1 records a.example.org 1 x0", "dns1 records b.example.org 1 x0"));
  EXPECT_TRUE(result.silent.contains({ServerKey::Role::kDns, 31}));
  EXPECT_THAT(std::string(result.status.message()), HasSubstr("could not be changed back"));
}

TEST_F(ActuatorsTest, TakesDnsChangesBackAlsoWhereTheyWereMadeInPart) {
  script_.Fail("dns2 records a.", absl::InvalidArgumentError("bad content"), 1);
  ActuationJob job;
  job.dhcp.emplace_back(17, DhcpView{});
  job.dns = {{31, Records("a.example.org")}, {32, Records("a.example.org")}, {32, Records("b.example.org")}};
  job.dns_before = {{31, Records("was.example.org")}, {32, Records("was.example.org")}};
  const ActuationResult result = Do(std::move(job));
  EXPECT_EQ(FaultId(result.status),
            v1::IPAM_EXCEPTION_ID_IPAM_API_DNS_RESOURCE_RECORD_FAILED_TO_UPDATE_IN_REMOTE_SERVER);
  EXPECT_THAT(
      script_.Take(),
      ElementsAre("test dhcp1: 0 scopes, 0 reservations", "commit dhcp1", "dns1 records a.example.org 1 x0",
                  "dns2 records a.example.org 1 x0", "dns1 records was.example.org 1 x0",
                  "dns2 records was.example.org 1 x0", "undo dhcp1"));
}

TEST_F(ActuatorsTest, LeavesServersAloneThatTheFailureDidNotReach) {
  script_.Fail("dns1 records a.", absl::UnavailableError("no answer"));
  ActuationJob job;
  job.dns = {{31, Records("a.example.org")}, {32, Records("a.example.org")}};
  job.dns_before = {{31, Records("was.example.org")}, {32, Records("was.example.org")}};
  EXPECT_FALSE(Do(std::move(job)).status.ok());
  EXPECT_THAT(script_.Take(), Not(Contains(HasSubstr("dns2"))));
}

TEST_F(ActuatorsTest, GivesAServerTheWorkOfOneOperationAtATime) {
  Open();
  // Each view has what those before it left in the store.
  std::vector<base::Guid> ids;
  for (int i = 0; i < 5; ++i) {
    v1::OperationParameters parameters = Sample("CreateDhcpReservation");
    auto& reservation = *parameters.mutable_create_dhcp_reservation()->mutable_reservation();
    reservation.set_address(absl::StrCat("192.168.8.", 100 + i));
    reservation.mutable_v4()->set_mac_address(absl::StrCat("02-00-00-00-00-0", i));
    reservation.clear_options();
    ids.push_back(base::Guid::Random());
    ASSERT_OK(Start(ids.back(), Prepare(parameters)));
  }
  for (const base::Guid& id : ids) engine_->Proceed(id);
  for (const base::Guid& id : ids) EXPECT_EQ(FailureOf(AwaitEnd(id)), "");
  std::vector<std::string> tests = script_.Take();
  std::erase_if(tests, [](const auto& line) { return line.find("test") == line.npos; });
  EXPECT_TRUE(std::ranges::is_sorted(tests)) << "no view without a reservation that an earlier one had";
  EXPECT_THAT(tests.back(), HasSubstr("5 reservations"));
}

TEST_F(ActuatorsTest, EndsTheEntityAtWorkBeforeACancel) {
  Open();
  script_.Hold("commit dhcp1");
  const base::Guid id = Begin(Sample("CreateDhcpScope"));
  script_.AwaitHeld();
  EXPECT_EQ(Cancel(id), CancelResult::kWillEnd);
  script_.Release();
  const auto events = AwaitEnd(id);
  EXPECT_EQ(FailureOf(events), "IpamApiGenericErrorOccurred");
  EXPECT_THAT(Describe(events), Contains("SetSubTaskStatus 1 CompletedWithSuccess 100"));
  EXPECT_THAT(Describe(events), Contains("SetSubTaskStatus 2 NotRun 0"));
  EXPECT_EQ(Scopes(), "4");
}

// The machine by itself: a transaction that is undone behind what the server did is done again, and the server is not asked again.
TEST_F(ActuatorsTest, LetsTheStoreFollowWhenItCanBeWrittenAgain) {
  ASSERT_OK(ImportYaml(options_.database, IPAM_SOURCE_DIR "/deploy/samples/network.yaml"));
  const auto db = OpenDatabase(options_.database);
  ASSERT_OK(db);
  ASSERT_OK(ChangeLog::Watch(**db));
  Store store(**db);
  OperationLog log(**db);
  ChangeLog changes(**db);
  const ServersAtWork servers{*actuators_, changes};
  const v1::OperationParameters parameters = Sample("CreateDhcpScope");
  const base::Guid id = base::Guid::Random();
  const auto number =
      log.Insert(id, "CreateDhcpScope", "admin", std::nullopt, v1::OperationParameters(), clock_.Now());
  ASSERT_OK(number);
  Operation operation(*number, id, "CreateDhcpScope", MakeDelegate(parameters, clock_), &servers);
  ASSERT_OK((*db)->Begin());
  ASSERT_OK(operation.Begin(log, clock_));
  EXPECT_OK(operation.Proceed(log));
  const auto step = [&] { return operation.Step(store, log, clock_).value_or(Operation::Progress::kEnded); };
  Operation::Progress progress = step();
  while (progress == Operation::Progress::kMore || progress == Operation::Progress::kEntityStarted)
    progress = step();
  ASSERT_EQ(progress, Operation::Progress::kActuating);

  // Not even begun: it is put together again.
  (*db)->Rollback();
  ASSERT_OK((*db)->Begin());
  operation.Rollback();
  progress = step();
  while (progress == Operation::Progress::kMore || progress == Operation::Progress::kEntityStarted)
    progress = step();
  ASSERT_EQ(progress, Operation::Progress::kActuating);
  ASSERT_OK((*db)->Commit());
  ASSERT_OK((*db)->Begin());
  operation.Committed();
  EXPECT_FALSE(actuators_->Reserve({{ServerKey::Role::kDhcp, 17}}));

  operation.Actuated(Do(operation.TakeJob()), clock_);
  EXPECT_EQ(step(), Operation::Progress::kMoreAfterCommit);
  EXPECT_EQ(CountScopes(store), 4U);
  (*db)->Rollback();
  ASSERT_OK((*db)->Begin());
  operation.Rollback();
  EXPECT_EQ(CountScopes(store), 3U);
  EXPECT_EQ(step(), Operation::Progress::kMoreAfterCommit);
  ASSERT_OK((*db)->Commit());
  operation.Committed();
  EXPECT_EQ(CountScopes(store), 4U);
  EXPECT_EQ(script_.Take().size(), 2U) << "tested and committed once";
  EXPECT_TRUE(actuators_->Reserve({{ServerKey::Role::kDhcp, 17}}));
}

// Changes no row, and has a zone transferred.
class Transfer final : public Delegate {
 public:
  absl::Status Prepare(Store&) override { return absl::OkStatus(); }
  std::size_t size() const override { return 1; }
  Entity Describe(std::size_t) const override {
    return {.kind = SubtaskKind::kTransferDnsZone, .name = "transfer"};
  }
  absl::StatusOr<std::int64_t> Apply(std::size_t, Store&) override { return 7; }
  void Restore(std::size_t, std::int64_t) override {}
  absl::StatusOr<Actuation> Actuate(std::size_t, std::int64_t id, Store&) override {
    EXPECT_EQ(id, 7);
    return Actuation{.dhcp_servers = {},
                     .dns = {{.server_id = 31, .action = TransferZone{"example.org"}},
                             {.server_id = 99, .action = TransferZone{"example.org"}}}};
  }
};

TEST_F(ActuatorsTest, DoesWhatADelegateAsksForBeyondRows) {
  const auto db = OpenDatabase(options_.database);
  ASSERT_OK(db);
  ASSERT_OK(ChangeLog::Watch(**db));
  Store store(**db);
  OperationLog log(**db);
  ChangeLog changes(**db);
  const ServersAtWork servers{*actuators_, changes};
  const base::Guid id = base::Guid::Random();
  const auto number =
      log.Insert(id, "TransferDnsZone", "admin", std::nullopt, v1::OperationParameters(), clock_.Now());
  ASSERT_OK(number);
  script_.Fail("dns1 transfer", absl::InvalidArgumentError("not a secondary zone"));
  Operation operation(*number, id, "TransferDnsZone", std::make_unique<Transfer>(), &servers);
  ASSERT_OK((*db)->Begin());
  ASSERT_OK(operation.Begin(log, clock_));
  EXPECT_OK(operation.Proceed(log));
  Operation::Progress progress = Operation::Progress::kMore;
  while (progress != Operation::Progress::kEnded) {
    const auto stepped = operation.Step(store, log, clock_);
    ASSERT_OK(stepped);
    progress = *stepped;
    operation.Committed();
    if (progress == Operation::Progress::kActuating) operation.Actuated(Do(operation.TakeJob()), clock_);
  }
  EXPECT_THAT(script_.Take(), ElementsAre("dns1 transfer example.org")) << "no actuator for the other server";
  const auto events = log.Read(id, 0, 100);
  ASSERT_OK(events);
  EXPECT_EQ(FailureOf(*events), "IpamApiDnsZonesFailedToInvokeZoneTransferInRemoteServer");
  EXPECT_THAT(CompletionOf(*events).error_info().message(), HasSubstr("not a secondary zone"));
}

TEST_F(ActuatorsTest, PutsTheServerBackWhereTheStoreRefuses) {
  Open();
  script_.Hold("commit dhcp1");
  const base::Guid id = Begin(Sample("CreateDhcpScope"));
  script_.AwaitHeld();
  Refuse(options_.database, "INSERT ON dhcp_scopes", "too late");
  script_.Release();
  const auto events = AwaitEnd(id);
  EXPECT_NE(FailureOf(events), "");
  EXPECT_TRUE(CompletionOf(events).has_ipam_update_error());
  EXPECT_THAT(CompletionOf(events).error_info().message(), HasSubstr("too late"));
  EXPECT_THAT(script_.Take(), ElementsAre("test dhcp1: 4 scopes, 0 reservations", "commit dhcp1",
                                          "test dhcp1: 3 scopes, 0 reservations", "commit dhcp1"));
  EXPECT_EQ(Scopes(), "3");
}

TEST_F(ActuatorsTest, SaysThatAServerCouldNotBePutBack) {
  Open();
  script_.Hold("commit dhcp1");
  const base::Guid id = Begin(Sample("CreateDhcpScope"));
  script_.AwaitHeld();
  Refuse(options_.database, "INSERT ON dhcp_scopes", "too late");
  script_.Fail("test dhcp1: 3", absl::UnavailableError("gone"));
  script_.Release();
  const auto message = CompletionOf(AwaitEnd(id)).error_info().message();
  EXPECT_THAT(message, HasSubstr("too late"));
  EXPECT_THAT(message, HasSubstr("gone"));
}

TEST_F(ActuatorsTest, GivesTheServerWhatTheStoreHasInTheEnd) {
  Open();
  script_.Hold("commit dhcp1");
  const base::Guid id = Begin(Sample("CreateDhcpScope"));
  script_.AwaitHeld();
  // Another scope takes the record id that the server knows the new one by.
  Execute(
      "INSERT INTO dhcp_scopes (af, server_id, scope_id, details) "
      "SELECT af, 18, x'0a000000', details FROM dhcp_scopes WHERE record_id = 209");
  script_.Release();
  EXPECT_EQ(FailureOf(AwaitEnd(id)), "");
  const auto asked = script_.Take();
  ASSERT_GE(asked.size(), 4U);
  EXPECT_THAT(std::vector(asked.begin(), asked.begin() + 4),
              ElementsAre("test dhcp1: 4 scopes, 0 reservations", "commit dhcp1",
                          "test dhcp1: 4 scopes, 0 reservations", "commit dhcp1"));
}

TEST_F(ActuatorsTest, EndsTheEntityAtWorkWhenItStops) {
  Open();
  script_.Hold("commit dhcp1");
  Begin(Sample("CreateDhcpScope"));
  script_.AwaitHeld();
  auto closed = std::async(std::launch::async, [this] { Close(); });
  script_.Release();
  closed.get();
  EXPECT_EQ(Scopes(), "4") << "what the server has, the store has";
  EXPECT_EQ(script_.Take().size(), 2U) << "no further entity";
}

TEST_F(ActuatorsTest, StopsThoughAServerDoesNotAnswer) {
  Open();
  script_.Hold("commit dhcp1");
  const base::Guid id = Begin(Sample("CreateDhcpScope"));
  script_.AwaitHeld();
  Close();
  EXPECT_EQ(Scopes(), "3");
  script_.Release();
  Open();
  EXPECT_EQ(Query("SELECT count(*) FROM operations"), "1");
  EXPECT_FALSE(Read(id).empty());
}

}  // namespace
}  // namespace ipam::engine
