// The usual delegate: it makes the list of its entities once, each with what applies it. One whose entities are
// many and alike (resource records) is a Delegate of its own, which describes them when asked.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dcom_bridge/ipam/delegate.h"

namespace ipam::engine {

class StepList {
 public:
  // What Delegate::Apply does for the entity. It looks up what it changes: other operations run between the
  // steps of one.
  using Action = std::function<absl::StatusOr<std::int64_t>(Store&)>;

  // Returns the index of the entity.
  std::size_t Add(Entity entity, Action apply);
  // An entity that fails, because what it needs is not there.
  std::size_t AddFailure(Entity entity, absl::Status fault);
  // What Delegate::Advance does for the step.
  using Part = std::function<absl::StatusOr<bool>(Store&)>;
  void AdvanceBy(std::size_t step, Part part) { steps_[step].part = std::move(part); }
  // What Delegate::Actuate gives for the step.
  void ActuateBy(std::size_t step, Actuation work) { steps_[step].work = std::move(work); }
  // What Delegate::Return gives: the row that the step made or changed, if it was applied. `read` gives it as an
  // optional message.
  template <typename Read>
  void ReturnRowOf(std::size_t step, Read read) {
    return_ = [this, step, read](Store& store) { return ReadRow(IdOf(step), read, store); };
  }
  // The same of a row that was there, if any step was applied.
  template <typename Read>
  void ReturnRow(std::int64_t id, Read read) {
    return_ = [this, id, read](Store& store) {
      const bool applied =
          std::any_of(steps_.begin(), steps_.end(), [](const Step& step) { return step.id != 0; });
      return ReadRow(applied ? id : 0, read, store);
    };
  }
  std::size_t size() const { return steps_.size(); }
  // The record id that the step gave when it was applied.
  std::int64_t IdOf(std::size_t step) const { return steps_[step].id; }

 private:
  friend class StepDelegate;
  struct Step {
    Entity entity;
    Action apply;
    Part part = {};
    Actuation work = {};
    std::int64_t id = 0;
  };
  template <typename Read>
  static absl::StatusOr<ReturnObject> ReadRow(std::int64_t id, Read read, Store& store) {
    if (id == 0) return nullptr;
    auto row = read(store, id);
    if (!row.ok()) return row.status();
    using Row = typename std::decay_t<decltype(*row)>::value_type;
    return *row ? std::make_shared<const Row>(**std::move(row)) : nullptr;
  }

  std::vector<Step> steps_;
  std::function<absl::StatusOr<ReturnObject>(Store&)> return_;
};

// The record id of a row that is there, or that an earlier step makes. The list outlives it.
class RowRef {
 public:
  RowRef(std::int64_t id) : id_(id) {}  // NOLINT: a row that is there
  RowRef(const StepList& steps, std::size_t step) : steps_(&steps), step_(step) {}

  std::int64_t id() const { return steps_ == nullptr ? id_ : steps_->IdOf(step_); }

 private:
  std::int64_t id_ = 0;
  const StepList* steps_ = nullptr;
  std::size_t step_ = 0;
};

class StepDelegate : public Delegate {
 public:
  absl::Status Prepare(Store& store) final {
    list_.steps_.clear();
    list_.return_ = nullptr;
    return ListSteps(store, list_);
  }
  std::size_t size() const final { return list_.size(); }
  Entity Describe(std::size_t index) const final { return list_.steps_[index].entity; }
  absl::StatusOr<bool> Advance(std::size_t index, Store& store) final {
    const StepList::Step& step = list_.steps_[index];
    return step.part ? step.part(store) : false;
  }
  absl::StatusOr<std::int64_t> Apply(std::size_t index, Store& store) final;
  absl::StatusOr<Actuation> Actuate(std::size_t index, std::int64_t, Store&) final {
    return list_.steps_[index].work;
  }
  void Restore(std::size_t index, std::int64_t record_id) final { list_.steps_[index].id = record_id; }
  absl::StatusOr<ReturnObject> Return(Store& store) final {
    if (!list_.return_) return nullptr;
    return list_.return_(store);
  }

 protected:
  // Prepare of Delegate, which fills an empty list.
  virtual absl::Status ListSteps(Store& store, StepList& steps) = 0;

 private:
  StepList list_;
};

}  // namespace ipam::engine
