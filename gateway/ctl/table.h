// Text in columns for a terminal.
#pragma once

#include <string>
#include <vector>

namespace ipam::ctl {

class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }

  // As many cells as the header has; they are made harmless here.
  void Add(const std::vector<std::string>& cells);
  // Every column as wide as its widest cell, two spaces between; lines end with the last visible character.
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ipam::ctl
