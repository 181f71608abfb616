#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/calendar.h"
#include "base/clock.h"

namespace coffer {
namespace {

// What may wait for the disk: about 20,000 lines.
constexpr std::size_t queue_bytes_max = std::size_t{4} * 1024 * 1024;

// How long a line may wait for company. Waking the writer for each line cost a context switch a
// line; so at most 500 a second are paid.
constexpr std::chrono::milliseconds gather_time{2};

std::string_view level_word(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return "debug";
        case LogLevel::info: return "info";
        case LogLevel::warning: return "warning";
        case LogLevel::error: return "error";
    }
    return {};
}

// One character of UTF-8 and how many bytes it takes; `valid` false stands for one stray byte.
struct Character {
    char32_t code = 0;
    std::size_t size = 1;
    bool valid = false;
};

Character first_character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
    char32_t code = lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {};
        code = code << 6 | (byte(i) & 0x3fU);
    }
    constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
    if (code < smallest[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
    return {code, size, true};
}

// Characters that would move a terminal's cursor, break a line or show the line backwards.
bool is_control(char32_t code) {
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

void append_unicode_escape(std::string& out, char32_t code) {
    constexpr char hex_digits[] = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += hex_digits[code >> shift & 15];
}

bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

// A JSON string whatever the bytes are: the log also tells of callers who do not send UTF-8.
void append_quoted(std::string& out, std::string_view text) {
    out.push_back('"');
    while (!text.empty()) {
        const auto plain =
            static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const Character character = first_character(text);
        if (!character.valid) {
            append_unicode_escape(out, 0xfffd);
        } else if (character.code == '"' || character.code == '\\') {
            out.append({'\\', text.front()});
        } else if (is_control(character.code)) {
            append_unicode_escape(out, character.code);
        } else {
            out.append(text.substr(0, character.size));
        }
        text.remove_prefix(character.size);
    }
    out.push_back('"');
}

void append_integer(std::string& out, std::int64_t value) {
    std::array<char, 24> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    out.append(text.data(), end);
}

void append_json_line(std::string& out, LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
    out += "{\"time\":\"";
    append_time(out, SystemClock().wall(), 3);
    out.append("\",\"level\":\"").append(level_word(level)).append("\",\"message\":");
    append_quoted(out, message);
    for (const LogField& field : fields) {
        out.push_back(',');
        append_quoted(out, field.name);
        out.push_back(':');
        if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            append_integer(out, *number);
        } else {
            append_quoted(out, std::get<std::string_view>(field.value));
        }
    }
    out += "}\n";
}

// A word that needs no quotes in a text line, so that `name=word` can be read and cut by spaces.
bool is_word(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return is_plain(c) && c != ' ' && c != '='; });
}

void append_text_line(std::string& out, LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
    append_time(out, SystemClock().wall(), 3);
    out.append(" ").append(level_word(level)).append(" ");
    if (std::ranges::all_of(message, is_plain)) {
        out.append(message);
    } else {
        append_quoted(out, message);
    }
    for (const LogField& field : fields) {
        out.append(" ").append(field.name).append("=");
        if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            append_integer(out, *number);
            continue;
        }
        const std::string_view text = std::get<std::string_view>(field.value);
        if (is_word(text)) {
            out.append(text);
        } else {
            append_quoted(out, text);
        }
    }
    out.push_back('\n');
}

// Writes all of it or gives up at the first error that waiting does not mend; the bytes left over.
std::string_view write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = write(file, bytes.data(), bytes.size());
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            pollfd waiting{file, POLLOUT, 0};
            poll(&waiting, 1, 100);
        } else if (errno != EINTR) {
            break;
        }
    }
    return bytes;
}

}  // namespace

struct Log::Writer {
    explicit Writer(const Options& log_options) : options(log_options) {
        queue.reserve(queue_bytes_max);
        writing.reserve(queue_bytes_max);
        if (!options.path.empty()) {
            file = open(options.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
        }
        thread = std::thread([this] { run(); });
    }

    ~Writer() {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
        }
        wake.notify_one();
        thread.join();
        if (file >= 0) close(file);
    }

    void enqueue(std::string_view line) {
        bool wakes = false;
        {
            const std::lock_guard lock(mutex);
            if (queue.size() + line.size() > queue_bytes_max) {
                dropped.fetch_add(1, std::memory_order_relaxed);
                return;
            }
            wakes = queue.empty();
            queue.append(line);
        }
        if (wakes) wake.notify_one();
    }

    void run() {
        std::unique_lock lock(mutex);
        while (true) {
            wake.wait(lock, [this] { return stopping || !queue.empty(); });
            if (queue.empty()) return;
            if (!stopping) wake.wait_for(lock, gather_time, [this] { return stopping; });
            std::swap(queue, writing);
            lock.unlock();
            // A file that could not be opened is no reason to be silent.
            const std::string_view lost = write_all(file >= 0 ? file : STDERR_FILENO, writing);
            dropped.fetch_add(static_cast<std::uint64_t>(std::ranges::count(lost, '\n')),
                              std::memory_order_relaxed);
            writing.clear();
            lock.lock();
        }
    }

    const Options options;
    std::atomic<std::uint64_t> dropped{0};
    std::mutex mutex;
    std::condition_variable wake;
    std::string queue;    // under the mutex
    std::string writing;  // the thread's own
    bool stopping = false;
    int file = -1;
    std::thread thread;
};

Log::Log(const Options& options) : writer_(std::make_unique<Writer>(options)) {
    if (!options.path.empty() && writer_->file < 0) {
        warning("the log file cannot be opened; logging to standard error",
                {{"path", options.path}});
    }
}

Log::~Log() = default;

bool Log::wants(LogLevel level) const { return level >= writer_->options.level; }

void Log::line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
    if (!wants(level)) return;
    // Made outside the lock, in memory that is kept from line to line.
    thread_local std::string text;
    text.clear();
    switch (writer_->options.format) {
        case LogFormat::text: append_text_line(text, level, message, fields); break;
        case LogFormat::json: append_json_line(text, level, message, fields); break;
    }
    writer_->enqueue(text);
}

void Log::info(std::string_view message, std::initializer_list<LogField> fields) {
    line(LogLevel::info, message, fields);
}

void Log::warning(std::string_view message, std::initializer_list<LogField> fields) {
    line(LogLevel::warning, message, fields);
}

void Log::error(std::string_view message, std::initializer_list<LogField> fields) {
    line(LogLevel::error, message, fields);
}

std::uint64_t Log::dropped() const { return writer_->dropped.load(std::memory_order_relaxed); }

}  // namespace coffer
