#include "stages/matching/expression.h"

#include <array>
#include <utility>

#include "stages/matching/literal.h"

namespace zhida::matching {

/// Recursive descent; the text is short and its depth is limited.
class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, const Expression::Resolve& resolve) : rest_(text), resolve_(resolve) {}

  Result<Expression> parse() {
    const auto whole = TRY(sum(0));
    skip();
    if (!rest_.empty()) return malformed("\"" + std::string(rest_.substr(0, 12)) + "\" is not expected here");
    out_.kind_ = out_.nodes_[whole].kind;
    return std::move(out_);
  }

 private:
  using Node = Expression::Node;
  using Step = Expression::Step;
  using Kind = Expression::Kind;

  static Error malformed(const std::string& what) {
    return refuse("formula_malformed", "The formula cannot be read: " + what + ".");
  }

  void skip() {
    while (rest_.starts_with(' ') || rest_.starts_with('\n')) rest_.remove_prefix(1);
  }
  bool take(std::string_view token) {
    skip();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  std::size_t put(Node node) {
    out_.nodes_.push_back(std::move(node));
    return out_.nodes_.size() - 1;
  }

  Result<std::size_t> join(Step step, std::size_t left, std::size_t right) {
    const auto a = out_.nodes_[left].kind, b = out_.nodes_[right].kind;
    Node node;
    node.step = step;
    node.left = left;
    node.right = right;
    if (step == Step::multiply) {
      if (a == Kind::money && b == Kind::money) return refuse("formula_units", "Money cannot be multiplied by money.");
      node.kind = a == Kind::money ? a : b;
    } else if (step == Step::divide) {
      if (a == Kind::number && b == Kind::money) return refuse("formula_units", "A number cannot be divided by money.");
      node.kind = a == b ? Kind::number : a;
    } else {
      if (a != b) return refuse("formula_units", "Money and plain numbers cannot be added or compared.");
      node.kind = a;
    }
    return put(std::move(node));
  }

  Result<std::size_t> sum(int depth) {
    auto left = TRY(product(depth));
    for (;;) {
      if (take("+") || take("＋"))
        left = TRY(join(Step::add, left, TRY(product(depth))));
      else if (take("-") || take("－"))
        left = TRY(join(Step::subtract, left, TRY(product(depth))));
      else
        return left;
    }
  }

  Result<std::size_t> product(int depth) {
    auto left = TRY(atom(depth));
    for (;;) {
      if (take("*") || take("×"))
        left = TRY(join(Step::multiply, left, TRY(atom(depth))));
      else if (take("/") || take("÷"))
        left = TRY(join(Step::divide, left, TRY(atom(depth))));
      else
        return left;
    }
  }

  Result<std::size_t> atom(int depth) {
    if (depth > 16) return malformed("it is nested too deeply");
    skip();
    if (rest_.empty()) return malformed("it ends too early");
    if (take("(") || take("（")) {
      const auto inner = TRY(sum(depth + 1));
      if (!take(")") && !take("）")) return malformed("a closing parenthesis is missing");
      return inner;
    }
    for (const auto& [name, step] :
         {std::pair{std::string_view("min("), Step::minimum}, std::pair{std::string_view("max("), Step::maximum}}) {
      if (!take(name)) continue;
      const auto left = TRY(sum(depth + 1));
      if (!take(",") && !take("，")) return malformed("min and max take two parts");
      const auto right = TRY(sum(depth + 1));
      if (!take(")")) return malformed("a closing parenthesis is missing");
      return join(step, left, right);
    }
    if (rest_.front() >= '0' && rest_.front() <= '9') return number();
    return field();
  }

  Result<std::size_t> number() {
    std::size_t end = 0;
    while (end < rest_.size() && ((rest_[end] >= '0' && rest_[end] <= '9') || rest_[end] == '.')) ++end;
    const auto digits = std::string(rest_.substr(0, end));
    rest_.remove_prefix(end);
    Node node;
    node.written = digits;
    for (const char* unit : {"%", "亿元", "万元", "元", "分"}) {
      if (!take(unit)) continue;
      node.written += std::string(" ") + unit;
      if (*unit == '%') {
        node.number = *Fraction::of(TRY(parse_rate_literal(node.written)), 1'000'000);
      } else {
        node.number = Fraction(TRY(parse_money_literal(node.written)).fen());
        node.kind = Kind::money;
      }
      return put(std::move(node));
    }
    const auto whole = parse_literal(digits, FieldType::integer, "");
    if (!whole) return malformed("\"" + digits + "\" is not a whole number, and has no unit");
    node.number = Fraction(std::get<std::int64_t>(whole.value()));
    return put(std::move(node));
  }

  Result<std::size_t> field() {
    std::size_t end = 0;
    while (end < rest_.size()) {
      const auto tail = rest_.substr(end);
      static constexpr std::array<std::string_view, 18> kEnds = {" ",  "\n", "+", "-", "*",  "/",  "(",  ")", ",",
                                                                 "＋", "－", "×", "÷", "（", "）", "，", "%", "\t"};
      bool ends = false;
      for (const auto mark : kEnds) ends = ends || tail.starts_with(mark);
      if (ends) break;
      ++end;
    }
    if (end == 0) return malformed("\"" + std::string(rest_.substr(0, 12)) + "\" is not expected here");
    const auto known = TRY(resolve_(std::string(rest_.substr(0, end))));
    rest_.remove_prefix(end);
    if (known.type != FieldType::integer && known.type != FieldType::money_fen && known.type != FieldType::rate_ppm)
      return refuse("formula_units",
                    known.name + " is " + zhida::to_text(known.type) + " and cannot be reckoned with.");
    Node node;
    node.step = Step::field;
    node.field = known.name;
    node.title = known.title;
    node.type = known.type;
    node.kind = known.type == FieldType::money_fen ? Kind::money : Kind::number;
    return put(std::move(node));
  }

  std::string_view rest_;
  const Expression::Resolve& resolve_;
  Expression out_;
};

