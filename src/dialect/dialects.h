#pragma once
// The list of the dialects: to add one, write its file and add its line here.

#include <array>

#include "dialect/dialect.h"

namespace coffer {

extern const Dialect native_dialect;
extern const Dialect operator_dialect;
extern const Dialect integrator_dialect;
extern const Dialect rgs_dialect;
extern const Dialect sverse_dialect;
extern const Dialect kgen_dialect;

// In DialectId's order.
inline constexpr std::array<const Dialect*, dialect_count> dialects{
    &native_dialect, &operator_dialect, &integrator_dialect,
    &rgs_dialect,    &sverse_dialect,   &kgen_dialect,
};

}  // namespace coffer
