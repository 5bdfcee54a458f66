// zhida-keyd: holds one private key in a process of its own and signs digests; it does nothing else.
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/crypto/key_agent_server.h"
#include "platform/crypto/secure_memory.h"

namespace {

using namespace zhida;

constexpr int kRefused = 1, kUsage = 2;
constexpr std::size_t kPassphraseBytesMax = 4096;

constexpr std::string_view kHelp =
    "Usage: zhida-keyd --key FILE --socket PATH [--allow-uid N]... [passphrase]\n"
    "       zhida-keyd --key FILE --connection FD [passphrase]        (as the hub starts it)\n"
    "\n"
    "Holds one private key (PKCS#8 PEM, mode 0600; SM2 or P-256) and signs digests of 32 octets for processes of its "
    "own\n"
    "user, and of those named. No core file, no debugger of the same user, memory locked where the system lets it.\n"
    "  --passphrase-file FILE | --passphrase-fd N | --passphrase-env NAME    never on the command line itself\n";

struct Options {
  std::string key, socket;
  std::optional<int> connection, passphrase_descriptor;
  std::string passphrase_file, passphrase_variable;
  std::vector<uid_t> others;
};

std::optional<int> number_of(const std::string& text) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::stoi(text);
}

Result<Options> parse(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    if (i + 1 == words.size()) return refuse("usage", "The option " + words[i] + " needs a value.");
    const std::string& name = words[i];
    const std::string& value = words[i + 1];
    const auto number = number_of(value);
    if (name == "--key") {
      options.key = value;
    } else if (name == "--socket") {
      options.socket = value;
    } else if (name == "--connection" && number) {
      options.connection = number;
    } else if (name == "--passphrase-fd" && number) {
      options.passphrase_descriptor = number;
    } else if (name == "--passphrase-file") {
      options.passphrase_file = value;
    } else if (name == "--passphrase-env") {
      options.passphrase_variable = value;
    } else if (name == "--allow-uid" && number) {
      options.others.push_back(static_cast<uid_t>(*number));
    } else {
      return refuse("usage", "The option " + name + " is unknown or wants another value.");
    }
  }
  if (options.key.empty() || options.socket.empty() == !options.connection) {
    return refuse("usage", "A key is needed, and either a socket or a connection.");
  }
  return options;
}

void drop_line_end(std::string& text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
}

Result<Secret<std::string>> passphrase_of(const Options& options) {
  std::string text;
  if (options.passphrase_descriptor) {
    char buffer[kPassphraseBytesMax];
    ssize_t got = 0;
    while (text.size() < sizeof buffer && (got = ::read(*options.passphrase_descriptor, buffer, sizeof buffer)) > 0) {
      text.append(buffer, static_cast<std::size_t>(got));
    }
    crypto::wipe(buffer, sizeof buffer);
    if (got < 0) return refuse("passphrase_unreadable", "The passphrase cannot be read from its descriptor.");
    ::close(*options.passphrase_descriptor);
  } else if (!options.passphrase_file.empty()) {
    text = TRY(read_file(options.passphrase_file, kPassphraseBytesMax));
  } else if (!options.passphrase_variable.empty()) {
    char* const value = std::getenv(options.passphrase_variable.c_str());
    if (value == nullptr)
      return refuse("passphrase_unreadable", "The variable " + options.passphrase_variable + " is not set.");
    text = value;
    crypto::wipe(value, std::strlen(value));  // It would stay readable in /proc.
    ::unsetenv(options.passphrase_variable.c_str());
  }
  drop_line_end(text);
  return Secret<std::string>(std::move(text));
}

Result<void> run(const Options& options) {
  const Log log("keyd");
  if (!crypto::forbid_looking_in()) {
    return refuse("not_guarded", "The system does not let this process forbid core files and debuggers.");
  }
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) ::mlockall(MCL_CURRENT);  // The key's own arena is locked anyhow.
  std::unique_ptr<crypto::SigningKey> key;
  {
    auto passphrase = TRY(passphrase_of(options));
    key = TRY(crypto::key_from_file(options.key, passphrase));
    auto& text = const_cast<std::string&>(passphrase.reveal());
    crypto::wipe(text);
  }

  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int stop = ::signalfd(-1, &signals, SFD_CLOEXEC);

  crypto::KeyAgentServer server(std::move(key), options.others);
  if (options.connection) {
    server.adopt(*options.connection);
  } else {
    CHECK_OK(server.listen(options.socket));
    std::cout << "ready " << options.socket << std::endl;
    log.info("The key is ready.", {{"socket", options.socket}});
  }
  server.run(stop);
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 1 && words[0] == "--help") {
    std::cout << kHelp;
    return 0;
  }
  const auto options = parse(words);
  if (!options) {
    std::cerr << options.error().message << "\n" << kHelp;
    return kUsage;
  }
  const auto done = run(options.value());
  if (done) return 0;
  std::cerr << "zhida-keyd: " << done.error().message << "\n";
  return kRefused;
}
