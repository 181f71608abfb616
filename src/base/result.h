#pragma once
// What a function returns when the world outside can make it fail.
//
// Error is for refusals and faults; a decline (the ledger's "no") is a value in Outcome, and a bug
// is a CHECK. Error.detail is for the log and the operator, never for the caller of a dialect, and
// holds no secret.

#include <expected>
#include <string>
#include <utility>

namespace coffer {

enum class ErrorCode {
    invalid,      // the input is wrong; asking again with the same input gives the same answer
    not_found,    // the thing named does not exist
    io,           // disk, socket or file system said no
    full,         // no space left on the device
    corrupt,      // stored bytes are not what was written
    unavailable,  // not now; asking again later may work
    aborted,      // nothing was done; the very same may be tried again at once
};

struct Error {
    ErrorCode code = ErrorCode::invalid;
    std::string detail;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string detail) {
    return std::unexpected<Error>(Error{code, std::move(detail)});
}

}  // namespace coffer

// TRY(expression): leaves the function with the error if the expression failed, for Result<void>.
#define TRY(...)                                                                    \
    do {                                                                            \
        if (auto try_result = (__VA_ARGS__); !try_result)                           \
            return std::unexpected<::coffer::Error>(std::move(try_result).error()); \
    } while (false)
