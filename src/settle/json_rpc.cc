#include "settle/json_rpc.h"

#include <curl/curl.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/json_writer.h"

namespace coffer {

namespace {

constexpr std::size_t reply_bytes_max = std::size_t{16} << 20;
constexpr Duration rest_min = second_us / 2;
constexpr Duration rest_max = 10 * second_us;
constexpr long connect_timeout_ms_max = 3'000;

std::size_t keep(char* bytes, std::size_t size, std::size_t count, void* into) {
    auto& reply = *static_cast<std::string*>(into);
    if (reply.size() + size * count > reply_bytes_max) return 0;  // ends the transfer
    reply.append(bytes, size * count);
    return size * count;
}

// Asked by libcurl about once a second, and whenever something arrives; not 0 ends the transfer.
int ends(void* gives_up, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<const std::atomic<bool>*>(gives_up)->load() ? 1 : 0;
}

// Whole characters of the first so many bytes.
std::string_view beginning(std::string_view words) {
    if (words.size() <= json_rpc_words_max) return words;
    std::size_t end = json_rpc_words_max;
    while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xc0) == 0x80) --end;
    return words.substr(0, end);
}

}  // namespace

Result<JsonRpcReply> read_json_rpc_reply(const std::string& text) {
    simdjson::dom::parser parser;
    simdjson::dom::object root;
    if (parser.parse(simdjson::padded_string(text)).get_object().get(root) != simdjson::SUCCESS) {
        return fail(ErrorCode::unavailable, "an answer that is not JSON");
    }
    JsonRpcReply reply;
    simdjson::dom::element member;
    if (root["error"].get(member) == simdjson::SUCCESS && !member.is_null()) {
        std::string_view words;
        const bool has_words =
            member["message"].get_string().get(words) == simdjson::SUCCESS && !words.empty();
        reply.error = has_words ? beginning(words) : "an error without words";
        return reply;
    }
    if (root["result"].get(member) != simdjson::SUCCESS) {
        return fail(ErrorCode::unavailable, "an answer without a result");
    }
    reply.result = simdjson::minify(member);
    return reply;
}

struct JsonRpc::Handle {
    Handle() {
        static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
        CHECK(ready == CURLE_OK);
        curl = curl_easy_init();
        CHECK(curl != nullptr);
        headers = curl_slist_append(nullptr, "content-type: application/json");
    }
    ~Handle() {
        curl_slist_free_all(headers);
        curl_easy_cleanup(curl);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    CURL* curl = nullptr;
    curl_slist* headers = nullptr;
};

JsonRpc::JsonRpc(JsonRpcOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), handle_(std::make_unique<Handle>()) {
    CHECK(!options_.urls.empty());
    for (const std::string& url : options_.urls) nodes_.push_back({.url = url});
}

JsonRpc::~JsonRpc() = default;

Result<JsonRpcReply> JsonRpc::call(std::string_view method, std::string_view parameters) {
    std::string body;
    JsonWriter json(body);
    json.open_object().key("jsonrpc").string("2.0").key("id").integer_unsigned(next_id_++);
    json.key("method").string(method).key("params").raw(parameters).close_object();
    Error last{ErrorCode::unavailable, "every node is resting after it did not answer"};
    for (std::size_t turn = 0; turn < nodes_.size(); ++turn) {
        const std::size_t at = (first_choice_ + turn) % nodes_.size();
        if (clock_.monotonic() < nodes_[at].rests_until) continue;
        auto reply = ask(at, body);
        if (reply) {
            first_choice_ = at;
            nodes_[at].rest = nodes_[at].rests_until = 0;
            reply->node = at;
            return reply;
        }
        last = reply.error();
    }
    return std::unexpected(std::move(last));
}

Result<JsonRpcReply> JsonRpc::ask(std::size_t at, const std::string& body) {
    CURL* const curl = handle_->curl;
    std::string text;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, nodes_[at].url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (!options_.ca_file.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
        curl_easy_setopt(curl, CURLOPT_CAPATH, static_cast<char*>(nullptr));  // and by nobody else
    }
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout_ms));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     std::min(connect_timeout_ms_max, static_cast<long>(options_.timeout_ms)));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, handle_->headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
    if (options_.gives_up) {
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &ends);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA,
                         const_cast<std::atomic<bool>*>(options_.gives_up.get()));
    }
    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) return rested(at, {ErrorCode::unavailable, curl_easy_strerror(code)});
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299) {
        return rested(at, {ErrorCode::unavailable, "HTTP status " + std::to_string(status)});
    }
    auto reply = read_json_rpc_reply(text);
    if (!reply) return rested(at, reply.error());
    return reply;
}

Result<JsonRpcReply> JsonRpc::rested(std::size_t at, Error error) {
    Node& node = nodes_[at];
    node.rest = std::clamp(node.rest * 2, rest_min, rest_max);
    node.rests_until = clock_.monotonic() + node.rest;
    error.detail = "node " + std::to_string(at + 1) + " of " + std::to_string(nodes_.size()) +
                   ": " + error.detail;
    return std::unexpected(std::move(error));
}

}  // namespace coffer
