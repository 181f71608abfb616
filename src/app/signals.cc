#include "app/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "base/check.h"

namespace coffer {
namespace {

sigset_t watched() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    return set;
}

}  // namespace

Signals::Signals() {
    const sigset_t set = watched();
    CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
    file_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    CHECK(file_ >= 0);
}

Signals::~Signals() { ::close(file_); }

Signals::Kind Signals::take() {
    signalfd_siginfo signal{};
    if (::read(file_, &signal, sizeof signal) != sizeof signal) return Kind::none;
    return signal.ssi_signo == SIGHUP ? Kind::reload : Kind::stop;
}

bool Signals::stop_asked() const {
    sigset_t waiting;
    sigemptyset(&waiting);
    sigpending(&waiting);
    return sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1;
}

}  // namespace coffer
