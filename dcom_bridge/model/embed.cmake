# cmake -DOUT=file.cc -DFILES=a.xsd;b.xsd -P embed.cmake: the files as arrays of EmbeddedSchemas().
set(arrays "")
set(entries "")
set(n 0)
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(APPEND arrays "constexpr unsigned char k${n}[] = {${bytes}};\n")
  string(APPEND entries "    {\"${name}\", {reinterpret_cast<const char*>(k${n}), sizeof(k${n})}},\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUT} "#include \"dcom_bridge/model/embedded_schemas.h\"

namespace ipam::model {
namespace {

${arrays}
const EmbeddedSchema kSchemas[] = {
${entries}};

}  // namespace

absl::Span<const EmbeddedSchema> EmbeddedSchemas() { return kSchemas; }

}  // namespace ipam::model
")
