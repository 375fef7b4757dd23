// Bytes of a client against the frame decoder, whole and in pieces: both ways give the same items, within the
// bounds.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/web/url.h"
#include "gateway/web/ws_frame.h"

namespace {

constexpr std::size_t kLimit = 1000;

std::vector<std::string> Decode(std::string_view bytes, std::size_t step) {
  ipam::web::WsDecoder decoder(kLimit);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::string_view piece = bytes.substr(at, step);
    while (auto item = decoder.Next(&piece)) {
      std::string kind = std::to_string(item->index());
      if (const auto* text = std::get_if<ipam::web::WsText>(&*item)) {
        if (text->data.size() > kLimit || !ipam::web::IsUtf8(text->data)) std::abort();
        kind += text->data;
      }
      out.push_back(std::move(kind));
      if (item->index() >= 4) return out;
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (Decode(bytes, size) != Decode(bytes, 1 + data[size - 1] % 16)) std::abort();
  return 0;
}
