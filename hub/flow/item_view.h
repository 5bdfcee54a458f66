// Items for people: all of them, and one with what it says, which data decide it and where it stands.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "domain/field_catalogue.h"
#include "flow/policy_desk.h"
#include "flow/rooms.h"
#include "stages/matching/policy.h"

namespace zhida::flow {

/// What the folder of policies holds now: files, and nothing of the store. Read it outside of any transaction.
struct ItemFolder {
  std::vector<matching::Policy> items;        ///< Those that can be read, in the order of their ids.
  std::map<std::string, std::string> broken;  ///< By the file's name without its ending: the first thing wrong in it.
};
Result<ItemFolder> read_item_folder(const std::string& folder, const FieldCatalogue& fields);

/// Every item that is in force, was, is proposed, or lies in the folder, ordered by id: `policy`, what it is (`title`,
/// `issuer`, `departments`, `valid_from`, `valid_to` …), `state` (`in_force`, `proposed`, `approved`, `draft`,
/// `repealed`), `in_force` (version or null), `proposal` (the one under way, with what it misses, or null), `folder`
/// (version of the file or null), `broken` (what is wrong with the file, or null), `trouble` (why it waits although it
/// is in force: see troubles(); or null). Without a folder: what is in force, and nothing else.
Result<Json> items_view(storage::Transaction& transaction, const PolicyDesk& desk, const Rooms& rooms,
                        const ItemFolder* folder);

/// One item as it stands in the folder, tried: files only, as above.
struct DraftItem {
  std::optional<matching::Policy> policy;  ///< nullopt: there is no such file, or it cannot be read.
  std::string wrong;                       ///< One finding a line; empty: it may be proposed.
  Json checks = nullptr;                   ///< How many examples hold, and what the checker notes.
};
DraftItem read_draft(const std::string& folder, const PolicyId& id, const FieldCatalogue& fields);

/// One item: what it is, `state` as above, `status` (PolicyDesk::status, or null where nobody proposed it), `text`
/// (what is in force as Chinese sentences, or null), `next` (what may follow it: `from` (`proposal`, `folder`),
/// `version`, `text`; or null), `data` (which data decide), `versions` (those that are or were in force, newest first),
/// `folder` (`version`, `wrong`, `checks`; or null), `trouble` (as above), `unreadable_proposal` (why what is proposed
/// cannot be read, or null), `seen` (names all that a person decides by: another one means that the page is old).
/// An item in force that cannot be read has a version and no text; what else is said of it is that of what may follow.
/// Without a draft: what is in force, and nothing else. Error `policy_unknown`.
Result<Json> item_view(storage::Transaction& transaction, const PolicyDesk& desk, const Rooms& rooms,
                       const PolicyId& id, const DraftItem* draft);

}  // namespace zhida::flow
