#pragma once
// For tests: a PostgreSQL of one's own, on a free port of 127.0.0.1, with everything on that makes
// commits last. It ends with the object. The server is Debian's, or the one in the folder that
// COFFER_POSTGRES_BIN names. As root it runs as the user postgres.

#include <memory>
#include <string>

namespace coffer {

class PostgresServer {
public:
    // One for the whole test program, started when it is first asked for.
    static PostgresServer& shared();

    PostgresServer();
    ~PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    // The URI of a place of its own, empty, with the password in it. A schema and not a database,
    // which would take seconds to make and longer to recover.
    std::string new_place();
    std::string uri() const;
    int port() const { return port_; }
    // Runs SQL there with the program psql, as the owner; what it printed, without headings.
    std::string sql(const std::string& uri, const std::string& text) const;

    void start();
    void kill();  // like a power cut: no goodbye to anybody
    static const std::string& password();

private:
    void make_cluster();
    std::string folder_;
    int port_ = 0;
    int process_ = 0;
    int places_ = 0;
};

}  // namespace coffer
