#include "store/postgres_link.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace coffer {

namespace {

Time now() { return SystemClock().monotonic(); }

// Waits for the socket; false when the time is over.
bool wait_for(int socket, short events, Time deadline) {
    for (;;) {
        const Time left = deadline - now();
        if (left <= 0) return false;
        pollfd file{socket, events, 0};
        const int ready = ::poll(&file, 1, static_cast<int>(left / millisecond_us) + 1);
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

// What the server's five letters mean to us.
// https://www.postgresql.org/docs/15/errcodes-appendix.html
ErrorCode code_of(std::string_view state) {
    if (state.starts_with("40") && state != "40003") return ErrorCode::aborted;
    if (state == "55P03") return ErrorCode::aborted;      // waited too long for a lock
    if (state == "53100") return ErrorCode::full;         // disk full
    if (state == "42P01") return ErrorCode::not_found;    // no such table
    if (state == "42501") return ErrorCode::invalid;      // not allowed to
    if (state == "25006") return ErrorCode::unavailable;  // read only: no longer the primary
    if (state.starts_with("57") || state.starts_with("08") || state.starts_with("53") ||
        state == "25P03") {
        return ErrorCode::unavailable;  // shutting down, cancelled, out of connections
    }
    return ErrorCode::io;
}

// Whether that refusal at the very end of a transaction would still leave its outcome open: what is
// broken inside the server may have broken after the commit.
bool leaves_open(std::string_view state) {
    return state.starts_with("XX") || state.starts_with("58") || state.starts_with("57") ||
           state.starts_with("08") || state == "40003";
}

// Without DETAIL and CONTEXT, which quote values.
TripError error_of(const PGresult* result) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const std::string_view known = state == nullptr ? "" : state;
    return {{code_of(known), "PostgreSQL says " + std::string(known) + ": " +
                                 (words == nullptr ? "nothing" : words)},
            !leaves_open(known)};
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t comma = list.find(',');
        parts.emplace_back(list.substr(0, comma));
        if (comma == std::string_view::npos) return parts;
        list.remove_prefix(comma + 1);
    }
}

std::string first_line(const char* words) {
    const std::string_view all = words == nullptr ? "" : words;
    return std::string(all.substr(0, all.find('\n')));
}

struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

}  // namespace

// ---- the place ----------------------------------------------------------------------------------

Result<PostgresPlace> PostgresPlace::parse(const std::string& uri) {
    char* words = nullptr;
    const std::unique_ptr<PQconninfoOption, FreeOptions> options(
        PQconninfoParse(uri.c_str(), &words));
    PQfreemem(words);  // may quote a piece of the password, so nobody sees it
    const std::unexpected unclear(
        Error{ErrorCode::invalid,
              "the address of the database cannot be understood; it is like "
              "postgres://user@host:5432/database, with %-signs for what is special in it"});
    if (!options) return unclear;
    std::vector<Setting> common;
    std::string hosts, ports, addresses, user, database;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        const std::string_view name = option->keyword;
        if (name == "host") {
            hosts = option->val;
        } else if (name == "port") {
            ports = option->val;
        } else if (name == "hostaddr") {
            addresses = option->val;
        } else {
            if (name == "user") user = option->val;
            if (name == "dbname") database = option->val;
            common.emplace_back(option->keyword, option->val);
        }
    }
    const auto set_if_absent = [&](const char* name, const char* value) {
        if (std::ranges::find(common, name, &Setting::first) == common.end())
            common.emplace_back(name, value);
    };
    set_if_absent("application_name", "coffer");
    set_if_absent("target_session_attrs", "read-write");
    set_if_absent("client_encoding", "UTF8");
    set_if_absent("tcp_user_timeout", "5000");

    PostgresPlace place;
    const std::vector<std::string> host = split(hosts), port = split(ports),
                                   address = split(addresses);
    for (std::size_t index = 0; index < std::max(host.size(), address.size()); ++index) {
        std::vector<Setting> settings = common;
        // One value stands for all hosts, and an empty one for libpq's own default.
        const auto add = [&](const char* name, const std::vector<std::string>& values) {
            const std::string& value = index < values.size() ? values[index] : values[0];
            if (!value.empty()) settings.emplace_back(name, value);
            return value;
        };
        const std::string named = add("host", host), numeric = add("hostaddr", address);
        const std::string number = add("port", port);
        // A password with a slash in it ends up here.
        if (number.find_first_not_of("0123456789") != std::string::npos) return unclear;
        place.text_ += (index == 0 ? (user.empty() ? "" : user + "@") : std::string(",")) +
                       (named.empty() ? numeric : named) + (number.empty() ? "" : ":" + number);
        place.hosts_.push_back(std::move(settings));
    }
    place.text_ += "/" + database;
    return place;
}

