#pragma once
// For tests: a network between a program and its PostgreSQL that fails when it is told to, and at
// which message it is told to. It knows where the messages of the protocol begin and end:
// https://www.postgresql.org/docs/15/protocol-message-formats.html
//
// A thread of its own forwards; the functions may be called from any other. All connections through
// it share one count of messages and one fault, which hits the connection that completes the count.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace coffer {

class PostgresProxy {
public:
    enum class From : std::uint8_t { client, server };
    enum class Fault : std::uint8_t {
        none,
        cut,      // both sides see the end of the connection
        stall,    // nothing more is forwarded, until release(): then all of it is
        swallow,  // what comes from that side is lost from here on; the other side goes on
        refuse,   // the rest of the trip never reaches the server, which seems to have refused it
        spoil,    // the server commits, and seems to have failed in doing so
    };
    struct Plan {
        Fault fault = Fault::none;
        From from = From::client;
        std::size_t after = 0;  // messages from that side, counted from now, that still pass
        std::string state;      // the SQLSTATE of refuse and spoil
    };
    struct Message {
        From from;
        char type;       // 0 for the first one of a connection, which has none
        bool is_commit;  // the server's word that it has committed
    };

    // In front of the server at that port of 127.0.0.1.
    explicit PostgresProxy(int server_port);
    ~PostgresProxy();
    PostgresProxy(const PostgresProxy&) = delete;
    PostgresProxy& operator=(const PostgresProxy&) = delete;

    int port() const { return port_; }
    // The same address, but through here.
    std::string through(std::string uri) const;

    void arm(const Plan& plan);
    bool fired() const;
    void release();  // forgets the plan and ends every stall
    void cut_all();
    void delay(int milliseconds);      // each message takes that long, each way
    std::vector<Message> take_seen();  // since it was asked last

private:
    struct Side;
    struct Connection;

    void run();
    void wake() const;
    void accept_one();
    void hear(Connection& connection, From from);
    void forward(Connection& connection, From from);
    void take(Connection& connection, From from, std::string message);
    void take_plan(Connection& connection, From from);
    void pass(Connection& connection, From to, std::string bytes);
    void write(Connection& connection, From to);
    static void end(Connection& connection);
    static std::string error_response(const std::string& state);
    bool is_hit(From from) const;
    int wait_ms() const;

    const int server_port_;
    int port_ = 0;
    int listener_ = -1;
    int bell_[2] = {-1, -1};
    mutable std::mutex mutex_;  // guards all below
    std::vector<std::unique_ptr<Connection>> connections_;
    Plan plan_;
    std::size_t passed_ = 0;
    bool fired_ = false;
    bool stopping_ = false;
    int delay_ms_ = 0;
    std::vector<Message> seen_;
    std::thread thread_;
};

}  // namespace coffer
