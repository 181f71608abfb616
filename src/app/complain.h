#pragma once
// How a command says that it could not do what was asked.

#include <cstdio>
#include <string>

#include "base/result.h"

namespace coffer {

// Prints `coffer: WORDS` to standard error; gives the exit code of a command that failed.
inline int complain(const std::string& words) {
    std::fprintf(stderr, "coffer: %s\n", words.c_str());
    return 1;
}
inline int complain(const Error& error) { return complain(error.detail); }

}  // namespace coffer
