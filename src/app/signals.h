#pragma once
// The signals that end or nudge a server, taken from the threads and kept for one.
//
// Make one before any thread is started: threads inherit that SIGTERM, SIGINT and SIGHUP are
// blocked.

#include "base/result.h"

namespace coffer {

class Signals {
public:
    enum class Kind { none, stop, reload };

    Signals();
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // Readable when a signal waits; for poll().
    int file() const { return file_; }
    // Takes the next signal that waits; does not wait itself. SIGTERM and SIGINT are stop, SIGHUP
    // is reload.
    Kind take();
    // True once somebody asked to stop; leaves a reload to be taken.
    bool stop_asked() const;

private:
    int file_ = -1;
};

}  // namespace coffer
