#include "dcom_bridge/auth/account_edit.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/matchers.h"

namespace ipam::auth {
namespace {

using test_support::StatusIs;

class AccountEdit : public ::testing::Test {
 protected:
  AccountEdit() {
    std::string name = ::testing::TempDir() + "accountsXXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~AccountEdit() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ / "accounts"; }
  std::string Text() const {
    std::ifstream in(path());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void Write(const std::string& text) const { std::ofstream(path()) << text; }
  std::size_t Files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::filesystem::path folder_;
  const NtHash one_ = NtHash::OfPassword("one");
  const NtHash two_ = NtHash::OfPassword("two");
};

TEST_F(AccountEdit, MakesTheFileForItsOwnerOnly) {
  const auto added = SetAccount(path(), "CONTOSO\\alice", one_);
  ASSERT_OK(added);
  EXPECT_TRUE(*added);
  EXPECT_EQ(Text(), "CONTOSO\\alice:" + one_.ToHex() + "\n");
  struct stat info {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(Files(), 1u);
}

TEST_F(AccountEdit, ChangesTheOneLineOfAnAccountInAnyCase) {
  Write("# ours\nbob:" + one_.ToHex() + "\n\n  Contoso\\Alice:" + one_.ToHex() + "\nlast:" + one_.ToHex());
  const auto added = SetAccount(path(), "CONTOSO\\alice", two_);
  ASSERT_OK(added);
  EXPECT_FALSE(*added);
  EXPECT_EQ(Text(), "# ours\nbob:" + one_.ToHex() + "\n\nCONTOSO\\alice:" + two_.ToHex() +
                        "\nlast:" + one_.ToHex() + "\n");
  struct stat info {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);  // whatever it was
}

TEST_F(AccountEdit, Removes) {
  Write("bob:" + one_.ToHex() + "\n# b\nalice:" + one_.ToHex() + "\n");
  EXPECT_OK(RemoveAccount(path(), "BOB"));
  EXPECT_EQ(Text(), "# b\nalice:" + one_.ToHex() + "\n");
  EXPECT_THAT(RemoveAccount(path(), "bob"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(RemoveAccount(folder_ / "none", "bob"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(AccountEdit, LeavesAFileThatItDoesNotUnderstand) {
  Write("not an account\n");
  EXPECT_THAT(SetAccount(path(), "alice", one_), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(Text(), "not an account\n");
}

TEST_F(AccountEdit, RefusesNamesThatAreNone) {
  for (const char* name : {"", "\\", "A\\", "\\b", "a\\b\\c", "a:b\nc", "#a"}) {
    EXPECT_FALSE(SetAccount(path(), name, one_).ok()) << name;
  }
  EXPECT_EQ(Files(), 0u);
  EXPECT_FALSE(SetAccount(folder_ / "no folder" / "accounts", "alice", one_).ok());
}

}  // namespace
}  // namespace ipam::auth
