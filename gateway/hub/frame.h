// One WatchOperationsResponse, encoded once and shared by all watchers and transports. Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "ipam/progress/v1/progress.pb.h"

namespace ipam::hub {

namespace v1 = ::ipam::progress::v1;

class Frame {
 public:
  // Any kind of frame.
  explicit Frame(const v1::WatchOperationsResponse& response);
  // An EventBatch of one event, from its serialized form.
  Frame(std::string resume_token, const google::protobuf::Timestamp& server_time,
        const std::string& serialized_event);

  // Serialized WatchOperationsResponse.
  const std::string& proto() const { return proto_; }
  // Its proto3 JSON, encoded at the first call.
  const std::string& json() const;
  const std::string& resume_token() const { return resume_token_; }
  // Event frames that follow each other may be joined by concatenating proto(): protobuf merges them into one
  // EventBatch with the last token.
  bool is_event() const { return is_event_; }

 private:
  std::string proto_;
  std::string resume_token_;
  bool is_event_ = false;
  mutable std::once_flag json_once_;
  mutable std::string json_;
};

using FramePtr = std::shared_ptr<const Frame>;

}  // namespace ipam::hub
