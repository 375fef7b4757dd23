#include "dcom_bridge/ipam/show.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "dcom_bridge/base/status_macros.h"
#include "dcom_bridge/ipam/json.h"
#include "dcom_bridge/ipam/store.h"
#include "dcom_bridge/ipam/store_tables.h"
#include "dcom_bridge/model/secrets.h"
#include "dcom_bridge/model/yaml_message.h"
#include "ipam/v1/xml.pb.h"

namespace ipam::engine {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::TimeUtil;

constexpr std::size_t kMaxCell = 40;  // characters

// --- values as text ----------------------------------------------------------------------------------------

bool IsTime(const FieldDescriptor& field) {
  return field.message_type() != nullptr && field.message_type()->file()->package() == "google.protobuf" &&
         field.message_type()->name() != "Any";
}

std::string TimeText(const Message& value) {
  if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&value)) {
    return TimeUtil::ToString(*duration);
  }
  const auto* timestamp = dynamic_cast<const google::protobuf::Timestamp*>(&value);
  return timestamp == nullptr ? "" : TimeUtil::ToString(*timestamp);
}

// Of a simple value; `index` is -1 where the field is not repeated.
std::string ValueText(const Message& m, const FieldDescriptor& field, int index) {
  const Reflection& r = *m.GetReflection();
  const bool many = index >= 0;
  const FieldDescriptor* f = &field;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value = many ? r.GetRepeatedEnum(m, f, index) : r.GetEnum(m, f);
      const std::string& spelling = value->options().GetExtension(v1::xml_value);
      return spelling.empty() ? value->name() : spelling;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text = many ? r.GetRepeatedString(m, f, index) : r.GetString(m, f);
      return field.type() == FieldDescriptor::TYPE_BYTES ? absl::BytesToHexString(text) : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return IsTime(field) ? TimeText(many ? r.GetRepeatedMessage(m, f, index) : r.GetMessage(m, f)) : "";
    default:
      return model::ScalarText(m, field, index);
  }
}

bool IsSimple(const FieldDescriptor& field) { return field.message_type() == nullptr || IsTime(field); }

// --- filter ------------------------------------------------------------------------------------------------

const FieldDescriptor* FindField(const Descriptor& type, const std::string& name) {
  if (const FieldDescriptor* field = type.FindFieldByName(name)) return field;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->json_name() == name) return type.field(i);
  }
  return nullptr;
}

std::string FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  std::sort(names.begin(), names.end());
  return absl::StrJoin(names, ", ");
}

struct Condition {
  std::vector<const FieldDescriptor*> path;
  std::string comparison;
  std::string value;
};

bool Compare(const std::string& text, const FieldDescriptor& field, const Condition& condition) {
  if (condition.comparison == ":")
    return absl::StrContains(absl::AsciiStrToLower(text), absl::AsciiStrToLower(condition.value));
  int order = 0;
  double left = 0;
  double right = 0;
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING && absl::SimpleAtod(text, &left) &&
      absl::SimpleAtod(condition.value, &right)) {
    order = left < right ? -1 : left > right ? 1 : 0;
  } else {
    const std::string a = absl::AsciiStrToLower(text);
    const std::string b = absl::AsciiStrToLower(condition.value);
    order = a < b ? -1 : a > b ? 1 : 0;
  }
  if (condition.comparison == "=") return order == 0;
  if (condition.comparison == "<") return order < 0;
  if (condition.comparison == "<=") return order <= 0;
  if (condition.comparison == ">") return order > 0;
  return order >= 0;
}

bool Fits(const Message& message, const Condition& condition, std::size_t step) {
  const FieldDescriptor& field = *condition.path[step];
  const Reflection& reflection = *message.GetReflection();
  const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
  for (int i = 0; i < count; ++i) {
    if (step + 1 < condition.path.size()) {
      const Message& inside = field.is_repeated() ? reflection.GetRepeatedMessage(message, &field, i)
                                                  : reflection.GetMessage(message, &field);
      if (Fits(inside, condition, step + 1)) return true;
      continue;
    }
    // A name of an enumerator has become the schema's when the condition was read.
    const std::string text = ValueText(message, field, field.is_repeated() ? i : -1);
    if (Compare(text, field, condition)) return true;
  }
  return false;
}

