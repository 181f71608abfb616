#include "app/serving.h"

#include <poll.h>

#include <array>
#include <string>
#include <utility>

#include "app/version.h"

namespace coffer {
namespace {

constexpr int figures_every_ms = 1'000;

void reload(Server& server, Log& log) {
    if (const auto reloaded = server.reload_certificates(); !reloaded) {
        log.error("certificates not reloaded", {{"error", reloaded.error().detail}});
    } else {
        log.info("certificates reloaded");
    }
}

Result<std::string> answer(const ServingParts& parts, std::string_view request) {
    constexpr std::string_view backup = "backup ";
    if (!request.starts_with(backup)) return fail(ErrorCode::invalid, "unknown request");
    const std::string to(request.substr(backup.size()));
    const auto copied = parts.books.copy_to(to);
    if (!copied) {
        parts.log.error("backup failed", {{"error", copied.error().detail}});
        return std::unexpected(copied.error());
    }
    parts.log.info("backup written");
    return "copied";
}

// Waits for signals and for requests; returns when told to stop.
void attend(const ServingParts& parts, Server& server) {
    for (;;) {
        std::array<pollfd, 2> files{
            {{parts.signals.file(), POLLIN, 0}, {parts.control.file(), POLLIN, 0}}};
        ::poll(files.data(), files.size(), figures_every_ms);
        switch (parts.signals.take()) {
            case Signals::Kind::none: break;
            case Signals::Kind::reload: reload(server, parts.log); break;
            case Signals::Kind::stop: return;
        }
        if ((files[1].revents & POLLIN) != 0) {
            parts.control.answer_one(
                [&](std::string_view request) { return answer(parts, request); });
        }
        parts.books.publish_figures(parts.metrics);
    }
}

}  // namespace

Result<void> serve_until_stopped(const ServingParts& parts, const ServerOptions& server_options,
                                 const DeskOptions& desk_options, const Announce& announce) {
    const DeskMaker make = [&](ReplySink& sink, std::function<void()> wake) {
        return make_desk(parts.books.ledger(), desk_options, parts.clock, parts.log, parts.metrics,
                         sink, std::move(wake));
    };
    parts.books.publish_figures(parts.metrics);
    auto server = Server::start(server_options, make, parts.clock, &parts.log, parts.metrics);
    if (!server) return std::unexpected(std::move(server).error());
    parts.log.info("serving", {{"version", version_text()}});
    announce((*server)->bound());
    attend(parts, **server);
    parts.log.info("draining");
    (*server)->stop();
    parts.log.info("stopped");
    return {};
}

}  // namespace coffer
