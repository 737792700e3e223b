#pragma once

#include <csignal>
#include <initializer_list>

namespace gatehouse::app {

// Blocks `waited_for` in this thread, so in all that it starts: the caller takes them with sigwait. A broken
// pipe and a file beyond its size limit are errors of the write, not signals.
inline sigset_t block_signals(std::initializer_list<int> waited_for) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : waited_for) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return signals;
}

}  // namespace gatehouse::app
