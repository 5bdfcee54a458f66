#pragma once
#include "base/json.h"
#include "base/result.h"
#include "flow/office_store.h"
#include "flow/rooms.h"

namespace zhida::flow {

/// A case's decisions of departments and the seals over them (each department's, each person's), for people and
/// programs; each seal is verified as it is shown.
Result<Json> office_seals_of(storage::Transaction& transaction, const Rooms& rooms, const CaseId& id);

}  // namespace zhida::flow
