// The frame of every simulator program: arguments, clock, state that survives a kill, faults that can be switched at
// run time, a clean stop. It knows nothing of the hub.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"

namespace zhida::simulator {

/// `sim_<name> --world D/town/world.db --certs D/certs --clock D/clock --state D/sim/<name>
///  [--listen 127.0.0.1:PORT | --hub 127.0.0.1:PORT | --broker 127.0.0.1:PORT] [--faults none|demo]` and the program's
/// own `--name value` pairs.
struct Arguments {
  std::string world, certs, clock, state;
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 0;  ///< 0: any free port.
  std::string hub_host;           ///< Empty: not given.
  std::uint16_t hub_port = 0;
  std::string broker_host;  ///< An AMQP 1.0 broker on this machine, where the hub is a client as well.
  std::uint16_t broker_port = 0;
  std::string faults = "none";
  std::map<std::string, std::string> own;  ///< `--treasury-state x` → {"treasury-state", "x"}
};

/// Error `usage` with a sentence that ends in the usage line.
Result<Arguments> parse_arguments(int argc, char** argv, const std::vector<std::string>& own_names);

/// What the outside system does wrong as a whole, beside the deliberate faults of its data.
struct Mood {
  std::chrono::milliseconds slow{0};  ///< Waits before each answer.
  bool rude = false;                  ///< Answers with nonsense: a log-in page, a broken frame.
  bool absent = false;                ///< Answers nothing: drops the connection, takes no messages.
};

/// Read anew from `<state>/mood` at each call, so that a test or the demo switches at run time by writing that file:
/// words `slow=<ms>`, `rude`, `absent`, apart by blanks or line ends. No file: all is well.
Mood read_mood(const std::string& state_folder);

/// Lines that survive kill -9: each is flushed to disk before append() comes back. A last line that was cut off by a
/// crash is dropped when the file is opened. Any thread.
class StateLog {
 public:
  static Result<std::unique_ptr<StateLog>> open(const std::string& path);
  ~StateLog();
  StateLog(const StateLog&) = delete;
  StateLog& operator=(const StateLog&) = delete;
  Result<void> append(const Json& entry);
  /// What stood in the file when it was opened, in order.
  const std::vector<Json>& history() const { return history_; }

 private:
  StateLog(int file, std::vector<Json> history) : file_(file), history_(std::move(history)) {}
  int file_;
  std::vector<Json> history_;
  Mutex mutex_;
};

/// What a simulator's body may use.
class Simulation {
 public:
  Simulation(Arguments arguments, std::unique_ptr<Clock> clock, Log log)
      : arguments_(std::move(arguments)), clock_(std::move(clock)), log_(std::move(log)) {}

  const Arguments& arguments() const { return arguments_; }
  const Clock& clock() const { return *clock_; }  ///< The business clock.
  const Log& log() const { return log_; }
  bool demo_faults() const { return arguments_.faults == "demo"; }
  Mood mood() const { return read_mood(arguments_.state); }
  /// Prints `ready <port>` on standard output, once. A simulator that dials prints port 0.
  void ready(std::uint16_t port) const;
  /// True from SIGTERM or SIGINT on.
  bool stopping() const;
  /// Waits until stopping or, with a limit, at most that long; gives stopping().
  bool wait(std::chrono::milliseconds at_most = std::chrono::hours(24 * 365)) const;

 private:
  Arguments arguments_;
  std::unique_ptr<Clock> clock_;
  Log log_;
};

/// The whole main(): parses, opens the clock (a FileClock on --clock; real time without one), makes the state folder,
/// runs the body, and gives the exit code: 0, 2 for usage, 1 for an error of the body (its sentence goes to standard
/// error). The body serves until wait() says to stop, then cleans up and comes back.
int run(int argc, char** argv, const std::string& name, const std::vector<std::string>& own_names,
        const std::function<Result<void>(Simulation&)>& body);

}  // namespace zhida::simulator
