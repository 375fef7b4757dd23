// Holds dcom_bridge/idl against the golden bodies of contract/ndr_vectors.jsonl: decodes request and response
// of every line, compares with the stated arguments, encodes the stated arguments and compares the octets,
// referent identifiers and padding masked. Cases with a `fault` must be refused.
//
// The file is that of the environment variable IPAM_NDR_VECTORS, or tests/golden/idl/ndr_vectors.jsonl.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/utf16.h"
#include "dcom_bridge/idl/operation_with_progress2.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/ndr/fault.h"
#include "tests/support/hex.h"

namespace ipam::idl {
namespace {

using nlohmann::json;
using orpc::MInterfacePointer;

// Reads the members of a JSON object and remembers them, so that a member that no field took is noticed.
class Members {
 public:
  explicit Members(const json& object) : object_(object) {}
  const json& At(const char* name) {
    ++taken_;
    return object_.at(name);
  }
  ~Members() noexcept(false) {
    if (std::uncaught_exceptions() == 0 && taken_ != object_.size()) {
      throw std::runtime_error("members that the test does not know: " + object_.dump());
    }
  }

 private:
  const json& object_;
  std::size_t taken_ = 0;
};

std::optional<std::u16string> Text(const json& j) {
  if (j.is_null()) return std::nullopt;
  return base::ToUtf16(j.get<std::string>());
}
std::uint64_t Hyper(const json& j) { return std::stoull(j.get<std::string>()); }
base::Guid GuidOf(const json& j) { return base::Guid::Parse(j.get<std::string>()).value(); }
std::int32_t Long(const json& j) { return j.get<std::int32_t>(); }
template <typename E>
E Enum(const json& j) {
  return static_cast<E>(Long(j));
}
std::optional<MInterfacePointer> Pointer(const json& j) {
  if (j.is_null()) return std::nullopt;
  return MInterfacePointer{test_support::FromHex(Members(j).At("objref_hex").get<std::string>())};
}
ndr::Decimal DecimalOf(const json& j) {
  Members m(j);
  return {m.At("wReserved").get<std::uint16_t>(), m.At("scale").get<std::uint8_t>(),
          m.At("sign").get<std::uint8_t>(), m.At("Hi32").get<std::uint32_t>(), Hyper(m.At("Lo64"))};
}
std::optional<SubTaskInstance> Instance(const json& j) {
  if (j.is_null()) return std::nullopt;
  Members m(j);
  SubTaskInstance v;
  v.failed_completion_status = Text(m.At("failedCompletionStatus"));
  v.is_non_deterministic_progress = Long(m.At("isNonDeterministicProgress"));
  v.progress_status_descriptions = Text(m.At("progressStatusDescriptions"));
  v.sub_task_instance_details = Text(m.At("subTaskInstanceDetails"));
  v.sub_task_instance_id = Long(m.At("subTaskInstanceId"));
  v.sub_task_name = Text(m.At("subTaskName"));
  v.sub_task_status = Enum<SubTaskStatus>(m.At("subTaskStatus"));
  v.sub_task_unique_id = Long(m.At("subTaskUniqueId"));
  return v;
}
ProgressEvent Event(const json& j) {
  Members m(j);
  ProgressEvent v;
  v.sequence = Hyper(m.At("sequence"));
  v.time = Hyper(m.At("time"));
  v.kind = Enum<EventKind>(m.At("kind"));
  v.is_non_deterministic = Long(m.At("isNonDeterministic"));
  v.percent_complete = DecimalOf(m.At("percentComplete"));
  v.overall_status = Enum<OverallStatus>(m.At("overallStatus"));
  v.sub_task_status = Enum<SubTaskStatus>(m.At("subTaskStatus"));
  v.sub_task_instance = Instance(m.At("subTaskInstance"));
  v.completion_status = Text(m.At("completionStatus"));
  return v;
}

InitializeOperationParameters FromJson(Members& m, InitializeOperationParameters*) {
  return {Text(m.At("parameters"))};
}
StartOperationWithCallback FromJson(Members& m, StartOperationWithCallback*) {
  return {Pointer(m.At("progressCallback"))};
}
GetOperationId FromJson(Members&, GetOperationId*) { return {}; }
ResumeCallback FromJson(Members& m, ResumeCallback*) {
  return {GuidOf(m.At("operationId")), Hyper(m.At("lastSequence")), Pointer(m.At("progressCallback"))};
}
CancelOperation FromJson(Members& m, CancelOperation*) { return {GuidOf(m.At("operationId"))}; }
SetInitiator FromJson(Members& m, SetInitiator*) { return {Text(m.At("initiator"))}; }
StartProgressCallback FromJson(Members& m, StartProgressCallback*) {
  return {Long(m.At("isNonDeterministic"))};
}
SetCompletionPercentage FromJson(Members& m, SetCompletionPercentage*) {
  return {DecimalOf(m.At("completionPercentage"))};
}
SetSubTaskStatus FromJson(Members& m, SetSubTaskStatus*) {
  return {Instance(m.At("subTaskInstance")), Enum<SubTaskStatus>(m.At("status")),
          DecimalOf(m.At("percentComplete")), Text(m.At("completionStatus"))};
}
SetOverallStatus FromJson(Members& m, SetOverallStatus*) {
  return {Enum<OverallStatus>(m.At("overallStatus")), Text(m.At("completionStatus"))};
}
AddSubTask FromJson(Members& m, AddSubTask*) { return {Instance(m.At("subTaskInstance"))}; }
ReportProgress FromJson(Members& m, ReportProgress*) {
  ReportProgress v;
  for (const json& event : m.At("events")) v.events.push_back(Event(event));
  if (m.At("count").get<std::size_t>() != v.events.size())
    throw std::runtime_error("count is not that of events");
  return v;
}
base::HResult Result(Members& m) {
  return {static_cast<std::uint32_t>(std::stoull(m.At("return").get<std::string>(), nullptr, 16))};
}
ResultResponse FromJson(Members& m, ResultResponse*) { return {Result(m)}; }
GetOperationIdResponse FromJson(Members& m, GetOperationIdResponse*) {
  return {GuidOf(m.At("operationId")), Result(m)};
}

// Counts what is wrong with one line.
class Case {
 public:
  explicit Case(const json& line) : line_(line) {}

