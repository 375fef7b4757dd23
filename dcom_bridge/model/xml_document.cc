#include "dcom_bridge/model/xml_document.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"

namespace ipam::model {
namespace {

std::string_view View(const xmlChar* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

// The state of one parse, reached from the SAX callbacks by ctxt->_private.
struct Guard {
  explicit Guard(const XmlLimits& bounds) : limits(bounds) {}
  const XmlLimits& limits;
  std::size_t depth = 0;
  std::size_t nodes = 0;
  std::size_t value_bytes = 0;
  Problem problem;  // of ours; `what` empty: none

  void Fail(xmlParserCtxt* ctxt, std::string what) {
    if (!problem.what.empty()) return;
    problem = {.line = xmlSAX2GetLineNumber(ctxt),
               .column = xmlSAX2GetColumnNumber(ctxt),
               .field = "",
               .what = std::move(what)};
    xmlStopParser(ctxt);
  }
};

xmlParserCtxt* Context(void* user) { return static_cast<xmlParserCtxt*>(user); }
Guard& GuardOf(void* user) { return *static_cast<Guard*>(Context(user)->_private); }

void OnDocumentType(void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
  GuardOf(user).Fail(Context(user), "a document type declaration is not allowed");
}

void OnStartElement(void* user, const xmlChar* name, const xmlChar* prefix, const xmlChar* uri,
                    int namespaces, const xmlChar** declared, int attributes, int defaulted,
                    const xmlChar** values) {
  Guard& guard = GuardOf(user);
  if (++guard.depth > guard.limits.depth) {
    return guard.Fail(Context(user), absl::StrCat("elements are nested deeper than ", guard.limits.depth));
  }
  guard.nodes += 1 + static_cast<std::size_t>(attributes) + static_cast<std::size_t>(namespaces);
  if (guard.nodes > guard.limits.nodes) {
    return guard.Fail(Context(user),
                      absl::StrCat("more than ", guard.limits.nodes, " elements and attributes"));
  }
  for (int i = 0; i < attributes; ++i) {  // five pointers each: name, prefix, uri, begin and end of the value
    if (static_cast<std::size_t>(values[5 * i + 4] - values[5 * i + 3]) > guard.limits.value_bytes) {
      return guard.Fail(Context(user),
                        absl::StrCat("an attribute of more than ", guard.limits.value_bytes, " bytes"));
    }
  }
  guard.value_bytes = 0;
  xmlSAX2StartElementNs(user, name, prefix, uri, namespaces, declared, attributes, defaulted, values);
}

void OnEndElement(void* user, const xmlChar* name, const xmlChar* prefix, const xmlChar* uri) {
  Guard& guard = GuardOf(user);
  --guard.depth;
  guard.value_bytes = 0;
  xmlSAX2EndElementNs(user, name, prefix, uri);
}

void OnText(void* user, const xmlChar* text, int size) {
  Guard& guard = GuardOf(user);
  guard.value_bytes += static_cast<std::size_t>(size);
  if (guard.value_bytes > guard.limits.value_bytes) {
    return guard.Fail(Context(user),
                      absl::StrCat("a value of more than ", guard.limits.value_bytes, " bytes"));
  }
  xmlSAX2Characters(user, text, size);
}

struct FreeContext {
  void operator()(xmlParserCtxt* ctxt) const { xmlFreeParserCtxt(ctxt); }
};

Problem SyntaxProblem(const xmlParserCtxt& ctxt) {
  const xmlError& error = ctxt.lastError;
  if (error.message == nullptr)
    return {.line = 1, .column = 1, .field = "", .what = "not a well-formed XML document"};
  return {.line = error.line,
          .column = error.int2,
          .field = "",
          .what = absl::StrCat("not well-formed XML: ", Shorten(Trim(error.message)))};
}

}  // namespace

void SetUpLibxml() { [[maybe_unused]] static const bool done = (xmlInitParser(), true); }

absl::StatusOr<XmlDocument> ParseXml(std::string_view xml, const XmlLimits& limits) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (xml.starts_with(kByteOrderMark)) xml.remove_prefix(kByteOrderMark.size());
  if (xml.size() > std::min<std::size_t>(limits.bytes, std::numeric_limits<int>::max())) {
    return InvalidDocument({{.what = absl::StrCat("the document has more than ", limits.bytes, " bytes")}});
  }
  if (Trim(xml).empty())
    return InvalidDocument({{.line = 1, .column = 1, .field = "", .what = "the document is empty"}});
  if (const std::size_t zero = xml.find('\0'); zero != std::string_view::npos) {
    const auto line = 1 + std::count(xml.begin(), xml.begin() + static_cast<std::ptrdiff_t>(zero), '\n');
    return InvalidDocument(
        {{.line = static_cast<int>(line), .column = 0, .field = "", .what = "a character of code 0"}});
  }