absl::Status BadFilter(const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("--filter: ", what));
}

// Whether `text` begins with the word AND; takes it off.
bool TakeAnd(std::string& text) {
  if (!absl::StartsWithIgnoreCase(text, "AND ")) return false;
  text = std::string(absl::StripLeadingAsciiWhitespace(text.substr(4)));
  return true;
}

absl::StatusOr<Condition> TakeCondition(const Descriptor& type, std::string& text) {
  Condition condition;
  const std::size_t end = text.find_first_of(" =!:<>");
  if (end == std::string::npos || end == 0)
    return BadFilter(absl::StrFormat("'%s' is not a condition such as name = value", text));
  const Descriptor* at = &type;
  for (const absl::string_view step : absl::StrSplit(text.substr(0, end), '.')) {
    if (at == nullptr)
      return BadFilter(absl::StrFormat("nothing is inside of %s", condition.path.back()->name()));
    const FieldDescriptor* field = FindField(*at, std::string(step));
    if (field == nullptr) {
      return BadFilter(
          absl::StrFormat("%s has no field '%s'; its fields are %s", at->name(), step, FieldNames(*at)));
    }
    condition.path.push_back(field);
    at = IsSimple(*field) ? nullptr : field->message_type();
  }
  const FieldDescriptor& last = *condition.path.back();
  if (!IsSimple(last)) {
    return BadFilter(
        absl::StrFormat("%s is an object; its fields are %s", last.name(), FieldNames(*last.message_type())));
  }
  text = std::string(absl::StripLeadingAsciiWhitespace(text.substr(end)));
  for (const char* comparison : {"!=", "<=", ">=", "=", ":", "<", ">"}) {
    if (!absl::StartsWith(text, comparison)) continue;
    condition.comparison = comparison;
    break;
  }
  if (condition.comparison.empty())
    return BadFilter(absl::StrFormat("one of = != : < <= > >= must follow %s", last.name()));
  text = std::string(absl::StripLeadingAsciiWhitespace(text.substr(condition.comparison.size())));
  if (absl::StartsWith(text, "\"")) {
    const std::size_t close = text.find('"', 1);
    if (close == std::string::npos) return BadFilter("a quotation mark is missing");
    condition.value = text.substr(1, close - 1);
    text.erase(0, close + 1);
  } else {
    const std::size_t space = std::min(text.find(' '), text.size());
    condition.value = text.substr(0, space);
    text.erase(0, space);
    if (condition.value.empty()) return BadFilter(absl::StrFormat("a value must follow %s", last.name()));
  }
  text = std::string(absl::StripLeadingAsciiWhitespace(text));
  if (last.enum_type() != nullptr) {
    const auto* value = last.enum_type()->FindValueByName(condition.value);
    if (value != nullptr) condition.value = value->options().GetExtension(v1::xml_value);
  }
  return condition;
}

absl::StatusOr<std::vector<Condition>> ParseFilter(const Descriptor& type, const std::string& filter) {
  std::vector<Condition> conditions;
  std::string text(absl::StripAsciiWhitespace(filter));
  while (!text.empty()) {
    if (!conditions.empty() && !TakeAnd(text))
      return BadFilter(absl::StrFormat("AND is expected, not '%s'", text));
    IPAM_ASSIGN_OR_RETURN(conditions.emplace_back(), TakeCondition(type, text));
  }
  return conditions;
}

bool FitsAll(const Message& row, const std::vector<Condition>& conditions) {
  return std::ranges::all_of(conditions, [&](const Condition& condition) {
    if (condition.comparison != "!=") return Fits(row, condition, 0);
    Condition same = condition;
    same.comparison = "=";
    return !Fits(row, same, 0);
  });
}

// --- output ------------------------------------------------------------------------------------------------

// Control characters would move the cursor.
std::string Cell(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7F') c = '?';
  }
  if (text.size() <= kMaxCell) return text;
  std::size_t end = kMaxCell - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

