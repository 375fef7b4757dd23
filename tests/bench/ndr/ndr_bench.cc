// What the marshalling of the two callbacks that carry most events costs; copying the same octets is the
// reference.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>

#include "dcom_bridge/idl/operation_with_progress_callback.h"
#include "dcom_bridge/idl/operation_with_progress_callback2.h"
#include "dcom_bridge/idl/percent.h"
#include "dcom_bridge/ndr/codec.h"

namespace ipam {
namespace {

// What the server says of a subtask: a name of some 40 letters and no XML.
idl::SubTaskInstance Subtask(int id) {
  idl::SubTaskInstance subtask;
  subtask.sub_task_instance_id = id;
  subtask.sub_task_unique_id = 14;
  subtask.sub_task_name = u"Create CNAME record historian-17.corp.example";
  subtask.sub_task_status = idl::SubTaskStatus::kInProgress;
  return subtask;
}

idl::SetSubTaskStatus SetSubTaskStatus() {
  return {.sub_task_instance = Subtask(17),
          .status = idl::SubTaskStatus::kInProgress,
          .percent_complete = idl::FromPercent(42.5),
          .completion_status = std::nullopt};
}

idl::ReportProgress ReportProgress(std::size_t events) {
  idl::ReportProgress report;
  for (std::size_t i = 0; i < events; ++i) {
    idl::ProgressEvent& event = report.events.emplace_back();
    event.sequence = i + 1;
    event.time = 0x01DC5B0000000000 + i;
    event.kind = idl::EventKind::kSetSubTaskStatus;
    event.percent_complete = idl::FromPercent(42.5);
    event.sub_task_status = idl::SubTaskStatus::kInProgress;
    event.sub_task_instance = Subtask(static_cast<int>(i));
  }
  return report;
}

template <typename Message>
void Encode(benchmark::State& state, const Message& message, std::size_t events) {
  std::size_t octets = 0;
  for (auto _ : state) {
    const base::Bytes stub = ndr::Encode(message);
    octets += stub.size();
    benchmark::DoNotOptimize(stub.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(octets));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events));
}

template <typename Message>
void Decode(benchmark::State& state, const Message& message, std::size_t events) {
  const base::Bytes stub = ndr::Encode(message);
  if (ndr::Decode<Message>(stub, base::Endian::kLittle).value() != message) std::abort();
  for (auto _ : state) {
    auto decoded = ndr::Decode<Message>(stub, base::Endian::kLittle);
    benchmark::DoNotOptimize(decoded);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stub.size()));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events));
}

void Copy(benchmark::State& state, std::size_t octets) {
  const base::Bytes from(octets, 7);
  for (auto _ : state) {
    base::Bytes to(from);
    benchmark::DoNotOptimize(to.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(octets));
}

void EncodeSetSubTaskStatus(benchmark::State& state) { Encode(state, SetSubTaskStatus(), 1); }
void DecodeSetSubTaskStatus(benchmark::State& state) { Decode(state, SetSubTaskStatus(), 1); }
void CopySetSubTaskStatus(benchmark::State& state) { Copy(state, ndr::Encode(SetSubTaskStatus()).size()); }
void EncodeReportProgress(benchmark::State& state) {
  const auto events = static_cast<std::size_t>(state.range(0));
  Encode(state, ReportProgress(events), events);
}
void DecodeReportProgress(benchmark::State& state) {
  const auto events = static_cast<std::size_t>(state.range(0));
  Decode(state, ReportProgress(events), events);
}
void CopyReportProgress(benchmark::State& state) {
  Copy(state, ndr::Encode(ReportProgress(static_cast<std::size_t>(state.range(0)))).size());
}

BENCHMARK(CopySetSubTaskStatus);
BENCHMARK(EncodeSetSubTaskStatus);
BENCHMARK(DecodeSetSubTaskStatus);
BENCHMARK(CopyReportProgress)->Arg(256);
BENCHMARK(EncodeReportProgress)->Arg(256);
BENCHMARK(DecodeReportProgress)->Arg(256);

}  // namespace
}  // namespace ipam
