#pragma once
// What the lane knows of the names that a database has: enough to say of most of those that are not
// there that they are not, without asking. A new movement's id and round are such names, and
// looking for them was a quarter of what a movement cost the database.
//
// It knows the names of all journal records that it was told of from the first on, or, after
// start_over(), those that a thread of its own reads from the database and those that it is told of
// meanwhile. Until that thread is done it says of no name that it is not there.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "store/name_filter.h"
#include "store/postgres_reader.h"

namespace coffer {

class PostgresNames {
public:
    // Knows no names of a database that has none. Gives up for good beyond so many bytes.
    PostgresNames(const PostgresReader& reader, std::size_t bytes_max);
    ~PostgresNames();
    PostgresNames(const PostgresNames&) = delete;
    PostgresNames& operator=(const PostgresNames&) = delete;

    // Lane thread.
    void add(const Hash16& name);
    bool is_absent(const Hash16& name);
    // Some that were given before now were missed; all that will be given are told again.
    void start_over();
    std::size_t bytes() const { return told_.bytes() + taken_.bytes(); }

private:
    bool is_complete();
    void give_up();
    void stop();
    void load();

    const PostgresReader& reader_;
    const std::size_t bytes_max_;
    // The lane's own.
    bool complete_ = true;
    bool gave_up_ = false;
    NameFilter told_;   // since the beginning, or since start_over()
    NameFilter taken_;  // what the thread had read

    std::thread thread_;
    NameFilter read_;  // the thread's, until it has set done_
    std::atomic<bool> done_{false};
    std::mutex mutex_;  // guards stopping_
    std::condition_variable stopped_;
    bool stopping_ = false;
};

}  // namespace coffer
