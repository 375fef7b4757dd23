// The schemas of [MS-IPAMM2] 7, from xsd/ at build time.
#pragma once

#include <string_view>

#include "absl/types/span.h"

namespace ipam::model {

struct EmbeddedSchema {
  std::string_view name;  // the file's, by which the schemas import each other
  std::string_view text;
};

absl::Span<const EmbeddedSchema> EmbeddedSchemas();

}  // namespace ipam::model
