#include "kea_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>

namespace ipam::kea {

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "kea-XXXXXX").string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() { std::filesystem::remove_all(path_); }

KeaProcess::KeaProcess(const std::string& program, const std::vector<std::string>& arguments,
                       const Json& configuration, const std::filesystem::path& directory) {
  const std::string file = directory / (program + ".json");
  std::ofstream(file) << configuration.dump(2);
  const std::string path = "/usr/sbin/" + program;
  std::vector<std::string> words = {path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.insert(words.end(), {"-c", file});
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> environment = {
      "KEA_PIDFILE_DIR=" + directory.string(), "KEA_LOCKFILE_DIR=" + directory.string(),
      "KEA_LOGGER_DESTINATION=" + (directory / (program + ".log")).string()};
  std::vector<char*> envp;
  for (std::string& variable : environment) envp.push_back(variable.data());
  envp.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::string out = directory / (program + ".out");
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  EXPECT_EQ(posix_spawn(&pid_, path.c_str(), &actions, nullptr, argv.data(), envp.data()), 0) << path;
  posix_spawn_file_actions_destroy(&actions);
}

KeaProcess::~KeaProcess() { Stop(); }

void KeaProcess::Stop() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

}  // namespace ipam::kea
