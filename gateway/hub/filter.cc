#include "gateway/hub/filter.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/hub/errors.h"

namespace ipam::hub {

struct Filter::Node {
  enum class Kind { kAnd, kOr, kNot, kCompare };
  enum class Op { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };
  Kind kind = Kind::kCompare;
  std::vector<std::unique_ptr<const Node>> children;
  std::size_t field = 0;
  Op op = Op::kEqual;
  std::variant<std::string, absl::Time, int> value;
};

namespace {

using Node = Filter::Node;
using NodePtr = std::unique_ptr<const Node>;

struct Token {
  enum class Kind { kEnd, kWord, kQuoted, kOperator, kOpen, kClose, kMinus, kBad };
  Kind kind = Kind::kEnd;
  std::string text;
  std::size_t position = 1;
};

bool IsWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || absl::StrContains("_.:+-@/\\*$%", c) ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Lexer {
 public:
  explicit Lexer(absl::string_view text) : text_(text) {}

  Token Next() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    Token token;
    token.position = at_ + 1;
    if (at_ == text_.size()) return token;
    const char c = text_[at_];
    if (c == '(' || c == ')') {
      ++at_;
      token.kind = c == '(' ? Token::Kind::kOpen : Token::Kind::kClose;
      token.text = c;
    } else if (c == '"' || c == '\'') {
      Quoted(c, token);
    } else if (absl::StrContains("=!<>", c)) {
      token.kind = Token::Kind::kOperator;
      token.text = text_[at_++];
      if (at_ < text_.size() && text_[at_] == '=' && c != '=') token.text += text_[at_++];
    } else if (c == '-' && !after_operator_) {
      ++at_;
      token.kind = Token::Kind::kMinus;
      token.text = c;
    } else if (IsWordCharacter(c)) {
      token.kind = Token::Kind::kWord;
      while (at_ < text_.size() && IsWordCharacter(text_[at_])) token.text += text_[at_++];
    } else {
      token.kind = Token::Kind::kBad;
      token.text = c;
    }
    after_operator_ = token.kind == Token::Kind::kOperator;
    return token;
  }

 private:
  void Quoted(char quote, Token& token) {
    token.kind = Token::Kind::kQuoted;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        ++at_;
        return;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      token.text += text_[at_];
    }
    token.kind = Token::Kind::kBad;
    token.text = "an unterminated string";
  }

  absl::string_view text_;
  std::size_t at_ = 0;
  bool after_operator_ = false;  // a value may begin with a minus
};

// Recursive descent; the first error sticks.
class Parser {
 public:
  Parser(absl::string_view text, const std::vector<FilterField>& fields) : lexer_(text), fields_(fields) {
    token_ = lexer_.Next();
  }

  absl::StatusOr<NodePtr> Run() {
    NodePtr root = Chain(Node::Kind::kAnd, 0);
    if (status_.ok() && token_.kind != Token::Kind::kEnd) Fail("expected AND, OR or the end");
    if (!status_.ok()) return status_;
    return root;
  }

 private:
  NodePtr Chain(Node::Kind kind, int depth) {
    if (depth > Filter::kMaxDepth) {
      Fail("too deep");
      return nullptr;
    }
    const bool conjunction = kind == Node::Kind::kAnd;
    auto node = std::make_unique<Node>();
    node->kind = kind;
    do {
      node->children.push_back(conjunction ? Chain(Node::Kind::kOr, depth) : Term(depth));
    } while (status_.ok() && Keyword(conjunction ? "AND" : "OR"));
    if (node->children.size() == 1) return std::move(node->children.front());
    return node;
  }

  NodePtr Term(int depth) {
    if (token_.kind == Token::Kind::kMinus || IsKeyword("NOT")) {
      Advance();
      if (depth > Filter::kMaxDepth) {
        Fail("too deep");
        return nullptr;
      }
      auto node = std::make_unique<Node>();
      node->kind = Node::Kind::kNot;
      node->children.push_back(Term(depth + 1));
      return node;
    }
    if (token_.kind == Token::Kind::kOpen) {
      Advance();
      NodePtr inner = Chain(Node::Kind::kAnd, depth + 1);
      if (status_.ok() && token_.kind != Token::Kind::kClose) Fail("expected )");
      Advance();
      return inner;
    }
    return Comparison();
  }

  NodePtr Comparison() {
    auto node = std::make_unique<Node>();
    if (token_.kind != Token::Kind::kWord) {
      Fail("expected a field");
      return nullptr;
    }
    const auto field = std::find_if(fields_.begin(), fields_.end(),
                                    [this](const FilterField& f) { return f.name == token_.text; });
    if (field == fields_.end()) {
      std::string known;
      for (const FilterField& f : fields_) absl::StrAppend(&known, known.empty() ? "" : ", ", f.name);
      Fail(absl::StrCat("unknown field; known are ", known));
      return nullptr;
    }
    node->field = static_cast<std::size_t>(field - fields_.begin());
    Advance();
    const bool ordered = field->type != FilterField::Type::kEnum;
    if (!Operator(ordered, node->op)) return nullptr;
    Advance();
    if (!Value(*field, node->value)) return nullptr;
    Advance();
    return node;
  }

