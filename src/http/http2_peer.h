#pragma once
// The other end of an HTTP/2 session, frame by frame, so that a test can also send what no client
// would.
//
// Headers are written as literals; what comes back is decoded with nghttp2's HPACK.

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coffer {

struct Http2Frame {
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;
    std::string payload;
};

struct Http2Answer {
    std::map<std::string, std::string> headers;
    std::string body;
    std::vector<std::string> interim;  // statuses of 1xx
    bool is_complete = false;
    int reset_code = -1;
};

class Http2Peer {
public:
    using Fields = std::vector<std::pair<std::string, std::string>>;

    Http2Peer() { nghttp2_hd_inflate_new(&inflater_); }
    ~Http2Peer() { nghttp2_hd_inflate_del(inflater_); }
    Http2Peer(const Http2Peer&) = delete;
    Http2Peer& operator=(const Http2Peer&) = delete;

    static constexpr std::uint8_t data = 0, headers = 1, priority = 2, rst_stream = 3, settings = 4,
                                  ping = 6, goaway = 7, window_update = 8, continuation = 9;
    static constexpr std::uint8_t end_stream = 1, ack = 1, end_headers = 4;

    static std::string number(std::uint32_t value) {
        return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
                static_cast<char>(value >> 8), static_cast<char>(value)};
    }
    static std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                             std::string_view payload) {
        std::string bytes = number(static_cast<std::uint32_t>(payload.size())).substr(1);
        bytes += static_cast<char>(type);
        bytes += static_cast<char>(flags);
        return bytes.append(number(stream)).append(payload);
    }
    static std::string hello(std::string_view entries = {}) {
        return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(settings, 0, 0, entries);
    }
    static std::string block(const Fields& fields) {
        std::string bytes;
        for (const auto& [name, value] : fields) {
            bytes += '\0';
            append_text(bytes, name);
            append_text(bytes, value);
        }
        return bytes;
    }
    static std::string request_block(std::string_view method, std::string_view path,
                                     const Fields& more = {}) {
        Fields fields{{":method", std::string(method)},
                      {":scheme", "http"},
                      {":path", std::string(path)},
                      {":authority", "wallet.example"}};
        fields.insert(fields.end(), more.begin(), more.end());
        return block(fields);
    }
    static std::string get(std::uint32_t stream, std::string_view path, const Fields& more = {}) {
        return frame(headers, end_headers | end_stream, stream, request_block("GET", path, more));
    }
    static std::string post(std::uint32_t stream, std::string_view path, const Fields& more = {}) {
        return frame(headers, end_headers, stream, request_block("POST", path, more));
    }
    static std::string body(std::uint32_t stream, std::string_view bytes, std::uint8_t flags) {
        std::string frames;
        while (bytes.size() > 16'384) {
            frames += frame(data, 0, stream, bytes.substr(0, 16'384));
            bytes.remove_prefix(16'384);
        }
        return frames + frame(data, flags, stream, bytes);
    }

    // Understands what the server sent, in any pieces.
    void take(std::string_view bytes) {
        input_ += bytes;
        std::size_t at = 0;
        while (input_.size() - at >= 9) {
            const auto byte = [&](std::size_t index) {
                return std::uint32_t{static_cast<std::uint8_t>(input_[at + index])};
            };
            const std::size_t size = (byte(0) << 16) | (byte(1) << 8) | byte(2);
            if (input_.size() - at < 9 + size) break;
            Http2Frame frame{.type = static_cast<std::uint8_t>(byte(3)),
                             .flags = static_cast<std::uint8_t>(byte(4)),
                             .stream = (byte(5) << 24) | (byte(6) << 16) | (byte(7) << 8) | byte(8),
                             .payload = input_.substr(at + 9, size)};
            take_frame(frame);
            frames.push_back(std::move(frame));
            at += 9 + size;
        }
        input_.erase(0, at);
    }

    std::size_t count(std::uint8_t type) const {
        std::size_t found = 0;
        for (const Http2Frame& frame : frames) found += frame.type == type ? 1 : 0;
        return found;
    }
    // Of the last GOAWAY; -1 if there was none.
    int goaway_code() const {
        int code = -1;
        for (const Http2Frame& frame : frames) {
            if (frame.type == goaway) code = static_cast<std::uint8_t>(frame.payload[7]);
        }
        return code;
    }

    std::vector<Http2Frame> frames;
    std::map<std::uint32_t, Http2Answer> answers;

private:
    static void append_text(std::string& bytes, std::string_view text) {
        if (text.size() < 127) {
            bytes += static_cast<char>(text.size());
        } else {  // RFC 7541, 5.1
            bytes += static_cast<char>(127);
            std::size_t rest = text.size() - 127;
            for (; rest >= 128; rest /= 128) bytes += static_cast<char>(rest % 128 + 128);
            bytes += static_cast<char>(rest);
        }
        bytes += text;
    }

    void take_frame(const Http2Frame& frame) {
        Http2Answer& answer = answers[frame.stream];
        if (frame.type == headers) take_headers(answer, frame.payload);
        if (frame.type == data) answer.body += frame.payload;
        if (frame.type == rst_stream) answer.reset_code = frame.payload[3];
        if ((frame.type == headers || frame.type == data) && (frame.flags & end_stream) != 0) {
            answer.is_complete = true;
        }
    }

    void take_headers(Http2Answer& answer, const std::string& payload) {
        std::map<std::string, std::string> fields;
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(payload.data());
        std::size_t left = payload.size();
        for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
            nghttp2_nv field{};
            const auto used = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, bytes, left, 1);
            if (used < 0) return;
            bytes += used;
            left -= static_cast<std::size_t>(used);
            if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
                fields[{reinterpret_cast<char*>(field.name), field.namelen}] = {
                    reinterpret_cast<char*>(field.value), field.valuelen};
            }
            if (left == 0 && (flags & NGHTTP2_HD_INFLATE_EMIT) == 0) break;
        }
        nghttp2_hd_inflate_end_headers(inflater_);
        if (fields[":status"].starts_with('1')) {
            answer.interim.push_back(fields[":status"]);
        } else {
            answer.headers = std::move(fields);
        }
    }

    nghttp2_hd_inflater* inflater_ = nullptr;
    std::string input_;
};

}  // namespace coffer
