// From the tree of a document to a message.
#pragma once

#include <google/protobuf/message.h>
#include <libxml/tree.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/model/xml_document.h"
#include "dcom_bridge/model/xml_types.h"

namespace ipam::model {

// One document. Refuses with kInvalidArgument, the line and the field; needs no schema validation before it,
// and checks all but the order of elements. A z:Ref stands for a copy of the element with that z:Id, which
// must be complete before it, as the data contract reader demands: so there is no cycle. What copies add up
// to is bounded like the document, in elements, bytes and depth.
class XmlReader {
 public:
  XmlReader(const xmlNode& root, const XmlLimits& limits);
  absl::Status Read(google::protobuf::Message& message);

 private:
  struct Shared {  // an element that a z:Ref names
    const XmlType* type = nullptr;
    std::unique_ptr<google::protobuf::Message> message;
    std::size_t nodes = 0;
    std::size_t bytes = 0;
    std::size_t height = 0;  // objects inside of objects below it
  };

  absl::Status ReadObject(const xmlNode& node, const XmlType& declared, google::protobuf::Message& out);
  absl::Status ReadShared(const xmlNode& node, const std::string& id, const XmlType& type,
                          google::protobuf::Message& out);
  absl::StatusOr<const Shared*> Resolve(const xmlNode& node, const std::string& id);
  absl::Status ReadReference(const xmlNode& node, const std::string& id, const XmlType& declared,
                             google::protobuf::Message& out);
  absl::Status ReadMembers(const xmlNode& node, const XmlType& type, google::protobuf::Message& out);
  absl::Status ReadMember(const xmlNode& node, const XmlMember& member, google::protobuf::Message& owner);
  absl::Status ReadArray(const xmlNode& node, const XmlMember& member, google::protobuf::Message& owner);
  absl::Status ReadMessage(const xmlNode& node, const XmlMember& member, google::protobuf::Message& out);
  absl::Status ReadAnyObject(const xmlNode& node, google::protobuf::Message& any);
  absl::Status ReadAnyValue(const xmlNode& node, google::protobuf::Message& value);
  absl::StatusOr<const XmlType*> ActualType(const xmlNode& node, const XmlType* declared) const;
  absl::Status Count(const xmlNode& node, std::size_t nodes);
  bool IsReferenced(const std::string& id);

  const xmlNode& root_;
  const XmlLimits& limits_;
  const XmlTypes& types_ = XmlTypes::Get();
  bool collected_ = false;  // referenced_ is filled
  std::size_t nodes_ = 0;
  std::size_t copied_bytes_ = 0;
  std::size_t depth_ = 0;                        // objects being read
  std::size_t deepest_ = 0;                      // of them, since it was last set
  absl::flat_hash_set<std::string> referenced_;  // ids that some z:Ref names
  absl::flat_hash_set<std::string> open_;        // ids of the elements being read
  absl::flat_hash_map<std::string, Shared> shared_;
};

}  // namespace ipam::model
