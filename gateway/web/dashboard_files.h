// The dashboard, embedded by the build from dashboard/.
#pragma once

#include <string_view>

namespace ipam::web {

struct DashboardFile {
  std::string_view path;  // "/app.js"; "/" is index.html
  std::string_view content_type;
  std::string_view etag;  // quoted
  std::string_view content;
};

// Null where there is none of that path.
const DashboardFile* FindDashboardFile(std::string_view path);

}  // namespace ipam::web
