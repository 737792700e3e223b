#include "schema/byte_runs.h"

#include <fmt/format.h>

namespace gatehouse::schema {

bool needs_no_going_back(const std::vector<ByteRun>& runs) {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].least == runs[i].most) continue;
    for (std::size_t k = i + 1; k < runs.size(); ++k) {
      for (std::size_t w = 0; w < 4; ++w) {
        if ((runs[i].set[w] & runs[k].set[w]) != 0) return false;
      }
      if (runs[k].least > 0) break;
    }
  }
  return true;
}

namespace {

constexpr std::size_t kLongestRepeated = 64 * 1024;

std::string times(const std::string& part, std::uint64_t least, std::uint64_t most) {
  return part + fmt::format("{{{},{}}}", least, most);
}

// Up to `most` of them. So nested, only two of the copies can be the next to read for each place where the
// text may have entered: side by side, it would be all.
std::string up_to(const std::string& part, std::uint64_t most) {
  std::string text;
  std::string end;
  for (; most > kMostRepeats; most -= kMostRepeats) {
    text += "(?:" + times(part, 0, kMostRepeats - 1) + "|" + times(part, kMostRepeats, kMostRepeats);
    end += ')';
  }
  return text + times(part, 0, most) + end;
}

}  // namespace

bool repeat(std::string& re2, std::size_t begin, std::uint64_t least, std::uint64_t most) {
  const std::string part = re2.substr(begin);
  const std::uint64_t chunks = (most == kEndlessly ? least : most) / kMostRepeats;
  if (chunks * 2 > kLongestRepeated / (part.size() + 16)) {
    re2 += fmt::format("{{{},{}}}", least, most);
    return false;
  }
  re2.resize(begin);
  std::uint64_t must = least;
  for (; must > kMostRepeats; must -= kMostRepeats) re2 += times(part, kMostRepeats, kMostRepeats);
  if (most == kEndlessly) {
    re2 += must == 0 ? part + "*" : must == 1 ? part + "+" : part + fmt::format("{{{},}}", must);
  } else if (must + (most - least) <= kMostRepeats) {
    re2 += times(part, must, must + (most - least));
  } else {
    re2 += times(part, must, must) + up_to(part, most - least);
  }
  return true;
}

}  // namespace gatehouse::schema
