#include "dcom_bridge/rpc/client_association.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dcom_bridge/rpc/protection.h"
#include "tests/support/matchers.h"
#include "tests/unit/rpc/support/pdus.h"

namespace ipam::rpc_test {
namespace {

using State = rpc::ClientAssociation::State;
using test_support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint8_t kMpx = 3 | pdu::kConcurrentMultiplexing;
const pdu::PresentationResult kFeaturesYes{pdu::ContextResult::kNegotiateAck, 3, {}};
const pdu::PresentationResult kFeaturesNone{pdu::ContextResult::kNegotiateAck, 0, {}};

std::vector<std::string> Sent(Client& client) {
  std::vector<std::string> sent;
  for (const base::Bytes& pdu : std::exchange(client.out, {})) sent.push_back(Describe(pdu));
  if (client.closed) sent.push_back("Close");
  return sent;
}

void Open(Client& client, std::uint8_t flags = kMpx, std::vector<pdu::PresentationResult> results = {kYes}) {
  client.Do(client.association.Open({kEcho}));
  client.Feed(AckPdu(1, std::move(results), flags));
  client.out.clear();
}

// --- every state and every event ---

enum class Event {
  kOpen,
  kCall,
  kCallOther,
  kBindAck,
  kAlterContextResp,
  kBindNak,
  kFaultOfNegotiation,
  kResponse,
  kFault,
  kShutdown,
  kClientPdu,
  kBrokenFraming,
  kCancel,
  kGiveUp,
  kOnClosed,
};

// One call is out in Ready and Altering: call_id 2, the first of the client's own ids.
void BringTo(Client& client, State state) {
  if (state == State::kIdle) return;
  client.Do(client.association.Open({kEcho}));
  if (state == State::kReady || state == State::kAltering) {
    client.Feed(AckPdu(1, {kYes}, kMpx));
    client.Call({kEcho, 1, {}, {}});
    if (state == State::kAltering) client.Call({kOther, 1, {}, {}});
  }
  if (state == State::kClosed) client.Feed(base::Bytes(16));
  client.out.clear();
  client.closed.reset();
  client.opened = 0;
  ASSERT_EQ(client.association.state(), state);
}

void Fire(Client& client, Event event) {
  const std::uint32_t negotiation = client.association.state() == State::kAltering ? 3 : 1;
  switch (event) {
    case Event::kOpen:
      return client.Do(client.association.Open({kEcho}));
    case Event::kCall:
      client.Call({kEcho, 1, {}, {}});
      return;
    case Event::kCallOther:
      client.Call({kOther, 1, {}, {}});
      return;
    case Event::kBindAck:
      return client.Feed(AckPdu(negotiation, {kYes}, kMpx));
    case Event::kAlterContextResp:
      return client.Feed(AckPdu(negotiation, {kYes}, 3, pdu::PduType::kAlterContextResp));
    case Event::kBindNak:
      return client.Feed(pdu::Assemble(HeaderOf(pdu::PduType::kBindNak, negotiation),
                                       pdu::EncodeBindNak({pdu::RejectReason::kLocalLimitExceeded})));
    case Event::kFaultOfNegotiation:
      return client.Feed(FaultPdu(negotiation, pdu::kProtocolError));
    case Event::kResponse:
      return client.Feed(ResponsePdu(2, {}));
    case Event::kFault:
      return client.Feed(FaultPdu(2, pdu::kOperationRange));
    case Event::kShutdown:
      return client.Feed(EmptyPdu(pdu::PduType::kShutdown, 0));
    case Event::kClientPdu:
      return client.Feed(RequestPdu(2, 1));
    case Event::kBrokenFraming:
      return client.Feed(base::Bytes(16));
    case Event::kCancel:
      return client.Do(client.association.Cancel(rpc::CallId{1}));
    case Event::kGiveUp:
      return client.Do(client.association.GiveUp(rpc::CallId{1}));
    case Event::kOnClosed:
      return client.Do(client.association.OnClosed(absl::UnavailableError("reset")));
  }
}

struct Transition {
  State from;
  Event event;
  std::vector<std::string> sent;
  std::size_t done;  // calls that ended
  State to;
};

TEST(ClientStates, EveryEventInEveryState) {
  const State idle = State::kIdle, bind = State::kBinding, ready = State::kReady, alter = State::kAltering,
              closed = State::kClosed;
  std::vector<Transition> table = {
      {idle, Event::kOpen, {"bind"}, 0, bind},
      {idle, Event::kCall, {}, 0, idle},
      {idle, Event::kCallOther, {}, 0, idle},
      {idle, Event::kBindAck, {"Close"}, 0, closed},
      {idle, Event::kAlterContextResp, {"Close"}, 0, closed},
      {idle, Event::kBindNak, {"Close"}, 0, closed},
      {idle, Event::kFaultOfNegotiation, {"Close"}, 0, closed},
      {idle, Event::kResponse, {"Close"}, 0, closed},
      {idle, Event::kFault, {"Close"}, 0, closed},
      {idle, Event::kShutdown, {"Close"}, 0, closed},
      {idle, Event::kClientPdu, {"Close"}, 0, closed},
      {idle, Event::kBrokenFraming, {"Close"}, 0, closed},
      {idle, Event::kCancel, {}, 0, idle},
      {idle, Event::kGiveUp, {}, 0, idle},
      {idle, Event::kOnClosed, {}, 0, closed},
      {bind, Event::kOpen, {}, 0, bind},
      {bind, Event::kCall, {}, 0, bind},
      {bind, Event::kCallOther, {}, 0, bind},
      {bind, Event::kBindAck, {}, 0, ready},
      {bind, Event::kAlterContextResp, {"Close"}, 0, closed},
      {bind, Event::kBindNak, {"Close"}, 0, closed},
      {bind, Event::kFaultOfNegotiation, {"Close"}, 0, closed},
      {bind, Event::kResponse, {"Close"}, 0, closed},
      {bind, Event::kFault, {"Close"}, 0, closed},
      {bind, Event::kShutdown, {"Close"}, 0, closed},
      {bind, Event::kClientPdu, {"Close"}, 0, closed},
      {bind, Event::kBrokenFraming, {"Close"}, 0, closed},
      {bind, Event::kCancel, {}, 0, bind},
      {bind, Event::kGiveUp, {}, 0, bind},
      {bind, Event::kOnClosed, {}, 0, closed},
      {ready, Event::kOpen, {}, 0, ready},
      {ready, Event::kCall, {"request"}, 0, ready},
      {ready, Event::kCallOther, {"alter_context"}, 0, alter},
      {ready, Event::kBindAck, {"Close"}, 1, closed},
      {ready, Event::kAlterContextResp, {"Close"}, 1, closed},
      {ready, Event::kBindNak, {"Close"}, 1, closed},
      {ready, Event::kFaultOfNegotiation, {}, 0, ready},  // a call_id that has been: late, and dropped
      {ready, Event::kResponse, {}, 1, ready},
      {ready, Event::kFault, {}, 1, ready},
      {ready, Event::kShutdown, {}, 0, ready},
      {ready, Event::kClientPdu, {"Close"}, 1, closed},
      {ready, Event::kBrokenFraming, {"Close"}, 1, closed},
      {ready, Event::kCancel, {"co_cancel"}, 1, ready},
      {ready, Event::kGiveUp, {}, 0, ready},
      {ready, Event::kOnClosed, {}, 1, closed},
      {alter, Event::kOpen, {}, 0, alter},
      {alter, Event::kCall, {}, 0, alter},
      {alter, Event::kCallOther, {}, 0, alter},
      {alter, Event::kBindAck, {"Close"}, 2, closed},
      {alter, Event::kAlterContextResp, {"request"}, 0, ready},
      {alter, Event::kBindNak, {"Close"}, 2, closed},
      {alter, Event::kFaultOfNegotiation, {"Close"}, 2, closed},
      {alter, Event::kResponse, {}, 1, alter},
      {alter, Event::kFault, {}, 1, alter},
      {alter, Event::kShutdown, {}, 1, alter},
      {alter, Event::kClientPdu, {"Close"}, 2, closed},
      {alter, Event::kBrokenFraming, {"Close"}, 2, closed},
      {alter, Event::kCancel, {"co_cancel"}, 1, alter},
      {alter, Event::kGiveUp, {}, 0, alter},
      {alter, Event::kOnClosed, {}, 2, closed},
  };
  for (int event = 0; event <= static_cast<int>(Event::kOnClosed); ++event) {
    const bool call = event == static_cast<int>(Event::kCall) || event == static_cast<int>(Event::kCallOther);
    table.push_back({closed, static_cast<Event>(event), {}, call ? 1u : 0u, closed});
  }
  ASSERT_THAT(table, SizeIs(5 * 15));
  for (const Transition& step : table) {
    SCOPED_TRACE(static_cast<int>(step.from) * 100 + static_cast<int>(step.event));
    Client client;
    BringTo(client, step.from);
    Fire(client, step.event);
    EXPECT_EQ(Sent(client), step.sent);
    EXPECT_EQ(client.done_count, step.done);
    EXPECT_EQ(client.association.state(), step.to);
    EXPECT_EQ(client.opened, step.from == bind && step.to == ready ? 1 : 0);
  }
}

// --- bind ---

TEST(ClientBind, OffersItsInterfacesAndFeatures) {
  Client client;
  client.Do(client.association.Open({kEcho, kOther}));
  ASSERT_THAT(client.out, SizeIs(1));
  const auto segments = pdu::Split(client.out.front());
  ASSERT_OK(segments);
  EXPECT_EQ(segments->header.flags, kMpx);
  const auto bind = pdu::DecodeBind(segments->body, base::Endian::kLittle);
  ASSERT_OK(bind);
  ASSERT_THAT(bind->contexts, SizeIs(3));
  EXPECT_EQ(bind->contexts[0].abstract_syntax, kEcho);
  EXPECT_EQ(bind->contexts[1].abstract_syntax, kOther);
  EXPECT_EQ(bind->contexts[2].abstract_syntax, kOther);
  EXPECT_EQ(pdu::FeaturesOf(bind->contexts[2].transfer_syntaxes[0]), pdu::kKnownFeatures);
}

TEST(ClientBind, AsksForHeaderSigningWhereItSigns) {
  for (const auto level : {auth::AuthLevel::kConnect, auth::AuthLevel::kIntegrity}) {
    rpc::ClientOptions options;
    options.level = level;
    options.security = FakeInitiator(auth::AuthType::kNtlm);
    Client client(std::move(options));
    client.Do(client.association.Open({kEcho}));
    EXPECT_EQ(pdu::Split(client.out.front())->header.has(pdu::kSupportHeaderSign),
              level == auth::AuthLevel::kIntegrity);
  }
}

TEST(ClientBind, BearsFewerResultsAndAsksAgainForTheRest) {
  Client client;
  client.Do(client.association.Open({kEcho, kOther}));
  client.Feed(AckPdu(1, {kYes}, kMpx));
  client.out.clear();
  const rpc::CallId call = client.Call({kOther, 1, {}, {}});
  EXPECT_THAT(Sent(client), ElementsAre("alter_context"));
  client.Feed(AckPdu(2, {}, 3, pdu::PduType::kAlterContextResp));
  EXPECT_THAT(*client.Failure(call), StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("no interface")));
  EXPECT_EQ(client.association.state(), State::kReady);
}

TEST(ClientBind, InterfaceThatWasRefusedIsAskedForAgainByTheNextCall) {
  Client client;
  client.Do(client.association.Open({kEcho}));
  client.Feed(AckPdu(1, {kYes, kFeaturesYes}, kMpx));
  const rpc::CallId refused[] = {client.Call({kOther, 1, {}, {}}), client.Call({kOther, 1, {}, {}})};
  client.out.clear();
  client.Feed(AckPdu(2, {kNo}, 3, pdu::PduType::kAlterContextResp));
  for (const rpc::CallId call : refused) {
    EXPECT_THAT(*client.Failure(call), StatusIs(absl::StatusCode::kUnimplemented));
  }
  EXPECT_THAT(Sent(client), IsEmpty());
  const rpc::CallId call = client.Call({kOther, 1, {}, {}});
  EXPECT_THAT(Sent(client), ElementsAre("alter_context"));
  client.Feed(AckPdu(3, {kYes}, 3, pdu::PduType::kAlterContextResp));
  EXPECT_THAT(Sent(client), ElementsAre("request"));
  client.Feed(ResponsePdu(4, {1}));
  EXPECT_EQ(client.Reply(call), base::Bytes{1});
}

TEST(ClientBind, InterfaceRefusedInAListIsAskedForAlone) {
  Client client;
  client.Do(client.association.Open({kEcho, kOther}));
  client.Feed(AckPdu(1, {kYes, kNo, kFeaturesYes}, kMpx));
  client.out.clear();
  const rpc::CallId call = client.Call({kOther, 1, {}, {}});
  client.Feed(AckPdu(2, {kYes}, 3, pdu::PduType::kAlterContextResp));
  EXPECT_THAT(Sent(client), ElementsAre("alter_context", "request"));
  client.Feed(ResponsePdu(3, {1}));
  EXPECT_EQ(client.Reply(call), base::Bytes{1});
}

TEST(ClientBind, TooSmallAFragmentIsRefused) {
  Client client;
  client.Do(client.association.Open({kEcho}));
  client.Feed(AckPdu(1, {kYes}, 3, pdu::PduType::kBindAck, 1000));
  EXPECT_THAT(*client.closed, StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ClientBind, ServerThatIgnoresAuthenticationIsRefused) {
  rpc::ClientOptions options;
  options.level = auth::AuthLevel::kPrivacy;
  options.security = FakeInitiator(auth::AuthType::kNtlm);
  Client client(std::move(options));
  client.Do(client.association.Open({kEcho}));
  client.Feed(AckPdu(1, {kYes}));
  EXPECT_THAT(*client.closed, StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_EQ(client.opened, 0);
}

TEST(ClientBind, RefusalTellsWhy) {
  const std::pair<pdu::RejectReason, absl::StatusCode> cases[] = {
      {pdu::RejectReason::kAuthTypeNotRecognized, absl::StatusCode::kUnauthenticated},
      {pdu::RejectReason::kInvalidChecksum, absl::StatusCode::kUnauthenticated},
      {pdu::RejectReason::kLocalLimitExceeded, absl::StatusCode::kResourceExhausted},
      {pdu::RejectReason::kNotSpecified, absl::StatusCode::kUnavailable},
  };
  for (const auto& [reason, code] : cases) {
    Client client;
    client.Do(client.association.Open({kEcho}));
    client.Feed(pdu::Assemble(HeaderOf(pdu::PduType::kBindNak, 1), pdu::EncodeBindNak({reason})));
    EXPECT_THAT(*client.closed, StatusIs(code));
  }
}

// --- calls ---

TEST(ClientCall, WaitsForItsTurnWithoutMultiplexing) {
  Client client;
  Open(client, 3);
  const rpc::CallId one = client.Call({kEcho, 1, {}, {}});
  const rpc::CallId two = client.Call({kEcho, 2, {}, {}});
  EXPECT_THAT(Sent(client), ElementsAre("request"));
  client.Feed(ResponsePdu(2, {1}));
  EXPECT_THAT(Sent(client), ElementsAre("request"));
  client.Feed(ResponsePdu(3, {2}));
  EXPECT_EQ(client.Reply(one), base::Bytes{1});
  EXPECT_EQ(client.Reply(two), base::Bytes{2});
}

TEST(ClientCall, JoinsFragmentsOfSeveralAnswers) {
  Client client;
  Open(client);
  const rpc::CallId one = client.Call({kEcho, 1, {}, {}});
  const rpc::CallId two = client.Call({kEcho, 2, {}, {}});
  client.Feed(ResponsePdu(2, {1}, pdu::kFirstFrag));
  client.Feed(ResponsePdu(3, {9}, pdu::kFirstFrag));
  client.Feed(ResponsePdu(2, {2}, pdu::kLastFrag));
  client.Feed(ResponsePdu(3, {8}, pdu::kLastFrag));
  EXPECT_EQ(client.Reply(one), (base::Bytes{1, 2}));
  EXPECT_EQ(client.Reply(two), (base::Bytes{9, 8}));
}

TEST(ClientCall, RefusesFragmentsOutOfOrder) {
  for (const std::uint8_t flags : {std::uint8_t{0}, pdu::kLastFrag}) {
    Client client;
    Open(client);
    client.Call({kEcho, 1, {}, {}});
    client.Feed(ResponsePdu(2, {1}, flags));
    EXPECT_THAT(*client.closed, StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(ClientCall, RefusesAnswersToNothing) {
  Client client;
  Open(client);
  client.Feed(ResponsePdu(100, {}));
  EXPECT_THAT(*client.closed, StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(ClientCall, TooLongAnAnswerFailsTheCallAlone) {
  rpc::ClientOptions options;
  options.max_stub = 3;
  Client client(std::move(options));
  Open(client);
  const rpc::CallId call = client.Call({kEcho, 1, {}, {}});
  client.Feed(ResponsePdu(2, {1, 2}, pdu::kFirstFrag));
  client.Feed(ResponsePdu(2, {3, 4}, 0));
  EXPECT_THAT(*client.Failure(call), StatusIs(absl::StatusCode::kResourceExhausted));
  client.Feed(ResponsePdu(2, {5}, pdu::kLastFrag));
  EXPECT_EQ(client.done_count, 1u);
  EXPECT_FALSE(client.closed.has_value());
  EXPECT_EQ(client.association.outstanding_calls(), 0u);
}

TEST(ClientCall, AbsurdAllocHintIsRefused) {
  Client client;
  Open(client);
  client.Call({kEcho, 1, {}, {}});
  base::Bytes response = ResponsePdu(2, {1});
  response[19] = 0x80;
  client.Feed(response);
  EXPECT_THAT(*client.closed, StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ClientCall, FaultSaysWhetherItExecuted) {
  Client client;
  Open(client);
  const rpc::CallId call = client.Call({kEcho, 1, {}, {}});
  client.Feed(FaultPdu(2, pdu::kServerTooBusy, 3 | pdu::kDidNotExecute));
  EXPECT_EQ(client.Fault(call), pdu::kServerTooBusy);
  EXPECT_TRUE(std::get<rpc::CallFault>(client.results.at(call)).did_not_execute);
}

TEST(ClientCall, SignedFaultHasItsStatusInTheClear) {
  FakeSecurity acceptor(FakeSecurity::Side::kAcceptor, auth::AuthType::kNtlm, 3);
  rpc::ClientOptions options;
  options.level = auth::AuthLevel::kPrivacy;
  options.security = FakeInitiator(auth::AuthType::kNtlm);
  Client client(std::move(options));
  client.Do(client.association.Open({kEcho}));
  const pdu::Segments bind = *pdu::Split(client.out.at(0));
  const base::Bytes token = acceptor.Step(bind.auth_value)->bytes;
  const pdu::AuthPart answer{*bind.trailer, token};
  client.Feed(pdu::Assemble(HeaderOf(pdu::PduType::kBindAck, 1),
                            pdu::EncodeBindAck({5840, 5840, 77, "135", {kYes}}), &answer));
  ASSERT_OK(acceptor.Step(pdu::Split(client.out.at(1))->auth_value));
  const rpc::CallId call = client.Call({kEcho, 1, {}, {}});
  const rpc::Protection with{&acceptor, auth::AuthLevel::kPrivacy, bind.trailer->context_id};
  client.Feed(*rpc::SealFragment(HeaderOf(pdu::PduType::kFault, 2),
                                 pdu::EncodeFault({0, 0, pdu::kServerTooBusy}), {}, with));
  EXPECT_EQ(client.Fault(call), pdu::kServerTooBusy);
}

TEST(ClientCall, ForbiddenFaultIsAnErrorOfTheServer) {
  Client client;
  Open(client);
  const rpc::CallId call = client.Call({kEcho, 1, {}, {}});
  client.Feed(FaultPdu(2, pdu::NcaStatus{0}));
  EXPECT_THAT(*client.Failure(call), StatusIs(absl::StatusCode::kInternal));
}

TEST(ClientCall, BoundsWhatWaits) {
  rpc::ClientOptions options;
  options.max_calls = 1;
  Client client(std::move(options));
  client.Call({kEcho, 1, {}, {}});
  const rpc::CallId second = client.Call({kEcho, 1, {}, {}});
  EXPECT_THAT(*client.Failure(second), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(ClientCalls, EndWithTheirCallIds) {
  rpc::ClientOptions options;
  options.max_call_id = 8;
  Client client(std::move(options));
  Open(client);
  std::vector<rpc::CallId> calls;
  for (const auto& interface : {kEcho, kEcho, kEcho, kOther}) {  // 2, 3, 4, and 6 behind an alter_context
    EXPECT_TRUE(client.association.takes_calls());
    calls.push_back(client.Call({interface, 1, {}, {}}));
  }
  EXPECT_FALSE(client.association.takes_calls());
  EXPECT_THAT(*client.Failure(client.Call({kEcho, 1, {}, {}})), StatusIs(absl::StatusCode::kUnavailable));
  for (const std::uint32_t call_id : {2u, 3u, 4u}) client.Feed(ResponsePdu(call_id, {1}));
  EXPECT_FALSE(client.closed.has_value());
  const auto alter = pdu::Split(client.out.at(3));
  ASSERT_TRUE(alter.ok());
  client.Feed(AckPdu(alter->header.call_id, {kYes}, kMpx, pdu::PduType::kAlterContextResp));
  ASSERT_FALSE(client.closed.has_value());
  const auto last = pdu::Split(client.out.back());
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(last->header.call_id, 6u);
  client.Feed(ResponsePdu(6, {1}));
  EXPECT_TRUE(client.closed.has_value());
  for (const rpc::CallId call : calls) EXPECT_TRUE(client.Reply(call).has_value());
}

TEST(ClientCancel, SendsOrphanedWhereTheServerKeepsTheConnection) {
  Client client;
  Open(client, 3, {kYes, kFeaturesYes});
  const rpc::CallId first = client.Call({kEcho, 1, {}, {}});
  client.Call({kEcho, 2, {}, {}});
  client.out.clear();
  client.Do(client.association.Cancel(first));
  EXPECT_THAT(Sent(client), ElementsAre("orphaned", "request"));
  EXPECT_THAT(*client.Failure(first), StatusIs(absl::StatusCode::kCancelled));
  client.Feed(ResponsePdu(2, {1}));  // was on its way
  EXPECT_FALSE(client.closed.has_value());
}

TEST(ClientCancel, SendsCoCancelElseAndDropsTheAnswer) {
  Client client;
  Open(client, 3, {kYes, kFeaturesNone});
  const rpc::CallId first = client.Call({kEcho, 1, {}, {}});
  const rpc::CallId second = client.Call({kEcho, 2, {}, {}});
  client.out.clear();
  client.Do(client.association.Cancel(first));
  EXPECT_THAT(Sent(client), ElementsAre("co_cancel"));
  client.Feed(ResponsePdu(2, {1}));
  EXPECT_THAT(Sent(client), ElementsAre("request"));
  client.Feed(ResponsePdu(3, {2}));
  EXPECT_EQ(client.Reply(second), base::Bytes{2});
  EXPECT_EQ(client.done_count, 2u);
}

TEST(ClientCancel, ServerThatDoesNotAnswerACancelLosesTheConnection) {
  Client client;
  Open(client, kMpx, {kYes, kFeaturesNone});
  const rpc::CallId lost = client.Call({kEcho, 1, {}, {}});
  const rpc::CallId other = client.Call({kEcho, 2, {}, {}});
  const rpc::CallId kept = client.Call({kOther, 2, {}, {}});  // behind an alter_context
  client.out.clear();
  client.Do(client.association.GiveUp(lost));  // not cancelled yet
  EXPECT_TRUE(client.association.takes_calls());
  client.Do(client.association.Cancel(lost));
  client.Do(client.association.GiveUp(lost));
  EXPECT_THAT(Sent(client), ElementsAre("co_cancel"));
  EXPECT_FALSE(client.association.takes_calls());
  EXPECT_THAT(*client.Failure(kept), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(client.sent.at(kept));
  EXPECT_TRUE(client.sent.at(lost));
  const rpc::CallId late = client.Call({kEcho, 1, {}, {}});
  EXPECT_THAT(*client.Failure(late), StatusIs(absl::StatusCode::kUnavailable));
  client.Feed(ResponsePdu(3, {7}));
  EXPECT_EQ(client.Reply(other), base::Bytes{7});
  EXPECT_THAT(Sent(client), ElementsAre("orphaned", "Close"));
}

TEST(ClientCancel, AnswerToACancelInTimeKeepsTheConnection) {
  Client client;
  Open(client, 3, {kYes, kFeaturesNone});
  const rpc::CallId call = client.Call({kEcho, 1, {}, {}});
  client.Do(client.association.Cancel(call));
  client.Feed(FaultPdu(2, pdu::kCallCancelled));
  client.Do(client.association.GiveUp(call));
  EXPECT_TRUE(client.association.takes_calls());
  EXPECT_EQ(client.done_count, 1u);
}

TEST(ClientCancel, TakesAKeptCallBack) {
  Client client;
  const rpc::CallId call = client.Call({kEcho, 1, {}, {}});
  client.Do(client.association.Cancel(call));
  EXPECT_THAT(*client.Failure(call), StatusIs(absl::StatusCode::kCancelled));
  Open(client);
  EXPECT_THAT(client.out, IsEmpty());
}

TEST(ClientShutdown, ClosesAfterTheLastAnswer) {
  Client client;
  Open(client);
  const rpc::CallId call = client.Call({kEcho, 1, {}, {}});
  client.Feed(EmptyPdu(pdu::PduType::kShutdown, 0));
  EXPECT_FALSE(client.closed.has_value());
  const rpc::CallId late = client.Call({kEcho, 1, {}, {}});
  EXPECT_THAT(*client.Failure(late), StatusIs(absl::StatusCode::kUnavailable));
  client.Feed(ResponsePdu(2, {1}));
  EXPECT_EQ(client.Reply(call), base::Bytes{1});
  EXPECT_THAT(*client.closed, StatusIs(absl::StatusCode::kUnavailable));
}

TEST(ClientClosed, EveryCallEndsOnceWithTheReason) {
  Client client;
  Open(client);
  client.Call({kEcho, 1, {}, {}});
  client.Call({kOther, 1, {}, {}});
  client.Do(client.association.OnClosed(absl::DeadlineExceededError("quiet for too long")));
  const rpc::CallId after = client.Call({kEcho, 1, {}, {}});
  EXPECT_EQ(client.done_count, 3u);
  EXPECT_THAT(*client.Failure(after), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_FALSE(client.closed.has_value());
}

}  // namespace
}  // namespace ipam::rpc_test
