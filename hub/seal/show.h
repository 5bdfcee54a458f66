// For the sources of this folder only.
#pragma once
#include <string>

#include "seal/seal.h"

namespace zhida::seal {

/// What describe() says, in lines, without control characters. Nothing of it is verified.
std::string as_text(const Json& description);
/// `.png` for a PNG: only letters and digits of what the seal says, since it becomes a file's name.
std::string picture_suffix(const Picture& picture);

}  // namespace zhida::seal
