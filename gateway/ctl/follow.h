// A watch that outlives its connections: reconnects with the resume token and keeps what it knows.
#pragma once

#include "absl/time/time.h"
#include "gateway/ctl/client.h"
#include "gateway/ctl/renderer.h"
#include "gateway/ctl/watch_state.h"

namespace ipam::ctl {

struct Reconnect {
  absl::Duration first = absl::Milliseconds(250);  // doubles up to `longest`; each wait is jittered
  absl::Duration longest = absl::Seconds(3);
  absl::Duration give_up = absl::Seconds(60);  // without a frame
};

// Shows what `request` gives in `renderer` and keeps it in `state`. Ends with OK where until_done is; else
// when it was interrupted, refused, or could not reach the gateway: at once where it never did, unless
// `was_reached` says that it had before.
CallResult Follow(Client& client, v1::WatchOperationsRequest request, const Reconnect& reconnect,
                  bool was_reached, WatchState& state, Renderer& renderer);

}  // namespace ipam::ctl
