// zhida-certs: throw-away certificates and seals; certs/issue_dev_certs calls it.
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "seal/options.h"
#include "seal_tools/dev_certificates.h"

namespace {

using namespace zhida;

constexpr std::string_view kHelp =
    "Usage: zhida-certs --out DIR [--from DAY] [--to DAY] [--force]\n"
    "       zhida-certs --out DIR --add NAME | --add-seal NAME [--title TEXT] | --renew-seal NAME [--from DAY] [--to "
    "DAY]\n"
    "\n"
    "Makes throw-away certificates, keys and seals for development, tests and the demo. A whole set that is already "
    "there\n"
    "is kept unless --force is given. The default validity is 2025-01-01 until two years from now.\n"
    "  --add NAME       one more TLS certificate, from the authority in DIR\n"
    "  --add-seal NAME  one more seal; TEXT is what stands on it\n"
    "  --renew-seal NAME  a new key and certificate; the seal made again, listing both certificates\n";

bool is_plain_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<std::string> run(const std::vector<std::string>& arguments) {
  const auto options =
      TRY(seal::Options::parse(arguments, {"out", "from", "to", "add", "add-seal", "title", "renew-seal"}, {"force"}));
  seal_tools::DevCertificates what;
  what.folder = TRY(options.get("out"));
  what.valid_from = TRY(seal::parse_moment(options.get_or("from", "2025-01-01")));
  const Date in_two_years = SystemClock().today().plus_months(24);
  what.valid_to = TRY(seal::parse_moment(options.get_or("to", in_two_years.to_string())));
  if (what.valid_to <= what.valid_from) return refuse("usage", "--to must be later than --from.");
  const bool whole = seal_tools::is_complete(what.folder);
  for (const char* option : {"add", "add-seal", "renew-seal"}) {
    if (!options.has(option)) continue;
    const std::string name = options.get_or(option, "");
    if (!is_plain_name(name)) return refuse("usage", "A name consists of a-z, 0-9 and _ only.");
    if (!whole)
      return refuse("set_missing", what.folder + " has no whole set yet; make it first without --" + option + ".");
    if (option == std::string_view("renew-seal")) {
      CHECK_OK(seal_tools::renew_seal(what, name));
      return "Renewed the seal " + name + " in " + what.folder + ".";
    }
    CHECK_OK(option == std::string_view("add") ? seal_tools::add_tls(what, name)
                                               : seal_tools::add_seal(what, name, options.get_or("title", "")));
    return "Added " + name + " to " + what.folder + ".";
  }
  if (whole && !options.has("force")) return "Kept the set that is already in " + what.folder + ".";
  CHECK_OK(seal_tools::issue_all(what));
  return "Made certificates and seals in " + what.folder + ".";
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments[0] == "--help") {
    std::cout << kHelp;
    return 0;
  }
  const auto done = run(arguments);
  if (!done) {
    const bool usage = done.error().code == "usage";
    std::cerr << done.error().message << "\n" << (usage ? kHelp : "");
    return usage ? 2 : 1;
  }
  std::cout << done.value() << "\n";
  return 0;
}
