#include "support/rabbitmq.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace zhida::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// The scripts themselves: the wrappers on the path insist on the user `rabbitmq`.
std::string scripts() {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/rabbitmq/lib", none))
    if (fs::exists(entry.path() / "sbin" / "rabbitmq-server")) return (entry.path() / "sbin").string();
  return {};
}

std::uint16_t free_port() {
  const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ::bind(one, reinterpret_cast<sockaddr*>(&address), sizeof address);
  ::getsockname(one, reinterpret_cast<sockaddr*>(&address), &length);
  ::close(one);
  return ntohs(address.sin_port);
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool accepts(std::uint16_t port) {
  const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool open = ::connect(one, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(one);
  return open;
}

}  // namespace

bool RabbitMq::available() {
  return !scripts().empty();
}

RabbitMq::RabbitMq()
    : port_(free_port()),
      distribution_port_(free_port()),
      mapper_port_(free_port()),
      user_(::getuid()),
      group_(::getgid()) {
  if (user_ ==
      0) {  // Erlang as root would leave its cookie where others could not read it; the broker needs no rights at all.
    const passwd* nobody = ::getpwnam("nobody");
    if (nobody == nullptr) throw std::runtime_error("There is no user nobody to run the broker as.");
    user_ = nobody->pw_uid;
    group_ = nobody->pw_gid;
  }
  std::string cookie;
  std::random_device random;
  for (int i = 0; i < 20; ++i) cookie += static_cast<char>('A' + random() % 26);
  folder_.write("home/.erlang.cookie", cookie);
  ::chmod(folder_.file("home/.erlang.cookie").c_str(), 0400);
  folder_.write("enabled_plugins", "[rabbitmq_amqp1_0].\n");
  folder_.write("rabbitmq.conf",
                "listeners.tcp.1 = 127.0.0.1:" + std::to_string(port_) +
                    "\nloopback_users.guest = true\namqp1_0.default_user = guest\nlog.console = false\n"
                    "log.file = rabbit.log\nlog.file.level = warning\nvm_memory_high_watermark.absolute = 1GB\n"
                    "disk_free_limit.absolute = 50MB\n");
  folder_.write("advanced.config", "[{kernel,[{inet_dist_use_interface,{127,0,0,1}}]}].\n");
  folder_.write("log/.keep", "");
  folder_.write("mnesia/.keep", "");
  if (::getuid() == 0) {
    const auto own = [&](const fs::path& path) {
      if (::lchown(path.c_str(), user_, group_) != 0)
        throw std::runtime_error("The broker's folder cannot be handed over.");
    };
    own(folder_.path());
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) own(entry.path());
  }
  start();
}

RabbitMq::~RabbitMq() {
  stop(SIGTERM);
  ::kill(mapper_, SIGKILL);
  ::waitpid(mapper_, nullptr, 0);
}

std::vector<std::string> RabbitMq::environment() const {
  const std::string here = folder_.path().string();
  return {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
          "LANG=C.UTF-8",
          "HOME=" + here + "/home",
          "RABBITMQ_NODENAME=zhida" + std::to_string(port_) + "@localhost",
          "RABBITMQ_CONFIG_FILE=" + here + "/rabbitmq",
          "RABBITMQ_ADVANCED_CONFIG_FILE=" + here + "/advanced.config",
          "RABBITMQ_MNESIA_BASE=" + here + "/mnesia",
          "RABBITMQ_LOG_BASE=" + here + "/log",
          "RABBITMQ_LOGS=" + here + "/log/rabbit.log",
          "RABBITMQ_ENABLED_PLUGINS_FILE=" + here + "/enabled_plugins",
          "RABBITMQ_PID_FILE=" + here + "/pid",
          "RABBITMQ_DIST_PORT=" + std::to_string(distribution_port_),
          "ERL_EPMD_PORT=" + std::to_string(mapper_port_),
          "ERL_EPMD_ADDRESS=127.0.0.1",
          "RABBITMQ_CONF_ENV_FILE=/dev/null",
          "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 2:2 +sbwt none",
          "RABBITMQ_FEATURE_FLAGS_FILE=" + here + "/feature_flags",
          "RABBITMQ_GENERATED_CONFIG_DIR=" + here + "/generated",
          "RABBITMQ_SCHEMA_DIR=" + here + "/schema"};
}

