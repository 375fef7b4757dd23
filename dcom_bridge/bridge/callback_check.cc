#include "dcom_bridge/bridge/callback_check.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dcom_bridge/bridge/callback_object.h"
#include "dcom_bridge/idl/operation_with_progress.h"
#include "dcom_bridge/idl/operation_with_progress_callback.h"
#include "dcom_bridge/ndr/codec.h"

namespace ipam::bridge {
namespace {

using Kind = CallbackVerdict::Kind;

}  // namespace

std::string AdvertisedAddresses(const orpc::Exporter& exporter) {
  return absl::StrJoin(
      exporter.bindings().strings, ", ",
      [](std::string* out, const orpc::StringBinding& each) { absl::StrAppend(out, each.network_address); });
}

CallbackCheck::~CallbackCheck() { Abandon(); }

void CallbackCheck::Begin(const net::Endpoint& server, Done done) {
  done_ = std::move(done);
  context_.dcom.CreateInstance(
      server, idl::kClsidIpamOperationWithProgress, {idl::kIidOperationWithProgress},
      [self = shared_from_this()](auto activated) { self->OnActivated(std::move(activated)); });
}

void CallbackCheck::Begin(const net::RemoteInterface& session, Done done) {
  done_ = std::move(done);
  session_ = session;
  Call();
}

void CallbackCheck::OnActivated(absl::StatusOr<std::vector<net::Activated>> activated) {
  if (!activated.ok()) return Finish({Kind::kNoSession, std::string(activated.status().message())});
  const net::Activated& made = activated->front();
  if (!made.result.ok()) {
    const absl::Status status = base::ToStatus(made.result, "activation of IpamOperationWithProgress");
    return Finish({Kind::kNoSession, std::string(status.message())});
  }
  session_ = made.interface;
  if (!done_) return Abandon();  // abandoned meanwhile
  Call();
}

void CallbackCheck::Call() {
  // Without a session of ours behind it: whatever is called on it is E_ILLEGAL_METHOD_CALL.
  absl::StatusOr<orpc::ObjRef> ref = context_.exporter.Export(
      std::make_shared<CallbackObject>(std::weak_ptr<Session>(), context_.texts),
      idl::kIidOperationWithProgressCallback, {.only_caller = context_.callback_account});
  if (!ref.ok()) return Finish({Kind::kNoSession, std::string(ref.status().message())});
  callback_ = ref->std_ref()->oid;
  observation_ = std::make_unique<CallbackWitness::Observation>(context_.witness, ref->std_ref()->ipid);
  const idl::StartOperationWithCallback request{orpc::MInterfacePointer::Of(*ref)};
  context_.dcom.Invoke(*session_, idl::StartOperationWithCallback::kOpnum, ndr::Encode(request),
                       context_.timeout,
                       [self = shared_from_this()](const auto& outcome) { self->OnAnswered(outcome); });
}

void CallbackCheck::OnAnswered(const net::InvokeOutcome& outcome) {
  if (!done_) return;
  const bool reached = observation_->seen().queried;
  if (const auto* failure = std::get_if<net::InvokeFailure>(&outcome)) {
    const std::string message(failure->status.message());
    if (failure->status.code() == absl::StatusCode::kUnavailable) return Finish({Kind::kNoSession, message});
    if (reached) return Finish({.reached = true});
    return Finish(Failure(message));
  }
  const auto& reply = std::get<net::InvokeReply>(outcome);
  const auto response = ndr::Decode<idl::ResultResponse>(reply.body, reply.endian);
  if (!response.ok()) return Finish({Kind::kNoSession, std::string(response.status().message())});
  // A server that looks for the callback and still says what the order of the calls is worth tells its failure in
  // the error information; one without says that nothing failed, or that it did not look.
  const std::string words =
      reply.error_description.empty() ? "" : context_.texts.error(reply.error_description);
  const bool refused_by_order =
      response->result == base::kIllegalMethodCall && reply.error_description.empty();
  if (reached || refused_by_order) return Finish({.reached = reached});
  Finish(Failure(words.empty() ? base::ToString(response->result) : words));
}

CallbackVerdict CallbackCheck::Failure(const std::string& answer) const {
  const CallbackWitness::Seen& seen = observation_->seen();
  const std::string what = absl::StrCat("the server cannot call back to ",
                                        AdvertisedAddresses(context_.exporter), " (", answer, "): ");
  if (!seen.logon_failure.empty()) {
    return {Kind::kFail,
            absl::StrCat(what, "it reached us and its logon was refused here: ", seen.logon_failure),
            absl::StrCat("let it call back as ", context_.callback_account.Name(),
                         ", with the password that this gateway knows")};
  }
  if (seen.resolutions != 0) {
    return {Kind::kFail, what + "it resolved our address and came no further",
            "let every address of dcom.callback_advertise lead to this gateway"};
  }
  return {Kind::kFail, what + "nothing of it came",
          absl::StrCat("set dcom.callback_advertise to an address of this gateway that the server reaches, ",
                       context_.fixed_port ? "" : "give dcom.callback_listen a fixed port, ",
                       "and let that port through the firewall")};
}

void CallbackCheck::Finish(CallbackVerdict verdict) {
  const auto self = shared_from_this();
  if (Done done = std::exchange(done_, nullptr)) {
    Abandon();
    done(std::move(verdict));
  }
}

void CallbackCheck::Abandon() {
  done_ = nullptr;
  observation_.reset();
  if (callback_) context_.exporter.Revoke(*std::exchange(callback_, std::nullopt));
  if (session_) context_.dcom.Release(*std::exchange(session_, std::nullopt));
}

}  // namespace ipam::bridge
