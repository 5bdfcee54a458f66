#pragma once
#include <string>

#include "match_town.h"
#include "stages/matching/engine/partition.h"

namespace zhida::bench {

/// The same firms and the same conditions for any other engine: profiles.csv, profiles.jsonl, schema.sql, items.sql (a
/// line an item: its conditions as one Kleene expression), counts.csv (what we found: T and U an item), and the items
/// as policy files with the fields.yaml that they need. False, with a sentence on stderr, where a file cannot be
/// written.
bool export_town(const Town& town, const matching::engine::Partition& partition, const std::string& folder);

}  // namespace zhida::bench
