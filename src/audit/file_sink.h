// Lines of JSON to a file descriptor: stdout, or a file that is rotated.
#pragma once

#include <memory>
#include <string>

#include "audit/batch.h"
#include "base/units.h"

namespace gatehouse::audit {

// Standard output. Nothing is written twice after a failure: it continues at the byte where it stopped.
std::unique_ptr<Sink> stdout_sink();

struct FileOptions {
  std::string path;
  ByteCount rotate = mebibytes(100);  // a file grows no further, except by a batch that is larger
  unsigned keep = 14;                 // path.1 is the newest of the old ones; 0: none are kept
};

// Made with mode 0600, in a folder that is there. A line that a crash left unfinished is ended, not removed.
// A batch that does not fit on the disk is taken back as a whole.
Result<std::unique_ptr<Sink>> file_sink(FileOptions options);

}  // namespace gatehouse::audit
