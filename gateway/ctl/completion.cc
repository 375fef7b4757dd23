#include "gateway/ctl/completion.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "gateway/ctl/kinds.h"
#include "gateway/ctl/text.h"

namespace ipam::ctl {
namespace {

using Stub = v1::ProgressService::Stub;
using Values = Completions::Values;

constexpr char kBash[] = R"sh(# bash completion of ipamctl
_ipamctl() {
  local cur=${COMP_WORDS[COMP_CWORD]} line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")
    else
      COMPREPLY+=("$line")
    fi
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _ipamctl ipamctl
)sh";

constexpr char kZsh[] = R"sh(#compdef ipamctl
_ipamctl() {
  local -a lines
  lines=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if (( ${lines[(Ie):files]} )); then
    lines=("${(@)lines:#:files}")
    _files
  fi
  lines=("${(@)lines:#}")
  (( ${#lines} )) && compadd -- "${lines[@]}"
}
if [ "$funcstack[1]" = "_ipamctl" ]; then _ipamctl "$@"; else compdef _ipamctl ipamctl; fi
)sh";

constexpr char kFish[] = R"sh(# fish completion of ipamctl
function __ipamctl_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c ipamctl -f -a '(__ipamctl_complete)'
)sh";

// As the command line says; the last one counts.
std::string GatewayOf(const std::vector<std::string>& words) {
  const char* environment = std::getenv("IPAM_GRPC");
  std::string gateway = environment != nullptr ? environment : kDefaultGateway;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with("--gateway=") && words[i].size() > 10) gateway = words[i].substr(10);
    if (words[i] != "--gateway") continue;
    const std::size_t value = i + 1 < words.size() && words[i + 1] == "=" ? i + 2 : i + 1;
    if (value < words.size()) gateway = words[value];
  }
  return gateway;
}

std::vector<std::string> AskOperations(Client& client, const std::string& prefix) {
  v1::ListOperationsRequest request;
  request.set_page_size(200);  // the newest
  v1::ListOperationsResponse response;
  std::vector<std::string> names;
  if (!client.Call(&Stub::AsyncListOperations, request, response).ok()) return names;
  for (const v1::Operation& operation : response.operations()) {
    const bool full = absl::StartsWith(prefix, "op");
    names.emplace_back(full ? operation.name()
                            : std::string(absl::StripPrefix(operation.name(), "operations/")));
  }
  return names;
}

std::vector<std::string> AskSources(Client& client) {
  v1::ListSourcesResponse response;
  std::vector<std::string> names;
  if (!client.Call(&Stub::AsyncListSources, v1::ListSourcesRequest(), response).ok()) return names;
  for (const v1::SourceStatus& source : response.sources()) names.push_back(source.source());
  return names;
}

}  // namespace

std::string CompletionScript(const std::string& shell) {
  return shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish;
}

ExitCode PrintCompletions(std::vector<std::string> words, const Output& output,
                          const std::atomic<bool>& interrupted) {
  if (words.empty()) words.emplace_back();
  std::string prefix = words.back();
  words.pop_back();
  if (prefix == "=") prefix.clear();
  Completions completions = Complete(words, prefix);
  if (completions.values == Values::kOperations || completions.values == Values::kSources) {
    Timing timing;
    timing.connect = absl::Seconds(1);
    timing.call = absl::Seconds(2);
    Client client(GatewayOf(words), timing, interrupted);
    completions.words =
        completions.values == Values::kSources ? AskSources(client) : AskOperations(client, prefix);
  }
  if (completions.values == Values::kKinds) {
    for (const OperationKind& kind : Kinds()) completions.words.push_back(kind.CommandName());
  }
  for (const std::string& word : completions.words) {
    const std::string whole = completions.head + word;
    if (absl::StartsWith(whole, prefix)) PrintText(output, Harmless(whole) + "\n");
  }
  if (completions.values == Values::kFiles) PrintText(output, ":files\n");
  return kSucceeded;
}

}  // namespace ipam::ctl
