#pragma once
// JSON-RPC 2.0 over HTTP(S), to the first of several URLs that answers.
//
// One that does not answer (no connection, a time-out, an HTTP status that is none of success, no
// JSON) is left alone for a while, twice as long each time up to ten seconds, and the next is
// asked; the one that answered stays the first choice. What a node answers with an error has been
// answered. URLs may hold secrets: words about them say their number only. One thread.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace coffer {

struct JsonRpcOptions {
    std::vector<std::string> urls;  // at least one; http or https
    std::int64_t timeout_ms = 10'000;
    // Certificates, in PEM, that nodes by https are to be vouched for by; empty: the system's.
    std::string ca_file;
    // Where it is set, whoever asks gives up at once: the process is about to end.
    std::shared_ptr<const std::atomic<bool>> gives_up;
};

struct JsonRpcReply {
    std::string result;    // JSON; empty with an error
    std::string error;     // the node's words, cut off where they are many
    std::size_t node = 0;  // which of the URLs answered
};

// Words of a node are for the log, where nobody reads megabytes.
inline constexpr std::size_t json_rpc_words_max = 400;

// The body of an answer, whatever its bytes. Errors: unavailable, where it is no answer.
Result<JsonRpcReply> read_json_rpc_reply(const std::string& text);

class JsonRpc {
public:
    JsonRpc(JsonRpcOptions options, const Clock& clock);
    ~JsonRpc();
    JsonRpc(const JsonRpc&) = delete;
    JsonRpc& operator=(const JsonRpc&) = delete;

    // `parameters` is a JSON array. Errors: unavailable, when nobody answered.
    Result<JsonRpcReply> call(std::string_view method, std::string_view parameters);

private:
    struct Node {
        std::string url;
        Time rests_until = 0;
        Duration rest = 0;
    };
    struct Handle;
    Result<JsonRpcReply> ask(std::size_t at, const std::string& body);
    Result<JsonRpcReply> rested(std::size_t at, Error error);

    const JsonRpcOptions options_;
    const Clock& clock_;
    std::vector<Node> nodes_;
    std::size_t first_choice_ = 0;
    std::uint64_t next_id_ = 1;
    std::unique_ptr<Handle> handle_;
};

}  // namespace coffer
