#pragma once
// One HTTP/1.x request at a time from bytes, by Boost.Beast, with the rules that Beast leaves to
// us.
//
// Stricter than Beast where two readings of one request could smuggle another: any
// Transfer-Encoding but `chunked`, folded headers, Content-Length that is not plain digits or comes
// twice, a missing or double Host are malformed. The body is collected up to the limit and then
// only counted.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dialect/call.h"
#include "http/limits.h"
#include "http/request_rules.h"

namespace coffer {

class Http1Parser {
public:
    explicit Http1Parser(const HttpLimits& limits);
    ~Http1Parser();

    void begin();  // the next request
    // Takes as many bytes as it can use and says how many; those left must come again, with more.
    std::size_t feed(std::string_view bytes);

    const std::optional<Refusal>& refused() const;
    bool headers_done() const;
    bool done() const;

    // From headers_done() on.
    struct Facts {
        std::string method;  // as sent
        bool is_http10 = false;
        bool keep_alive = true;
        bool expects_continue = false;
        bool body_too_large = false;
        std::uint64_t body_bytes = 0;                       // seen so far
        std::optional<std::uint64_t> body_bytes_announced;  // nothing when chunked
    };
    const Facts& facts() const;
    Call& call();

private:
    struct Machine;
    std::unique_ptr<Machine> machine_;
};

}  // namespace coffer
