#pragma once
// What the machine has to say about a measurement: processor time of the server, and the disk.

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"

namespace coffer {

// Processor time so far, in nanoseconds; all threads and by thread name. Empty when the process
// cannot be looked at.
struct ProcessorTime {
    std::int64_t total_ns = 0;
    std::map<std::string, std::int64_t> by_thread;
};
ProcessorTime processor_time_of(pid_t process);

// The same of the whole machine, of everybody; and the part of it that nobody wanted.
struct MachineTime {
    std::int64_t busy_ns = 0, idle_ns = 0;
};
MachineTime machine_time();

// How long the disk takes to make 4 KiB at the end of a file last (fdatasync), by trying.
struct SyncLatency {
    std::int64_t p50_us = 0, p99_us = 0, max_us = 0;
};
Result<SyncLatency> probe_sync(const std::string& directory);

// How often, in a second, a thread that has work is kept from it for more than a millisecond, and
// for how long: by another guest of the same host, or by another program. One busy thread on each
// core tries. No program on such a machine answers faster than that.
struct Pauses {
    int count = 0;
    std::int64_t max_us = 0;
};
Pauses probe_pauses();

}  // namespace coffer
