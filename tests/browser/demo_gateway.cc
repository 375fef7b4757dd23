// A gateway without DCOM for tests of the dashboard: the hub, the web server, and a source that plays one
// operation with three subtasks for each StartOperation. One whose parameters say <Lost/> loses its session on
// the way and stands still until it is cancelled. Prints its URL and serves until its standard input ends.
//   demo_gateway FOLDER [STEP_MS]
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "dcom_bridge/base/clock.h"
#include "dcom_bridge/base/mutex.h"
#include "gateway/hub/service.h"
#include "gateway/web/web_server.h"

namespace {

using ipam::event::ProgressEvent;

class PlayedSource final : public ipam::event::OperationSource {
 public:
  PlayedSource(ipam::event::EventSink& sink, absl::Duration step) : sink_(sink), step_(step) {}
  ~PlayedSource() override {
    {
      ipam::base::MutexLock lock(mutex_);
      stop_ = true;
      changed_.notify_all();
    }
    for (std::thread& player : players_) player.join();
  }

  void Start(ipam::event::StartRequest request, ipam::event::Done done) override {
    ProgressEvent accepted;
    accepted.change = ipam::event::Accepted{request.operation};
    sink_.Publish(request.operation, std::move(accepted), std::move(done));
    const bool loses = request.parameters_xml.find("<Lost/>") != std::string::npos;
    ipam::base::MutexLock lock(mutex_);
    players_.emplace_back([this, operation = request.operation, loses] { Play(operation, loses); });
  }
  void Resume(std::string, std::string, std::uint64_t, ipam::event::Done done) override {
    done(absl::UnimplementedError("played"));
  }
  // Its end is played after `done`.
  void Cancel(std::string operation, ipam::event::Done done) override {
    done(absl::OkStatus());
    ipam::base::MutexLock lock(mutex_);
    cancelled_.insert(operation);
    changed_.notify_all();
  }
  ipam::event::SourceStatus State() const override {
    ipam::event::SourceStatus status;
    status.source = "<b>demo</b>";
    status.state = ipam::event::SourceState::kConnected;
    status.since = since_;
    status.can_cancel = true;
    return status;
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

  // Whether it is to stop: at once, or after `wait` at most.
  bool Stops(const std::string& operation, absl::Duration wait) {
    ipam::base::MutexLock lock(mutex_);
    const auto stops = [&]() IPAM_REQUIRES(mutex_) { return stop_ || cancelled_.count(operation) > 0; };
    changed_.wait_for(mutex_, absl::ToChronoMilliseconds(wait), stops);
    return stops();
  }

  void Play(const std::string& operation, bool loses) {
    Publish(operation, ipam::event::Started{});
    std::vector<ipam::event::SubtaskInstance> subtasks(3);
    for (int i = 0; i < 3; ++i) {
      subtasks[i].instance_id = i + 1;
      subtasks[i].name = "Zone " + std::to_string(i + 1) + " <img src=x onerror=alert(1)>";
      Publish(operation, ipam::event::SubtaskAdded{subtasks[i]});
    }
    bool stopped = false;
    for (int percent = 0; percent <= 100 && !stopped; percent += 5) {
      for (int i = 0; i < 3; ++i) {
        const bool done = percent == 100;
        Publish(operation,
                ipam::event::SubtaskChanged{subtasks[i],
                                            done ? ipam::event::SubtaskStatus::kCompletedWithSuccess
                                                 : ipam::event::SubtaskStatus::kInProgress,
                                            static_cast<double>(percent), std::nullopt});
      }
      Publish(operation, ipam::event::PercentageChanged{static_cast<double>(percent)});
      if (loses && percent == 30) {
        Publish(operation, ipam::event::SessionLost{"played"});
        stopped = Stops(operation, absl::Hours(1));
        Publish(operation, ipam::event::SessionResumed{});
      }
      stopped = stopped || Stops(operation, step_);
    }
    if (stopped) {
      Publish(operation,
              ipam::event::SubtaskChanged{subtasks[2], ipam::event::SubtaskStatus::kNotRun, 0, std::nullopt});
    }
    Publish(operation,
            ipam::event::OverallStatusSet{stopped ? ipam::event::OverallStatus::kCompletedWithFailure
                                                  : ipam::event::OverallStatus::kCompletedWithSuccess,
                                          std::nullopt});
  }

  ipam::event::EventSink& sink_;
  const absl::Duration step_;
  const absl::Time since_ = absl::Now();
  ipam::base::Mutex mutex_;
  ipam::base::CondVar changed_;
  bool stop_ IPAM_GUARDED_BY(mutex_) = false;
  std::set<std::string> cancelled_ IPAM_GUARDED_BY(mutex_);
  std::vector<std::thread> players_ IPAM_GUARDED_BY(mutex_);
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
  dependencies.write_parameters =
      [](const ipam::progress::v1::StartOperationRequest&) -> absl::StatusOr<ipam::hub::TypedParameters> {
    return ipam::hub::TypedParameters{"CreateDnsZone", ""};
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