  bool Operator(bool ordered, Node::Op& op) {
    static constexpr std::pair<const char*, Node::Op> kOperators[] = {
        {"=", Node::Op::kEqual},      {"!=", Node::Op::kNotEqual}, {"<", Node::Op::kLess},
        {"<=", Node::Op::kLessEqual}, {">", Node::Op::kGreater},   {">=", Node::Op::kGreaterEqual}};
    for (const auto& [text, value] : kOperators) {
      if (token_.kind != Token::Kind::kOperator || token_.text != text) continue;
      op = value;
      if (ordered || op == Node::Op::kEqual || op == Node::Op::kNotEqual) return true;
      return Fail("an enumeration has = and != only");
    }
    return Fail("expected one of = != < <= > >=");
  }

  bool Value(const FilterField& field, std::variant<std::string, absl::Time, int>& value) {
    if (token_.kind != Token::Kind::kWord && token_.kind != Token::Kind::kQuoted)
      return Fail("expected a value");
    switch (field.type) {
      case FilterField::Type::kText:
        value = token_.text;
        return true;
      case FilterField::Type::kTime: {
        absl::Time time;
        std::string error;
        if (!absl::ParseTime(absl::RFC3339_full, token_.text, &time, &error)) {
          return Fail("expected a time like 2026-01-31T12:00:00Z");
        }
        value = time;
        return true;
      }
      case FilterField::Type::kEnum: {
        const auto* found = field.values->FindValueByName(token_.text);
        if (found == nullptr) found = field.values->FindValueByName(field.value_prefix + token_.text);
        if (found == nullptr) return Fail(absl::StrCat("not a value of ", field.values->name()));
        value = found->number();
        return true;
      }
    }
    return false;
  }

  bool IsKeyword(absl::string_view word) const {
    return token_.kind == Token::Kind::kWord && absl::string_view(token_.text) == word;
  }
  bool Keyword(absl::string_view word) {
    if (!IsKeyword(word)) return false;
    Advance();
    return true;
  }
  void Advance() {
    if (status_.ok()) token_ = lexer_.Next();
  }
  bool Fail(const std::string& what) {
    if (!status_.ok()) return false;
    const std::string got =
        token_.kind == Token::Kind::kEnd ? "the end" : absl::StrCat("'", token_.text, "'");
    status_ = InvalidField("filter", absl::StrCat("position ", token_.position, ", at ", got, ": ", what));
    return false;
  }

  Lexer lexer_;
  const std::vector<FilterField>& fields_;
  Token token_;
  absl::Status status_;
};

bool Compare(Node::Op op, int order) {
  switch (op) {
    case Node::Op::kEqual:
      return order == 0;
    case Node::Op::kNotEqual:
      return order != 0;
    case Node::Op::kLess:
      return order < 0;
    case Node::Op::kLessEqual:
      return order <= 0;
    case Node::Op::kGreater:
      return order > 0;
    case Node::Op::kGreaterEqual:
      return order >= 0;
  }
  return false;
}

template <typename T>
int Order(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

bool Evaluate(const Node& node, absl::FunctionRef<FilterValue(std::size_t)> value) {
  const auto matches = [&value](const NodePtr& child) { return Evaluate(*child, value); };
  switch (node.kind) {
    case Node::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), matches);
    case Node::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), matches);
    case Node::Kind::kNot:
      return !matches(node.children.front());
    case Node::Kind::kCompare:
      break;
  }
  const FilterValue actual = value(node.field);
  if (const auto* text = std::get_if<absl::string_view>(&actual)) {
    return Compare(node.op, Order(*text, absl::string_view(std::get<std::string>(node.value))));
  }
  if (const auto* time = std::get_if<absl::Time>(&actual)) {
    return Compare(node.op, Order(*time, std::get<absl::Time>(node.value)));
  }
  return Compare(node.op, Order(std::get<int>(actual), std::get<int>(node.value)));
}

}  // namespace

absl::StatusOr<Filter> Filter::Parse(absl::string_view text, std::vector<FilterField> fields) {
  Filter filter;
  if (text.size() > kMaxLength)
    return InvalidField("filter", absl::StrCat("longer than ", kMaxLength, " octets"));
  if (std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; }))
    return filter;
  absl::StatusOr<NodePtr> root = Parser(text, fields).Run();
  if (!root.ok()) return root.status();
  filter.root_ = *std::move(root);
  return filter;
}

bool Filter::Matches(absl::FunctionRef<FilterValue(std::size_t)> value) const {
  return root_ == nullptr || Evaluate(*root_, value);
}

}  // namespace ipam::hub
