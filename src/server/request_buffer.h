// The bytes of a connection that have arrived and not been used. Holds memory only while there is something
// to hold.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace gatehouse::server {

class Worker;

class RequestBuffer {
 public:
  RequestBuffer(Worker& worker, std::size_t head_limit) : worker_(worker), head_limit_(head_limit) {}
  ~RequestBuffer() { release(); }
  RequestBuffer(const RequestBuffer&) = delete;
  RequestBuffer& operator=(const RequestBuffer&) = delete;

  std::string_view bytes() const { return {data_ + begin_, end_ - begin_}; }
  // The same, to be decoded in place.
  std::span<char> bytes_in_place() { return {data_ + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }

  // The place for the next read. Moves bytes to the front or into a larger buffer if there is no room: views
  // into bytes() are then invalid. Empty if the limit of a head is reached.
  std::span<char> space();
  // For a body: where the next read goes without moving anything; empty when the buffer is full.
  std::span<char> space_in_place() { return {data_ + end_, capacity_ - end_}; }
  void added(std::size_t size) { end_ += size; }
  // Drops the bytes after the first `size` ones.
  void keep(std::size_t size) { end_ = begin_ + size; }
  void consume(std::size_t size) {
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Bytes of the stream that were read too far. false: there is no room for them.
  bool put_back(std::string_view bytes);
  // Gives the memory back. Precondition: empty.
  void release();

 private:
  Worker& worker_;
  std::size_t head_limit_;
  std::unique_ptr<char[]> owned_;
  char* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace gatehouse::server