pid_t RabbitMq::run(const std::vector<std::string>& command, const std::string& output) const {
  // Everything is made before the fork: behind it, only calls that a child of a threaded program may make.
  const std::vector<std::string> settings = environment();
  std::vector<char*> arguments, variables;
  for (const std::string& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
  for (const std::string& one : settings) variables.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  variables.push_back(nullptr);
  const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const std::string here = folder_.path().string();
  const bool root = ::getuid() == 0;
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::dup2(out, 2);
    const bool fits = ::chdir(here.c_str()) == 0 &&
                      (!root || (::setgroups(0, nullptr) == 0 && ::setgid(group_) == 0 && ::setuid(user_) == 0));
    if (fits) {
      ::close_range(3, ~0u, 0);
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      ::execve(arguments[0], arguments.data(), variables.data());
    }
    ::_exit(127);
  }
  ::close(in);
  ::close(out);
  return child;
}

void RabbitMq::start() {
  const std::string output = folder_.file("output");
  // A port mapper of our own in the foreground: the one that Erlang starts makes itself a daemon and stays.
  if (mapper_ <= 0) mapper_ = run({"/usr/bin/epmd"}, folder_.file("mapper_output"));
  for (int i = 0; i < 500 && !accepts(mapper_port_); ++i) std::this_thread::sleep_for(10ms);
  shell_ = run({scripts() + "/rabbitmq-server"}, output);
  for (const auto until = std::chrono::steady_clock::now() + 90s; std::chrono::steady_clock::now() < until;) {
    if (content_of(output).find("completed with") != std::string::npos && accepts(port_)) return;
    if (::waitpid(shell_, nullptr, WNOHANG) == shell_) break;
    std::this_thread::sleep_for(50ms);
  }
  const std::string words = content_of(output) + content_of(folder_.file("log/rabbit.log"));
  stop(SIGKILL);
  throw std::runtime_error("RabbitMQ does not start: " + words);
}

void RabbitMq::kill() {
  if (shell_ > 0) ::kill(-shell_, SIGKILL);
  stop(SIGKILL);
}

void RabbitMq::stop(int signal) {
  if (shell_ <= 0) return;
  // The process group holds the script, the virtual machine and its port mapper.
  ::kill(-shell_, signal);
  for (const auto until = std::chrono::steady_clock::now() + 15s; std::chrono::steady_clock::now() < until;) {
    if (::waitpid(shell_, nullptr, WNOHANG) == shell_) {
      ::kill(-shell_, SIGKILL);
      shell_ = -1;
      break;
    }
    std::this_thread::sleep_for(20ms);
  }
  if (shell_ > 0) {
    ::kill(-shell_, SIGKILL);
    ::waitpid(shell_, nullptr, 0);
    shell_ = -1;
  }
}

std::string RabbitMq::eval(const std::string& expression) {
  const std::string output = folder_.file("ctl_output");
  const pid_t child = run({scripts() + "/rabbitmqctl", "--quiet", "eval", expression}, output);
  int status = -1;
  ::waitpid(child, &status, 0);
  const std::string words = content_of(output);
  if (status != 0) throw std::runtime_error("rabbitmqctl eval failed: " + words);
  return words;
}

void RabbitMq::declare_quorum_queue(const std::string& name) {
  // The broker writes which folder holds the queue's log half a second or more behind the declaration (Ra's names.dets,
  // auto_save). Killed before that, it starts the queue anew with an empty log and no leader, forgets what it accepted
  // and never answers an attach (rabbitmq-server issue 15725). So a declared queue is one that is on disk.
  const std::string done = eval("case rabbit_amqqueue:declare(rabbit_misc:r(<<\"/\">>, queue, <<\"" + name +
                                "\">>), true, false, [{<<\"x-queue-type\">>, longstr, <<\"quorum\">>}], none, "
                                "<<\"guest\">>) of {Is, _} when Is =:= new; Is =:= existing -> "
                                "#{names := #{directory_rev := Names}} = ra_system:fetch(quorum_queues), "
                                "ok = dets:sync(Names), declared; Other -> Other end.");
  if (done.find("declared") == std::string::npos) throw std::runtime_error("The queue cannot be declared: " + done);
}

double RabbitMq::cpu_seconds() const {
  const std::string pid = content_of(folder_.file("pid"));
  const std::string stat = content_of("/proc/" + std::to_string(std::atoi(pid.c_str())) + "/stat");
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  unsigned long long user = 0, system = 0;
  std::sscanf(stat.c_str() + name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system);
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace zhida::test
