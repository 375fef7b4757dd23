#include "dcom_bridge/json/json_writer.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

#include "google/rpc/status.pb.h"
#include "ipam/progress/v1/progress.pb.h"
#include "ipam/v1/parameters.pb.h"
#include "ipam/v1/value.pb.h"

namespace ipam::json {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

std::string Reference(const pb::Message& message) {
  std::string text;
  EXPECT_TRUE(pb::util::MessageToJsonString(message, &text).ok());
  return text;
}

// Fills messages at random: with what is at the edges of each type rather than with what is likely.
class Filler {
 public:
  explicit Filler(unsigned seed) : random_(seed) {}

  void Fill(pb::Message& message, int depth = 0) {
    const pb::Descriptor* type = message.GetDescriptor();
    if (type->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP ||
        type->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_DURATION) {
      return FillTime(message);
    }
    for (int i = 0; i < type->field_count(); ++i) {
      const Field* field = type->field(i);
      if (Below(3) == 0 || (field->message_type() != nullptr && (depth > 4 || IsAny(field)))) continue;
      const int count = field->is_repeated() ? static_cast<int>(Below(4)) : 1;
      for (int n = 0; n < count; ++n) Put(message, field, depth);
    }
  }

 private:
  static bool IsAny(const Field* field) {
    return field->message_type()->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_ANY;
  }
  std::size_t Below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }
  template <typename T>
  T Pick(std::initializer_list<T> values) {
    return values.begin()[Below(values.size())];
  }
  void FillTime(pb::Message& message) {
    const pb::Reflection& to = *message.GetReflection();
    const pb::Descriptor* type = message.GetDescriptor();
    to.SetInt64(&message, type->field(0), Pick<std::int64_t>({0, 1, 59, 1'700'000'000, 315'000'000}));
    to.SetInt32(&message, type->field(1), Pick({0, 1, 1'000, 1'000'000, 500'000'000, 999'999'999}));
  }
  void Put(pb::Message& message, const Field* field, int depth) {
    const pb::Reflection& to = *message.GetReflection();
    const auto put = [&](auto set, auto add, auto value) {
      field->is_repeated() ? (to.*add)(&message, field, value) : (to.*set)(&message, field, value);
    };
    using R = pb::Reflection;
    switch (field->cpp_type()) {
      case Field::CPPTYPE_INT32:
        return put(&R::SetInt32, &R::AddInt32, Pick({0, 1, -1, std::numeric_limits<int>::min()}));
      case Field::CPPTYPE_UINT32:
        return put(&R::SetUInt32, &R::AddUInt32, Pick<std::uint32_t>({0, 1, 0xFFFFFFFF}));
      case Field::CPPTYPE_INT64:
        return put(&R::SetInt64, &R::AddInt64,
                   Pick<std::int64_t>({0, -1, std::numeric_limits<std::int64_t>::min()}));
      case Field::CPPTYPE_UINT64:
        return put(&R::SetUInt64, &R::AddUInt64, Pick<std::uint64_t>({0, 7, ~std::uint64_t{0}}));
      case Field::CPPTYPE_DOUBLE:
        return put(&R::SetDouble, &R::AddDouble, Pick({0.0, -0.5, 0.1, 100.0, 1e300, 5e-324, 1.0 / 3}));
      case Field::CPPTYPE_FLOAT:
        return put(&R::SetFloat, &R::AddFloat, Pick({0.0F, 0.1F, -1e30F}));
      case Field::CPPTYPE_BOOL:
        return put(&R::SetBool, &R::AddBool, Below(2) == 0);
      case Field::CPPTYPE_ENUM:
        return put(&R::SetEnumValue, &R::AddEnumValue,
                   Below(5) == 0 ? 12'345
                                 : field->enum_type()
                                       ->value(static_cast<int>(Below(
                                           static_cast<std::size_t>(field->enum_type()->value_count()))))
                                       ->number());
      case Field::CPPTYPE_STRING:
        return put(&R::SetString, &R::AddString, Text(field->type() == Field::TYPE_BYTES));
      case Field::CPPTYPE_MESSAGE:
        return Fill(
            field->is_repeated() ? *to.AddMessage(&message, field) : *to.MutableMessage(&message, field),
            depth + 1);
    }
  }
  std::string Text(bool octets) {
    std::string text;
    for (std::size_t n = Below(6); n > 0; --n) {
      if (octets) {
        text += static_cast<char>(Below(256));
      } else {
        text += Pick<std::string>(
            {"a",      "\"",     "\\",     "/",          "\n",    "\t", "\b", std::string(1, '\0'),
             "\x1f",   "\x7f",   "<",      ">",          "&",     "'",  "ä",  "\u2027",
             "\u2028", "\u2029", "\u20ac", "\U0001F600", "\ufeff"});
      }
    }
    return text;
  }

  std::mt19937 random_;
};

template <typename Type>
void ReadsAsItWas(unsigned seed) {
  Type message;
  Filler(seed).Fill(message);
  const std::string text = Write(message);
  Type read;
  const auto parsed = pb::util::JsonStringToMessage(text, &read);
  ASSERT_TRUE(parsed.ok()) << parsed << "\n" << text;
  EXPECT_TRUE(pb::util::MessageDifferencer::Equals(message, read)) << text << "\n" << Reference(message);
}

TEST(JsonWriter, WritesWhatProtobufReadsAsTheSameMessage) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    ReadsAsItWas<v1::OperationParameters>(seed);
    ReadsAsItWas<progress::v1::WatchOperationsResponse>(seed);
    ReadsAsItWas<progress::v1::Operation>(seed);
  }
}

TEST(JsonWriter, WritesTheOctetsOfProtobufForNamesNumbersAndTimes) {
  progress::v1::Operation operation;
  operation.set_name("operations/a-1");
  operation.set_state(progress::v1::OPERATION_STATE_RUNNING);
  operation.set_percent(42.5);
  operation.mutable_create_time()->set_seconds(1'700'000'000);
  operation.mutable_create_time()->set_nanos(120'000'000);
  EXPECT_EQ(Write(operation), Reference(operation));
  EXPECT_EQ(Write(operation), R"({"name":"operations/a-1","state":"OPERATION_STATE_RUNNING","percent":42.5,)"
                              R"("createTime":"2023-11-14T22:13:20.120Z"})");
  EXPECT_EQ(Write(progress::v1::Operation()), "{}");
}

TEST(JsonWriter, KeepsTextsOutOfScriptElements) {
  progress::v1::Operation operation;
  operation.set_name("</script>\u2028\u2029\x7f\x01");
  EXPECT_EQ(Write(operation), R"({"name":"\u003c/script\u003e\u2028\u2029\u007f\u0001"})");
  EXPECT_EQ(Write(operation), Reference(operation));
}

TEST(JsonWriter, LeavesAnyToProtobuf) {
  progress::v1::Operation operation;
  operation.set_name("x");
  google::rpc::Status status;
  status.set_code(3);
  status.add_details()->PackFrom(operation);
  EXPECT_EQ(Write(status), Reference(status));
  status.mutable_details(0)->set_type_url("type.googleapis.com/no.such.Type");
  EXPECT_EQ(Write(status), "");
}

}  // namespace
}  // namespace ipam::json
