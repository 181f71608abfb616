#pragma once
// Opens the lane's link on a thread of its own, so that no caller waits for a database that is
// away.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "store/postgres_link.h"

namespace coffer {

class LinkMaker {
public:
    LinkMaker(PostgresPlace place, const LinkLimits& limits);
    ~LinkMaker();
    LinkMaker(const LinkMaker&) = delete;
    LinkMaker& operator=(const LinkMaker&) = delete;

    // A link, if one is made within that time; else the latest reason why not, and it goes on.
    Result<std::unique_ptr<PostgresLink>> take(Duration patience);

private:
    void run();

    const PostgresPlace place_;
    const LinkLimits limits_;
    std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::unique_ptr<PostgresLink> made_;
    Error failure_{ErrorCode::unavailable, "PostgreSQL is being called"};
    bool wanted_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace coffer
