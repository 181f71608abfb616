// HTTP/1.1, keep-alive and pipelined. Understands just as much of an answer as counting it needs:
// status, Content-Length, and whether the server closes afterwards.

#include <charconv>
#include <deque>
#include <optional>

#include "bench/line.h"

namespace coffer {
namespace {

char lower(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character + 32) : character;
}

// The value of a header in a head that ends with an empty line; empty where there is none.
std::string_view header_in(std::string_view head, std::string_view name) {
    for (std::size_t at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
        const std::string_view line = head.substr(at + 2);
        if (line.size() <= name.size() || line[name.size()] != ':') continue;
        std::size_t same = 0;
        while (same < name.size() && lower(line[same]) == name[same]) ++same;
        if (same < name.size()) continue;
        std::string_view value = line.substr(name.size() + 1, line.find("\r\n") - name.size() - 1);
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        return value;
    }
    return {};
}

class Http1Line final : public Line {
public:
    Http1Line(CallMaker& maker, Bodies bodies) : maker_(maker), bodies_(bodies) {}

    void submit(std::uint64_t number, std::int64_t begun_ns) override {
        maker_.append_http1(number, output_);
        under_way_.push_back({number, begun_ns});
    }

    bool receive(std::string_view bytes, std::vector<Answer>& answers) override {
        // Answers rarely come in two pieces, so they are read where they lie.
        if (!input_.empty()) {
            input_ += bytes;
            bytes = input_;
        }
        std::size_t used = 0;
        bool is_usable = true;
        while (is_usable && used < bytes.size()) {
            const auto taken = take_answer(bytes.substr(used), answers, is_usable);
            if (!taken) break;
            used += *taken;
        }
        const std::string rest(bytes.substr(used));
        input_ = rest;
        return is_usable;
    }

    void take_output(std::string& out) override {
        out += output_;
        output_.clear();
    }

    void give_up(std::vector<Answer>& answers) override {
        for (const Begun& begun : under_way_) answers.push_back({begun.number, begun.ns, 0, {}});
        under_way_.clear();
    }

private:
    struct Begun {
        std::uint64_t number;
        std::int64_t ns;
    };

    // How many bytes the first answer has; nothing while it is not all there.
    std::optional<std::size_t> take_answer(std::string_view bytes, std::vector<Answer>& answers,
                                           bool& is_usable) {
        const std::size_t head_end = bytes.find("\r\n\r\n");
        if (head_end == std::string_view::npos) return {};
        const std::string_view head = bytes.substr(0, head_end + 2);
        int status = 0;
        std::size_t length = 0;
        const std::string_view length_text = header_in(head, "content-length");
        if (head.size() < 12 || !head.starts_with("HTTP/1.1 ") || under_way_.empty()) {
            is_usable = false;
            return {};
        }
        std::from_chars(head.data() + 9, head.data() + 12, status);
        std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
        const std::size_t whole = head_end + 4 + length;
        if (bytes.size() < whole) return {};
        Answer& answer = answers.emplace_back();
        answer.number = under_way_.front().number;
        answer.begun_ns = under_way_.front().ns;
        answer.status = status;
        under_way_.pop_front();
        if (bodies_ == Bodies::of_all || !answer.is_success()) {
            answer.body = bytes.substr(head_end + 4, length);
            is_usable = header_in(head, "connection") != "close";
        }
        return whole;
    }

    CallMaker& maker_;
    const Bodies bodies_;
    std::deque<Begun> under_way_;
    std::string input_, output_;
};

}  // namespace

std::unique_ptr<Line> make_http1_line(CallMaker& maker, Bodies bodies) {
    return std::make_unique<Http1Line>(maker, bodies);
}

}  // namespace coffer
