# cmake -DOUT=file.cc -DFOLDER=dir -DFILES="index.html,app.js" -P embed.cmake
# Writes the files as arrays of bytes, with content type and entity tag, behind FindDashboardFile.
set(types_html "text/html; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_svg "image/svg+xml")

string(REPLACE "," ";" files "${FILES}")
set(arrays "")
set(table "")
set(index 0)
foreach(file IN LISTS files)
  file(READ ${FOLDER}/${file} hex HEX)
  file(SHA256 ${FOLDER}/${file} hash)
  string(SUBSTRING ${hash} 0 16 tag)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "constexpr unsigned char kFile${index}[] = {${bytes}};\n")
  get_filename_component(extension ${file} LAST_EXT)
  string(SUBSTRING ${extension} 1 -1 extension)
  set(path /${file})
  if(file STREQUAL "index.html")
    set(path /)
  endif()
  string(APPEND table "    {\"${path}\", \"${types_${extension}}\", \"\\\"${tag}\\\"\", View(kFile${index}, ${size})},\n")
  math(EXPR index "${index} + 1")
endforeach()

file(WRITE ${OUT} "#include \"gateway/web/dashboard_files.h\"

#include <cstddef>

namespace ipam::web {
namespace {

${arrays}
std::string_view View(const unsigned char* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

const DashboardFile* FindDashboardFile(std::string_view path) {
  static const DashboardFile files[] = {
${table}  };
  for (const DashboardFile& file : files) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

}  // namespace ipam::web
")
