#include "store/key_maker.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

#include "db/file_locks.h"

namespace gatehouse::store {
namespace {

// Behind the places of servers (serving_mark.h). A number has 40 bits.
constexpr std::size_t kFirstMaker = std::size_t{1} << 48U;
constexpr std::uint64_t kNumbers = std::uint64_t{1} << 40U;

std::size_t place_of_maker(std::int64_t number) {
  return kFirstMaker + static_cast<std::size_t>(static_cast<std::uint64_t>(number) % kNumbers);
}

}  // namespace

Result<KeyMaker> KeyMaker::hold(const std::string& store, Entropy& entropy) {
  GATEHOUSE_TRY(db::FileLocks* const locks, db::FileLocks::of(store));
  for (;;) {
    std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
    entropy.fill(bytes);
    std::uint64_t drawn = 0;
    std::memcpy(&drawn, bytes.data(), sizeof drawn);
    const auto number = static_cast<std::int64_t>(drawn % kNumbers);
    GATEHOUSE_TRY(const bool mine, locks->lock(place_of_maker(number)));
    if (mine) return KeyMaker(*locks, number);
  }
}

KeyMaker::KeyMaker(KeyMaker&& other) noexcept
    : locks_(std::exchange(other.locks_, nullptr)), number_(other.number_) {}

KeyMaker::~KeyMaker() {
  if (locks_ != nullptr) give_back(number_);
}

Result<bool> KeyMaker::take_over(std::int64_t number) const { return locks_->lock(place_of_maker(number)); }

void KeyMaker::give_back(std::int64_t number) const { locks_->unlock(place_of_maker(number)); }

}  // namespace gatehouse::store