  SetUpLibxml();
  const std::unique_ptr<xmlParserCtxt, FreeContext> ctxt(xmlNewParserCtxt());
  if (ctxt == nullptr) return absl::ResourceExhaustedError("no memory for an XML parser");
  Guard guard(limits);
  ctxt->_private = &guard;
  xmlSAXHandler& sax = *ctxt->sax;
  sax.internalSubset = OnDocumentType;
  sax.startElementNs = OnStartElement;
  sax.endElementNs = OnEndElement;
  sax.characters = OnText;
  sax.ignorableWhitespace = OnText;
  sax.comment = nullptr;
  sax.processingInstruction = nullptr;

  // HUGE takes libxml2's own limits away: those above stand in their place.
  constexpr int kOptions = XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                           XML_PARSE_IGNORE_ENC | XML_PARSE_BIG_LINES | XML_PARSE_HUGE |
                           XML_PARSE_NOXINCNODE | XML_PARSE_COMPACT;
  XmlDocument doc(
      xmlCtxtReadMemory(ctxt.get(), xml.data(), static_cast<int>(xml.size()), nullptr, "UTF-8", kOptions));
  if (!guard.problem.what.empty()) return InvalidDocument({guard.problem});
  if (doc == nullptr || ctxt->wellFormed == 0 || xmlDocGetRootElement(doc.get()) == nullptr) {
    return InvalidDocument({SyntaxProblem(*ctxt)});
  }
  // A prefix that is not declared leaves the document well-formed, but says nothing.
  if (ctxt->nsWellFormed == 0) return InvalidDocument({SyntaxProblem(*ctxt)});
  return doc;
}

std::string_view LocalName(const xmlNode& node) { return View(node.name); }

std::string_view Namespace(const xmlNode& node) {
  return node.ns == nullptr ? std::string_view() : View(node.ns->href);
}

std::string Text(const xmlNode& node) {
  std::string joined;
  return std::string(TextView(node, joined));
}

std::string_view TextView(const xmlNode& node, std::string& joined) {
  std::string_view only;
  bool several = false;
  for (const xmlNode* child = node.children; child != nullptr; child = child->next) {
    if (child->type != XML_TEXT_NODE) continue;
    if (several) {
      joined += View(child->content);
    } else if (only.empty()) {
      only = View(child->content);
    } else {
      several = true;
      joined = only;
      joined += View(child->content);
    }
  }
  return several ? std::string_view(joined) : only;
}

bool HasText(const xmlNode& node) {
  for (const xmlNode* child = node.children; child != nullptr; child = child->next) {
    if (child->type == XML_TEXT_NODE && !Trim(View(child->content)).empty()) return true;
  }
  return false;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string FieldPath(const xmlNode& node) {
  if (node.parent == nullptr || node.parent->type != XML_ELEMENT_NODE) return std::string(LocalName(node));
  std::vector<std::string> steps;
  for (const xmlNode* at = &node; at->parent != nullptr && at->parent->type == XML_ELEMENT_NODE;
       at = at->parent) {
    std::size_t before = 0;
    std::size_t all = 0;
    for (const xmlNode* sibling = at->parent->children; sibling != nullptr; sibling = sibling->next) {
      if (sibling->type != XML_ELEMENT_NODE || LocalName(*sibling) != LocalName(*at)) continue;
      ++all;
      if (sibling == at) before = all;
    }
    std::string step(LocalName(*at));
    if (all > 1) absl::StrAppend(&step, "[", before, "]");
    steps.push_back(std::move(step));
  }
  std::string out;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    absl::StrAppend(&out, out.empty() ? "" : ".", *step);
  }
  return Shorten(out, 500);
}

Problem ProblemAt(const xmlNode& node, std::string what) {
  return {.line = static_cast<int>(xmlGetLineNo(&node)),
          .column = 0,
          .field = FieldPath(node),
          .what = std::move(what)};
}

}  // namespace ipam::model
