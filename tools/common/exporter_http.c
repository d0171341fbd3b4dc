/* SPDX-License-Identifier: Apache-2.0 */
/* A small HTTP server in the session's loop, which never waits for a client: GET /metrics. Whatever
 * a client does, it costs one of a few connections for a few seconds. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exporter.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/text.h"

#define CLIENTS      16
#define REQUEST_SIZE 8192
#define TIME_NS      5000000000ULL
#define FRESH_NS     1000000000ULL

struct client {
    int fd; /* -1: free */
    uint64_t since;
    char request[REQUEST_SIZE];
    size_t got;
    char *answer; /* NULL: the request is not whole yet */
    size_t size, sent;
};

/* What was gathered last, for those who come soon after. */
struct page {
    char *text;
    size_t size;
    uint64_t at;
};

struct rp_server {
    struct rp_session *session;
    rp_page_fn page;
    void *ctx;
    int listener, poll;
    bool is_loopback;
    struct client clients[CLIENTS];
    struct page pages[2]; /* [1]: OpenMetrics */
};

/* ------------------------------------------------------------------ answers */

static void answer(struct client *client, const char *status, const char *type, const char *body,
                   size_t size, bool with_body) {
    FILE *out = open_memstream(&client->answer, &client->size);
    if (!out)
        return;
    fprintf(out,
            "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
            "X-Content-Type-Options: nosniff\r\n%s\r\n",
            status, type, size, strncmp(status, "405", 3) == 0 ? "Allow: GET, HEAD\r\n" : "");
    if (with_body)
        fwrite(body, 1, size, out);
    fclose(out);
}

static void answer_text(struct client *client, const char *status, const char *text) {
    RP_AUTO_FREE char *body = rp_text("%s\n", text);
    if (body)
        answer(client, status, "text/plain; charset=utf-8", body, strlen(body), true);
}

/* The value of a header, malloc()ed; NULL: there is none. */
static char *header(const char *request, const char *name) {
    size_t length = strlen(name);
    for (const char *line = request; (line = strchr(line, '\n'));) {
        line++;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        const char *value = line + length + 1 + strspn(line + length + 1, " \t");
        return strndup(value, strcspn(value, "\r\n"));
    }
    return NULL;
}

static struct rp_error *fresh_page(struct rp_server *s, bool openmetrics, struct page **out) {
    struct page *page = *out = &s->pages[openmetrics];
    uint64_t now = rp_now_ns();
    if (page->text && now - page->at < FRESH_NS)
        return NULL;
    free(rp_take(page->text));
    page->at = now;
    return s->page(s->ctx, openmetrics, &page->text, &page->size);
}

static void answer_metrics(struct rp_server *s, struct client *client, bool with_body) {
    static const char *const types[] = {
        "text/plain; version=0.0.4; charset=utf-8",
        "application/openmetrics-text; version=1.0.0; charset=utf-8"};
    RP_AUTO_FREE char *accept = header(client->request, "Accept");
    bool openmetrics = accept && strcasestr(accept, "application/openmetrics-text");
    struct page *page;
    struct rp_error *err = fresh_page(s, openmetrics, &page);
    if (err)
        answer_text(client, "500 Internal Server Error", rp_error_why(err));
    else if (page->text)
        answer(client, "200 OK", types[openmetrics], page->text, page->size, with_body);
    rp_error_free(err);
}

/* A page of somebody's in a browser here may have a name that leads to this machine; its requests
 * bear that name. Where only this machine is answered, only addresses and localhost are. */
static bool is_own_host(const char *request) {
    RP_AUTO_FREE char *host = header(request, "Host");
    char *name = host;
    struct in6_addr address;
    if (!host)
        return true;
    char *end = *name == '[' ? strchr(name, ']') : strrchr(name, ':');
    name += *name == '[';
    if (end)
        *end = '\0';
    return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, &address) == 1 ||
           inet_pton(AF_INET6, name, &address) == 1;
}

