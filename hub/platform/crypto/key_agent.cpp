#include "platform/crypto/key_agent.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mutex.h"
#include "platform/crypto/key_agent_wire_internal.h"

namespace zhida::crypto {
namespace {

using namespace agent_wire;
using SteadyTime = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

constexpr milliseconds kGreetingPatience{15'000};  // scrypt takes its time on a busy machine.
constexpr milliseconds kFirstPause{50}, kLongestPause{2'000};

int milliseconds_until(SteadyTime deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return left <= 0 ? 0 : static_cast<int>(left);
}

struct Descriptor {
  int number = -1;
  Descriptor() = default;
  explicit Descriptor(int descriptor) : number(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : number(std::exchange(other.number, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number, other.number);
    return *this;
  }
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

/// Above the numbers that the child will find its own under.
Descriptor out_of_the_way(int descriptor) {
  const Descriptor old(descriptor);
  return Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, 16));
}

struct Link {
  std::shared_ptr<const Descriptor>
      socket;  // Shared with whoever reads: the number must not go to another file under it.
  pid_t child = 0;
  int number() const { return socket ? socket->number : -1; }
};

void end_child(pid_t child) {
  if (child <= 0) return;
  ::kill(child, SIGTERM);
  for (int i = 0; i < 200; ++i) {
    if (::waitpid(child, nullptr, WNOHANG) != 0) return;
    std::this_thread::sleep_for(milliseconds(5));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

Result<Link> start_child(const KeyAgentOptions& options) {
  constexpr int kSocket = 3, kPassphrase = 4;
  int pair[2], pipe[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || ::pipe2(pipe, O_CLOEXEC) != 0) {
    return retry("key_agent_missing", std::string("No connection for the key process: ") + std::strerror(errno) + ".");
  }
  Link link;
  link.socket = std::make_shared<const Descriptor>(pair[0]);
  const Descriptor theirs = out_of_the_way(pair[1]), read_end = out_of_the_way(pipe[0]);
  Descriptor write_end(pipe[1]);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, theirs.number, kSocket);
  posix_spawn_file_actions_adddup2(&actions, read_end.number, kPassphrase);
  // A group of its own: a Ctrl-C at the hub's terminal must not take the key away before the hub has finished. Nothing
  // is blocked in the child as it is in the hub.
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes,
                           static_cast<short>(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  std::string words[] = {options.program, "--key", options.key_file, "--connection", "3", "--passphrase-fd", "4"};
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  char path[] = "PATH=/usr/bin:/bin";
  char* environment[] = {path, nullptr};  // Nothing of ours: it may hold secrets of others.
  const int failed =
      ::posix_spawn(&link.child, options.program.c_str(), &actions, &attributes, arguments.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) {
    return refuse("key_agent_missing", options.program + " cannot be started: " + std::strerror(failed) + ".");
  }
  const std::string& secret = options.passphrase.reveal();  // Far below what a pipe takes without a reader.
  if (!secret.empty() && ::write(write_end.number, secret.data(), secret.size()) < 0) {
    end_child(link.child);
    return retry("key_agent_missing", "The key process did not take its passphrase.");
  }
  return link;
}

Result<Link> connect_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return refuse("key_agent_missing", path + " is too long for a socket.");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Link link;
  link.socket = std::make_shared<const Descriptor>(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (link.number() < 0 || ::connect(link.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return retry("key_agent_missing", "No zhida-keyd answers at " + path + ": " + std::strerror(errno) + ".");
  }
  return link;
}

/// Reads exactly that many octets, or gives what went wrong in one word.
const char* read_exactly(int socket, char* into, std::size_t size, SteadyTime deadline) {
  for (std::size_t have = 0; have < size;) {
    pollfd wait{socket, POLLIN, 0};
    const int ready = ::poll(&wait, 1, milliseconds_until(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return "it says nothing";
    const ssize_t got = ::recv(socket, into + have, size - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return "it ended at once; its reason is on standard error";
    have += static_cast<std::size_t>(got);
  }
  return nullptr;
}

class AgentKey final : public SigningKey {
 public:
  explicit AgentKey(KeyAgentOptions options) : options_(std::move(options)) {}
  ~AgentKey() override {
    link_.socket.reset();  // A child of ours ends by itself then.
    end_child(link_.child);
  }

  Result<void> begin() {
    auto link = TRY(open());
    const auto greeting = TRY(greet(link));
    alg_ = greeting.first;
    point_ = greeting.second;
    link_ = std::move(link);
    return ok();
  }

  Alg alg() const override { return alg_; }
  const Bytes& public_point() const override { return point_; }

  Result<RawSignature> sign_e(ByteView e) const override {
    if (e.size() != 32) return refuse("signing_failed", "A digest has 32 octets.");
    const SteadyTime deadline = std::chrono::steady_clock::now() + options_.patience;
    Lock lock(mutex_);
    const std::uint32_t number = ++last_number_;
    Answer answer;
    waiting_[number] = &answer;
    const auto result = wait_for(lock, number, e, answer, deadline);
    waiting_.erase(number);
    return result;
  }

 private:
  struct Answer {
    std::optional<RawSignature> signature;
    bool refused = false;
    std::uint64_t asked_on = 0;  // The link that the request went out on; 0: none yet.
  };

  Result<RawSignature> wait_for(Lock& lock, std::uint32_t number, ByteView e, Answer& answer, SteadyTime deadline) const
      REQUIRES(mutex_) {
    while (true) {
      if (answer.signature) return *answer.signature;
      if (answer.refused) return refuse("signing_failed", "The key process refused to sign.");
      if (std::chrono::steady_clock::now() >= deadline) {
        return retry("key_away", "The key process is away; the signature was not made. It is looked for again.");
      }
      if (link_.number() < 0) {
        bring_back(lock, deadline);
        continue;
      }
      if (answer.asked_on != generation_) {
        answer.asked_on = generation_;
        Bytes request;
        append_number(request, number);
        request += e;
        if (::send(link_.number(), request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size())) {
          lose("it takes no more requests");
        }
        continue;
      }
      if (someone_reads_) {
        changed_.wait_until(lock, deadline);
      } else {
        read_answers(lock, deadline);
      }
    }
  }

  /// One of the waiting threads reads for all of them: no thread of its own, no switch more than needed.
  void read_answers(Lock& lock, SteadyTime deadline) const REQUIRES(mutex_) {
    someone_reads_ = true;
    const auto socket = link_.socket;
    char buffer[64 * kAnswerBytes];
    lock.unlock();
    pollfd wait{socket->number, POLLIN, 0};
    ssize_t got = -1;
    const int ready = ::poll(&wait, 1, milliseconds_until(deadline));
    if (ready > 0) got = ::recv(socket->number, buffer, sizeof buffer, MSG_DONTWAIT);
    const bool nothing = ready <= 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
    lock.lock();
    someone_reads_ = false;
    if (!nothing && got <= 0) {
      lose("it is gone");
    } else if (!nothing) {
      received_.append(buffer, static_cast<std::size_t>(got));
      take_answers();
    }
    changed_.notify_all();
  }

  void take_answers() const REQUIRES(mutex_) {
    std::size_t at = 0;
    for (; received_.size() - at >= kAnswerBytes; at += kAnswerBytes) {
      const ByteView text = ByteView(received_).substr(at, kAnswerBytes);
      const auto asked = waiting_.find(read_number(text));
      if (asked == waiting_.end()) continue;  // Whoever asked has given up.
      if (text[4] != '\0') {
        asked->second->refused = true;
        continue;
      }
      RawSignature raw;
      std::memcpy(raw.data(), text.data() + 5, raw.size());
      asked->second->signature = raw;
    }
    received_.erase(0, at);
  }

  void lose(const char* why) const REQUIRES(mutex_) {
    if (link_.number() < 0) return;
    log_.error("The key process was lost; signatures wait until it is back.", {{"why", why}});
    ::shutdown(link_.number(), SHUT_RDWR);  // Wakes whoever reads.
    link_.socket.reset();
    received_.clear();
    changed_.notify_all();
  }

  void bring_back(Lock& lock, SteadyTime deadline) const REQUIRES(mutex_) {
    if (someone_opens_ || someone_reads_) {  // Whoever reads would take the new link for lost.
      changed_.wait_until(lock, deadline);
      return;
    }
    someone_opens_ = true;
    const pid_t old = std::exchange(link_.child, 0);
    const milliseconds pause = pause_;
    lock.unlock();
    end_child(old);
    auto link = open();
    bool same = false;
    if (link) {
      const auto greeting = greet(link.value());
      same = greeting.has_value() && greeting.value().first == alg_ && greeting.value().second == point_;
      if (greeting.has_value() && !same) log_.error("The key process came back with another key; it is not used.");
      if (!same) end_child(link.value().child);
    }
    if (!same) std::this_thread::sleep_for(std::min(pause, milliseconds(milliseconds_until(deadline))));
    lock.lock();
    someone_opens_ = false;
    if (same) {
      link_ = std::move(link).value();
      ++generation_;
      pause_ = kFirstPause;
      log_.info("The key process is back.");
    } else {
      pause_ = std::min(2 * pause_, kLongestPause);
    }
    changed_.notify_all();
  }

  Result<Link> open() const {
    return options_.socket.empty() ? start_child(options_) : connect_socket(options_.socket);
  }

  Result<std::pair<Alg, Bytes>> greet(const Link& link) const {
    const SteadyTime deadline = std::chrono::steady_clock::now() + kGreetingPatience;
    char greeting[kGreetingBytes];
    if (const char* why = read_exactly(link.number(), greeting, sizeof greeting, deadline)) {
      end_child(link.child);
      return refuse("key_agent_refused", std::string("The key process gives no key: ") + why + ".");
    }
    const ByteView text(greeting, sizeof greeting);
    if (!text.starts_with(kMagic) ||
        (text[8] != octet_of(Alg::sm2_sm3) && text[8] != octet_of(Alg::ecdsa_p256_sha256))) {
      end_child(link.child);
      return refuse("key_agent_strange", "What answers is no zhida-keyd of this version.");
    }
    return std::pair(text[8] == octet_of(Alg::sm2_sm3) ? Alg::sm2_sm3 : Alg::ecdsa_p256_sha256, Bytes(text.substr(9)));
  }

  const KeyAgentOptions options_;
  Alg alg_ = Alg::sm2_sm3;
  Bytes point_;
  Log log_{"keys"};

  mutable Mutex mutex_;
  mutable Condition changed_;
  mutable Link link_ GUARDED_BY(mutex_);
  mutable std::uint64_t generation_ GUARDED_BY(mutex_) = 1;
  mutable std::uint32_t last_number_ GUARDED_BY(mutex_) = 0;
  mutable std::map<std::uint32_t, Answer*> waiting_ GUARDED_BY(mutex_);
  mutable Bytes received_ GUARDED_BY(mutex_);
  mutable bool someone_reads_ GUARDED_BY(mutex_) = false;
  mutable bool someone_opens_ GUARDED_BY(mutex_) = false;
  mutable milliseconds pause_ GUARDED_BY(mutex_) = kFirstPause;
};

}  // namespace

Result<std::unique_ptr<SigningKey>> connect_key_agent(const KeyAgentOptions& options) {
  auto key = std::make_unique<AgentKey>(options);
  CHECK_OK(key->begin());
  return std::unique_ptr<SigningKey>(std::move(key));
}

}  // namespace zhida::crypto
