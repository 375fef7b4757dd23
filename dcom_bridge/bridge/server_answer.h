// An answer of a management server taken apart: what it returned, or why there is no return value.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ndr/codec.h"
#include "dcom_bridge/net/dcom_client.h"

namespace ipam::bridge {

template <typename Response>
struct ServerAnswer {
  absl::Status transport;  // not OK: no HRESULT
  bool executed_unknown = false;
  Response response;
  std::string exception_xml;
};

template <typename Response>
ServerAnswer<Response> ReadAnswer(const net::InvokeOutcome& outcome) {
  ServerAnswer<Response> answer;
  if (const auto* failure = std::get_if<net::InvokeFailure>(&outcome)) {
    answer.transport = failure->status;
    answer.executed_unknown = failure->executed_unknown;
    return answer;
  }
  const auto& reply = std::get<net::InvokeReply>(outcome);
  absl::StatusOr<Response> response = ndr::Decode<Response>(reply.body, reply.endian);
  if (response.ok()) {
    answer.response = *std::move(response);
    answer.exception_xml = reply.error_description;
  } else {
    answer.transport = response.status();
    answer.executed_unknown = true;
  }
  return answer;
}

}  // namespace ipam::bridge