  // The request of T, and the response of R where the method is called.
  template <typename T, typename R>
  void Check() {
    if (line_.at("opnum").get<int>() != T::kOpnum) Wrong("opnum");
    const base::Bytes stub = Hex("request_hex");
    const auto request = ndr::Decode<T>(stub, base::Endian::kLittle, &trailing_);
    if (line_.contains("fault")) return CheckFault(request.status());
    Compare("request", request, stub, line_.at("args"), Masked());
    const base::Bytes response_stub = Hex("response_hex");
    const auto response = ndr::Decode<R>(response_stub, base::Endian::kLittle, &trailing_);
    Compare("response", response, response_stub, line_.at("response_args"), {});
  }

  void Wrong(const std::string& what) {
    std::fprintf(stderr, "%s.%s %s: %s\n", Name("interface").c_str(), Name("method").c_str(),
                 Name("case").c_str(), what.c_str());
    ++wrong_;
  }
  std::string Name(const char* member) const { return line_.value(member, std::string("?")); }
  int wrong() const { return wrong_; }

 private:
  base::Bytes Hex(const char* member) { return test_support::FromHex(line_.at(member).get<std::string>()); }

  void CheckFault(const absl::Status& status) {
    const json& fault = line_.at("fault");
    if (fault.at("name") != "RPC_X_INVALID_BOUND" || fault.at("win32") != 1734) return Wrong("unknown fault");
    if (status.ok()) return Wrong("request was not refused");
    if (ndr::FaultStatus(status) != ndr::kFaultInvalidBound) Wrong("fault of " + status.ToString());
  }

  template <typename T>
  void Compare(const std::string& what, const absl::StatusOr<T>& decoded, const base::Bytes& stub,
               const json& stated, const std::vector<bool>& masked) {
    Members members(stated);
    const T value = FromJson(members, static_cast<T*>(nullptr));
    if (!decoded.ok()) return Wrong(what + " does not decode: " + decoded.status().ToString());
    if (trailing_ != 0) Wrong(what + " has octets behind its last argument");
    if (!(*decoded == value)) Wrong(what + " decodes to other arguments");
    const base::Bytes encoded = ndr::Encode(value);
    if (encoded.size() != stub.size()) {
      return Wrong(absl::StrCat(what, " encodes to ", encoded.size(), " octets, not ", stub.size()));
    }
    for (std::size_t i = 0; i < stub.size(); ++i) {
      if ((i >= masked.size() || !masked[i]) && encoded[i] != stub[i]) {
        return Wrong(absl::StrCat(what, " encodes to another octet at ", i));
      }
    }
  }

