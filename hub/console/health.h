// For machines that watch: alive, ready, numbers. Without login and without detail about firms.
#pragma once
#include "console/routes.h"

namespace zhida::console::health {

Result<Answer> livez(App&, const Call&);
Result<Answer> readyz(App&, const Call&);
Result<Answer> metrics(App&, const Call&);
Result<Answer> openapi(App&, const Call&);

}  // namespace zhida::console::health