/* "GET /metrics HTTP/1.1" */
static void answer_request(struct rp_server *s, struct client *client) {
    char method[8], path[256], version[16];
    if (sscanf(client->request, "%7[A-Z] %255[^ \r\n] %15[^ \r\n]", method, path, version) != 3 ||
        !rp_starts_with(version, "HTTP/1.")) {
        answer_text(client, "400 Bad Request", "this is not HTTP/1.1");
        return;
    }
    bool head = strcmp(method, "HEAD") == 0;
    path[strcspn(path, "?")] = '\0';
    if (!head && strcmp(method, "GET") != 0)
        answer_text(client, "405 Method Not Allowed", "only GET and HEAD are answered");
    else if (s->is_loopback && !is_own_host(client->request))
        answer_text(client, "403 Forbidden", "this machine is asked by a name that is not its own");
    else if (strcmp(path, "/metrics") == 0)
        answer_metrics(s, client, !head);
    else
        answer_text(client, "404 Not Found", "there is only /metrics");
}

/* ------------------------------------------------------------------ clients */

static void drop(struct client *client) {
    if (client->fd >= 0)
        close(client->fd);
    free(rp_take(client->answer));
    client->fd = -1;
}

/* False: there is nothing more to do for it. */
static bool send_answer(struct rp_server *s, struct client *client) {
    ssize_t sent =
        send(client->fd, client->answer + client->sent, client->size - client->sent, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
    client->sent += (size_t)sent;
    if (client->sent == client->size)
        return false;
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = client};
    return epoll_ctl(s->poll, EPOLL_CTL_MOD, client->fd, &event) == 0;
}

/* Takes what there is of the request; answers it once it is whole. False: the end of the client. */
static bool read_request(struct rp_server *s, struct client *client) {
    ssize_t got =
        recv(client->fd, client->request + client->got, REQUEST_SIZE - 1 - client->got, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    client->got += (size_t)got;
    client->request[client->got] = '\0';
    bool whole = strstr(client->request, "\r\n\r\n") || strstr(client->request, "\n\n");
    if (whole)
        answer_request(s, client);
    else if (strlen(client->request) < client->got)
        answer_text(client, "400 Bad Request", "a request has no NUL in it");
    else if (client->got == REQUEST_SIZE - 1)
        answer_text(client, "431 Request Header Fields Too Large", "the request is too long");
    else
        return got > 0;
    return client->answer && send_answer(s, client);
}

/* A free one, or the one that has been there for longest. */
static struct client *place_of(struct rp_server *s) {
    struct client *oldest = &s->clients[0];
    for (size_t i = 0; i < CLIENTS; i++) {
        if (s->clients[i].fd < 0)
            return &s->clients[i];
        if (s->clients[i].since < oldest->since)
            oldest = &s->clients[i];
    }
    drop(oldest);
    return oldest;
}

static void take_client(struct rp_server *s) {
    int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct client *client = place_of(s);
    *client = (struct client){.fd = fd, .since = rp_now_ns()};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    if (epoll_ctl(s->poll, EPOLL_CTL_ADD, fd, &event))
        drop(client);
}

static bool on_ready(void *ctx) {
    struct rp_server *s = ctx;
    struct epoll_event events[CLIENTS + 1];
    int count = epoll_wait(s->poll, events, CLIENTS + 1, 0);
    bool more = false;
    for (int i = 0; i < count; i++) {
        struct client *client = events[i].data.ptr;
        if (!client)
            more = true;
        else if (client->fd >= 0 &&
                 !(client->answer ? send_answer(s, client) : read_request(s, client)))
            drop(client);
    }
    if (more) /* last: it may put another client in the place of one of those */
        take_client(s);
    return true;
}

static bool on_second(void *ctx) {
    struct rp_server *s = ctx;
    uint64_t now = rp_now_ns();
    for (size_t i = 0; i < CLIENTS; i++)
        if (s->clients[i].fd >= 0 && now - s->clients[i].since > TIME_NS)
            drop(&s->clients[i]);
    return true;
}

/* ------------------------------------------------------------------ the server */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_host(const char *host, union address *address) {
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    address->any.sa_family = AF_INET;
    if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1)
        return true;
    address->any.sa_family = AF_INET6;
    return inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1;
}

