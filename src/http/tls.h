#pragma once
// TLS without sockets: a listener's certificate, and one connection's records in and out.
//
// TLS 1.2 and 1.3 only, forward-secret AEAD suites, ALPN h2 and http/1.1, no renegotiation.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace coffer {

// One listener's keys; connections keep what they began with when it is reloaded.
class TlsIdentity {
public:
    struct Files {
        std::string certificate_path;  // PEM, leaf first
        std::string key_path;
    };
    static Result<std::unique_ptr<TlsIdentity>> load(Files files);
    ~TlsIdentity();

    Result<void> reload();  // any thread; on an error the old keys stay

private:
    friend class TlsChannel;
    struct Keys;
    explicit TlsIdentity(Files files);
    Files files_;
    std::unique_ptr<Keys> keys_;
};

class TlsChannel {
public:
    explicit TlsChannel(const TlsIdentity& identity);
    ~TlsChannel();

    // Takes bytes from the peer and appends what they say. False when the peer broke the protocol
    // or ended it; what is to be sent (an alert, perhaps) is still in take_output.
    bool receive(std::string_view bytes, std::string& plain);
    void send(std::string_view plain);
    void close();  // says so to the peer
    void take_output(std::string& out);

    bool is_established() const;
    std::string_view protocol() const;  // what ALPN chose: `h2`, `http/1.1`, or empty

private:
    struct Machine;
    std::unique_ptr<Machine> machine_;
};

}  // namespace coffer
