#include "dcom_bridge/settings/settings.h"

#include <yaml-cpp/yaml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "dcom_bridge/base/status_macros.h"

extern char** environ;

namespace ipam::settings {
namespace {

constexpr std::uintmax_t kMaxFileBytes = 1 << 20;  // a configuration is never larger

absl::StatusOr<std::string> ReadBounded(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  if (text.size() > kMaxFileBytes)
    return absl::InvalidArgumentError(absl::StrCat(path, " is larger than 1 MiB"));
  return text;
}

bool Known(const CLI::App& app, const std::string& flag) {
  return flag != "help" && flag != "version" && app.get_option_no_throw("--" + flag) != nullptr;
}

std::string Argument(const std::string& flag, const std::string& value) {
  return absl::StrCat("--", flag, "=", value);
}

// An item of a list: a value, or a map of values as "key=value,key=value".
std::optional<std::string> ItemText(const YAML::Node& item) {
  if (item.IsScalar()) return item.Scalar();
  if (!item.IsMap()) return std::nullopt;
  std::vector<std::string> parts;
  for (const auto& entry : item) {
    if (!entry.first.IsScalar() || !entry.second.IsScalar()) return std::nullopt;
    parts.push_back(absl::StrCat(entry.first.Scalar(), "=",
                                 absl::StrReplaceAll(entry.second.Scalar(), {{"\\", "\\\\"}, {",", "\\,"}})));
  }
  return absl::StrJoin(parts, ",");
}

absl::Status AppendScalarOrList(const CLI::App& app, const std::string& path, const std::string& flag,
                                const YAML::Node& node, std::vector<std::string>& out) {
  const auto at = [&] { return absl::StrFormat("%s:%d: ", path, node.Mark().line + 1); };
  const std::string key = absl::StrReplaceAll(flag, {{"-", "."}});
  if (!Known(app, flag) || flag == "config")
    return absl::InvalidArgumentError(at() + "unknown key '" + key + "'");
  if (node.IsNull()) return absl::OkStatus();
  if (node.IsScalar()) {
    out.push_back(Argument(flag, node.Scalar()));
    return absl::OkStatus();
  }
  if (!node.IsSequence())
    return absl::InvalidArgumentError(at() + "'" + key + "' must be a value or a list of values");
  for (const YAML::Node& item : node) {
    const std::optional<std::string> text = ItemText(item);
    if (!text) return absl::InvalidArgumentError(at() + "'" + key + "' holds something that is no value");
    out.push_back(Argument(flag, *text));
  }
  return absl::OkStatus();
}

std::string FlagOf(const std::string& key) { return absl::StrReplaceAll(key, {{"_", "-"}}); }

absl::Status AppendFile(const CLI::App& app, const std::string& path, std::vector<std::string>& out) {
  absl::StatusOr<std::string> text = ReadBounded(path);
  if (!text.ok()) return text.status();
  YAML::Node root;
  try {
    root = YAML::Load(*text);
  } catch (const YAML::Exception& e) {
    return absl::InvalidArgumentError(absl::StrFormat("%s:%d: %s", path, e.mark.line + 1, e.msg));
  }
  if (root.IsNull()) return absl::OkStatus();
  if (!root.IsMap()) return absl::InvalidArgumentError(path + ":1: must be a map of sections");
  for (const auto& section : root) {
    const std::string name = FlagOf(section.first.as<std::string>(""));
    if (!section.second.IsMap()) {
      IPAM_RETURN_IF_ERROR(AppendScalarOrList(app, path, name, section.second, out));
      continue;
    }
    for (const auto& entry : section.second) {
      const std::string flag = absl::StrCat(name, "-", FlagOf(entry.first.as<std::string>("")));
      IPAM_RETURN_IF_ERROR(AppendScalarOrList(app, path, flag, entry.second, out));
    }
  }
  return absl::OkStatus();
}

// Gives the path of --config from the arguments, the last one given, or of the variable.
std::string ConfigPath(const std::string& prefix, const Invocation& invocation) {
  std::string path;
  for (const std::string& variable : invocation.environment) {
    if (absl::StartsWith(variable, prefix + "_CONFIG=")) path = variable.substr(prefix.size() + 8);
  }
  const auto& arguments = invocation.arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--config" && i + 1 < arguments.size()) path = arguments[i + 1];
    if (absl::StartsWith(arguments[i], "--config=")) path = arguments[i].substr(9);
  }
  return path;
}

absl::Status AppendEnvironment(const CLI::App& app, const std::string& prefix, const Invocation& invocation,
                               std::vector<std::string>& out, std::vector<std::string>& warnings) {
  for (const std::string& variable : invocation.environment) {
    if (!absl::StartsWith(variable, prefix + "_")) continue;
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = variable.substr(0, equals);
    std::string value = variable.substr(equals + 1);
    std::string flag =
        absl::StrReplaceAll(absl::AsciiStrToLower(name.substr(prefix.size() + 1)), {{"_", "-"}});
    if (flag == "config") continue;
    constexpr absl::string_view kFile = "-file";
    if (!Known(app, flag) && absl::EndsWith(flag, kFile)) {
      flag.resize(flag.size() - kFile.size());
      if (Known(app, flag)) {
        absl::StatusOr<std::string> text = ReadBounded(value);
        if (!text.ok()) {
          return absl::InvalidArgumentError(absl::StrCat(name, ": ", std::string(text.status().message())));
        }
        value = *std::move(text);
        if (absl::EndsWith(value, "\n")) value.pop_back();
      }
    }
    if (Known(app, flag)) {
      out.push_back(Argument(flag, value));
    } else {
      warnings.push_back(absl::StrCat("unknown variable ", name, " is ignored"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

Invocation FromProcess(int argc, char** argv) {
  Invocation invocation;
  for (int i = 1; i < argc; ++i) invocation.arguments.emplace_back(argv[i]);
  for (char** variable = environ; *variable; ++variable) invocation.environment.emplace_back(*variable);
  return invocation;
}

Outcome Load(CLI::App& app, const std::string& prefix, const Invocation& invocation) {
  Outcome outcome;
  std::string ignored;
  app.add_option("--config", ignored, "YAML file; its keys are the flags: grpc: {listen: ...}")
      ->type_name("FILE");
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() <= 1) option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }

  // One command line in rising precedence; of a repeated option the last one counts.
  std::vector<std::string> line;
  if (const std::string path = ConfigPath(prefix, invocation); !path.empty()) {
    outcome.status = AppendFile(app, path, line);
    if (!outcome.status.ok()) return outcome;
  }
  outcome.status = AppendEnvironment(app, prefix, invocation, line, outcome.warnings);
  if (!outcome.status.ok()) return outcome;
  line.insert(line.end(), invocation.arguments.begin(), invocation.arguments.end());
  std::reverse(line.begin(), line.end());  // CLI11 takes its vector from the back

  try {
    app.parse(line);
  } catch (const CLI::Success& e) {  // --help, --version
    app.exit(e);
    outcome.printed_help = true;
  } catch (const CLI::ParseError& e) {
    outcome.status = absl::InvalidArgumentError(absl::StrCat(e.what(), " (--help lists the options)"));
  }
  return outcome;
}

}  // namespace ipam::settings
