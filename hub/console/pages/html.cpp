#include "console/pages/html.h"

#include "base/assert.h"

namespace zhida::console {

Html::Piece::Piece(const Json& json)
    : text_(json.is_null()     ? std::string("—")
            : json.is_string() ? text::html_escape(json.get_ref<const std::string&>())
                               : text::html_escape(json.dump(-1, ' ', false, Json::error_handler_t::replace))) {}

void Html::put(std::string_view format, std::initializer_list<Piece> pieces) {
  const auto* piece = pieces.begin();
  for (std::size_t at = 0; at < format.size();) {
    const auto hole = format.find("{}", at);
    if (hole == std::string_view::npos) {
      text_ += format.substr(at);
      break;
    }
    ZHIDA_ASSERT(piece != pieces.end());
    text_ += format.substr(at, hole - at);
    text_ += piece->markup();
    ++piece;
    at = hole + 2;
  }
  ZHIDA_ASSERT(piece == pieces.end());
}

}  // namespace zhida::console
