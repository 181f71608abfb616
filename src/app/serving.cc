#include "app/serving.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "app/story.h"
#include "app/version.h"
#include "dialect/public_id.h"

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

void publish_figures(const ServingParts& parts) {
    parts.books.publish_figures(parts.metrics);
    parts.metrics.gauge("coffer_log_lines_dropped", "Log lines that found the queue full.")
        .set(static_cast<std::int64_t>(parts.log.dropped()));
    const std::string labels = "version=\"" + std::string(version_text()) + "\",commit=\"" +
                               std::string(commit_text()) + "\"";
    parts.metrics.gauge("coffer_build", "Always 1; the labels say which Coffer this is.", labels)
        .set(1);
}

Result<std::string> back_up(const ServingParts& parts, const std::string& to) {
    const auto copied = parts.books.copy_to(to);
    if (!copied) {
        parts.log.error("backup failed", {{"error", copied.error().detail}});
        return std::unexpected(copied.error());
    }
    parts.log.info("backup written");
    return "copied";
}

// What commands ask of a running server, each as a word and its one argument.
Result<std::string> answer(const ServingParts& parts, const DeskOptions& desk,
                           std::string_view request) {
    const std::size_t space = std::min(request.find(' '), request.size());
    const std::string_view word = request.substr(0, space);
    const std::string_view argument = request.substr(std::min(space + 1, request.size()));
    if (word == "backup") return back_up(parts, std::string(argument));
    if (word == "explain") {
        return tell_story({.store = parts.books.store(),
                           .ledger = parts.books.ledger(),
                           .id_key = id_key_of(desk.master_key),
                           .stop_asked = [&] { return parts.signals.stop_asked(); }},
                          argument);
    }
    return fail(ErrorCode::invalid, "the server does not know the request " + std::string(word));
}

// Waits for signals and for requests; returns when told to stop.
void attend(const ServingParts& parts, const DeskOptions& desk, Server& server) {
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
                [&](std::string_view request) { return answer(parts, desk, request); });
        }
        publish_figures(parts);
    }
}

}  // namespace

Result<void> serve_until_stopped(const ServingParts& parts, const ServerOptions& server_options,
                                 const DeskOptions& desk_options, const Announce& announce) {
    const DeskMaker make = [&](ReplySink& sink, std::function<void()> wake) {
        return make_desk(parts.books.ledger(), desk_options, parts.clock, parts.log, parts.metrics,
                         sink, std::move(wake));
    };
    publish_figures(parts);
    auto server = Server::start(server_options, make, parts.clock, &parts.log, parts.metrics);
    if (!server) return std::unexpected(std::move(server).error());
    parts.log.info("serving", {{"version", version_text()}});
    announce((*server)->bound());
    attend(parts, desk_options, **server);
    parts.log.info("draining");
    (*server)->stop();
    parts.log.info("stopped");
    return {};
}

}  // namespace coffer
