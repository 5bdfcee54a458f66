// What somebody may put into an exchange folder to do harm: each file is refused with a reason beside it, nothing of it
// is kept, and the good file that came with it is taken. How the readers tell is shown in their unit tests; here they
// stand behind the doors through which files really come.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "adapter_api/catalogue.h"
#include "adapter_api/grants.h"
#include "adapter_api/peers.h"
#include "base/bytes.h"
#include "conformance/recording_context.h"
#include "platform/text/encoding.h"
#include "stages/mapping/mapping_set.h"
#include "support/temp_folder.h"

using namespace zhida;
namespace fs = std::filesystem;

namespace {

struct Hostile {
  const char* what;
  std::string name;
  Bytes content;
  const char* code;
};

struct Exchange {
  test::TempFolder folder;
  conformance::RecordingContext context;
  AdapterSpec::Configuration config;
  std::unique_ptr<Adapter> adapter;

  explicit Exchange(const std::string& name) {
    for (const auto& spec : all_adapters()) {
      if (spec.name() != name) continue;
      config = spec.new_configuration();
      const auto yaml = "folder: " + folder.file("drop") + "\nstable_for: 0s\n";
      BOOST_REQUIRE(config->read(config::parse_yaml(yaml, "settings").value(), ConfigContext{}));
      adapter = spec.make(*config, context).value();
    }
    BOOST_REQUIRE(adapter != nullptr);
  }
  void put(const std::string& name, const Bytes& content) { folder.write("drop/inbox/" + name, content); }
  void pull() {
    const auto pulled = adapter->pull({});
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(pulled), conformance::why(pulled));
  }
  /// `code`, after looking that a sentence follows it.
  std::string reason(const std::string& name) {
    const auto text = read_file(folder.file("drop/refused/" + name + ".reason.txt"));
    if (!text) return "not refused";
    const auto end = text.value().find('\n');
    BOOST_TEST(text.value().size() > end + 10, "no sentence: " << text.value());
    return text.value().substr(0, end);
  }
  /// All the hostile files and the good one in one sweep.
  void suffers(const std::vector<Hostile>& files, const std::string& good_name, const Bytes& good,
               const std::string& record_type) {
    for (const auto& file : files) put(file.name, file.content);
    put(good_name, good);
    const auto begin = std::chrono::steady_clock::now();
    pull();
    BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(20)));
    for (const auto& file : files)
      BOOST_TEST(reason(file.name) == file.code, file.what << " gave " << reason(file.name));
    BOOST_TEST(context.keys(record_type).size() == 1u);
    BOOST_TEST(context.batches.size() == 1u);
    BOOST_TEST(context.complaints.empty());
    BOOST_TEST(fs::exists(folder.file("drop/processed/" + good_name)));
    BOOST_TEST(fs::is_empty(folder.file("drop/working")));
  }
};

Bytes package(const std::string& prolog, const std::string& inside, const std::string& count = "1") {
  return prolog + "<SJB><HEAD><SJBBH>S1</SJBBH><JLS>" + count + "</JLS><SCRQ>20251101</SCRQ></HEAD><JFXX101>" + inside +
         "</JFXX101></SJB>";
}
constexpr const char* kProlog = "<?xml version=\"1.0\" encoding=\"GB18030\"?>\n";
constexpr const char* kPayment =
    "<RECORD><AAZ083>Z1</AAZ083><AAB001>U1</AAB001><AAB998>91330100716105852F</AAB998><AAE080>1</AAE080></RECORD>";
constexpr const char* kLists = "企业名称,统一社会信用代码,专利号,国家,授权日期\r\n";
constexpr const char* kPatent = "样例有限公司,91330100716105852F,US1,美国,2025-1-2\r\n";

Bytes utf16(std::string_view ascii) {
  Bytes octets("\xFF\xFE");
  for (const char c : ascii) {
    octets += c;
    octets += '\0';
  }
  return octets;
}

std::string laughs() {
  std::string text = "<!DOCTYPE SJB [<!ENTITY a0 \"ha\">";
  for (int i = 1; i < 30; ++i) {
    const auto before = "&a" + std::to_string(i - 1) + ";";
    text += "<!ENTITY a" + std::to_string(i) + " \"" + before + before + before + "\">";
  }
  return text + "]>";
}

/// The most memory the process ever held, in KiB, since reset().
struct PeakMemory {
  static void reset() { std::ofstream("/proc/self/clear_refs") << "5"; }
  static long read() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
    return 0;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile_files)

BOOST_AUTO_TEST_CASE(packages_that_mean_harm_are_refused_and_the_good_one_is_taken) {
  Exchange exchange("social_security");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  exchange.suffers(
      {
          {"a bomb of entities", "a1.xml", package(kProlog + laughs(), "<RECORD>&a29;</RECORD>"), "package_malformed"},
          {"an external entity", "a2.xml",
           package(std::string(kProlog) + "<!DOCTYPE SJB [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>",
                   "<RECORD>&x;</RECORD>"),
           "package_malformed"},
          {"an external document type", "a3.xml",
           package(std::string(kProlog) + "<!DOCTYPE SJB SYSTEM \"http://127.0.0.1:1/x.dtd\">", kPayment),
           "package_malformed"},
          {"nesting without end", "a4.xml", kProlog + deep, "package_malformed"},
          {"octets that are no GB18030", "a5.xml", package(kProlog, "<RECORD><AAZ083>\xFF\xFF</AAZ083></RECORD>"),
           "package_malformed"},
          {"GB18030 that claims to be UTF-8", "a6.xml",
           package("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<RECORD><AAZ083>\xD6\xD0</AAZ083></RECORD>"),
           "package_malformed"},
          {"UTF-16", "a7.xml", utf16(package(kProlog, kPayment)), "package_malformed"},
          {"an encoding that nobody agreed to", "a8.xml",
           package("<?xml version=\"1.0\" encoding=\"UTF-7\"?>", kPayment), "package_malformed"},
          {"a zero octet", "a9.xml", package(kProlog, std::string("<RECORD>\0</RECORD>", 18)), "package_malformed"},
          {"a compressed file", "b1.xml", Bytes("\x1F\x8B\x08\x00\x00\x00\x00\x00\x02\x03\xCB\x48", 12),
           "package_malformed"},
          {"nothing at all", "b2.xml", "", "package_malformed"},
          {"a count beyond all numbers", "b3.xml", package(kProlog, kPayment, "99999999999999999999999"),
           "package_count_differs"},
          {"a negative count", "b4.xml", package(kProlog, kPayment, "-1"), "package_count_differs"},
      },
      "z.xml", package(kProlog, kPayment), "social_security.payment");
}

