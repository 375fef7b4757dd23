// Any bytes, split anywhere, from a server to a client that waits for a bind_ack, or that is bound and has
// calls out. Every call must end exactly once.
#include <cstdint>
#include <cstdlib>

#include "tests/unit/rpc/support/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ipam;
  if (size < 2) return 0;
  const std::uint8_t start = data[0];
  const std::size_t piece = data[1] == 0 ? size : data[1];
  rpc::ClientOptions options;
  options.max_stub = 1 << 16;
  if (start % 2 == 1) {
    options.level = auth::AuthLevel::kPrivacy;
    options.security =
        rpc_test::FakeInitiator(start % 4 == 1 ? auth::AuthType::kNtlm : auth::AuthType::kSpnego);
  }
  rpc_test::Server server;
  rpc_test::Client client(std::move(options));
  client.Do(client.association.Open({rpc_test::kEcho}));
  if (start >= 128) rpc_test::Exchange(client, server);
  const rpc::CallId first = client.Call({rpc_test::kEcho, 1, {}, {1, 2, 3}});
  client.Call({rpc_test::kOther, 2, {}, {}});
  const base::ByteView input(data + 2, size - 2);
  for (std::size_t at = 0; at < input.size(); at += piece) {
    client.Feed(input.subspan(at, std::min(piece, input.size() - at)));
  }
  client.Do(client.association.Cancel(first));
  client.Do(client.association.OnClosed(absl::OkStatus()));
  if (client.done_count != 2 || client.results.size() != 2) std::abort();
  return 0;
}