/* "127.0.0.1:9435", "[::1]:9435", "9435". */
static bool parse_where(const char *where, union address *address) {
    const char *colon = strrchr(where, ':'), *port = colon ? colon + 1 : where;
    bool quoted = *where == '[' && colon && colon[-1] == ']';
    RP_AUTO_FREE char *host =
        colon ? strndup(where + quoted, (size_t)(colon - where) - 2 * quoted) : strdup("127.0.0.1");
    uint64_t number = 0;
    if (!host || !*port || port[strspn(port, "0123456789")] ||
        (strcmp(port, "0") != 0 && !rp_parse_count(port, UINT16_MAX, &number)) ||
        !parse_host(host, address))
        return false;
    if (address->any.sa_family == AF_INET)
        address->v4.sin_port = htons((uint16_t)number);
    else
        address->v6.sin6_port = htons((uint16_t)number);
    return true;
}

static bool is_loopback(const union address *address) {
    return address->any.sa_family == AF_INET ? ntohl(address->v4.sin_addr.s_addr) >> 24 == 127
                                             : IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static struct rp_error *listen_at(struct rp_server *s, const char *where, char **url) {
    union address address = {0};
    int yes = 1;
    if (!parse_where(where, &address))
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is not an address with a port, nor a file",
                         "cannot offer metrics at %s", where),
            "write 127.0.0.1:9435, [::1]:9435, a port, or a file with a `/` or ending in .prom");
    bool v4 = address.any.sa_family == AF_INET;
    socklen_t size = v4 ? sizeof(address.v4) : sizeof(address.v6);
    s->is_loopback = is_loopback(&address);
    s->listener =
        socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (s->listener < 0 || setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
        bind(s->listener, &address.any, size) || listen(s->listener, CLIENTS) ||
        getsockname(s->listener, &address.any, &size))
        return rp_error_new(errno, NULL, "cannot offer metrics at %s", where);
    char text[INET6_ADDRSTRLEN];
    inet_ntop(address.any.sa_family,
              v4 ? (const void *)&address.v4.sin_addr : &address.v6.sin6_addr, text, sizeof(text));
    *url = rp_text("http://%s%s%s:%d/metrics%s", v4 ? "" : "[", text, v4 ? "" : "]",
                   ntohs(v4 ? address.v4.sin_port : address.v6.sin6_port),
                   s->is_loopback ? "" : ", for everyone who reaches this address");
    return *url ? NULL : rp_error_nomem();
}

static struct rp_error *start(struct rp_server *s, const char *where, char **url) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    RP_TRY(listen_at(s, where, url));
    s->poll = epoll_create1(EPOLL_CLOEXEC);
    if (s->poll < 0 || epoll_ctl(s->poll, EPOLL_CTL_ADD, s->listener, &event))
        return rp_error_new(errno, NULL, "cannot offer metrics at %s", where);
    RP_TRY(rp_session_watch(s->session, s->poll, on_ready, s));
    return rp_session_every(s->session, FRESH_NS, on_second, s);
}

struct rp_error *rp_server_open(struct rp_session *session, const char *where, rp_page_fn page,
                                void *ctx, struct rp_server **out, char **url) {
    struct rp_server *s = calloc(1, sizeof(*s));
    if (!s)
        return rp_error_nomem();
    s->session = session;
    s->page = page;
    s->ctx = ctx;
    s->listener = s->poll = -1;
    for (size_t i = 0; i < CLIENTS; i++)
        s->clients[i].fd = -1;
    struct rp_error *err = start(s, where, url);
    if (err)
        rp_server_close(s);
    else
        *out = s;
    return err;
}

void rp_server_close(struct rp_server *s) {
    if (!s)
        return;
    if (s->poll >= 0)
        rp_session_unwatch(s->session, s->poll);
    for (size_t i = 0; i < CLIENTS; i++)
        drop(&s->clients[i]);
    for (size_t i = 0; i < 2; i++)
        free(s->pages[i].text);
    if (s->listener >= 0)
        close(s->listener);
    if (s->poll >= 0)
        close(s->poll);
    free(s);
}
