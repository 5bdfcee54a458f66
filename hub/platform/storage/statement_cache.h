// Inside platform/storage only.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>

namespace zhida::storage {

/// Prepared statements by their text. A statement whose text varies (lists of values) must not fill the memory: at the
/// limit all are let go, and the busy ones come back at their next use.
template <class Statement>
class StatementCache {
 public:
  static constexpr std::size_t kStatementsMax = 1000;

  Statement* find(std::string_view sql) {
    const auto found = statements_.find(sql);
    return found == statements_.end() ? nullptr : &found->second;
  }
  bool full() const { return statements_.size() >= kStatementsMax; }
  Statement& keep(std::string_view sql, Statement statement) {
    return statements_.insert_or_assign(std::string(sql), std::move(statement)).first->second;
  }
  void clear() { statements_.clear(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, Statement, Hash, std::equal_to<>> statements_;
};

}  // namespace zhida::storage
