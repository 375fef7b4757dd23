#include "gateway/ctl/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "gateway/ctl/kinds.h"

namespace ipam::ctl {
namespace {

constexpr char kDescription[] =
    "Starts operations of IP address management on a management server through ipam-gateway, and shows their "
    "progress.";

constexpr char kFooter[] = R"(Examples:
  ipamctl start scope.xml --watch          start an operation and follow it with bars
  ipamctl watch                            follow everything, until Ctrl-C
  ipamctl list --filter 'state=RUNNING'    what runs now
  ipamctl template create-dhcp-scope > scope.yaml; ipamctl start create-dhcp-scope --from scope.yaml
                                           the same without XML: edit the sample, then start it
  ipamctl results abc --failed             what went wrong
  ipamctl retry abc --failed --watch       submit what failed again
  ipamctl cancel abc --watch               ask an operation to stop, and follow it until it has
  ipamctl events operations/abc            the journal of one operation
  ipamctl doctor ipam1                     why a management server is not connected

Exit codes: 0 succeeded (with warnings too), 1 failed, 2 wrong usage, 3 partially failed, 4 outcome unknown,
5 gateway unreachable or call refused, 6 cancelled, 130 interrupted. Of several operations the worst:
4, 3, 1, 6, 0; a refused call (5) is before them.)";

constexpr char kRequestIdHelp[] =
    "Key that makes a repetition harmless: same key and content, same operation.\nDefault: a random one";

const std::map<std::string, ProgressMode> kModes = {{"auto", ProgressMode::kAuto},
                                                    {"tty", ProgressMode::kTty},
                                                    {"plain", ProgressMode::kPlain},
                                                    {"rawjson", ProgressMode::kRawJson},
                                                    {"quiet", ProgressMode::kQuiet}};

// What is wrong with "host:port", empty where nothing is. An IPv6 address stands in brackets.
std::string CheckAddress(const std::string& address) {
  const auto colon = address.rfind(':');
  const std::string host = address.substr(0, colon);
  int port = 0;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (colon == std::string::npos || host.empty() || host.find('/') != std::string::npos ||
      (!bracketed && host.find(':') != std::string::npos) ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 || port > 65535) {
    return "'" + address + "' is not HOST:PORT";
  }
  return "";
}

// "30s", "1m30s", or a number of seconds.
bool ParseTimeout(const std::string& text, absl::Duration& duration) {
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    return false;
  }
  return duration > absl::ZeroDuration() && duration <= absl::Hours(24);
}

std::string CheckTimeout(const std::string& text) {
  absl::Duration duration;
  return ParseTimeout(text, duration) ? "" : "'" + text + "' is no duration, such as 30s or 500ms";
}

// CLI11 itself takes a negative number for a very large one.
std::string CheckSequence(const std::string& text) {
  std::uint64_t value = 0;
  return absl::SimpleAtoi(text, &value) ? "" : "'" + text + "' is no sequence number";
}

std::string FullName(const std::string& name) {
  return absl::StartsWith(name, "operations/") ? name : "operations/" + name;
}

// Holds the strings that are converted after the parsing.
class CommandLine {
 public:
  CommandLine() : app_(kDescription, "ipamctl") {
    app_.set_version_flag("--version", std::string("ipamctl " IPAM_VERSION), "Print the version and leave");
    app_.require_subcommand(1);
    app_.fallthrough();  // the options of all commands may stand behind the command too
    app_.footer(kFooter);
    app_.add_option("--gateway", gateway_, "Address of the gateway's gRPC listener")
        ->envname("IPAM_GRPC")
        ->capture_default_str()
        ->type_name("HOST:PORT")
        ->check(CLI::Validator(CheckAddress, "", "address"));
    app_.add_option("--output", output_, "text: for people; json: one object, proto3 JSON")
        ->capture_default_str()
        ->type_name("text|json")
        ->check(CLI::IsMember({"text", "json"}).description(""));
    app_.add_option("--timeout", timeout_, "How long one call may take; a watch has no limit")
        ->capture_default_str()
        ->type_name("DURATION")
        ->check(CLI::Validator(CheckTimeout, "", "duration"));
    AddStart();
    AddWatch();
    AddTemplate();
    AddCancel();
    AddRetry();
    AddQueries();
    AddCompletion();
  }

  Completions Complete(const std::vector<std::string>& before, const std::string& prefix) const;

