#include "server/body_reader.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/counted_memory.h"

namespace gatehouse::server {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::size_t kPiece = std::size_t{16} << 10U;
constexpr std::size_t kLeastRead = 1024;  // less space is not worth a system call
constexpr std::size_t kUploadPiece = std::size_t{64} << 10U;
constexpr std::int64_t kSlowestUpload = 8 << 10;  // bytes per second

Refusal refusal_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::timeout: return Refusal(Reason::body_late);
    default: return Refusal(Reason::client_gone);
  }
}

}  // namespace

http::Progress ChunksInPlace::take(std::span<char> text, std::uint64_t most) {
  for (at_ = end_;;) {
    const http::ChunkedDecoder::Step step = decoder_.next({text.data() + at_, text.size() - at_});
    if (step.progress == http::Progress::malformed) {
      reason_ = decoder_.reason();
      return step.progress;
    }
    at_ += step.consumed;
    if (!step.data.empty()) {
      if (size() == 0) begin_ = end_ = static_cast<std::size_t>(step.data.data() - text.data());
      char* const place = text.data() + end_;
      if (place != step.data.data()) std::memmove(place, step.data.data(), step.data.size());
      end_ += step.data.size();
      if (size() > most) return http::Progress::malformed;
    }
    if (step.progress == http::Progress::complete || step.data.empty()) return step.progress;
  }
}

net::Task<Verdict<std::string_view>> ConnectionBody::read(std::uint64_t most, CallerShares::Lease& memory) {
  stream_.set_deadline(stream_.loop().now() + timeout_);
  if (head_.expects_continue && arrived().empty()) {
    const auto written = co_await stream_.write(kContinue);
    if (!written) co_return std::unexpected(refusal_of(written.error()));
  }
  if (head_.body.kind == http::BodyKind::chunked) {
    auto body = co_await read_chunked(most, memory);
    if (complete_) stream_.let_input_wait();
    co_return body;
  }
  if (head_.body.length > most) co_return refuse(Reason::body_too_large);
  auto body = co_await read_length(head_.body.length, memory);
  if (complete_) stream_.let_input_wait();
  co_return body;
}

// Grows with the bytes that arrive, not with the announced length.
Verdict<void> ConnectionBody::make_room(std::size_t size, CallerShares::Lease& memory) {
  if (size <= counted_) return {};
  const std::size_t wanted = std::max({size, 2 * counted_, kPiece});
  if (const auto grown = memory.grow(wanted - counted_); !grown) return out_of_memory(grown.error());
  counted_ = wanted;
  copied_.reserve(wanted);
  return {};
}

net::Task<Verdict<std::string_view>> ConnectionBody::read_length(std::uint64_t length,
                                                                 CallerShares::Lease& memory) {
  // In place where it fits behind the head, so that nothing is copied and nothing moves.
  while (arrived().size() < length) {
    const std::span<char> space = buffer_.space_in_place();
    if (space.size() < length - arrived().size()) break;
    const auto read = co_await stream_.read(space);
    if (!read) co_return std::unexpected(refusal_of(read.error()));
    if (*read == 0) co_return refuse(Reason::client_gone);
    buffer_.added(*read);
  }
  if (arrived().size() >= length) {
    used_ = length;
    complete_ = true;
    co_return arrived().substr(0, length);
  }
  GATEHOUSE_CO_CHECK(make_room(arrived().size(), memory));
  copied_.assign(arrived());
  used_ = copied_.size();
  while (copied_.size() < length) {
    const std::size_t before = copied_.size();
    const std::size_t after = before + std::min<std::uint64_t>(length - before, kPiece);
    GATEHOUSE_CO_CHECK(make_room(after, memory));
    copied_.resize(after);
    const auto read = co_await stream_.read(std::span(copied_).subspan(before));
    if (!read) co_return std::unexpected(refusal_of(read.error()));
    if (*read == 0) co_return refuse(Reason::client_gone);
    copied_.resize(before + *read);
    read_ = copied_.size();
  }
  complete_ = true;
  co_return copied_;
}

// In the buffer where it fits behind the head, so that nothing is allocated; else in `copied_`.
net::Task<Verdict<std::string_view>> ConnectionBody::read_chunked(std::uint64_t most,
                                                                  CallerShares::Lease& memory) {
  ChunksInPlace chunks;
  for (;;) {
    if (auto ended = take(chunks, buffer_.bytes_in_place().subspan(head_size_), most)) {
      used_ = chunks.behind();
      co_return *std::move(ended);
    }
    buffer_.keep(head_size_ + chunks.end());
    const std::span<char> space = buffer_.space_in_place();
    if (space.size() < kLeastRead) break;
    const auto read = co_await stream_.read(space);
    if (!read) co_return std::unexpected(refusal_of(read.error()));
    if (*read == 0) co_return refuse(Reason::client_gone);
    buffer_.added(*read);
  }
  GATEHOUSE_CO_CHECK(make_room(chunks.size() + kLeastRead, memory));
  copied_.assign(arrived().substr(chunks.begin()));
  used_ = arrived().size();
  chunks.moved();
  for (;;) {
    const std::size_t before = copied_.size();
    GATEHOUSE_CO_CHECK(make_room(before + kLeastRead, memory));
    copied_.resize(std::min(counted_, before + kPiece));
    const auto read = co_await stream_.read(std::span(copied_).subspan(before));
    if (!read) co_return std::unexpected(refusal_of(read.error()));
    if (*read == 0) co_return refuse(Reason::client_gone);
    copied_.resize(before + *read);
    if (auto ended = take(chunks, copied_, most)) {
      surplus_ = std::string_view(copied_).substr(chunks.behind());
      co_return *std::move(ended);
    }
    copied_.resize(chunks.end());
  }
}

