#pragma once
// One line an event, JSON or text, to standard error or a file, written by a thread of its own.
//
// A Log may be used from any thread; lines of one thread keep their order. When the queue is full
// lines are dropped and counted, never waited for. Values are escaped; names are literals in the
// code. Callers never pass secrets, tokens, query strings or full addresses.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace coffer {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { text, json };

struct LogField {
    std::string_view name;
    std::variant<std::string_view, std::int64_t> value;
};

class Log {
public:
    struct Options {
        LogLevel level = LogLevel::info;
        LogFormat format = LogFormat::text;
        std::string path;  // empty: standard error
    };
    explicit Log(const Options& options);
    ~Log();  // writes what is queued
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    bool wants(LogLevel level) const;
    void line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);
    void info(std::string_view message, std::initializer_list<LogField> fields = {});
    void warning(std::string_view message, std::initializer_list<LogField> fields = {});
    void error(std::string_view message, std::initializer_list<LogField> fields = {});
    std::uint64_t dropped() const;

private:
    struct Writer;
    std::unique_ptr<Writer> writer_;
};

}  // namespace coffer
