#include <csignal>
#include <cstdio>
#include <thread>

#include "cli/open_hub.h"
#include "console/console.h"
#include "platform/crypto/secure_memory.h"

namespace zhida::cli {
namespace {

LogLevel level_of(const std::string& name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "warning") return LogLevel::warning;
  return name == "error" ? LogLevel::error : LogLevel::info;
}

}  // namespace

int serve(const Options& options, const std::string& version) {
  // Signals are taken by one waiting thread; blocked before any other thread begins, so that none of them is
  // interrupted.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  // Passphrases and tokens are in this process: no core file, no debugger of the same user.
  if (!crypto::forbid_looking_in()) Log("serve").warning("The system does not let us forbid core files and debuggers.");

  auto open = open_hub(options, version);
  if (!open) return fail(open.error());
  const auto& settings = *open.value().loaded.settings;
  Log::set_level(level_of(*settings.log_level));
  auto& hub = *open.value().hub;
  if (const auto started = hub.start(); !started) return fail(started.error());

  console::ConsoleOptions web;
  web.host = *settings.http->host;
  web.port = static_cast<std::uint16_t>(*settings.http->port);
  web.certificate_file = settings.http->tls->certificate->path;
  web.key_file = settings.http->tls->key->path;
  web.client_ca_file = settings.http->tls->authority->path;
  auto console = console::Console::start(hub, web);
  if (!console) {
    hub.stop();
    return fail(console.error());
  }
  std::fprintf(stdout, "ready http=%u amqp=%u\n", static_cast<unsigned>(console.value()->port()),
               static_cast<unsigned>(hub.amqp_port()));
  std::fflush(stdout);

  int received = 0;
  while (sigwait(&signals, &received) == 0 && received == SIGHUP) (void)hub.reload_trust();  // It logs what it read.
  Log("serve").info("Going down.", {{"signal", received == SIGINT ? "SIGINT" : "SIGTERM"}});
  console.value()->stop();
  hub.stop();
  return kOk;
}

}  // namespace zhida::cli
