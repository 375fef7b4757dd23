// How things are written for people: names of states, bars, and texts of outside made harmless for a
// terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ipam/progress/v1/progress.pb.h"

namespace ipam::ctl {

// "succeeded with warnings", of OPERATION_STATE_SUCCEEDED_WITH_WARNINGS.
std::string Words(progress::v1::OperationState state);
std::string Words(progress::v1::SubtaskStatus status);
std::string Words(progress::v1::SourceState state);
std::string Words(progress::v1::DiagnosisStep step);

// An event in a few words: "started", "create the scope: completed with success", "42%".
std::string Describe(const progress::v1::Event& event);

// "CreateDhcpScope"; "operation" where it is not known yet.
std::string Kind(const progress::v1::Operation& operation);
// "CreateDhcpScope operations/abc".
std::string Title(const progress::v1::Operation& operation);
// "running", "failed: the scope exists", "running, session lost: the server is gone".
std::string Standing(const progress::v1::Operation& operation);
// The title and the standing.
std::string StateLine(const progress::v1::Operation& operation);
std::string SourceLine(const progress::v1::SourceStatus& source);

// "42%", never rounded up to the end.
std::string Percent(double percent);

// "2026-11-22 11:22:42Z"; empty where it is not set.
std::string Time(const google::protobuf::Timestamp& time);

// Control characters, those that turn the direction of text, and ill-formed UTF-8 become '?': a name from a
// server cannot move the cursor or look like another.
std::string Harmless(std::string_view text);

// How many columns of a terminal well-formed UTF-8 takes: two for a wide character, none for a combining one.
std::size_t Columns(std::string_view text);

// At most `columns` of them, the last one an ellipsis where it was longer.
std::string Shorten(const std::string& text, std::size_t columns);

// "[#####.....]  50%" with a bar of `width` columns; without a percentage "[          ]    ".
std::string Bar(bool known, double percent, std::size_t width);

// Why an operation failed, "DHCP server is down; of 3 subtasks 2 failed, 1 did not run"; empty where there is
// nothing to say.
std::string Reason(const progress::v1::Operation& operation);

}  // namespace ipam::ctl