Result<Expression> Expression::parse(std::string_view text, const Resolve& resolve) {
  return ExpressionParser(text, resolve).parse();
}

std::set<std::string> Expression::fields() const {
  std::set<std::string> out;
  for (const auto& node : nodes_)
    if (node.step == Step::field) out.insert(node.field);
  return out;
}

std::map<std::string, FieldType> Expression::types() const {
  std::map<std::string, FieldType> out;
  for (const auto& node : nodes_)
    if (node.step == Step::field) out[node.field] = node.type;
  return out;
}

bool Expression::divides() const {
  for (const auto& node : nodes_)
    if (node.step == Step::divide || (node.step == Step::number && node.number.denominator() != 1)) return true;
  return false;
}

std::optional<Fraction> Expression::evaluate(
    const std::function<std::optional<std::int64_t>(const std::string&)>& value) const {
  std::vector<Fraction> results;
  results.reserve(nodes_.size());
  for (const auto& node : nodes_) {
    std::optional<Fraction> result;
    switch (node.step) {
      case Step::number:
        result = node.number;
        break;
      case Step::field: {
        const auto whole = value(node.field);
        if (whole) result = Fraction::of(*whole, node.type == FieldType::rate_ppm ? 1'000'000 : 1);
        break;
      }
      case Step::add:
        result = results[node.left].plus(results[node.right]);
        break;
      case Step::subtract:
        result = results[node.left].minus(results[node.right]);
        break;
      case Step::multiply:
        result = results[node.left].times(results[node.right]);
        break;
      case Step::divide:
        result = results[node.left].over(results[node.right]);
        break;
      case Step::minimum:
      case Step::maximum: {
        const auto order = results[node.left].compare(results[node.right]);
        if (order) result = (*order <= 0) == (node.step == Step::minimum) ? results[node.left] : results[node.right];
        break;
      }
    }
    if (!result) return std::nullopt;
    results.push_back(*result);
  }
  if (results.empty()) return std::nullopt;
  return results.back();
}

std::string Expression::print(std::size_t at, bool titles) const {
  const auto& node = nodes_[at];
  const auto joined = [&](const char* sign) {
    return "(" + print(node.left, titles) + " " + sign + " " + print(node.right, titles) + ")";
  };
  switch (node.step) {
    case Step::number:
      return node.written;
    case Step::field:
      return titles ? node.title : node.field;
    case Step::add:
      return joined("+");
    case Step::subtract:
      return joined("-");
    case Step::multiply:
      return joined(titles ? "×" : "*");
    case Step::divide:
      return joined(titles ? "÷" : "/");
    case Step::minimum:
      return (titles ? "较小者(" : "min(") + print(node.left, titles) + ", " + print(node.right, titles) + ")";
    case Step::maximum:
      return (titles ? "较大者(" : "max(") + print(node.left, titles) + ", " + print(node.right, titles) + ")";
  }
  return "";
}

std::string Expression::canonical() const {
  return nodes_.empty() ? "" : print(nodes_.size() - 1, false);
}

std::string Expression::text() const {
  auto out = nodes_.empty() ? std::string() : print(nodes_.size() - 1, true);
  const bool wrapped = nodes_.size() > 1 && out.starts_with('(');
  return wrapped ? out.substr(1, out.size() - 2) : out;
}

}  // namespace zhida::matching