std::optional<Verdict<std::string_view>> ConnectionBody::take(ChunksInPlace& chunks, std::span<char> text,
                                                              std::uint64_t most) {
  const http::Progress progress = chunks.take(text, most);
  read_ = chunks.size();
  if (progress == http::Progress::need_more) return std::nullopt;
  if (progress == http::Progress::malformed) {
    if (const auto reason = chunks.reason()) return refuse(Reason::malformed_http, http::name(*reason));
    return refuse(Reason::body_too_large);
  }
  complete_ = true;
  return std::string_view(text.data() + chunks.begin(), chunks.size());
}

net::Task<Verdict<std::string_view>> ConnectionBody::next(std::uint64_t most, CallerShares::Lease& memory) {
  if (complete_) co_return std::string_view();
  if (!patience_) {
    patience_ = timeout_;
    if (head_.expects_continue && arrived().empty()) {
      stream_.set_deadline(stream_.loop().now() + timeout_);
      const auto written = co_await stream_.write(kContinue);
      if (!written) co_return std::unexpected(refusal_of(written.error()));
    }
    auto first = first_piece(most, memory);
    if (!first || !first->empty() || complete_) co_return first;
  }
  auto piece = co_await next_of_stream(most, memory);
  co_return piece;
}

Verdict<std::string_view> ConnectionBody::first_piece(std::uint64_t most, CallerShares::Lease& memory) {
  const std::string_view there = arrived();
  if (head_.body.kind == http::BodyKind::chunked) {
    // A copy: the head, and what is behind the body, stay where they are.
    GATEHOUSE_CHECK(make_room(std::max(there.size(), kUploadPiece), memory));
    copied_.assign(there);
    from_buffer_ = true;
    auto piece = decode(copied_.size(), most);
    if (!complete_) used_ = there.size();
    from_buffer_ = false;
    return piece;
  }
  if (head_.body.length > most) return refuse(Reason::body_too_large);
  used_ = std::min<std::uint64_t>(there.size(), head_.body.length);
  read_ = used_;
  left_ = head_.body.length - used_;
  complete_ = left_ == 0;
  return there.substr(0, used_);
}

net::Task<Verdict<std::string_view>> ConnectionBody::next_of_stream(std::uint64_t most,
                                                                    CallerShares::Lease& memory) {
  const bool chunked = head_.body.kind == http::BodyKind::chunked;
  GATEHOUSE_CO_CHECK(make_room(kUploadPiece, memory));
  for (;;) {
    copied_.resize(kUploadPiece);
    const std::span<char> space =
        std::span(copied_).first(chunked ? kPiece : std::min<std::uint64_t>(left_, kUploadPiece));
    const MonotonicTime begun = stream_.loop().now();
    stream_.set_deadline(begun + *patience_);
    const auto read = co_await stream_.read(space);
    if (!read) co_return std::unexpected(refusal_of(read.error()));
    if (*read == 0) co_return refuse(Reason::client_gone);
    std::size_t size = *read;
    // What is there already, so that the upstream gets larger pieces.
    while (size < space.size()) {
      const auto more = stream_.try_read(space.subspan(size));
      if (!more || !*more || **more == 0) break;  // an end or error shows again with the next read
      size += **more;
    }
    const auto worth =
        std::chrono::nanoseconds(std::chrono::seconds(static_cast<std::int64_t>(size))) / kSlowestUpload;
    patience_ = std::min(timeout_, *patience_ + worth - (stream_.loop().now() - begun));
    if (!chunked) {
      read_ += size;
      left_ -= size;
      complete_ = left_ == 0;
      co_return std::string_view(copied_).substr(0, size);
    }
    auto piece = decode(size, most);
    if (!piece || !piece->empty() || complete_) co_return piece;
  }
}

Verdict<std::string_view> ConnectionBody::decode(std::size_t size, std::uint64_t most) {
  std::string_view rest = std::string_view(copied_).substr(0, size);
  char* const begin = copied_.data();
  std::size_t decoded = 0;
  while (!complete_) {
    const http::ChunkedDecoder::Step step = decoder_.next(rest);
    if (step.progress == http::Progress::malformed)
      return refuse(Reason::malformed_http, http::name(decoder_.reason()));
    rest.remove_prefix(step.consumed);
    if (step.data.size() > most - read_) {
      read_ += step.data.size();
      return refuse(Reason::body_too_large);
    }
    read_ += step.data.size();
    if (!step.data.empty()) std::memmove(begin + decoded, step.data.data(), step.data.size());
    decoded += step.data.size();
    complete_ = step.progress == http::Progress::complete;
    if (step.data.empty()) break;
  }
  // What is behind the end belongs to the next request, as in read_chunked().
  if (complete_ && from_buffer_) used_ = size - rest.size();
  if (complete_ && !from_buffer_) {
    used_ = arrived().size();
    surplus_ = rest;
  }
  return std::string_view(begin, decoded);
}

std::uint64_t ConnectionBody::arrived_bytes() const {
  if (head_.body.kind != http::BodyKind::length) return read_;
  return std::max(read_, std::min<std::uint64_t>(arrived().size(), head_.body.length));
}

std::optional<std::size_t> ConnectionBody::used() const {
  if (head_.body.kind == http::BodyKind::none ||
      (head_.body.kind == http::BodyKind::length && head_.body.length == 0)) {
    return 0;
  }
  if (complete_) return used_;
  // The body was not read: if all of it has arrived it can be skipped.
  if (head_.body.kind == http::BodyKind::length && arrived().size() >= head_.body.length)
    return head_.body.length;
  return std::nullopt;
}

}  // namespace gatehouse::server
