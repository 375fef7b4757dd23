#include "dcom_bridge/ipam/import_export.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/sql_driver.h"
#include "dcom_bridge/ipam/store.h"
#include "dcom_bridge/ipam/store_tables.h"
#include "dcom_bridge/model/yaml_message.h"

namespace ipam::engine {
namespace {

// Name and value pairs: the one table whose rows are not messages.
constexpr char kCommonProperties[] = "common_properties";

class Importer {
 public:
  Importer(Database& db, const std::string& file, std::size_t file_bytes)
      : db_(db),
        store_(db),
        file_(file),
        put_property_(db,
                      "INSERT INTO common_properties (name, value) VALUES (?, ?)"
                      " ON CONFLICT (name) DO UPDATE SET value = excluded.value"),
        reader_(file_bytes) {}

  absl::Status Import(const YAML::Node& root);

 private:
  absl::Status ImportTable(const StoreTable& table, const YAML::Node& rows);
  absl::Status ImportProperties(const YAML::Node& properties);
  // What the deferred foreign keys would only call "constraint failed" at the end of the transaction.
  absl::Status CheckForeignKeys();
  absl::Status At(std::string_view table, const absl::Status& status) const {
    return absl::InvalidArgumentError(absl::StrFormat("%s: %s: %s", file_, table, status.message()));
  }

  Database& db_;
  Store store_;
  const std::string file_;
  Statement put_property_;
  model::YamlReader reader_;
  std::map<std::pair<std::string, std::int64_t>, int> lines_;  // of the rows, by table and record id
};

absl::Status Importer::Import(const YAML::Node& root) {
  if (root.IsNull()) return absl::OkStatus();  // an empty file
  if (!root.IsMap())
    return absl::InvalidArgumentError(absl::StrFormat("%s: line 1: not a mapping of tables", file_));
  const std::vector<StoreTable> tables = StoreTables();
  std::map<std::string, YAML::Node> sections;
  for (const auto& entry : root) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const bool known =
        name == kCommonProperties ||
        std::any_of(tables.begin(), tables.end(), [&](const auto& table) { return table.name == name; });
    if (!known) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: line %d: unknown table \"%s\"", file_, entry.first.Mark().line + 1, name));
    }
    if (!sections.emplace(name, entry.second).second)
      return At(name, model::YamlError(entry.first, "", "stands twice"));
  }
  for (const StoreTable& table : tables) {
    const auto section = sections.find(std::string(table.name));
    if (section != sections.end()) IPAM_RETURN_IF_ERROR(ImportTable(table, section->second));
  }
  if (const auto section = sections.find(kCommonProperties); section != sections.end()) {
    IPAM_RETURN_IF_ERROR(ImportProperties(section->second));
  }
  return CheckForeignKeys();
}

absl::Status Importer::ImportTable(const StoreTable& table, const YAML::Node& rows) {
  if (rows.IsNull()) return absl::OkStatus();
  if (!rows.IsSequence()) return At(table.name, model::YamlError(rows, "", "not a list of rows"));
  for (const YAML::Node& node : rows) {
    const std::unique_ptr<google::protobuf::Message> row(table.prototype->New());
    if (const absl::Status read = reader_.Read(node, *row); !read.ok()) return At(table.name, read);
    const std::int64_t id = table.id(*row);
    if (id <= 0) return At(table.name, model::YamlError(node, "", "a row without a record id"));
    if (!lines_.emplace(std::pair(std::string(table.name), id), node.Mark().line + 1).second) {
      return At(table.name, model::YamlError(node, "", absl::StrFormat("the record id %d stands twice", id)));
    }
    const absl::Status put = table.put(*row, store_);
    if (absl::IsUnavailable(put)) return put;
    if (!put.ok()) return At(table.name, model::YamlError(node, "", std::string(put.message())));
  }
  return absl::OkStatus();
}

