#include "net/loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <mutex>
#include <system_error>
#include <vector>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "net/task_group.h"

namespace gatehouse::net {
namespace {

[[noreturn]] void throw_system(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

struct Loop::Events : std::array<epoll_event, 256> {};

class Loop::Post final : public Mailbox, public Watcher {
 public:
  Post() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (event_ < 0) throw_system("eventfd");
  }
  Post(const Post&) = delete;
  Post& operator=(const Post&) = delete;
  ~Post() override { ::close(event_); }

  bool post(Message message) override {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    messages_.push_back(std::move(message));
    if (messages_.size() == 1) {
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = ::write(event_, &one, sizeof one);
    }
    return true;
  }

  void on_events(std::uint32_t) override {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(event_, &count, sizeof count);
    for (Message& message : take()) message();
  }

  // Drops the remaining messages.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    take();
  }
  int descriptor() const { return event_; }

 private:
  std::vector<Message> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }

  int event_;
  std::mutex mutex_;
  std::vector<Message> messages_;
  bool closed_ = false;
};

void spawn(Loop& loop, Task<void> task) {
  loop.tasks_->spawn(std::move(task), [](const std::exception_ptr&) { std::terminate(); });
}

Loop::Loop(const Clock& clock)
    : clock_(clock),
      now_(clock.monotonic()),
      timers_(now_),
      batch_(std::make_unique<Events>()),
      post_(std::make_shared<Post>()),
      scratch_(std::make_unique_for_overwrite<char[]>(2 * kScratch)),
      tasks_(std::make_unique<TaskGroup>(*this)) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) throw_system("epoll_create1");
  watch(post_->descriptor(), *post_);
}

Loop::~Loop() {
  cancel_tasks();
  post_->close();
  ::close(epoll_);
}

void Loop::cancel_tasks() { tasks_->destroy_all(); }

std::size_t Loop::tasks() const { return tasks_->running(); }

void Loop::run() {
  while (!stopping_) turn(Wait::yes);
  stopping_ = false;
}

void Loop::poll() { turn(Wait::no); }

void Loop::stop() {
  post([this] { stopping_ = true; });
}

void Loop::post(Mailbox::Message message) { post_->post(std::move(message)); }

std::shared_ptr<Mailbox> Loop::mailbox() const { return post_; }

void Loop::defer(Deferred& deferred, Order order) {
  deferred.link_before(order == Order::early ? early_ : late_);
}

void Loop::watch(int descriptor, Watcher& watcher) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &watcher;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) throw_system("epoll_ctl");
}

void Loop::unwatch(int descriptor, Watcher& watcher) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
  for (int i = next_event_; i < events_; ++i) {
    epoll_event& event = (*batch_)[static_cast<std::size_t>(i)];
    if (event.data.ptr == &watcher) event.data.ptr = nullptr;
  }
}

void Loop::turn(Wait wait) {
  next_event_ = 0;
  events_ = ::epoll_wait(epoll_, batch_->data(), static_cast<int>(batch_->size()),
                         wait == Wait::yes ? patience() : 0);
  if (events_ < 0 && errno != EINTR) throw_system("epoll_wait");
  now_ = clock_.monotonic();
  while (next_event_ < events_) {
    const epoll_event event = (*batch_)[static_cast<std::size_t>(next_event_++)];
    if (event.data.ptr != nullptr) static_cast<Watcher*>(event.data.ptr)->on_events(event.events);
  }
  events_ = 0;
  timers_.advance(now_);

  ListNode ready;  // calls that are deferred from here on wait for the next turn
  ready.take_all(early_);
  ready.take_all(late_);
  while (ready.linked()) {
    auto& deferred = static_cast<Deferred&>(*ready.next());
    deferred.unlink();
    deferred.run();
  }
}

int Loop::patience() const {
  if (early_.linked() || late_.linked() || stopping_) return 0;
  const auto next = timers_.next();
  if (!next) return -1;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*next - clock_.monotonic());
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(wait.count(), 0, 60'000));
}

}  // namespace gatehouse::net
