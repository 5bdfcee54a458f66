#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/secret.h"
#include "domain/benefit_case.h"
#include "flow/office_store.h"
#include "flow/rooms.h"

namespace zhida::flow {

/// A department whose seal is asked for over each of its decisions, or a person whose own seal is asked for over each
/// decision that this person takes for the department.
struct OfficeSettings {
  std::string department;  ///< As the items' reviews name it: `科技局`.
  std::string person{};    ///< Id of people.yaml; empty: the department's own seal.
  std::string es_id;       ///< The seal on the platform.
  std::string url;
  std::string ca_file, certificate_file, key_file;
  Secret<std::string> authorisation{};
  bool required = false;  ///< No money is asked for while a decision has not this seal.
  std::chrono::milliseconds timeout = std::chrono::seconds(10);  ///< Of one question, real time.
  std::chrono::milliseconds late_after = std::chrono::hours(4);  ///< Business time.

  /// As `office_decision.holder`: empty, or `user:zhang`.
  std::string holder() const { return person.empty() ? "" : "user:" + person; }
};

class PeopleBook;
/// Persons of the settings whose decisions cannot come, each with the reason: not in people.yaml, or not of the
/// department.
std::vector<std::string> persons_without_decisions(const PeopleBook& people,
                                                   const std::vector<OfficeSettings>& offices);

/// Departments of the settings that review no item in force: most likely written in another way there.
std::vector<std::string> departments_without_items(const PolicyBook& policies,
                                                   const std::vector<OfficeSettings>& offices);

/// What is known of one holder's seals.
struct OfficeState {
  std::string department, holder, es_id;  ///< es_id empty: no longer among the settings.
  bool configured = false, required = false, late = false;
  OfficeCount count;
  std::chrono::milliseconds waiting_for{0};  ///< Business time since the oldest decision without a seal.
};
Json to_json(const std::vector<OfficeState>& states);

/// Whose seal (docs/seal.md). What a department decides is written down as octets in the same transaction; a thread for
/// each holder (a department, a person) asks the seal platform for its seal over them, outside any transaction,
/// verifies what comes, and keeps it. All that there is to do stands in the database, so that a crash loses nothing;
/// asked twice, the document and its number are the same and one seal is kept. Any thread.
class OfficeKeeper {
 public:
  /// `sealed` is called after each seal that was kept.
  OfficeKeeper(const Rooms& rooms, std::vector<OfficeSettings> offices, std::function<void(const CaseId&)> sealed);
  ~OfficeKeeper();  ///< stop().

  /// Writes down what was decided while a holder was not yet among the settings; then the threads are there. Before
  /// anybody asks for money: missing() knows only what was written down.
  Result<void> start();
  void stop();
  void wake();
  /// Whether an office is at work; one that waits for its platform is not.
  bool busy() const;

  /// In the transaction of a decision, right after it: writes down what is to be sealed and is not written down yet.
  /// Nothing where the department is not among the settings.
  Result<void> write_down(storage::Transaction& transaction, const BenefitCase& benefit_case) const;
  /// The same for a decision that is not in the book of reviews, in the case's round of now; its step is given here.
  /// Only who is among the settings now seals it: it is told once.
  Result<void> write_down_beside(storage::Transaction& transaction, const BenefitCase& benefit_case,
                                 OfficeStep step) const;
  /// Whether money may be asked for: nullopt, or the sentence that says which seal is missing.
  Result<std::optional<std::string>> missing(storage::Transaction& transaction, const BenefitCase& benefit_case) const;
  Result<std::vector<OfficeState>> states(storage::Transaction& transaction) const;

 private:
  class Office;
  Result<void> insert(storage::Transaction& transaction, const BenefitCase& benefit_case, const OfficeSettings& office,
                      const OfficeStep& step) const;
  const OfficeSettings* find(const std::string& department, const std::string& holder) const;

  const Rooms& rooms_;
  const std::vector<OfficeSettings> settings_;
  std::vector<std::unique_ptr<Office>> offices_;
};

}  // namespace zhida::flow