// The columns of a row: its simple fields that are set, those of its variant behind the variant's name, and how
// many entries its lists of objects have.
void AddCells(const Message& row, const std::string& prefix,
              std::vector<std::pair<std::string, std::string>>& cells) {
  const Reflection& reflection = *row.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(row, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string name = prefix + field->name();
    if (field->is_repeated()) {
      const int count = reflection.FieldSize(row, field);
      std::vector<std::string> values;
      for (int i = 0; IsSimple(*field) && i < std::min(count, 8); ++i)
        values.push_back(ValueText(row, *field, i));
      cells.emplace_back(name, values.empty() ? absl::StrCat("[", count, "]") : absl::StrJoin(values, " "));
    } else if (IsSimple(*field)) {
      cells.emplace_back(name, ValueText(row, *field, -1));
    } else if (field->real_containing_oneof() != nullptr) {
      AddCells(reflection.GetMessage(row, field), name + ".", cells);
    }
  }
}

struct Column {
  std::string name;
  std::size_t width = 0;
};

using ForEachRow = std::function<absl::Status(const std::function<absl::Status(const Message&)>&)>;

// Twice over the rows: for the widths, and to print them. Nothing but a row is held.
absl::Status PrintTable(const ForEachRow& for_each, std::ostream& out) {
  std::vector<Column> columns;
  std::vector<std::pair<std::string, std::string>> cells;
  IPAM_RETURN_IF_ERROR(for_each([&](const Message& row) {
    cells.clear();
    AddCells(row, "", cells);
    for (const auto& [name, text] : cells) {
      auto column = std::ranges::find(columns, name, &Column::name);
      if (column == columns.end()) column = columns.insert(columns.end(), {name, name.size()});
      column->width = std::max(column->width, Cell(text).size());
    }
    return absl::OkStatus();
  }));
  const auto print = [&](const std::function<std::string(const std::string&)>& text_of) {
    std::string line;
    for (const Column& column : columns) {
      const std::string text = text_of(column.name);
      absl::StrAppend(&line, text, std::string(column.width - text.size() + 2, ' '));
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << "\n";
  };
  if (columns.empty()) return absl::OkStatus();
  print([](const std::string& name) { return name; });
  return for_each([&](const Message& row) {
    cells.clear();
    AddCells(row, "", cells);
    print([&](const std::string& name) {
      const auto cell = std::ranges::find(cells, name, &std::pair<std::string, std::string>::first);
      return cell == cells.end() ? std::string() : Cell(cell->second);
    });
    return absl::OkStatus();
  });
}

absl::Status PrintJson(const ForEachRow& for_each, std::ostream& out) {
  const char* separator = "[\n";
  IPAM_RETURN_IF_ERROR(for_each([&](const Message& row) -> absl::Status {
    out << separator << ToJson(row);
    separator = ",\n";
    return absl::OkStatus();
  }));
  out << (*separator == '[' ? "[]\n" : "\n]\n");
  return absl::OkStatus();
}

}  // namespace

absl::Status ShowTable(const std::string& database, const ShowOptions& options, std::ostream& out) {
  const std::vector<StoreTable> tables = StoreTables();
  const auto table = std::ranges::find(tables, std::string_view(options.table), &StoreTable::name);
  if (table == tables.end()) {
    std::vector<std::string> names;
    for (const StoreTable& each : tables) names.emplace_back(each.name);
    return absl::InvalidArgumentError(absl::StrFormat("there is no table '%s'; the tables are %s",
                                                      options.table, absl::StrJoin(names, ", ")));
  }
  IPAM_ASSIGN_OR_RETURN(const std::vector<Condition> filter,
                        ParseFilter(*table->prototype->GetDescriptor(), options.filter));
  IPAM_ASSIGN_OR_RETURN(const std::unique_ptr<Database> db, OpenDatabase(database, StoreUse::kRead));
  IPAM_RETURN_IF_ERROR(db->BeginSnapshot());  // one snapshot, whatever the engine does
  Store store(*db);
  const ForEachRow for_each = [&](const std::function<absl::Status(const Message&)>& take) {
    return table->for_each(store, [&](const Message& row) -> absl::Status {
      if (!FitsAll(row, filter)) return absl::OkStatus();
      const std::unique_ptr<Message> shown(row.New());
      shown->CopyFrom(row);
      model::ClearSecrets(*shown);
      return take(*shown);
    });
  };
  IPAM_RETURN_IF_ERROR(options.json ? PrintJson(for_each, out) : PrintTable(for_each, out));
  return out.good() ? absl::OkStatus() : absl::UnavailableError("cannot write the rows");
}

}  // namespace ipam::engine