  // Referent identifiers and alignment gaps are the sender's choice; which pointers are NULL is not.
  std::vector<bool> Masked() {
    std::vector<bool> masked(Hex("request_hex").size());
    for (const json& offset : line_.at("referents")) {
      for (std::size_t i = 0; i < 4; ++i) masked.at(offset.get<std::size_t>() + i) = true;
    }
    for (const json& gap : line_.at("padding")) {
      for (std::size_t i = 0; i < gap.at(1).get<std::size_t>(); ++i)
        masked.at(gap.at(0).get<std::size_t>() + i) = true;
    }
    return masked;
  }

  const json& line_;
  std::size_t trailing_ = 0;
  int wrong_ = 0;
};

struct Interface {
  base::Guid iid;
  std::map<std::string, void (*)(Case&)> methods;
};

template <typename T, typename R = ResultResponse>
void Check(Case& c) {
  c.Check<T, R>();
}

std::map<std::string, Interface> Interfaces() {
  const std::map<std::string, void (*)(Case&)> operation = {
      {"InitializeOperationParameters", Check<InitializeOperationParameters>},
      {"StartOperationWithCallback", Check<StartOperationWithCallback>},
  };
  const std::map<std::string, void (*)(Case&)> callback = {
      {"StartProgressCallback", Check<StartProgressCallback>},
      {"SetCompletionPercentage", Check<SetCompletionPercentage>},
      {"SetSubTaskStatus", Check<SetSubTaskStatus>},
      {"SetOverallStatus", Check<SetOverallStatus>},
      {"AddSubTask", Check<AddSubTask>},
  };
  auto operation2 = operation;
  operation2["GetOperationId"] = Check<GetOperationId, GetOperationIdResponse>;
  operation2["ResumeCallback"] = Check<ResumeCallback>;
  operation2["CancelOperation"] = Check<CancelOperation>;
  operation2["SetInitiator"] = Check<SetInitiator>;
  auto callback2 = callback;
  callback2["ReportProgress"] = Check<ReportProgress>;
  return {{"IIpamOperationWithProgress", {kIidOperationWithProgress, operation}},
          {"IIpamOperationWithProgress2", {kIidOperationWithProgress2, operation2}},
          {"IIpamOperationWithProgressCallback", {kIidOperationWithProgressCallback, callback}},
          {"IIpamOperationWithProgressCallback2", {kIidOperationWithProgressCallback2, callback2}}};
}

void Run(const std::map<std::string, Interface>& interfaces, Case& c, const json& line) {
  const auto known = interfaces.find(c.Name("interface"));
  if (known == interfaces.end()) return c.Wrong("unknown interface");
  const auto method = known->second.methods.find(c.Name("method"));
  if (method == known->second.methods.end()) return c.Wrong("unknown method");
  if (c.Name("iid") != known->second.iid.ToString()) c.Wrong("iid");
  if (line.at("offset_mod8").get<int>() != 0) c.Wrong("body that does not begin at a multiple of 8");
  method->second(c);
}

int Main() {
  const char* named = std::getenv("IPAM_NDR_VECTORS");
  const std::string path = named != nullptr ? named : IPAM_SOURCE_DIR "/tests/golden/idl/ndr_vectors.jsonl";
  std::ifstream in(path);
  if (!in) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    return 1;
  }
  const auto interfaces = Interfaces();
  int cases = 0;
  int wrong = 0;
  for (std::string text; std::getline(in, text);) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    ++cases;
    const json line = json::parse(text, nullptr, false);
    Case c(line);
    if (!line.is_object()) {
      std::fprintf(stderr, "case %d is no JSON object\n", cases);
      ++wrong;
      continue;
    }
    try {
      Run(interfaces, c, line);
    } catch (const std::exception& e) {
      c.Wrong(e.what());
    }
    if (c.wrong() != 0) ++wrong;
  }
  std::printf("%s: %d cases, %d wrong\n", path.c_str(), cases, wrong);
  return cases == 0 || wrong != 0 ? 1 : 0;
}

}  // namespace
}  // namespace ipam::idl

int main() { return ipam::idl::Main(); }
