#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <sys/wait.h>

BOOST_AUTO_TEST_SUITE(constant_time)

BOOST_AUTO_TEST_CASE(no_branch_and_no_address_depends_on_the_sm2_key_or_nonce) {
  const std::string subject = ZHIDA_BINARY_DIR "/tests/constant_time_subject";
  if (!std::filesystem::exists("/usr/bin/valgrind") || !std::filesystem::exists(subject)) {
    std::puts("SKIPPED: valgrind is not installed");
    return;
  }
  constexpr int kFound = 99;
  const auto judge = [&](const std::string& what) {
    const std::string command = "/usr/bin/valgrind -q --error-exitcode=99 --track-origins=no " + subject + " " + what;
    const int status = std::system((command + (what == "sign" ? "" : " >/dev/null 2>&1")).c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  BOOST_TEST(judge("leak") == kFound, "a branch on the key would be found");
  BOOST_TEST(judge("leak-table") == kFound, "a table read at a place that the key chooses would be found");
  BOOST_TEST(judge("sign") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
