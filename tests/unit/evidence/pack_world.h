// A small evidence pack made without a hub: one case, two sealed documents, one source, a log of five records.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "seal/batch.h"
#include "seal/pack_format.h"
#include "seal/pack_verify.h"
#include "seal/pack_zip.h"
#include "seal_world.h"

namespace zhida::test {

/// How the documents and what the source sent were sealed: each by itself, or as members of a batch with a proof each.
enum class Sealed { alone, in_batch };

struct PackWorld {
  explicit PackWorld(Alg alg = Alg::sm2_sm3, Sealed how = Sealed::alone) : seals(alg), how_(how) { make(); }

  /// The members of a whole pack in which these facts are withheld.
  std::vector<seal::PackMember> members(const std::set<std::string>& withheld = {}) const;
  /// With a manifest that fits the members as they are given.
  Bytes sealed(std::vector<seal::PackMember> members) const;
  Bytes pack(const std::set<std::string>& withheld = {}) const { return sealed(members(withheld)); }
  seal::PackReport verify(ByteView archive, bool own_root = true) const;

  SealWorld seals;
  std::vector<seal::Fact> facts;
  seal::PackStatement statement;
  Bytes statement_seal;

 private:
  void make();
  Bytes ses(ByteView payload, const std::string& media) const;
  void add_documents(std::vector<seal::PackMember>& out, bool octets) const;
  void add_source(std::vector<seal::PackMember>& out, bool shown) const;

  const Sealed how_;
  std::vector<seal::Evidence> batch_;  ///< Of the request, the answer and what the source sent.
};

inline constexpr const char* kPackCase = "01K93KMRM0AQ4JG82CKXM2QV78";

/// The member with that name.
seal::PackMember& member_of(std::vector<seal::PackMember>& members, const std::string& name);
/// Names of what does not hold.
std::set<std::string> named(const seal::PackReport& report);

}  // namespace zhida::test
