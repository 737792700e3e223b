// Random bytes are passed in, so that a test can repeat itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gatehouse {

class Entropy {
 public:
  virtual ~Entropy() = default;
  // Fills all of `out` with unpredictable bytes. Does not fail: a system without entropy aborts.
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

// getrandom(2), drawn in blocks so that a request id costs no system call. One instance for each thread.
class SystemEntropy final : public Entropy {
 public:
  SystemEntropy() = default;
  SystemEntropy(const SystemEntropy&) = delete;
  SystemEntropy& operator=(const SystemEntropy&) = delete;
  ~SystemEntropy() override;
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint8_t block_[4096];
  std::size_t left_ = 0;  // unused bytes at the end of block_
};

}  // namespace gatehouse
