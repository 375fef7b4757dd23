// Delegates by tables: parameters as text in, events and rows as text out.
#pragma once

#include <ostream>
#include <string>

#include "harness.h"

namespace ipam::engine {

// Of the operation, in the text format of protobuf.
v1::OperationParameters ParametersOf(const std::string& operation, const std::string& text);

// "start; +1 Scope 10.0.0.0; >1; =1 ok; 100%; success", where + is AddSubTask, > InProgress, = an end (ok, not run, or
// the id of its exception), and the last one SetOverallStatus.
std::string Tell(const std::vector<event::ProgressEvent>& events);

class DelegateTest : public EngineTest {
 protected:
  DelegateTest();

  // Runs the operation with its parameters in text format, and tells which events it raised, all of them, in order.
  std::string RunText(const std::string& operation, const std::string& parameters);
  // RowsOf the store of the test.
  std::string Rows(const std::string& sql);
};

struct DelegateCase {
  const char* name;
  const char* operation;
  const char* parameters;
  const char* events;
  const char* query = "SELECT ''";
  const char* rows = "";
  const char* setup = nullptr;  // before the operation
  const char* deny = nullptr;   // Refuse(), behind that
};

inline void PrintTo(const DelegateCase& one, std::ostream* out) { *out << one.operation << " " << one.name; }

// Each case on a store of its own.
class DelegateCases : public DelegateTest, public ::testing::WithParamInterface<DelegateCase> {
 protected:
  void SetUpCase();
  void RunCase();
};

// With dns_plant.yaml too.
class DnsCases : public DelegateCases {
 protected:
  DnsCases();
};

inline std::string CaseName(const ::testing::TestParamInfo<DelegateCase>& info) {
  return std::string(info.param.operation) + "_" + info.param.name;
}

}  // namespace ipam::engine
