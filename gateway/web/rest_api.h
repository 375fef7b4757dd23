// The paths that answer once: everything but :watch and /v1/ws. Method, Host and Origin are checked before.
#pragma once

#include "absl/functional/any_invocable.h"
#include "gateway/web/http_message.h"
#include "gateway/web/routes.h"
#include "gateway/web/session_context.h"

namespace ipam::web {

// Called once: before Answer returns, or later from any thread.
using Respond = absl::AnyInvocable<void(HttpResponse)>;

void Answer(SessionContext& context, HttpRequest request, const Route& route, Respond respond);

// google.rpc.Status as JSON; `status` where HTTP knows better than the code.
HttpResponse ErrorResponse(const absl::Status& error);
HttpResponse ErrorResponse(int status, const absl::Status& error);

}  // namespace ipam::web
