// Documents for the tests of the model layer.
#pragma once

#include <gmock/gmock.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "dcom_bridge/model/schema.h"
#include "dcom_bridge/model/xml_document.h"

namespace ipam::model {

inline std::filesystem::path GoldenFolder() {
  return std::filesystem::path(IPAM_SOURCE_DIR) / "tests/golden/model";
}

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<std::string> SampleNames() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(GoldenFolder())) {
    if (entry.path().extension() == ".xml") out.push_back(entry.path().stem());
  }
  std::sort(out.begin(), out.end());
  return out;
}
inline std::string Sample(const std::string& name) { return ReadFile(GoldenFolder() / (name + ".xml")); }

// An InitializeOperationParameters of the type with these members, on one line each so that a line says
// which.
inline std::string Parameters(std::string_view type, std::string_view operation, std::string_view members) {
  std::string out =
      "<InitializeOperationParameters xmlns='http://Microsoft.Windows.Ipam'"
      " xmlns:i='http://www.w3.org/2001/XMLSchema-instance'"
      " xmlns:z='http://schemas.microsoft.com/2003/10/Serialization/'"
      " xmlns:a='http://schemas.microsoft.com/2003/10/Serialization/Arrays'>\n<paramters i:type='";
  out += type;
  out += "'>\n<OperationId>";
  out += operation;
  out += "</OperationId>\n";
  out += members;
  return out + "\n</paramters>\n</InitializeOperationParameters>";
}

inline absl::Status Validate(const std::string& xml) {
  auto doc = ParseXml(xml);
  return doc.ok() ? ValidateAgainstSchema(**doc) : doc.status();
}

MATCHER_P(EqualsMessage, expected, "") {
  google::protobuf::util::MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  const bool equal = differencer.Compare(expected, arg);
  *result_listener << difference;
  return equal;
}

}  // namespace ipam::model
