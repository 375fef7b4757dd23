#include "dcom_bridge/auth/accounts.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/matchers.h"

namespace ipam::auth {
namespace {

using test_support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHash[] = "8846f7eaee8fb117ad06bdd830b7586c";

TEST(AccountFile, FindsAccountsInAnyCase) {
  const absl::StatusOr<AccountFile> file =
      AccountFile::Parse(std::string("# staff\r\n\r\n  Contoso\\Alice:") + kHash + " \r\nbob:" + kHash, "f");
  ASSERT_OK(file);
  EXPECT_EQ(file->size(), 2u);
  const Account* alice = file->Find("CONTOSO", "aLICE");
  ASSERT_NE(alice, nullptr);
  EXPECT_EQ(alice->domain, "Contoso");
  EXPECT_EQ(alice->user, "Alice");
  EXPECT_EQ(alice->nt_hash.ToHex(), kHash);
  EXPECT_EQ(file->Find("FABRIKAM", "alice"), nullptr);
  EXPECT_EQ(file->Find("CONTOSO", "bob"), nullptr);
  EXPECT_NE(file->Find("", "BOB"), nullptr);
  EXPECT_EQ(file->Find("", ""), nullptr);
}

TEST(AccountFile, FindsAUserWithoutDomainWhereThereIsOnlyOne) {
  const std::string hash = kHash;
  const absl::StatusOr<AccountFile> file =
      AccountFile::Parse("A\\alice:" + hash + "\nA\\carol:" + hash + "\nB\\carol:" + hash +
                             "\nC\\dave:" + hash + "\ndave:" + hash,
                         "f");
  ASSERT_OK(file);
  ASSERT_NE(file->Find("", "alice"), nullptr);
  EXPECT_EQ(file->Find("", "alice")->domain, "A");
  EXPECT_EQ(file->Find("", "carol"), nullptr);
  ASSERT_NE(file->Find("", "dave"), nullptr);
  EXPECT_EQ(file->Find("", "dave")->domain, "");
}

TEST(AccountFile, NamesTheLineAndNeverTheHash) {
  const std::string hash = kHash;
  const std::pair<std::string, const char*> cases[] = {
      {"alice", "expected DOMAIN"},
      {"alice:" + hash.substr(1), "32 hexadecimal digits"},
      {"alice:" + hash + "0", "32 hexadecimal digits"},
      {"alice:z" + hash.substr(1), "32 hexadecimal digits"},
      {":" + hash, "user name is empty"},
      {"A\\:" + hash, "user name is empty"},
      {"\\alice:" + hash, "domain is empty"},
      {"A\\B\\alice:" + hash, "two backslashes"},
      {"first\\ALICE:" + hash, "second time"},
  };
  for (const auto& [line, what] : cases) {
    const absl::StatusOr<AccountFile> file =
        AccountFile::Parse("# one\nFIRST\\alice:" + hash + "\n\n" + line + "\n", "/etc/accounts");
    EXPECT_THAT(file, StatusIs(absl::StatusCode::kInvalidArgument,
                               AllOf(HasSubstr("/etc/accounts:4: "), HasSubstr(what),
                                     Not(HasSubstr(hash.substr(2))))))
        << line;
  }
}

class AccountFileOnDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "accounts.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ / "accounts";
    std::ofstream(path_) << "alice:" << kHash << "\n";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_, path_;
};

TEST_F(AccountFileOnDisk, WarnsOfOthersWhoMayRead) {
  chmod(path_.c_str(), 0600);
  absl::StatusOr<AccountFile> file = AccountFile::Load(path_);
  ASSERT_OK(file);
  EXPECT_EQ(file->warning(), "");
  for (const mode_t mode : {0640, 0604, 0620}) {
    chmod(path_.c_str(), mode);
    file = AccountFile::Load(path_);
    ASSERT_OK(file);
    EXPECT_THAT(file->warning(), AllOf(HasSubstr(path_.string()), HasSubstr("0600")));
  }
}

TEST_F(AccountFileOnDisk, RefusesWhatItCannotRead) {
  EXPECT_THAT(AccountFile::Load(folder_ / "missing"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("missing")));
  EXPECT_THAT(AccountFile::Load(folder_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("regular file")));
  std::filesystem::resize_file(path_, (4 << 20) + 1);
  EXPECT_THAT(AccountFile::Load(path_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too large")));
}

TEST(NtHash, IsThatOfThePassword) {
  EXPECT_EQ(NtHash::OfPassword("password").ToHex(), "8846f7eaee8fb117ad06bdd830b7586c");
  EXPECT_EQ(NtHash::OfPassword("").ToHex(), "31d6cfe0d16ae931b73c59d7e0c089c0");
  EXPECT_EQ(NtHash::OfPassword("p\xC3\xA4ss").ToHex(), "411b68984d6b19bbb302455798320a06");
}

}  // namespace
}  // namespace ipam::auth
