#include "adapters/simulator_kit/simulator.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

namespace zhida::simulator {
namespace {

// A signal handler may touch nothing else.
volatile std::sig_atomic_t stop_asked = 0;

extern "C" void on_stop_signal(int) {
  stop_asked = 1;
}

std::string usage(const std::vector<std::string>& own_names) {
  std::string line =
      "--world FILE --certs FOLDER --clock FILE --state FOLDER [--listen HOST:PORT | --hub HOST:PORT | --broker "
      "HOST:PORT] [--faults none|demo]";
  for (const auto& name : own_names) line += " [--" + name + " VALUE]";
  return line;
}

Result<std::pair<std::string, std::uint16_t>> host_and_port(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon != std::string::npos && colon > 0 && text.size() - colon <= 6) {
    int port = 0;
    bool digits = colon + 1 < text.size();
    for (std::size_t i = colon + 1; i < text.size(); ++i) {
      digits = digits && text[i] >= '0' && text[i] <= '9';
      port = port * 10 + (text[i] - '0');
    }
    if (digits && port <= 65535) return std::pair(text.substr(0, colon), static_cast<std::uint16_t>(port));
  }
  return refuse("usage", "\"" + text + "\" is no HOST:PORT.");
}

}  // namespace

Result<Arguments> parse_arguments(int argc, char** argv, const std::vector<std::string>& own_names) {
  Arguments arguments;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (!name.starts_with("--") || i + 1 >= argc)
      return refuse("usage", name + " is not understood: " + usage(own_names));
    const std::string option = name.substr(2);
    const std::string value = argv[i + 1];
    if (option == "world") {
      arguments.world = value;
    } else if (option == "certs") {
      arguments.certs = value;
    } else if (option == "clock") {
      arguments.clock = value;
    } else if (option == "state") {
      arguments.state = value;
    } else if (option == "listen") {
      std::tie(arguments.listen_host, arguments.listen_port) = TRY(host_and_port(value));
    } else if (option == "hub") {
      std::tie(arguments.hub_host, arguments.hub_port) = TRY(host_and_port(value));
    } else if (option == "broker") {
      std::tie(arguments.broker_host, arguments.broker_port) = TRY(host_and_port(value));
    } else if (option == "faults") {
      if (value != "none" && value != "demo")
        return refuse("usage", "--faults is none or demo, not \"" + value + "\".");
      arguments.faults = value;
    } else if (std::find(own_names.begin(), own_names.end(), option) != own_names.end()) {
      arguments.own[option] = value;
    } else {
      return refuse("usage", name + " is not understood: " + usage(own_names));
    }
  }
  if (arguments.state.empty()) return refuse("usage", "--state is missing: " + usage(own_names));
  return arguments;
}

Mood read_mood(const std::string& state_folder) {
  Mood mood;
  const auto text = read_file(state_folder + "/mood", 4096);
  if (!text) return mood;
  std::istringstream words(text.value());
  for (std::string word; words >> word;) {
    if (word == "rude") mood.rude = true;
    if (word == "absent") mood.absent = true;
    if (word.starts_with("slow=")) mood.slow = std::chrono::milliseconds(std::atol(word.c_str() + 5));
  }
  return mood;
}

Result<std::unique_ptr<StateLog>> StateLog::open(const std::string& path) {
  const auto failed = [&](const char* what) {
    return refuse("state_unusable", std::string(what) + " " + path + ": " + std::strerror(errno) + ".");
  };
  std::vector<Json> history;
  std::size_t good = 0;
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    const auto text = TRY(read_file(path, 1u << 30));
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      if (end == std::string::npos) break;  // The crash came before the line was whole.
      auto entry = parse_json(std::string_view(text).substr(at, end - at));
      if (!entry) return refuse("state_unusable", path + " holds a line that is no JSON: " + entry.error().message);
      history.push_back(std::move(entry.value()));
      at = good = end + 1;
    }
  }
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return failed("Cannot open");
  if (::ftruncate(file, static_cast<off_t>(good)) != 0 || ::lseek(file, 0, SEEK_END) < 0) {
    ::close(file);
    return failed("Cannot mend");
  }
  return std::unique_ptr<StateLog>(new StateLog(file, std::move(history)));
}

StateLog::~StateLog() {
  ::close(file_);
}

Result<void> StateLog::append(const Json& entry) {
  const auto line = entry.dump() + "\n";
  const Lock lock(mutex_);
  for (std::size_t written = 0; written < line.size();) {
    const auto count = ::write(file_, line.data() + written, line.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      return refuse("state_unusable", std::string("Cannot write the state: ") + std::strerror(errno) + ".");
    written += static_cast<std::size_t>(count);
  }
  if (::fdatasync(file_) != 0)
    return refuse("state_unusable", std::string("Cannot flush the state: ") + std::strerror(errno) + ".");
  return ok();
}

void Simulation::ready(std::uint16_t port) const {
  std::cout << "ready " << port << std::endl;
}

bool Simulation::stopping() const {
  return stop_asked != 0;
}

bool Simulation::wait(std::chrono::milliseconds at_most) const {
  const auto until = std::chrono::steady_clock::now() + at_most;
  while (!stopping() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(20ms, until - std::chrono::steady_clock::now()));
  return stopping();
}

int run(int argc, char** argv, const std::string& name, const std::vector<std::string>& own_names,
        const std::function<Result<void>(Simulation&)>& body) {
  struct sigaction action {};
  action.sa_handler = &on_stop_signal;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  auto arguments = parse_arguments(argc, argv, own_names);
  if (!arguments) {
    std::cerr << "sim_" << name << ": " << arguments.error().message << "\n";
    return 2;
  }
  std::unique_ptr<Clock> clock = std::make_unique<SystemClock>();
  if (!arguments.value().clock.empty()) {
    auto file_clock = FileClock::create(arguments.value().clock);
    if (!file_clock) {
      std::cerr << "sim_" << name << ": no time in " << arguments.value().clock << ": " << file_clock.error().message
                << "\n";
      return 2;
    }
    clock.reset(file_clock.value());
  }
  std::error_code error;
  std::filesystem::create_directories(arguments.value().state, error);
  if (error) {
    std::cerr << "sim_" << name << ": cannot make " << arguments.value().state << ": " << error.message() << "\n";
    return 2;
  }
  Simulation simulation(std::move(arguments.value()), std::move(clock), Log("sim_" + name));
  if (const auto done = body(simulation); !done) {
    std::cerr << "sim_" << name << ": " << done.error().message << "\n";
    return 1;
  }
  return 0;
}

}  // namespace zhida::simulator
