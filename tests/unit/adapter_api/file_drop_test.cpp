#include "adapter_api/transports/file_drop.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include <unistd.h>

#include "adapter_api/transports/rest_upload.h"
#include "conformance/recording_context.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::transports;
using conformance::RecordingContext;
namespace fs = std::filesystem;

namespace {

// One row a line; a file that says "bad" is refused.
Result<SourceBatch> decode_lines(const std::string&, ByteView content) {
  if (content.find("bad") != ByteView::npos) return refuse("file_malformed", "It says bad.");
  SourceBatch batch;
  batch.source = "office";
  std::string line;
  for (const char c : content) {
    if (c != '\n') {
      line += c;
      continue;
    }
    SourceRecord record;
    record.source = "office";
    record.record_type = "office.row";
    record.key = line;
    record.columns = {{"line", line}};
    record.body = line;
    record.position = static_cast<std::int64_t>(batch.records.size()) + 1;
    batch.records.push_back(std::move(record));
    line.clear();
  }
  return batch;
}

struct Office {
  test::TempFolder folder;
  RecordingContext context;
  FileDropOptions options{.source = "office",
                          .folder = folder.file("drop"),
                          .endings = {".txt"},
                          .file_bytes_max = 1000,
                          .stable_for = 0ms};

  void put(const std::string& name, const std::string& content) { folder.write("drop/inbox/" + name, content); }
  Result<void> sweep(const AfterFile& after = {}) {
    auto drop = TRY(FileDrop::open(options));
    Delivery delivery(context);
    return drop.sweep(context, delivery, decode_lines, after);
  }
  bool there(const std::string& name) const { return fs::exists(folder.file("drop/" + name)); }
  std::size_t keys() const { return context.keys("office.row").size(); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(file_drop)

BOOST_AUTO_TEST_CASE(files_are_taken_once_and_kept) {
  Office office;
  office.put("a.txt", "1\n2\n");
  office.put("b.txt", "3\n");
  office.put(".hidden.txt", "9\n");
  office.put("note.md", "9\n");
  BOOST_REQUIRE(office.sweep());
  BOOST_TEST(office.keys() == 3);
  BOOST_TEST(office.there("processed/a.txt"));
  BOOST_TEST(office.there("inbox/note.md"));
  BOOST_TEST(office.there("inbox/.hidden.txt"));
  BOOST_REQUIRE(office.sweep());
  BOOST_TEST(office.context.batches.size() == 2);
  office.put("a.txt", "4\n");
  BOOST_REQUIRE(office.sweep());
  BOOST_TEST(office.there("processed/a.txt.2"));
}

BOOST_AUTO_TEST_CASE(a_bad_file_is_put_aside_with_the_reason_and_the_others_go_on) {
  Office office;
  office.put("a.txt", "bad\n");
  office.put("b.txt", std::string(2000, 'x') + "\n");
  office.put("c.txt", "1\n");
  BOOST_REQUIRE(office.sweep());
  BOOST_TEST(office.keys() == 1);
  BOOST_TEST(office.there("refused/a.txt"));
  BOOST_TEST(read_file(office.folder.file("drop/refused/a.txt.reason.txt")).value().starts_with("file_malformed\n"));
  BOOST_TEST(read_file(office.folder.file("drop/refused/b.txt.reason.txt")).value().starts_with("file_too_large\n"));
}

BOOST_AUTO_TEST_CASE(links_are_left_alone) {
  Office office;
  office.put("real.md", "1\n");
  BOOST_REQUIRE(::symlink("real.md", office.folder.file("drop/inbox/link.txt").c_str()) == 0);
  BOOST_REQUIRE(office.sweep());
  BOOST_TEST(office.keys() == 0);
}

BOOST_AUTO_TEST_CASE(a_growing_file_is_not_touched) {
  Office office;
  office.options.stable_for = 10min;
  office.put("a.txt", "1\n");
  auto drop = FileDrop::open(office.options).value();
  Delivery delivery(office.context);
  BOOST_REQUIRE(drop.sweep(office.context, delivery, decode_lines));
  BOOST_TEST(office.there("inbox/a.txt"));
  fs::last_write_time(office.folder.file("drop/inbox/a.txt"), fs::file_time_type::clock::now() - std::chrono::hours(1));
  BOOST_REQUIRE(drop.sweep(office.context, delivery, decode_lines));
  BOOST_TEST(office.there("processed/a.txt"));
}

BOOST_AUTO_TEST_CASE(a_crash_at_any_place_delivers_the_file_once) {
  for (const auto failure : {RecordingContext::Failure::before_commit, RecordingContext::Failure::after_commit}) {
    Office office;
    office.put("a.txt", "1\n2\n");
    office.context.failure = failure;
    office.context.fail_at_batch = 1;
    BOOST_TEST(!office.sweep());
    BOOST_TEST(office.there("working/a.txt"));
    office.context.restart();
    int told = 0;
    BOOST_REQUIRE(office.sweep([&](const FileResult& result) -> Result<void> {
      ++told;
      BOOST_TEST(result.outcomes.size() == 2);
      return ok();
    }));
    BOOST_TEST(told == 1);
    BOOST_TEST(office.keys() == 2);
    BOOST_TEST(office.context.batches.size() == 1);
    BOOST_TEST(office.there("processed/a.txt"));
    BOOST_TEST(office.context.complaints.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_upload_is_the_same_batch_as_the_dropped_file) {
  Office office;
  office.put("a.txt", "1\n");
  BOOST_REQUIRE(office.sweep());
  Delivery delivery(office.context);
  BOOST_REQUIRE(take_upload(office.context, delivery, "a.txt", "1\n", decode_lines));
  BOOST_TEST(office.context.batches.size() == 1);
  BOOST_TEST(!take_upload(office.context, delivery, "../a.txt", "1\n", decode_lines));
  BOOST_TEST(!take_upload(office.context, delivery, "a.txt", std::string(20, 'x'), decode_lines, 10));
}

BOOST_AUTO_TEST_CASE(feedback_never_leaves_its_folder) {
  Office office;
  const auto drop = FileDrop::open(office.options).value();
  BOOST_TEST(static_cast<bool>(drop.write_feedback("a.txt", "fine")));
  BOOST_TEST(office.there("feedback/a.txt"));
  BOOST_TEST(!drop.write_feedback("../a.txt", "no"));
}

BOOST_AUTO_TEST_SUITE_END()
