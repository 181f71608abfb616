// HTTP/2 by nghttp2's client session, without TLS. Names and fixed values are handed over without
// copying; what differs from call to call lives in the call's Exchange until the stream is closed.

#include <nghttp2/nghttp2.h>

#include <array>
#include <charconv>
#include <cstring>

#include "base/check.h"
#include "bench/line.h"

namespace coffer {
namespace {

constexpr std::int32_t window_bytes = 64 << 20;  // the client never waits to be asked

struct Exchange {
    std::uint64_t number = 0;
    std::int64_t begun_ns = 0;
    int status = 0;
    std::size_t sent_bytes = 0;
    bool is_under_way = false;
    MadeCall call;
    std::array<char, 20> length_text{};
    std::string answer;
};

nghttp2_nv field(std::string_view name, std::string_view value, std::uint8_t flags) {
    // nghttp2 promises not to write through these.
    const auto pointer = [](std::string_view text) {
        return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
    };
    return {pointer(name), pointer(value), name.size(), value.size(), flags};
}
constexpr std::uint8_t keep = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;

class Http2Line final : public Line {
public:
    Http2Line(CallMaker& maker, Bodies bodies) : maker_(maker), bodies_(bodies) {
        nghttp2_session_callbacks* callbacks = nullptr;
        CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
        set_callbacks(*callbacks);
        nghttp2_option* option = nullptr;
        CHECK(nghttp2_option_new(&option) == 0);
        nghttp2_option_set_no_closed_streams(option, 1);
        CHECK(nghttp2_session_client_new2(&session_, callbacks, this, option) == 0);
        nghttp2_option_del(option);
        nghttp2_session_callbacks_del(callbacks);
        const std::array settings{nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
        CHECK(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(),
                                      settings.size()) == 0);
        CHECK(nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, window_bytes) ==
              0);
    }
    ~Http2Line() override { nghttp2_session_del(session_); }
    Http2Line(const Http2Line&) = delete;
    Http2Line& operator=(const Http2Line&) = delete;

    void submit(std::uint64_t number, std::int64_t begun_ns) override;

