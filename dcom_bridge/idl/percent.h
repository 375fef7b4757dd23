// Percentages as DECIMAL, [MS-OAUT] 2.2.26, with the checks that ipam_progress.idl asks of its methods.
#pragma once

#include <optional>

#include "dcom_bridge/ndr/decimal.h"

namespace ipam::idl {

// nullopt, which is E_INVALIDARG, where the value is malformed (scale above 28, a sign that is neither 0 nor
// 0x80) or, compared exactly, outside 0 to 100. Minus zero is zero.
std::optional<double> ToPercent(const ndr::Decimal& decimal);

// The shortest decimal that reads back as the same double, to at most 28 places. Values outside 0 to 100 go
// to the nearer end, NaN to 0.
ndr::Decimal FromPercent(double percent);

}  // namespace ipam::idl
