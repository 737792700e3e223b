#include "target/upload.h"

#include <array>
#include <span>
#include <string_view>

#include "base/result.h"
#include "http/chunked.h"
#include "net/loop.h"

namespace gatehouse::target {

net::Task<Verdict<UploadEnd>> send_upload(net::Stream& upstream, RequestStream& upload,
                                          std::chrono::nanoseconds patience) {
  const bool chunked = !upload.length();
  for (;;) {
    // How long the client may take is the upload's business.
    upstream.clear_deadline();
    auto pulled = co_await upload.next();
    GATEHOUSE_CO_TRY(const std::string_view piece, std::move(pulled));
    const bool last = piece.empty();
    if (last && !chunked) co_return UploadEnd::sent;
    const http::ChunkHead head(piece.size());
    std::array<std::string_view, 3> parts{piece};
    std::size_t count = 1;
    if (chunked && last) {
      parts[0] = http::kLastChunk;
    } else if (chunked) {
      parts = {head.view(), piece, http::kChunkEnd};
      count = parts.size();
    }
    upstream.set_deadline(upstream.loop().now() + patience);
    const auto written = co_await upstream.write(std::span<const std::string_view>(parts).first(count));
    if (!written) co_return UploadEnd::not_taken;
    if (last) co_return UploadEnd::sent;
  }
}

}  // namespace gatehouse::target