BOOST_AUTO_TEST_CASE(lists_that_mean_harm_are_refused_and_the_good_one_is_taken) {
  Exchange exchange("department_lists");
  std::string wide = "a";
  for (int i = 0; i < 300; ++i) wide += ",c" + std::to_string(i);
  exchange.suffers(
      {
          {"octets of no encoding", "patents_20251101_1.csv", std::string(kLists) + "\xFF\xFF\x80,1,2,3,4\r\n",
           "encoding_unknown"},
          {"UTF-16", "patents_20251101_2.csv", utf16("a,b\r\n"), "encoding_unknown"},
          {"a quote without end", "patents_20251101_3.csv", std::string(kLists) + "\"" + kPatent, "csv_malformed"},
          {"too many columns", "patents_20251101_4.csv", wide + "\r\n", "csv_too_large"},
          {"a cell without end", "patents_20251101_5.csv", kLists + std::string(100'000, 'x') + ",1,2,3,4\r\n",
           "csv_too_large"},
          {"a column twice", "patents_20251101_6.csv", "专利号,专利号\r\n1,2\r\n", "csv_header_twice"},
          {"nothing at all", "patents_20251101_7.csv", "", "csv_empty"},
          {"a name that climbs", "patents_..%2F..%2Fetc.csv", std::string(kLists) + kPatent, "list_day_missing"},
      },
      "patents_20251102.csv", std::string(kLists) + kPatent, "department_lists.patents");
}

BOOST_AUTO_TEST_CASE(a_gigabyte_is_refused_by_its_size_and_never_read) {
  for (const auto& [adapter, name] :
       {std::pair("social_security", "big.xml"), {"department_lists", "patents_20251101.csv"}}) {
    Exchange exchange(adapter);
    exchange.put(name, "");
    fs::resize_file(exchange.folder.file("drop/inbox/" + std::string(name)), 1u << 30);  // A hole: no disk is used.
    PeakMemory::reset();
    const auto before = PeakMemory::read();
    exchange.pull();
    BOOST_TEST(exchange.reason(name) == "file_too_large");
    BOOST_TEST(PeakMemory::read() - before < 16 * 1024, "it took " << PeakMemory::read() - before << " KiB");
    BOOST_TEST(exchange.context.batches.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_upload_that_means_harm_is_refused_as_a_dropped_file_is) {
  for (const auto& spec : all_adapters()) {
    if (!spec.has_decode()) {
      std::cout << "SKIPPED: " << spec.name() << " decodes no octets\n";
      continue;
    }
    for (const auto& content :
         {package(kProlog + laughs(), "<RECORD>&a29;</RECORD>"), utf16("{\"records\":[]}"), Bytes("\xFF\xFE\xFD"),
          Bytes(1, '\0'), Bytes(1'000'000, '['), Bytes(1'000'000, '<'), Bytes(1'000'000, '"')}) {
      const auto begin = std::chrono::steady_clock::now();
      const auto batch = spec.decode("patents_20251101.csv", content);
      BOOST_TEST(!batch, spec.name() << " took " << content.substr(0, 10));
      if (!batch) BOOST_TEST(!batch.error().message.empty());
      BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(5)), spec.name());
    }
  }
}

BOOST_AUTO_TEST_CASE(yaml_that_unfolds_is_refused_wherever_people_hand_it_in) {
  std::string bomb = "a: &a [x, x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c)
    bomb += std::string(1, c) + ": &" + c + " [*" + char(c - 1) + ", *" + char(c - 1) + "]\n";
  const auto grants = Grants::parse("grants: &g []\n" + bomb, "grants.yaml");
  BOOST_REQUIRE(!grants);
  BOOST_TEST(grants.error().message.find("grants.yaml:1") != std::string::npos, grants.error().message);
  const auto peers = PeerBook::parse("peers: &p []\n" + bomb, "peers.yaml");
  BOOST_REQUIRE(!peers);
  BOOST_TEST(peers.error().message.find("peers.yaml:1") != std::string::npos, peers.error().message);
  const auto settings = config::parse_yaml(bomb, "zhida.yaml");
  BOOST_REQUIRE(!settings);
  BOOST_TEST(settings.error().message.find("zhida.yaml:1") != std::string::npos, settings.error().message);

  test::TempFolder folder;
  fs::copy(std::string(ZHIDA_SOURCE_DIR) + "/mappings", folder.file("mappings"), fs::copy_options::recursive);
  folder.write("mappings/tax/bomb.yaml", bomb);
  std::vector<Finding> findings;
  (void)mapping::MappingSet::load(folder.file("mappings"), findings);
  BOOST_TEST(std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.file.ends_with("tax/bomb.yaml") && finding.line == 1 && !finding.message.empty();
  }));
}

BOOST_AUTO_TEST_SUITE_END()
