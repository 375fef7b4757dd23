// What an entity costs the engine: operations of more and more resource records, on a store with many addresses,
// committed with their events, which a reader follows.
//
//   engine_bench [--addresses=1000000] [--dir=DIR] [--store=postgresql://...] RECORDS...     from the top of the tree
//
// The store is a file in DIR, or the empty database that is named.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/mutex.h"
#include "dcom_bridge/ipam/database.h"
#include "dcom_bridge/ipam/engine.h"
#include "dcom_bridge/ipam/import_export.h"
#include "dcom_bridge/ipam/store.h"
#include "ipam/v1/parameters.pb.h"

namespace ipam::engine {
namespace {

constexpr std::int64_t kServerZone = 311;  // of the sample network

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

template <typename T>
T Require(absl::StatusOr<T> value) {
  Require(value.status());
  return *std::move(value);
}

double Processor() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Follower final : public EventListener {
 public:
  void OnEventsAvailable(const base::Guid&) override {
    base::MutexLock lock(mutex_);
    available_ = true;
    wake_.notify_one();
  }
  // To the end of the operation; how many events.
  std::uint64_t Follow(Engine& engine, const base::Guid& id) {
    std::uint64_t seen = 0;
    for (;;) {
      std::promise<absl::StatusOr<std::vector<event::ProgressEvent>>> read;
      engine.ReadEvents(id, seen, 256, [&read](auto events) { read.set_value(std::move(events)); });
      const auto events = Require(read.get_future().get());
      seen += events.size();
      if (!events.empty()) {
        const auto* end = std::get_if<event::OverallStatusSet>(&events.back().change);
        if (end == nullptr) continue;
        if (end->status != event::OverallStatus::kCompletedWithSuccess)
          Require(absl::InternalError(end->completion_status_xml.value_or("")));
        return seen;
      }
      base::MutexLock lock(mutex_);
      while (!available_) wake_.wait(mutex_);
      available_ = false;
    }
  }

 private:
  base::Mutex mutex_;
  base::CondVar wake_;
  bool available_ = false;
};

class Bench {
 public:
  Bench(const std::string& path, std::size_t addresses) : path_(path) {
    Require(ImportYaml(path, "deploy/samples/network.yaml"));
    AddAddresses(addresses);
    engine_ = Require(Engine::Open({.database = path, .administrators = {"admin"}}, clock_, follower_));
  }

  // Makes records, and deletes them.
  void Run(std::size_t records) {
    v1::OperationParameters parameters;
    v1::OperationParameters deletion;
    deletion.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_DELETE_DNS_RESOURCE_RECORDS);
    auto* remove = deletion.mutable_delete_dns_resource_records();
    remove->set_server_zone_id(kServerZone);
    remove->set_zone_type(v1::ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE);
    parameters.set_operation_id(v1::IPAM_ADMIN_OPERATION_ID_CREATE_DNS_RESOURCE_RECORDS);
    auto* create = parameters.mutable_create_dns_resource_records();
    create->set_server_zone_id(kServerZone);
    create->set_zone_type(v1::ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE);
    for (std::size_t i = 0; i < records; ++i) {
      auto* record = create->add_resource_records();
      record->set_name(absl::StrFormat("bench-%d-%d", records, i));
      record->set_record_type(v1::DNS_RESOURCE_RECORD_TYPE_CNAME);
      record->mutable_record_data()->mutable_cname()->set_hostname_alias("target.plant.example.");
      auto* gone = remove->add_resource_records();
      *gone = *record;
      gone->set_record_id(++last_record_);  // the store counts them
    }
    Time("CreateDnsResourceRecords", records, std::move(parameters));
    Time("DeleteDnsResourceRecords", records, std::move(deletion));
  }

 private:
  void AddAddresses(std::size_t count);
  void Time(const char* name, std::size_t entities, v1::OperationParameters parameters) {
    base::Guid id{};
    id.data1 = ++operations_;
    const auto begun = std::chrono::steady_clock::now();
    const double processor = Processor();
    std::promise<absl::Status> started;
    engine_->Start(
        id,
        {.kind = name, .parameters = std::make_shared<const v1::OperationParameters>(std::move(parameters))},
        {.account = {"admin", ""}},
        [&started](absl::Status status) { started.set_value(std::move(status)); });
    Require(started.get_future().get());
    engine_->Proceed(id);
    const std::uint64_t events = follower_.Follow(*engine_, id);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    const auto each = static_cast<double>(entities);
    std::printf("%-26s %7zu entities %8.0f/s %7.1f us of processor each, %zu events\n", name, entities,
                each / seconds, (Processor() - processor) / each * 1e6, static_cast<std::size_t>(events));
    std::fflush(stdout);
  }

  const std::string path_;
  base::SystemClock clock_;
  Follower follower_;
  std::unique_ptr<Engine> engine_;
  std::uint32_t operations_ = 0;
  std::int64_t last_record_ = 0;
};

void Bench::AddAddresses(std::size_t count) {
  auto db = Require(OpenDatabase(path_));
  Store store(*db);
  Require(db->Begin());
  for (std::size_t i = 0; i < count; ++i) {
    v1::IpamIPAddress address;
    address.mutable_v4();
    address.set_address_space_record_id(kDefaultAddressSpace);
    address.set_address(absl::StrFormat("172.%d.%d.%d", 16 + (i >> 16), (i >> 8) & 255, i & 255));
    Require(store.addresses.PutAddress(address).status());
  }
  Require(db->Commit());
}

int Main(int argc, char** argv) {
  std::size_t addresses = 1'000'000;
  std::string parent = std::filesystem::temp_directory_path();
  std::string store;
  std::vector<std::size_t> sizes;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--addresses=", 12) == 0) {
      addresses = std::strtoul(argv[i] + 12, nullptr, 10);
    } else if (std::strncmp(argv[i], "--dir=", 6) == 0) {
      parent = argv[i] + 6;
    } else if (std::strncmp(argv[i], "--store=", 8) == 0) {
      store = argv[i] + 8;
    } else {
      sizes.push_back(std::strtoul(argv[i], nullptr, 10));
    }
  }
  std::string folder = parent + "/engine_bench.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  {
    Bench bench(store.empty() ? folder + "/ipam.db" : store, addresses);
    for (const std::size_t size : sizes) bench.Run(size);
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace ipam::engine

int main(int argc, char** argv) { return ipam::engine::Main(argc, argv); }
