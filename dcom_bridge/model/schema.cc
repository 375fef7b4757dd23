#include "dcom_bridge/model/schema.h"

#include <libxml/parser.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlschemas.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/model/embedded_schemas.h"
#include "dcom_bridge/model/problem.h"
#include "dcom_bridge/model/xml_document.h"

namespace ipam::model {
namespace {

constexpr std::string_view kScheme = "ipam-xsd:/";
constexpr std::size_t kMaxProblems = 8;

// The schemas import each other by file name; libxml2 reads them through these callbacks, which answer to our
// own scheme only and leave every other use of the library in the process alone.
struct Input {
  std::string_view left;
};
int Matches(const char* uri) { return std::string_view(uri).starts_with(kScheme) ? 1 : 0; }
void* Open(const char* uri) {
  const std::string_view name = std::string_view(uri).substr(kScheme.size());
  for (const EmbeddedSchema& schema : EmbeddedSchemas()) {
    if (schema.name == name) return new Input{schema.text};
  }
  return nullptr;
}
int Read(void* context, char* buffer, int size) {
  auto& input = *static_cast<Input*>(context);
  const std::size_t count = std::min(input.left.size(), static_cast<std::size_t>(size));
  std::memcpy(buffer, input.left.data(), count);
  input.left.remove_prefix(count);
  return static_cast<int>(count);
}
int Close(void* context) {
  delete static_cast<Input*>(context);
  return 0;
}

struct FreeSchema {
  void operator()(xmlSchema* schema) const { xmlSchemaFree(schema); }
};
using Schema = std::unique_ptr<xmlSchema, FreeSchema>;

Schema ParseSchemas() {
  SetUpLibxml();
  xmlRegisterInputCallbacks(Matches, Open, Read, Close);
  const std::string main = absl::StrCat(std::string(kScheme), "Microsoft.Windows.Ipam.xsd");
  xmlSchemaParserCtxt* parser = xmlSchemaNewParserCtxt(main.c_str());
  Schema schema(parser == nullptr ? nullptr : xmlSchemaParse(parser));
  xmlSchemaFreeParserCtxt(parser);
  return schema;
}

// Null where they do not parse.
xmlSchema* TheSchema() {
  static const Schema schema = ParseSchemas();  // immutable once parsed
  return schema.get();
}

bool IsInteger(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// libxml2 2.9 refuses white space around xs:long and its kin, which the facet whiteSpace=collapse allows.
// While this lives, the texts of such elements are without it.
class TrimmedIntegers {
 public:
  explicit TrimmedIntegers(xmlNode* root) {
    for (xmlNode* at = root; at != nullptr; at = Next(at, root)) {
      if (at->type != XML_TEXT_NODE || at->next != nullptr || at->prev != nullptr) continue;
      const std::string_view text(reinterpret_cast<const char*>(at->content));
      const std::string_view trimmed = Trim(text);
      if (trimmed.size() == text.size() || !IsInteger(trimmed)) continue;
      replaced_.push_back({at, at->content});
      at->content =
          xmlStrndup(reinterpret_cast<const xmlChar*>(trimmed.data()), static_cast<int>(trimmed.size()));
    }
  }
  ~TrimmedIntegers() {
    for (const auto& [node, content] : replaced_) {
      xmlFree(node->content);
      node->content = content;
    }
  }
  TrimmedIntegers(const TrimmedIntegers&) = delete;
  TrimmedIntegers& operator=(const TrimmedIntegers&) = delete;

 private:
  static xmlNode* Next(xmlNode* at, const xmlNode* root) {  // in document order
    if (at->type == XML_ELEMENT_NODE && at->children != nullptr) return at->children;
    while (at != root && at->next == nullptr) at = at->parent;
    return at == root ? nullptr : at->next;
  }
  std::vector<std::pair<xmlNode*, xmlChar*>> replaced_;
};

// "Element '{http://Microsoft.Windows.Ipam}A': 'x' is not ..." without the namespaces and the element, which
// the path says.
std::string Readable(const char* message) {
  std::string_view text = message == nullptr ? "not valid" : Trim(message);
  if (text.starts_with("Element '")) {
    const std::size_t colon = text.find("': ");
    if (colon != std::string_view::npos) text.remove_prefix(colon + 3);
  }
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find("{http://");
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    out += text.substr(0, close == std::string_view::npos ? text.size() : open);
    text.remove_prefix(close == std::string_view::npos ? text.size() : close + 1);
  }
  return Shorten(out, 400);
}

void OnError(void* user, xmlError* error) {
  auto& problems = *static_cast<std::vector<Problem>*>(user);
  if (problems.size() >= kMaxProblems) return;
  const auto* node = static_cast<const xmlNode*>(error->node);
  if (node == nullptr) {
    problems.push_back({.line = error->line, .column = 0, .field = "", .what = Readable(error->message)});
    return;
  }
  if (node->type != XML_ELEMENT_NODE && node->parent != nullptr) node = node->parent;
  Problem problem = ProblemAt(*node, Readable(error->message));
  // One wrong value is two errors to libxml2: the facet and the type.
  if (!problems.empty() && problems.back().field == problem.field && problems.back().line == problem.line)
    return;
  problems.push_back(std::move(problem));
}

}  // namespace

absl::Status LoadSchemas() {
  return TheSchema() != nullptr ? absl::OkStatus() : absl::InternalError("the embedded schemas do not parse");
}

absl::StatusOr<std::vector<Problem>> FindSchemaProblems(xmlDoc& doc) {
  IPAM_RETURN_IF_ERROR(LoadSchemas());

  struct FreeValidator {
    void operator()(xmlSchemaValidCtxt* ctxt) const { xmlSchemaFreeValidCtxt(ctxt); }
  };
  const std::unique_ptr<xmlSchemaValidCtxt, FreeValidator> validator(xmlSchemaNewValidCtxt(TheSchema()));
  if (validator == nullptr) return absl::ResourceExhaustedError("no memory for a schema validator");
  std::vector<Problem> problems;
  xmlSchemaSetValidStructuredErrors(validator.get(), OnError, &problems);
  const TrimmedIntegers trimmed(xmlDocGetRootElement(&doc));
  const int result = xmlSchemaValidateDoc(validator.get(), &doc);
  if (result < 0 && problems.empty()) return absl::InternalError("schema validation failed in the library");
  if (result > 0 && problems.empty()) problems.push_back({.what = "not valid against the schema"});
  return problems;
}

absl::Status ValidateAgainstSchema(xmlDoc& doc) {
  IPAM_ASSIGN_OR_RETURN(const std::vector<Problem> problems, FindSchemaProblems(doc));
  return problems.empty() ? absl::OkStatus() : InvalidDocument(problems);
}

}  // namespace ipam::model
