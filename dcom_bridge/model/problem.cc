#include "dcom_bridge/model/problem.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "dcom_bridge/model/xml_text.h"
#include "google/rpc/error_details.pb.h"

namespace ipam::model {
namespace {

std::string Place(const Problem& problem) {
  if (problem.line == 0) return "";
  if (problem.column == 0) return absl::StrCat("line ", problem.line);
  return absl::StrCat("line ", problem.line, ", column ", problem.column);
}

std::string Describe(const Problem& problem) {
  std::string out = Place(problem);
  if (!problem.field.empty()) absl::StrAppend(&out, out.empty() ? "" : ": ", problem.field);
  absl::StrAppend(&out, out.empty() ? "" : ": ", problem.what);
  return out;
}

}  // namespace

absl::Status InvalidDocument(const std::vector<Problem>& given) {
  std::vector<Problem> problems = given;
  for (Problem& problem :
       problems) {  // libxml2 repeats wrong octets and cuts texts anywhere; a status is UTF-8
    problem.field = ToXmlText(problem.field);
    problem.what = ToXmlText(problem.what);
  }
  google::rpc::BadRequest details;
  for (const Problem& problem : problems) {
    auto* violation = details.add_field_violations();
    violation->set_field(problem.field);
    const std::string place = Place(problem);
    violation->set_description(place.empty() ? problem.what : absl::StrCat(place, ": ", problem.what));
  }
  std::string message = Describe(problems.front());
  if (problems.size() > 1) absl::StrAppend(&message, " (and ", problems.size() - 1, " more)");
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload("type.googleapis.com/google.rpc.BadRequest", absl::Cord(details.SerializeAsString()));
  return status;
}

std::string Shorten(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  std::size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace ipam::model