    bool receive(std::string_view bytes, std::vector<Answer>& answers) override {
        answers_ = &answers;
        const auto used = nghttp2_session_mem_recv(
            session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
        answers_ = nullptr;
        return used >= 0 && nghttp2_session_want_read(session_) != 0 && !is_going_away_;
    }

    void take_output(std::string& out) override {
        const std::uint8_t* bytes = nullptr;
        for (;;) {
            const auto size = nghttp2_session_mem_send(session_, &bytes);
            if (size <= 0) return;
            out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
        }
    }

    void give_up(std::vector<Answer>& answers) override {
        for (const auto& exchange : exchanges_) {
            if (!exchange->is_under_way) continue;
            answers.push_back({exchange->number, exchange->begun_ns, 0, {}});
            exchange->is_under_way = false;
        }
    }

private:
    static void set_callbacks(nghttp2_session_callbacks& callbacks);

    Exchange& free_exchange() {
        if (free_.empty()) {
            free_.push_back(exchanges_.emplace_back(std::make_unique<Exchange>()).get());
        }
        Exchange& exchange = *free_.back();
        free_.pop_back();
        exchange.status = 0;
        exchange.sent_bytes = 0;
        exchange.is_under_way = true;
        exchange.answer.clear();
        return exchange;
    }

    void closed(Exchange& exchange, std::uint32_t error_code) {
        free_.push_back(&exchange);
        if (!exchange.is_under_way || answers_ == nullptr) return;
        exchange.is_under_way = false;
        Answer& answer = answers_->emplace_back();
        answer.number = exchange.number;
        answer.begun_ns = exchange.begun_ns;
        if (error_code == NGHTTP2_NO_ERROR) answer.status = exchange.status;
        if (bodies_ == Bodies::of_all || !answer.is_success()) answer.body = exchange.answer;
    }

    CallMaker& maker_;
    const Bodies bodies_;
    nghttp2_session* session_ = nullptr;
    std::vector<std::unique_ptr<Exchange>> exchanges_;
    std::vector<Exchange*> free_;
    std::vector<nghttp2_nv> fields_;
    std::vector<Answer>* answers_ = nullptr;
    bool is_going_away_ = false;
};

void Http2Line::submit(std::uint64_t number, std::int64_t begun_ns) {
    Exchange& exchange = free_exchange();
    exchange.number = number;
    exchange.begun_ns = begun_ns;
    maker_.make(number, exchange.call);
    const CallMaker::Plan& plan = maker_.plan(number);
    fields_.clear();
    fields_.push_back(field(":method", plan.method, keep));
    fields_.push_back(field(":scheme", "http", keep));
    fields_.push_back(field(":authority", maker_.authority(), keep));
    fields_.push_back(field(":path", exchange.call.target, keep));
    for (std::size_t i = 0; i < plan.headers.size(); ++i) {
        const CallMaker::Header& header = plan.headers[i];
        // What never comes again would only push useful entries out of the server's table.
        fields_.push_back(header.value.is_fixed() ? field(header.name, header.value.text(), keep)
                                                  : field(header.name, exchange.call.values[i],
                                                          keep | NGHTTP2_NV_FLAG_NO_INDEX));
    }
    nghttp2_data_provider provider{};
    const std::string& body = exchange.call.body;
    if (!body.empty()) {
        const auto end =
            std::to_chars(exchange.length_text.begin(), exchange.length_text.end(), body.size());
        const auto size = static_cast<std::size_t>(end.ptr - exchange.length_text.begin());
        fields_.push_back(field("content-length", {exchange.length_text.data(), size}, keep));
        provider.source.ptr = &exchange;
        provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* out,
                                    std::size_t size_max, std::uint32_t* flags,
                                    nghttp2_data_source* source, void*) {
            Exchange& sending = *static_cast<Exchange*>(source->ptr);
            const std::string& text = sending.call.body;
            const std::size_t count = std::min(size_max, text.size() - sending.sent_bytes);
            std::memcpy(out, text.data() + sending.sent_bytes, count);
            sending.sent_bytes += count;
            if (sending.sent_bytes == text.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
            return static_cast<ssize_t>(count);
        };
    }
    const std::int32_t stream =
        nghttp2_submit_request(session_, nullptr, fields_.data(), fields_.size(),
                               body.empty() ? nullptr : &provider, &exchange);
    CHECK(stream > 0);  // a line would need a billion calls
}

void Http2Line::set_callbacks(nghttp2_session_callbacks& callbacks) {
    const auto exchange_of = [](nghttp2_session* session, std::int32_t stream) {
        return static_cast<Exchange*>(nghttp2_session_get_stream_user_data(session, stream));
    };
    static constexpr auto find = exchange_of;
    nghttp2_session_callbacks_set_on_header_callback(
        &callbacks, [](nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t, void*) {
            // Of all headers only :status begins with these.
            if (name_size != 7 || name[0] != ':') return 0;
            if (Exchange* exchange = find(session, frame->hd.stream_id)) {
                const char* text = reinterpret_cast<const char*>(value);
                std::from_chars(text, text + value_size, exchange->status);
            }
            return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        &callbacks, [](nghttp2_session* session, std::uint8_t, std::int32_t stream,
                       const std::uint8_t* bytes, std::size_t size, void*) {
            if (Exchange* exchange = find(session, stream)) {
                exchange->answer.append(reinterpret_cast<const char*>(bytes), size);
            }
            return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        &callbacks,
        [](nghttp2_session* session, std::int32_t stream, std::uint32_t error_code, void* line) {
            if (Exchange* exchange = find(session, stream)) {
                static_cast<Http2Line*>(line)->closed(*exchange, error_code);
            }
            return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        &callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* line) {
            if (frame->hd.type == NGHTTP2_GOAWAY) {
                static_cast<Http2Line*>(line)->is_going_away_ = true;
            }
            return 0;
        });
}

}  // namespace

std::unique_ptr<Line> make_http2_line(CallMaker& maker, Bodies bodies) {
    return std::make_unique<Http2Line>(maker, bodies);
}

}  // namespace coffer
