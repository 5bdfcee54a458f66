#include "platform/storage/database.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/mutex.h"
#include "platform/storage/connection.h"

namespace zhida::storage {
namespace {

/// Undoes what is not committed, also when `work` throws.
class Scope {
 public:
  explicit Scope(Connection& connection) : connection_(connection) {}
  ~Scope() {
    if (!committed_) connection_.rollback();
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  Result<void> commit() {
    CHECK_OK(connection_.commit());
    committed_ = true;
    return ok();
  }

 private:
  Connection& connection_;
  bool committed_ = false;
};

Result<void> run(Connection& connection, const std::function<Result<void>(Transaction&)>& work) {
  CHECK_OK(connection.begin());
  Scope scope(connection);
  CHECK_OK(work(connection));
  return scope.commit();
}

class PooledDatabase final : public Database {
 public:
  using Connect = std::function<Result<std::unique_ptr<Connection>>(Role)>;

  PooledDatabase(Connect connect, std::unique_ptr<Connection> writer, bool read_only, std::size_t readers)
      : connect_(std::move(connect)),
        dialect_(writer->dialect()),
        read_only_(read_only),
        writer_(std::move(writer)),
        readers_left_(std::max<std::size_t>(readers, 1)) {}

  Dialect dialect() const override { return dialect_; }

  Result<void> write(const std::function<Result<void>(Transaction&)>& work) override {
    if (read_only_) return refuse("storage_failed", "This database was opened with ?mode=ro and is only read.");
    // A write inside a write would wait for itself for ever.
    ZHIDA_ASSERT(writing_thread_.load() != std::this_thread::get_id());
    const Lock lock(writer_mutex_);
    writing_thread_.store(std::this_thread::get_id());
    struct Leave {
      std::atomic<std::thread::id>& writing_thread;
      ~Leave() { writing_thread.store({}); }
    } leave{writing_thread_};
    return run(*writer_, work);
  }

  Result<void> read(const std::function<Result<void>(Transaction&)>& work) override {
    auto reader = TRY(take_reader());
    struct Leave {
      PooledDatabase& database;
      std::unique_ptr<Connection>& reader;
      ~Leave() { database.give_back(std::move(reader)); }
    } leave{*this, reader};
    return run(*reader, work);
  }

 private:
  Result<std::unique_ptr<Connection>> take_reader() {
    {
      Lock lock(readers_mutex_);
      while (idle_readers_.empty() && readers_left_ == 0) reader_came_back_.wait(lock);
      if (!idle_readers_.empty()) {
        auto reader = std::move(idle_readers_.back());
        idle_readers_.pop_back();
        return reader;
      }
      --readers_left_;
    }
    auto reader = connect_(Role::reader);
    if (!reader) {
      const Lock lock(readers_mutex_);
      ++readers_left_;
      reader_came_back_.notify_one();
    }
    return reader;
  }

  void give_back(std::unique_ptr<Connection> reader) {
    const Lock lock(readers_mutex_);
    idle_readers_.push_back(std::move(reader));
    reader_came_back_.notify_one();
  }

  const Connect connect_;
  const Dialect dialect_;
  const bool read_only_;

  Mutex writer_mutex_;
  std::unique_ptr<Connection> writer_ GUARDED_BY(writer_mutex_);
  std::atomic<std::thread::id> writing_thread_{};

  Mutex readers_mutex_;
  Condition reader_came_back_;
  std::vector<std::unique_ptr<Connection>> idle_readers_ GUARDED_BY(readers_mutex_);
  std::size_t readers_left_ GUARDED_BY(readers_mutex_);
};

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const DatabaseConfig& config) {
  PooledDatabase::Connect connect;
  bool read_only = false;
  if (config.url.starts_with("sqlite:")) {
    const auto place = TRY(parse_sqlite_url(config.url));
    read_only = place.read_only;
    connect = [place](Role role) { return connect_sqlite(place, role); };
  } else if (config.url.starts_with("postgresql://")) {
    connect = [url = config.url, password = config.password](Role role) {
      return connect_postgresql(url, password, role);
    };
  } else {
    // The address is not shown: it may hold a password that was put there by mistake.
    return refuse("storage_url", "The address of the database must begin with sqlite:// or postgresql://.");
  }
  auto writer = TRY(connect(read_only ? Role::reader : Role::writer));
  return std::unique_ptr<Database>(
      std::make_unique<PooledDatabase>(std::move(connect), std::move(writer), read_only, config.readers));
}

}  // namespace zhida::storage
