// The two macros that Abseil does not ship. Never with co_await inside: g++ 12 destroys temporaries of such
// full expressions twice.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define IPAM_RETURN_IF_ERROR(expr)                                                     \
  do {                                                                                 \
    if (::absl::Status ipam_status_ = (expr); !ipam_status_.ok()) return ipam_status_; \
  } while (false)

#define IPAM_CONCAT_INNER(a, b) a##b
#define IPAM_CONCAT(a, b) IPAM_CONCAT_INNER(a, b)
#define IPAM_ASSIGN_OR_RETURN(lhs, expr) \
  IPAM_ASSIGN_OR_RETURN_IMPL(IPAM_CONCAT(ipam_or_, __LINE__), lhs, expr)
#define IPAM_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                               \
  if (!tmp.ok()) return std::move(tmp).status();   \
  lhs = *std::move(tmp)
