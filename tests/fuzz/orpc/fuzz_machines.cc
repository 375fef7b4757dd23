// Requests of a hostile client to exporter, resolver and activator, several in a row: each gets exactly one
// answer, and at the end every object was released exactly as often as it was exported.
//
// Input: requests of {kind, opnum, flags, size (16 bits, little-endian), octets}. In the octets the texts
// "IPID", "UNKN", "OID " and "SET " stand for the IPID of an object, that of the Remote Unknown, the OID and
// the last ping set.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/orpc/activator.h"
#include "dcom_bridge/orpc/object_exporter_messages.h"
#include "dcom_bridge/orpc/oxid_resolver.h"

namespace ipam::orpc {
namespace {

constexpr base::Guid kIid{0xb0, 1, 2, {3}};
constexpr base::Guid kClsid{0xc1, 1, 2, {3}};
constexpr std::size_t kMaxRequests = 64;

class StillClock final : public base::Clock {
 public:
  absl::Time Now() override { return now; }
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
};

// Counts its lives: exported again after its release, it must be released again.
class CountedObject final : public Object {
 public:
  explicit CountedObject(int& alive) : alive_(alive) { ++alive_; }
  ~CountedObject() override { --alive_; }
  std::span<const InterfaceInfo> Interfaces() const override {
    static constexpr InterfaceInfo kInterfaces[] = {{kIid, kIidIUnknown, 5}};
    return kInterfaces;
  }
  void Invoke(OrpcCall call, OrpcResponder respond) override {
    if (released_) std::abort();
    // One method answers, the other forgets to.
    if (call.opnum == 3) respond(OrpcReply{std::move(call.body), {}});
  }
  void OnReleased(ReleaseReason /*reason*/) override {
    if (released_) std::abort();
    released_ = true;
  }

 private:
  int& alive_;
  bool released_ = false;
};

class Machines {
 public:
  Machines() {
    exporter_.Advertise({{"10.0.0.1"}, 135, {auth::AuthType::kNtlm}, ""});
    activator_.Register(kClsid,
                        [this](const Caller&) -> Created { return std::make_shared<CountedObject>(alive_); });
    const ObjRef ref = exporter_.Export(std::make_shared<CountedObject>(alive_), kIid).value();
    std_ = *ref.std_ref();
  }
  ~Machines() {
    exporter_.RevokeAll();
    if (alive_ != 0) std::abort();
  }

  void Do(std::uint8_t kind, std::uint8_t opnum, std::uint8_t flags, base::Bytes stub) {
    Replace(stub, "IPID", std_.ipid.value);
    Replace(stub, "UNKN", exporter_.rem_unknown().value);
    Replace(stub, "OID ", std_.oid.value);
    Replace(stub, "SET ", set_.value);
    rpc::IncomingCall call;
    call.opnum = opnum;
    call.level = auth::AuthLevel::kPrivacy;
    call.endian = (flags & 1) != 0 ? base::Endian::kBig : base::Endian::kLittle;
    if ((flags & 2) != 0) call.caller = auth::Principal{"CORP", (flags & 4) != 0 ? "alice" : "bob"};
    call.stub = std::move(stub);
    switch (kind % 6) {
      case 0:
        call.interface.uuid = kIid;
        call.object = std_.ipid.value;
        return Ask(exporter_, std::move(call));
      case 1:
        call.interface.uuid = kIidIRemUnknown2;
        call.object = exporter_.rem_unknown().value;
        return Ask(exporter_, std::move(call));
      case 2:
        call.interface.uuid = kIidIObjectExporter;
        return Ask(resolver_, std::move(call));
      case 3:
        call.interface.uuid = kIidIActivation;
        return Ask(activator_, std::move(call));
      case 4:
        call.interface.uuid = kIidIRemoteScmActivator;
        return Ask(activator_, std::move(call));
      default:
        clock_.now += absl::Minutes(opnum);
        resolver_.OnTimer(clock_.now);
        if (resolver_.NextDeadline() <= clock_.now) std::abort();
    }
  }

 private:
  void Ask(rpc::Service& service, rpc::IncomingCall call) {
    const bool ping = call.interface.uuid == kIidIObjectExporter && call.opnum == ComplexPingRequest::kOpnum;
    int answers = 0;
    service.Handle(std::move(call), [&](rpc::CallOutcome outcome) {
      ++answers;
      const auto* reply = std::get_if<rpc::CallReply>(&outcome);
      if (ping && reply != nullptr) {
        const auto response = ndr::Decode<ComplexPingResponse>(reply->stub, reply->endian);
        if (!response.ok()) std::abort();
        set_ = response->set_id;
      }
    });
    if (answers != 1) std::abort();
  }
  template <typename T>
  static void Replace(base::Bytes& stub, std::string_view name, const T& value) {
    base::ByteWriter out;
    if constexpr (std::is_same_v<T, base::Guid>) {
      out.Guid(value);
    } else {
      out.U64(value);
    }
    const base::ByteView bytes = out.view();
    auto at = stub.begin();
    while ((at = std::search(at, stub.end(), name.begin(), name.end())) != stub.end()) {
      if (static_cast<std::size_t>(stub.end() - at) < bytes.size()) return;
      at = std::copy(bytes.begin(), bytes.end(), at);
    }
  }

  StillClock clock_;
  int alive_ = 0;
  Exporter exporter_{{}, clock_};
  OxidResolver resolver_{{}, exporter_, clock_};
  Activator activator_{{}, exporter_};
  StdObjRef std_;
  SetId set_;
};

}  // namespace
}  // namespace ipam::orpc

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ipam;
  base::ByteReader in(base::ByteView(data, size));
  orpc::Machines machines;
  for (std::size_t i = 0; i < orpc::kMaxRequests && in.remaining() >= 5; ++i) {
    const std::uint8_t kind = in.U8();
    const std::uint8_t opnum = in.U8();
    const std::uint8_t flags = in.U8();
    const base::ByteView stub = in.Take(std::min<std::size_t>(in.U16(), in.remaining()));
    machines.Do(kind, opnum, flags, base::Bytes(stub.begin(), stub.end()));
  }
  return 0;
}
