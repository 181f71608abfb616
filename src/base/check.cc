#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace coffer {

// Plain stdio and abort: whatever else is broken, these two still work, and abort leaves a core.
void check_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "CHECK failed: %s at %s:%d\n", condition, file, line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace coffer
