#include "gateway/hub/names.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "dcom_bridge/base/byte_reader.h"
#include "dcom_bridge/base/byte_writer.h"
#include "dcom_bridge/base/guid.h"
#include "gateway/hub/errors.h"

namespace ipam::hub {
namespace {

constexpr char kPrefix[] = "operations/";

// FNV-1a: the same on every run, unlike absl::Hash.
std::uint64_t StableHash(const std::string& text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
  return hash;
}

}  // namespace

absl::StatusOr<std::string> ParseOperationName(const std::string& name, const std::string& field) {
  absl::string_view id = name;
  if (!absl::ConsumePrefix(&id, kPrefix) || id.empty()) {
    return InvalidField(field, "must have the form operations/{id}");
  }
  return std::string(id);
}

std::string OperationName(const std::string& id) { return absl::StrCat(kPrefix, id); }

absl::Status OperationNotFound(const std::string& name) {
  return WithErrorInfo(absl::NotFoundError(absl::StrCat("no operation ", name)), "OPERATION_NOT_FOUND",
                       {{"operation", name}});
}

std::string NewOperationId(absl::Time now) {
  const base::Guid random = base::Guid::Random();
  return absl::StrFormat("%s-%08x%04x", absl::FormatTime("%Y%m%d-%H%M%S", now, absl::UTCTimeZone()),
                         random.data1, random.data2);
}

absl::Time MonotonicNow() {
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp result;
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  result.set_seconds(seconds);
  result.set_nanos(
      static_cast<std::int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return result;
}

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration result;
  const std::int64_t seconds = absl::ToInt64Seconds(duration);
  result.set_seconds(seconds);
  result.set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(duration - absl::Seconds(seconds))));
  return result;
}

absl::StatusOr<std::size_t> PageSize(int requested, std::size_t fallback, std::size_t limit) {
  if (requested < 0) return InvalidField("page_size", "must not be negative");
  if (requested == 0) return fallback;
  return std::min(static_cast<std::size_t>(requested), limit);
}

std::string EncodePageToken(std::uint64_t position, const std::string& scope) {
  base::ByteWriter out;
  out.U64(position);
  out.U64(StableHash(scope));
  const base::ByteView bytes = out.view();
  return absl::WebSafeBase64Escape(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

absl::StatusOr<std::uint64_t> DecodePageToken(const std::string& token, const std::string& scope) {
  std::string bytes;
  const bool text_ok = token.size() <= 64 && absl::WebSafeBase64Unescape(token, &bytes);
  base::ByteReader in(base::ByteView(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
  const std::uint64_t position = in.U64();
  const std::uint64_t hash = in.U64();
  if (!text_ok || !in.Finish().ok()) return InvalidField("page_token", "is not a token of this server");
  if (hash != StableHash(scope)) return InvalidField("page_token", "belongs to another request");
  return position;
}

}  // namespace ipam::hub
