// A gateway without DCOM for tests of the dashboard: the hub, the web server, and a source that plays one
// operation with three subtasks for each StartOperation. Prints its URL and serves until its standard input
// ends.
//   demo_gateway FOLDER [STEP_MS]
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "dcom_bridge/base/clock.h"
#include "gateway/hub/service.h"
#include "gateway/web/web_server.h"

namespace {

using ipam::event::ProgressEvent;

class PlayedSource final : public ipam::event::OperationSource {
 public:
  PlayedSource(ipam::event::EventSink& sink, absl::Duration step) : sink_(sink), step_(step) {}
  ~PlayedSource() override {
    stop_ = true;
    for (std::thread& player : players_) player.join();
  }

  void Start(ipam::event::StartRequest request, ipam::event::Done done) override {
    ProgressEvent accepted;
    accepted.change = ipam::event::Accepted{};
    sink_.Publish(request.operation, std::move(accepted), std::move(done));
    players_.emplace_back([this, operation = request.operation] { Play(operation); });
  }
  void Resume(std::string, std::string, std::uint64_t, ipam::event::Done done) override {
    done(absl::UnimplementedError("played"));
  }
  void Cancel(std::string, ipam::event::Done done) override { done(absl::UnimplementedError("played")); }
  ipam::event::SourceStatus State() const override {
    return {"<b>demo</b>", ipam::event::SourceState::kConnected, "", since_};
  }

 private:
  template <typename Change>
  void Publish(const std::string& operation, Change change) {
    ProgressEvent event;
    event.change = std::move(change);
    sink_.Publish(operation, std::move(event), [](const absl::Status& stored) {
      if (!stored.ok()) std::fprintf(stderr, "%s\n", stored.ToString().c_str());
    });
  }

  void Play(const std::string& operation) {
    Publish(operation, ipam::event::Started{});
    std::vector<ipam::event::SubtaskInstance> subtasks(3);
    for (int i = 0; i < 3; ++i) {
      subtasks[i].instance_id = i + 1;
      subtasks[i].name = "Zone " + std::to_string(i + 1) + " <img src=x onerror=alert(1)>";
      Publish(operation, ipam::event::SubtaskAdded{subtasks[i]});
    }
    for (int percent = 0; percent <= 100 && !stop_; percent += 5) {
      for (int i = 0; i < 3; ++i) {
        const bool done = percent == 100;
        Publish(operation,
                ipam::event::SubtaskChanged{subtasks[i],
                                            done ? ipam::event::SubtaskStatus::kCompletedWithSuccess
                                                 : ipam::event::SubtaskStatus::kInProgress,
                                            static_cast<double>(percent), std::nullopt});
      }
      Publish(operation, ipam::event::PercentageChanged{static_cast<double>(percent)});
      absl::SleepFor(step_);
    }
    Publish(operation,
            ipam::event::OverallStatusSet{ipam::event::OverallStatus::kCompletedWithSuccess, std::nullopt});
  }

  ipam::event::EventSink& sink_;
  const absl::Duration step_;
  const absl::Time since_ = absl::Now();
  std::atomic<bool> stop_{false};
  std::vector<std::thread> players_;  // the hub starts one operation after the other
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: demo_gateway FOLDER [STEP_MS]\n");
    return 2;
  }
  ipam::base::SystemClock clock;
  ipam::hub::Options options;
  options.journal_path = std::string(argv[1]) + "/journal.db";
  ipam::hub::Dependencies dependencies;
  dependencies.clock = &clock;
  dependencies.check_parameters = [](const std::string&) -> absl::StatusOr<ipam::hub::CheckedParameters> {
    return ipam::hub::CheckedParameters{"CreateDnsZone"};
  };
  dependencies.read_exception = [](const std::string&) { return std::nullopt; };
  auto hub = ipam::hub::Service::Open(std::move(options), std::move(dependencies));
  if (!hub.ok()) {
    std::fprintf(stderr, "%s\n", hub.status().ToString().c_str());
    return 1;
  }
  auto source =
      std::make_unique<PlayedSource>(**hub, absl::Milliseconds(argc > 2 ? std::atoi(argv[2]) : 200));
  (*hub)->AddSource("demo", *source);
  ipam::web::WebOptions web;
  web.port = 0;
  auto server = ipam::web::WebServer::Start(std::move(web), **hub);
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", server.status().ToString().c_str());
    return 1;
  }
  std::printf("http://127.0.0.1:%d\n", (*server)->port());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  (*hub)->Drain(absl::Seconds(1), "the demonstration ends");
  (*server)->Stop(absl::Seconds(5));
  (*hub)->Stop();
  return 0;
}