  ParsedOptions Parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
      std::ostringstream out;
      if (app_.exit(error, out, out) == 0) return {std::nullopt, kSucceeded, out.str()};
      const auto chosen = app_.get_subcommands();
      const std::vector<std::string> unknown = app_.remaining();
      if (chosen.empty() && !unknown.empty()) {
        return {std::nullopt, kUsage,
                "ipamctl: unknown command '" + unknown.front() + "' (see ipamctl --help)\n"};
      }
      const std::string help =
          chosen.empty() ? "ipamctl --help" : "ipamctl " + chosen.front()->get_name() + " --help";
      return {std::nullopt, kUsage, std::string("ipamctl: ") + error.what() + " (see " + help + ")\n"};
    }
    options_.gateway = gateway_;
    options_.json = output_ == "json";
    ParseTimeout(timeout_, options_.timeout);
    options_.progress = kModes.at(progress_);
    if (options_.json && options_.progress == ProgressMode::kAuto) options_.progress = ProgressMode::kRawJson;
    for (std::string& name : options_.names) name = FullName(name);
    if (const std::string wrong = TakeKind(); !wrong.empty()) return {std::nullopt, kUsage, wrong};
    return {options_, kSucceeded, ""};
  }

 private:
  // What is wrong with the kind of operation, empty where nothing is.
  std::string TakeKind() {
    if (options_.command == Command::kStart && from_.empty() && options_.files.empty()) {
      return "ipamctl: FILE is required (see ipamctl start --help)\n";
    }
    if (options_.command == Command::kStart && !from_.empty()) {
      if (options_.files.size() != 1) {
        return "ipamctl: with --from one kind of operation must stand behind start (see ipamctl start "
               "--help)\n";
      }
      options_.kind = options_.files.front();
      options_.files = std::move(from_);
    }
    if (options_.kind.empty()) return "";
    const OperationKind* kind = FindKind(options_.kind);
    if (kind == nullptr)
      return "ipamctl: '" + options_.kind + "' is no kind of operation (see ipamctl template --help)\n";
    options_.kind = kind->CommandName();
    return "";
  }

  CLI::App* Add(const char* name, Command command, const char* description) {
    CLI::App* added = app_.add_subcommand(name, description);
    added->footer("Options of all commands (--gateway, --output, --timeout): see ipamctl --help.");
    added->callback([this, command] { options_.command = command; });
    return added;
  }

  void AddProgress(CLI::App* command) {
    command
        ->add_option("--progress", progress_,
                     "How it is shown:\n"
                     "auto     bars on a terminal, else plain\n"
                     "tty      bars\n"
                     "plain    one line a change\n"
                     "rawjson  each frame as a line of JSON\n"
                     "quiet    nothing; the exit code tells")
        ->capture_default_str()
        ->type_name("auto|tty|plain|rawjson|quiet")
        ->check(CLI::IsMember({"auto", "tty", "plain", "rawjson", "quiet"}).description(""));
  }

  void AddStart() {
    CLI::App* start = Add("start", Command::kStart,
                          "Start one operation for each file of parameters, and print their names:\n"
                          "start FILE...                  files of XML\n"
                          "start KIND --from FILE         YAML or JSON, as `template KIND` prints it");
    start->add_option("FILE", options_.files, "XML of InitializeOperationParameters; -: standard input")
        ->type_name("");
    start
        ->add_option("--from", from_,
                     "YAML or JSON of the parameters of one KIND, which stands behind start, such as\n"
                     "create-dhcp-scope; -: standard input. Repeatable")
        ->type_name("FILE");
    CLI::Option* watch = start->add_flag("-w,--watch", options_.watch,
                                         "Follow them to their end; the exit code is the worst of theirs");
    start->add_option("--source", options_.source, "Management server, where the gateway has several")
        ->type_name("NAME");
    start
        ->add_option("--request-id", options_.request_id,
                     std::string(kRequestIdHelp) + ".\nWith several files -1, -2 ... is appended")
        ->type_name("ID");
    start->add_flag("--validate-only", options_.validate_only, "Check the parameters and start nothing")
        ->excludes(watch);
    AddProgress(start);
  }

  void AddTemplate() {
    std::string kinds = "Kinds:";
    for (const OperationKind& kind : Kinds()) kinds += "\n  " + kind.CommandName();
    CLI::App* command =
        Add("template", Command::kTemplate,
            "Print a commented sample of the parameters of an operation in YAML, for start --from;\n"
            "with --output json what of it is set, also for grpcurl and REST");
    command->footer(kinds);
    command->add_option("KIND", options_.kind, "Such as create-dhcp-scope")->required()->type_name("");
  }

  void AddRetry() {
    CLI::App* retry = Add("retry", Command::kRetry,
                          "Start an operation again for those of its entities that failed or were not run");
    retry->add_option("NAME", options_.names, "The operation, with or without \"operations/\"")
        ->required()
        ->expected(1)
        ->type_name("");
    retry
        ->add_flag("--failed", options_.failed,
                   "What failed or was not run: nothing else can be submitted again")
        ->required();
    CLI::Option* watch = retry->add_flag("-w,--watch", options_.watch,
                                         "Follow it to its end; the exit code is that of its end");
    retry->add_option("--request-id", options_.request_id, kRequestIdHelp)->type_name("ID");
    retry
        ->add_flag("--validate-only", options_.validate_only, "Say whether it can be done, and start nothing")
        ->excludes(watch);
    AddProgress(retry);
  }

  void AddCompletion() {
    CLI::App* completion =
        Add("completion", Command::kCompletion,
            "Print a script by which a shell completes commands, flags, kinds and the names of\n"
            "operations and sources, for which it asks the gateway:\n"
            "bash   source <(ipamctl completion bash)\n"
            "zsh    source <(ipamctl completion zsh)\n"
            "fish   ipamctl completion fish | source");
    completion->add_option("SHELL", options_.shell, "bash, zsh or fish")
        ->required()
        ->type_name("bash|zsh|fish")
        ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  }

  void AddWatch() {
    CLI::App* watch = Add("watch", Command::kWatch,
                          "Follow operations: their state first, then each change; reconnects by itself");
    watch->add_option("NAME", options_.names, "Operations, with or without \"operations/\"; none: all")
        ->type_name("");
    watch
        ->add_option("--filter", options_.filter,
                     "Only those that match (AIP-160), by state, kind, source, initiator, create_time")
        ->type_name("FILTER");
    watch->add_flag("--until-done", options_.until_done,
                    "End when every one of them has ended; the exit code is the worst of theirs");
    watch
        ->add_option("--resume-token", options_.resume_token,
                     "Go on behind a frame that was seen on any transport, without the state first")
        ->type_name("TOKEN");
    watch->add_flag("--latest", options_.latest, "Percentages may be skipped, states never");
    AddProgress(watch);
  }

  void AddCancel() {
    CLI::App* cancel =
        Add("cancel", Command::kCancel,
            "Ask operations to stop before their next subtask; one that has ended stays as it is");
    cancel->add_option("NAME", options_.names, "Operations, with or without \"operations/\"")
        ->required()
        ->type_name("");
    cancel->add_flag("-w,--watch", options_.watch,
                     "Follow them to their end; the exit code is the worst of theirs");
    AddProgress(cancel);
  }

  void AddQueries() {
    CLI::App* list = Add("list", Command::kList, "List operations, newest first");
    list->add_option("--filter", options_.filter,
                     "Only those that match (AIP-160), by state, kind, source, initiator, create_time:\n"
                     "'state=FAILED AND kind=CreateDnsZone'")
        ->type_name("FILTER");
    list->add_option("--limit", options_.limit, "At most so many; default: all")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000).description(""));

    CLI::App* get = Add("get", Command::kGet, "Show one operation with its subtasks");
    get->add_option("NAME", options_.names, "With or without \"operations/\"")
        ->required()
        ->expected(1)
        ->type_name("");

    CLI::App* results =
        Add("results", Command::kResults,
            "List what an operation did: each entity, its outcome, its record id, and why it failed");
    results->add_option("NAME", options_.names, "With or without \"operations/\"")
        ->required()
        ->expected(1)
        ->type_name("");
    results->add_flag("--failed", options_.failed, "Only those that failed or were not run");

    CLI::App* events = Add("events", Command::kEvents, "Print the journal of one operation");
    events->add_option("NAME", options_.names, "With or without \"operations/\"")
        ->required()
        ->expected(1)
        ->type_name("");
    events->add_option("--after", options_.after, "Only what came after this sequence number")
        ->type_name("N")
        ->check(CLI::Validator(CheckSequence, "", "sequence"));

    Add("sources", Command::kSources, "List the management servers and the state of the sessions to them");
    Add("doctor", Command::kDoctor,
        "Walk the way to a management server step by step; at the first failure say who refused, and what to "
        "change")
        ->add_option("SOURCE", options_.source, "Its name in `sources`; none: the only one")
        ->type_name("");
    Add("version", Command::kVersion, "Print the version");
  }

  CLI::App app_;
  Options options_;
  std::string gateway_ = kDefaultGateway;
  std::string output_ = "text";
  std::string timeout_ = "30s";
  std::string progress_ = "auto";
  std::vector<std::string> from_;
};

