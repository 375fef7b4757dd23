#include "gateway/ctl/table.h"

#include <gtest/gtest.h>

namespace ipam::ctl {
namespace {

TEST(Table, AlignsByColumnsOfTheTerminal) {
  Table table({"NAME", "STATE", "WHY"});
  table.Add({"東京", "up", ""});
  table.Add({"a-long-name", "down", "x\x1b[1m"});
  EXPECT_EQ(table.Text(),
            "NAME         STATE  WHY\n"
            "東京         up\n"
            "a-long-name  down   x?[1m\n");
}

TEST(Table, WithoutRowsIsItsHeader) { EXPECT_EQ(Table({"A", "B"}).Text(), "A  B\n"); }

}  // namespace
}  // namespace ipam::ctl