absl::Status Importer::ImportProperties(const YAML::Node& properties) {
  if (!properties.IsMap())
    return At(kCommonProperties, model::YamlError(properties, "", "not a mapping of names to values"));
  for (const auto& entry : properties) {
    if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
      return At(kCommonProperties, model::YamlError(entry.first, "", "not a name and a single value"));
    }
    IPAM_RETURN_IF_ERROR(put_property_.Run(entry.first.Scalar(), entry.second.Scalar()));
  }
  return absl::OkStatus();
}

absl::Status Importer::CheckForeignKeys() {
  IPAM_ASSIGN_OR_RETURN(const std::optional<BrokenReference> broken, db_.driver().FindBrokenReference());
  if (!broken) return absl::OkStatus();
  const std::string row = broken->row ? absl::StrFormat("the row %d", *broken->row) : "a row";
  const auto line = lines_.find({broken->table, broken->row.value_or(0)});
  const std::string where = line == lines_.end() ? "" : absl::StrFormat("line %d: ", line->second);
  return absl::InvalidArgumentError(absl::StrFormat("%s: %s: %s%s refers to a row of %s that is not there",
                                                    file_, broken->table, where, row, broken->target));
}

absl::Status ImportText(Database& db, const std::string& file, const std::string& text) {
  const YAML::Node root = YAML::Load(text);
  IPAM_RETURN_IF_ERROR(db.Begin());
  absl::Status status = db.driver().DeferReferences();
  if (status.ok()) status = Importer(db, file, text.size()).Import(root);
  if (status.ok()) status = db.Commit();
  if (!status.ok()) db.Rollback();
  return status;
}

absl::Status ExportTable(const StoreTable& table, Store& store, YAML::Emitter& out) {
  bool begun = false;
  const absl::Status listed = table.for_each(store, [&](const google::protobuf::Message& row) {
    if (!begun) out << YAML::Key << std::string(table.name) << YAML::Value << YAML::BeginSeq;
    begun = true;
    model::WriteYaml(row, out);
    return absl::OkStatus();
  });
  if (begun) out << YAML::EndSeq;
  return listed;
}

}  // namespace

absl::Status ImportYaml(const std::string& database, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!(text << file.rdbuf()))
    return absl::NotFoundError(absl::StrFormat("cannot read %s, or it is empty", path));
  IPAM_ASSIGN_OR_RETURN(const std::unique_ptr<Database> db, OpenDatabase(database));
  // yaml-cpp tells its errors by exceptions only.
  try {
    return ImportText(*db, path, text.str());
  } catch (const YAML::Exception& e) {
    db->Rollback();  // where a transaction had begun
    return absl::InvalidArgumentError(absl::StrFormat("%s: line %d: %s", path, e.mark.line + 1, e.msg));
  }
}

absl::Status ExportYaml(const std::string& database, std::ostream& out) {
  IPAM_ASSIGN_OR_RETURN(const std::unique_ptr<Database> db, OpenDatabase(database, StoreUse::kRead));
  IPAM_RETURN_IF_ERROR(db->BeginSnapshot());  // one snapshot, whatever the engine does
  Store store(*db);
  YAML::Emitter emitter(out);
  emitter << YAML::BeginMap;
  for (const StoreTable& table : StoreTables()) IPAM_RETURN_IF_ERROR(ExportTable(table, store, emitter));
  Statement list_properties(*db, "SELECT name, value FROM common_properties ORDER BY name");
  emitter << YAML::Key << kCommonProperties << YAML::Value << YAML::BeginMap;
  Cursor properties = list_properties.Query();
  while (properties.Next()) {
    emitter << YAML::Key << properties.Text(0) << YAML::Value << YAML::DoubleQuoted << properties.Text(1);
  }
  emitter << YAML::EndMap << YAML::EndMap;
  out << "\n";
  if (!emitter.good() || !out.good()) return absl::UnavailableError("cannot write the export");
  return properties.status();
}

}  // namespace ipam::engine
