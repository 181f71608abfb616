#pragma once
// One connection to PostgreSQL: statements are queued, sent together and answered together, in one
// trip there and back (libpq's pipeline mode).
//
// Every wait has an end. What takes longer, and whatever libpq cannot make sense of, breaks the
// link: it is then good for nothing but being thrown away, and what it had under way is unknown.
// For one thread at a time.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/postgres_sql.h"
#include "store/postgres_values.h"

namespace coffer {

// Where a database is, understood from a libpq URI (postgres://...). Holds the password; its text
// form does not.
class PostgresPlace {
public:
    // Errors: invalid, and never with words of the URI in it.
    static Result<PostgresPlace> parse(const std::string& uri);
    // user@host:port/database, for logs and messages.
    const std::string& text() const { return text_; }

    using Setting = std::pair<std::string, std::string>;
    // One complete list of settings for each host of the URI, in its order.
    const std::vector<std::vector<Setting>>& hosts() const { return hosts_; }

private:
    std::vector<std::vector<Setting>> hosts_;
    std::string text_;
};

struct LinkLimits {
    Duration connect = second_us;         // to each host
    Duration statements = 2 * second_us;  // a whole trip; the server is told a little less
};

// What a trip did not do, and how sure that is.
struct TripError {
    Error error;
    bool definite = false;  // the server refused: nothing of it will happen
};

class PostgresLink {
public:
    // Tries the hosts one after the other, the first one that takes writes. Errors: unavailable,
    // invalid (synchronous_commit is off there, so that a commit would not last).
    static Result<std::unique_ptr<PostgresLink>> open(const PostgresPlace& place,
                                                      const LinkLimits& limits);
    ~PostgresLink();
    PostgresLink(const PostgresLink&) = delete;
    PostgresLink& operator=(const PostgresLink&) = delete;

    void queue(const sql::Statement& statement, const PostgresValues& values);
    void queue(const char* text);  // without parameters, and not prepared
    // Sends what was queued, as far as that goes without waiting.
    void push();
    // Sends what was queued and waits for all of it: rows for each statement in order, or the first
    // error; what was queued behind that did not happen.
    std::expected<std::vector<PostgresRows>, TripError> run();
    // The same where how sure an error is does not matter.
    Result<std::vector<PostgresRows>> ask();

    bool broken() const { return broken_; }
    // Whether the server warned of something during the latest trip: above all that somebody
    // cancelled a commit's wait for the standby, which it answers with COMMIT all the same.
    bool warned() const;
    // Leaves a transaction that was begun or failed; a link that cannot is broken.
    void leave_transaction();

private:
    struct Connection;
    explicit PostgresLink(std::unique_ptr<Connection> connection, const LinkLimits& limits);
    Result<void> prepare_session();
    std::expected<std::vector<PostgresRows>, TripError> collect();
    bool wait_for_answer(Time deadline);
    TripError lost(std::string_view words);

    std::unique_ptr<Connection> connection_;
    LinkLimits limits_;
    bool broken_ = false;
    std::vector<bool> counts_;  // of what was queued: whether its answer is one of run()'s
    std::vector<std::string_view> prepared_;
    std::vector<std::string_view> preparing_;
};

}  // namespace coffer
