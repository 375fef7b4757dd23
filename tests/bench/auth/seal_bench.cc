// What packet privacy costs for a PDU of 5,840 octets and for 64 KiB; the references are the RC4 and the HMAC-MD5 of nettle
// over the same octets, which no implementation of it goes without.
#include <benchmark/benchmark.h>
#include <nettle/arcfour.h>
#include <nettle/hmac.h>

#include <cstdlib>
#include <span>
#include <vector>

#include "dcom_bridge/auth/ntlm_channel.h"

namespace ipam::auth {
namespace {

constexpr std::size_t kHeader = 24;  // common header and request fields
constexpr std::size_t kTrailer = 8;  // sec_trailer

Key SomeKey(std::uint8_t first) {
  Key key;
  for (std::uint8_t& octet : key.value) octet = first++;
  return key;
}
NtlmChannel Channel() { return NtlmChannel(SomeKey(1), SomeKey(101), true); }

std::size_t Octets(const benchmark::State& state) { return static_cast<std::size_t>(state.range(0)); }

std::span<std::uint8_t> Body(base::Bytes& pdu) {
  return std::span(pdu).subspan(kHeader, pdu.size() - kHeader - kTrailer);
}

void SetBytes(benchmark::State& state) { state.SetBytesProcessed(state.iterations() * state.range(0)); }

void NettleRc4(benchmark::State& state) {
  base::Bytes pdu(Octets(state), 7);
  const Key key = SomeKey(101);
  arcfour_ctx context;
  arcfour_set_key(&context, key.value.size(), key.value.data());
  const auto body = Body(pdu);
  for (auto _ : state) {
    arcfour_crypt(&context, body.size(), body.data(), body.data());
    benchmark::ClobberMemory();
  }
  SetBytes(state);
}

void NettleRc4AndHmac(benchmark::State& state) {
  base::Bytes pdu(Octets(state), 7);
  const Key sign = SomeKey(1);
  const Key seal = SomeKey(101);
  arcfour_ctx context;
  arcfour_set_key(&context, seal.value.size(), seal.value.data());
  const auto body = Body(pdu);
  for (auto _ : state) {
    hmac_md5_ctx hmac;
    hmac_md5_set_key(&hmac, sign.value.size(), sign.value.data());
    hmac_md5_update(&hmac, pdu.size(), pdu.data());
    std::uint8_t digest[MD5_DIGEST_SIZE];
    hmac_md5_digest(&hmac, sizeof digest, digest);
    arcfour_crypt(&context, body.size(), body.data(), body.data());
    benchmark::DoNotOptimize(digest);
    benchmark::ClobberMemory();
  }
  SetBytes(state);
}

void Seal(benchmark::State& state) {
  NtlmChannel channel = Channel();
  base::Bytes pdu(Octets(state), 7);
  for (auto _ : state) {
    const auto signature = channel.Protect(pdu, Body(pdu));
    if (!signature.ok()) std::abort();
    benchmark::DoNotOptimize(signature->data());
  }
  SetBytes(state);
}

void Unseal(benchmark::State& state) {
  constexpr std::size_t kMessages = 256;  // sealed while the clock stands
  struct Sealed {
    base::Bytes pdu;
    base::Bytes signature;
  };
  NtlmChannel send = Channel();
  NtlmChannel receive = Channel();
  std::vector<Sealed> sealed(kMessages);
  std::size_t next = kMessages;
  for (auto _ : state) {
    if (next == kMessages) {
      state.PauseTiming();
      for (Sealed& message : sealed) {
        message.pdu.assign(Octets(state), 7);
        message.signature = send.Protect(message.pdu, Body(message.pdu)).value();
      }
      next = 0;
      state.ResumeTiming();
    }
    Sealed& message = sealed[next++];
    if (!receive.Unprotect(message.pdu, Body(message.pdu), message.signature).ok()) std::abort();
  }
  SetBytes(state);
}

BENCHMARK(NettleRc4)->Arg(5840)->Arg(65536);
BENCHMARK(NettleRc4AndHmac)->Arg(5840)->Arg(65536);
BENCHMARK(Seal)->Arg(5840)->Arg(65536);
BENCHMARK(Unseal)->Arg(5840)->Arg(65536);

}  // namespace
}  // namespace ipam::auth
