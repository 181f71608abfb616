#include "http/http1_parser.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <utility>

namespace coffer {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::iequals;
using BeastView = boost::beast::string_view;

std::string_view view_of(BeastView text) { return {text.data(), text.size()}; }

void append_lowered(std::string& out, std::string_view text) {
    out.resize(text.size());
    std::ranges::transform(text, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
}

bool is_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

constexpr std::size_t last_chunk_bytes = 5;

// Beast joins folded lines and hands them over as if nothing were odd. A folded value either lies
// outside the bytes that were fed, or has a line feed between its name and itself.
bool is_folded(std::string_view fed, std::string_view name, std::string_view value) {
    if (value.data() < fed.data() || value.data() > fed.data() + fed.size()) return true;
    const char* const name_end = name.data() + name.size();
    return std::find(name_end, value.data(), '\n') != value.data();
}

// What is collected of one request; Beast's machine cannot be reset, so it is made anew each time.
struct Request {
    Call call;
    Http1Parser::Facts facts;
    std::optional<Refusal> refused;
    std::string_view fed;  // what put() is looking at just now
    std::size_t header_bytes = 0;
    std::size_t hosts = 0;
    bool has_length = false;
    bool has_encoding = false;
    bool headers_done = false;
};

class BeastParser final : public http::basic_parser<true> {
public:
    BeastParser(const HttpLimits& limits, Request& request) : limits_(limits), request_(request) {
        eager(true);
        body_limit(boost::none);
        // Beast counts what is left of the headers in one buffer, never their sum: ours is counted
        // in on_field_impl.
        header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    }

private:
    void refuse(const Refusal& refusal, error_code& error) {
        request_.refused = refusal;
        error = http::error::bad_value;
    }

    void count_header_bytes(std::size_t bytes, error_code& error) {
        request_.header_bytes += bytes;
        if (request_.header_bytes > limits_.header_bytes_max) refuse(refused_headers, error);
    }

    void on_request_impl(http::verb, BeastView method, BeastView target, int version,
                         error_code& error) override {
        request_.facts.method = view_of(method);
        request_.facts.is_http10 = version == 10;
        request_.call.method = method_of(view_of(method));
        count_header_bytes(method.size() + target.size() + 12, error);
        if (!error && !take_target(request_.call, view_of(target))) {
            refuse(refused_malformed, error);
        }
    }

    void on_response_impl(int, BeastView, int, error_code& error) override {
        refuse(refused_malformed, error);
    }

    void on_field_impl(http::field field, BeastView name_text, BeastView value_text,
                       error_code& error) override {
        if (request_.headers_done) return;  // a trailer
        const std::string_view name = view_of(name_text);
        const std::string_view value = view_of(value_text);
        count_header_bytes(name.size() + value.size() + 4, error);
        if (error) return;
        if (request_.call.headers.size() == limits_.headers_max) {
            return refuse(refused_headers, error);
        }
        bool is_malformed = is_folded(request_.fed, name, value);
        if (field == http::field::host) {
            is_malformed |= ++request_.hosts > 1;
        } else if (field == http::field::content_length) {
            is_malformed |= std::exchange(request_.has_length, true) || !is_digits(value);
        } else if (field == http::field::transfer_encoding) {
            is_malformed |= std::exchange(request_.has_encoding, true) ||
                            request_.facts.is_http10 || !iequals(value_text, "chunked");
        } else if (field == http::field::expect) {
            if (!iequals(value_text, "100-continue")) return refuse(refused_expectation, error);
            request_.facts.expects_continue = !request_.facts.is_http10;
        }
        if (is_malformed) return refuse(refused_malformed, error);
        Header& header = request_.call.headers.emplace_back();
        append_lowered(header.name, name);
        header.value = value;
    }

    void on_header_impl(error_code& error) override {
        if (request_.hosts == 0 && !request_.facts.is_http10) {
            return refuse(refused_malformed, error);
        }
        request_.headers_done = true;
        request_.facts.keep_alive = keep_alive();
        if (chunked()) return;
        request_.facts.body_bytes_announced = content_length().value_or(0);
        if (*request_.facts.body_bytes_announced > limits_.body_bytes_max) {
            request_.facts.body_too_large = true;
        } else {
            request_.call.body.reserve(*request_.facts.body_bytes_announced);
        }
    }

    std::size_t take_body(std::string_view bytes) {
        Http1Parser::Facts& facts = request_.facts;
        facts.body_bytes += bytes.size();
        if (!facts.body_too_large && facts.body_bytes > limits_.body_bytes_max) {
            facts.body_too_large = true;
        }
        if (!facts.body_too_large) request_.call.body.append(bytes);
        return bytes.size();
    }

    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(BeastView bytes, error_code&) override {
        return take_body(view_of(bytes));
    }
    void on_chunk_header_impl(std::uint64_t, BeastView, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, BeastView bytes, error_code&) override {
        return take_body(view_of(bytes));
    }
    void on_finish_impl(error_code&) override {}

    const HttpLimits& limits_;
    Request& request_;
};

}  // namespace

struct Http1Parser::Machine {
    explicit Machine(const HttpLimits& bounds) : limits(bounds) {}
    const HttpLimits& limits;
    Request request;
    std::optional<BeastParser> parser;
};

Http1Parser::Http1Parser(const HttpLimits& limits) : machine_(std::make_unique<Machine>(limits)) {}

Http1Parser::~Http1Parser() = default;

void Http1Parser::begin() {
    machine_->request = Request{};
    machine_->request.call.headers.reserve(12);
    machine_->parser.emplace(machine_->limits, machine_->request);
}

std::size_t Http1Parser::feed(std::string_view bytes) {
    Request& request = machine_->request;
    // Beast asserts that it never sees less of a last chunk (`0`, two line ends) for the second
    // time; no chunked body ends in fewer bytes, so waiting for them costs nothing.
    if (headers_done() && machine_->parser->chunked() && bytes.size() < last_chunk_bytes) return 0;
    error_code error;
    request.fed = bytes;
    const std::size_t used =
        machine_->parser->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    const std::size_t left = bytes.size() - used;
    if (error && error != http::error::need_more && !request.refused) {
        request.refused = error == http::error::header_limit ? refused_headers : refused_malformed;
    }
    // A line that does not end: of the headers, of a chunk's size, or of the trailers.
    if (!request.refused && !done() && left > machine_->limits.header_bytes_max) {
        request.refused = headers_done() ? refused_malformed : refused_headers;
    }
    return used;
}

const std::optional<Refusal>& Http1Parser::refused() const { return machine_->request.refused; }
bool Http1Parser::headers_done() const { return machine_->request.headers_done; }
bool Http1Parser::done() const { return machine_->parser->is_done(); }
const Http1Parser::Facts& Http1Parser::facts() const { return machine_->request.facts; }
Call& Http1Parser::call() { return machine_->request.call; }

}  // namespace coffer
