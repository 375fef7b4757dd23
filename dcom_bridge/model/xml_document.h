// XML from outside, made into a tree: no document type, no entity but the five, nothing fetched, everything
// bounded.
#pragma once

#include <libxml/tree.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dcom_bridge/model/problem.h"

namespace ipam::model {

struct XmlLimits {
  std::size_t bytes = std::size_t{32} << 20;
  std::size_t value_bytes = std::size_t{1} << 20;  // one text or attribute
  std::size_t depth = 256;
  std::size_t nodes = 1'000'000;  // elements and attributes; also of what references expand to
};

struct FreeXmlDoc {
  void operator()(xmlDoc* doc) const { xmlFreeDoc(doc); }
};
using XmlDocument = std::unique_ptr<xmlDoc, FreeXmlDoc>;

// libxml2 sets itself up at its first use, which must be one thread's alone: called before any other of its
// functions.
void SetUpLibxml();

// UTF-8, whatever the declaration says: texts come here as UTF-16 off the wire, or from a program's memory.
// Comments and processing instructions are passed over. kInvalidArgument with line and column.
absl::StatusOr<XmlDocument> ParseXml(std::string_view xml, const XmlLimits& limits = {});

// Views of a tree; valid as long as the tree is.
std::string_view LocalName(const xmlNode& node);
std::string_view Namespace(const xmlNode& node);  // empty: none

// The elements directly inside, without a copy of their list: there is one for each value of a document.
class ElementRange {
 public:
  class Iterator {
   public:
    explicit Iterator(xmlNode* at) : at_(Skip(at)) {}
    xmlNode* operator*() const { return at_; }
    Iterator& operator++() {
      at_ = Skip(at_->next);
      return *this;
    }
    bool operator==(const Iterator& other) const = default;

   private:
    static xmlNode* Skip(xmlNode* at) {
      while (at != nullptr && at->type != XML_ELEMENT_NODE) at = at->next;
      return at;
    }
    xmlNode* at_;
  };
  explicit ElementRange(xmlNode* first) : first_(first) {}
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(nullptr); }
  bool empty() const { return begin() == end(); }

 private:
  xmlNode* first_;
};
inline ElementRange ChildElements(const xmlNode& node) { return ElementRange(node.children); }

std::string Text(const xmlNode& node);         // of the texts directly inside
std::string_view Trim(std::string_view text);  // without the white space of XML around it
// The same without a copy where there is one text, as nearly always; else `joined` holds it.
std::string_view TextView(const xmlNode& node, std::string& joined);
bool HasText(const xmlNode& node);  // other than white space

// The path of an element below the root, with [2] where it is the second of its name.
std::string FieldPath(const xmlNode& node);
Problem ProblemAt(const xmlNode& node, std::string what);

}  // namespace ipam::model
