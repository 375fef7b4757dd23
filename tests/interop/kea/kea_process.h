// A Kea program of the package, started for one test on loopback, with all its state in a directory of its own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "dcom_bridge/ipam/kea/json.h"

namespace ipam::kea {

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class KeaProcess {
 public:
  // `arguments` go before "-c FILE"; the file has `configuration`.
  KeaProcess(const std::string& program, const std::vector<std::string>& arguments, const Json& configuration,
             const std::filesystem::path& directory);
  ~KeaProcess();
  KeaProcess(const KeaProcess&) = delete;
  KeaProcess& operator=(const KeaProcess&) = delete;

  void Stop();

 private:
  pid_t pid_ = 0;
};

}  // namespace ipam::kea