// ---- the connection -----------------------------------------------------------------------------

struct PostgresLink::Connection {
    explicit Connection(PGconn* made) : handle(made) {
        PQsetNoticeReceiver(
            handle,
            [](void* self, const PGresult* notice) {
                const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
                if (severity != nullptr && std::string_view(severity) == "WARNING")
                    static_cast<Connection*>(self)->warned = true;
            },
            this);
    }
    ~Connection() { PQfinish(handle); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    PGconn* handle;
    bool warned = false;
};

PostgresLink::PostgresLink(std::unique_ptr<Connection> connection, const LinkLimits& limits)
    : connection_(std::move(connection)), limits_(limits) {}

PostgresLink::~PostgresLink() = default;

namespace {

Result<PGconn*> connect(const std::vector<PostgresPlace::Setting>& settings, Time deadline) {
    std::vector<const char*> names, values;
    for (const auto& [name, value] : settings) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    PGconn* handle = PQconnectStartParams(names.data(), values.data(), 0);
    if (handle == nullptr) return fail(ErrorCode::unavailable, "no memory for a connection");
    PQsetNoticeProcessor(handle, [](void*, const char*) {}, nullptr);
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    bool in_time = true;
    while (PQstatus(handle) != CONNECTION_BAD && status != PGRES_POLLING_OK &&
           status != PGRES_POLLING_FAILED && in_time) {
        in_time = wait_for(PQsocket(handle), status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                           deadline);
        if (in_time) status = PQconnectPoll(handle);
    }
    if (status == PGRES_POLLING_OK && PQsetnonblocking(handle, 1) == 0 &&
        PQenterPipelineMode(handle) == 1) {
        return handle;
    }
    const std::string words = in_time ? first_line(PQerrorMessage(handle)) : "no answer in time";
    PQfinish(handle);
    return fail(ErrorCode::unavailable, words);
}

}  // namespace

Result<std::unique_ptr<PostgresLink>> PostgresLink::open(const PostgresPlace& place,
                                                         const LinkLimits& limits) {
    Error error{ErrorCode::unavailable, "no host is named"};
    for (const auto& settings : place.hosts()) {
        const auto handle = connect(settings, now() + limits.connect);
        if (!handle) {
            error = handle.error();
            continue;
        }
        std::unique_ptr<PostgresLink> link(
            new PostgresLink(std::make_unique<Connection>(*handle), limits));
        if (const auto prepared = link->prepare_session(); !prepared) {
            error = prepared.error();
            continue;
        }
        return link;
    }
    return fail(error.code, "PostgreSQL at " + place.text() + ": " + error.detail);
}

Result<void> PostgresLink::prepare_session() {
    queue(sql::show_synchronous_commit);
    std::vector<std::string> texts;
    for (const std::string_view limit : sql::limits) {
        std::string text(limit);
        if (const std::size_t at = text.find("{ms}"); at != std::string::npos) {
            text.replace(at, 4, std::to_string(limits_.statements / millisecond_us * 9 / 10));
        }
        texts.push_back(std::move(text));
    }
    for (const std::string& text : texts) queue(text.c_str());
    const auto answers = ask();
    if (!answers) return std::unexpected(answers.error());
    const PostgresRows& sync = answers->front();
    if (sync.size() == 1 && sync.bytes(0, 0) == "off") {
        return fail(ErrorCode::invalid,
                    "synchronous_commit is off, so that acknowledged movements could be lost; "
                    "turn it on for this user or database");
    }
    for (const char* text : sql::planner) {
        queue(text);
        static_cast<void>(ask());  // a database that knows no such setting needs none
    }
    if (broken_) return fail(ErrorCode::unavailable, "the connection was lost at once");
    return {};
}

void PostgresLink::queue(const char* text) {
    const int sent =
        PQsendQueryParams(connection_->handle, text, 0, nullptr, nullptr, nullptr, nullptr, 1);
    if (sent != 1) broken_ = true;
    counts_.push_back(true);
}

void PostgresLink::queue(const sql::Statement& statement, const PostgresValues& values) {
    PGconn* handle = connection_->handle;
    const int count = static_cast<int>(values.size());
    const auto known = [&](const std::vector<std::string_view>& names) {
        return std::ranges::find(names, statement.name) != names.end();
    };
    if (!known(prepared_) && !known(preparing_)) {
        if (PQsendPrepare(handle, statement.name, statement.text, count, statement.types.data()) !=
            1) {
            broken_ = true;
        }
        counts_.push_back(false);
        preparing_.emplace_back(statement.name);
    }
    std::vector<const char*> bytes;
    std::vector<int> lengths;
    for (std::size_t index = 0; index < values.size(); ++index) {
        bytes.push_back(values[index].data());
        lengths.push_back(static_cast<int>(values[index].size()));
    }
    const std::vector<int> binary(values.size(), 1);
    if (PQsendQueryPrepared(handle, statement.name, count, bytes.data(), lengths.data(),
                            binary.data(), 1) != 1) {
        broken_ = true;
    }
    counts_.push_back(true);
}

void PostgresLink::push() {
    if (!broken_ && PQflush(connection_->handle) < 0) broken_ = true;
}

TripError PostgresLink::lost(std::string_view words) {
    broken_ = true;
    const std::string said = first_line(PQerrorMessage(connection_->handle));
    return {{ErrorCode::unavailable, "the connection to PostgreSQL was lost: " +
                                         (said.empty() ? std::string(words) : said)},
            false};
}

// Sends what is not sent yet and takes what has come, until the next answer is whole.
bool PostgresLink::wait_for_answer(Time deadline) {
    PGconn* handle = connection_->handle;
    for (;;) {
        const int unsent = PQflush(handle);
        if (unsent < 0) return false;
        if (unsent == 0 && PQisBusy(handle) == 0) return true;
        const short events = static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
        if (!wait_for(PQsocket(handle), events, deadline)) return false;
        if (PQconsumeInput(handle) != 1) return false;
        if (unsent > 0 && PQisBusy(handle) == 0) return PQflush(handle) >= 0;
    }
}

bool PostgresLink::warned() const { return connection_->warned; }

std::expected<std::vector<PostgresRows>, TripError> PostgresLink::run() {
    connection_->warned = false;
    if (broken_ || PQpipelineSync(connection_->handle) != 1) {
        counts_.clear();
        preparing_.clear();
        return std::unexpected(lost("it could not be written to"));
    }
    auto collected = collect();
    counts_.clear();
    preparing_.clear();
    return collected;
}

std::expected<std::vector<PostgresRows>, TripError> PostgresLink::collect() {
    PGconn* handle = connection_->handle;
    const Time deadline = now() + limits_.statements;
    std::vector<PostgresRows> all;
    std::optional<TripError> error;
    std::size_t prepared = 0;
    for (std::size_t at = 0; at <= counts_.size();) {
        if (!wait_for_answer(deadline)) return std::unexpected(lost("no answer in time"));
        PGresult* result = PQgetResult(handle);
        if (result == nullptr) {  // the end of one statement's answers
            if (PQstatus(handle) == CONNECTION_BAD) return std::unexpected(lost("closed"));
            if (at < counts_.size()) ++at;  // the trip ends with PIPELINE_SYNC, with nothing else
            continue;
        }
        PostgresRows rows(result);
        switch (PQresultStatus(result)) {
            case PGRES_COMMAND_OK:
            case PGRES_TUPLES_OK:
                if (at < counts_.size() && counts_[at]) {
                    all.push_back(std::move(rows));
                } else if (prepared < preparing_.size()) {
                    prepared_.push_back(preparing_[prepared++]);  // and stays so if the rest fails
                }
                break;
            case PGRES_PIPELINE_SYNC: at = counts_.size() + 1; break;
            case PGRES_PIPELINE_ABORTED: break;  // behind the one that failed
            case PGRES_FATAL_ERROR:
                if (!error) error = error_of(result);
                break;
            case PGRES_EMPTY_QUERY:
            case PGRES_COPY_OUT:
            case PGRES_COPY_IN:
            case PGRES_BAD_RESPONSE:
            case PGRES_NONFATAL_ERROR:
            case PGRES_COPY_BOTH:
            case PGRES_SINGLE_TUPLE:
                return std::unexpected(lost("an answer that does not belong here"));
        }
    }
    if (PQstatus(handle) == CONNECTION_BAD) return std::unexpected(lost("closed"));
    if (error) return std::unexpected(*error);
    return all;
}

Result<std::vector<PostgresRows>> PostgresLink::ask() {
    auto ran = run();
    if (!ran) return std::unexpected(std::move(ran).error().error);
    return std::move(*ran);
}

void PostgresLink::leave_transaction() {
    if (broken_ || PQtransactionStatus(connection_->handle) == PQTRANS_IDLE) return;
    queue(sql::rollback);
    if (!run()) broken_ = true;
}

}  // namespace coffer
