#include "dcom_bridge/ipam/postgres_sql.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace ipam::engine {
namespace {

bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// A word, a number, a text in quotes, a run of blanks, or another single character; comments are blanks.
struct Token {
  std::string text;
  bool blank = false;
};

std::vector<Token> Tokens(std::string_view sql) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < sql.size();) {
    std::size_t end = i + 1;
    const char c = sql[i];
    if (c == '\'' || c == '"') {
      end =
          std::min(sql.find(c, i + 1), sql.size() - 1) + 1;  // a doubled quote makes two tokens side by side
      tokens.push_back({std::string(sql.substr(i, end - i))});
    } else if (sql.substr(i, 2) == "--") {
      end = std::min(sql.find('\n', i), sql.size());
      tokens.push_back({" ", true});
    } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      tokens.push_back({std::string(1, c), true});
    } else {
      while (IsWordChar(c) && end < sql.size() && IsWordChar(sql[end])) ++end;
      tokens.push_back({std::string(sql.substr(i, end - i))});
    }
    i = end;
  }
  return tokens;
}

bool IsBlobLiteral(const std::vector<Token>& tokens, std::size_t i) {
  return (tokens[i].text == "x" || tokens[i].text == "X") && i + 1 < tokens.size() &&
         tokens[i + 1].text.starts_with('\'');
}

// The literal at `i`, whose second token is passed over.
std::string BlobLiteral(const std::vector<Token>& tokens, std::size_t& i) {
  return absl::StrCat("'\\x", tokens[++i].text.substr(1), "::bytea");
}

// Whether the definition of the column, which ends at a comma or at the parenthesis of the table, says a collation.
bool SaysCollation(const std::vector<Token>& tokens, std::size_t i) {
  int depth = 0;
  for (; i < tokens.size(); ++i) {
    const std::string& text = tokens[i].text;
    if (text == "COLLATE") return true;
    if (text == "(") ++depth;
    if (text == ")" && --depth < 0) return false;
    if (text == "," && depth == 0) return false;
  }
  return false;
}

std::string Type(const std::vector<Token>& tokens, std::size_t i) {
  const std::string& text = tokens[i].text;
  if (text == "INTEGER") return "BIGINT";
  if (text == "BLOB") return "BYTEA";
  if (text == "REAL") return "DOUBLE PRECISION";
  if (text == "TEXT") return SaysCollation(tokens, i) ? text : "TEXT COLLATE \"C\"";
  if (text == "AUTOINCREMENT" || text == "WITHOUT" || text == "ROWID") return "";
  return text;
}

// For a table whose rows get their ids: what stands at the top of it, or was there and is deleted, comes before the next.
constexpr char kIds[] = R"sql(
CREATE FUNCTION TABLE_next_id() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  NEW.KEY := greatest((SELECT max(KEY) FROM TABLE), (SELECT last FROM last_ids WHERE name = 'TABLE'), 0) + 1;
  RETURN NEW;
END $$;
CREATE TRIGGER next_id BEFORE INSERT ON TABLE FOR EACH ROW WHEN (NEW.KEY IS NULL) EXECUTE FUNCTION TABLE_next_id();
CREATE FUNCTION TABLE_last_id() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF OLD.KEY > coalesce((SELECT max(KEY) FROM TABLE), 0) THEN
    INSERT INTO last_ids VALUES ('TABLE', OLD.KEY) ON CONFLICT (name) DO UPDATE SET last = excluded.last
      WHERE last_ids.last < excluded.last;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER last_id AFTER DELETE ON TABLE FOR EACH ROW EXECUTE FUNCTION TABLE_last_id();
)sql";

std::string Statement(const std::vector<Token>& tokens) {
  std::vector<std::string> words;
  for (const Token& token : tokens) {
    if (!token.blank && words.size() < 4) words.push_back(token.text);
  }
  if (words.empty()) return "";
  const auto says = [&words](std::size_t i, const char* word) {
    return i < words.size() && words[i] == word;
  };
  if (says(0, "PRAGMA") && says(1, "user_version")) {
    return absl::StrCat("UPDATE ipam_store SET version = ", words.back());
  }
  const bool of_table =
      (says(0, "CREATE") && (says(1, "TABLE") || says(2, "TABLE"))) || (says(0, "ALTER") && says(1, "TABLE"));
  std::string out;
  std::string ids;
  std::string word;  // the last one
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (IsBlobLiteral(tokens, i)) {
      out += BlobLiteral(tokens, i);
    } else if (of_table) {
      out += Type(tokens, i);
      if (tokens[i].text == "AUTOINCREMENT") ids = word;
    } else {
      out += tokens[i].text;
    }
    if (of_table && i + 2 < tokens.size() && tokens[i + 2].text == "INTEGER") word = tokens[i].text;
  }
  if (!ids.empty()) {
    absl::StrAppend(&out, ";", absl::StrReplaceAll(kIds, {{"TABLE", words[2]}, {"KEY", ids}}));
  }
  return out;
}

}  // namespace

PostgresText ToPostgres(std::string_view statement) {
  PostgresText text;
  const std::vector<Token> tokens = Tokens(statement);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (IsBlobLiteral(tokens, i)) {
      text.sql += BlobLiteral(tokens, i);
    } else if (tokens[i].text == "?") {
      std::size_t number = text.parameters + 1;
      if (i + 1 < tokens.size() && std::isdigit(static_cast<unsigned char>(tokens[i + 1].text[0])) != 0) {
        number = std::stoul(tokens[++i].text);
      }
      text.parameters = std::max(text.parameters, number);
      absl::StrAppend(&text.sql, "$", number);
    } else {
      text.sql += tokens[i].text;
    }
  }
  return text;
}

std::vector<std::string> ScriptToPostgres(std::string_view script) {
  std::vector<std::string> statements;
  std::vector<Token> tokens;
  const auto end = [&] {
    std::string statement = Statement(tokens);
    if (!statement.empty()) statements.push_back(std::move(statement));
    tokens.clear();
  };
  for (Token& token : Tokens(script)) {
    if (token.text == ";") {
      end();
    } else {
      tokens.push_back(std::move(token));
    }
  }
  end();
  return statements;
}

}  // namespace ipam::engine