// The words of "bash|zsh|fish".
std::vector<std::string> Alternatives(const std::string& type_name) {
  if (type_name.find('|') == std::string::npos) return {};
  return absl::StrSplit(type_name, '|');
}

Completions::Values ValuesOf(const CLI::Option& option, const std::string& flag) {
  using Values = Completions::Values;
  if (flag == "--source" || option.get_name() == "SOURCE") return Values::kSources;
  if (option.get_name() == "KIND") return Values::kKinds;
  if (flag == "--from" || option.get_name() == "FILE") return Values::kFiles;
  return option.get_name() == "NAME" ? Values::kOperations : Values::kNone;
}

Completions CommandLine::Complete(const std::vector<std::string>& before, const std::string& prefix) const {
  Completions out;
  const CLI::App* command = nullptr;
  const CLI::Option* pending = nullptr;  // a flag whose value comes next
  std::string pending_flag;
  std::size_t positionals = 0;
  bool has_from = false;
  const auto find = [&](const std::string& flag) {
    const CLI::Option* option = command == nullptr ? nullptr : command->get_option_no_throw(flag);
    return option != nullptr ? option : app_.get_option_no_throw(flag);
  };
  for (const std::string& word : before) {
    if (word == "=") continue;
    if (pending != nullptr) {
      pending = nullptr;
    } else if (word.starts_with('-') && word != "-") {
      const std::string flag = word.substr(0, word.find('='));
      has_from = has_from || flag == "--from";
      const CLI::Option* option = find(flag);
      const bool takes_value = option != nullptr && option->get_items_expected_max() > 0;
      if (takes_value && flag.size() == word.size()) {
        pending = option;
        pending_flag = flag;
      }
    } else if (command == nullptr) {
      const auto named = app_.get_subcommands([&](const CLI::App* app) { return app->get_name() == word; });
      if (named.empty()) return out;
      command = named.front();
    } else {
      ++positionals;
    }
  }
  const auto take = [&](const CLI::Option& option, const std::string& flag) {
    out.words = Alternatives(option.get_type_name());
    out.values = ValuesOf(option, flag);
  };
  if (pending != nullptr) {
    take(*pending, pending_flag);
    return out;
  }
  if (const std::size_t equals = prefix.find('='); prefix.starts_with("--") && equals != std::string::npos) {
    const std::string flag = prefix.substr(0, equals);
    if (const CLI::Option* option = find(flag)) take(*option, flag);
    out.head = flag + "=";
    return out;
  }
  if (prefix.starts_with('-')) {
    for (const CLI::App* app : {command, &app_}) {
      if (app == nullptr) continue;
      for (const CLI::Option* option : app->get_options()) {
        for (const std::string& name : option->get_lnames()) out.words.push_back("--" + name);
      }
    }
    return out;
  }
  if (command == nullptr) {
    for (const CLI::App* each : app_.get_subcommands([](const CLI::App*) { return true; })) {
      out.words.push_back(each->get_name());
    }
    return out;
  }
  for (const CLI::Option* option : command->get_options()) {
    if (!option->get_positional()) continue;
    if (positionals > 0 && option->get_items_expected_max() == 1) continue;
    take(*option, "");
    // What stands behind start is a file, or a kind with --from behind or before it.
    if (command->get_name() == "start" && positionals == 0) {
      if (has_from) out.values = Completions::Values::kKinds;
      for (const OperationKind& kind : Kinds()) {
        if (!has_from) out.words.push_back(kind.CommandName());
      }
    }
    return out;
  }
  return out;
}

}  // namespace

Completions Complete(const std::vector<std::string>& before, const std::string& prefix) {
  return CommandLine().Complete(before, prefix);
}

ParsedOptions ParseOptions(std::vector<std::string> arguments) {
  return CommandLine().Parse(std::move(arguments));
}

}  // namespace ipam::ctl
