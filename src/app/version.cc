#include "app/version.h"

#include <cstdio>
#include <string>

#include "app/commands.h"
#include "store/record.h"

namespace coffer {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr const char* checks = ", address and undefined-behaviour sanitisers";
#elif defined(__SANITIZE_THREAD__)
constexpr const char* checks = ", thread sanitiser";
#else
constexpr const char* checks = "";
#endif
#ifdef NDEBUG
constexpr const char* build = "optimised";
#else
constexpr const char* build = "debug";
#endif

}  // namespace

std::string_view version_text() { return COFFER_VERSION; }

int run(const VersionOptions&) {
    std::printf("coffer %s\ncommit %s\nbuild %s%s, %s\njournal format %d\n",
                std::string(version_text()).c_str(), std::string(commit_text()).c_str(), build,
                checks,
#ifdef __clang__
                "clang " __clang_version__,
#else
                "g++ " __VERSION__,
#endif
                static_cast<int>(change_format_version));
    return 0;
}

}  // namespace coffer
