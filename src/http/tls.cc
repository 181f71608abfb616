#include "http/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <atomic>
#include <climits>

#include "base/check.h"

namespace coffer {
namespace {

constexpr std::size_t record_bytes_max = 16 * 1024;

std::string openssl_reason(std::string what) {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    std::array<char, 160> text{};
    ERR_error_string_n(code, text.data(), text.size());
    return std::move(what) + ": " + text.data();
}

// The server's order: h2 first, whatever the client likes better.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
    static constexpr std::array<unsigned char, 12> ours{2,   'h', '2', 8,   'h', 't',
                                                        't', 'p', '/', '1', '.', '1'};
    unsigned char* found = nullptr;
    if (SSL_select_next_proto(&found, chosen_size, ours.data(), ours.size(), offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

using Context = std::shared_ptr<SSL_CTX>;

Result<Context> make_context(const TlsIdentity::Files& files) {
    Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    CHECK(context != nullptr);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE |
                                           SSL_OP_PRIORITIZE_CHACHA);
    // An idle connection then holds no 16 KiB record buffers.
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    if (SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
        return fail(ErrorCode::invalid, openssl_reason("cipher list"));
    }
    if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate_path.c_str()) != 1) {
        return fail(ErrorCode::invalid, openssl_reason(files.certificate_path));
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), files.key_path.c_str(), SSL_FILETYPE_PEM) != 1) {
        return fail(ErrorCode::invalid, openssl_reason(files.key_path));
    }
    if (SSL_CTX_check_private_key(context.get()) != 1) {
        return fail(ErrorCode::invalid, openssl_reason("certificate and key do not match"));
    }
    return context;
}

}  // namespace

struct TlsIdentity::Keys {
    std::atomic<Context> context;
};

TlsIdentity::TlsIdentity(Files files) : files_(std::move(files)), keys_(std::make_unique<Keys>()) {}

TlsIdentity::~TlsIdentity() = default;

Result<std::unique_ptr<TlsIdentity>> TlsIdentity::load(Files files) {
    std::unique_ptr<TlsIdentity> identity(new TlsIdentity(std::move(files)));
    TRY(identity->reload());
    return identity;
}

Result<void> TlsIdentity::reload() {
    Result<Context> context = make_context(files_);
    if (!context) return std::unexpected(std::move(context).error());
    keys_->context.store(std::move(*context));
    return {};
}

struct TlsChannel::Machine {
    std::unique_ptr<SSL, void (*)(SSL*)> ssl{nullptr, SSL_free};
    BIO* from_peer = nullptr;  // both belong to ssl
    BIO* to_peer = nullptr;
};

TlsChannel::TlsChannel(const TlsIdentity& identity) : machine_(std::make_unique<Machine>()) {
    const Context context = identity.keys_->context.load();
    machine_->ssl.reset(SSL_new(context.get()));  // holds the context
    machine_->from_peer = BIO_new(BIO_s_mem());
    machine_->to_peer = BIO_new(BIO_s_mem());
    CHECK(machine_->ssl != nullptr && machine_->from_peer != nullptr &&
          machine_->to_peer != nullptr);
    SSL_set_bio(machine_->ssl.get(), machine_->from_peer, machine_->to_peer);
    SSL_set_accept_state(machine_->ssl.get());
}

TlsChannel::~TlsChannel() = default;

bool TlsChannel::receive(std::string_view bytes, std::string& plain) {
    CHECK(bytes.size() <= INT_MAX);
    SSL* const ssl = machine_->ssl.get();
    BIO_write(machine_->from_peer, bytes.data(), static_cast<int>(bytes.size()));
    std::array<char, record_bytes_max> record;
    for (;;) {
        std::size_t count = 0;
        ERR_clear_error();
        const int result = SSL_read_ex(ssl, record.data(), record.size(), &count);
        if (result == 1) {
            plain.append(record.data(), count);
            continue;
        }
        const int reason = SSL_get_error(ssl, result);
        ERR_clear_error();
        return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
    }
}

void TlsChannel::send(std::string_view plain) {
    if (plain.empty() || !is_established()) return;
    ERR_clear_error();
    std::size_t written = 0;
    // Into memory, so it is all or an error; after an error the peer's next bytes find the channel
    // broken.
    SSL_write_ex(machine_->ssl.get(), plain.data(), plain.size(), &written);
    ERR_clear_error();
}

void TlsChannel::close() {
    if (!is_established()) return;
    ERR_clear_error();
    SSL_shutdown(machine_->ssl.get());
    ERR_clear_error();
}

void TlsChannel::take_output(std::string& out) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(machine_->to_peer, &bytes);
    if (size <= 0) return;
    out.append(bytes, static_cast<std::size_t>(size));
    BIO_reset(machine_->to_peer);
}

bool TlsChannel::is_established() const { return SSL_is_init_finished(machine_->ssl.get()) == 1; }

std::string_view TlsChannel::protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(machine_->ssl.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

}  // namespace coffer
