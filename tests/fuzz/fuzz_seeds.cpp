// fuzz_seeds FOLDER: writes what the fuzzers begin with, FOLDER/der/…, FOLDER/proof/…, FOLDER/pack/….
#include <filesystem>
#include <fstream>
#include <iostream>

#include "good_files.h"
#include "pack_world.h"

using namespace zhida;
using namespace zhida::test;

namespace {

void write(const std::filesystem::path& folder, const std::vector<Bytes>& files, const std::string& name) {
  std::filesystem::create_directories(folder);
  for (std::size_t i = 0; i < files.size(); ++i)
    std::ofstream(folder / (name + "-" + std::to_string(i)), std::ios::binary) << files[i];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  for (const Alg alg : {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) {
    const std::string name = alg == Alg::sm2_sm3 ? "sm2" : "p256";
    const GoodSealFiles good((SealWorld(alg)));
    write(folder / "der", good.der, name);
    write(folder / "proof", good.proofs, name);
    const PackWorld packs(alg);
    const PackWorld batches(alg, Sealed::in_batch);
    write(folder / "pack",
          {packs.pack(), packs.pack({"payee.account_no", "row.1", "firm.name"}), batches.pack(),
           batches.pack({"payee.account_no"})},
          name);
    // The texts inside a pack have readers of their own.
    std::vector<Bytes> texts;
    for (const auto& member : packs.members())
      if (member.name.ends_with(".json")) texts.push_back(member.data);
    write(folder / "proof", texts, name + "-member");
  }
  return 0;
}
